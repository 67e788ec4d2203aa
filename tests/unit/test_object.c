/* SPDX-License-Identifier: Apache-2.0 */
#include "http/object.h"

#include "support/test.h"

static struct buf b;

static int set_up(void **state)
{
    (void)state;
    buf_init(&b, 4096);
    object_begin(&b);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_done(&b);
    return 0;
}

static void assert_is(const char *expected)
{
    object_end_all(&b);
    assert_string_equal(buf_text(&b), expected);
}

static void test_object__without_members(void **state)
{
    (void)state;
    assert_is("{}");
}

static void test_object__what_is_unknown_is_null(void **state)
{
    (void)state;
    object_text(&b, "text", NULL);
    object_id(&b, "id", (struct id){{0}});
    object_count(&b, "count", -1);
    object_time(&b, "time", 0);
    object_json(&b, "json", NULL);
    assert_is("{\"text\":null,\"id\":null,\"count\":null,\"time\":null,\"json\":null}");
}

static void test_object__objects_and_lists_in_it(void **state)
{
    (void)state;
    object_begin_list(&b, "none");
    object_end_list(&b);
    object_begin_list(&b, "list");
    object_begin(&b);
    object_int(&b, "n", -1);
    object_end(&b);
    object_begin(&b);
    object_bool(&b, "is", true);
    object_end(&b);
    object_end_list(&b);
    object_begin_in(&b, "empty");
    object_end(&b);
    object_value(&b, "tree", json_pack("{s:[i]}", "a", 1));
    assert_is("{\"none\":[],\"list\":[{\"n\":-1},{\"is\":true}],\"empty\":{},"
              "\"tree\":{\"a\":[1]}}");
}

static void test_object__texts_are_escaped(void **state)
{
    (void)state;
    object_text(&b, "text", "\"\\\n\x01/ü");
    assert_is("{\"text\":\"\\\"\\\\\\n\\u0001/ü\"}");
}

static void test_object__billionths_are_decimal_fractions(void **state)
{
    (void)state;
    object_nano(&b, "a", 0);
    object_nano(&b, "b", 1);
    object_nano(&b, "c", 500000000);
    object_nano(&b, "d", -1020000000);
    object_nano(&b, "e", INT64_MIN);
    assert_is("{\"a\":0.0,\"b\":0.000000001,\"c\":0.5,\"d\":-1.02,"
              "\"e\":-9223372036.854775808}");
}

static void test_object__json_loses_its_blanks_outside_of_texts(void **state)
{
    (void)state;
    object_json(&b, "json", "{\"a b\": [1, \"c, \\\" d\", \"\\\\\"], \"e\": \" \"}");
    assert_is("{\"json\":{\"a b\":[1,\"c, \\\" d\",\"\\\\\"],\"e\":\" \"}}");
}

static void test_object__as_a_tree(void **state)
{
    (void)state;
    object_int(&b, "n", 7);
    object_end(&b);
    json_t *tree = object_tree(&b);
    assert_int_equal(json_integer_value(json_object_get(tree, "n")), 7);
    json_decref(tree);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
TEST_MAIN(TEST(test_object__without_members), TEST(test_object__what_is_unknown_is_null),
          TEST(test_object__objects_and_lists_in_it), TEST(test_object__texts_are_escaped),
          TEST(test_object__billionths_are_decimal_fractions),
          TEST(test_object__json_loses_its_blanks_outside_of_texts), TEST(test_object__as_a_tree))
