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

static int fill_paths(const struct launcher *l, struct run_spec *spec, struct err *e)
{
    char name[RUN_BOX_NAME_BYTES];
    run_box_name(spec->run, spec->attempt, name);
    if (l->cgroup_parent != NULL && asprintf(&spec->cgroup, "%s/%s", l->cgroup_parent, name) < 0) {
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

int launcher_sandbox_parse(const char *network, const char *sandbox, struct sandbox_wish *wish,
                           struct err *e)
{
    wish->network = strcmp(network, "none") == 0 ? RUN_NETWORK_NONE : RUN_NETWORK_BRIDGE;
    return run_sandbox_parse(sandbox, &wish->sandbox, e);
}

/* All that a box has, too. `spec` has its name. */
static int fill_sandbox(const struct launcher *l, const struct image *image,
                        const struct sandbox_wish *wish, struct run_spec *spec, struct err *e)
{
    spec->start_timeout_seconds = l->start_timeout_seconds;
    spec->memory_bytes = (uint64_t)wish->memory_mb << 20;
    spec->cpu_milli = wish->cpu_milli;
    spec->pids_limit = wish->pids_limit != 0 ? wish->pids_limit : LIMIT_PIDS_DEFAULT;
    spec->shm_size_bytes = (uint64_t)wish->shm_size_mb << 20;
    spec->disk_bytes = l->disk_bytes;
    spec->read_only = wish->read_only;
    spec->network = wish->network;
    spec->sandbox = wish->sandbox;
    int rc = fill_paths(l, spec, e);
    return rc < 0 ? rc : fill_image(l, image, spec, e);
}

int launcher_box_spec(const struct launcher *l, struct id box, const struct image *image,
                      const struct sandbox_wish *wish, struct run_spec *ret_spec, struct err *e)
{
    ret_spec->run = box;
    ret_spec->attempt = RUN_SPEC_BOX;
    return fill_sandbox(l, image, wish, ret_spec, e);
}

static int fill_limits(const struct assignment *a, struct run_spec *spec, struct err *e)
{
    spec->timeout_seconds = a->timeout_seconds;
    spec->stop_grace_seconds = a->stop_grace_seconds;
    spec->log_limit_bytes = (uint64_t)a->log_limit_bytes;
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

int launcher_run_spec(const struct launcher *l, const struct run *run, const struct image *image,
                      uint32_t lease_ms, struct run_spec *ret_spec,
                      enum termination_reason *ret_reason, struct err *e)
{
    const struct assignment *a = &run->assignment;
    struct sandbox_wish wish = {.memory_mb = a->memory_mb,
                                .cpu_milli = a->cpu_milli,
                                .pids_limit = a->pids_limit,
                                .shm_size_mb = a->shm_size_mb,
                                .read_only = a->read_only};
    struct text_list env = {0};
    ret_spec->run = run->id;
    ret_spec->attempt = run->attempt;
    ret_spec->lease_ms = lease_ms == LEASE_WITHOUT_END ? 0 : lease_ms;

    *ret_reason = TERMINATION_INTERNAL;
    int rc = launcher_sandbox_parse(a->network, a->sandbox, &wish, e);
    if (rc == 0)
        rc = identity_unseal_env(l->identity, a->env_sealed, &env, e);
    if (rc == 0)
        rc = fill_secret_keys(a, &env, ret_spec, e);
    if (rc == 0)
        rc = fill_sandbox(l, image, &wish, ret_spec, e);
    if (rc == 0)
        rc = fill_limits(a, ret_spec, e);
    if (rc == 0) {
        *ret_reason = TERMINATION_INVALID_COMMAND;
        rc = process_plan_make(a, &image->config, &env, ret_spec, e);
    }
    text_list_done(&env);
    return rc;
}

int launcher_start(const struct launcher *l, struct run *run, const struct run_spec *spec,
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
