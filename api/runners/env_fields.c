/* SPDX-License-Identifier: Apache-2.0 */
#include "runners/env_fields.h"

#include <string.h>

#include "model/limits.h"

#include "http/text_rules.h"

#define KEY_AND_VALUE                                                                              \
    {"env_key",                                                                                    \
     FIELD_TEXT,                                                                                   \
     FIELD_REQUIRED,                                                                               \
     .offset = offsetof(struct env_input, env_key),                                                \
     .min = 1,                                                                                     \
     .max = LIMIT_ENV_KEY_MAX,                                                                     \
     .check = text_rule_env_key},                                                                  \
    {                                                                                              \
        "env_val", FIELD_BYTES, FIELD_REQUIRED, .offset = offsetof(struct env_input, env_val),     \
                                                .max = LIMIT_ENV_VALUE_BYTES                       \
    }

void env_fields_read(struct fields *f, json_t *body, struct env_input *input)
{
    static const struct field table[] = {
        KEY_AND_VALUE,
        {"secret", FIELD_BOOL, .offset = offsetof(struct env_input, secret)},
    };
    fields_read(f, "", body, table, ARRAY_LEN(table), input);
}

static bool is_known(const struct env_input *inputs, size_t n, const char *env_key)
{
    for (size_t i = 0; i < n; i++) {
        if (inputs[i].env_key != NULL && strcmp(inputs[i].env_key, env_key) == 0)
            return true;
    }
    return false;
}

static void read_item(struct fields *f, json_t *item, struct env_input *inputs, size_t i)
{
    static const struct field table[] = {KEY_AND_VALUE};
    char path[64];
    if (!json_is_object(item)) {
        (void)snprintf(path, sizeof(path), "env_variables[%zu]", i);
        problems_add(&f->problems, path, "must be an object");
        return;
    }
    (void)snprintf(path, sizeof(path), "env_variables[%zu].", i);
    fields_read(f, path, item, table, ARRAY_LEN(table), &inputs[i]);
    if (inputs[i].env_key != NULL && is_known(inputs, i, inputs[i].env_key)) {
        (void)snprintf(path, sizeof(path), "env_variables[%zu].env_key", i);
        problems_add(&f->problems, path, "is there twice");
    }
}

size_t env_fields_read_list(struct fields *f, json_t *list, struct env_input *ret_inputs)
{
    size_t n = json_array_size(list);
    for (size_t i = 0; i < n; i++) {
        ret_inputs[i] = (struct env_input){.secret = true};
        read_item(f, json_array_get(list, i), ret_inputs, i);
    }
    return n;
}
