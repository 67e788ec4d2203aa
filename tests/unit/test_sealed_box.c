/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/sealed_box.h"

#include "base/file.h"
#include "support/test.h"

#include <string.h>
#include <sys/stat.h>

static char dir[32];
static char path[48];
static const char message[] = "{\"API_KEY\":\"hunter2\"}";

static int start(void **state)
{
    (void)state;
    memcpy(dir, "/tmp/errand-box-XXXXXX", 23);
    if (secret_init(NULL) < 0 || mkdtemp(dir) == NULL)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/private.key", dir);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return dir_remove(dir, NULL);
}

static struct sealed_box_keys *open_keys(const char *file)
{
    struct err e;
    struct sealed_box_keys *keys = NULL;
    ASSERT_OK(sealed_box_keys_open(file, &keys, &e), e);
    return keys;
}

static void test_keys_open__creates_once_and_keeps(void **state)
{
    (void)state;
    CLEANUP(sealed_box_keys_freep) struct sealed_box_keys *first = open_keys(path);
    CLEANUP(sealed_box_keys_freep) struct sealed_box_keys *second = open_keys(path);
    assert_memory_equal(sealed_box_public_key(first), sealed_box_public_key(second),
                        SEALED_BOX_KEY_BYTES);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, SEALED_BOX_KEY_BYTES);
}

static void test_keys_open__refuses_open_and_damaged_files(void **state)
{
    (void)state;
    struct err e;
    struct sealed_box_keys *keys = NULL;
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(sealed_box_keys_open(path, &keys, &e), ERR_DENIED);
    assert_int_equal(chmod(path, 0600), 0);

    char bad[64];
    (void)snprintf(bad, sizeof(bad), "%s/short.key", dir);
    ASSERT_OK(file_replace(bad, "short", 5, 0600, &e), e);
    assert_int_equal(sealed_box_keys_open(bad, &keys, &e), ERR_INVALID);
    assert_null(keys);
}

static void test_seal__only_the_right_keys_open_it(void **state)
{
    (void)state;
    struct err e;
    char other_path[64];
    (void)snprintf(other_path, sizeof(other_path), "%s/other.key", dir);
    CLEANUP(sealed_box_keys_freep) struct sealed_box_keys *keys = open_keys(path);
    CLEANUP(sealed_box_keys_freep) struct sealed_box_keys *other = open_keys(other_path);

    CLEANUP(buf_done) struct buf sealed;
    buf_init(&sealed, 1024);
    ASSERT_OK(sealed_box_seal(sealed_box_public_key(keys), message, sizeof(message), &sealed, &e),
              e);
    assert_int_equal(sealed.len, sizeof(message) + SEALED_BOX_OVERHEAD);
    assert_null(memmem(sealed.data, sealed.len, "hunter2", 7));

    const unsigned char *bytes = (const unsigned char *)sealed.data;
    CLEANUP(secret_freep) struct secret *plain = NULL;
    ASSERT_OK(sealed_box_open(keys, bytes, sealed.len, &plain, &e), e);
    assert_int_equal(secret_len(plain), sizeof(message));
    assert_memory_equal(secret_bytes(plain), message, sizeof(message));

    struct secret *none = NULL;
    assert_int_equal(sealed_box_open(other, bytes, sealed.len, &none, &e), ERR_DENIED);
    assert_null(none);
}

static void test_open__refuses_every_altered_byte_and_truncation(void **state)
{
    (void)state;
    struct err e;
    CLEANUP(sealed_box_keys_freep) struct sealed_box_keys *keys = open_keys(path);
    CLEANUP(buf_done) struct buf sealed;
    buf_init(&sealed, 1024);
    ASSERT_OK(sealed_box_seal(sealed_box_public_key(keys), message, sizeof(message), &sealed, &e),
              e);
    unsigned char *bytes = (unsigned char *)sealed.data;
    struct secret *none = NULL;
    for (size_t i = 0; i < sealed.len; i++) {
        bytes[i] ^= 0x10;
        assert_int_equal(sealed_box_open(keys, bytes, sealed.len, &none, &e), ERR_DENIED);
        bytes[i] ^= 0x10;
        CLEANUP(freep) unsigned char *cut = malloc(i > 0 ? i : 1);
        memcpy(cut, bytes, i);
        assert_int_equal(sealed_box_open(keys, cut, i, &none, &e), ERR_DENIED);
    }
    assert_null(none);
}

static void test_seal__empty_message_full_buffer_bad_key(void **state)
{
    (void)state;
    struct err e;
    static const unsigned char weak[SEALED_BOX_KEY_BYTES];
    CLEANUP(sealed_box_keys_freep) struct sealed_box_keys *keys = open_keys(path);
    CLEANUP(buf_done) struct buf sealed;
    buf_init(&sealed, SEALED_BOX_OVERHEAD);
    assert_int_equal(sealed_box_seal(weak, "", 0, &sealed, &e), ERR_INVALID);
    assert_int_equal(sealed.len, 0);
    ASSERT_OK(sealed_box_seal(sealed_box_public_key(keys), "", 0, &sealed, &e), e);
    CLEANUP(secret_freep) struct secret *plain = NULL;
    ASSERT_OK(sealed_box_open(keys, (unsigned char *)sealed.data, sealed.len, &plain, &e), e);
    assert_int_equal(secret_len(plain), 0);

    assert_int_equal(sealed_box_seal(sealed_box_public_key(keys), "x", 1, &sealed, &e), ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_open__creates_once_and_keeps),
        cmocka_unit_test(test_keys_open__refuses_open_and_damaged_files),
        cmocka_unit_test(test_seal__only_the_right_keys_open_it),
        cmocka_unit_test(test_open__refuses_every_altered_byte_and_truncation),
        cmocka_unit_test(test_seal__empty_message_full_buffer_bad_key),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
