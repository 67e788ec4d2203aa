/* SPDX-License-Identifier: Apache-2.0
 *
 * Every name below CGROUP_ROOT is a tree on v1 (a symbolic link there is a second name of one); on
 * v2 CGROUP_ROOT itself is the only tree.
 */
#include "drivers/cgroup.h"

#include "base/parse.h"
#include "drivers/cgroup_file.h"
#include "drivers/process_io.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define NS_PER_US 1000

/* Enough for some fifty block devices. */
#define IO_TEXT_BYTES 8192

/* A look at the processes of a group takes some 10 us for each. */
#define IO_MEMBERS_MAX 256

/* The number after `key` and a blank at the start of a line, or with no key the whole text; 0 when
 * there is none. */
static uint64_t number_in(const char *text, const char *key)
{
    int64_t value = 0;
    if (key != NULL) {
        size_t n = strlen(key);
        while (strncmp(text, key, n) != 0 || text[n] != ' ') {
            text = strchr(text, '\n');
            if (text == NULL)
                return 0;
            text++;
        }
        text += n + 1;
    }
    if (parse_i64_n(text, strcspn(text, "\n"), 0, INT64_MAX, "counter", &value, NULL) < 0)
        return 0;
    return (uint64_t)value;
}

int cgroup_layout_find(enum cgroup_layout *ret_layout, struct err *e)
{
    struct statfs fs;
    if (statfs(CGROUP_ROOT, &fs) < 0)
        return err_errno(e, errno, "look at " CGROUP_ROOT);
    if (fs.f_type == CGROUP2_SUPER_MAGIC)
        *ret_layout = CGROUP_V2;
    else if (statfs(CGROUP_HYBRID_V2, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
        *ret_layout = CGROUP_HYBRID;
    else
        *ret_layout = CGROUP_V1;
    return 0;
}

bool cgroup_path_is_safe(const char *path)
{
    size_t names = 0;
    for (const char *at = path; *at == '/'; names++) {
        size_t n = strcspn(at + 1, "/");
        if (n == 0 || (n == 1 && at[1] == '.') || (n == 2 && at[1] == '.' && at[2] == '.'))
            return false;
        at += 1 + n;
    }
    return path[0] == '/' && names >= 2;
}

/* The tree to find a v1 group's processes in: any controller's would do; these are never absent
 * together. */
static const char *tree_of_processes(enum cgroup_layout layout, const char *path)
{
    static const char *const candidates[] = {"freezer", "pids", "memory", "devices", "cpu"};
    if (layout == CGROUP_V2)
        return "";
    for (size_t i = 0; i < ARRAY_LEN(candidates); i++) {
        CLEANUP(fd_closep) int fd = cgroup_file_open(candidates[i], path, "cgroup.procs", O_RDONLY);
        if (fd >= 0)
            return candidates[i];
    }
    return "freezer";
}

static bool each_listed(const char *tree, const char *path, cgroup_process_fn *fn, void *ctx)
{
    CLEANUP(fd_closep) int fd = cgroup_file_open(tree, path, "cgroup.procs", O_RDONLY);
    CLEANUP(file_closep) FILE *list = fd < 0 ? NULL : fdopen(TAKE_FD(fd), "re");
    char line[32];
    bool any = false;
    while (list != NULL && fgets(line, sizeof(line), list) != NULL) {
        uint64_t pid = number_in(line, NULL);
        if (pid == 0 || pid > INT_MAX)
            continue;
        any = true;
        fn((pid_t)pid, ctx);
    }
    return any;
}

void cgroup_each_process(enum cgroup_layout layout, const char *path, cgroup_process_fn *fn,
                         void *ctx)
{
    (void)each_listed(tree_of_processes(layout, path), path, fn, ctx);
}

static void kill_one(pid_t pid, void *ctx)
{
    (void)ctx;
    (void)kill(pid, SIGKILL);
}

bool cgroup_kill(enum cgroup_layout layout, const char *path)
{
    assert(cgroup_path_is_safe(path));
    const char *tree = tree_of_processes(layout, path);
    if (layout == CGROUP_V2 && cgroup_file_write("", path, "cgroup.kill", "1")) {
        char events[256];
        return number_in(cgroup_file_read("", path, "cgroup.events", events, sizeof(events)),
                         "populated") > 0;
    }

    bool frozen =
        layout != CGROUP_V2 && cgroup_file_write("freezer", path, "freezer.state", "FROZEN");
    bool any = each_listed(tree, path, kill_one, NULL);
    if (frozen)
        (void)cgroup_file_write("freezer", path, "freezer.state", "THAWED");
    return any;
}

/* Over all devices, the numbers after `key`: "8:0 rbytes=4096 wbytes=0 ...". */
static uint64_t sum_in(const char *text, const char *key)
{
    uint64_t sum = 0;
    size_t n = strlen(key);
    while ((text = strstr(text, key)) != NULL) {
        int64_t value = 0;
        text += n;
        if (parse_i64_n(text, strspn(text, "0123456789"), 0, INT64_MAX, "bytes", &value, NULL) == 0)
            sum += (uint64_t)value;
    }
    return sum;
}

/* Of the processes that are there: on v1, where the group itself is told nothing. */
static struct process_io sum_members(enum cgroup_layout layout, const char *path)
{
    struct process_io sum = {0};
    CLEANUP(fd_closep)
    int fd = cgroup_file_open(tree_of_processes(layout, path), path, "cgroup.procs", O_RDONLY);
    CLEANUP(file_closep) FILE *list = fd < 0 ? NULL : fdopen(TAKE_FD(fd), "re");
    char line[32];
    for (int i = 0; i < IO_MEMBERS_MAX && list != NULL && fgets(line, sizeof(line), list) != NULL;
         i++)
        process_io_add(&sum, (pid_t)number_in(line, NULL));
    return sum;
}

static void read_io(enum cgroup_layout layout, const char *path, struct cgroup_use *use)
{
    char text[IO_TEXT_BYTES];
    if (layout == CGROUP_V2) {
        (void)cgroup_file_read("", path, "io.stat", text, sizeof(text));
        use->io_read_bytes = sum_in(text, " rbytes=");
        use->io_write_bytes = sum_in(text, " wbytes=");
    } else {
        struct process_io sum = sum_members(layout, path);
        use->io_read_bytes = sum.read_bytes;
        use->io_write_bytes = sum.write_bytes;
    }
}

bool cgroup_read_now(enum cgroup_layout layout, const char *path, struct cgroup_now *ret_now)
{
    char text[64];
    bool is_v2 = layout == CGROUP_V2;
    (void)cgroup_file_read(is_v2 ? "" : "memory", path,
                           is_v2 ? "memory.current" : "memory.usage_in_bytes", text, sizeof(text));
    if (text[0] == '\0')
        return false;
    ret_now->memory_bytes = number_in(text, NULL);
    ret_now->processes = number_in(
        cgroup_file_read(is_v2 ? "" : "pids", path, "pids.current", text, sizeof(text)), NULL);
    return true;
}

void cgroup_read_use(enum cgroup_layout layout, const char *path, struct cgroup_use *ret_use)
{
    char text[1024];
    struct cgroup_use use = {0};
    if (layout == CGROUP_V2) {
        use.cpu_us =
            number_in(cgroup_file_read("", path, "cpu.stat", text, sizeof(text)), "usage_usec");
        use.memory_peak_bytes =
            number_in(cgroup_file_read("", path, "memory.peak", text, sizeof(text)), NULL);
        use.oom_kills =
            number_in(cgroup_file_read("", path, "memory.events", text, sizeof(text)), "oom_kill");
    } else {
        use.cpu_us =
            number_in(cgroup_file_read("cpuacct", path, "cpuacct.usage", text, sizeof(text)),
                      NULL) /
            NS_PER_US;
        use.memory_peak_bytes = number_in(
            cgroup_file_read("memory", path, "memory.max_usage_in_bytes", text, sizeof(text)),
            NULL);
        use.oom_kills = number_in(
            cgroup_file_read("memory", path, "memory.oom_control", text, sizeof(text)), "oom_kill");
    }
    read_io(layout, path, &use);
    *ret_use = use;
}

/* A runtime or a privileged container may have made groups below. */
static int remove_group(const char *group)
{
    if (rmdir(group) == 0 || errno == ENOENT)
        return 0;
    int first = errno;
    DIR *dir = opendir(group);
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char below[PATH_MAX];
        int n = snprintf(below, sizeof(below), "%s/%s", group, entry->d_name);
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.' && n > 0 && n < PATH_MAX)
            (void)remove_group(below);
    }
    if (dir != NULL)
        (void)closedir(dir);
    if (rmdir(group) == 0 || errno == ENOENT)
        return 0;
    return -first;
}

static int remove_in(const char *tree, const char *path, struct err *e)
{
    char group[PATH_MAX];
    int n = snprintf(group, sizeof(group), CGROUP_ROOT "/%s%s", tree, path);
    if (n < 0 || (size_t)n >= sizeof(group))
        return err_set(e, ERR_INVALID, "cgroup path too long");
    int r = remove_group(group);
    return r < 0 ? err_errno(e, -r, "remove %s", group) : 0;
}

/* A driver may have hidden the v2 tree of the hybrid layout from its runtime, and from us. */
static bool is_covered(const char *tree)
{
    struct statfs fs;
    return strcmp(tree, CGROUP_HYBRID_V2_NAME) == 0 &&
           (statfs(CGROUP_HYBRID_V2, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC);
}

int cgroup_remove(enum cgroup_layout layout, const char *path, struct err *e)
{
    assert(cgroup_path_is_safe(path));
    if (layout == CGROUP_V2)
        return remove_in("", path, e);

    DIR *root = opendir(CGROUP_ROOT);
    if (root == NULL)
        return err_errno(e, errno, "open " CGROUP_ROOT);
    int r = 0;
    const struct dirent *tree;
    while ((tree = readdir(root)) != NULL) {
        if (tree->d_type != DT_DIR || tree->d_name[0] == '.' || is_covered(tree->d_name))
            continue;
        int one = remove_in(tree->d_name, path, r == 0 ? e : NULL);
        if (r == 0)
            r = one;
    }
    (void)closedir(root);
    return r;
}

static void each_in(const char *tree, const char *parent, cgroup_fn *found, void *ctx)
{
    char group[PATH_MAX];
    int n = snprintf(group, sizeof(group), CGROUP_ROOT "/%s%s", tree, parent);
    DIR *dir = n > 0 && (size_t)n < sizeof(group) ? opendir(group) : NULL;
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            found(ctx, entry->d_name);
    if (dir != NULL)
        (void)closedir(dir);
}

void cgroup_each_below(enum cgroup_layout layout, const char *parent, cgroup_fn *found, void *ctx)
{
    assert(cgroup_path_is_safe(parent));
    if (layout == CGROUP_V2) {
        each_in("", parent, found, ctx);
        return;
    }
    DIR *root = opendir(CGROUP_ROOT);
    const struct dirent *tree;
    while (root != NULL && (tree = readdir(root)) != NULL)
        if (tree->d_type == DT_DIR && tree->d_name[0] != '.')
            each_in(tree->d_name, parent, found, ctx);
    if (root != NULL)
        (void)closedir(root);
}
