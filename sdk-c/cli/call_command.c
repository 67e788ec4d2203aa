/* SPDX-License-Identifier: Apache-2.0
 *
 * errand api
 */
#include "arguments.h"
#include "complain.h"
#include "server.h"
#include "session.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct flag flags[] = {
    {"data", 'd', "JSON", "the body; @FILE reads it from a file, @- from standard input"},
};

static int read_body(const char *text, json_t **ret_body)
{
    json_error_t error;

    if (text[0] != '@')
        *ret_body = json_loads(text, 0, &error);
    else if (strcmp(text, "@-") == 0)
        *ret_body = json_loadfd(STDIN_FILENO, 0, &error);
    else
        *ret_body = json_load_file(text + 1, 0, &error);
    return *ret_body == NULL ? complain("api: the body: %s", error.text) : 0;
}

static int api(const struct arguments *arguments)
{
    const char *data = arguments_value(arguments, "data");
    const char *path = arguments->words[arguments->n_words - 1];
    const char *method = arguments->n_words == 2 ? arguments->words[0]
                         : data == NULL          ? "GET"
                                                 : "POST";
    size_t how =
        isatty(STDOUT_FILENO) && !arguments_has(arguments, "json") ? JSON_INDENT(2) : JSON_COMPACT;
    errand_client *client = NULL;
    json_t *answer = NULL;
    json_t *body = NULL;
    errand_error error;
    int r = data == NULL ? 0 : read_body(data, &body);

    if (r == 0)
        r = session_open(arguments, &client);
    if (r != 0)
        json_decref(body);
    else if (server_call(client, method, path, body, &answer, &error) < 0)
        r = complain_error(&error, "%s %s", method, path);
    if (r == 0 && !arguments_has(arguments, "quiet")) {
        (void)json_dumpf(answer, stdout, how | JSON_REAL_PRECISION(15));
        (void)putchar('\n');
    }
    json_decref(answer);
    errand_client_free(client);
    return r;
}

const struct command call_command = {
    .name = "api",
    .synopsis = "[METHOD] PATH [flags]",
    .summary = "make any call of the HTTP interface, print its answer",
    .details = "METHOD is GET, or POST when there is a body. The server describes its calls at\n"
               "/docs and /openapi.json.",
    .examples = "  errand api /v1/audit_events?per_page=10\n"
                "  errand api PATCH /v1/projects/\"$id\" --data '{\"max_open_runs\":100}'",
    .flags = flags,
    .n_flags = N_FLAGS(flags),
    .min_words = 1,
    .max_words = 2,
    .run = api,
};
