/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies of requests as their tables read them, made anew or over what is stored. The first byte
 * says which, and whether it is an update. What is taken keeps its limits and is of use to an
 * agent; what is not, is said as JSON.
 */
#include "fuzz/fuzz.h"

#include "base/utf8.h"
#include "images/reference.h"
#include "model/label.h"
#include "model/limits.h"

#include "runners/container_registry_fields.h"
#include "runners/runner_fields.h"
#include "runs/run_fields.h"

#include <jansson.h>

#define IS_UPDATE 0x80U

static bool length_is(const char *text, size_t min, size_t max)
{
    size_t n = strlen(text);
    return utf8_is_valid(text, n) && utf8_length(text, n) >= min && utf8_length(text, n) <= max;
}

static void check_argv(const char *argv)
{
    json_t *list = json_loads(argv, 0, NULL);
    size_t i;
    json_t *item;
    FUZZ_ASSERT(json_is_array(list) && json_array_size(list) <= LIMIT_ARGV_ITEMS);
    json_array_foreach(list, i, item) FUZZ_ASSERT(json_is_string(item));
    json_decref(list);
}

static void check_labels(const char *labels)
{
    json_t *object = json_loads(labels, JSON_REJECT_DUPLICATES, NULL);
    const char *key;
    json_t *value;
    FUZZ_ASSERT(json_is_object(object) && json_object_size(object) <= LIMIT_LABELS);
    json_object_foreach(object, key, value)
        FUZZ_ASSERT(label_key_is_valid(key, strlen(key)) &&
                    label_value_is_valid(json_string_value(value), json_string_length(value)));
    json_decref(object);
}

/* The agent gets "name:tag", pinned by the digest. */
static void check_image(const struct runner *runner)
{
    char image[LIMIT_IMAGE_NAME_MAX + LIMIT_IMAGE_TAG_MAX + 2];
    struct image_reference ref;
    FUZZ_ASSERT(snprintf(image, sizeof(image), "%s:%s", runner->image_name, runner->image_tag) <
                (int)sizeof(image));
    FUZZ_ASSERT(image_reference_parse(image, runner->image_digest, &ref, NULL) == 0);
    image_reference_done(&ref);
}

static void check_retry(const char *retry)
{
    json_t *policy = json_loads(retry, JSON_REJECT_DUPLICATES, NULL);
    double factor = json_number_value(json_object_get(policy, "factor"));
    json_int_t attempts = json_integer_value(json_object_get(policy, "max_attempts"));
    FUZZ_ASSERT(attempts >= 1 && attempts <= LIMIT_RETRY_ATTEMPTS_MAX);
    FUZZ_ASSERT(factor >= 1 && factor <= LIMIT_RETRY_FACTOR_MAX);
    FUZZ_ASSERT(json_is_array(json_object_get(policy, "on")));
    json_decref(policy);
}

static void read_runner(struct fields *f, json_t *body)
{
    struct runner_input input = runner_fields_defaults;
    struct catalog_found found = {.region = {{1}}, .instance_type = {{2}}};
    if (f->is_partial) {
        input.runner.name = "stored";
        input.runner.image_name = "stored.example.com/a";
        input.runner.run_command = "echo";
        input.runner.container_registry =
            (struct container_registry){.id = {{3}}, .hostname = "stored.example.com"};
    }
    runner_fields_read(f, body, &input);
    runner_fields_place(f, body, &input, &found);
    if (problems_any(&f->problems))
        return;
    const struct runner *runner = &input.runner;
    FUZZ_ASSERT(length_is(runner->name, LIMIT_NAME_MIN, LIMIT_NAME_MAX));
    FUZZ_ASSERT(runner->run_command == NULL || strcmp(runner->argv, "[]") == 0);
    FUZZ_ASSERT(runner->timeout_seconds >= 1 &&
                runner->timeout_seconds <= LIMIT_TIMEOUT_SECONDS_MAX);
    check_image(runner);
    check_argv(runner->argv);
    check_labels(runner->labels);
    check_labels(runner->hypervisor_labels);
    if (runner->retry != NULL)
        check_retry(runner->retry);
}

static void read_run(struct fields *f, json_t *body)
{
    static struct run_input input;
    input = (struct run_input){0};
    run_fields_read(f, body, &input);
    FUZZ_ASSERT(input.env_n <= LIMIT_ENV_VARIABLES);
    if (problems_any(&f->problems))
        return;
    const struct run_request *request = &input.request;
    if (request->argv != NULL)
        check_argv(request->argv);
    if (request->labels != NULL)
        check_labels(request->labels);
    for (size_t i = 0; i < input.env_n; i++) {
        FUZZ_ASSERT(strchr(input.env[i].env_key, '=') == NULL && input.env[i].env_key[0] != '\0');
        FUZZ_ASSERT(strlen(input.env[i].env_val) <= LIMIT_ENV_VALUE_BYTES);
        for (size_t j = 0; j < i; j++)
            FUZZ_ASSERT(strcmp(input.env[i].env_key, input.env[j].env_key) != 0);
    }
}

/* Credentials that are stored go on to no other place. */
static void read_registry(struct fields *f, json_t *body)
{
    struct container_registry_input input = {.password = NULL};
    if (f->is_partial)
        input.registry = (struct container_registry){.registry_type = "custom",
                                                     .name = "stored",
                                                     .hostname = "stored.example.com",
                                                     .username = "robot",
                                                     .password_n = 1};
    container_registry_fields_read(f, body, &input);
    if (problems_any(&f->problems))
        return;
    FUZZ_ASSERT(input.registry.hostname != NULL && input.registry.name != NULL);
    bool keeps_password =
        f->is_partial && input.registry.username != NULL && input.password == NULL;
    if (keeps_password)
        FUZZ_ASSERT(strcmp(input.registry.hostname, "stored.example.com") == 0 &&
                    !input.registry.insecure && input.registry.ca_pem == NULL);
    FUZZ_ASSERT(!f->is_partial ? (input.registry.username == NULL) == (input.password == NULL)
                               : true);
}

static void read_env(struct fields *f, json_t *body)
{
    struct env_input input = {.env_key = f->is_partial ? "STORED" : NULL};
    env_fields_read(f, body, &input);
    if (!problems_any(&f->problems))
        FUZZ_ASSERT(input.env_key != NULL &&
                    (input.env_val == NULL || strlen(input.env_val) <= LIMIT_ENV_VALUE_BYTES));
}

/* They go out as an answer. */
static void check_problems(const struct fields *f)
{
    char *errors = json_dumps(f->problems.errors, 0);
    char *fields = json_dumps(f->problems.fields, 0);
    FUZZ_ASSERT(errors != NULL && fields != NULL);
    FUZZ_ASSERT(json_array_size(f->problems.errors) <= PROBLEMS_MAX);
    FUZZ_ASSERT((json_object_size(f->problems.fields) > 0) == problems_any(&f->problems));
    free(errors);
    free(fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static void (*const kinds[])(struct fields *, json_t *) = {read_runner, read_run, read_registry,
                                                               read_env};
    CLEANUP(fields_done) struct fields f;
    fields_init(&f);
    if (n == 0)
        return 0;
    f.is_partial = (data[0] & IS_UPDATE) != 0;
    json_t *body =
        json_loadb((const char *)data + 1, n - 1, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    if (json_is_object(body))
        kinds[data[0] % 4](&f, body);
    check_problems(&f);
    json_decref(body);
    return 0;
}
