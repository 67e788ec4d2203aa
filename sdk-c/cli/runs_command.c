/* SPDX-License-Identifier: Apache-2.0
 *
 * errand runs
 */
#include "arguments.h"
#include "complain.h"
#include "near_name.h"
#include "runner_lookup.h"
#include "runner_names.h"
#include "session.h"
#include "show.h"
#include "table.h"
#include "when.h"

#include <errand/errand.h>

#include <stdio.h>
#include <string.h>

#define DEFAULT_LIMIT 20
#define GREATEST_LIMIT 10000

static const struct flag flags[] = {
    {"limit", 'n', "N", "at most this many; default 20"},
    {"status", 's', "STATUS", "only pending, running, succeeded, failed or canceled ones"},
    {"label", 'l', "KEY=VALUE", "only those with this label"},
    {"trigger", 0, "KIND", "only those that api, schedule, webhook, rerun or retry made"},
    {"since", 0, "TIME", "only those made at this time or later: 10m, 2h, 2026-11-21T10:00:00Z"},
    {"until", 0, "TIME", "only those made before this time"},
};

static const char *run_arg(const void *run, size_t i)
{
    return errand_run_arg(run, i);
}

static void add_row(struct table *table, const errand_run *run, const json_t *names)
{
    char text[512];
    char when[WHEN_BYTES];
    const char *reason = errand_run_is_final(run) ? errand_run_termination_reason(run)
                                                  : errand_run_pending_reason(run);

    table_add(table, errand_run_id(run));
    table_add(table, runner_names_find(names, errand_run_runner_id(run)));
    table_add(table, errand_run_status_name(errand_run_get_status(run)));
    show_exit(text, sizeof(text), run);
    table_add(table, text);
    table_add(table, reason);
    table_add(table, when_ago(errand_run_created_at(run), when));
    table_add(table, when_lasted(errand_run_duration_ms(run), when));
    show_process(text, sizeof(text), errand_run_command(run), errand_run_argc(run), run_arg, run);
    table_add(table, text);
}

static int is_table(const struct arguments *arguments)
{
    return !arguments_has(arguments, "json") && !arguments_has(arguments, "quiet");
}

static int show_one(const errand_run *run, const struct arguments *arguments, const json_t *names,
                    struct table *table)
{
    if (arguments_has(arguments, "json"))
        return show_json(errand_run_to_json(run));
    if (arguments_has(arguments, "quiet"))
        (void)puts(errand_run_id(run));
    else
        add_row(table, run, names);
    return 0;
}

static int list_runs(errand_client *client, const char *runner_id, const errand_run_filter *filter,
                     unsigned limit, const struct arguments *arguments, struct table *table)
{
    errand_iterator *runs = NULL;
    json_t *names = is_table(arguments) ? runner_names_get(client) : NULL;
    const errand_run *run;
    errand_error error;
    int r = errand_iterate_runs(client, runner_id, filter, &runs, &error);

    for (; r == 0 && limit > 0; limit--) {
        r = errand_iterator_next_run(runs, &run, &error);
        if (r <= 0)
            break;
        r = show_one(run, arguments, names, table);
    }
    errand_iterator_free(runs);
    json_decref(names);
    return r < 0 ? complain_error(&error, "list runs") : r;
}

static int parse_time(const struct arguments *arguments, const char *name, char text[WHEN_BYTES],
                      const char **ret_time)
{
    const char *given = arguments_value(arguments, name);

    if (given == NULL)
        return 0;
    *ret_time = text;
    return when_parse(given, text) == 0
               ? 0
               : complain("runs: --%s is '%s', but must be a time such as 10m, 2h, 3d or "
                          "2026-11-21T10:00:00Z",
                          name, given);
}

static int parse_status(const struct arguments *arguments, errand_run_status *ret_status)
{
    const char *given = arguments_value(arguments, "status");
    struct near_name near = near_name_of(given == NULL ? "" : given);

    if (given == NULL)
        return 0;
    for (errand_run_status s = ERRAND_RUN_PENDING; s <= ERRAND_RUN_CANCELED; s++) {
        near_name_offer(&near, errand_run_status_name(s));
        if (strcmp(errand_run_status_name(s), given) == 0) {
            *ret_status = s;
            return 0;
        }
    }
    if (near.best != NULL)
        return complain("runs: there is no status '%s'; did you mean '%s'?", given, near.best);
    return complain("runs: there is no status '%s'; see 'errand runs --help'", given);
}

static int list(const struct arguments *arguments)
{
    static const char *const titles[] = {"ID",     "RUNNER",  "STATUS", "EXIT",
                                         "REASON", "CREATED", "TOOK",   "COMMAND"};
    errand_run_filter filter = ERRAND_RUN_FILTER_INIT;
    errand_client *client = NULL;
    char runner_id[RUNNER_ID_BYTES];
    char since[WHEN_BYTES];
    char until[WHEN_BYTES];
    struct table table;
    unsigned limit;
    int r = arguments_number(arguments, "limit", 1, GREATEST_LIMIT, DEFAULT_LIMIT, &limit);

    table_init(&table, titles, sizeof(titles) / sizeof(titles[0]), 7);
    filter.label = arguments_value(arguments, "label");
    filter.trigger = arguments_value(arguments, "trigger");
    if (r == 0)
        r = parse_status(arguments, &filter.status);
    if (r == 0)
        r = parse_time(arguments, "since", since, &filter.since);
    if (r == 0)
        r = parse_time(arguments, "until", until, &filter.until);
    if (r == 0)
        r = session_open(arguments, &client);
    if (r == 0 && arguments->n_words == 1)
        r = runner_lookup(client, arguments->words[0], runner_id);
    if (r == 0)
        r = list_runs(client, arguments->n_words == 1 ? runner_id : NULL, &filter, limit, arguments,
                      &table);
    if (r == 0 && is_table(arguments))
        table_print(&table);
    table_done(&table);
    errand_client_free(client);
    return r;
}

const struct command runs_command = {
    .name = "runs",
    .synopsis = "[RUNNER] [flags]",
    .summary = "list runs, newest first",
    .examples = "  errand runs --status running\n"
                "  errand runs backup --since 24h --status failed\n"
                "  errand runs -q --label team=data | xargs -n 1 errand stop",
    .flags = flags,
    .n_flags = N_FLAGS(flags),
    .max_words = 1,
    .run = list,
};
