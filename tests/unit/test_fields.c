/* SPDX-License-Identifier: Apache-2.0 */
#include "http/fields.h"

#include "support/test.h"

#include <string.h>

#include "base/id.h"
#include "model/limits.h"

struct thing {
    const char *name;
    const char *note;
    const char *color;
    struct id owner;
    int64_t count;
    bool on;
    const char *argv;
    const char *labels;
    json_t *parts;
    int64_t at_us;
};

static const char *no_x(const char *text)
{
    return strchr(text, 'x') != NULL ? "must not hold an x" : NULL;
}

static const char *const colors[] = {"red", "green", "blue", NULL};

#define AT(member) .offset = offsetof(struct thing, member)
static const struct field table[] = {
    {"name", FIELD_TEXT, FIELD_REQUIRED, AT(name), .min = 3, .max = 5, .check = no_x},
    {"note", FIELD_BYTES, FIELD_NULLABLE, AT(note), .max = 8},
    {"color", FIELD_CHOICE, 0, AT(color), .choices = colors},
    {"owner", FIELD_ID, 0, AT(owner)},
    {"count", FIELD_INT, 0, AT(count), .min = 1, .max = 10},
    {"on", FIELD_BOOL, 0, AT(on)},
    {"argv", FIELD_ARGV, 0, AT(argv)},
    {"labels", FIELD_LABELS, 0, AT(labels)},
    {"at", FIELD_TIME, 0, AT(at_us)},
    {"parts", FIELD_OBJECT_LIST, 0, AT(parts), .max = 2},
};

static struct fields fields;
static struct thing thing;
static json_t *object;

static int start(void **state)
{
    (void)state;
    fields_init(&fields);
    thing = (struct thing){.note = "stored", .count = 7};
    return 0;
}

static int stop(void **state)
{
    (void)state;
    fields_done(&fields);
    json_decref(object);
    object = NULL;
    return 0;
}

static void take(json_t *made)
{
    assert_non_null(made);
    object = made;
    fields_read(&fields, "", object, table, ARRAY_LEN(table), &thing);
}

static void read_json(const char *text)
{
    take(json_loads(text, 0, NULL));
}

/* The one problem of `field`. */
static void assert_problem(const char *field, const char *rule)
{
    json_t *rules = json_object_get(fields.problems.fields, field);
    if (json_array_size(rules) != 1)
        fail_msg("%s has %zu problems", field, json_array_size(rules));
    assert_string_equal(json_string_value(json_array_get(rules, 0)), rule);
}

static void assert_none(void)
{
    if (problems_any(&fields.problems))
        fail_msg("%s", json_string_value(json_array_get(fields.problems.errors, 0)));
}

static void test_read__takes_every_kind(void **state)
{
    (void)state;
    read_json("{\"name\":\"abc\",\"note\":\"n\",\"color\":\"blue\","
              "\"owner\":\"01900000-0000-7000-8000-0000000000aa\",\"count\":10,\"on\":true,"
              "\"argv\":[\"a b\",\"\"],\"labels\":{\"team/a\":\"\"},\"parts\":[{}],"
              "\"at\":\"1970-01-01T00:00:02+00:00\"}");
    assert_none();
    assert_int_equal(thing.at_us, 2000000);
    assert_string_equal(thing.name, "abc");
    assert_string_equal(thing.note, "n");
    assert_string_equal(thing.color, "blue");
    assert_int_equal(thing.owner.bytes[15], 0xaa);
    assert_int_equal(thing.count, 10);
    assert_true(thing.on);
    assert_string_equal(thing.argv, "[\"a b\",\"\"]");
    assert_string_equal(thing.labels, "{\"team/a\":\"\"}");
    assert_int_equal(json_array_size(thing.parts), 1);
}

static void test_read__keeps_what_is_absent(void **state)
{
    (void)state;
    read_json("{\"name\":\"abc\"}");
    assert_none();
    assert_string_equal(thing.note, "stored");
    assert_int_equal(thing.count, 7);
}

