/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/pull_fixture.h"

#include "base/file.h"
#include "images/layer_unpack.h"
#include "timer.h"

#include <string.h>

#define PATIENCE_MS 30000

static void on_impatient(void *ctx)
{
    (void)ctx;
    fail_msg("nothing happened for %d ms", PATIENCE_MS);
}

static bool is_needed(void *ctx, const struct image *image)
{
    const struct bench *b = ctx;
    return strcmp(b->needed, image->digest) == 0;
}

static void open_stores(struct bench *b)
{
    char path[FIXTURE_PATH_BYTES + 16];
    struct err e;
    (void)snprintf(path, sizeof(path), "%s/layers", b->dir);
    const struct layer_store_options layers = {.dir = b->layers_dir != NULL ? b->layers_dir : path,
                                               .unpacker = "/proc/self/exe",
                                               .limits = b->limits};
    ASSERT_OK(layer_store_open(&layers, &b->layers, &e), e);
    (void)snprintf(path, sizeof(path), "%s/images", b->dir);
    ASSERT_OK(image_store_open(path, b->layers, &b->images, &e), e);
}

void bench_open(struct bench *b)
{
    assert_int_equal(uv_loop_init(&b->loop), 0);
    open_stores(b);
    const struct image_cache_options cache = {.loop = &b->loop,
                                              .layers = b->layers,
                                              .images = b->images,
                                              .floor_bytes = b->floor_bytes,
                                              .max_bytes = b->max_bytes,
                                              .is_needed = is_needed,
                                              .ctx = b};
    b->cache = image_cache_new(&cache);
    assert_non_null(b->cache);
    const struct image_puller_options puller = {.loop = &b->loop,
                                                .layers = b->layers,
                                                .images = b->images,
                                                .cache = b->cache,
                                                .rules = b->rules};
    b->puller = image_puller_new(&puller);
    b->patience = timer_new(&b->loop, on_impatient, b);
}

void bench_close(struct bench *b)
{
    timer_free(b->patience);
    image_puller_free(b->puller);
    image_cache_free(b->cache);
    assert_int_equal(uv_run(&b->loop, UV_RUN_DEFAULT), 0);
    image_store_close(b->images);
    layer_store_close(b->layers);
    assert_int_equal(uv_loop_close(&b->loop), 0);
}

int bench_set_up(void **state)
{
    static struct bench bench;
    bench = (struct bench){.dir = "/tmp/errand-pull-XXXXXX",
                           .limits = {.max_bytes = LAYER_UNPACKED_MAX_BYTES}};
    assert_non_null(mkdtemp(bench.dir));
    bench_open(&bench);
    *state = &bench;
    return 0;
}

int bench_tear_down(void **state)
{
    struct bench *b = *state;
    struct err e;
    bench_close(b);
    return dir_remove(b->dir, &e);
}

static void on_progress(void *ctx, int64_t done_bytes, int64_t total_bytes)
{
    struct outcome *o = ctx;
    assert_true(done_bytes <= total_bytes);
    o->total_bytes = total_bytes;
}

static void on_done(void *ctx, const struct image *image, enum termination_reason reason,
                    const struct err *why)
{
    struct outcome *o = ctx;
    o->is_done = true;
    o->calls++;
    o->has_image = image != NULL;
    o->reason = reason;
    if (image != NULL)
        memcpy(o->digest, image->digest, sizeof(o->digest));
    else
        o->why = *why;
}

struct image_request *bench_request(struct bench *b, const char *text,
                                    const struct registry_login *login, const struct id *project,
                                    uint32_t timeout_s, struct outcome *o)
{
    CLEANUP(image_reference_done) struct image_reference ref = {0};
    const struct image_callbacks callbacks = {
        .on_progress = on_progress, .on_done = on_done, .ctx = o};
    struct err e;
    *o = (struct outcome){0};
    ASSERT_OK(image_reference_parse(text, NULL, &ref, &e), e);
    struct image_wish wish = {.ref = &ref, .login = login, .timeout_s = timeout_s};
    if (project != NULL)
        wish.project = *project;
    struct image_request *r = image_puller_request(b->puller, &wish, &callbacks);
    assert_non_null(r);
    assert_false(o->is_done);
    return r;
}

void bench_wait(struct bench *b, const struct outcome *o)
{
    timer_start(b->patience, PATIENCE_MS);
    while (!o->is_done)
        (void)uv_run(&b->loop, UV_RUN_ONCE);
    timer_stop(b->patience);
}

void bench_pull_as(struct bench *b, const char *text, const struct registry_login *login,
                   const struct id *project, struct outcome *o)
{
    (void)bench_request(b, text, login, project, 60, o);
    bench_wait(b, o);
}

void bench_pull(struct bench *b, const char *text, struct outcome *o)
{
    bench_pull_as(b, text, NULL, NULL, o);
}

void assert_pulled(const struct outcome *o)
{
    if (!o->has_image)
        fail_msg("%s", o->why.msg);
}
