/* SPDX-License-Identifier: Apache-2.0
 *
 * errand top
 */
#include "arguments.h"
#include "complain.h"
#include "runner_names.h"
#include "server.h"
#include "session.h"
#include "show.h"
#include "table.h"
#include "when.h"

#include <errand/errand.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_INTERVAL_S 2
#define RUNS_MAX 30
#define MIB (1024.0 * 1024)

static const struct flag flags[] = {
    {"interval", 'i', "SECONDS", "between two looks; default 2"},
    {"once", 0, NULL, "look once; so it is without a terminal"},
};

static const char *run_arg(const void *run, size_t i)
{
    return errand_run_arg(run, i);
}

/* Milliseconds since an RFC 3339 time; -1 for none. */
static int64_t since_ms(const char *text)
{
    struct tm broken = {0};

    if (strptime(text, "%Y-%m-%dT%H:%M:%S", &broken) == NULL)
        return -1;
    return (int64_t)(time(NULL) - timegm(&broken)) * 1000;
}

static double sample_ms(const json_t *sample)
{
    struct tm broken = {0};
    const char *rest = strptime(server_text(sample, "at"), "%Y-%m-%dT%H:%M:%S", &broken);
    int ms = 0;

    if (rest == NULL)
        return 0;
    if (rest[0] == '.' && strlen(rest) > 3)
        ms = (rest[1] - '0') * 100 + (rest[2] - '0') * 10 + (rest[3] - '0');
    return (double)timegm(&broken) * 1000 + ms;
}

/* "12 %" of one core between the last two samples, and "34.5 MiB" at the last one. */
static void describe_usage(errand_client *client, const char *run_id, char cpu[32], char memory[32])
{
    json_t *answer = NULL;
    errand_error error;
    char path[128];
    const json_t *samples;
    const json_t *last;
    const json_t *before;
    double ms;
    size_t n;

    cpu[0] = '\0';
    memory[0] = '\0';
    (void)snprintf(path, sizeof(path), "/v1/runs/%s/usage", run_id);
    if (server_call(client, "GET", path, NULL, &answer, &error) < 0)
        return;
    samples = json_object_get(answer, "usage");
    n = json_array_size(samples);
    last = json_array_get(samples, n - 1);
    before = n < 2 ? NULL : json_array_get(samples, n - 2);
    if (last != NULL)
        (void)snprintf(memory, 32, "%.1f MiB",
                       json_number_value(json_object_get(last, "memory_bytes")) / MIB);
    ms = before == NULL ? 0 : sample_ms(last) - sample_ms(before);
    if (ms > 0)
        (void)snprintf(cpu, 32, "%.0f %%",
                       100 *
                           (json_number_value(json_object_get(last, "cpu_ms")) -
                            json_number_value(json_object_get(before, "cpu_ms"))) /
                           ms);
    json_decref(answer);
}

static void add_run(errand_client *client, const json_t *names, struct table *table,
                    const errand_run *run)
{
    int runs = errand_run_get_status(run) == ERRAND_RUN_RUNNING;
    char *json = errand_run_to_json(run);
    json_t *object = json == NULL ? NULL : json_loads(json, 0, NULL);
    char when[WHEN_BYTES];
    char cpu[32] = "";
    char memory[32] = "";
    char text[512];

    if (runs)
        describe_usage(client, errand_run_id(run), cpu, memory);
    table_add(table, errand_run_id(run));
    table_add(table, runner_names_find(names, errand_run_runner_id(run)));
    table_add(table, errand_run_status_name(errand_run_get_status(run)));
    table_add(table, runs ? server_text(json_object_get(object, "hypervisor"), "name")
                          : errand_run_pending_reason(run));
    table_add(table,
              when_lasted(since_ms(runs ? errand_run_started_at(run) : errand_run_created_at(run)),
                          when));
    table_add(table, cpu);
    table_add(table, memory);
    show_process(text, sizeof(text), errand_run_command(run), errand_run_argc(run), run_arg, run);
    table_add(table, text);
    json_decref(object);
    errand_free(json);
}

