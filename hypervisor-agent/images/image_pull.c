/* SPDX-License-Identifier: Apache-2.0 */
#include "images/image_pull.h"

#include "base/backoff.h"
#include "images/layer_writer.h"
#include "images/manifest.h"
#include "images/platform.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#define TRIES_MAX 4
#define RETRY_FIRST_MS 200
#define RETRY_MAX_MS 2000
#define CANCEL_CHECK_MS 100
#define INDEX_DEPTH_MAX 3
#define LAYERS_AT_ONCE 3
#define LAYER_COMPRESSED_MAX_BYTES (INT64_C(1) << 40)

/* What one try of a step is given; steps that fail with ERR_UNAVAILABLE are tried again. */
struct step {
    struct image_pull *pull;
    struct registry *registry;
    const char *version; /* manifests */
    struct buf *body;
    const struct blob *blob;     /* configuration and layers */
    struct layer_writer *writer; /* layers */
};

typedef int step_fn(struct step *step, struct err *e);

/* The layers of one image, fetched by several threads. */
struct crew {
    struct image_pull *pull;
    const struct registry *registry;
    const struct manifest *manifest;
    atomic_size_t next; /* layer to be fetched */
    pthread_mutex_t lock;
    int rc; /* of the first that failed, as is the error; under the lock */
    struct err err;
    bool held[MANIFEST_LAYERS_MAX]; /* each written by the thread that has the layer */
};

static void sleep_ms(const struct image_pull *pull, uint32_t ms)
{
    for (uint32_t slept = 0; slept < ms && !atomic_load(&pull->watch.cancel);
         slept += CANCEL_CHECK_MS) {
        struct timespec pause = {.tv_nsec = CANCEL_CHECK_MS * 1000000L};
        (void)nanosleep(&pause, NULL);
    }
}

static int64_t progress_of(const struct step *step)
{
    return step->writer != NULL ? layer_writer_bytes(step->writer) : 0;
}

/* Only tries that brought nothing count. */
static int try_step(step_fn *fn, struct step *step, struct err *e)
{
    struct backoff backoff;
    backoff_init(&backoff, RETRY_FIRST_MS, RETRY_MAX_MS);
    for (int tries = 1;; tries++) {
        int64_t before = progress_of(step);
        int rc = fn(step, e);
        if (progress_of(step) > before) {
            tries = 1;
            backoff_reset(&backoff);
        }
        if (rc != ERR_UNAVAILABLE || tries == TRIES_MAX || atomic_load(&step->pull->watch.cancel))
            return rc;
        sleep_ms(step->pull, backoff_next_ms(&backoff));
    }
}

static int get_manifest(struct step *step, struct err *e)
{
    buf_clear(step->body);
    return registry_get_manifest(step->registry, step->version, step->body, e);
}

static int get_config(struct step *step, struct err *e)
{
    buf_clear(step->body);
    return registry_get_blob(step->registry, step->blob->digest, 0, http_sink_buf, step->body, e);
}

/* Only the disk has limits that room can be made for. */
static int too_large(int rc, struct err *e)
{
    return rc == ERR_LIMIT ? err_set(e, ERR_INVALID, "manifest or configuration is too large") : rc;
}

/* Fetch the manifest `version` into `body`, verified when it is a digest. */
static int fetch_manifest(struct image_pull *pull, struct registry *registry, const char *version,
                          struct buf *body, struct err *e)
{
    struct step step = {.pull = pull, .registry = registry, .version = version, .body = body};
    int rc = too_large(try_step(get_manifest, &step, e), e);
    if (rc < 0)
        return rc;
    if (digest_is_valid(version, strlen(version)))
        return digest_check(version, body->data, body->len, "manifest", e);
    return 0;
}

/* Follow an index, which may lead to another, to the manifest for this machine; `ret_digest` is
 * what the reference stands for. */
static int resolve(struct image_pull *pull, struct registry *registry, char *ret_digest,
                   struct manifest *ret_manifest, struct err *e)
{
    CLEANUP(buf_done) struct buf body;
    struct blob chosen;