static void test_read__null_clears_only_what_may_be_null(void **state)
{
    (void)state;
    read_json("{\"name\":\"abc\",\"note\":null,\"count\":null}");
    assert_null(thing.note);
    assert_problem("count", "must be an integer");
    assert_int_equal(thing.count, 7);
    assert_int_equal(json_array_size(fields.problems.errors), 1);
}

static void test_read__collects_every_problem(void **state)
{
    (void)state;
    read_json("{\"note\":1,\"color\":\"pink\",\"owner\":\"x\",\"count\":11,\"on\":\"yes\","
              "\"argv\":{},\"labels\":[],\"parts\":[{},{},{}],\"at\":\"noon\",\"colour\":\"red\"}");
    assert_problem("name", "is required");
    assert_problem("note", "must be a string");
    assert_problem("color", "must be red, green or blue");
    assert_problem("owner", "must be a UUID");
    assert_problem("count", "must be between 1 and 10");
    assert_problem("on", "must be true or false");
    assert_problem("argv", "must be an array of strings");
    assert_problem("labels", "must be an object of strings");
    assert_problem("at", "must be a time such as 2026-01-02T03:04:05Z");
    assert_problem("parts", "must have at most 2 items");
    assert_problem("colour", "is not a known field");
    assert_int_equal(json_array_size(fields.problems.errors), 11);
}

static void test_read__text_counts_code_points_bytes_count_bytes(void **state)
{
    (void)state;
    read_json("{\"name\":\"\u00e4\u00f6\u00fc\u00df\u20ac\",\"note\":\"\u20ac\u20ac\u20ac\"}");
    assert_string_equal(thing.name, "\u00e4\u00f6\u00fc\u00df\u20ac");
    assert_problem("note", "must be at most 8 bytes");
    assert_int_equal(json_array_size(fields.problems.errors), 1);
}

static void test_read__text_limits_are_inclusive(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *rule;
    } cases[] = {
        {"{\"name\":\"ab\"}", "must be between 3 and 5 characters"},
        {"{\"name\":\"abc\"}", NULL},
        {"{\"name\":\"abcde\"}", NULL},
        {"{\"name\":\"abcdef\"}", "must be between 3 and 5 characters"},
        {"{\"name\":\"abxd\"}", "must not hold an x"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        (void)stop(NULL);
        (void)start(NULL);
        read_json(cases[i].json);
        if (cases[i].rule == NULL)
            assert_none();
        else
            assert_problem("name", cases[i].rule);
    }
}

static void test_read__an_integer_is_no_real(void **state)
{
    (void)state;
    read_json("{\"name\":\"abc\",\"count\":3.0}");
    assert_problem("count", "must be an integer");
}

static void test_read__sentence_begins_with_the_name(void **state)
{
    (void)state;
    object = json_loads("{\"env_key\":1}", 0, NULL);
    static const struct field key = {"env_key", FIELD_TEXT, 0, AT(name), .max = 5};
    fields_read(&fields, "env_variables[3].", object, &key, 1, &thing);
    assert_problem("env_variables[3].env_key", "must be a string");
    assert_string_equal(json_string_value(json_array_get(fields.problems.errors, 0)),
                        "Env variables[3].env key must be a string");
}

static void test_read_argv__names_the_item(void **state)
{
    (void)state;
    read_json("{\"name\":\"abc\",\"argv\":[\"a\",2,\"c\",null]}");
    assert_problem("argv[1]", "must be a string");
    assert_problem("argv[3]", "must be a string");
    assert_null(thing.argv);
}

static json_t *argv_of(size_t items, size_t characters_each)
{
    char item[LIMIT_ARGV_CHARS + 2];
    memset(item, 'a', characters_each);
    json_t *argv = json_array();
    for (size_t i = 0; i < items; i++)
        (void)json_array_append_new(argv, json_stringn(item, characters_each));
    return json_pack("{s:s, s:o}", "name", "abc", "argv", argv);
}

