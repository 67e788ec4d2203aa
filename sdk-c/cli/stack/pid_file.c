/* SPDX-License-Identifier: Apache-2.0
 *
 * The descriptor is opened before the start time is compared: what it then refers to can no longer
 * change.
 */
#include "stack/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define BOOT_ID_BYTES 40

/* A small file's text; "" when it cannot be read. */
static void read_text(const char *path, char *ret_text, size_t n)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, ret_text, n - 1);

    ret_text[got < 0 ? 0 : got] = '\0';
    if (fd >= 0)
        (void)close(fd);
}

static void boot_id(char ret_id[BOOT_ID_BYTES])
{
    read_text("/proc/sys/kernel/random/boot_id", ret_id, BOOT_ID_BYTES);
    ret_id[strcspn(ret_id, "\n")] = '\0';
}

/* The start time in clock ticks since boot; 0 when there is no such process or it is a zombie. */
static unsigned long long start_ticks(pid_t pid)
{
    char path[64];
    char stat[1024];
    const char *field;
    int i;

    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    read_text(path, stat, sizeof(stat));
    /* pid (any name, even with blanks) state ppid ...; the 20th field after the name counts */
    field = strrchr(stat, ')');
    if (field == NULL || field[1] == '\0' || field[2] == 'Z' || field[2] == 'X')
        return 0;
    for (i = 0; field != NULL && i < 20; i++)
        field = strchr(field + 1, ' ');
    return field == NULL ? 0 : strtoull(field, NULL, 10);
}

int pid_file_write(const char *path, pid_t pid)
{
    char boot[BOOT_ID_BYTES];
    FILE *out = fopen(path, "we");
    int failed;

    if (out == NULL)
        return -1;
    boot_id(boot);
    failed = fprintf(out, "%d %llu %s\n", (int)pid, start_ticks(pid), boot) < 0;
    failed |= fclose(out) != 0;
    return failed ? -1 : 0;
}

/* 0, or -1 when the file is missing or holds something else. */
static int parse_file(const char *path, pid_t *ret_pid, unsigned long long *ret_ticks)
{
    char text[128];
    char boot[BOOT_ID_BYTES];
    char *end;
    unsigned long pid;

    read_text(path, text, sizeof(text));
    errno = 0;
    pid = strtoul(text, &end, 10);
    *ret_ticks = strtoull(end, &end, 10);
    if (errno != 0 || pid < 2 || pid > 0x7fffffff || *ret_ticks == 0 || *end != ' ')
        return -1;
    end[strcspn(end, "\n")] = '\0';
    boot_id(boot);
    if (strcmp(end + 1, boot) != 0)
        return -1;
    *ret_pid = (pid_t)pid;
    return 0;
}

int pid_file_find(const char *path, pid_t *ret_pid, int *ret_pidfd)
{
    unsigned long long ticks;
    pid_t pid;
    int pidfd;

    if (parse_file(path, &pid, &ticks) < 0)
        return 0;
    pidfd = pidfd_open(pid, 0);
    if (pidfd < 0)
        return 0;
    if (start_ticks(pid) != ticks) {
        (void)close(pidfd);
        return 0;
    }
    *ret_pid = pid;
    if (ret_pidfd != NULL)
        *ret_pidfd = pidfd;
    else
        (void)close(pidfd);
    return 1;
}
