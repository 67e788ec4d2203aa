/* SPDX-License-Identifier: Apache-2.0
 *
 * What the image cache forgets and what it never does. Layers are directories made here that say
 * how large they are. Needs root, for their attribute.
 */
#include "support/test.h"

#include "agent/pull_fixture.h"
#include "base/file.h"
#include "images/layer_unpack.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define MB (INT64_C(1) << 20)

static const atomic_bool never;

static const char *digest_for(char c)
{
    static char text[DIGEST_TEXT_BYTES];
    memcpy(text, "sha256:", 7);
    memset(text + 7, c, 64);
    text[DIGEST_TEXT_BYTES - 1] = '\0';
    return text;
}

static bool has_layer(const struct bench *b, char c)
{
    return layer_store_has(b->layers, digest_for(c));
}

static void make_layer(const struct bench *b, char c, int64_t bytes)
{
    char text[24];
    struct err e;
    CLEANUP(freep) char *path = layer_store_path(b->layers, digest_for(c));
    ASSERT_OK(dir_make(path, 0700, &e), e);
    int n = snprintf(text, sizeof(text), "%lld", (long long)bytes);
    assert_int_equal(setxattr(path, LAYER_BYTES_ATTRIBUTE, text, (size_t)n, 0), 0);
}

/* An image with these layers, used so many seconds ago. */
static void make_image(const struct bench *b, const char *name, char digest, const char *layers,
                       int64_t seconds_ago)
{
    struct err e;
    struct image *image = image_new(name, digest_for(digest));
    for (const char *c = layers; *c != '\0'; c++)
        ASSERT_OK(text_list_add(&image->layers, digest_for(*c), &e), e);
    ASSERT_OK(image_store_add(b->images, image, &e), e);
    struct image *kept = (struct image *)(uintptr_t)image_store_find(b->images, name);
    kept->used_at_us -= seconds_ago * 1000000;
}

static bool has_image(const struct bench *b, const char *name)
{
    return image_store_find(b->images, name) != NULL;
}

static void on_room(void *ctx)
{
    *(bool *)ctx = true;
}

/* Look, and wait until what was to go is gone. */
static void look(struct bench *b, int64_t bytes)
{
    bool is_over = false;
    assert_true(image_cache_make_room(b->cache, bytes, on_room, &is_over));
    while (!is_over) /* not ONCE, which sleeps after the timer that was waited for */
        (void)uv_run(&b->loop, UV_RUN_NOWAIT);
}

static void assert_no_leftovers(const struct bench *b)
{
    char path[FIXTURE_PATH_BYTES + 16];
    struct stat st;
    size_t layers = 0;
    for (char c = 'a'; c <= 'f'; c++)
        layers += has_layer(b, c);
    (void)snprintf(path, sizeof(path), "%s/layers", b->dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_nlink, 2 + layers);
}

/* Three images of 10 MB each; a and b share a layer of 10 MB. */
static void fill(const struct bench *b)
{
    make_layer(b, 'a', 10 * MB);
    make_layer(b, 'b', 10 * MB);
    make_layer(b, 'c', 10 * MB);
    make_layer(b, 'd', 10 * MB);
    make_image(b, "one:1", '1', "da", 300);
    make_image(b, "two:1", '2', "db", 200);
    make_image(b, "three:1", '3', "c", 100);
}

static void reopen(struct bench *b, int64_t floor_bytes, int64_t max_bytes)
{
    bench_close(b);
    b->floor_bytes = floor_bytes;
    b->max_bytes = max_bytes;
    bench_open(b);
}

static void test_cache__keeps_all_while_there_is_room(void **state)
{
    struct bench *b = *state;
    fill(b);
    make_layer(b, 'e', MB);
    look(b, 1);
    assert_int_equal(image_store_count(b->images), 3);
    assert_true(has_layer(b, 'e'));
}

