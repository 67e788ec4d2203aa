/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/cgroup_make.h"

#include "drivers/cgroup_file.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GROUP_MODE 0755

#define CPU_PERIOD_US 100000
#define CPU_QUOTA_MIN_US 1000 /* the kernel takes no less */
#define CPU_SHARES_PER_CORE 1024
#define CPU_SHARES_MIN 2
#define CPU_SHARES_MAX 262144
#define CPU_WEIGHT_MAX 10000

typedef bool tree_fn(const char *tree, const char *path, void *ctx);

/* Call `fn` for every v1 tree until it returns false; the v2 tree of the hybrid layout controls
 * nothing, and its name may be covered. Returns whether all were true. */
static bool each_tree(const char *path, tree_fn *fn, void *ctx)
{
    DIR *root = opendir(CGROUP_ROOT);
    const struct dirent *entry;
    bool ok = root != NULL;
    while (ok && (entry = readdir(root)) != NULL) {
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
            strcmp(entry->d_name, CGROUP_HYBRID_V2_NAME) != 0)
            ok = fn(entry->d_name, path, ctx);
    }
    int errnum = errno;
    if (root != NULL)
        (void)closedir(root);
    errno = errnum;
    return ok;
}

/* v2: what the groups below may be limited by. Those that the host lacks are missed when a limit is
 * set. */
static void lend_controllers(const char *parent)
{
    static const char *const wanted[] = {"+cpu", "+memory", "+pids", "+io"};
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        (void)cgroup_file_write("", parent, "cgroup.subtree_control", wanted[i]);
}

/* v1: a group without processors and memory nodes takes no process. */
static void inherit_cpuset(const char *tree, const char *parent, const char *group)
{
    static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
    char text[4096];
    if (strcmp(tree, "cpuset") != 0)
        return;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (cgroup_file_read(tree, group, files[i], text, sizeof(text))[0] == '\n')
            (void)cgroup_file_write(tree, group, files[i],
                                    cgroup_file_read(tree, parent, files[i], text, sizeof(text)));
    }
}

