/* SPDX-License-Identifier: Apache-2.0
 *
 * Where memory comes from, what the hook is told, which way requests take.
 */
#include "support/test.h"

#include "fake_api.h"

#include <errand/errand.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Counts what is out, and runs dry after `left` allocations. */
struct pool {
    long out;
    long left; /* -1 = never dry */
    long given;
};

static int pool_is_dry(struct pool *pool)
{
    if (pool->left == 0)
        return 1;
    if (pool->left > 0)
        pool->left--;
    pool->given++;
    return 0;
}

static void *pool_allocate(size_t n, void *user)
{
    struct pool *pool = user;

    if (n == 0 || pool_is_dry(pool))
        return NULL;
    pool->out++;
    return malloc(n);
}

static void *pool_reallocate(void *memory, size_t n, void *user)
{
    struct pool *pool = user;

    if (n == 0 || pool_is_dry(pool))
        return NULL;
    pool->out += memory == NULL;
    return realloc(memory, n);
}

static void pool_release(void *memory, void *user)
{
    struct pool *pool = user;

    assert_non_null(memory);
    pool->out--;
    free(memory);
}

static void answer_all(int fd, const struct fake_request *request, void *user)
{
    (void)user;
    if (strstr(request->target, "/logs/stream") != NULL) {
        fake_stream(fd);
        fake_write_text(fd, "event: logs\ndata: {\"logs\":[{\"id\":1,\"msg\":\"a\\n\"},{\"id\":2,"
                            "\"msg_base64\":\"/w==\"}]}\n\n"
                            "event: state\ndata: {\"status\":\"succeeded\",\"exit_code\":0,"
                            "\"last_id\":2}\n\n");
    } else if (strstr(request->target, "/logs") != NULL) {
        fake_answer(fd, 200, "", "{\"logs\":[{\"id\":1,\"msg\":\"a\"}],\"meta\":{\"last_id\":1}}");
    } else if (strstr(request->target, "/v1/runs?") != NULL) {
        fake_answer(fd, 200, "", "{\"runs\":[{\"id\":\"r\"}],\"meta\":{}}");
    } else {
        fake_answer(fd, 200, "", "{\"run\":{\"id\":\"r\",\"status\":\"running\"}}");
    }
}

static int use_it(errand_client *client, errand_error *error)
{
    errand_follow_options options = ERRAND_FOLLOW_OPTIONS_INIT;
    errand_iterator *all = NULL;
    errand_log_page *page = NULL;
    const errand_run *one;
    errand_run *run = NULL;
    int r = errand_run_get(client, "r", &run, error);

    options.give_up_ms = 1; /* what memory does not allow is not tried for ever */
    if (r == 0)
        r = errand_log_list(client, "r", 0, 0, &page, error);
    if (r == 0)
        r = errand_iterate_runs(client, NULL, NULL, &all, error);
    if (r == 0)
        r = errand_iterator_next_run(all, &one, error) < 0 ? error->code : 0;
    if (r == 0)
        r = errand_follow(client, "r", &options, NULL, error);
    errand_iterator_free(all);
    errand_log_page_free(page);
    errand_run_free(run);
    return r;
}

static int try_with(struct pool *pool, const char *url, errand_error *error)
{
    const errand_allocator allocator = {pool_allocate, pool_reallocate, pool_release, pool};
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    errand_client *client = NULL;
    int r;

    options.url = url;
    options.token = "err_u_test";
    options.proxy = "";
    options.retries = -1;
    options.allocator = &allocator;
    r = errand_client_new(&options, &client, error);
    if (r == 0)
        r = use_it(client, error);
    errand_client_free(client);
    return r;
}

static void test_allocator__gets_back_all_it_gave_whenever_it_runs_dry(void **state)
{
    struct fake_api *api = fake_api_start(answer_all, NULL);
    struct pool pool = {.left = -1};
    errand_error error;

    (void)state;
    assert_int_equal(try_with(&pool, fake_api_url(api), &error), ERRAND_END_FINISHED);
    assert_int_equal(pool.out, 0);
    assert_in_range(pool.given, 20, 1000);
    for (long i = 0; i < pool.given; i++) {
        struct pool dry = {.left = i};
        int r = try_with(&dry, fake_api_url(api), &error);

        assert_true(r < 0);
        assert_int_equal(dry.out, 0);
        assert_string_not_equal(error.message, "");
    }
    (void)fake_api_stop(api);
}

