/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/host_checks.h"

#include "base/file.h"
#include "base/parse.h"
#include "doctor/driver_checks.h"
#include "doctor/trial.h"
#include "drivers/cgroup.h"
#include "drivers/id_map.h"
#include "drivers/isolation.h"
#include "host_facts.h"
#include "host_network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define VERSION_MAX_BYTES 80
#define MIB (INT64_C(1) << 20)
#define INODES_LOW 10000
#define ROUTE_TO_COLUMN 1
#define ROUTE_MASK_COLUMN 7

static void check_user(struct findings *findings)
{
    if (geteuid() == 0)
        findings_add(findings, "root", FINDING_OK, NULL, "runs as root");
    else
        findings_add(findings, "root", FINDING_FAIL, "run errand-agent as root",
                     "runs as user %u, who may not make containers", (unsigned)geteuid());
}

/* programs */

/* The first line `program --version` prints, or "". */
static void ask_version(const char *program, char version[VERSION_MAX_BYTES])
{
    char command[] = "--version";
    CLEANUP(freep) char *copy = strdup(program);
    int pipes[2];
    version[0] = '\0';
    if (copy == NULL || pipe2(pipes, O_CLOEXEC) < 0)
        return;
    pid_t pid = fork();
    if (pid == 0) {
        char *argv[] = {copy, command, NULL};
        (void)dup2(pipes[1], STDOUT_FILENO);
        (void)execv(program, argv);
        _exit(127);
    }
    (void)close(pipes[1]);
    CLEANUP(file_closep) FILE *out = fdopen(pipes[0], "re");
    if (out == NULL || fgets(version, VERSION_MAX_BYTES, out) == NULL)
        version[0] = '\0';
    version[strcspn(version, "\n")] = '\0';
}

static int find_runtime(const struct settings *settings, char **ret_path, struct err *e)
{
    static const char *const names[] = {"crun", "runc", NULL};
    const char *given = settings_text(settings, "runtime");
    if (strcmp(given, "auto") == 0)
        return host_facts_find_program(names, ret_path, e);
    if (access(given, X_OK) < 0)
        return err_errno(e, errno, "runtime %s", given);
    *ret_path = strdup(given);
    return *ret_path == NULL ? err_errno(e, ENOMEM, "runtime") : 0;
}

static void check_runtime(const struct settings *settings, struct findings *findings)
{
    static const char install[] = "install one of them: apt-get install crun";
    char version[VERSION_MAX_BYTES];
    struct err e;
    CLEANUP(freep) char *path = NULL;
    if (find_runtime(settings, &path, &e) < 0) {
        findings_add(findings, "runtime", FINDING_FAIL, install, "%s", e.msg);
        return;
    }
    ask_version(path, version);
    if (version[0] == '\0')
        findings_add(findings, "runtime", FINDING_FAIL, install, "%s does not say its version",
                     path);
    else if (strstr(path, "crun") == NULL)
        findings_add(findings, "runtime", FINDING_WARN,
                     "install crun, which starts a container in a third of the time",
                     "%s (%s), no crun", path, version);
    else
        findings_add(findings, "runtime", FINDING_OK, NULL, "%s (%s)", path, version);
}

/* control groups */

static bool has_v1(const char *controller)
{
    char path[PATH_MAX];
    return snprintf(path, sizeof(path), CGROUP_ROOT "/%s/cgroup.procs", controller) > 0 &&
           access(path, F_OK) == 0;
}

static bool has_v2(const char *controller)
{
    struct err e;
    CLEANUP(buf_done) struct buf text;
    buf_init(&text, 4096);
    if (file_read(CGROUP_ROOT "/cgroup.controllers", &text, &e) < 0)
        return false;
    size_t n = strlen(controller);
    for (const char *at = buf_text(&text); (at = strstr(at, controller)) != NULL; at += n) {
        if ((at == text.data || at[-1] == ' ') && strchr(" \n", at[n]) != NULL)
            return true;
    }
    return false;
}

