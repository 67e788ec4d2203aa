/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "subnet.h"

static void test_subnet_parse__knows_gateway_and_addresses(void **state)
{
    (void)state;
    struct err e;
    struct subnet subnet;
    char text[INET_ADDRSTRLEN];
    ASSERT_OK(subnet_parse("10.213.0.0/16", &subnet, &e), e);
    assert_int_equal(subnet.prefix, 16);
    assert_string_equal(subnet_address_text(subnet_gateway(&subnet), text), "10.213.0.1");
    assert_int_equal(subnet_size(&subnet), 65533);
    assert_string_equal(subnet_address_text(subnet_address(&subnet, 0), text), "10.213.0.2");
    assert_string_equal(subnet_address_text(subnet_address(&subnet, 65532), text),
                        "10.213.255.254");
}

static void test_subnet_parse__refuses_what_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",           "10.213.0.0",    "10.213.0.0/",   "10.213.0.0/7",
        "/16",        "10.213.0.0/29", "10.213.0.1/16", "10.213.0.0/16 ",
        "fd00::/16",  "300.0.0.0/16",  "10.213/16",     "1000000.1000000.0.0/16",
        "10.0.0.0/x",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct subnet subnet;
        assert_int_equal(subnet_parse(texts[i], &subnet, NULL), ERR_INVALID);
    }
}

TEST_MAIN(cmocka_unit_test(test_subnet_parse__knows_gateway_and_addresses),
          cmocka_unit_test(test_subnet_parse__refuses_what_is_none))
