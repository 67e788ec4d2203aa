/* SPDX-License-Identifier: Apache-2.0 */
#include "run_spec.h"

#include "wire/field.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const network_names[] = {
    [RUN_NETWORK_NONE] = "none",
    [RUN_NETWORK_BRIDGE] = "bridge",
    NULL,
};

static const char *const sandbox_names[] = {
    [RUN_SANDBOX_DEFAULT] = "default",
    [RUN_SANDBOX_UNTRUSTED] = "untrusted",
    [RUN_SANDBOX_TRUSTED] = "trusted",
    NULL,
};
_Static_assert(ARRAY_LEN(sandbox_names) == RUN_SANDBOX_COUNT + 1, "a name for each sandbox");

const char *run_sandbox_name(enum run_sandbox sandbox)
{
    return sandbox_names[sandbox];
}

int run_sandbox_parse(const char *name, enum run_sandbox *ret_sandbox, struct err *e)
{
    for (size_t i = 0; i < RUN_SANDBOX_COUNT; i++) {
        if (strcmp(sandbox_names[i], name) == 0) {
            *ret_sandbox = (enum run_sandbox)i;
            return 0;
        }
    }
    return err_set(e, ERR_INVALID, "sandbox '%.20s' is not known", name);
}

int text_list_add(struct text_list *list, const char *text, struct err *e)
{
    char **items = reallocarray(list->items, list->n + 2, sizeof(*items));
    if (items == NULL)
        return err_set(e, ERR_UNAVAILABLE, "out of memory");
    list->items = items;
    items[list->n] = strdup(text);
    if (items[list->n] == NULL)
        return err_set(e, ERR_UNAVAILABLE, "out of memory");
    list->n++;
    items[list->n] = NULL;
    return 0;
}

void text_list_done(struct text_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        explicit_bzero(list->items[i], strlen(list->items[i]));
        free(list->items[i]);
    }
    free(list->items);
    *list = (struct text_list){0};
}

void run_box_name(struct id run, uint32_t attempt, char name[RUN_BOX_NAME_BYTES])
{
    if (snprintf(name, RUN_BOX_NAME_BYTES, "%s-%u", ID_TEXT(run), attempt) < 0)
        name[0] = '\0';
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool is_same_list(const struct text_list *a, const struct text_list *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++)
        same = strcmp(a->items[i], b->items[i]) == 0;
    return same;
}

bool run_spec_fits(const struct run_spec *run, const struct run_spec *box)
{
    return run->driver == box->driver && run->sandbox == box->sandbox &&
           run->network == box->network && run->read_only == box->read_only &&
           run->memory_bytes == box->memory_bytes && run->cpu_milli == box->cpu_milli &&
           run->pids_limit == box->pids_limit && run->shm_size_bytes == box->shm_size_bytes &&
           run->disk_bytes == box->disk_bytes && is_same_list(&run->layers, &box->layers) &&
           is_same_text(run->hostname, box->hostname) && is_same_text(run->runtime, box->runtime) &&
           is_same_text(run->init, box->init) && is_same_text(run->seccomp_bpf, box->seccomp_bpf) &&
           is_same_text(run->bridge, box->bridge) && is_same_text(run->subnet, box->subnet);
}

static void swap_texts(char **a, char **b)
{
    char *text = *a;
    *a = *b;
    *b = text;
}

static void swap_lists(struct text_list *a, struct text_list *b)
{
    struct text_list list = *a;
    *a = *b;
    *b = list;
}

void run_spec_give(struct run_spec *box, struct run_spec *run)
{
    box->run = run->run;
    box->attempt = run->attempt;
    swap_lists(&box->argv, &run->argv);
    swap_lists(&box->env, &run->env);
    swap_lists(&box->secret_keys, &run->secret_keys);
    swap_texts(&box->cwd, &run->cwd);
    swap_texts(&box->user, &run->user);
    swap_texts(&box->wake_socket, &run->wake_socket);
    box->timeout_seconds = run->timeout_seconds;
    box->stop_grace_seconds = run->stop_grace_seconds;
    box->start_timeout_seconds = run->start_timeout_seconds;
    box->stop_signal = run->stop_signal;
    box->lease_ms = run->lease_ms;
    box->log_limit_bytes = run->log_limit_bytes;
    box->log_rate_bytes = run->log_rate_bytes;
    box->spool_limit_bytes = run->spool_limit_bytes;
}

