/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests as they go out, answers as they come back, and what is tried again.
 */
#include "support/test.h"

#include "scripted_api.h"

#include <errand/errand.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char run_json[] =
    "{\"run\":{\"id\":\"run-1\",\"runner_id\":\"runner-1\",\"status\":\"pending\","
    "\"exit_code\":null,\"command\":null,\"argv\":[\"a\",\"b c\"],\"pending_reason\":\"queued\"}}";

static void test_trigger__sends_what_was_asked(void **state)
{
    static const struct scripted_answer exchanges[] = {{200, "", run_json}};
    static const char *const argv[] = {"a", "b c"};
    static const errand_env env[] = {{"KEY", "v=1"}};
    struct scripted_api *fixture = scripted_api_open(exchanges);
    errand_run_options options = ERRAND_RUN_OPTIONS_INIT;
    errand_run *run = NULL;
    errand_error error;

    (void)state;
    options.argv = argv;
    options.n_argv = 2;
    options.env = env;
    options.n_env = 1;
    options.timeout_seconds = 5;
    assert_int_equal(errand_run_trigger(fixture->client, "runner-1", &options, &run, &error), 0);
    assert_string_equal(fixture->script.seen[0].method, "POST");
    assert_string_equal(fixture->script.seen[0].target, "/v1/runners/runner-1/runs");
    assert_string_equal(fixture->script.seen[0].body,
                        "{\"argv\":[\"a\",\"b c\"],\"env_variables\":[{\"env_key\":\"KEY\","
                        "\"env_val\":\"v=1\"}],\"timeout_seconds\":5}");
    assert_string_equal(fake_header(&fixture->script.seen[0], "Content-Type"), "application/json");
    assert_string_equal(fake_header(&fixture->script.seen[0], "Authorization"),
                        "Bearer err_p_test");
    assert_string_equal(fake_header(&fixture->script.seen[0], "X-Errand-Project"), "project-1");
    assert_int_equal(strlen(fixture->script.keys[0]), 32);

    assert_string_equal(errand_run_id(run), "run-1");
    assert_int_equal(errand_run_get_status(run), ERRAND_RUN_PENDING);
    assert_false(errand_run_is_final(run));
    assert_false(errand_run_exit_code(run, NULL));
    assert_string_equal(errand_run_command(run), "");
    assert_int_equal(errand_run_argc(run), 2);
    assert_string_equal(errand_run_arg(run, 1), "b c");
    assert_string_equal(errand_run_arg(run, 2), "");
    assert_string_equal(errand_run_pending_reason(run), "queued");
    assert_int_equal(errand_run_duration_ms(run), -1);
    errand_run_free(run);
    scripted_api_close(fixture);
}

static void test_trigger__is_tried_again_under_the_same_key(void **state)
{
    static const struct scripted_answer exchanges[] = {
        {503, "", "{\"code\":\"unavailable\",\"message\":\"starting\"}"},
        {0, "", ""}, /* a reset: it may have happened */
        {429, "Retry-After: 0\r\n", "{\"code\":\"limit\",\"message\":\"slow down\"}"},
        {200, "Idempotency-Replayed: true\r\n", run_json},
    };
    struct scripted_api *fixture = scripted_api_open(exchanges);
    errand_run *run = NULL;
    errand_error error;

    (void)state;
    assert_int_equal(errand_run_trigger(fixture->client, "runner-1", NULL, &run, &error), 0);
    assert_int_equal(fixture->script.n, 4);
    for (int i = 1; i < 4; i++) {
        assert_string_equal(fixture->script.keys[i], fixture->script.keys[0]);
        assert_string_equal(fixture->script.seen[i].body, fixture->script.seen[0].body);
    }
    errand_run_free(run);
    scripted_api_close(fixture);
}

static void test_trigger__keeps_the_caller_s_key(void **state)
{
    static const struct scripted_answer exchanges[] = {{200, "", run_json}};
    struct scripted_api *fixture = scripted_api_open(exchanges);
    errand_run_options options = ERRAND_RUN_OPTIONS_INIT;
    errand_run *run = NULL;
    errand_error error;

    (void)state;
    options.idempotency_key = "bad\r\nkey";
    assert_int_equal(errand_run_trigger(fixture->client, "runner-1", &options, &run, &error),
                     ERRAND_E_INVALID);
    assert_int_equal(fixture->script.n, 0);
    options.idempotency_key = "nightly-2026-11-21";
    assert_int_equal(errand_run_trigger(fixture->client, "runner-1", &options, &run, &error), 0);
    assert_string_equal(fixture->script.keys[0], "nightly-2026-11-21");
    errand_run_free(run);
    scripted_api_close(fixture);
}

