/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "model/limits.h"
#include "wire/log_ack.h"

#include <string.h>

static void test_acks__come_back(void **state)
{
    (void)state;
    struct log_ack acks[] = {{.run_id = id_new(), .attempt = 1, .last_id = 4711},
                             {.run_id = id_new(), .attempt = 2, .code = "conflict"}};
    CLEANUP(buf_done) struct buf b;
    CLEANUP(log_ack_list_done) struct log_ack_list list = {0};
    struct err e;

    buf_init(&b, LIMIT_BODY_BYTES);
    log_ack_list_put(&b, acks, 2);
    ASSERT_OK(log_ack_list_parse(b.data, b.len, &list, &e), e);
    assert_int_equal(list.n, 2);
    assert_true(id_equal(list.items[0].run_id, acks[0].run_id));
    assert_int_equal(list.items[0].last_id, 4711);
    assert_null(list.items[0].code);
    assert_int_equal(list.items[1].attempt, 2);
    assert_string_equal(list.items[1].code, "conflict");
}

static void test_acks__refuse_neither_last_id_nor_code(void **state)
{
    (void)state;
    static const char text[] =
        "{\"acks\":[{\"run\":\"0197a000-0000-7000-8000-000000000001\",\"attempt\":1}]}";
    struct log_ack_list list;
    struct err e;
    assert_int_equal(log_ack_list_parse(text, strlen(text), &list, &e), ERR_INVALID);
}

TEST_MAIN(cmocka_unit_test(test_acks__come_back),
          cmocka_unit_test(test_acks__refuse_neither_last_id_nor_code))
