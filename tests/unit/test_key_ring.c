/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/key_ring.h"

#include "base/buf.h"
#include "base/file.h"
#include "support/test.h"

#include <string.h>
#include <sys/stat.h>

#define KEY_A "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define KEY_B "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="

struct place {
    char dir[32];
    char path[48];
};

static int make_place(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    memcpy(place->dir, "/tmp/errand-ring-XXXXXX", 24);
    if (secret_init(NULL) < 0 || mkdtemp(place->dir) == NULL)
        return -1;
    (void)snprintf(place->path, sizeof(place->path), "%s/ring", place->dir);
    *state = place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;
    int r = dir_remove(place->dir, NULL);
    free(place);
    return r;
}

static void write_ring(const struct place *place, const char *text)
{
    struct err e;
    ASSERT_OK(file_replace(place->path, text, strlen(text), 0600, &e), e);
}

static void test_create__makes_a_private_ring_and_keeps_it(void **state)
{
    const struct place *place = *state;
    struct err e;
    bool created = false;
    ASSERT_OK(key_ring_create(place->path, &created, &e), e);
    assert_true(created);

    struct stat st;
    assert_int_equal(stat(place->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);

    CLEANUP(key_ring_freep) struct key_ring *first = NULL;
    ASSERT_OK(key_ring_load(place->path, &first, &e), e);
    ASSERT_OK(key_ring_create(place->path, &created, &e), e);
    assert_false(created);
    CLEANUP(key_ring_freep) struct key_ring *second = NULL;
    ASSERT_OK(key_ring_load(place->path, &second, &e), e);

    assert_string_equal(key_ring_current_id(first), "k1");
    assert_memory_equal(key_ring_key(first, "k1", 2), key_ring_key(second, "k1", 2),
                        KEY_RING_KEY_BYTES);
    assert_memory_equal(key_ring_token_key(first), key_ring_token_key(second), KEY_RING_KEY_BYTES);
    assert_memory_not_equal(key_ring_token_key(first), key_ring_key(first, "k1", 2),
                            KEY_RING_KEY_BYTES);
}

static void test_create__leaves_nothing_else_behind(void **state)
{
    const struct place *place = *state;
    struct err e;
    ASSERT_OK(key_ring_create(place->path, NULL, &e), e);
    ASSERT_OK(key_ring_create(place->path, NULL, &e), e);
    assert_int_equal(unlink(place->path), 0);
    assert_int_equal(rmdir(place->dir), 0); /* only works when it is empty */
}

static void test_load__reads_several_keys(void **state)
{
    const struct place *place = *state;
    struct err e;
    write_ring(place, "{\"version\":1,\"current\":\"k-2\",\"token_key\":\"" KEY_B
                      "\",\"keys\":{\"k1\":\"" KEY_A "\",\"k-2\":\"" KEY_B "\"}}");
    CLEANUP(key_ring_freep) struct key_ring *ring = NULL;
    ASSERT_OK(key_ring_load(place->path, &ring, &e), e);
    assert_string_equal(key_ring_current_id(ring), "k-2");
    assert_int_equal(key_ring_key(ring, "k1", 2)[31], 0);
    assert_int_equal(key_ring_key(ring, "k-2", 3)[31], 1);
    assert_null(key_ring_key(ring, "k", 1));
    assert_null(key_ring_key(ring, "k1x", 3));
}

static void test_load__refuses_a_file_others_may_read(void **state)
{
    const struct place *place = *state;
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0601};
    struct err e;
    ASSERT_OK(key_ring_create(place->path, NULL, &e), e);
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        struct key_ring *ring = NULL;
        assert_int_equal(chmod(place->path, modes[i]), 0);
        assert_int_equal(key_ring_load(place->path, &ring, &e), ERR_DENIED);
        assert_non_null(strstr(e.msg, "chmod 600"));
        assert_int_equal(key_ring_create(place->path, NULL, &e), ERR_DENIED);
    }
}

static void test_load__missing_or_no_file(void **state)
{
    const struct place *place = *state;
    struct err e;
    struct key_ring *ring = NULL;
    assert_int_equal(key_ring_load(place->path, &ring, &e), ERR_NOT_FOUND);
    assert_true(key_ring_load(place->dir, &ring, &e) < 0);
}

static void test_load__refuses_what_is_no_ring(void **state)
{
    const struct place *place = *state;
    static const char *const texts[] = {
        "",
        "not json",
        "[]",
        "{}",
        "{\"version\":2,\"current\":\"a\",\"token_key\":\"" KEY_A "\",\"keys\":{\"a\":\"" KEY_A
        "\"}}",
        "{\"version\":1,\"current\":\"b\",\"token_key\":\"" KEY_A "\",\"keys\":{\"a\":\"" KEY_A
        "\"}}",
        "{\"version\":1,\"current\":\"a\",\"token_key\":\"AAAA\",\"keys\":{\"a\":\"" KEY_A "\"}}",
        "{\"version\":1,\"current\":\"a\",\"token_key\":\"" KEY_A "\",\"keys\":{\"a\":\"AA=\"}}",
        "{\"version\":1,\"current\":\"a\",\"token_key\":\"" KEY_A "\",\"keys\":{\"a\":7}}",
        "{\"version\":1,\"current\":\"A\",\"token_key\":\"" KEY_A "\",\"keys\":{\"A\":\"" KEY_A
        "\"}}",
        "{\"version\":1,\"current\":\"a\",\"token_key\":\"" KEY_A "\",\"keys\":{}}",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct err e;
        struct key_ring *ring = NULL;
        write_ring(place, texts[i]);
        assert_int_equal(key_ring_load(place->path, &ring, &e), ERR_INVALID);
        assert_null(ring);
        assert_null(strstr(e.msg, "AAAA"));
    }
}

static void test_load__refuses_a_huge_file(void **state)
{
    const struct place *place = *state;
    struct err e;
    struct key_ring *ring = NULL;
    CLEANUP(buf_done) struct buf big;
    buf_init(&big, 100000);
    while (big.len < 50000)
        buf_add_text(&big, "                    ");
    write_ring(place, buf_text(&big));
    assert_int_equal(key_ring_load(place->path, &ring, &e), ERR_LIMIT);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)

TEST_MAIN(CASE(test_create__makes_a_private_ring_and_keeps_it),
          CASE(test_create__leaves_nothing_else_behind), CASE(test_load__reads_several_keys),
          CASE(test_load__refuses_a_file_others_may_read), CASE(test_load__missing_or_no_file),
          CASE(test_load__refuses_what_is_no_ring), CASE(test_load__refuses_a_huge_file))
