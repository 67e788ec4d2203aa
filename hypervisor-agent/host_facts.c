/* SPDX-License-Identifier: Apache-2.0 */
#include "host_facts.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/parse.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/statvfs.h>

#define RESERVE_MIN_MB 256
#define RESERVE_MAX_MB 2048
#define MEMINFO_MAX_BYTES 65536

static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

int host_facts_memory_mb(uint32_t *ret_mb, struct err *e)
{
    static const char label[] = "MemTotal:";
    CLEANUP(buf_done) struct buf text;
    buf_init(&text, MEMINFO_MAX_BYTES);
    int rc = file_read("/proc/meminfo", &text, e);
    if (rc < 0)
        return rc;

    const char *line = strstr(buf_text(&text), label);
    if (line == NULL)
        return err_set(e, ERR_INTERNAL, "/proc/meminfo has no MemTotal");
    const char *number = line + strlen(label);
    number += strspn(number, " ");
    int64_t kib = 0;
    rc = parse_i64_n(number, strspn(number, "0123456789"), 0, INT64_MAX, "MemTotal", &kib, e);
    if (rc < 0)
        return rc;

    int64_t mb = kib / 1024;
    int64_t reserve = mb / 10;
    reserve = reserve < RESERVE_MIN_MB ? RESERVE_MIN_MB : reserve;
    reserve = reserve > RESERVE_MAX_MB ? RESERVE_MAX_MB : reserve;
    *ret_mb = mb > reserve ? (uint32_t)(mb - reserve) : 0;
    return 0;
}

double host_facts_cpu(void)
{
    cpu_set_t cores;
    if (sched_getaffinity(0, sizeof(cores), &cores) == 0)
        return CPU_COUNT(&cores);
    return (double)sysconf(_SC_NPROCESSORS_ONLN);
}

int64_t host_facts_disk_free(const char *path)
{
    struct statvfs fs;
    if (statvfs(path, &fs) < 0)
        return 0;
    return (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
}

static char *find_in(const char *at, const char *name)
{
    while (*at != '\0') {
        char path[PATH_MAX];
        size_t n = strcspn(at, ":");
        int len = snprintf(path, sizeof(path), "%.*s/%s", (int)n, at, name);
        if (at[0] == '/' && len > 0 && (size_t)len < sizeof(path) && access(path, X_OK) == 0)
            return strdup(path);
        at += n;
        at += *at == ':';
    }
    return NULL;
}

/* su leaves a PATH without the directories where runc and nft are. */
static char *find_on_path(const char *name)
{
    const char *path = getenv("PATH");
    char *found = path == NULL ? NULL : find_in(path, name);
    return found != NULL ? found : find_in(default_path, name);
}

int host_facts_find_program(const char *const *names, char **ret_path, struct err *e)
{
    CLEANUP(buf_done) struct buf list;
    buf_init(&list, ERR_MESSAGE_BYTES);
    for (size_t i = 0; names[i] != NULL; i++) {
        char *path = find_on_path(names[i]);
        if (path != NULL) {
            *ret_path = path;
            return 0;
        }
        buf_printf(&list, "%s%s", i > 0 ? " or " : "", names[i]);
    }
    return err_set(e, ERR_NOT_FOUND, "no %s on PATH", buf_text(&list));
}