static void test_allocator__is_whole_or_refused(void **state)
{
    const errand_allocator half = {pool_allocate, NULL, pool_release, NULL};
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    errand_client *client = NULL;
    errand_error error;

    (void)state;
    options.url = "http://127.0.0.1:1";
    options.allocator = &half;
    assert_int_equal(errand_client_new(&options, &client, &error), ERRAND_E_INVALID);
    assert_null(client);
}

struct told {
    unsigned debugs;
    unsigned warnings;
    char text[4096];
};

static void on_log(errand_log_level level, const char *text, void *user)
{
    struct told *told = user;
    size_t used = strlen(told->text);

    told->debugs += level == ERRAND_LOG_DEBUG;
    told->warnings += level == ERRAND_LOG_WARNING;
    (void)snprintf(told->text + used, sizeof(told->text) - used, "%s\n", text);
}

static void fail_once(int fd, const struct fake_request *request, void *user)
{
    unsigned *n = user;

    if (++*n == 1)
        fake_answer(fd, 503, "", "{\"code\":\"unavailable\"}");
    else
        answer_all(fd, request, NULL);
}

static void test_log_hook__hears_of_requests_and_retries_but_of_no_secret(void **state)
{
    const errand_env env = {"KEY", "very-secret-value"};
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    errand_run_options run_options = ERRAND_RUN_OPTIONS_INIT;
    unsigned requests = 0;
    struct told told = {.debugs = 0};
    struct fake_api *api = fake_api_start(fail_once, &requests);
    errand_client *client = NULL;
    errand_run *run = NULL;
    errand_error error;

    (void)state;
    options.url = fake_api_url(api);
    options.token = "err_u_very-secret-token";
    options.on_log = on_log;
    options.log_user = &told;
    run_options.env = &env;
    run_options.n_env = 1;
    assert_int_equal(errand_client_new(&options, &client, &error), 0);
    assert_int_equal(errand_run_trigger(client, "r", &run_options, &run, &error), 0);
    assert_int_equal(told.debugs, 2);
    assert_int_equal(told.warnings, 1);
    assert_non_null(strstr(told.text, "POST /v1/runners/r/runs: 503"));
    assert_non_null(strstr(told.text, "unavailable; again in "));
    assert_non_null(strstr(told.text, "POST /v1/runners/r/runs: 200"));
    assert_null(strstr(told.text, "secret"));
    errand_run_free(run);
    errand_client_free(client);
    (void)fake_api_stop(api);
}

static void note_target(int fd, const struct fake_request *request, void *user)
{
    (void)snprintf(user, 256, "%.255s", request->target);
    answer_all(fd, request, NULL);
}

static void test_proxy__is_gone_through(void **state)
{
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    char target[256] = "";
    struct fake_api *proxy = fake_api_start(note_target, target);
    errand_client *client = NULL;
    errand_run *run = NULL;
    errand_error error;

    (void)state;
    options.url = "http://server.invalid:8080";
    options.proxy = fake_api_url(proxy);
    assert_int_equal(errand_client_new(&options, &client, &error), 0);
    assert_int_equal(errand_run_get(client, "r", &run, &error), 0);
    assert_string_equal(target, "http://server.invalid:8080/v1/runs/r");
    errand_run_free(run);
    errand_client_free(client);
    (void)fake_api_stop(proxy);
}

static void test_proxy__that_is_not_there_is_unavailable(void **state)
{
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    errand_client *client = NULL;
    errand_run *run = NULL;
    errand_error error;

    (void)state;
    options.url = "http://server.invalid:8080";
    options.proxy = "http://127.0.0.1:1";
    options.retries = -1;
    assert_int_equal(errand_client_new(&options, &client, &error), 0);
    assert_int_equal(errand_run_get(client, "r", &run, &error), ERRAND_E_UNAVAILABLE);
    errand_client_free(client);
}

TEST_MAIN(cmocka_unit_test(test_allocator__gets_back_all_it_gave_whenever_it_runs_dry),
          cmocka_unit_test(test_allocator__is_whole_or_refused),
          cmocka_unit_test(test_log_hook__hears_of_requests_and_retries_but_of_no_secret),
          cmocka_unit_test(test_proxy__is_gone_through),
          cmocka_unit_test(test_proxy__that_is_not_there_is_unavailable))