void run_spec_init(struct run_spec *spec)
{
    *spec = (struct run_spec){
        .attempt = 1,
        .timeout_seconds = 3600,
        .stop_grace_seconds = 10,
        .stop_signal = SIGTERM,
        .network = RUN_NETWORK_BRIDGE,
    };
}

void run_spec_done(struct run_spec *spec)
{
    text_list_done(&spec->argv);
    text_list_done(&spec->env);
    text_list_done(&spec->secret_keys);
    text_list_done(&spec->layers);
    free(spec->cwd);
    free(spec->user);
    free(spec->hostname);
    free(spec->runtime);
    free(spec->init);
    free(spec->image);
    free(spec->engine_socket);
    free(spec->seccomp_bpf);
    free(spec->cgroup);
    free(spec->wake_socket);
    free(spec->bridge);
    free(spec->subnet);
    run_spec_init(spec);
}

static void put_list(struct buf *out, const char *key, const struct text_list *list)
{
    static const char *const none[] = {NULL};
    const char *const *items = list->n == 0 ? none : (const char *const *)list->items;
    field_put_texts(out, key, items, list->n);
}

int run_spec_encode(const struct run_spec *spec, struct buf *out, struct err *e)
{
    buf_add_char(out, '{');
    field_put_id(out, "run", spec->run);
    field_put_i64(out, "attempt", spec->attempt);
    field_put_text(out, "driver", driver_kind_names[spec->driver]);
    put_list(out, "argv", &spec->argv);
    put_list(out, "env", &spec->env);
    put_list(out, "secret_keys", &spec->secret_keys);
    field_put_text(out, "cwd", spec->cwd);
    field_put_text(out, "user", spec->user);
    field_put_text(out, "hostname", spec->hostname);
    put_list(out, "layers", &spec->layers);
    field_put_text(out, "runtime", spec->runtime);
    field_put_text(out, "init", spec->init);
    field_put_text(out, "image", spec->image);
    field_put_text(out, "engine_socket", spec->engine_socket);
    field_put_text(out, "seccomp_bpf", spec->seccomp_bpf);
    field_put_text(out, "cgroup", spec->cgroup);
    field_put_text(out, "wake_socket", spec->wake_socket);
    field_put_i64(out, "timeout_seconds", spec->timeout_seconds);
    field_put_i64(out, "stop_grace_seconds", spec->stop_grace_seconds);
    field_put_i64(out, "start_timeout_seconds", spec->start_timeout_seconds);
    field_put_i64(out, "wait_seconds", spec->wait_seconds);
    field_put_i64(out, "stop_signal", spec->stop_signal);
    field_put_i64(out, "lease_ms", spec->lease_ms);
    field_put_i64(out, "memory_bytes", (int64_t)spec->memory_bytes);
    field_put_i64(out, "cpu_milli", spec->cpu_milli);
    field_put_i64(out, "pids_limit", spec->pids_limit);
    field_put_i64(out, "shm_size_bytes", (int64_t)spec->shm_size_bytes);
    field_put_i64(out, "disk_bytes", (int64_t)spec->disk_bytes);
    field_put_i64(out, "log_limit_bytes", (int64_t)spec->log_limit_bytes);
    field_put_i64(out, "log_rate_bytes", (int64_t)spec->log_rate_bytes);
    field_put_i64(out, "spool_limit_bytes", (int64_t)spec->spool_limit_bytes);
    field_put_bool(out, "read_only", spec->read_only);
    field_put_text(out, "sandbox", sandbox_names[spec->sandbox]);
    field_put_text(out, "network", network_names[spec->network]);
    field_put_text(out, "bridge", spec->bridge);
    field_put_text(out, "subnet", spec->subnet);
    buf_add_char(out, '}');
    if (!buf_ok(out))
        return err_set(e, ERR_LIMIT, "run spec is larger than %zu bytes", out->max_bytes);
    return 0;
}

