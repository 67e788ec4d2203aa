/* SPDX-License-Identifier: Apache-2.0 */
#include "runners/runner_fields.h"

#include <string.h>

#include "model/limits.h"

#include "http/text_rules.h"
#include "runners/retry_fields.h"

static const char *const stop_signals[] = {"SIGTERM", "SIGINT",   "SIGQUIT", "SIGHUP", "SIGUSR1",
                                           "SIGUSR2", "SIGWINCH", "SIGKILL", NULL};
static const char *const pull_policies[] = {"missing", "always", "never", NULL};
static const char *const log_storages[] = {"stored", "transient", NULL};
static const char *const overlaps[] = {"queue", "skip", "replace", NULL};
static const char *const networks[] = {"bridge", "none", NULL};
static const char *const sandboxes[] = {"default", "untrusted", "trusted", NULL};

#define RUNNER(member) .offset = offsetof(struct runner_input, runner.member)
#define CHOICE(member) .offset = offsetof(struct runner_input, choice.member)

static const struct field table[] = {
    {"name", FIELD_TEXT, FIELD_REQUIRED, RUNNER(name), .min = LIMIT_NAME_MIN, .max = LIMIT_NAME_MAX,
     .check = text_rule_one_line},
    {"image_name", FIELD_TEXT, FIELD_REQUIRED, RUNNER(image_name), .min = 1,
     .max = LIMIT_IMAGE_NAME_MAX, .check = text_rule_image_name},
    {"image_tag", FIELD_TEXT, 0, RUNNER(image_tag), .min = 1, .max = LIMIT_IMAGE_TAG_MAX,
     .check = text_rule_image_tag},
    {"image_digest", FIELD_TEXT, FIELD_NULLABLE, RUNNER(image_digest), .max = 71,
     .check = text_rule_image_digest},
    {"run_command", FIELD_TEXT, FIELD_NULLABLE, RUNNER(run_command), .min = 1,
     .max = LIMIT_RUN_COMMAND_MAX},
    {"argv", FIELD_ARGV, 0, RUNNER(argv)},
    {"entrypoint", FIELD_TEXT, FIELD_NULLABLE, RUNNER(entrypoint), .min = 1,
     .max = LIMIT_ENTRYPOINT_MAX},
    {"timeout_seconds", FIELD_INT, 0, RUNNER(timeout_seconds), .min = 1,
     .max = LIMIT_TIMEOUT_SECONDS_MAX},
    {"stop_grace_seconds", FIELD_INT, 0, RUNNER(stop_grace_seconds), .min = 0,
     .max = LIMIT_STOP_GRACE_SECONDS_MAX},
    {"stop_signal", FIELD_CHOICE, 0, RUNNER(stop_signal), .choices = stop_signals},
    {"pull_policy", FIELD_CHOICE, 0, RUNNER(pull_policy), .choices = pull_policies},
    {"pull_timeout_seconds", FIELD_INT, 0, RUNNER(pull_timeout_seconds), .min = 1,
     .max = LIMIT_PULL_TIMEOUT_SECONDS_MAX},
    {"priority", FIELD_INT, 0, RUNNER(priority), .min = 0, .max = LIMIT_PRIORITY_MAX},
    {"max_concurrency", FIELD_INT, FIELD_NULLABLE, RUNNER(max_concurrency), .min = 1,
     .max = LIMIT_CONCURRENCY_MAX},
    {"on_overlap", FIELD_CHOICE, 0, RUNNER(on_overlap), .choices = overlaps},
    {"retry", FIELD_OBJECT, FIELD_NULLABLE, .offset = offsetof(struct runner_input, retry)},
    {"pending_timeout_seconds", FIELD_INT, FIELD_NULLABLE, RUNNER(pending_timeout_seconds),
     .min = 1, .max = LIMIT_PENDING_TIMEOUT_SECONDS_MAX},
    {"hypervisor_labels", FIELD_LABELS, 0, RUNNER(hypervisor_labels)},
    {"pids_limit", FIELD_INT, 0, RUNNER(pids_limit), .min = LIMIT_PIDS_MIN, .max = LIMIT_PIDS_MAX},
    {"shm_size_mb", FIELD_INT, 0, RUNNER(shm_size_mb), .min = 1, .max = LIMIT_SHM_MB_MAX},
    {"network", FIELD_CHOICE, 0, RUNNER(network), .choices = networks},
    {"sandbox", FIELD_CHOICE, 0, RUNNER(sandbox), .choices = sandboxes},
    {"read_only", FIELD_BOOL, 0, RUNNER(read_only)},
    {"user", FIELD_TEXT, FIELD_NULLABLE, RUNNER(user), .min = 1, .max = LIMIT_USER_MAX,
     .check = text_rule_user},
    {"log_limit_bytes", FIELD_INT, 0, RUNNER(log_limit_bytes), .min = LIMIT_LOG_BYTES_MIN,
     .max = LIMIT_LOG_BYTES_MAX},
    {"log_storage", FIELD_CHOICE, 0, RUNNER(log_storage), .choices = log_storages},
    {"labels", FIELD_LABELS, 0, RUNNER(labels)},
    {"region_id", FIELD_ID, 0, CHOICE(region_id)},
    {"region", FIELD_TEXT, 0, CHOICE(region), .max = LIMIT_SLUG_MAX},
    {"instance_type_id", FIELD_ID, 0, CHOICE(instance_type_id)},
    {"instance_type", FIELD_TEXT, 0, CHOICE(instance_type), .max = LIMIT_SLUG_MAX},
    {"container_registry_id", FIELD_ID, FIELD_NULLABLE, CHOICE(container_registry_id)},
};

