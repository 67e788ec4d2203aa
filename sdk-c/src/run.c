/* SPDX-License-Identifier: Apache-2.0
 *
 * A run is the JSON object the server sent, read through getters. Calls are in run_calls.c.
 */
#include "run.h"

#include "fields.h"

#include <string.h>

static const char *const status_names[] = {
    [ERRAND_RUN_UNKNOWN] = "unknown", [ERRAND_RUN_PENDING] = "pending",
    [ERRAND_RUN_RUNNING] = "running", [ERRAND_RUN_SUCCEEDED] = "succeeded",
    [ERRAND_RUN_FAILED] = "failed",   [ERRAND_RUN_CANCELED] = "canceled",
};

#define N_STATUSES (sizeof(status_names) / sizeof(status_names[0]))

const char *errand_run_status_name(errand_run_status status)
{
    return (size_t)status < N_STATUSES ? status_names[status] : status_names[ERRAND_RUN_UNKNOWN];
}

errand_run_status errand_run_status_parse(const char *name)
{
    size_t i;

    for (i = 0; i < N_STATUSES; i++) {
        if (strcmp(status_names[i], name) == 0)
            return (errand_run_status)i;
    }
    return ERRAND_RUN_UNKNOWN;
}

int errand_run_status_is_final(errand_run_status status)
{
    return status == ERRAND_RUN_SUCCEEDED || status == ERRAND_RUN_FAILED ||
           status == ERRAND_RUN_CANCELED;
}

void errand_run_free(errand_run *run)
{
    errand_object_free((struct errand_object *)run);
}

const char *errand_run_id(const errand_run *run)
{
    return errand_field_text(run->object.json, "id");
}

const char *errand_run_runner_id(const errand_run *run)
{
    return errand_field_text(run->object.json, "runner_id");
}

errand_run_status errand_run_get_status(const errand_run *run)
{
    return errand_run_status_parse(errand_field_text(run->object.json, "status"));
}

int errand_run_is_final(const errand_run *run)
{
    return errand_run_status_is_final(errand_run_get_status(run));
}

int errand_run_exit_code(const errand_run *run, int *ret_code)
{
    const json_t *code = json_object_get(run->object.json, "exit_code");

    if (!json_is_integer(code))
        return 0;
    if (ret_code != NULL)
        *ret_code = (int)json_integer_value(code);
    return 1;
}

const char *errand_run_image(const errand_run *run)
{
    return errand_field_text(run->object.json, "image");
}

const char *errand_run_command(const errand_run *run)
{
    return errand_field_text(run->object.json, "command");
}

size_t errand_run_argc(const errand_run *run)
{
    return errand_field_count(run->object.json, "argv");
}

const char *errand_run_arg(const errand_run *run, size_t i)
{
    return errand_field_item(run->object.json, "argv", i);
}

const char *errand_run_pending_reason(const errand_run *run)
{
    return errand_field_text(run->object.json, "pending_reason");
}

const char *errand_run_pending_message(const errand_run *run)
{
    return errand_field_text(run->object.json, "pending_message");
}

const char *errand_run_termination_reason(const errand_run *run)
{
    return errand_field_text(run->object.json, "termination_reason");
}

const char *errand_run_termination_message(const errand_run *run)
{
    return errand_field_text(run->object.json, "termination_message");
}

const char *errand_run_created_at(const errand_run *run)
{
    return errand_field_text(run->object.json, "created_at");
}

const char *errand_run_started_at(const errand_run *run)
{
    return errand_field_text(run->object.json, "started_at");
}

const char *errand_run_completed_at(const errand_run *run)
{
    return errand_field_text(run->object.json, "completed_at");
}

int64_t errand_run_duration_ms(const errand_run *run)
{
    return errand_field_integer(run->object.json, "duration_ms", -1);
}

char *errand_run_to_json(const errand_run *run)
{
    return json_dumps(run->object.json, ERRAND_JSON_TEXT);
}
