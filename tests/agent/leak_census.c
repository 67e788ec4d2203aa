/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/leak_census.h"

#include "support/test.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/parse.h"
#include "drivers/address_lease.h"
#include "drivers/cgroup.h"
#include "leftovers.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX_BYTES ((size_t)4 << 20)

/* nftw() passes nothing on. */
static struct {
    const struct id *runs;
    size_t n;
    size_t found;
    char parent[LEFTOVERS_PARENT_BYTES + 1]; /* of all groups of the agent, and a slash */
} search;

static bool names_a_run(const char *text)
{
    for (size_t i = 0; i < search.n; i++)
        if (strstr(text, ID_TEXT(search.runs[i])) != NULL)
            return true;
    return false;
}

static void tell(const char *what, const char *which)
{
    print_error("left behind: %s %s\n", what, which);
    search.found++;
}

static int look_at_group(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    if (kind == FTW_D && (names_a_run(path + where->base) || strstr(path, search.parent) != NULL))
        tell("control group", path);
    return 0;
}

static size_t count_groups(void)
{
    search.found = 0;
    (void)nftw(CGROUP_ROOT, look_at_group, 32, FTW_PHYS);
    return search.found;
}

static int look_at_file(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    const char *name = path + where->base;
    const char *dot = strrchr(name, '.');
    if (names_a_run(name) || strncmp(name, "tmp-", 4) == 0 ||
        (kind == FTW_F && dot != NULL && (strcmp(dot, ".new") == 0 || strcmp(dot, ".tmp") == 0)))
        tell("file", path);
    return 0;
}

static size_t count_files(const char *dir)
{
    char path[PATH_MAX];
    search.found = 0;
    (void)snprintf(path, sizeof(path), "%s/data", dir);
    (void)nftw(path, look_at_file, 32, FTW_PHYS);
    return search.found;
}

static bool process_file_has(const char *pid, const char *file, const char *text)
{
    CLEANUP(buf_done) struct buf content;
    char path[PATH_MAX];
    buf_init(&content, TEXT_MAX_BYTES);
    (void)snprintf(path, sizeof(path), "/proc/%s/%s", pid, file);
    if (file_read(path, &content, NULL) < 0 || content.len == 0)
        return false;
    if (text != NULL)
        return memmem(content.data, content.len, text, strlen(text)) != NULL;
    return names_a_run(buf_text(&content)) || strstr(buf_text(&content), search.parent) != NULL;
}

static size_t count_processes(const char *dir)
{
    char self[16];
    (void)snprintf(self, sizeof(self), "%d", (int)getpid());
    search.found = 0;
    DIR *proc = opendir("/proc");
    const struct dirent *entry;
    while (proc != NULL && (entry = readdir(proc)) != NULL) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || strcmp(entry->d_name, self) == 0)
            continue;
        if (process_file_has(entry->d_name, "cgroup", NULL) ||
            process_file_has(entry->d_name, "cmdline", dir))
            tell("process", entry->d_name);
    }
    if (proc != NULL)
        (void)closedir(proc);
    return search.found;
}

static size_t count_mounts(const char *dir)
{
    CLEANUP(file_closep) FILE *mounts = fopen("/proc/self/mountinfo", "re");
    char below[PATH_MAX];
    char line[PATH_MAX * 2];
    (void)snprintf(below, sizeof(below), "%s/data/", dir);
    search.found = 0;
    while (mounts != NULL && fgets(line, sizeof(line), mounts) != NULL)
        if (strstr(line, below) != NULL)
            tell("mount", line);
    return search.found;
}

static size_t count_names(const char *what, const char *path)
{
    search.found = 0;
    DIR *dir = opendir(path);
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.')
            tell(what, entry->d_name);
    if (dir != NULL)
        (void)closedir(dir);
    return search.found;
}

void leak_census_take(const char *dir, const char *bridge, const struct id runs[], size_t n,
                      struct leak_census *ret_census)
{
    char ports[PATH_MAX];
    char leases[PATH_MAX];
    (void)snprintf(ports, sizeof(ports), "/sys/class/net/%s/brif", bridge);
    (void)snprintf(leases, sizeof(leases), ADDRESS_LEASE_DIR "/%s", bridge);
    char data[PATH_MAX];
    char boxes[PATH_MAX];
    (void)snprintf(data, sizeof(data), "%s/data", dir);
    (void)snprintf(boxes, sizeof(boxes), "%s/data/boxes", dir);
    leftovers_name_parent(data, search.parent);
    search.parent[strlen(search.parent) + 1] = '\0';
    search.parent[strlen(search.parent)] = '/';
    search.runs = runs;
    search.n = n;
    *ret_census = (struct leak_census){
        .groups = count_groups(),
        .processes = count_processes(dir),
        .mounts = count_mounts(dir),
        .devices = count_names("network device", ports),
        .leases = count_names("address lease", leases),
        .files = count_files(dir),
        .boxes = count_names("box", boxes),
    };
}

size_t leak_census_fds(int pid)
{
    char path[64];
    size_t n = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/fd", pid);
    DIR *dir = opendir(path);
    while (dir != NULL && readdir(dir) != NULL)
        n++;
    if (dir != NULL)
        (void)closedir(dir);
    return n;
}

void leak_census_tell_fds(int pid)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/fd", pid);
    DIR *dir = opendir(path);
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char to[PATH_MAX];
        ssize_t n = readlinkat(dirfd(dir), entry->d_name, to, sizeof(to) - 1);
        if (n > 0)
            print_error("descriptor %s: %.*s\n", entry->d_name, (int)n, to);
    }
    if (dir != NULL)
        (void)closedir(dir);
}