/* How many there are of a status in all; the first of them become rows. */
static int add_runs(errand_client *client, const json_t *names, struct table *table,
                    errand_run_status status, size_t *ret_total, errand_error *error)
{
    errand_run_filter filter = ERRAND_RUN_FILTER_INIT;
    errand_page_options want = ERRAND_PAGE_OPTIONS_INIT;
    errand_run_page *page = NULL;
    int r;

    filter.status = status;
    want.per_page = RUNS_MAX;
    r = errand_run_list(client, NULL, &filter, &want, &page, error);
    if (r < 0)
        return r;
    *ret_total = errand_run_page_total(page);
    for (size_t i = 0; i < errand_run_page_count(page); i++)
        add_run(client, names, table, errand_run_page_at(page, i));
    errand_run_page_free(page);
    return 0;
}

/* One line about the fleet; nothing for a token that may not see it. */
static void print_fleet(errand_client *client)
{
    errand_iterator *all = NULL;
    const errand_hypervisor *hypervisor;
    unsigned ready = 0;
    unsigned total = 0;
    int64_t memory_mb = 0;
    int64_t free_mb = 0;
    int r = errand_iterate_hypervisors(client, &all, NULL);

    while (r == 0 && (r = errand_iterator_next_hypervisor(all, &hypervisor, NULL)) > 0) {
        r = 0;
        total++;
        ready += strcmp(errand_hypervisor_status(hypervisor), "ready") == 0;
        memory_mb += errand_hypervisor_memory_mb(hypervisor);
        free_mb += errand_hypervisor_memory_free_mb(hypervisor);
    }
    errand_iterator_free(all);
    if (r == 0)
        (void)printf("%u of %u hypervisors ready, %" PRId64 " of %" PRId64 " MB free\n", ready,
                     total, free_mb, memory_mb);
}

static int look(errand_client *client)
{
    static const char *const titles[] = {"RUN", "RUNNER", "STATUS", "WHERE OR WHY",
                                         "FOR", "CPU",    "MEMORY", "COMMAND"};
    json_t *names = runner_names_get(client);
    struct table table;
    errand_error error;
    size_t running = 0;
    size_t pending = 0;
    int r;

    table_init(&table, titles, sizeof(titles) / sizeof(titles[0]), 7);
    r = add_runs(client, names, &table, ERRAND_RUN_RUNNING, &running, &error);
    if (r == 0)
        r = add_runs(client, names, &table, ERRAND_RUN_PENDING, &pending, &error);
    if (r == 0) {
        if (isatty(STDOUT_FILENO))
            (void)fputs("\033[H\033[J", stdout);
        print_fleet(client);
        (void)printf("%zu running, %zu pending\n\n", running, pending);
        table_print(&table);
        (void)fflush(stdout);
    }
    table_done(&table);
    json_decref(names);
    return r < 0 ? complain_error(&error, "list runs") : 0;
}

static int top(const struct arguments *arguments)
{
    int is_once = arguments_has(arguments, "once") || !isatty(STDOUT_FILENO);
    errand_client *client = NULL;
    unsigned interval_s;
    int r = arguments_number(arguments, "interval", 1, 3600, DEFAULT_INTERVAL_S, &interval_s);

    if (r == 0)
        r = session_open(arguments, &client);
    while (r == 0) {
        r = look(client);
        if (is_once)
            break;
        (void)sleep(interval_s);
    }
    errand_client_free(client);
    return r;
}

const struct command top_command = {
    .name = "top",
    .synopsis = "[flags]",
    .summary = "watch what runs and what waits, with its CPU and memory",
    .details = "CPU is of one core, between the run's last two samples. Ctrl-C ends it.",
    .flags = flags,
    .n_flags = N_FLAGS(flags),
    .run = top,
};
