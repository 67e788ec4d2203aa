/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/process_io.h"

#include "base/defer.h"
#include "base/parse.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_BYTES 512

static uint64_t number_after(const char *text, const char *key)
{
    int64_t value = 0;
    const char *at = strstr(text, key);
    if (at == NULL)
        return 0;
    at += strlen(key);
    if (parse_i64_n(at, strspn(at, "0123456789"), 0, INT64_MAX, "bytes", &value, NULL) < 0)
        return 0;
    return (uint64_t)value;
}

void process_io_add(struct process_io *io, pid_t pid)
{
    char path[32];
    char text[TEXT_BYTES];
    int n = snprintf(path, sizeof(path), "/proc/%d/io", (int)pid);
    CLEANUP(fd_closep) int fd = n < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (got <= 0)
        return;
    text[got] = '\0';
    io->read_bytes += number_after(text, "\nread_bytes: ");
    io->write_bytes += number_after(text, "\nwrite_bytes: ");
}
