/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "auth/env_cipher.h"
#include "auth/sealed_box.h"
#include "base/parse.h"
#include "runners/sealed_env.h"

#include "support/test.h"

static struct key_ring *ring;
static struct sealed_box_keys *keys;
static char dir[] = "/tmp/errand-sealed-env.XXXXXX";

static int set_up(void **state)
{
    (void)state;
    struct err e;
    char path[64];
    ASSERT_OK(secret_init(&e), e);
    ring = key_ring_new_for_test("k1");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/key", dir);
    ASSERT_OK(sealed_box_keys_open(path, &keys, &e), e);
    (void)unlink(path);
    return rmdir(dir);
}

static int tear_down(void **state)
{
    (void)state;
    key_ring_free(ring);
    sealed_box_keys_free(keys);
    return 0;
}

/* As the database packs it: encrypted for `place`, handed over as `key`. */
static void pack(struct buf *env, const struct env_place *place, const char *key, const char *value)
{
    struct err e;
    struct buf blob;
    buf_init(&blob, 1 << 16);
    ASSERT_OK(env_cipher_encrypt(ring, place, value, strlen(value), &blob, &e), e);
    uint32_t n = htonl((uint32_t)strlen(key));
    buf_add(env, &n, sizeof(n));
    buf_add_text(env, key);
    buf_add(env, place->owner.bytes, sizeof(place->owner.bytes));
    n = htonl((uint32_t)blob.len);
    buf_add(env, &n, sizeof(n));
    buf_add(env, blob.data, blob.len);
    buf_done(&blob);
}

static struct run_work work_of(const struct buf *env, struct id project)
{
    return (struct run_work){.project = project,
                             .public_key = sealed_box_public_key(keys),
                             .env = (const unsigned char *)env->data,
                             .env_n = env->len};
}

static void test_put__is_what_only_the_hypervisor_can_open(void **state)
{
    (void)state;
    struct err e;
    struct id project = id_new();
    struct env_place plain = {project, id_new(), "PLAIN"};
    struct env_place odd = {project, id_new(), "ODD"};
    struct buf env;
    struct buf text;
    buf_init(&env, 1 << 20);
    buf_init(&text, 1 << 20);
    pack(&env, &plain, "PLAIN", "value");
    pack(&env, &odd, "ODD", "\"\n\x01 \xc3\xbc");

    struct run_work work = work_of(&env, project);
    ASSERT_OK(sealed_env_put(&text, ring, &work, &e), e);
    assert_null(strstr(buf_text(&text), "value"));

    unsigned char *sealed;
    size_t n;
    struct secret *message;
    ASSERT_OK(parse_base64(buf_text(&text), text.len, "sealed", &sealed, &n, &e), e);
    ASSERT_OK(sealed_box_open(keys, sealed, n, &message, &e), e);
    static const char expected[] = "{\"PLAIN\":\"value\",\"ODD\":\"\\\"\\n\\u0001 \xc3\xbc\"}";
    assert_int_equal(secret_len(message), sizeof(expected) - 1);
    assert_memory_equal(secret_bytes(message), expected, sizeof(expected) - 1);
    secret_free(message);
    free(sealed);
    buf_done(&text);
    buf_done(&env);
}

static void test_put__of_no_variables_is_an_empty_object(void **state)
{
    (void)state;
    struct err e;
    struct buf text;
    struct buf none;
    buf_init(&text, 1 << 20);
    buf_init(&none, 0);
    struct run_work work = work_of(&none, id_new());
    ASSERT_OK(sealed_env_put(&text, ring, &work, &e), e);
    assert_int_equal(text.len, (2 + SEALED_BOX_OVERHEAD + 2) / 3 * 4);
    buf_done(&text);
}

static void test_put__names_the_variable_that_is_not_from_there(void **state)
{
    (void)state;
    struct err e;
    struct id project = id_new();
    struct env_place place = {project, id_new(), "KEY"};
    struct buf env;
    struct buf text;
    buf_init(&env, 1 << 20);
    buf_init(&text, 1 << 20);
    pack(&env, &place, "OTHER", "hunter2");

    struct run_work work = work_of(&env, project);
    assert_int_equal(sealed_env_put(&text, ring, &work, &e), ERR_DENIED);
    assert_non_null(strstr(e.msg, "OTHER"));
    assert_null(strstr(e.msg, "hunter2"));
    assert_int_equal(text.len, 0);

    buf_clear(&env);
    pack(&env, &place, "KEY", "hunter2");
    work = work_of(&env, id_new());
    assert_int_equal(sealed_env_put(&text, ring, &work, &e), ERR_DENIED);
    buf_done(&text);
    buf_done(&env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put__is_what_only_the_hypervisor_can_open),
        cmocka_unit_test(test_put__of_no_variables_is_an_empty_object),
        cmocka_unit_test(test_put__names_the_variable_that_is_not_from_there),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
