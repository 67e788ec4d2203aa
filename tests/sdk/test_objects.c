/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists, iterators and filters; hypervisors; changes of runners; the plain call.
 */
#include "support/test.h"

#include "scripted_api.h"

#include <errand/errand.h>

#include <string.h>

#define PAGE_1                                                                                     \
    "\"meta\":{\"pagination\":{\"current_page\":1,\"total_pages\":2,\"total_objects\":3,"          \
    "\"pages\":{\"next\":2}}}"
#define PAGE_2                                                                                     \
    "\"meta\":{\"pagination\":{\"current_page\":2,\"total_pages\":2,\"total_objects\":3,"          \
    "\"pages\":{\"next\":null}}}"

static void test_iterator__goes_through_numbered_pages(void **state)
{
    static const struct scripted_answer answers[] = {
        {200, "",
         "{\"runners\":[{\"id\":\"1\",\"name\":\"a\"},{\"id\":\"2\",\"name\":\"b\"}]," PAGE_1 "}"},
        {200, "", "{\"runners\":[{\"id\":\"3\",\"name\":\"c\"}]," PAGE_2 "}"},
    };
    struct scripted_api *scripted = scripted_api_open(answers);
    const errand_runner *runner;
    errand_iterator *all;
    char names[8] = "";
    errand_error error;
    int r;

    (void)state;
    assert_int_equal(errand_iterate_runners(scripted->client, &all, &error), 0);
    while ((r = errand_iterator_next_runner(all, &runner, &error)) > 0)
        (void)strncat(names, errand_runner_name(runner), 1);
    assert_int_equal(r, 0);
    assert_int_equal(errand_iterator_next_runner(all, &runner, &error), 0);
    assert_string_equal(names, "abc");
    assert_string_equal(scripted->script.seen[1].target, "/v1/runners?page=2&per_page=100");
    errand_iterator_free(all);
    scripted_api_close(scripted);
}

static void test_iterator__goes_through_runs_by_cursor(void **state)
{
    static const struct scripted_answer answers[] = {
        {200, "",
         "{\"runs\":[{\"id\":\"9\"},{\"id\":\"8\"}],\"meta\":{\"cursor\":{\"next\":\"8\"}}}"},
        {200, "", "{\"runs\":[],\"meta\":{\"cursor\":{\"next\":\"7\"}}}"},
        {503, "", "{\"code\":\"unavailable\"}"},
        {200, "", "{\"runs\":[{\"id\":\"7\"}],\"meta\":{\"cursor\":{\"next\":null}}}"},
    };
    struct scripted_api *scripted = scripted_api_open(answers);
    errand_run_filter filter = ERRAND_RUN_FILTER_INIT;
    const errand_run *run;
    errand_iterator *all;
    char ids[8] = "";
    errand_error error;
    int r;

    (void)state;
    filter.status = ERRAND_RUN_FAILED;
    filter.label = "team=a b&c";
    filter.since = "2026-01-01T00:00:00Z";
    assert_int_equal(errand_iterate_runs(scripted->client, "r/1", &filter, &all, &error), 0);
    while ((r = errand_iterator_next_run(all, &run, &error)) > 0)
        (void)strncat(ids, errand_run_id(run), 1);
    assert_int_equal(r, 0);
    assert_string_equal(ids, "987");
    assert_string_equal(scripted->script.seen[0].target,
                        "/v1/runners/r%2F1/runs?status=failed&label=team%3Da%20b%26c&"
                        "since=2026-01-01T00%3A00%3A00Z&cursor=start&per_page=100");
    assert_non_null(strstr(scripted->script.seen[3].target, "cursor=7&"));
    errand_iterator_free(all);
    scripted_api_close(scripted);
}

static void test_iterator__fails_and_goes_on(void **state)
{
    static const struct scripted_answer answers[] = {
        {403, "", "{\"code\":\"denied\"}"},
        {200, "", "{\"hypervisors\":[{\"id\":\"1\"}]}"},
    };
    struct scripted_api *scripted = scripted_api_open(answers);
    const errand_hypervisor *hypervisor = NULL;
    const errand_run *run = NULL;
    errand_iterator *all;
    errand_error error;

    (void)state;
    assert_int_equal(errand_iterate_hypervisors(scripted->client, &all, &error), 0);
    assert_int_equal(errand_iterator_next_run(all, &run, &error), ERRAND_E_INVALID);
    assert_int_equal(errand_iterator_next_hypervisor(all, &hypervisor, &error), ERRAND_E_DENIED);
    assert_null(hypervisor);
    assert_int_equal(errand_iterator_next_hypervisor(all, &hypervisor, &error), 1);
    assert_string_equal(errand_hypervisor_id(hypervisor), "1");
    assert_int_equal(errand_iterator_next_hypervisor(all, &hypervisor, &error), 0);
    errand_iterator_free(all);
    scripted_api_close(scripted);
}

