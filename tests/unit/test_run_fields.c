/* SPDX-License-Identifier: Apache-2.0 */
#include "runs/run_fields.h"

#include "support/test.h"

#include <string.h>

static struct fields fields;
static struct run_input input;
static json_t *body;

static int start(void **state)
{
    (void)state;
    fields_init(&fields);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    fields_done(&fields);
    json_decref(body);
    body = NULL;
    return 0;
}

static void read_json(const char *text)
{
    body = json_loads(text, 0, NULL);
    assert_non_null(body);
    run_fields_read(&fields, body, &input);
}

static void assert_problem(const char *field, const char *rule)
{
    json_t *rules = json_object_get(fields.problems.fields, field);
    if (json_array_size(rules) != 1)
        fail_msg("%s has %zu problems", field, json_array_size(rules));
    assert_string_equal(json_string_value(json_array_get(rules, 0)), rule);
}

static void test_read__of_nothing_takes_all_from_the_runner(void **state)
{
    (void)state;
    read_json("{}");
    assert_false(problems_any(&fields.problems));
    assert_false(input.request.replaces_command);
    assert_null(input.request.entrypoint);
    assert_null(input.request.instance_type);
    assert_null(input.request.labels);
    assert_int_equal(input.request.timeout_seconds, 0);
    assert_int_equal(input.request.priority, RUN_UNKNOWN);
    assert_int_equal(input.env_n, 0);
}

static void test_read__null_means_left_out(void **state)
{
    (void)state;
    read_json("{\"command\":null,\"entrypoint\":null}");
    assert_false(problems_any(&fields.problems));
    assert_false(input.request.replaces_command);
}

static void test_read__an_empty_argv_replaces_too(void **state)
{
    (void)state;
    read_json("{\"argv\":[],\"priority\":0}");
    assert_false(problems_any(&fields.problems));
    assert_true(input.request.replaces_command);
    assert_null(input.request.command);
    assert_string_equal(input.request.argv, "[]");
    assert_int_equal(input.request.priority, 0);
}

static void test_read__command_excludes_argv(void **state)
{
    (void)state;
    read_json("{\"command\":\"a\",\"argv\":[\"b\"]}");
    assert_problem("argv", "must be empty when command is given");
}

static void test_read_env__keeps_the_order(void **state)
{
    (void)state;
    read_json("{\"env_variables\":[{\"env_key\":\"B\",\"env_val\":\"1\"},"
              "{\"env_key\":\"A\",\"env_val\":\"\"}]}");
    assert_false(problems_any(&fields.problems));
    assert_int_equal(input.env_n, 2);
    assert_string_equal(input.env[0].env_key, "B");
    assert_string_equal(input.env[0].env_val, "1");
    assert_string_equal(input.env[1].env_key, "A");
    assert_string_equal(input.env[1].env_val, "");
}

static void test_read_env__names_what_is_wrong(void **state)
{
    (void)state;
    read_json("{\"env_variables\":[{\"env_key\":\"A\",\"env_val\":\"1\"},7,{},"
              "{\"env_key\":\"A\",\"env_val\":\"2\"},{\"env_key\":\"1\",\"env_val\":3,\"x\":4}]}");
    assert_problem("env_variables[1]", "must be an object");
    assert_problem("env_variables[2].env_key", "is required");
    assert_problem("env_variables[2].env_val", "is required");
    assert_problem("env_variables[3].env_key", "is there twice");
    assert_problem("env_variables[4].env_key",
                   "must be letters, digits and '_', not beginning with a digit");
    assert_problem("env_variables[4].env_val", "must be a string");
    assert_problem("env_variables[4].x", "is not a known field");
    assert_int_equal(json_array_size(fields.problems.errors), 7);
}

static void test_read_env__too_many_are_not_read(void **state)
{
    (void)state;
    json_t *list = json_array();
    for (int i = 0; i <= LIMIT_ENV_VARIABLES; i++)
        (void)json_array_append_new(list, json_object());
    body = json_pack("{s:o}", "env_variables", list);
    run_fields_read(&fields, body, &input);
    assert_problem("env_variables", "must have at most 200 items");
    assert_int_equal(input.env_n, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
TEST_MAIN(TEST(test_read__of_nothing_takes_all_from_the_runner),
          TEST(test_read__null_means_left_out), TEST(test_read__an_empty_argv_replaces_too),
          TEST(test_read__command_excludes_argv), TEST(test_read_env__keeps_the_order),
          TEST(test_read_env__names_what_is_wrong), TEST(test_read_env__too_many_are_not_read))
