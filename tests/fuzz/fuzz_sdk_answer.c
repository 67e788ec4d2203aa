/* SPDX-License-Identifier: Apache-2.0
 *
 * What a server answers to calls of the library, in the place of its HTTP (errand_exchange_run is
 * wrapped): a line with the status, then the body, the same for every request of a call. Every call
 * that reads an object or a page returns it, or an error with words; what getters give is text.
 */
#include "fuzz/fuzz.h"

#include <errand/errand.h>

#include "exchange.h"
#include "json_scan.h"

#define ANSWERS_MAX 4

static struct {
    const char *body;
    size_t n;
    int status;
    int left;
} answer;

int __wrap_errand_exchange_run(errand_client *client, struct errand_exchange *exchange,
                               errand_error *error);

int __wrap_errand_exchange_run(errand_client *client, struct errand_exchange *exchange,
                               errand_error *error)
{
    (void)client;
    (void)error;
    exchange->http_status = answer.left-- > 0 ? answer.status : 404;
    FUZZ_ASSERT(errand_buffer_add(&exchange->answer, answer.body, answer.n) == 0);
    return ERRAND_EXCHANGE_ANSWERED;
}

static void check_text(const char *text)
{
    FUZZ_ASSERT(text != NULL && strlen(text) <= answer.n * 6);
}

static void check_json(char *text)
{
    FUZZ_ASSERT(text != NULL && text[0] != '\0');
    errand_free(text);
}

static void check_run(const errand_run *run)
{
    int code = 0;

    check_text(errand_run_id(run));
    check_text(errand_run_runner_id(run));
    check_text(errand_run_image(run));
    check_text(errand_run_command(run));
    for (size_t i = 0; i <= errand_run_argc(run) && i < 100; i++)
        check_text(errand_run_arg(run, i));
    check_text(errand_run_pending_reason(run));
    check_text(errand_run_pending_message(run));
    check_text(errand_run_termination_reason(run));
    check_text(errand_run_termination_message(run));
    check_text(errand_run_created_at(run));
    check_text(errand_run_started_at(run));
    check_text(errand_run_completed_at(run));
    (void)errand_run_duration_ms(run);
    (void)errand_run_exit_code(run, &code);
    FUZZ_ASSERT(errand_run_status_name(errand_run_get_status(run)) != NULL);
    (void)errand_run_is_final(run);
    check_json(errand_run_to_json(run));
}

static void check_runner(const errand_runner *runner)
{
    check_text(errand_runner_id(runner));
    check_text(errand_runner_name(runner));
    check_text(errand_runner_status(runner));
    check_text(errand_runner_image_name(runner));
    check_text(errand_runner_image_tag(runner));
    check_text(errand_runner_command(runner));
    check_text(errand_runner_entrypoint(runner));
    for (size_t i = 0; i <= errand_runner_argc(runner) && i < 100; i++)
        check_text(errand_runner_arg(runner, i));
    (void)errand_runner_timeout_seconds(runner);
    check_text(errand_runner_region(runner));
    check_text(errand_runner_instance_type(runner));
    check_text(errand_runner_created_at(runner));
    check_text(errand_runner_warmed_at(runner));
    check_json(errand_runner_to_json(runner));
}

static void check_hypervisor(const errand_hypervisor *hypervisor)
{
    check_text(errand_hypervisor_id(hypervisor));
    check_text(errand_hypervisor_name(hypervisor));
    check_text(errand_hypervisor_status(hypervisor));
    check_text(errand_hypervisor_region(hypervisor));
    (void)errand_hypervisor_cpu(hypervisor);
    (void)errand_hypervisor_memory_mb(hypervisor);
    (void)errand_hypervisor_memory_free_mb(hypervisor);
    (void)errand_hypervisor_disk_free_bytes(hypervisor);
    (void)errand_hypervisor_runs(hypervisor);
    check_text(errand_hypervisor_version(hypervisor));
    check_text(errand_hypervisor_last_seen_at(hypervisor));
    check_json(errand_hypervisor_to_json(hypervisor));
}

static void again(void)
{
    answer.left = ANSWERS_MAX;
}

static int failed(int r, const errand_error *error)
{
    FUZZ_ASSERT(r <= 0 && (r == 0 || error->message[0] != '\0'));
    return r < 0;
}

