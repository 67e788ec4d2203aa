/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "drivers/resolv_conf.h"

#include <string.h>

static void check(const char *text, size_t servers, const char *expected)
{
    CLEANUP(buf_done) struct buf out;
    buf_init(&out, 4096);
    assert_int_equal(resolv_conf_filter(text, strlen(text), &out), servers);
    assert_string_equal(buf_text(&out), expected);
}

static void test_filter__keeps_what_is_of_use(void **state)
{
    (void)state;
    check("# comment\nsearch a.example b.example\nnameserver 192.0.2.53\n"
          "nameserver\t192.0.2.54\noptions edns0\n",
          2,
          "search a.example b.example\nnameserver 192.0.2.53\nnameserver\t192.0.2.54\n"
          "options edns0\n");
    check("nameserver 192.0.2.53", 1, "nameserver 192.0.2.53\n");
}

static void test_filter__drops_servers_out_of_reach(void **state)
{
    (void)state;
    check("nameserver 127.0.0.53\nnameserver ::1\nnameserver fe80::1%eth0\n"
          "nameserver 169.254.169.253\nnameserver 0.0.0.0\nnameserver\nnameserver \n"
          "nameservers 192.0.2.53\noptions trust-ad\n",
          0, "options trust-ad\n");
    check("", 0, "");
}

static void test_filter__drops_lines_that_are_too_long(void **state)
{
    (void)state;
    char text[400];
    memset(text, 'x', sizeof(text));
    memcpy(text, "search ", 7);
    memcpy(text + 370, "\nnameserver 192.0.2.53\n", 24);
    CLEANUP(buf_done) struct buf out;
    buf_init(&out, 4096);
    assert_int_equal(resolv_conf_filter(text, 393, &out), 1);
    assert_string_equal(buf_text(&out), "nameserver 192.0.2.53\n");
}

TEST_MAIN(cmocka_unit_test(test_filter__keeps_what_is_of_use),
          cmocka_unit_test(test_filter__drops_servers_out_of_reach),
          cmocka_unit_test(test_filter__drops_lines_that_are_too_long))
