/* SPDX-License-Identifier: Apache-2.0 */
#include "runs/run_fields.h"

#include <string.h>

struct run_body {
    struct run_request request;
    json_t *env_variables;
};

#define BODY(member) .offset = offsetof(struct run_body, member)

static const struct field table[] = {
    {"argv", FIELD_ARGV, BODY(request.argv)},
    {"command", FIELD_TEXT, FIELD_NULLABLE, BODY(request.command), .min = 1,
     .max = LIMIT_COMMAND_MAX},
    {"entrypoint", FIELD_TEXT, FIELD_NULLABLE, BODY(request.entrypoint), .min = 1,
     .max = LIMIT_ENTRYPOINT_MAX},
    {"env_variables", FIELD_OBJECT_LIST, BODY(env_variables), .max = LIMIT_ENV_VARIABLES},
    {"timeout_seconds", FIELD_INT, BODY(request.timeout_seconds), .min = 1,
     .max = LIMIT_TIMEOUT_SECONDS_MAX},
    {"instance_type", FIELD_TEXT, BODY(request.instance_type), .max = LIMIT_SLUG_MAX},
    {"priority", FIELD_INT, BODY(request.priority), .min = 0, .max = LIMIT_PRIORITY_MAX},
    {"labels", FIELD_LABELS, BODY(request.labels)},
};

void run_fields_read(struct fields *f, json_t *body, struct run_input *ret_input)
{
    struct run_body input = {.request = {.priority = RUN_UNKNOWN}};
    fields_read(f, "", body, table, ARRAY_LEN(table), &input);

    struct run_request *request = &input.request;
    bool is_argv_given = request->argv != NULL && strcmp(request->argv, "[]") != 0;
    if (request->command != NULL && is_argv_given)
        problems_add(&f->problems, "argv", "must be empty when command is given");
    request->replaces_command = request->command != NULL || request->argv != NULL;

    ret_input->request = *request;
    ret_input->env_n = env_fields_read_list(f, input.env_variables, ret_input->env);
}
