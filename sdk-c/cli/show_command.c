/* SPDX-License-Identifier: Apache-2.0
 *
 * errand show
 */
#include "arguments.h"
#include "complain.h"
#include "run_lookup.h"
#include "session.h"
#include "show.h"
#include "when.h"

#include <errand/errand.h>

#include <jansson.h>

#include <inttypes.h>
#include <stdio.h>

static void line(const char *name, const char *value)
{
    if (value[0] != '\0')
        (void)printf("%-16s %s\n", name, value);
}

static const char *run_arg(const void *run, size_t i)
{
    return errand_run_arg(run, i);
}

/* "417 ms", or nothing. */
static void line_ms(const char *name, const json_t *object, const char *field)
{
    const json_t *value = json_object_get(object, field);
    char text[WHEN_BYTES];

    if (json_is_integer(value))
        line(name, when_lasted(json_integer_value(value), text));
}

/* What has no getter. */
static void show_rest(const json_t *object)
{
    const json_t *memory = json_object_get(object, "memory_peak_bytes");
    json_t *labels = json_object_get(object, "labels");
    const char *name =
        json_string_value(json_object_get(json_object_get(object, "hypervisor"), "name"));
    const char *key;
    json_t *value;
    char text[640];

    line("hypervisor", name == NULL ? "" : name);
    line_ms("waited", object, "queued_ms");
    line_ms("pulled", object, "pull_ms");
    line_ms("took", object, "duration_ms");
    line_ms("cpu time", object, "cpu_ms");
    if (json_is_integer(memory)) {
        (void)snprintf(text, sizeof(text), "%.1f MiB",
                       (double)json_integer_value(memory) / (1024 * 1024));
        line("memory", text);
    }
    (void)snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT,
                   json_integer_value(json_object_get(object, "log_lines")));
    line("log lines", text);
    json_object_foreach(labels, key, value)
    {
        (void)snprintf(text, sizeof(text), "%s=%s", key,
                       json_is_string(value) ? json_string_value(value) : "");
        line("label", text);
    }
}

static void show_reason(const char *name, const char *reason, const char *message)
{
    char text[1024];

    (void)snprintf(text, sizeof(text), "%s%s%s", reason, message[0] == '\0' ? "" : ": ", message);
    line(name, text);
}

/* "backup (id)", or the id of a runner that is gone. */
static void show_runner(errand_client *client, const char *runner_id)
{
    errand_runner *runner = NULL;
    char text[256];

    (void)snprintf(text, sizeof(text), "%s", runner_id);
    if (errand_runner_get(client, runner_id, &runner, NULL) == 0)
        (void)snprintf(text, sizeof(text), "%s (%s)", errand_runner_name(runner), runner_id);
    errand_runner_free(runner);
    line("runner", text);
}

static void show_text(errand_client *client, const errand_run *run)
{
    char *json = errand_run_to_json(run);
    json_t *object = json == NULL ? NULL : json_loads(json, 0, NULL);
    char text[1024];

    line("id", errand_run_id(run));
    show_runner(client, errand_run_runner_id(run));
    line("status", errand_run_status_name(errand_run_get_status(run)));
    show_exit(text, sizeof(text), run);
    line("exit code", text);
    show_reason("waits for", errand_run_pending_reason(run), errand_run_pending_message(run));
    show_reason("reason", errand_run_termination_reason(run), errand_run_termination_message(run));
    line("image", errand_run_image(run));
    show_process(text, sizeof(text), errand_run_command(run), errand_run_argc(run), run_arg, run);
    line("command", text);
    line("created", errand_run_created_at(run));
    line("started", errand_run_started_at(run));
    line("completed", errand_run_completed_at(run));
    show_rest(object);
    json_decref(object);
    errand_free(json);
}

static int show(const struct arguments *arguments)
{
    errand_client *client = NULL;
    errand_run *run = NULL;
    char id[RUN_ID_BYTES];
    errand_error error;
    int r = session_open(arguments, &client);

    if (r == 0)
        r = run_lookup(client, arguments->words[0], id);
    if (r == 0 && errand_run_get(client, id, &run, &error) < 0)
        r = complain_error(&error, "run %s", id);
    if (r == 0 && arguments_has(arguments, "json"))
        r = show_json(errand_run_to_json(run));
    else if (r == 0 && arguments_has(arguments, "quiet"))
        (void)puts(errand_run_id(run));
    else if (r == 0)
        show_text(client, run);
    errand_run_free(run);
    errand_client_free(client);
    return r;
}

const struct command show_command = {
    .name = "show",
    .synopsis = "RUN",
    .summary = "describe a run: where it is, how it ended, what it used",
    .details = "RUN is an id, or the name of a runner: its newest run.",
    .min_words = 1,
    .max_words = 1,
    .run = show,
};
