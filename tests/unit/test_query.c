/* SPDX-License-Identifier: Apache-2.0 */
#include "http/query.h"

#include "support/test.h"

#include <string.h>

struct target {
    int64_t page;
    const char *label;
};

static const struct field table[] = {
    {"page", FIELD_INT, .offset = offsetof(struct target, page), .min = 1, .max = 1000000},
    {"label", FIELD_TEXT, .offset = offsetof(struct target, label), .max = 20},
};

static struct fields fields;
static struct target target;

static int start(void **state)
{
    (void)state;
    fields_init(&fields);
    target = (struct target){.page = 1};
    return 0;
}

static int stop(void **state)
{
    (void)state;
    fields_done(&fields);
    return 0;
}

static void read_text(const char *query)
{
    query_read(&fields, query, strlen(query), table, ARRAY_LEN(table), &target);
}

static void assert_problem(const char *field, const char *rule)
{
    json_t *rules = json_object_get(fields.problems.fields, field);
    assert_string_equal(json_string_value(json_array_get(rules, 0)), rule);
}

static void test_read__decodes(void **state)
{
    (void)state;
    read_text("&label=a%3Db+%c3%A4%2&page=12&");
    assert_false(problems_any(&fields.problems));
    assert_int_equal(target.page, 12);
    assert_string_equal(target.label, "a=b \xc3\xa4%2");
}

static void test_read__an_empty_query_leaves_the_defaults(void **state)
{
    (void)state;
    read_text("");
    assert_false(problems_any(&fields.problems));
    assert_int_equal(target.page, 1);
    assert_null(target.label);
}

static void test_read__numbers_are_whole_and_decimal(void **state)
{
    (void)state;
    static const char *const bad[] = {"page=",
                                      "page=x",
                                      "page=1.5",
                                      "page=1e2",
                                      "page=+1",
                                      "page=%201",
                                      "page=99999999999999999999",
                                      "page"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        (void)stop(NULL);
        (void)start(NULL);
        read_text(bad[i]);
        assert_problem("page", "must be an integer");
    }
}

static void test_read__all_problems_at_once(void **state)
{
    (void)state;
    read_text("page=0&label=a&label=b&colour=red&%ff=1&x=%ff&=&n%00=1");
    assert_problem("page", "must be between 1 and 1000000");
    assert_problem("label", "is given twice");
    assert_problem("colour", "is not a known field");
    assert_problem("query", "must be UTF-8");
    assert_problem("x", "must be UTF-8");
    assert_problem("", "is not a known field");
    assert_problem("n", "is not a known field");
}

static void test_read__refuses_nul(void **state)
{
    (void)state;
    read_text("label=a%00b");
    assert_problem("label", "must not hold the character U+0000");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
TEST_MAIN(TEST(test_read__decodes), TEST(test_read__an_empty_query_leaves_the_defaults),
          TEST(test_read__numbers_are_whole_and_decimal), TEST(test_read__all_problems_at_once),
          TEST(test_read__refuses_nul))
