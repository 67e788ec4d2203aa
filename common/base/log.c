/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <string.h>

#include "base/clock.h"

#define LOG_LINE_BYTES 2048

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

static const char *log_proc = "errand";
static enum log_level log_max = LOG_LEVEL_INFO;

void log_init(const char *proc, enum log_level level)
{
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
    int head = snprintf(line, sizeof(line), "%s %s %s ", clock_format_us(clock_now_us(), now),
                        level_names[level], log_proc);
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
