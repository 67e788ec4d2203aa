/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "model/limits.h"
#include "wire/registration.h"

#include <string.h>

static struct registration sample(void)
{
    static const char *const runtimes[] = {"crun", "runc"};
    struct registration r = {.name = "node-1",
                             .region = "local",
                             .cpu = 2.5,
                             .mem_total_mb = 4096,
                             .disk_free_bytes = INT64_C(1) << 38,
                             .version = "0.1.0",
                             .runtimes = runtimes,
                             .runtimes_n = 2};
    memset(r.public_key, 0xa5, sizeof(r.public_key));
    return r;
}

static void test_registration__comes_back(void **state)
{
    (void)state;
    struct registration r = sample();
    CLEANUP(registration_done) struct registration got = {0};
    CLEANUP(buf_done) struct buf b;
    struct err e;

    buf_init(&b, LIMIT_BODY_BYTES);
    registration_put(&b, &r);
    ASSERT_OK(registration_parse(b.data, b.len, &got, &e), e);
    assert_string_equal(got.name, "node-1");
    assert_string_equal(got.region, "local");
    assert_true(got.cpu > 2.49 && got.cpu < 2.51);
    assert_int_equal(got.mem_total_mb, 4096);
    assert_true(got.disk_free_bytes == INT64_C(1) << 38);
    assert_string_equal(got.version, "0.1.0");
    assert_int_equal(got.runtimes_n, 2);
    assert_string_equal(got.runtimes[1], "runc");
    assert_memory_equal(got.public_key, r.public_key, sizeof(r.public_key));
}

static void test_registration__refuses_a_key_of_another_length(void **state)
{
    (void)state;
    static const char text[] =
        "{\"name\":\"n\",\"region\":\"local\",\"cpu\":1,\"mem_total\":1,\"disk_free\":1,"
        "\"version\":\"1\",\"runtimes\":[],\"public_key\":\"AAAA\"}";
    struct registration got;
    struct err e;
    assert_int_equal(registration_parse(text, strlen(text), &got, &e), ERR_INVALID);
    assert_non_null(strstr(e.msg, "public_key"));
}

static void test_answer__comes_back(void **state)
{
    (void)state;
    struct registration_answer answer = {
        .hypervisor_id = id_new(), .name = "node-1", .credential = "err_h_abc"};
    CLEANUP(registration_answer_done) struct registration_answer got = {0};
    CLEANUP(buf_done) struct buf b;
    struct err e;

    buf_init(&b, LIMIT_BODY_BYTES);
    registration_answer_put(&b, &answer);
    ASSERT_OK(registration_answer_parse(b.data, b.len, &got, &e), e);
    assert_true(id_equal(got.hypervisor_id, answer.hypervisor_id));
    assert_string_equal(got.name, "node-1");
    assert_string_equal(got.credential, "err_h_abc");
}

TEST_MAIN(cmocka_unit_test(test_registration__comes_back),
          cmocka_unit_test(test_registration__refuses_a_key_of_another_length),
          cmocka_unit_test(test_answer__comes_back))
