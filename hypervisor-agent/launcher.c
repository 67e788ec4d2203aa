/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher.h"

#include "lease_keeper.h"

#include "base/parse.h"
#include "model/limits.h"
#include "process_plan.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

int launcher_signal_parse(const char *text, int *ret_signal, struct err *e)
{
    int64_t number = 0;
    if (parse_i64(text, 1, 64, "stop_signal", &number, NULL) == 0) {
        *ret_signal = (int)number;
        return 0;
    }
    const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
    for (int i = 1; i < SIGRTMIN; i++) {
        const char *its_name = sigabbrev_np(i);
        if (its_name != NULL && strcasecmp(its_name, name) == 0) {
            *ret_signal = i;
            return 0;
        }
    }
    return err_set(e, ERR_INVALID, "stop_signal '%.20s' is no signal", text);
}

static int copy_text(const char *text, char **ret_copy, struct err *e)
{
    if (text == NULL)
        return 0;
    *ret_copy = strdup(text);
    return *ret_copy != NULL ? 0 : err_errno(e, ENOMEM, "launch");
}

static int fill_paths(const struct launcher *l, const struct run *run, struct run_spec *spec,
                      struct err *e)
{
    if (l->cgroup_parent != NULL &&
        asprintf(&spec->cgroup, "%s/%s-%u", l->cgroup_parent, ID_TEXT(run->id), run->attempt) < 0) {
        spec->cgroup = NULL;
        return err_errno(e, ENOMEM, "launch");
    }
    spec->driver = l->driver;
    int rc = copy_text(l->runtime, &spec->runtime, e);
    if (rc == 0)
        rc = copy_text(l->engine_socket, &spec->engine_socket, e);
    if (rc == 0)
        rc = copy_text(l->init, &spec->init, e);
    if (rc == 0)
        rc = copy_text(l->seccomp_bpf[spec->sandbox], &spec->seccomp_bpf, e);
    if (rc == 0)
        rc = copy_text(l->wake_socket, &spec->wake_socket, e);
    if (rc == 0)
        rc = copy_text(l->bridge, &spec->bridge, e);
    if (rc == 0)
        rc = copy_text(l->subnet, &spec->subnet, e);
    return rc;
}

static int fill_image(const struct launcher *l, const struct image *image, struct run_spec *spec,
                      struct err *e)
{
    int rc = copy_text(image->engine_id, &spec->image, e);
    for (size_t i = 0; rc == 0 && i < image->layers.n; i++) {
        CLEANUP(freep) char *path = layer_store_path(l->layers, image->layers.items[i]);
        rc = path != NULL ? text_list_add(&spec->layers, path, e) : err_errno(e, ENOMEM, "launch");
    }
    return rc;
}

static int fill_limits(const struct launcher *l, const struct assignment *a, struct run_spec *spec,
                       struct err *e)
{
    spec->timeout_seconds = a->timeout_seconds;
    spec->stop_grace_seconds = a->stop_grace_seconds;
    spec->start_timeout_seconds = l->start_timeout_seconds;
    spec->memory_bytes = (uint64_t)a->memory_mb << 20;
    spec->cpu_milli = a->cpu_milli;
    spec->pids_limit = a->pids_limit != 0 ? a->pids_limit : LIMIT_PIDS_DEFAULT;
    spec->shm_size_bytes = (uint64_t)a->shm_size_mb << 20;
    spec->log_limit_bytes = (uint64_t)a->log_limit_bytes;
    spec->disk_bytes = l->disk_bytes;
    spec->read_only = a->read_only;
    spec->network = strcmp(a->network, "none") == 0 ? RUN_NETWORK_NONE : RUN_NETWORK_BRIDGE;
    return launcher_signal_parse(a->stop_signal, &spec->stop_signal, e);
}

static bool is_public(const struct assignment *a, const char *key)
{
    for (size_t i = 0; i < a->env_public_n; i++)
        if (strcmp(a->env_public[i], key) == 0)
            return true;
    return false;
}

/* What the run was given; what its image brings is for everyone to read. */
static int fill_secret_keys(const struct assignment *a, const struct text_list *env,
                            struct run_spec *spec, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < env->n; i++) {
        CLEANUP(freep) char *key = strndup(env->items[i], strcspn(env->items[i], "="));
        if (key == NULL)
            rc = err_errno(e, ENOMEM, "launch");
        else if (!is_public(a, key))
            rc = text_list_add(&spec->secret_keys, key, e);
    }
    return rc;
}

/* `ret_reason` is set to what each step's failure means. */
static int make_spec(const struct launcher *l, const struct run *run, const struct image *image,
                     struct run_spec *spec, enum termination_reason *ret_reason, struct err *e)
{
    const struct assignment *a = &run->assignment;
    struct text_list env = {0};
    spec->run = run->id;
    spec->attempt = run->attempt;

    *ret_reason = TERMINATION_INTERNAL;
    int rc = run_sandbox_parse(a->sandbox, &spec->sandbox, e);
    if (rc == 0)
        rc = identity_unseal_env(l->identity, a->env_sealed, &env, e);
    if (rc == 0)
        rc = fill_secret_keys(a, &env, spec, e);
    if (rc == 0)
        rc = fill_paths(l, run, spec, e);
    if (rc == 0)
        rc = fill_image(l, image, spec, e);
    if (rc == 0)
        rc = fill_limits(l, a, spec, e);
    if (rc == 0) {
        *ret_reason = TERMINATION_INVALID_COMMAND;
        rc = process_plan_make(a, &image->config, &env, spec, e);
    }
    text_list_done(&env);
    return rc;
}

static int start(const struct launcher *l, struct run *run, const struct run_spec *spec,
                 shim_exit_fn *on_exit, struct err *e)
{
    struct buf text;
    buf_init(&text, RUN_SPEC_MAX_BYTES);
    const struct shim_process_options options = {
        .loop = l->loop, .program = l->shim, .run_dir = run->dir, .on_exit = on_exit, .ctx = run};
    int rc = run_spec_encode(spec, &text, e);
    if (rc == 0)
        rc = run_dir_make(run, e);
    if (rc == 0)
        rc = exit_record_reserve(run->dir, e);
    if (rc == 0)
        rc = shim_process_start(&options, &text, &run->shim, e);
    if (text.data != NULL)
        explicit_bzero(text.data, text.cap);
    buf_done(&text);
    return rc;
}

int launcher_start(const struct launcher *l, struct run *run, const struct image *image,
                   uint32_t lease_ms, shim_exit_fn *on_exit, enum termination_reason *ret_reason,
                   struct err *e)
{
    struct run_spec spec;
    run_spec_init(&spec);
    spec.lease_ms = lease_ms == LEASE_WITHOUT_END ? 0 : lease_ms;
    int rc = make_spec(l, run, image, &spec, ret_reason, e);
    if (rc == 0) {
        *ret_reason = TERMINATION_START_FAILED;
        rc = start(l, run, &spec, on_exit, e);
    }
    run_spec_done(&spec);
    if (rc == 0)
        assignment_done(&run->assignment);
    return rc;
}