static void test_calls__a_refusal_is_told_in_full(void **state)
{
    static const struct scripted_answer exchanges[] = {
        {400, "X-Request-Id: req-7\r\n",
         "{\"errors\":[\"Name must be between 3 and 50 characters\",\"Image name is missing\"],"
         "\"fields\":{}}"},
    };
    struct scripted_api *fixture = scripted_api_open(exchanges);
    errand_runner_options options = ERRAND_RUNNER_OPTIONS_INIT;
    errand_runner *runner = NULL;
    errand_error error;

    (void)state;
    options.name = "x";
    assert_int_equal(errand_runner_create(fixture->client, &options, &runner, &error),
                     ERRAND_E_INVALID);
    assert_null(runner);
    assert_int_equal(fixture->script.n, 1);
    assert_string_equal(error.message,
                        "Name must be between 3 and 50 characters; Image name is missing");
    assert_int_equal(error.http_status, 400);
    assert_string_equal(error.request_id, "req-7");
    scripted_api_close(fixture);
}

static void test_runner_create__splits_the_image(void **state)
{
    static const char answer[] = "{\"runner\":{\"id\":\"r\",\"name\":\"abc\"}}";
    static const struct scripted_answer exchanges[] = {
        {200, "", answer}, {200, "", answer}, {200, "", answer}};
    static const char *const images[] = {"localhost:5000/team/app:1.2", "localhost:5000/app",
                                         "busybox:musl"};
    static const char *const bodies[] = {
        "{\"name\":\"abc\",\"image_name\":\"localhost:5000/team/app\",\"image_tag\":\"1.2\"}",
        "{\"name\":\"abc\",\"image_name\":\"localhost:5000/app\"}",
        "{\"name\":\"abc\",\"image_name\":\"busybox\",\"image_tag\":\"musl\"}"};
    struct scripted_api *fixture = scripted_api_open(exchanges);
    errand_runner_options options = ERRAND_RUNNER_OPTIONS_INIT;
    errand_error error;

    (void)state;
    options.name = "abc";
    for (size_t i = 0; i < 3; i++) {
        errand_runner *runner = NULL;

        options.image = images[i];
        assert_int_equal(errand_runner_create(fixture->client, &options, &runner, &error), 0);
        assert_string_equal(fixture->script.seen[i].body, bodies[i]);
        assert_string_equal(errand_runner_name(runner), "abc");
        assert_string_equal(errand_runner_region(runner), "");
        errand_runner_free(runner);
    }
    scripted_api_close(fixture);
}

static void test_runner_list__goes_through_the_pages(void **state)
{
    static const struct scripted_answer exchanges[] = {
        {200, "",
         "{\"runners\":[{\"id\":\"1\"},{\"id\":\"2\"}],\"meta\":{\"pagination\":{\"per_page\":10,"
         "\"current_page\":1,\"total_pages\":2,\"total_objects\":3,\"pages\":{\"first\":1,"
         "\"last\":2,\"prev\":null,\"next\":2}}}}"},
        {200, "",
         "{\"runners\":[{\"id\":\"3\"}],\"meta\":{\"pagination\":{\"per_page\":10,"
         "\"current_page\":2,\"total_pages\":2,\"total_objects\":3,\"pages\":{\"first\":1,"
         "\"last\":2,\"prev\":1,\"next\":null}}}}"},
    };
    struct scripted_api *fixture = scripted_api_open(exchanges);
    errand_page_options want = ERRAND_PAGE_OPTIONS_INIT;
    errand_runner_page *page = NULL;
    errand_error error;

    (void)state;
    want.per_page = 10;
    assert_int_equal(errand_runner_list(fixture->client, &want, &page, &error), 0);
    assert_int_equal(errand_runner_page_count(page), 2);
    assert_int_equal(errand_runner_page_total(page), 3);
    assert_string_equal(errand_runner_id(errand_runner_page_at(page, 1)), "2");
    assert_null(errand_runner_page_at(page, 2));
    want.page = errand_runner_page_next(page);
    errand_runner_page_free(page);
    assert_int_equal(want.page, 2);
    assert_int_equal(errand_runner_list(fixture->client, &want, &page, &error), 0);
    assert_string_equal(fixture->script.seen[1].target, "/v1/runners?page=2&per_page=10");
    assert_int_equal(errand_runner_page_next(page), 0);
    errand_runner_page_free(page);
    scripted_api_close(fixture);
}

static void test_calls__nonsense_is_an_error_not_a_crash(void **state)
{
    static const struct scripted_answer exchanges[] = {
        {200, "", "not json"},         {200, "", "[]"},
        {200, "", "{\"run\":null}"},   {200, "", "{}"},
        {200, "", "{\"runners\":{}}"}, {200, "", "{\"runners\":[5]}"},
    };
    struct scripted_api *fixture = scripted_api_open(exchanges);
    errand_runner_page *page = NULL;
    errand_run *run = NULL;
    errand_error error;

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(errand_run_get(fixture->client, "r", &run, &error), ERRAND_E_INTERNAL);
    for (int i = 0; i < 2; i++)
        assert_int_equal(errand_runner_list(fixture->client, NULL, &page, &error),
                         ERRAND_E_INTERNAL);
    assert_null(run);
    assert_null(page);
    scripted_api_close(fixture);
}

