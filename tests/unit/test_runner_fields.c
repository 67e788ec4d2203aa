/* SPDX-License-Identifier: Apache-2.0 */
#include "runners/runner_fields.h"

#include "support/test.h"

#include <string.h>

static struct fields fields;
static struct runner_input input;
static json_t *body;

static int start(void **state)
{
    (void)state;
    fields_init(&fields);
    input = runner_fields_defaults;
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
    runner_fields_read(&fields, body, &input);
}

static void assert_problem(const char *field, const char *rule)
{
    json_t *rules = json_object_get(fields.problems.fields, field);
    if (json_array_size(rules) != 1)
        fail_msg("%s has %zu problems", field, json_array_size(rules));
    assert_string_equal(json_string_value(json_array_get(rules, 0)), rule);
}

static const struct id some_id = {{1}};
static const struct id other_id = {{2}};

static void test_read__two_fields_are_enough(void **state)
{
    (void)state;
    read_json("{\"name\":\"abc\",\"image_name\":\"box\"}");
    assert_false(problems_any(&fields.problems));
    assert_string_equal(input.runner.name, "abc");
    assert_string_equal(input.runner.image_tag, "latest");
    assert_string_equal(input.choice.region, "local");
    assert_string_equal(input.choice.instance_type, "standard-s");
}

static void test_read__new_ones_need_two_fields(void **state)
{
    (void)state;
    read_json("{}");
    assert_problem("name", "is required");
    assert_problem("image_name", "is required");
}

/* An update begins with what is stored. */
static void test_read__exclusion_looks_at_the_result(void **state)
{
    (void)state;
    fields.is_partial = true;
    input.runner.run_command = "stored";
    read_json("{\"argv\":[\"new\"]}");
    assert_problem("argv", "must be empty when run_command is given");
}

static void test_read__swapping_command_and_argv_is_fine(void **state)
{
    (void)state;
    fields.is_partial = true;
    input.runner.run_command = "stored";
    read_json("{\"argv\":[\"new\"],\"run_command\":null}");
    assert_false(problems_any(&fields.problems));
    assert_null(input.runner.run_command);
    assert_string_equal(input.runner.argv, "[\"new\"]");
}

static void test_read__an_id_stands_instead_of_the_default(void **state)
{
    (void)state;
    read_json("{\"name\":\"abc\",\"image_name\":\"box\","
              "\"region_id\":\"01900000-0000-7000-8000-000000000011\"}");
    assert_false(problems_any(&fields.problems));
    assert_null(input.choice.region);
    assert_non_null(input.choice.instance_type);
}

static void place(struct id region, struct id instance_type)
{
    const struct catalog_found found = {.region = region, .instance_type = instance_type};
    runner_fields_place(&fields, body, &input, &found);
}

/* Credentials of a registry reach its host only. */
static void test_place__an_image_is_where_its_registry_is(void **state)
{
    (void)state;
    static const struct {
        const char *image_name;
        bool is_fine;
    } cases[] = {
        {"team/tool", true},
        {"registry.test/team/tool", true},
        {"evil.test/team/tool", false},
        {"registry.test.evil.test/tool", false},
        {"localhost/tool", false},
        {"registry.test:5000/tool", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct problems problems;
        problems_init(&problems);
        input.choice = (struct catalog_choice){0};
        input.runner = (struct runner){.image_name = cases[i].image_name};
        input.runner.container_registry =
            (struct container_registry){.id = some_id, .hostname = "registry.test"};
        struct fields one = {.problems = problems};
        const struct catalog_found found = {.region = some_id};
        runner_fields_place(&one, body, &input, &found);
        if (problems_any(&one.problems) == cases[i].is_fine)
            fail_msg("%s", cases[i].image_name);
        problems_done(&one.problems);
    }
}

static void test_read__slug_and_id_exclude_each_other(void **state)
{
    (void)state;
    read_json("{\"name\":\"abc\",\"image_name\":\"box\",\"region\":\"local\","
              "\"region_id\":\"01900000-0000-7000-8000-000000000011\"}");
    assert_problem("region", "must not be given together with region_id");
    place((struct id){{0}}, some_id);
    assert_int_equal(json_array_size(fields.problems.errors), 1);
}

static void test_place__takes_what_was_found(void **state)
{
    (void)state;
    place(some_id, other_id);
    assert_false(problems_any(&fields.problems));
    assert_true(id_equal(input.runner.region.id, some_id));
    assert_true(id_equal(input.runner.instance_type.id, other_id));
}

static void test_place__what_was_not_found_is_a_problem(void **state)
{
    (void)state;
    input.choice = (struct catalog_choice){.region = "nowhere", .instance_type_id = some_id};
    place((struct id){{0}}, (struct id){{0}});
    assert_problem("region", "does not exist");
    assert_problem("instance_type_id", "does not exist");
}

static void test_place__what_was_not_asked_for_stays(void **state)
{
    (void)state;
    input.choice = (struct catalog_choice){0};
    input.runner.region.id = some_id;
    place((struct id){{0}}, (struct id){{0}});
    assert_false(problems_any(&fields.problems));
    assert_true(id_equal(input.runner.region.id, some_id));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
TEST_MAIN(TEST(test_read__two_fields_are_enough), TEST(test_read__new_ones_need_two_fields),
          TEST(test_read__exclusion_looks_at_the_result),
          TEST(test_read__swapping_command_and_argv_is_fine),
          TEST(test_read__an_id_stands_instead_of_the_default),
          TEST(test_read__slug_and_id_exclude_each_other), TEST(test_place__takes_what_was_found),
          TEST(test_place__an_image_is_where_its_registry_is),
          TEST(test_place__what_was_not_found_is_a_problem),
          TEST(test_place__what_was_not_asked_for_stays))