    buf_init(&body, MANIFEST_MAX_BYTES);
    int rc = fetch_manifest(pull, registry, image_reference_version(&pull->ref), &body, e);
    if (rc == 0)
        digest_of(body.data, body.len, ret_digest);
    for (int depth = 0; rc == 0; depth++) {
        bool is_index = false;
        rc = manifest_is_index(body.data, body.len, &is_index, e);
        if (rc < 0)
            break;
        if (!is_index)
            return manifest_parse(body.data, body.len, ret_manifest, e);
        if (depth == INDEX_DEPTH_MAX)
            return err_set(e, ERR_INVALID, "image index: leads only to other indexes");
        rc = manifest_choose(body.data, body.len, platform_host(), &chosen, e);
        if (rc == 0)
            rc = fetch_manifest(pull, registry, chosen.digest, &body, e);
    }
    return rc;
}

static int fetch_config(struct image_pull *pull, struct registry *registry,
                        const struct manifest *m, struct image_config *ret_config, struct err *e)
{
    CLEANUP(buf_done) struct buf body;
    buf_init(&body, IMAGE_CONFIG_MAX_BYTES);
    struct step step = {.pull = pull, .registry = registry, .body = &body, .blob = &m->config};
    int rc = too_large(try_step(get_config, &step, e), e);
    if (rc == 0)
        rc = digest_check(m->config.digest, body.data, body.len, "image configuration", e);
    if (rc < 0)
        return rc;
    return image_config_parse(body.data, body.len, m->layers_n, platform_host(), ret_config, e);
}

struct layer_transfer {
    struct image_pull_watch *watch;
    struct layer_writer *writer;
};

static int on_layer_bytes(void *ctx, const char *bytes, size_t n, struct err *e)
{
    struct layer_transfer *t = ctx;
    (void)atomic_fetch_add(&t->watch->done_bytes, (long long)n);
    return layer_writer_put(t->writer, bytes, n, e);
}

/* From where the last try was cut. */
static int get_layer(struct step *step, struct err *e)
{
    struct layer_transfer t = {.watch = &step->pull->watch, .writer = step->writer};
    int64_t offset = layer_writer_bytes(step->writer);
    if (offset == step->blob->size_bytes && offset > 0)
        return 0;
    return registry_get_blob(step->registry, step->blob->digest, offset, on_layer_bytes, &t, e);
}

static int make_layer(struct image_pull *pull, struct registry *registry, const struct blob *blob,
                      struct err *e)
{
    CLEANUP(layer_writer_freep) struct layer_writer *writer = NULL;
    CLEANUP(freep) char *path = layer_store_path(pull->layers, blob->digest);
    if (path == NULL)
        return err_errno(e, ENOMEM, "pull layer");
    int rc = layer_writer_open(pull->layers, blob, &pull->watch.cancel, &writer, e);
    if (rc < 0)
        return rc;
    struct step step = {.pull = pull, .registry = registry, .blob = blob, .writer = writer};
    rc = try_step(get_layer, &step, e);
    if (rc == 0)
        rc = layer_writer_finish(writer, path, e);
    if (rc < 0)
        (void)atomic_fetch_sub(&pull->watch.done_bytes, (long long)layer_writer_bytes(writer));
    /* A manifest that names what its registry does not have is not a missing image. */
    if (rc == ERR_NOT_FOUND)
        return err_set(e, ERR_INVALID, "the registry lacks layer %.19s..", blob->digest);
    return rc;
}

/* Zero: the layer is there and held. */
static int ensure_layer(struct image_pull *pull, struct registry *registry, const struct blob *blob,
                        struct err *e)
{
    enum layer_claim claim = LAYER_CLAIM_PRESENT;
    int rc = layer_store_claim(pull->layers, blob->digest, &pull->watch.cancel, &claim, e);
    if (rc < 0)
        return rc;
    if (claim == LAYER_CLAIM_CANCELED)
        return err_set(e, ERR_UNAVAILABLE, "canceled");
    if (claim == LAYER_CLAIM_PRESENT) {
        (void)atomic_fetch_add(&pull->watch.done_bytes, blob->size_bytes);
        return 0;
    }
    rc = make_layer(pull, registry, blob, e);
    layer_store_settle(pull->layers, blob->digest, rc == 0);
    return rc;
}

static void crew_fail(struct crew *crew, int rc, const struct err *e)
{
    (void)pthread_mutex_lock(&crew->lock);
    if (crew->rc == 0) {
        crew->rc = rc;
        crew->err = *e;
    }
    (void)pthread_mutex_unlock(&crew->lock);
    atomic_store(&crew->pull->watch.cancel, true);
}