const struct runner_input runner_fields_defaults = {
    .runner =
        {
            .image_tag = "latest",
            .argv = "[]",
            .timeout_seconds = LIMIT_TIMEOUT_SECONDS_DEFAULT,
            .stop_grace_seconds = LIMIT_STOP_GRACE_SECONDS_DEFAULT,
            .stop_signal = "SIGTERM",
            .pull_policy = "missing",
            .pull_timeout_seconds = LIMIT_PULL_TIMEOUT_SECONDS_DEFAULT,
            .priority = LIMIT_PRIORITY_DEFAULT,
            .pids_limit = LIMIT_PIDS_DEFAULT,
            .shm_size_mb = LIMIT_SHM_MB_DEFAULT,
            .on_overlap = "queue",
            .hypervisor_labels = "{}",
            .network = "bridge",
            .sandbox = "default",
            .log_limit_bytes = LIMIT_LOG_BYTES_DEFAULT,
            .log_storage = "stored",
            .labels = "{}",
        },
    .choice =
        {
            .region = CATALOG_DEFAULT_REGION,
            .instance_type = CATALOG_DEFAULT_INSTANCE_TYPE,
        },
};

/* Two names for the same thing: the body may have one of them, and an id stands instead of a slug
 * that was there by default. */
static void choose(struct fields *f, json_t *body, const char *slug_name, const char *id_name,
                   const char **slug, struct id id)
{
    if (json_object_get(body, slug_name) != NULL && json_object_get(body, id_name) != NULL)
        problems_add(&f->problems, slug_name, "must not be given together with %s", id_name);
    if (!id_is_nil(id))
        *slug = NULL;
}

void runner_fields_read(struct fields *f, json_t *body, struct runner_input *input)
{
    struct problems *problems = &f->problems;
    fields_read(f, "", body, table, ARRAY_LEN(table), input);
    struct catalog_choice *choice = &input->choice;
    choose(f, body, "region", "region_id", &choice->region, choice->region_id);
    choose(f, body, "instance_type", "instance_type_id", &choice->instance_type,
           choice->instance_type_id);

    if (json_object_get(body, "retry") != NULL)
        input->runner.retry = input->retry == NULL ? NULL : retry_fields_read(f, input->retry);
    const struct runner *runner = &input->runner;
    if (runner->hypervisor_labels != NULL &&
        strlen(runner->hypervisor_labels) > LIMIT_HYPERVISOR_LABELS_BYTES)
        problems_add(problems, "hypervisor_labels", "must be at most %d bytes in all",
                     LIMIT_HYPERVISOR_LABELS_BYTES);
    bool is_argv_given = strcmp(runner->argv, "[]") != 0;
    if (runner->run_command != NULL && is_argv_given && !problems_has(problems, "run_command") &&
        !problems_has(problems, "argv"))
        problems_add(problems, "argv", "must be empty when run_command is given");
}

/* `slug` and `id` are what was asked for, `found` is nil when that does not exist. */
static void place(struct fields *f, const char *name, const char *slug, struct id id,
                  struct id found, struct id *ret_place)
{
    char id_name[32];
    (void)snprintf(id_name, sizeof(id_name), "%s_id", name);
    if (!id_is_nil(found))
        *ret_place = found;
    else if (slug != NULL && !problems_has(&f->problems, name))
        problems_add(&f->problems, name, "does not exist");
    else if (!id_is_nil(id) && !problems_has(&f->problems, name))
        problems_add(&f->problems, id_name, "does not exist");
}

static void place_registry(struct fields *f, json_t *body, struct runner_input *input,
                           const struct catalog_found *found)
{
    const char *name = "container_registry_id";
    if (json_object_get(body, name) == NULL || problems_has(&f->problems, name))
        return;
    bool is_wanted = !id_is_nil(input->choice.container_registry_id);
    if (is_wanted && id_is_nil(found->container_registry)) {
        problems_add(&f->problems, name, "does not exist");
        return;
    }
    input->runner.container_registry = (struct container_registry){0};
    if (is_wanted) {
        input->runner.container_registry.id = found->container_registry;
        input->runner.container_registry.hostname = found->registry_hostname;
    }
}

/* The registry's credentials go to its host and to no other. */
static void judge_host(struct fields *f, const struct runner *runner)
{
    const char *hostname = runner->container_registry.hostname;
    if (id_is_nil(runner->container_registry.id) || hostname == NULL || runner->image_name == NULL)
        return;
    size_t n = strcspn(runner->image_name, "/");
    bool has_host =
        runner->image_name[n] == '/' &&
        (memchr(runner->image_name, '.', n) != NULL || memchr(runner->image_name, ':', n) != NULL ||
         (n == strlen("localhost") && strncmp(runner->image_name, "localhost", n) == 0));
    bool is_same = strlen(hostname) == n && strncmp(runner->image_name, hostname, n) == 0;
    if (has_host && !is_same && !problems_has(&f->problems, "image_name"))
        problems_add(&f->problems, "image_name", "must be at %s, where its container registry is",
                     hostname);
}

void runner_fields_place(struct fields *f, json_t *body, struct runner_input *input,
                         const struct catalog_found *found)
{
    const struct catalog_choice *choice = &input->choice;
    place(f, "region", choice->region, choice->region_id, found->region, &input->runner.region.id);
    place(f, "instance_type", choice->instance_type, choice->instance_type_id, found->instance_type,
          &input->runner.instance_type.id);
    place_registry(f, body, input, found);
    judge_host(f, &input->runner);
}