static int get_list(const struct json_t *doc, const char *key, size_t min, struct text_list *list,
                    struct err *e)
{
    CLEANUP(freep) const char **texts = NULL;
    size_t n = 0;
    int r = field_get_texts_or_null(doc, key, &texts, &n, e);
    for (size_t i = 0; r == 0 && i < n; i++)
        r = text_list_add(list, texts[i], e);
    if (r == 0 && list->n < min)
        return err_set(e, ERR_INVALID, "%s must not be empty", key);
    return r;
}

static int get_copy(const struct json_t *doc, const char *key, bool needed, char **ret_text,
                    struct err *e)
{
    const char *text = NULL;
    int r = field_get_text_or_null(doc, key, &text, e);
    if (r < 0)
        return r;
    if (text == NULL)
        return needed ? err_set(e, ERR_INVALID, "%s is missing", key) : 0;
    *ret_text = strdup(text);
    return *ret_text == NULL ? err_set(e, ERR_UNAVAILABLE, "out of memory") : 0;
}

static int get_path(const struct json_t *doc, const char *key, bool needed, char **ret_path,
                    struct err *e)
{
    int r = get_copy(doc, key, needed, ret_path, e);
    if (r == 0 && *ret_path != NULL && (*ret_path)[0] != '/')
        return err_set(e, ERR_INVALID, "%s must be an absolute path", key);
    return r;
}

static int get_bytes(const struct json_t *doc, const char *key, uint64_t *ret_bytes, struct err *e)
{
    int64_t value;
    int r = field_get_i64(doc, key, 0, INT64_MAX, &value, e);
    if (r == 0)
        *ret_bytes = (uint64_t)value;
    return r;
}

static int get_identity(const struct json_t *doc, struct run_spec *spec, struct err *e)
{
    size_t driver = DRIVER_OCI;
    int r = field_get_id(doc, "run", &spec->run, e);
    if (r == 0)
        r = field_get_u32(doc, "attempt", UINT32_MAX, &spec->attempt, e);
    if (r == 0)
        r = field_get_choice(doc, "driver", driver_kind_names, &driver, e);
    if (r == 0)
        spec->driver = (enum driver_kind)driver;
    if (r == 0)
        r = get_copy(doc, "hostname", false, &spec->hostname, e);
    return r;
}

static int get_process(const struct json_t *doc, struct run_spec *spec, struct err *e)
{
    int r = get_list(doc, "argv", spec->attempt == RUN_SPEC_BOX ? 0 : 1, &spec->argv, e);
    if (r == 0)
        r = get_list(doc, "env", 0, &spec->env, e);
    if (r == 0)
        r = get_list(doc, "secret_keys", 0, &spec->secret_keys, e);
    if (r == 0)
        r = get_path(doc, "cwd", false, &spec->cwd, e);
    if (r == 0)
        r = get_copy(doc, "user", false, &spec->user, e);
    return r;
}

static int get_places(const struct json_t *doc, struct run_spec *spec, struct err *e)
{
    bool is_oci = spec->driver == DRIVER_OCI;
    bool is_docker = spec->driver == DRIVER_DOCKER;
    int r = get_list(doc, "layers", is_oci ? 1 : 0, &spec->layers, e);
    if (r == 0)
        r = get_path(doc, "runtime", is_oci, &spec->runtime, e);
    if (r == 0)
        r = get_path(doc, "init", !is_docker, &spec->init, e);
    if (r == 0)
        r = get_copy(doc, "image", is_docker, &spec->image, e);
    if (r == 0)
        r = get_path(doc, "engine_socket", is_docker, &spec->engine_socket, e);
    if (r == 0)
        r = get_path(doc, "seccomp_bpf", false, &spec->seccomp_bpf, e);
    if (r == 0)
        r = get_path(doc, "cgroup", !is_docker, &spec->cgroup, e);
    if (r == 0)
        r = get_path(doc, "wake_socket", false, &spec->wake_socket, e);
    return r;
}