static void fetch_layers(struct crew *crew, struct registry *registry)
{
    const struct manifest *m = crew->manifest;
    size_t i;
    while ((i = atomic_fetch_add(&crew->next, 1)) < m->layers_n) {
        struct err e;
        int rc = ensure_layer(crew->pull, registry, &m->layers[i], &e);
        if (rc < 0) {
            crew_fail(crew, rc, &e);
            return;
        }
        crew->held[i] = true;
    }
}

/* Fewer hands are no failure. */
static void *help(void *ctx)
{
    struct crew *crew = ctx;
    CLEANUP(registry_freep) struct registry *registry = registry_clone(crew->registry);
    if (registry != NULL)
        fetch_layers(crew, registry);
    return NULL;
}

static void work_together(struct crew *crew, struct registry *registry)
{
    pthread_t helpers[LAYERS_AT_ONCE - 1];
    size_t n = 0;
    while (n < ARRAY_LEN(helpers) && n + 1 < crew->manifest->layers_n &&
           pthread_create(&helpers[n], NULL, help, crew) == 0)
        n++;
    fetch_layers(crew, registry);
    for (size_t i = 0; i < n; i++)
        (void)pthread_join(helpers[i], NULL);
}

static int list_layers(const struct manifest *m, struct image *image, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < m->layers_n; i++)
        rc = text_list_add(&image->layers, m->layers[i].digest, e);
    return rc;
}

static int ensure_layers(struct image_pull *pull, struct registry *registry,
                         const struct manifest *m, struct image *image, struct err *e)
{
    struct crew crew = {.pull = pull, .registry = registry, .manifest = m};
    for (size_t i = 0; i < m->layers_n; i++)
        if (m->layers[i].size_bytes > LAYER_COMPRESSED_MAX_BYTES)
            return err_set(e, ERR_INVALID, "manifest: a layer of %lld bytes is too large",
                           (long long)m->layers[i].size_bytes);
        else
            image->size_bytes += m->layers[i].size_bytes;
    atomic_store(&pull->watch.total_bytes, image->size_bytes);

    (void)pthread_mutex_init(&crew.lock, NULL);
    work_together(&crew, registry);
    (void)pthread_mutex_destroy(&crew.lock);
    if (crew.rc == 0)
        crew.rc = list_layers(m, image, &crew.err);
    if (crew.rc == 0)
        return 0;
    for (size_t i = 0; i < m->layers_n; i++)
        if (crew.held[i])
            layer_store_drop(pull->layers, m->layers[i].digest);
    return err_set(e, crew.err.code, "%s", crew.err.msg);
}

int image_pull_run(struct image_pull *pull, struct image **ret_image, bool *ret_is_private,
                   struct err *e)
{
    char digest[DIGEST_TEXT_BYTES];
    CLEANUP(manifest_done) struct manifest m = {0};
    CLEANUP(image_freep) struct image *image = NULL;
    CLEANUP(freep) char *reference = image_reference_format(&pull->ref);
    CLEANUP(registry_freep)
    struct registry *registry =
        registry_new(&pull->ref, &pull->rules, &pull->login, &pull->watch.cancel);
    if (registry == NULL || reference == NULL)
        return err_errno(e, ENOMEM, "pull image");

    int rc = resolve(pull, registry, digest, &m, e);
    if (rc < 0)
        return rc;
    image = image_new(reference, digest);
    if (image == NULL)
        return err_errno(e, ENOMEM, "pull image");
    rc = fetch_config(pull, registry, &m, &image->config, e);
    if (rc == 0)
        rc = ensure_layers(pull, registry, &m, image, e);
    if (rc < 0)
        return rc;
    *ret_is_private = registry_is_private(registry);
    *ret_image = TAKE_PTR(image);
    return 0;
}

void image_pull_drop_layers(const struct image_pull *pull, const struct image *image)
{
    for (size_t i = 0; i < image->layers.n; i++)
        layer_store_drop(pull->layers, image->layers.items[i]);
}

void image_pull_done(struct image_pull *pull)
{
    image_reference_done(&pull->ref);
    registry_login_done(&pull->login);
}
