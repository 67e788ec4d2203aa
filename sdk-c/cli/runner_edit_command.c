/* SPDX-License-Identifier: Apache-2.0
 *
 * errand runner edit | warmup
 */
#include "arguments.h"
#include "complain.h"
#include "moment.h"
#include "runner_args.h"
#include "runner_lookup.h"
#include "server.h"
#include "session.h"

#include <errand/errand.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define WARM_WITHIN_S 900
#define LOOK_EVERY_MS 500

static const struct flag edit_flags[] = {
    {"name", 0, "NAME", "its new name"},
    {"image", 'i', "IMAGE", "HOST/NAME:TAG"},
    {"command", 'c', "TEXT", "shell text to run, instead of arguments"},
    {"entrypoint", 0, "PROGRAM", "instead of the image's"},
    {"timeout", 't', "SECONDS", "a run's deadline"},
    {"region", 0, "SLUG", "where runs are placed"},
    {"instance-type", 0, "SLUG", "how much memory and CPU a run gets"},
    {"set", 0, "FIELD=VALUE", "any field of the API: JSON, else text; may be repeated"},
};

static const struct flag warmup_flags[] = {
    {"hypervisors", 'n', "N", "on so many machines; default 1"},
    {"pool", 0, "N", "and keep so many sandboxes waiting on each; default 0"},
    {"wait", 'w', NULL, "return when it is done"},
};

/* priority=80, labels={"team":"data"}, user=null, stop_signal=SIGINT */
static int set_field(json_t *body, const char *text)
{
    const char *equals = strchr(text, '=');
    json_t *value;
    char name[64];

    if (equals == NULL || equals == text || (size_t)(equals - text) >= sizeof(name))
        return complain("runner edit: '%s' is not of the form FIELD=VALUE", text);
    (void)snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
    value = json_loads(equals + 1, JSON_DECODE_ANY, NULL);
    if (value == NULL)
        value = json_string(equals + 1);
    return json_object_set_new(body, name, value) < 0
               ? complain("runner edit: '%s' is not UTF-8", text)
               : 0;
}

static int set_fields(const struct arguments *arguments, const char *runner_id,
                      errand_client *client)
{
    json_t *body = json_object();
    const char *text;
    errand_error error;
    char path[128];
    int r = 0;

    for (size_t i = 0; r == 0 && (text = arguments_nth(arguments, "set", i)) != NULL; i++)
        r = set_field(body, text);
    if (r != 0 || json_object_size(body) == 0) {
        json_decref(body);
        return r;
    }
    (void)snprintf(path, sizeof(path), "/v1/runners/%s", runner_id);
    if (server_call(client, "PATCH", path, body, NULL, &error) < 0)
        return complain_error(&error, "edit runner '%s'", arguments->words[0]);
    return 0;
}

static int edit(const struct arguments *arguments)
{
    errand_runner_options options = ERRAND_RUNNER_OPTIONS_INIT;
    errand_client *client = NULL;
    errand_runner *runner = NULL;
    char id[RUNNER_ID_BYTES];
    errand_error error;
    int r = runner_args_read(arguments, &options);

    options.name = arguments_value(arguments, "name");
    if (r == 0 && arguments->n_flags == 0 && !arguments->has_rest)
        r = complain("runner edit: nothing to change was given; see 'errand runner edit --help'");
    if (r == 0)
        r = session_open(arguments, &client);
    if (r == 0)
        r = runner_lookup(client, arguments->words[0], id);
    if (r == 0)
        r = set_fields(arguments, id, client);
    if (r == 0 && errand_runner_update(client, id, &options, &runner, &error) < 0)
        r = complain_error(&error, "edit runner '%s'", arguments->words[0]);
    if (r == 0)
        r = runner_args_print(arguments, runner, 1);
    errand_runner_free(runner);
    errand_client_free(client);
    return r;
}

static void pause_a_moment(void)
{
    const struct timespec moment = {0, LOOK_EVERY_MS * 1000000L};

    (void)nanosleep(&moment, NULL);
}

/* Until warmed_at is another than `before`. The API tells no stream of it. */
static int wait_until_warm(errand_client *client, const char *id, const char *before,
                           errand_runner **runner)
{
    int64_t end_us = moment_in_s(WARM_WITHIN_S);
    errand_error error;

    while (strcmp(errand_runner_warmed_at(*runner), before) == 0) {
        errand_runner *now = NULL;

        if (moment_us() > end_us)
            return complain("runner warmup: not done within %d s; it goes on", WARM_WITHIN_S);
        pause_a_moment();
        if (errand_runner_get(client, id, &now, &error) < 0)
            return complain_error(&error, "runner %s", id);
        errand_runner_free(*runner);
        *runner = now;
    }
    return 0;
}

static int warmup(const struct arguments *arguments)
{
    errand_client *client = NULL;
    errand_runner *runner = NULL;
    char id[RUNNER_ID_BYTES];
    char before[64] = "";
    unsigned hypervisors;
    unsigned pool;
    errand_error error;
    int r = arguments_number(arguments, "hypervisors", 1, 100, 0, &hypervisors);

    if (r == 0)
        r = arguments_number(arguments, "pool", 0, 100, 0, &pool);
    if (r == 0)
        r = session_open(arguments, &client);
    if (r == 0)
        r = runner_lookup(client, arguments->words[0], id);
    if (r == 0 && errand_runner_get(client, id, &runner, &error) < 0)
        r = complain_error(&error, "runner '%s'", arguments->words[0]);
    if (r == 0)
        (void)snprintf(before, sizeof(before), "%s", errand_runner_warmed_at(runner));
    errand_runner_free(runner);
    runner = NULL;
    if (r == 0 && errand_runner_warmup(client, id, hypervisors, pool, &runner, &error) < 0)
        r = complain_error(&error, "warm up runner '%s'", arguments->words[0]);
    if (r == 0 && arguments_has(arguments, "wait"))
        r = wait_until_warm(client, id, before, &runner);
    if (r == 0)
        r = runner_args_print(arguments, runner, 1);
    errand_runner_free(runner);
    errand_client_free(client);
    return r;
}

const struct command runner_edit_command = {
    .name = "runner edit",
    .synopsis = "RUNNER [flags] [-- ARG...]",
    .summary = "change a runner; runs that were started keep what they had",
    .details = "What no flag names stays as it is. --set reaches every field that the API has for\n"
               "runners.",
    .examples = "  errand runner edit backup --image registry.example.com/tools:4\n"
                "  errand runner edit backup --set priority=80 --set 'labels={\"team\":\"data\"}'",
    .flags = edit_flags,
    .n_flags = N_FLAGS(edit_flags),
    .min_words = 1,
    .max_words = 1,
    .takes_rest = 1,
    .run = edit,
};

const struct command runner_warmup_command = {
    .name = "runner warmup",
    .synopsis = "RUNNER [flags]",
    .summary = "have a runner's image pulled before it is needed",
    .details = "Machines that have it are preferred for the runner's runs. A sandbox that waits\n"
               "serves one run, which has only to be executed, and is replaced.",
    .flags = warmup_flags,
    .n_flags = N_FLAGS(warmup_flags),
    .min_words = 1,
    .max_words = 1,
    .run = warmup,
};