static void test_read_argv__limits(void **state)
{
    (void)state;
    static const struct {
        size_t items;
        size_t characters;
        const char *rule;
    } cases[] = {
        {LIMIT_ARGV_ITEMS, LIMIT_ARGV_CHARS / LIMIT_ARGV_ITEMS, NULL},
        {LIMIT_ARGV_ITEMS + 1, 0, "must have at most 200 items"},
        {1, LIMIT_ARGV_CHARS, NULL},
        {1, LIMIT_ARGV_CHARS + 1, "must have at most 8000 characters in all"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        (void)stop(NULL);
        (void)start(NULL);
        take(argv_of(cases[i].items, cases[i].characters));
        if (cases[i].rule == NULL)
            assert_none();
        else
            assert_problem("argv", cases[i].rule);
    }
}

static void test_read_labels__names_the_key(void **state)
{
    (void)state;
    read_json("{\"name\":\"abc\",\"labels\":{\"team\":1,\"-a\":\"b\",\"fine\":\"x\"}}");
    assert_problem("labels.team", "must be a string");
    assert_true(problems_has(&fields.problems, "labels.-a"));
    assert_false(problems_has(&fields.problems, "labels.fine"));
    assert_null(thing.labels);
}

static void test_read_labels__at_most_32(void **state)
{
    (void)state;
    json_t *labels = json_object();
    for (int i = 0; i <= LIMIT_LABELS; i++) {
        char key[16];
        (void)snprintf(key, sizeof(key), "k%d", i);
        (void)json_object_set_new(labels, key, json_string("v"));
    }
    take(json_pack("{s:s, s:o}", "name", "abc", "labels", labels));
    assert_problem("labels", "must have at most 32 entries");
}

static void test_read__refuses_nul_by_name(void **state)
{
    (void)state;
    take(json_loads("{\"name\":\"ab\\u0000c\",\"note\":\"\\u0000\",\"color\":\"red\\u0000\","
                    "\"argv\":[\"a\",\"\\u0000\"],\"labels\":{\"k\":\"\\u0000\"}}",
                    JSON_ALLOW_NUL, NULL));
    assert_problem("name", "must not hold the character U+0000");
    assert_problem("note", "must not hold the character U+0000");
    assert_problem("color", "must be red, green or blue");
    assert_problem("argv[1]", "must not hold the character U+0000");
    assert_problem("labels.k", "must not hold the character U+0000");
    assert_int_equal(json_array_size(fields.problems.errors), 5);
}

static void test_read__of_an_update_requires_nothing(void **state)
{
    (void)state;
    fields.is_partial = true;
    thing.name = "stored";
    read_json("{}");
    assert_none();
    assert_string_equal(thing.name, "stored");
}

static void test_problems__are_bounded(void **state)
{
    (void)state;
    static char key[100000];
    memset(key, 'k', sizeof(key) - 1);
    json_t *many = json_pack("{s:s, s:i}", "name", "abc", key, 1);
    for (int i = 0; i < 2 * PROBLEMS_MAX; i++) {
        char unknown[16];
        (void)snprintf(unknown, sizeof(unknown), "u%d", i);
        (void)json_object_set_new(many, unknown, json_null());
    }
    take(many);
    assert_int_equal(json_array_size(fields.problems.errors), PROBLEMS_MAX);
    assert_true(json_string_length(json_array_get(fields.problems.errors, 0)) < 300);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
TEST_MAIN(TEST(test_read__takes_every_kind), TEST(test_read__keeps_what_is_absent),
          TEST(test_read__null_clears_only_what_may_be_null),
          TEST(test_read__collects_every_problem),
          TEST(test_read__text_counts_code_points_bytes_count_bytes),
          TEST(test_read__text_limits_are_inclusive), TEST(test_read__an_integer_is_no_real),
          TEST(test_read__sentence_begins_with_the_name), TEST(test_read_argv__names_the_item),
          TEST(test_read_argv__limits), TEST(test_read_labels__names_the_key),
          TEST(test_read_labels__at_most_32), TEST(test_read__refuses_nul_by_name),
          TEST(test_read__of_an_update_requires_nothing), TEST(test_problems__are_bounded))
