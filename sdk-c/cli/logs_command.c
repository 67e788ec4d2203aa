/* SPDX-License-Identifier: Apache-2.0
 *
 * errand logs
 */
#include "arguments.h"
#include "complain.h"
#include "run_lookup.h"
#include "session.h"
#include "watch.h"
#include "when.h"

#include <errand/errand.h>

#include <string.h>

#define LINES_A_PAGE 1000

static const struct flag flags[] = {
    {"follow", 'f', NULL, "go on until the run is over"},
    {"tail", 'n', "N", "only the last N lines there are, up to 1000"},
    {"since", 0, "TIME", "only lines of this time or later: 10m, 2h, 2026-11-21T10:00:00Z"},
    {"grep", 'g', "TEXT", "only lines that contain TEXT"},
    {"attempt", 0, "N",
     "of a run that was tried again: the log of that attempt; default: the last"},
    {"timestamps", 't', NULL, "begin each line with its time"},
};

/* What is asked for, while it is printed. */
struct reading {
    struct watch watch;
    errand_log_query query;
    char since[WHEN_BYTES]; /* as the server writes times; "" = from the start */
};

static int print_page(const errand_log_page *page, struct reading *reading)
{
    for (size_t i = 0; i < errand_log_page_count(page); i++) {
        const errand_log_line *line = errand_log_page_at(page, i);

        if (strcmp(line->time, reading->since) >= 0 &&
            line_printer_print(&reading->watch.printer, line) < 0)
            return complain_errno("write the log");
    }
    return 0;
}

/* Print what is stored now; query.after_id becomes the last line that was looked at. */
static int print_stored(errand_client *client, const char *run_id, struct reading *reading)
{
    errand_log_query *query = &reading->query;
    int has_more;
    int r;

    do {
        errand_log_page *page;
        errand_error error;

        if (errand_log_find(client, run_id, query, &page, &error) < 0)
            return complain_error(&error, "log of run %s", run_id);
        r = print_page(page, reading);
        query->after_id = errand_log_page_last_id(page);
        has_more = errand_log_page_has_more(page);
        query->tail = 0;
        errand_log_page_free(page);
    } while (r == 0 && has_more);
    return r == 0 && line_printer_flush() < 0 ? complain_errno("write the log") : r;
}

static int read_query(const struct arguments *arguments, struct reading *reading)
{
    const errand_log_query nothing = ERRAND_LOG_QUERY_INIT;
    const char *since = arguments_value(arguments, "since");
    int r;

    reading->query = nothing;
    reading->query.limit = LINES_A_PAGE;
    reading->query.text = arguments_value(arguments, "grep");
    r = arguments_number(arguments, "tail", 1, LINES_A_PAGE, 0, &reading->query.tail);
    if (r == 0 && reading->query.tail > 0)
        reading->query.limit = 0;
    if (r == 0)
        r = arguments_number(arguments, "attempt", 1, 8192, 0, &reading->query.attempt);
    if (r == 0 && reading->query.attempt > 0 && arguments_has(arguments, "follow"))
        r = complain("logs: --attempt and --follow exclude each other: the last one is followed");
    if (r == 0 && since != NULL && when_parse(since, reading->since) < 0)
        r = complain("logs: --since is '%s', but must be a time such as 10m, 2h, 3d or "
                     "2026-11-21T10:00:00Z",
                     since);
    return r;
}

/* With --grep and --tail, the last lines are those of all, as `tail | grep` has it. */
static int print_log(errand_client *client, const char *run_id, const struct arguments *arguments,
                     struct reading *reading)
{
    errand_follow_result result = ERRAND_FOLLOW_RESULT_INIT;
    int r = 0;

    if (!arguments_has(arguments, "follow") || reading->query.tail > 0)
        r = print_stored(client, run_id, reading);
    if (r != 0 || !arguments_has(arguments, "follow"))
        return r;
    result.last_id = reading->query.after_id;
    reading->watch.grep = reading->query.text;
    reading->watch.since = reading->since;
    return watch_run(&reading->watch, client, run_id, NULL, &result);
}

static int logs(const struct arguments *arguments)
{
    struct reading reading = {.since = ""};
    errand_client *client = NULL;
    char run_id[RUN_ID_BYTES];
    int r = read_query(arguments, &reading);

    watch_init(&reading.watch, arguments);
    if (r == 0)
        r = session_open(arguments, &client);
    if (r == 0)
        r = run_lookup(client, arguments->words[0], run_id);
    if (r == 0)
        r = print_log(client, run_id, arguments, &reading);
    errand_client_free(client);
    return r;
}

const struct command logs_command = {
    .name = "logs",
    .synopsis = "RUN [flags]",
    .examples = "  errand logs --follow 0190a2c4-5a3e-7c61-9f0e-3f1c5d2b7a10\n"
                "  errand logs backup --since 10m --grep ERROR --timestamps",
    .summary = "print a run's log",
    .details =
        "RUN is an id, or the name of a runner: its newest run. What the container wrote to\n"
        "standard output and standard error goes there; --json prints an object for each line.\n"
        "--grep looks for the very bytes, and the server does the looking unless --follow is "
        "given.",
    .flags = flags,
    .n_flags = N_FLAGS(flags),
    .min_words = 1,
    .max_words = 1,
    .run = logs,
};