static void test_cache__forgets_what_was_unused_for_longest(void **state)
{
    struct bench *b = *state;
    reopen(b, 0, 25 * MB);
    fill(b);
    look(b, 1);
    assert_false(has_image(b, "one:1"));
    assert_false(has_layer(b, 'a'));
    assert_false(has_image(b, "two:1"));
    assert_true(has_image(b, "three:1"));
    assert_true(has_layer(b, 'c'));
    assert_no_leftovers(b);
}

static void test_cache__keeps_layers_another_image_has(void **state)
{
    struct bench *b = *state;
    reopen(b, 0, 35 * MB);
    fill(b);
    look(b, 1);
    assert_false(has_image(b, "one:1"));
    assert_false(has_layer(b, 'a'));
    assert_true(has_image(b, "two:1"));
    assert_true(has_layer(b, 'd'));
}

static void test_cache__never_forgets_what_is_needed(void **state)
{
    struct bench *b = *state;
    reopen(b, 0, MB);
    memcpy(b->needed, digest_for('1'), sizeof(b->needed));
    fill(b);
    look(b, 1);
    assert_true(has_image(b, "one:1"));
    assert_true(has_layer(b, 'a') && has_layer(b, 'd'));
    assert_int_equal(image_store_count(b->images), 1);
    assert_no_leftovers(b);
}

static void test_cache__leaves_the_disk_its_floor(void **state)
{
    struct bench *b = *state;
    reopen(b, INT64_MAX / 4, 0);
    fill(b);
    image_cache_look(b->cache);
    look(b, 1);
    assert_int_equal(image_store_count(b->images), 0);
    assert_no_leftovers(b);
}

static void test_cache__makes_room_that_is_asked_for(void **state)
{
    struct bench *b = *state;
    fill(b);
    look(b, INT64_MAX / 4);
    assert_int_equal(image_store_count(b->images), 0);
    assert_no_leftovers(b);
}

/* A pull holds what its image record does not name yet. */
static void test_cache__leaves_held_layers(void **state)
{
    struct bench *b = *state;
    enum layer_claim claim;
    struct err e;
    reopen(b, 0, MB);
    make_layer(b, 'e', 10 * MB);
    make_layer(b, 'f', 10 * MB);
    char held[DIGEST_TEXT_BYTES];
    memcpy(held, digest_for('e'), sizeof(held));
    ASSERT_OK(layer_store_claim(b->layers, held, &never, &claim, &e), e);
    assert_int_equal(claim, LAYER_CLAIM_PRESENT);
    look(b, 1);
    assert_true(has_layer(b, 'e'));
    assert_false(has_layer(b, 'f'));
    layer_store_drop(b->layers, held);
    look(b, 1);
    assert_false(has_layer(b, 'e'));
    assert_no_leftovers(b);
}

static void test_touch__survives_a_restart(void **state)
{
    struct bench *b = *state;
    fill(b);
    image_store_touch(b->images, digest_for('1'));
    int64_t touched_us = image_store_find(b->images, "one:1")->used_at_us;
    reopen(b, 0, 25 * MB);
    int64_t read_us = image_store_find(b->images, "one:1")->used_at_us;
    assert_in_range(read_us - touched_us + 1000000, 0, 2000000);
}

#define BENCH_TEST(test) cmocka_unit_test_setup_teardown(test, bench_set_up, bench_tear_down)

TEST_MAIN(BENCH_TEST(test_cache__keeps_all_while_there_is_room),
          BENCH_TEST(test_cache__forgets_what_was_unused_for_longest),
          BENCH_TEST(test_cache__keeps_layers_another_image_has),
          BENCH_TEST(test_cache__never_forgets_what_is_needed),
          BENCH_TEST(test_cache__leaves_the_disk_its_floor),
          BENCH_TEST(test_cache__makes_room_that_is_asked_for),
          BENCH_TEST(test_cache__leaves_held_layers), BENCH_TEST(test_touch__survives_a_restart))