static void check_cgroups(struct findings *findings)
{
    static const char *const layouts[] = {
        [CGROUP_V1] = "v1", [CGROUP_V2] = "v2", [CGROUP_HYBRID] = "v1 and v2 (hybrid)"};
    static const char *const v1[] = {"memory", "cpu", "pids", "devices", "freezer", "cpuacct"};
    static const char *const v2[] = {"memory", "cpu", "pids"};
    static const char fix[] =
        "give the kernel the missing controllers: for memory on Debian and Raspberry Pi OS, "
        "\"cgroup_enable=memory\" on the kernel's command line; in a container of its own, the "
        "agent needs a writable /sys/fs/cgroup";
    struct err e;
    enum cgroup_layout layout;
    char missing[128] = "";
    if (cgroup_layout_find(&layout, &e) < 0) {
        findings_add(findings, "cgroups", FINDING_FAIL, fix, "%s", e.msg);
        return;
    }
    bool is_v2 = layout == CGROUP_V2;
    const char *const *needed = is_v2 ? v2 : v1;
    for (size_t i = 0; i < (is_v2 ? ARRAY_LEN(v2) : ARRAY_LEN(v1)); i++) {
        size_t n = strlen(missing);
        if (!(is_v2 ? has_v2(needed[i]) : has_v1(needed[i])))
            (void)snprintf(missing + n, sizeof(missing) - n, " %s", needed[i]);
    }
    if (missing[0] != '\0')
        findings_add(findings, "cgroups", FINDING_FAIL, fix, "layout %s without:%s",
                     layouts[layout], missing);
    else
        findings_add(findings, "cgroups", FINDING_OK, NULL, "layout %s with all controllers",
                     layouts[layout]);
}

/* Whether a memory limit is one, although there is swap. */
static void check_swap(struct findings *findings)
{
    struct err e;
    CLEANUP(buf_done) struct buf swaps;
    buf_init(&swaps, 64 << 10);
    bool is_on = file_read("/proc/swaps", &swaps, &e) == 0 && strstr(buf_text(&swaps), "\n/");
    bool accounted = access(CGROUP_ROOT "/memory/memory.memsw.limit_in_bytes", F_OK) == 0 ||
                     access(CGROUP_ROOT "/system.slice/memory.swap.max", F_OK) == 0;
    if (!is_on)
        findings_add(findings, "swap", FINDING_OK, NULL, "none: memory limits are exact");
    else if (accounted)
        findings_add(findings, "swap", FINDING_OK, NULL, "on, and closed to containers");
    else
        findings_add(findings, "swap", FINDING_WARN,
                     "\"swapaccount=1\" on the kernel's command line, or swapoff -a",
                     "on, and the kernel does not account for it: runs may use it beyond their "
                     "memory limit");
}

/* what is mounted */

/* The data directory, or the nearest directory above it that exists already. */
static void existing_dir(const struct settings *settings, char path[PATH_MAX])
{
    struct stat st;
    (void)snprintf(path, PATH_MAX, "%s", settings_text(settings, "data_dir"));
    while (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
        char *slash = strrchr(path, '/');
        if (slash == NULL || slash == path) {
            (void)snprintf(path, PATH_MAX, "%s", slash == NULL ? "." : "/");
            return;
        }
        *slash = '\0';
    }
}

struct place {
    char dir[PATH_MAX];
    bool shifted; /* owners, as in a user namespace */
};

static int make_in(const char *dir, const char *name, char path[PATH_MAX], struct err *e)
{
    int n = snprintf(path, PATH_MAX, "%s/%s", dir, name);
    if (n < 0 || n >= PATH_MAX || mkdir(path, 0700) < 0)
        return err_errno(e, errno, "make a directory in %s", dir);
    return 0;
}

static int try_overlay(const char *lower, const char *upper, const char *work, const char *merged,
                       struct err *e)
{
    char options[4 * PATH_MAX];
    (void)snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s", lower, upper,
                   work);
    if (mount("overlay", merged, "overlay", 0, options) < 0)
        return err_errno(e, errno, "mount an overlay");
    return umount(merged) < 0 ? err_errno(e, errno, "unmount an overlay") : 0;
}

