/* SPDX-License-Identifier: Apache-2.0
 *
 * errand logs
 */
#include "arguments.h"
#include "complain.h"
#include "session.h"
#include "watch.h"

#include <errand/errand.h>

#define LINES_A_PAGE 1000

static const struct flag flags[] = {
    {"follow", 'f', NULL, "go on until the run is over"},
    {"timestamps", 't', NULL, "begin each line with its time"},
};

static int print_page(const errand_log_page *page, struct line_printer *printer)
{
    for (size_t i = 0; i < errand_log_page_count(page); i++) {
        if (line_printer_print(printer, errand_log_page_at(page, i)) < 0)
            return complain_errno("write the log");
    }
    return 0;
}

static int print_stored(errand_client *client, const char *run_id, struct line_printer *printer)
{
    int64_t last_id = 0;
    size_t n;
    int r;

    do {
        errand_log_page *page;
        errand_error error;

        if (errand_log_list(client, run_id, last_id, LINES_A_PAGE, &page, &error) < 0)
            return complain_error(&error, "log of run %s", run_id);
        r = print_page(page, printer);
        last_id = errand_log_page_last_id(page);
        n = errand_log_page_count(page);
        if (errand_log_page_is_complete(page))
            n = 0;
        errand_log_page_free(page);
    } while (r == 0 && n > 0);
    return r;
}

static int logs(const struct arguments *arguments)
{
    errand_follow_result result = ERRAND_FOLLOW_RESULT_INIT;
    const char *run_id = arguments->words[0];
    struct watch watch = {.first_line_us = 0};
    errand_client *client = NULL;
    int r = session_open(arguments, &client);

    line_printer_init(&watch.printer, arguments_has(arguments, "json"),
                      arguments_has(arguments, "timestamps"));
    if (r == 0 && arguments_has(arguments, "follow"))
        r = watch_run(&watch, client, run_id, NULL, &result);
    else if (r == 0)
        r = print_stored(client, run_id, &watch.printer);
    errand_client_free(client);
    return r;
}

const struct command logs_command = {
    .name = "logs",
    .synopsis = "RUN [flags]",
    .examples = "  errand logs --follow 0190a2c4-5a3e-7c61-9f0e-3f1c5d2b7a10",
    .summary = "print a run's log",
    .flags = flags,
    .n_flags = N_FLAGS(flags),
    .min_words = 1,
    .max_words = 1,
    .run = logs,
};