static void test_stop__sends_no_body_and_no_type(void **state)
{
    static const struct scripted_answer exchanges[] = {{200, "", run_json}};
    struct scripted_api *fixture = scripted_api_open(exchanges);
    errand_error error;

    (void)state;
    assert_int_equal(errand_run_stop(fixture->client, "run-1", NULL, &error), 0);
    assert_string_equal(fixture->script.seen[0].target, "/v1/runs/run-1/stop");
    assert_string_equal(fixture->script.seen[0].body, "");
    assert_false(fixture->script.has_type[0]);
    scripted_api_close(fixture);
}

static void test_log_list__gives_lines(void **state)
{
    static const struct scripted_answer exchanges[] = {
        {200, "",
         "{\"logs\":[{\"id\":5,\"ts\":\"t5\",\"stream\":\"stdout\",\"msg\":\"five\"},"
         "{\"id\":6,\"ts\":\"t6\",\"stream\":\"stderr\",\"msg_base64\":\"/w==\"}],"
         "\"meta\":{\"last_id\":6,\"complete\":true}}"},
    };
    struct scripted_api *fixture = scripted_api_open(exchanges);
    errand_log_page *page = NULL;
    errand_error error;

    (void)state;
    assert_int_equal(errand_log_list(fixture->client, "run-1", 4, 2, &page, &error), 0);
    assert_string_equal(fixture->script.seen[0].target, "/v1/runs/run-1/logs?after_id=4&limit=2");
    assert_int_equal(errand_log_page_count(page), 2);
    assert_string_equal(errand_log_page_at(page, 0)->bytes, "five");
    assert_string_equal(errand_log_page_at(page, 0)->time, "t5");
    assert_int_equal(errand_log_page_at(page, 1)->n_bytes, 1);
    assert_int_equal(errand_log_page_last_id(page), 6);
    assert_true(errand_log_page_is_complete(page));
    errand_log_page_free(page);
    scripted_api_close(fixture);
}

static void test_ready__says_what_is_missing(void **state)
{
    static const struct scripted_answer exchanges[] = {
        {503, "",
         "{\"status\":\"not_ready\",\"checks\":{\"database\":\"ok\",\"schema\":\"failed\","
         "\"scheduler\":\"failed\"}}"},
        {200, "", "{\"status\":\"ready\"}"},
    };
    struct scripted_api *fixture = scripted_api_open(exchanges);
    errand_error error;

    (void)state;
    assert_int_equal(errand_client_ready(fixture->client, &error), ERRAND_E_UNAVAILABLE);
    assert_string_equal(error.message, "the server is not ready: schema, scheduler");
    assert_null(fake_header(&fixture->script.seen[0], "Authorization"));
    assert_int_equal(errand_client_ready(fixture->client, &error), 0);
    scripted_api_close(fixture);
}

static void test_calls__an_unreachable_server_is_unavailable(void **state)
{
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    errand_client *client = NULL;
    errand_run *run = NULL;
    errand_error error;

    (void)state;
    options.url = "http://127.0.0.1:1";
    options.retries = -1;
    assert_int_equal(errand_client_new(&options, &client, &error), 0);
    assert_int_equal(errand_run_trigger(client, "r", NULL, &run, &error), ERRAND_E_UNAVAILABLE);
    assert_int_equal(error.http_status, 0);
    assert_non_null(strstr(error.message, "http://127.0.0.1:1"));
    errand_client_free(client);
}

static void test_client_new__refuses_what_is_no_header(void **state)
{
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    errand_client *client = NULL;
    errand_error error;

    (void)state;
    options.url = "http://127.0.0.1:1";
    options.token = "a\r\nX-Evil: 1";
    assert_int_equal(errand_client_new(&options, &client, &error), ERRAND_E_INVALID);
    assert_null(strstr(error.message, "Evil"));
    options.struct_size = 0;
    assert_int_equal(errand_client_new(&options, &client, &error), ERRAND_E_INVALID);
    assert_null(client);
}

TEST_MAIN(cmocka_unit_test(test_trigger__sends_what_was_asked),
          cmocka_unit_test(test_trigger__is_tried_again_under_the_same_key),
          cmocka_unit_test(test_trigger__keeps_the_caller_s_key),
          cmocka_unit_test(test_calls__a_refusal_is_told_in_full),
          cmocka_unit_test(test_runner_create__splits_the_image),
          cmocka_unit_test(test_runner_list__goes_through_the_pages),
          cmocka_unit_test(test_calls__nonsense_is_an_error_not_a_crash),
          cmocka_unit_test(test_stop__sends_no_body_and_no_type),
          cmocka_unit_test(test_log_list__gives_lines),
          cmocka_unit_test(test_ready__says_what_is_missing),
          cmocka_unit_test(test_calls__an_unreachable_server_is_unavailable),
          cmocka_unit_test(test_client_new__refuses_what_is_no_header))