static int get_times(const struct json_t *doc, struct run_spec *spec, struct err *e)
{
    int64_t stop_signal = 0;
    int r = field_get_u32(doc, "timeout_seconds", UINT32_MAX, &spec->timeout_seconds, e);
    if (r == 0)
        r = field_get_u32(doc, "stop_grace_seconds", UINT32_MAX, &spec->stop_grace_seconds, e);
    if (r == 0)
        r = field_get_u32(doc, "start_timeout_seconds", UINT32_MAX, &spec->start_timeout_seconds,
                          e);
    if (r == 0)
        r = field_get_u32(doc, "wait_seconds", UINT32_MAX, &spec->wait_seconds, e);
    if (r == 0 && spec->attempt == RUN_SPEC_BOX && spec->wait_seconds == 0)
        r = err_set(e, ERR_INVALID, "wait_seconds must not be 0");
    if (r == 0)
        r = field_get_u32(doc, "lease_ms", UINT32_MAX, &spec->lease_ms, e);
    if (r == 0)
        r = field_get_i64(doc, "stop_signal", 1, 64, &stop_signal, e);
    if (r == 0)
        spec->stop_signal = (int)stop_signal;
    return r;
}

static int get_network(const struct json_t *doc, struct run_spec *spec, struct err *e)
{
    size_t network;
    int r = field_get_choice(doc, "network", network_names, &network, e);
    if (r == 0)
        r = get_copy(doc, "bridge", false, &spec->bridge, e);
    if (r == 0)
        r = get_copy(doc, "subnet", false, &spec->subnet, e);
    if (r == 0)
        spec->network = (enum run_network)network;
    return r;
}

static int get_limits(const struct json_t *doc, struct run_spec *spec, struct err *e)
{
    size_t sandbox;
    int r = get_bytes(doc, "memory_bytes", &spec->memory_bytes, e);
    if (r == 0)
        r = field_get_u32(doc, "cpu_milli", UINT32_MAX, &spec->cpu_milli, e);
    if (r == 0)
        r = field_get_u32(doc, "pids_limit", UINT32_MAX, &spec->pids_limit, e);
    if (r == 0)
        r = get_bytes(doc, "shm_size_bytes", &spec->shm_size_bytes, e);
    if (r == 0)
        r = get_bytes(doc, "disk_bytes", &spec->disk_bytes, e);
    if (r == 0)
        r = get_bytes(doc, "log_limit_bytes", &spec->log_limit_bytes, e);
    if (r == 0)
        r = get_bytes(doc, "log_rate_bytes", &spec->log_rate_bytes, e);
    if (r == 0)
        r = get_bytes(doc, "spool_limit_bytes", &spec->spool_limit_bytes, e);
    if (r == 0)
        r = field_get_bool(doc, "read_only", &spec->read_only, e);
    if (r == 0)
        r = field_get_choice(doc, "sandbox", sandbox_names, &sandbox, e);
    if (r == 0)
        spec->sandbox = (enum run_sandbox)sandbox;
    return r;
}

int run_spec_decode(const char *json, size_t n, struct run_spec *ret_spec, struct err *e)
{
    CLEANUP(field_doc_freep) struct json_t *doc = NULL;
    if (field_doc_parse(json, n, &doc, NULL) < 0)
        return err_set(e, ERR_INVALID, "run spec is no JSON object");

    int r = get_identity(doc, ret_spec, e);
    if (r == 0)
        r = get_process(doc, ret_spec, e);
    if (r == 0)
        r = get_places(doc, ret_spec, e);
    if (r == 0)
        r = get_times(doc, ret_spec, e);
    if (r == 0)
        r = get_limits(doc, ret_spec, e);
    if (r == 0)
        r = get_network(doc, ret_spec, e);
    if (r < 0) {
        run_spec_done(ret_spec);
        return err_wrap(e, "run spec");
    }
    return 0;
}