static int make_group(const char *tree, const char *group)
{
    char name[PATH_MAX];
    int n = snprintf(name, sizeof(name), CGROUP_ROOT "/%s%s", tree, group);
    if (n < 0 || (size_t)n >= sizeof(name)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return mkdir(name, GROUP_MODE) == 0 || errno == EEXIST ? 0 : -1;
}

/* From the first name of `path` to its last. */
static bool make_in(const char *tree, const char *path, void *ctx)
{
    char parent[PATH_MAX] = "";
    char group[PATH_MAX];
    size_t whole = strlen(path);
    (void)ctx;
    assert(whole < sizeof(group));
    for (size_t n = 0; n < whole;) {
        n += 1 + strcspn(path + n + 1, "/");
        memcpy(group, path, n);
        group[n] = '\0';
        if (tree[0] == '\0')
            lend_controllers(parent);
        if (make_group(tree, group) < 0)
            return false;
        inherit_cpuset(tree, parent, group);
        memcpy(parent, group, n + 1);
    }
    return true;
}

/* A tree that is not ours to change, as others' are in a container, is left out; when it is one
 * that is needed, setting the limit fails. */
static bool make_in_tree(const char *tree, const char *path, void *ctx)
{
    return make_in(tree, path, ctx) || errno == EROFS || errno == EACCES || errno == EPERM;
}

int cgroup_make(enum cgroup_layout layout, const char *path, struct err *e)
{
    assert(cgroup_path_is_safe(path));
    if (strlen(path) >= PATH_MAX)
        return err_set(e, ERR_INVALID, "cgroup path too long");
    bool ok = layout == CGROUP_V2 ? make_in("", path, NULL) : each_tree(path, make_in_tree, NULL);
    return ok ? 0 : err_errno(e, errno, "make the control group %s", path);
}

static pid_t fork_into(int group_fd)
{
    struct clone_args args = {
        .flags = CLONE_INTO_CGROUP,
        .exit_signal = SIGCHLD,
        .cgroup = (unsigned)group_fd,
    };
    return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

pid_t cgroup_fork(enum cgroup_layout layout, const char *path)
{
    if (layout != CGROUP_V2)
        return fork();
    CLEANUP(fd_closep) int group = cgroup_file_open("", path, ".", O_PATH | O_DIRECTORY);
    return group < 0 ? -1 : fork_into(group);
}

static bool enter_in(const char *tree, const char *path, void *ctx)
{
    (void)ctx;
    return cgroup_file_write(tree, path, "tasks", "0") || errno == ENOENT; /* left out */
}

bool cgroup_enter(enum cgroup_layout layout, const char *path)
{
    return layout == CGROUP_V2 || each_tree(path, enter_in, NULL);
}

static int limit_memory(enum cgroup_layout layout, const char *path, uint64_t bytes, struct err *e)
{
    char text[24];
    if (layout == CGROUP_V2) {
        (void)cgroup_file_write("", path, "memory.swap.max", "0");
        return cgroup_file_set_number("", path, "memory.max", bytes, e);
    }
    int r = cgroup_file_set_number("memory", path, "memory.limit_in_bytes", bytes, e);
    if (r == 0 && snprintf(text, sizeof(text), "%" PRIu64, bytes) > 0)
        (void)cgroup_file_write("memory", path, "memory.memsw.limit_in_bytes", text);
    return r;
}

/* v2 counts from 1 to 10000 what v1 counts from 2 to 262144. */
static uint64_t weight_of(uint64_t shares)
{
    return 1 + (shares - CPU_SHARES_MIN) * (CPU_WEIGHT_MAX - 1) / (CPU_SHARES_MAX - CPU_SHARES_MIN);
}

static uint64_t between(uint64_t value, uint64_t min, uint64_t max)
{
    return value < min ? min : value > max ? max : value;
}

static int limit_cpu(enum cgroup_layout layout, const char *path, uint32_t milli, struct err *e)
{
    uint64_t quota =
        between((uint64_t)milli * CPU_PERIOD_US / 1000, CPU_QUOTA_MIN_US, (uint64_t)INT64_MAX);
    uint64_t shares =
        between((uint64_t)milli * CPU_SHARES_PER_CORE / 1000, CPU_SHARES_MIN, CPU_SHARES_MAX);
    if (layout == CGROUP_V2) {
        char text[48];
        (void)snprintf(text, sizeof(text), "%" PRIu64 " %d", quota, CPU_PERIOD_US);
        int r = cgroup_file_set("", path, "cpu.max", text, e);
        return r < 0 ? r : cgroup_file_set_number("", path, "cpu.weight", weight_of(shares), e);
    }
    int r = cgroup_file_set_number("cpu", path, "cpu.shares", shares, e);
    if (r == 0)
        r = cgroup_file_set_number("cpu", path, "cpu.cfs_period_us", CPU_PERIOD_US, e);
    return r < 0 ? r : cgroup_file_set_number("cpu", path, "cpu.cfs_quota_us", quota, e);
}

int cgroup_limit(enum cgroup_layout layout, const char *path, const struct cgroup_limits *limits,
                 struct err *e)
{
    int r = limits->memory_bytes == 0 ? 0 : limit_memory(layout, path, limits->memory_bytes, e);
    if (r == 0 && limits->cpu_milli != 0)
        r = limit_cpu(layout, path, limits->cpu_milli, e);
    if (r == 0 && limits->processes != 0)
        r = cgroup_file_set_number(layout == CGROUP_V2 ? "" : "pids", path, "pids.max",
                                   limits->processes, e);
    return r;
}

uint64_t cgroup_reset_use(enum cgroup_layout layout, const char *path)
{
    if (layout == CGROUP_V2) {
        struct cgroup_use use;
        cgroup_read_use(layout, path, &use);
        return use.cpu_us;
    }
    (void)cgroup_file_write("cpuacct", path, "cpuacct.usage", "0");
    (void)cgroup_file_write("memory", path, "memory.max_usage_in_bytes", "0");
    return 0;
}