static void try_objects(errand_client *client)
{
    errand_error error;
    errand_run *run = NULL;
    errand_runner *runner = NULL;
    errand_hypervisor *hypervisor = NULL;

    again();
    if (!failed(errand_run_get(client, "id", &run, &error), &error))
        check_run(run);
    errand_run_free(run);
    again();
    if (!failed(errand_runner_get(client, "id", &runner, &error), &error))
        check_runner(runner);
    errand_runner_free(runner);
    again();
    if (!failed(errand_hypervisor_get(client, "id", &hypervisor, &error), &error))
        check_hypervisor(hypervisor);
    errand_hypervisor_free(hypervisor);
    again();
    (void)failed(errand_client_ready(client, &error), &error);
}

static void try_iterators(errand_client *client)
{
    errand_error error;
    errand_iterator *iterator = NULL;
    const errand_run *run = NULL;
    const errand_runner *runner = NULL;

    again();
    if (errand_iterate_runs(client, NULL, NULL, &iterator, &error) == 0) {
        while (errand_iterator_next_run(iterator, &run, &error) == 0 && run != NULL)
            check_run(run);
        errand_iterator_free(iterator);
    }
    again();
    if (errand_iterate_runners(client, &iterator, &error) == 0) {
        while (errand_iterator_next_runner(iterator, &runner, &error) == 0 && runner != NULL)
            check_runner(runner);
        errand_iterator_free(iterator);
    }
}

static void try_env(errand_client *client)
{
    errand_error error;
    errand_env_page *page = NULL;

    again();
    if (failed(errand_env_list(client, "id", NULL, &page, &error), &error))
        return;
    for (size_t i = 0; i <= errand_env_page_count(page); i++) {
        check_text(errand_env_page_id(page, i));
        check_text(errand_env_page_key(page, i));
        check_text(errand_env_page_value(page, i));
        (void)errand_env_page_is_secret(page, i);
    }
    (void)errand_env_page_next(page);
    check_json(errand_env_page_to_json(page));
    errand_env_page_free(page);
    again();
    (void)failed(errand_env_remove(client, "id", "KEY", &error), &error);
}

static void try_logs(errand_client *client)
{
    errand_error error;
    errand_log_page *page = NULL;
    int64_t last = 0;

    again();
    if (failed(errand_log_list(client, "id", 0, 10, &page, &error), &error))
        return;
    for (size_t i = 0; i < errand_log_page_count(page); i++) {
        const errand_log_line *line = errand_log_page_at(page, i);

        FUZZ_ASSERT(line != NULL && line->bytes[line->n_bytes] == '\0' && line->time != NULL);
        last = line->id;
    }
    FUZZ_ASSERT(errand_log_page_at(page, errand_log_page_count(page)) == NULL);
    FUZZ_ASSERT(errand_log_page_last_id(page) >= 0 || last < 0);
    (void)errand_log_page_has_more(page);
    (void)errand_log_page_is_complete(page);
    errand_log_page_free(page);
}

/* What can be skipped is a value, and skipping it changes nothing. */
static void try_scan(const uint8_t *data, size_t n)
{
    char *text = fuzz_text(data, n);
    struct errand_json json = {text, text + n};

    if (errand_json_skip(&json) == 0)
        FUZZ_ASSERT(json.at > text && json.at <= json.end);
    FUZZ_ASSERT(n == 0 || memcmp(text, data, n) == 0);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static errand_client *client;
    const uint8_t *end = memchr(data, '\n', n);
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    errand_error error;

    if (client == NULL) {
        options.url = "http://localhost:1";
        options.token = "t";
        options.retries = -1;
        FUZZ_ASSERT(errand_client_new(&options, &client, &error) == 0);
    }
    if (end == NULL || end - data > 3)
        return 0;
    answer.status = 0;
    for (const uint8_t *at = data; at < end; at++)
        answer.status = answer.status * 10 + (*at >= '0' && *at <= '9' ? *at - '0' : 0);
    answer.body = (const char *)end + 1;
    answer.n = n - (size_t)(end + 1 - data);
    try_objects(client);
    try_iterators(client);
    try_env(client);
    try_logs(client);
    try_scan((const uint8_t *)answer.body, answer.n);
    return 0;
}