/* As rootfs.c does it; `top` is removed by the caller. */
static int try_mounts_in(const char *top, bool shifted, struct err *e)
{
    char paths[5][PATH_MAX];
    static const char *const names[] = {"lower", "upper", "work", "merged", "shifted"};
    int r = 0;
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(names); i++)
        r = make_in(top, names[i], paths[i], e);
    if (r == 0 && shifted) {
        CLEANUP(fd_closep) int fd = -1;
        r = id_map_open(isolation_first_id((struct id){{0}}), ISOLATION_IDS, &fd, e);
        if (r == 0)
            r = id_map_mount(fd, paths[0], paths[4], e);
    }
    if (r == 0)
        r = try_overlay(shifted ? paths[4] : paths[0], paths[1], paths[2], paths[3], e);
    if (shifted)
        (void)umount2(paths[4], MNT_DETACH);
    return r;
}

static int try_mounts(const void *ctx, struct err *e)
{
    const struct place *place = ctx;
    char top[PATH_MAX];
    int n = snprintf(top, sizeof(top), "%s/.doctor-XXXXXX", place->dir);
    if (n < 0 || n >= PATH_MAX || mkdtemp(top) == NULL)
        return err_errno(e, errno, "write in %s", place->dir);
    int r = try_mounts_in(top, place->shifted, e);
    IGNORE(dir_remove(top, NULL));
    return r;
}

static void check_mounts(const struct settings *settings, struct findings *findings)
{
    struct err e;
    struct place place = {.shifted = false};
    existing_dir(settings, place.dir);
    int r = trial_run(try_mounts, &place, CLONE_NEWNS, &e);
    findings_judge(findings, "overlayfs", r, &e, "works in the data directory", FINDING_FAIL,
                   "put data_dir on a local file system (ext4, xfs, btrfs), not on an overlay or "
                   "NFS, and load the module: modprobe overlay");
    place.shifted = true;
    r = trial_run(try_mounts, &place, CLONE_NEWNS, &e);
    findings_judge(findings, "user namespaces", r, &e, "work, with id-mapped layers", FINDING_WARN,
                   "runs with sandbox \"untrusted\" fail to start here: they need Linux 5.19, "
                   "data_dir on ext4, xfs or btrfs, and sysctl user.max_user_namespaces above 0");
}

static void check_seccomp(struct findings *findings)
{
    uint32_t action = SECCOMP_RET_ERRNO;
    if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0)
        findings_add(findings, "seccomp", FINDING_OK, NULL, "system calls can be filtered");
    else
        findings_add(findings, "seccomp", FINDING_FAIL,
                     "use a kernel with CONFIG_SECCOMP_FILTER; in a container of its own, give the "
                     "agent a profile that allows seccomp(2)",
                     "system calls cannot be filtered: %s", strerrordesc_np(errno));
}

/* network */

struct network {
    const char *bridge;
    struct subnet subnet;
};

/* In a network namespace nobody else sees. */
static int try_network(const void *ctx, struct err *e)
{
    const struct network *network = ctx;
    return host_network_make(network->bridge, &network->subnet, e);
}

/* A column of /proc/net/route: an address as the kernel keeps it, in hexadecimal. */
static uint32_t route_address(const char *line, int column)
{
    for (; column > 0 && line != NULL; column--)
        line = strchr(line, '\t') == NULL ? NULL : strchr(line, '\t') + 1;
    return line == NULL ? 0 : ntohl((uint32_t)strtoul(line, NULL, 16));
}

/* A route that shares addresses with the subnet and is not the bridge's own: its device's name, or
 * "". */
static void find_overlap(const struct network *network, char device[IFNAMSIZ])
{
    CLEANUP(file_closep) FILE *routes = fopen("/proc/net/route", "re");
    char line[256];
    uint32_t own_mask = ~(UINT32_MAX >> network->subnet.prefix);
    device[0] = '\0';
    while (routes != NULL && fgets(line, sizeof(line), routes) != NULL) {
        size_t n = strcspn(line, "\t");
        uint32_t mask = own_mask & route_address(line, ROUTE_MASK_COLUMN);
        if (mask == 0 || n >= IFNAMSIZ ||
            (route_address(line, ROUTE_TO_COLUMN) & mask) != (network->subnet.first & mask) ||
            (n == strlen(network->bridge) && memcmp(line, network->bridge, n) == 0))
            continue;
        memcpy(device, line, n);
        device[n] = '\0';
        return;
    }
}

