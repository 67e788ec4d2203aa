/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/assignment.h"

#include "wire/field.h"

#include <jansson.h>

#include <inttypes.h>

static const char *const pull_policies[] = {"missing", "always", "never", NULL};
static const char *const networks[] = {"bridge", "none", NULL};
static const char *const sandboxes[] = {"default", "untrusted", "trusted", NULL};

#define SECONDS_MAX UINT32_C(86400)

void assignment_put(struct buf *b, const struct assignment *a)
{
    field_put_id(b, "run", a->run_id);
    field_put_i64(b, "attempt", a->attempt);
    field_put_id(b, "runner", a->runner_id);
    field_put_id(b, "project", a->project_id);
    field_put_text(b, "image", a->image);
    field_put_text(b, "image_digest", a->image_digest);
    field_put_text(b, "registry_sealed", a->registry_sealed);
    field_put_texts(b, "argv", a->argv, a->argc);
    field_put_text(b, "command", a->command);
    field_put_text(b, "entrypoint", a->entrypoint);
    field_put_text(b, "env_sealed", a->env_sealed);
    field_put_texts(b, "env_public", a->env_public, a->env_public_n);
    field_put_i64(b, "timeout_seconds", a->timeout_seconds);
    field_put_i64(b, "stop_grace_seconds", a->stop_grace_seconds);
    field_put_text(b, "stop_signal", a->stop_signal);
    field_put_text(b, "pull_policy", a->pull_policy);
    field_put_i64(b, "pull_timeout_seconds", a->pull_timeout_seconds);
    field_put_i64(b, "memory_mb", a->memory_mb);
    field_put_i64(b, "cpu_milli", a->cpu_milli);
    field_put_i64(b, "pids_limit", a->pids_limit);
    field_put_i64(b, "shm_size_mb", a->shm_size_mb);
    field_put_bool(b, "read_only", a->read_only);
    field_put_text(b, "user", a->user);
    field_put_text(b, "network", a->network);
    field_put_text(b, "sandbox", a->sandbox);
    field_put_i64(b, "log_limit_bytes", a->log_limit_bytes);
    field_put_i64(b, "start_lease_seconds", a->start_lease_seconds);
    field_put_i64(b, "run_lease_seconds", a->run_lease_seconds);
}

/* 0 when it is not there. */
static int get_lease(const struct json_t *doc, const char *key, uint32_t *ret_seconds,
                     struct err *e)
{
    return json_object_get(doc, key) == NULL ? 0
                                             : field_get_u32(doc, key, INT32_MAX, ret_seconds, e);
}

static int parse_process(struct assignment *a, struct err *e)
{
    const char **argv = NULL;
    if (field_get_texts_or_null(a->doc, "argv", &argv, &a->argc, e) < 0)
        return ERR_INVALID;
    a->argv = argv;
    const char **env_public = NULL;
    if (field_get_texts_or_null(a->doc, "env_public", &env_public, &a->env_public_n, e) < 0)
        return ERR_INVALID;
    a->env_public = env_public;
    if (field_get_text_or_null(a->doc, "command", &a->command, e) < 0 ||
        field_get_text_or_null(a->doc, "entrypoint", &a->entrypoint, e) < 0 ||
        field_get_text(a->doc, "env_sealed", &a->env_sealed, e) < 0 ||
        field_get_text_or_null(a->doc, "user", &a->user, e) < 0 ||
        field_get_text(a->doc, "stop_signal", &a->stop_signal, e) < 0)
        return ERR_INVALID;
    if (a->argv != NULL && a->command != NULL)
        return err_set(e, ERR_INVALID, "argv and command exclude each other");
    return 0;
}

static int parse_image(struct assignment *a, struct err *e)
{
    size_t policy = 0;
    if (field_get_text(a->doc, "image", &a->image, e) < 0 ||
        field_get_text_or_null(a->doc, "image_digest", &a->image_digest, e) < 0 ||
        field_get_text_or_null(a->doc, "registry_sealed", &a->registry_sealed, e) < 0 ||
        field_get_choice(a->doc, "pull_policy", pull_policies, &policy, e) < 0 ||
        field_get_u32(a->doc, "pull_timeout_seconds", SECONDS_MAX, &a->pull_timeout_seconds, e) < 0)
        return ERR_INVALID;
    a->pull_policy = pull_policies[policy];
    return 0;
}

static int parse_limits(struct assignment *a, struct err *e)
{
    size_t network = 0;
    size_t sandbox = 0;
    if (field_get_u32(a->doc, "timeout_seconds", SECONDS_MAX, &a->timeout_seconds, e) < 0 ||
        field_get_u32(a->doc, "stop_grace_seconds", SECONDS_MAX, &a->stop_grace_seconds, e) < 0 ||
        field_get_u32(a->doc, "memory_mb", UINT32_MAX, &a->memory_mb, e) < 0 ||
        field_get_u32(a->doc, "cpu_milli", UINT32_MAX, &a->cpu_milli, e) < 0 ||
        field_get_u32(a->doc, "pids_limit", INT32_MAX, &a->pids_limit, e) < 0 ||
        field_get_u32(a->doc, "shm_size_mb", UINT32_MAX, &a->shm_size_mb, e) < 0 ||
        field_get_bool(a->doc, "read_only", &a->read_only, e) < 0 ||
        field_get_choice(a->doc, "network", networks, &network, e) < 0 ||
        field_get_choice(a->doc, "sandbox", sandboxes, &sandbox, e) < 0 ||
        field_get_i64(a->doc, "log_limit_bytes", 0, INT64_MAX, &a->log_limit_bytes, e) < 0 ||
        get_lease(a->doc, "start_lease_seconds", &a->start_lease_seconds, e) < 0 ||
        get_lease(a->doc, "run_lease_seconds", &a->run_lease_seconds, e) < 0)
        return ERR_INVALID;
    a->network = networks[network];
    a->sandbox = sandboxes[sandbox];
    return 0;
}

static int parse_identity(struct assignment *a, struct err *e)
{
    int64_t attempt = 0;
    if (field_get_id(a->doc, "run", &a->run_id, e) < 0 ||
        field_get_i64(a->doc, "attempt", 1, INT32_MAX, &attempt, e) < 0 ||
        field_get_id(a->doc, "runner", &a->runner_id, e) < 0 ||
        field_get_id(a->doc, "project", &a->project_id, e) < 0)
        return ERR_INVALID;
    a->attempt = (uint32_t)attempt;
    return 0;
}

int assignment_parse(struct json_t *doc, struct assignment *ret_a, struct err *e)
{
    CLEANUP(assignment_done) struct assignment a = {.doc = json_incref(doc)};

    if (parse_identity(&a, e) < 0 || parse_image(&a, e) < 0 || parse_process(&a, e) < 0 ||
        parse_limits(&a, e) < 0)
        return ERR_INVALID;

    *ret_a = a;
    a = (struct assignment){0};
    return 0;
}

void assignment_done(struct assignment *a)
{
    if (a->doc == NULL)
        return;
    free((void *)(uintptr_t)a->argv);
    free((void *)(uintptr_t)a->env_public);
    json_decref(a->doc);
    *a = (struct assignment){0};
}
