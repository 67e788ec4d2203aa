/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/docker_request.h"

#include "wire/field.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define SHM_DEFAULT_BYTES (UINT64_C(64) << 20)
#define OPEN_FILES_SOFT 1024
#define OPEN_FILES_HARD 524288
#define CPU_SHARES_PER_CORE 1024
#define CPU_SHARES_MIN 2
#define NANO_PER_MILLI 1000000
#define HOSTNAME_FROM_ID 12

void docker_name(struct id run, uint32_t attempt, char *name)
{
    if (snprintf(name, DOCKER_NAME_BYTES, "errand-%s-%u", ID_TEXT(run), attempt) < 0)
        name[0] = '\0';
}

static void put_list(struct buf *b, const char *key, const struct text_list *list)
{
    static const char *const none[] = {NULL};
    field_put_texts(b, key, list->n == 0 ? none : (const char *const *)list->items, list->n);
}

static void put_hostname(struct buf *b, const struct run_spec *spec)
{
    char short_id[HOSTNAME_FROM_ID + 1];
    memcpy(short_id, ID_TEXT(spec->run), HOSTNAME_FROM_ID);
    short_id[HOSTNAME_FROM_ID] = '\0';
    field_put_text(b, "Hostname", spec->hostname != NULL ? spec->hostname : short_id);
}

static void put_labels(struct buf *b, const struct run_spec *spec, const char *run_dir)
{
    char attempt[16];
    (void)snprintf(attempt, sizeof(attempt), "%u", spec->attempt);
    field_put_key(b, "Labels");
    buf_add_char(b, '{');
    field_put_id(b, DOCKER_LABEL_RUN, spec->run);
    field_put_text(b, DOCKER_LABEL_ATTEMPT, attempt);
    field_put_text(b, DOCKER_LABEL_RUN_DIR, run_dir);
    buf_add_char(b, '}');
}

static void put_limits(struct buf *b, const struct run_spec *spec)
{
    if (spec->memory_bytes > 0) {
        field_put_i64(b, "Memory", (int64_t)spec->memory_bytes);
        field_put_i64(b, "MemorySwap", (int64_t)spec->memory_bytes);
    }
    if (spec->cpu_milli > 0) {
        int64_t shares = (int64_t)spec->cpu_milli * CPU_SHARES_PER_CORE / 1000;
        field_put_i64(b, "NanoCpus", (int64_t)spec->cpu_milli * NANO_PER_MILLI);
        field_put_i64(b, "CpuShares", shares < CPU_SHARES_MIN ? CPU_SHARES_MIN : shares);
    }
    /* the engine's init is one more than the user asked for */
    if (spec->pids_limit > 0)
        field_put_i64(b, "PidsLimit", (int64_t)spec->pids_limit + 1);
    field_put_i64(b, "ShmSize",
                  (int64_t)(spec->shm_size_bytes == 0 ? SHM_DEFAULT_BYTES : spec->shm_size_bytes));
}

static void put_ulimits(struct buf *b)
{
    struct rlimit own = {.rlim_max = OPEN_FILES_SOFT};
    (void)getrlimit(RLIMIT_NOFILE, &own);
    rlim_t hard = own.rlim_max < OPEN_FILES_HARD ? own.rlim_max : OPEN_FILES_HARD;
    rlim_t soft = hard < OPEN_FILES_SOFT ? hard : OPEN_FILES_SOFT;
    field_put_key(b, "Ulimits");
    buf_printf(b,
               "[{\"Name\":\"nofile\",\"Soft\":%ju,\"Hard\":%ju},"
               "{\"Name\":\"core\",\"Soft\":0,\"Hard\":0}",
               (uintmax_t)soft, (uintmax_t)hard);
    /* Podman would ask for more than a confined engine may give */
    if (getrlimit(RLIMIT_NPROC, &own) == 0 && own.rlim_max != RLIM_INFINITY)
        buf_printf(b, ",{\"Name\":\"nproc\",\"Soft\":%ju,\"Hard\":%ju}", (uintmax_t)own.rlim_max,
                   (uintmax_t)own.rlim_max);
    buf_add_char(b, ']');
}

static void put_host(struct buf *b, const struct run_spec *spec)
{
    static const char *const no_privileges[] = {"no-new-privileges"};
    static const char *const more[] = {"NET_ADMIN", "SYS_PTRACE", "IPC_LOCK"};
    bool is_trusted = spec->sandbox == RUN_SANDBOX_TRUSTED;
    field_put_key(b, "HostConfig");
    buf_add_char(b, '{');
    field_put_bool(b, "Init", true);
    field_put_text(b, "NetworkMode", spec->network == RUN_NETWORK_NONE ? "none" : "bridge");
    field_put_bool(b, "ReadonlyRootfs", spec->read_only);
    field_put_bool(b, "Privileged", false);
    field_put_text(b, "IpcMode", "private");
    field_put_texts(b, "SecurityOpt", no_privileges, is_trusted ? 0 : 1);
    field_put_texts(b, "CapAdd", more, is_trusted ? ARRAY_LEN(more) : 0);
    field_put_text(b, "CgroupParent", spec->cgroup == NULL ? "" : spec->cgroup);
    field_put_key(b, "LogConfig");
    buf_add_text(b, "{\"Type\":\"none\"}");
    field_put_key(b, "RestartPolicy");
    buf_add_text(b, "{\"Name\":\"no\"}");
    put_limits(b, spec);
    put_ulimits(b);
    buf_add_char(b, '}');
}

void docker_request_put(struct buf *b, const struct run_spec *spec, const char *run_dir)
{
    buf_add_char(b, '{');
    field_put_text(b, "Image", spec->image);
    put_list(b, "Entrypoint", &spec->argv);
    field_put_key(b, "Cmd");
    buf_add_text(b, "[]");
    put_list(b, "Env", &spec->env);
    field_put_text(b, "WorkingDir", spec->cwd == NULL ? "/" : spec->cwd);
    field_put_text(b, "User", spec->user == NULL ? "0" : spec->user);
    put_hostname(b, spec);
    field_put_bool(b, "AttachStdin", false);
    field_put_bool(b, "AttachStdout", true);
    field_put_bool(b, "AttachStderr", true);
    field_put_bool(b, "OpenStdin", false);
    field_put_bool(b, "Tty", false);
    field_put_key(b, "Healthcheck");
    buf_add_text(b, "{\"Test\":[\"NONE\"]}");
    put_labels(b, spec, run_dir);
    put_host(b, spec);
    buf_add_char(b, '}');
}
