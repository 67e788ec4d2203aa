/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/env_cipher.h"

#include "support/test.h"

#include <string.h>

static struct key_ring *ring;
static struct env_place place = {.env_key = "API_KEY"};
static const char value[] = "hunter2 and more";

static int start(void **state)
{
    (void)state;
    if (secret_init(NULL) < 0)
        return -1;
    ring = key_ring_new_for_test("k1");
    place.project = id_new();
    place.owner = id_new();
    return ring == NULL ? -1 : 0;
}

static int stop(void **state)
{
    (void)state;
    key_ring_freep(&ring);
    return 0;
}

static void encrypt(const void *bytes, size_t n, struct buf *blob)
{
    struct err e;
    buf_init(blob, 1 << 16);
    ASSERT_OK(env_cipher_encrypt(ring, &place, bytes, n, blob, &e), e);
}

static int decrypt(const struct key_ring *with, const struct env_place *where, const void *blob,
                   size_t n)
{
    struct err e;
    CLEANUP(secret_freep) struct secret *plain = NULL;
    int r = env_cipher_decrypt(with, where, blob, n, &plain, &e);
    assert_true((r == 0) == (plain != NULL));
    assert_true(r == 0 || strstr(e.msg, "hunter") == NULL);
    return r;
}

static void test_roundtrip__any_length(void **state)
{
    (void)state;
    static unsigned char bytes[40000];
    static const size_t lengths[] = {0, 1, 15, 16, 17, 255, 32768, sizeof(bytes)};
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * 31);
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        struct err e;
        CLEANUP(buf_done) struct buf blob;
        encrypt(bytes, lengths[i], &blob);
        assert_int_equal(blob.len, 2 + 2 + 24 + lengths[i] + 16);
        CLEANUP(secret_freep) struct secret *plain = NULL;
        ASSERT_OK(
            env_cipher_decrypt(ring, &place, (unsigned char *)blob.data, blob.len, &plain, &e), e);
        assert_int_equal(secret_len(plain), lengths[i]);
        assert_memory_equal(secret_bytes(plain), bytes, lengths[i]);
    }
}

static void test_encrypt__hides_the_value_and_never_repeats(void **state)
{
    (void)state;
    CLEANUP(buf_done) struct buf a;
    CLEANUP(buf_done) struct buf b;
    encrypt(value, sizeof(value), &a);
    encrypt(value, sizeof(value), &b);
    assert_int_equal(a.len, b.len);
    assert_memory_not_equal(a.data, b.data, a.len);
    assert_null(memmem(a.data, a.len, "hunter2", 7));
    assert_memory_equal(a.data, "\1\2k1", 4);
}

static void test_decrypt__refuses_every_altered_byte(void **state)
{
    (void)state;
    CLEANUP(buf_done) struct buf blob;
    encrypt(value, sizeof(value), &blob);
    for (size_t i = 0; i < blob.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            blob.data[i] = (char)(blob.data[i] ^ (1 << bit));
            assert_true(decrypt(ring, &place, blob.data, blob.len) < 0);
            blob.data[i] = (char)(blob.data[i] ^ (1 << bit));
        }
    }
    assert_int_equal(decrypt(ring, &place, blob.data, blob.len), 0);
}

static void test_decrypt__refuses_every_truncation_and_any_tail(void **state)
{
    (void)state;
    CLEANUP(buf_done) struct buf blob;
    encrypt(value, sizeof(value), &blob);
    for (size_t n = 0; n < blob.len; n++) {
        CLEANUP(freep) char *cut = malloc(n > 0 ? n : 1); /* exact size: a read past it is seen */
        memcpy(cut, blob.data, n);
        assert_int_equal(decrypt(ring, &place, cut, n),
                         n < 2 + 2 + 24 + 16 ? ERR_INVALID : ERR_DENIED);
    }
    buf_add_char(&blob, 'x');
    assert_int_equal(decrypt(ring, &place, blob.data, blob.len), ERR_DENIED);
}

static void test_decrypt__refuses_another_place(void **state)
{
    (void)state;
    CLEANUP(buf_done) struct buf blob;
    encrypt(value, sizeof(value), &blob);

    struct env_place moved = place;
    moved.project = id_new();
    assert_int_equal(decrypt(ring, &moved, blob.data, blob.len), ERR_DENIED);
    moved = place;
    moved.owner = id_new();
    assert_int_equal(decrypt(ring, &moved, blob.data, blob.len), ERR_DENIED);
    moved = place;
    moved.project = place.owner;
    moved.owner = place.project;
    assert_int_equal(decrypt(ring, &moved, blob.data, blob.len), ERR_DENIED);
    moved = place;
    moved.env_key = "API_KEY2";
    assert_int_equal(decrypt(ring, &moved, blob.data, blob.len), ERR_DENIED);
    moved.env_key = "";
    assert_int_equal(decrypt(ring, &moved, blob.data, blob.len), ERR_DENIED);
}

static void test_decrypt__refuses_another_ring(void **state)
{
    (void)state;
    CLEANUP(buf_done) struct buf blob;
    encrypt(value, sizeof(value), &blob);
    CLEANUP(key_ring_freep) struct key_ring *same_id = key_ring_new_for_test("k1");
    CLEANUP(key_ring_freep) struct key_ring *other_id = key_ring_new_for_test("k2");
    assert_int_equal(decrypt(same_id, &place, blob.data, blob.len), ERR_DENIED);
    assert_int_equal(decrypt(other_id, &place, blob.data, blob.len), ERR_NOT_FOUND);
}

static void test_encrypt__keeps_to_its_ceilings(void **state)
{
    (void)state;
    struct err e;
    CLEANUP(buf_done) struct buf small;
    buf_init(&small, 50);
    assert_int_equal(env_cipher_encrypt(ring, &place, value, sizeof(value), &small, &e), ERR_LIMIT);

    char long_key[ENV_CIPHER_KEY_MAX + 2];
    memset(long_key, 'K', sizeof(long_key));
    long_key[ENV_CIPHER_KEY_MAX + 1] = '\0';
    struct env_place far = {.env_key = long_key};
    CLEANUP(buf_done) struct buf blob;
    buf_init(&blob, 1024);
    assert_int_equal(env_cipher_encrypt(ring, &far, value, sizeof(value), &blob, &e), ERR_INVALID);
    long_key[ENV_CIPHER_KEY_MAX] = '\0';
    ASSERT_OK(env_cipher_encrypt(ring, &far, value, sizeof(value), &blob, &e), e);
    assert_int_equal(decrypt(ring, &far, blob.data, blob.len), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roundtrip__any_length),
        cmocka_unit_test(test_encrypt__hides_the_value_and_never_repeats),
        cmocka_unit_test(test_decrypt__refuses_every_altered_byte),
        cmocka_unit_test(test_decrypt__refuses_every_truncation_and_any_tail),
        cmocka_unit_test(test_decrypt__refuses_another_place),
        cmocka_unit_test(test_decrypt__refuses_another_ring),
        cmocka_unit_test(test_encrypt__keeps_to_its_ceilings),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