static const char hypervisor_json[] =
    "{\"hypervisor\":{\"id\":\"h-1\",\"name\":\"node\",\"status\":\"cordoned\",\"cpu\":1.5,"
    "\"mem_total\":1024,\"mem_free\":512,\"disk_free\":99999999999,\"runs\":3,\"version\":\"0.1\","
    "\"region\":{\"slug\":\"local\"},\"last_seen_at\":\"2026-01-01T00:00:00.000Z\"}}";

static void test_hypervisor__is_read_and_changed(void **state)
{
    static const struct scripted_answer answers[] = {{200, "", hypervisor_json},
                                                     {200, "", hypervisor_json},
                                                     {200, "", hypervisor_json},
                                                     {200, "", hypervisor_json}};
    struct scripted_api *scripted = scripted_api_open(answers);
    const struct fake_request *seen = scripted->script.seen;
    errand_hypervisor *hypervisor = NULL;
    errand_error error;

    (void)state;
    assert_int_equal(errand_hypervisor_get(scripted->client, "h-1", &hypervisor, &error), 0);
    assert_string_equal(errand_hypervisor_name(hypervisor), "node");
    assert_string_equal(errand_hypervisor_status(hypervisor), "cordoned");
    assert_string_equal(errand_hypervisor_region(hypervisor), "local");
    assert_true(errand_hypervisor_cpu(hypervisor) == 1.5);
    assert_int_equal(errand_hypervisor_memory_mb(hypervisor), 1024);
    assert_int_equal(errand_hypervisor_memory_free_mb(hypervisor), 512);
    assert_true(errand_hypervisor_disk_free_bytes(hypervisor) == 99999999999);
    assert_int_equal(errand_hypervisor_runs(hypervisor), 3);
    errand_hypervisor_free(hypervisor);
    assert_int_equal(errand_hypervisor_cordon(scripted->client, "h-1", NULL, &error), 0);
    assert_int_equal(errand_hypervisor_drain(scripted->client, "h-1", NULL, &error), 0);
    assert_int_equal(errand_hypervisor_uncordon(scripted->client, "h-1", NULL, &error), 0);
    assert_string_equal(seen[0].method, "GET");
    assert_string_equal(seen[1].method, "POST");
    assert_string_equal(seen[1].target, "/v1/hypervisors/h-1/cordon");
    assert_string_equal(seen[2].target, "/v1/hypervisors/h-1/drain");
    assert_string_equal(seen[3].target, "/v1/hypervisors/h-1/uncordon");
    scripted_api_close(scripted);
}

static void test_runner__is_changed_where_it_is_said(void **state)
{
    static const struct scripted_answer answers[] = {
        {200, "", "{\"runner\":{\"id\":\"r\",\"timeout_seconds\":5}}"},
        {200, "", "{\"runner\":{\"id\":\"r\"}}"},
        {202, "", "{\"runner\":{\"id\":\"r\",\"warmed_at\":\"2026-01-01T00:00:00.000Z\"}}"},
    };
    static const char *const argv[] = {"echo", "x"};
    struct scripted_api *scripted = scripted_api_open(answers);
    const struct fake_request *seen = scripted->script.seen;
    errand_runner_options options = ERRAND_RUNNER_OPTIONS_INIT;
    errand_runner *runner = NULL;
    errand_error error;

    (void)state;
    options.timeout_seconds = 5;
    options.command = "true";
    assert_int_equal(errand_runner_update(scripted->client, "r", &options, &runner, &error), 0);
    assert_int_equal(errand_runner_timeout_seconds(runner), 5);
    errand_runner_free(runner);
    assert_string_equal(seen[0].method, "PATCH");
    assert_string_equal(seen[0].body,
                        "{\"run_command\":\"true\",\"timeout_seconds\":5,\"argv\":[]}");
    options.command = NULL;
    options.timeout_seconds = 0;
    options.argv = argv;
    options.n_argv = 2;
    assert_int_equal(errand_runner_update(scripted->client, "r", &options, NULL, &error), 0);
    assert_string_equal(seen[1].body, "{\"argv\":[\"echo\",\"x\"],\"run_command\":null}");
    assert_int_equal(errand_runner_warmup(scripted->client, "r", 3, 2, &runner, &error), 0);
    assert_string_equal(errand_runner_warmed_at(runner), "2026-01-01T00:00:00.000Z");
    errand_runner_free(runner);
    assert_string_equal(seen[2].target, "/v1/runners/r/warmup");
    assert_string_equal(seen[2].body, "{\"hypervisors\":3,\"pool\":2}");
    scripted_api_close(scripted);
}

