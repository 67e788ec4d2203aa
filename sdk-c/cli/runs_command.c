/* SPDX-License-Identifier: Apache-2.0
 *
 * errand runs
 */
#include "arguments.h"
#include "complain.h"
#include "runner_lookup.h"
#include "session.h"
#include "show.h"
#include "table.h"
#include "when.h"

#include <errand/errand.h>

#include <stdio.h>

#define DEFAULT_LIMIT 20
#define GREATEST_LIMIT 10000
#define SMALLEST_PAGE 10
#define LARGEST_PAGE 100

static const struct flag flags[] = {
    {"limit", 'n', "N", "at most this many; default 20"},
};

static const char *run_arg(const void *run, size_t i)
{
    return errand_run_arg(run, i);
}

static void add_row(struct table *table, const errand_run *run)
{
    char text[512];
    char when[WHEN_BYTES];
    const char *reason = errand_run_is_final(run) ? errand_run_termination_reason(run)
                                                  : errand_run_pending_reason(run);

    table_add(table, errand_run_id(run));
    table_add(table, errand_run_status_name(errand_run_get_status(run)));
    show_exit(text, sizeof(text), run);
    table_add(table, text);
    table_add(table, reason);
    table_add(table, when_ago(errand_run_created_at(run), when));
    table_add(table, when_lasted(errand_run_duration_ms(run), when));
    show_process(text, sizeof(text), errand_run_command(run), errand_run_argc(run), run_arg, run);
    table_add(table, text);
}

/* Show what of the page is still wanted; *left counts down. */
static int list_page(const errand_run_page *page, int as_json, unsigned *left, struct table *table)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < errand_run_page_count(page) && *left > 0; i++) {
        if (as_json)
            r = show_json(errand_run_to_json(errand_run_page_at(page, i)));
        else
            add_row(table, errand_run_page_at(page, i));
        --*left;
    }
    return r;
}

static int list_runs(errand_client *client, const char *runner_id, unsigned limit, int as_json,
                     struct table *table)
{
    errand_page_options want = ERRAND_PAGE_OPTIONS_INIT;
    int r = 0;

    want.per_page = limit < SMALLEST_PAGE  ? SMALLEST_PAGE
                    : limit < LARGEST_PAGE ? limit
                                           : LARGEST_PAGE;
    do {
        errand_run_page *page;
        errand_error error;

        if (errand_run_list(client, runner_id, NULL, &want, &page, &error) < 0)
            return complain_error(&error, "list runs");
        r = list_page(page, as_json, &limit, table);
        want.page = errand_run_page_next(page);
        errand_run_page_free(page);
    } while (r == 0 && want.page != 0 && limit > 0);
    return r;
}

static int list(const struct arguments *arguments)
{
    static const char *const titles[] = {"ID",      "STATUS", "EXIT",   "REASON",
                                         "CREATED", "TOOK",   "COMMAND"};
    int as_json = arguments_has(arguments, "json");
    errand_client *client = NULL;
    char runner_id[RUNNER_ID_BYTES];
    struct table table;
    unsigned limit;
    int r = arguments_number(arguments, "limit", 1, GREATEST_LIMIT, DEFAULT_LIMIT, &limit);

    table_init(&table, titles, sizeof(titles) / sizeof(titles[0]), 6);
    if (r == 0)
        r = session_open(arguments, &client);
    if (r == 0 && arguments->n_words == 1)
        r = runner_lookup(client, arguments->words[0], runner_id);
    if (r == 0)
        r = list_runs(client, arguments->n_words == 1 ? runner_id : NULL, limit, as_json, &table);
    if (r == 0 && !as_json)
        table_print(&table);
    table_done(&table);
    errand_client_free(client);
    return r;
}

const struct command runs_command = {
    .name = "runs",
    .synopsis = "[RUNNER] [flags]",
    .summary = "list runs, newest first",
    .flags = flags,
    .n_flags = N_FLAGS(flags),
    .max_words = 1,
    .run = list,
};
