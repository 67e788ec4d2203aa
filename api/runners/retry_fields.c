/* SPDX-License-Identifier: Apache-2.0 */
#include "runners/retry_fields.h"

#include <string.h>

#include "model/limits.h"
#include "model/reason.h"

struct retry_body {
    int64_t max_attempts;
    int64_t delay_seconds;
    double factor;
    int64_t max_delay_seconds;
    double jitter;
    json_t *on;
    json_t *exit_codes;
};

#define RETRY(member) .offset = offsetof(struct retry_body, member)

static const struct field table[] = {
    {"max_attempts", FIELD_INT, FIELD_REQUIRED, RETRY(max_attempts), .min = 1,
     .max = LIMIT_RETRY_ATTEMPTS_MAX},
    {"delay_seconds", FIELD_INT, 0, RETRY(delay_seconds), .min = 0, .max = LIMIT_RETRY_DELAY_MAX},
    {"factor", FIELD_NUMBER, 0, RETRY(factor), .min = 1, .max = LIMIT_RETRY_FACTOR_MAX},
    {"max_delay_seconds", FIELD_INT, 0, RETRY(max_delay_seconds), .min = 0,
     .max = LIMIT_RETRY_DELAY_MAX},
    {"jitter", FIELD_NUMBER, 0, RETRY(jitter), .min = 0, .max = 1},
    {"on", FIELD_LIST, 0, RETRY(on), .max = TERMINATION_REASON_COUNT},
    {"exit_codes", FIELD_LIST, FIELD_NULLABLE, RETRY(exit_codes), .max = 255},
};

/* "failed" is an exit code that is not 0; the others are reasons of runs that may be tried again.
 */
static const char *const reasons[] = {
    "failed",          "timeout",           "oom_killed",         "hypervisor_lost",
    "image_not_found", "image_pull_failed", "image_pull_timeout", "registry_auth_failed",
    "start_failed",    "internal",
};

#define REASONS_RULE                                                                               \
    "must be of failed, timeout, oom_killed, hypervisor_lost, image_not_found, "                   \
    "image_pull_failed, image_pull_timeout, registry_auth_failed, start_failed and internal"

static bool is_reason(json_t *item)
{
    for (size_t i = 0; json_is_string(item) && i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (strcmp(json_string_value(item), reasons[i]) == 0)
            return true;
    return false;
}

static bool is_exit_code(json_t *item)
{
    return json_is_integer(item) && json_integer_value(item) >= 1 &&
           json_integer_value(item) <= 255;
}

static void check_items(struct fields *f, json_t *list, bool (*is_fine)(json_t *item),
                        const char *name, const char *rule)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        if (!is_fine(item)) {
            problems_add(&f->problems, name, "%s", rule);
            return;
        }
    }
}

static json_t *policy_of(const struct retry_body *body)
{
    json_t *on = body->on != NULL
                     ? json_incref(body->on)
                     : json_pack("[s,s,s,s]", reasons[0], reasons[1], reasons[2], reasons[3]);
    json_t *policy = json_pack(
        "{s:I,s:I,s:f,s:I,s:f,s:o}", "max_attempts", (json_int_t)body->max_attempts,
        "delay_seconds", (json_int_t)body->delay_seconds, "factor", body->factor,
        "max_delay_seconds", (json_int_t)body->max_delay_seconds, "jitter", body->jitter, "on", on);
    if (body->exit_codes != NULL)
        (void)json_object_set(policy, "exit_codes", body->exit_codes);
    return policy;
}

const char *retry_fields_read(struct fields *f, json_t *retry)
{
    struct retry_body body = {.delay_seconds = 10,
                              .factor = 2,
                              .max_delay_seconds = LIMIT_RETRY_DELAY_DEFAULT,
                              .jitter = 0.1};
    bool was_partial = f->is_partial;
    size_t problems_before = json_array_size(f->problems.errors);
    f->is_partial = false; /* the policy is written as a whole */
    fields_read(f, "retry.", retry, table, sizeof(table) / sizeof(table[0]), &body);
    f->is_partial = was_partial;
    check_items(f, body.on, is_reason, "retry.on", REASONS_RULE);
    check_items(f, body.exit_codes, is_exit_code, "retry.exit_codes",
                "must be numbers between 1 and 255");
    if (json_array_size(f->problems.errors) > problems_before)
        return NULL;

    json_t *policy = fields_keep(f, policy_of(&body));
    char *text = json_dumps(policy, JSON_COMPACT);
    const char *kept = json_string_value(fields_keep(f, json_string_nocheck(text)));
    free(text);
    return kept;
}