static void test_trigger__sends_labels_priority_and_size(void **state)
{
    static const struct scripted_answer answers[] = {{200, "", "{\"run\":{\"id\":\"r\"}}"}};
    static const char *const labels[] = {"a=b", "c=", "d=e=f"};
    static const char *const wrong[] = {"nonsense"};
    struct scripted_api *scripted = scripted_api_open(answers);
    errand_run_options options = ERRAND_RUN_OPTIONS_INIT;
    errand_run *run = NULL;
    errand_error error;

    (void)state;
    options.labels = wrong;
    options.n_labels = 1;
    assert_int_equal(errand_run_trigger(scripted->client, "r", &options, &run, &error),
                     ERRAND_E_INVALID);
    options.labels = labels;
    options.n_labels = 3;
    options.priority = -1;
    options.instance_type = "big";
    assert_int_equal(errand_run_trigger(scripted->client, "r", &options, &run, &error), 0);
    errand_run_free(run);
    assert_string_equal(
        scripted->script.seen[0].body,
        "{\"instance_type\":\"big\",\"labels\":{\"a\":\"b\",\"c\":\"\",\"d\":\"e=f\"},"
        "\"priority\":0}");
    scripted_api_close(scripted);
}

static void test_call__takes_any_call(void **state)
{
    static const struct scripted_answer answers[] = {
        {503, "", "{\"code\":\"unavailable\"}"},
        {200, "", "{\"token\": {\"id\": 1}}"},
        {404, "", "{\"code\":\"not_found\",\"message\":\"no\"}"},
        {200, "", "[]"},
    };
    struct scripted_api *scripted = scripted_api_open(answers);
    const struct script *script = &scripted->script;
    errand_client *client = scripted->client;
    char *answer = NULL;
    errand_error error;

    (void)state;
    assert_int_equal(
        errand_call(client, "POST", "/v1/tokens?x=1", "{ \"name\": \"a\" }", &answer, &error), 0);
    assert_string_equal(answer, "{\"token\":{\"id\":1}}");
    errand_free(answer);
    assert_string_equal(script->seen[1].body, "{\"name\":\"a\"}");
    assert_string_not_equal(script->keys[0], "");
    assert_string_equal(script->keys[0], script->keys[1]);
    assert_int_equal(errand_call(client, "GET", "/v1/x", NULL, &answer, &error),
                     ERRAND_E_NOT_FOUND);
    assert_int_equal(errand_call(client, "GET", "/v1/x", NULL, &answer, &error), ERRAND_E_INTERNAL);
    assert_int_equal(errand_call(client, "GET", "v1/x", NULL, NULL, &error), ERRAND_E_INVALID);
    assert_int_equal(errand_call(client, "GET", "/v1/x y", NULL, NULL, &error), ERRAND_E_INVALID);
    assert_int_equal(errand_call(client, "GET\r\n", "/v1/x", NULL, NULL, &error), ERRAND_E_INVALID);
    assert_int_equal(errand_call(client, "POST", "/v1/x", "[1]", NULL, &error), ERRAND_E_INVALID);
    scripted_api_close(scripted);
}

static void test_log__is_searched(void **state)
{
    static const struct scripted_answer answers[] = {
        {200, "",
         "{\"logs\":[{\"id\":5,\"ts\":\"t\",\"stream\":\"stderr\",\"msg\":\"a\\u00e4\"}],"
         "\"meta\":{\"last_id\":700,\"complete\":false,\"more\":true}}"}};
    struct scripted_api *scripted = scripted_api_open(answers);
    errand_log_query query = ERRAND_LOG_QUERY_INIT;
    errand_log_page *page = NULL;
    errand_error error;

    (void)state;
    query.after_id = 4;
    query.limit = 10;
    query.stream = ERRAND_STREAM_STDERR;
    query.text = "a\xc3\xa4 b";
    assert_int_equal(errand_log_find(scripted->client, "run", &query, &page, &error), 0);
    assert_string_equal(scripted->script.seen[0].target,
                        "/v1/runs/run/logs?after_id=4&limit=10&stream=stderr&q=a%C3%A4%20b");
    assert_int_equal(errand_log_page_count(page), 1);
    assert_string_equal(errand_log_page_at(page, 0)->bytes, "a\xc3\xa4");
    assert_int_equal(errand_log_page_last_id(page), 700);
    assert_true(errand_log_page_has_more(page));
    assert_false(errand_log_page_is_complete(page));
    errand_client_free(scripted->client); /* the page outlives the client */
    scripted->client = NULL;
    errand_log_page_free(page);
    scripted_api_close(scripted);
}

TEST_MAIN(cmocka_unit_test(test_iterator__goes_through_numbered_pages),
          cmocka_unit_test(test_iterator__goes_through_runs_by_cursor),
          cmocka_unit_test(test_iterator__fails_and_goes_on),
          cmocka_unit_test(test_hypervisor__is_read_and_changed),
          cmocka_unit_test(test_runner__is_changed_where_it_is_said),
          cmocka_unit_test(test_trigger__sends_labels_priority_and_size),
          cmocka_unit_test(test_call__takes_any_call), cmocka_unit_test(test_log__is_searched))
