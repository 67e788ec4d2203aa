/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define LOG_LINE_BYTES 2048

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

/* What the journal takes for a priority at the start of a line, see sd-daemon(3). */
static const char *const priorities[] = {
    [LOG_LEVEL_ERROR] = "<3>",
    [LOG_LEVEL_WARN] = "<4>",
    [LOG_LEVEL_INFO] = "<6>",
    [LOG_LEVEL_DEBUG] = "<7>",
};

static bool log_is_journal = false;
static const char *log_proc = "errand";
static enum log_level log_max = LOG_LEVEL_INFO;

/* JOURNAL_STREAM is inherited also by those whose stderr has become something else. */
static bool is_journal(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char name[64];
    struct stat st;
    if (stream == NULL || fstat(fd, &st) < 0)
        return false;
    int n = snprintf(name, sizeof(name), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    return n > 0 && strcmp(stream, name) == 0;
}

void log_init(const char *proc, enum log_level level)
{
    log_is_journal = is_journal(STDERR_FILENO);
    log_proc = proc;
    log_max = level;
}

int log_level_parse(const char *text, enum log_level *ret_level, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(level_names); i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *ret_level = (enum log_level)i;
            return 0;
        }
    }
    return err_set(e, ERR_INVALID, "log level must be error, warn, info or debug, not '%.32s'",
                   text);
}

/* A line break inside a value would forge a second event. */
static void flatten(char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            text[i] = ' ';
    }
}

void log_write(enum log_level level, const char *fmt, ...)
{
    if (level > log_max)
        return;

    char line[LOG_LINE_BYTES];
    char now[CLOCK_TEXT_BYTES];
    int head = snprintf(line, sizeof(line), "%s%s %s %s ", log_is_journal ? priorities[level] : "",
                        clock_format_us(clock_now_us(), now), level_names[level], log_proc);
    if (head < 0)
        return;

    va_list args;
    va_start(args, fmt);
    int body = vsnprintf(line + head, sizeof(line) - (size_t)head, fmt, args);
    va_end(args);
    if (body < 0)
        return;

    size_t len = (size_t)head + (size_t)body;
    if (len > sizeof(line) - 1)
        len = sizeof(line) - 1;
    flatten(line, len);
    line[len] = '\n';
    /* nowhere to report that reporting failed */
    if (write(STDERR_FILENO, line, len + 1) < 0)
        return;
}
