/* SPDX-License-Identifier: Apache-2.0
 *
 * errand doctor
 */
#include "arguments.h"
#include "complain.h"
#include "server.h"
#include "session.h"
#include "table.h"

#include <errand/errand.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXIT_UNWELL 1
#define SKEW_S 5

/* Seconds by which the server's clock is ahead of ours. */
static long clock_difference_s(const char *now)
{
    struct tm broken = {0};

    if (strptime(now, "%Y-%m-%dT%H:%M:%S", &broken) == NULL)
        return 0;
    return (long)(timegm(&broken) - time(NULL));
}

static void add_check(json_t *checks, const char *name, const char *status, const char *message)
{
    (void)json_array_insert_new(
        checks, 0,
        json_pack("{s:s, s:s, s:s}", "name", name, "status", status, "message", message));
}

/* What only this side knows. */
static void add_ours(json_t *answer)
{
    json_t *checks = json_object_get(answer, "checks");
    const char *version = server_text(answer, "version");
    long ahead_s = clock_difference_s(server_text(answer, "now"));
    char message[160];

    (void)snprintf(message, sizeof(message), "the server's is %ld s ahead of it", ahead_s);
    add_check(checks, "clock of this machine", labs(ahead_s) > SKEW_S ? "warning" : "ok", message);
    (void)snprintf(message, sizeof(message), "this is errand %s, the server has %.40s",
                   errand_version(), version);
    add_check(checks, "version", strcmp(version, errand_version()) == 0 ? "ok" : "warning",
              message);
}

static int has_failed(const json_t *checks)
{
    const json_t *check;
    size_t i;

    json_array_foreach(checks, i, check)
    {
        if (strcmp(server_text(check, "status"), "failed") == 0)
            return 1;
    }
    return 0;
}

static void print(const json_t *checks)
{
    static const char *const titles[] = {"", "CHECK", "FINDING"};
    const json_t *check;
    struct table table;
    size_t i;

    table_init(&table, titles, sizeof(titles) / sizeof(titles[0]), 2);
    json_array_foreach(checks, i, check)
    {
        table_add(&table, server_text(check, "status"));
        table_add(&table, server_text(check, "name"));
        table_add(&table, server_text(check, "message"));
    }
    table_print(&table);
    table_done(&table);
}

static int doctor(const struct arguments *arguments)
{
    errand_client *client = NULL;
    json_t *answer = NULL;
    errand_error error;
    int r = session_open(arguments, &client);

    if (r == 0 && server_call(client, "GET", "/v1/checks", NULL, &answer, &error) < 0)
        r = complain_error(&error, "ask the server how it is");
    if (r == 0) {
        add_ours(answer);
        if (arguments_has(arguments, "json"))
            r = json_dumpf(answer, stdout, JSON_COMPACT) < 0 || putchar('\n') == EOF;
        else if (!arguments_has(arguments, "quiet"))
            print(json_object_get(answer, "checks"));
        if (has_failed(json_object_get(answer, "checks")))
            r = EXIT_UNWELL;
    }
    json_decref(answer);
    errand_client_free(client);
    return r;
}

const struct command doctor_command = {
    .name = "doctor",
    .synopsis = "",
    .summary = "look for what is wrong with the installation",
    .details =
        "Asks the server about its database, schema, scheduler, queue, hypervisors (lost, silent,\n"
        "another version, a clock that is off, little disk) and key ring (whether stored values\n"
        "can be read), and compares versions and clocks with this machine's. For administrators.\n"
        "On a hypervisor, 'errand-agent doctor' looks at the machine itself.",
    .examples = "  errand doctor\n"
                "  errand doctor --json | jq '.checks[] | select(.status != \"ok\")'",
    .exit_status = "  0    nothing has failed; there may be warnings\n"
                   "  1    something has\n"
                   "  125  the server cannot be asked",
    .run = doctor,
};
