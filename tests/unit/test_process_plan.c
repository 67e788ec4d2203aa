/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "process_plan.h"

#include <string.h>

/* An image with ENTRYPOINT ["/entry", "--e"], CMD ["c1", "c2"], two variables and a user. */
static struct image_config image(void)
{
    struct image_config config = {0};
    struct err e;
    ASSERT_OK(text_list_add(&config.entrypoint, "/entry", &e), e);
    ASSERT_OK(text_list_add(&config.entrypoint, "--e", &e), e);
    ASSERT_OK(text_list_add(&config.cmd, "c1", &e), e);
    ASSERT_OK(text_list_add(&config.cmd, "c2", &e), e);
    ASSERT_OK(text_list_add(&config.env, "PATH=/bin", &e), e);
    ASSERT_OK(text_list_add(&config.env, "MODE=image", &e), e);
    config.user = strdup("app");
    config.cwd = strdup("/srv");
    return config;
}

/* Plan, and compare argv joined with '|'. */
static void assert_argv(const struct assignment *a, const char *expected)
{
    CLEANUP(image_config_done) struct image_config config = image();
    CLEANUP(run_spec_done) struct run_spec spec;
    CLEANUP(buf_done) struct buf joined;
    const struct text_list env = {0};
    struct err e;
    run_spec_init(&spec);
    buf_init(&joined, 1024);
    ASSERT_OK(process_plan_make(a, &config, &env, &spec, &e), e);
    for (size_t i = 0; i < spec.argv.n; i++)
        buf_printf(&joined, "%s%s", i > 0 ? "|" : "", spec.argv.items[i]);
    assert_string_equal(buf_text(&joined), expected);
}

static void test_argv__follows_the_table(void **state)
{
    (void)state;
    static const char *const argv[] = {"x", "y z"};
    assert_argv(&(struct assignment){0}, "/entry|--e|c1|c2");
    assert_argv(&(struct assignment){.argv = argv, .argc = 2}, "/entry|--e|x|y z");
    assert_argv(&(struct assignment){.argv = argv, .argc = 0}, "/entry|--e");
    assert_argv(&(struct assignment){.entrypoint = "/mine"}, "/mine");
    assert_argv(&(struct assignment){.entrypoint = "/mine", .argv = argv, .argc = 2},
                "/mine|x|y z");
    assert_argv(&(struct assignment){.command = "a | b"}, "/bin/sh|-c|a | b");
    assert_argv(&(struct assignment){.command = "a | b", .entrypoint = "/mine"}, "/mine|a | b");
}

static void test_argv__nothing_to_run_is_refused(void **state)
{
    (void)state;
    static const char *const empty[] = {""};
    const struct image_config bare = {0};
    const struct text_list env = {0};
    const struct assignment nothing = {0};
    const struct assignment no_name = {.argv = empty, .argc = 1};
    CLEANUP(run_spec_done) struct run_spec spec;
    struct err e;
    run_spec_init(&spec);
    assert_int_equal(process_plan_make(&nothing, &bare, &env, &spec, &e), ERR_INVALID);
    assert_int_equal(process_plan_make(&no_name, &bare, &env, &spec, &e), ERR_INVALID);
}

static void test_cwd__of_an_image_is_absolute(void **state)
{
    (void)state;
    CLEANUP(image_config_done) struct image_config config = image();
    CLEANUP(run_spec_done) struct run_spec spec;
    const struct assignment a = {0};
    const struct text_list env = {0};
    struct err e;
    free(config.cwd);
    config.cwd = strdup("srv");
    run_spec_init(&spec);
    assert_int_equal(process_plan_make(&a, &config, &env, &spec, &e), ERR_INVALID);
    assert_string_equal(e.msg, "the image's working directory 'srv' is not absolute");
}

static void test_env__the_run_wins_over_the_image(void **state)
{
    (void)state;
    CLEANUP(image_config_done) struct image_config config = image();
    CLEANUP(run_spec_done) struct run_spec spec;
    struct assignment a = {.user = "1000", .attempt = 1};
    struct text_list env = {0};
    struct err e;
    run_spec_init(&spec);
    const char run[] = "0190aaaa-0000-7000-8000-000000000000";
    ASSERT_OK(id_parse(run, strlen(run), &a.run_id, &e), e);
    ASSERT_OK(text_list_add(&env, "MODE=run", &e), e);
    ASSERT_OK(text_list_add(&env, "PATHS=2", &e), e);
    ASSERT_OK(process_plan_make(&a, &config, &env, &spec, &e), e);
    text_list_done(&env);

    assert_int_equal(spec.env.n, 5);
    assert_string_equal(spec.env.items[0], "MODE=run");
    assert_string_equal(spec.env.items[1], "PATHS=2");
    assert_string_equal(spec.env.items[2], "ERRAND_RUN_ID=0190aaaa-0000-7000-8000-000000000000");
    assert_string_equal(spec.env.items[3], "ERRAND_ATTEMPT=1");
    assert_string_equal(spec.env.items[4], "PATH=/bin");
    assert_string_equal(spec.user, "1000");
    assert_string_equal(spec.cwd, "/srv");
}

TEST_MAIN(cmocka_unit_test(test_argv__follows_the_table),
          cmocka_unit_test(test_argv__nothing_to_run_is_refused),
          cmocka_unit_test(test_cwd__of_an_image_is_absolute),
          cmocka_unit_test(test_env__the_run_wins_over_the_image))
