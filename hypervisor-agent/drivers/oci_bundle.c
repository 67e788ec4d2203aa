/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/oci_bundle.h"

#include "base/file.h"
#include "drivers/isolation.h"
#include "drivers/oci_config.h"
#include "drivers/oci_runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define CONFIG_FILE ROOTFS_SCRATCH "/config.json"
#define CONFIG_MAX_BYTES ((size_t)128 * 1024)
#define PROGRAM_MAX_BYTES ((size_t)64 * 1024)
#define HOSTNAME_FROM_ID 12
#define HOSTNAME_BYTES 65

static void choose_hostname(const struct run_spec *spec, char *hostname)
{
    const char *text = spec->hostname != NULL ? spec->hostname : ID_TEXT(spec->run);
    size_t max = spec->hostname != NULL ? HOSTNAME_BYTES - 1 : HOSTNAME_FROM_ID;
    size_t n = strnlen(text, max);
    memcpy(hostname, text, n);
    hostname[n] = '\0';
}

static int write_config(const struct buf *config, struct err *e)
{
    CLEANUP(fd_closep) int fd = open(CONFIG_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(e, errno, "create " CONFIG_FILE);
    if (write(fd, config->data, config->len) != (ssize_t)config->len)
        return err_errno(e, ENOSPC, "write " CONFIG_FILE);
    return 0;
}

static int make_config(const struct run_spec *spec, const char *hostname, bool bind_etc,
                       struct err *e)
{
    CLEANUP(buf_done) struct buf program;
    CLEANUP(buf_done) struct buf config;
    buf_init(&program, PROGRAM_MAX_BYTES);
    buf_init(&config, CONFIG_MAX_BYTES);

    bool compiled = spec->seccomp_bpf != NULL && oci_runtime_is_crun(spec->runtime);
    int r = compiled ? file_read(spec->seccomp_bpf, &program, e) : 0;
    if (r < 0)
        return r;
    oci_config_put(&config, &(struct oci_config){.spec = spec,
                                                 .hostname = hostname,
                                                 .bind_etc = bind_etc,
                                                 .seccomp_program = compiled ? &program : NULL});
    if (!buf_ok(&config))
        return err_set(e, ERR_LIMIT, CONFIG_FILE " is larger than %zu bytes", config.max_bytes);
    return write_config(&config, e);
}

/* crun 1.8 refuses a host where both kinds are mounted; the v2 tree of such a host controls
 * nothing. Covered, not unmounted: crun makes its group there even so, and what it makes in the
 * cover goes with our mount namespace. */
static int cover_hybrid_tree(struct err *e)
{
    if (mount("errand", CGROUP_HYBRID_V2, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=64k") <
        0)
        return err_errno(e, errno, "cover " CGROUP_HYBRID_V2);
    return 0;
}

int oci_bundle_make(const struct run_spec *spec, enum cgroup_layout layout, struct err *e)
{
    char hostname[HOSTNAME_BYTES];
    bool bind_etc = false;
    choose_hostname(spec, hostname);
    int r = rootfs_unshare(e);
    if (r == 0 && layout == CGROUP_HYBRID && oci_runtime_is_crun(spec->runtime))
        r = cover_hybrid_tree(e);
    if (r == 0)
        r = rootfs_make(spec, hostname, &bind_etc, e);
    if (r == 0)
        r = make_config(spec, hostname, bind_etc, e);
    return r;
}

const char *oci_bundle_path(const struct run_spec *spec)
{
    return isolation_of(spec->sandbox)->user_namespace ? ROOTFS_PASSAGE : ROOTFS_SCRATCH;
}

int oci_bundle_remove(struct err *e)
{
    return rootfs_remove(e);
}