static void check_network(const struct settings *settings, struct findings *findings)
{
    static const char fix[] =
        "runs with network \"bridge\", which is the default, fail to start here: apt-get install "
        "nftables, and a kernel with bridge, veth and nf_tables";
    struct err e;
    char device[IFNAMSIZ];
    struct network network = {.bridge = settings_text(settings, "network_bridge")};
    if (strcmp(network.bridge, "none") == 0) {
        findings_add(findings, "network", FINDING_WARN,
                     "runs with network \"bridge\", which is the default, fail to start here",
                     "switched off by network_bridge=none");
        return;
    }
    int r = subnet_parse(settings_text(settings, "network_subnet"), &network.subnet, &e);
    if (r == 0)
        r = trial_run(try_network, &network, CLONE_NEWNET, &e);
    findings_judge(findings, "network", r, &e, "bridge and packet filter can be made", FINDING_WARN,
                   fix);
    if (r < 0)
        return;
    find_overlap(&network, device);
    if (device[0] != '\0')
        findings_add(findings, "subnet", FINDING_WARN,
                     "choose another network_subnet, or containers cannot reach what is there",
                     "%s leads through %s already", settings_text(settings, "network_subnet"),
                     device);
    else
        findings_add(findings, "subnet", FINDING_OK, NULL, "%s is free",
                     settings_text(settings, "network_subnet"));
}

/* room */

static void check_disk(const struct settings *settings, struct findings *findings)
{
    static const char fix[] = "make room, move data_dir to a larger disk, or lower disk_floor_mb";
    char dir[PATH_MAX];
    struct statvfs fs;
    int64_t floor_mb = settings_int(settings, "disk_floor_mb");
    existing_dir(settings, dir);
    if (statvfs(dir, &fs) < 0) {
        findings_add(findings, "disk", FINDING_FAIL, fix, "%s: %s", dir, strerrordesc_np(errno));
        return;
    }
    int64_t free_mb = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize / MIB;
    enum finding_level level = free_mb < floor_mb       ? FINDING_FAIL
                               : free_mb < 2 * floor_mb ? FINDING_WARN
                                                        : FINDING_OK;
    if (level == FINDING_OK && fs.f_files > 0 && fs.f_favail < INODES_LOW)
        level = FINDING_WARN;
    findings_add(findings, "disk", level, level == FINDING_OK ? NULL : fix,
                 "%lld MB and %llu files free in %s; images leave %lld MB", (long long)free_mb,
                 (unsigned long long)fs.f_favail, dir, (long long)floor_mb);
}

static void check_memory(const struct settings *settings, struct findings *findings)
{
    struct err e;
    uint32_t mb = (uint32_t)settings_int(settings, "mem_total_mb");
    uint32_t has_mb = 0;
    if (host_facts_memory_mb(&has_mb, &e) < 0)
        findings_add(findings, "memory", FINDING_FAIL, NULL, "%s", e.msg);
    else if (mb > has_mb)
        findings_add(findings, "memory", FINDING_WARN,
                     "lower mem_total_mb, or leave it to the agent",
                     "%u MB are offered to runs; with a reserve there are %u", mb, has_mb);
    else
        findings_add(findings, "memory", FINDING_OK, NULL, "%u MB for runs, %g cores",
                     mb != 0 ? mb : has_mb, host_facts_cpu());
}

static void check_sandbox(const struct settings *settings, struct findings *findings)
{
    check_user(findings);
    check_runtime(settings, findings);
    check_cgroups(findings);
    check_swap(findings);
    check_mounts(settings, findings);
    check_seccomp(findings);
    check_network(settings, findings);
}

void host_checks_run(const struct settings *settings, struct findings *findings)
{
    bool is_oci = driver_checks_kind(settings) == DRIVER_OCI;
    driver_checks_run(settings, findings);
    if (is_oci)
        check_sandbox(settings, findings);
    check_disk(settings, findings);
    check_memory(settings, findings);
}
