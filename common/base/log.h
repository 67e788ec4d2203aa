/* SPDX-License-Identifier: Apache-2.0
 *
 * Service log: one line an event on stderr, `event key=value ...`, never a container's output.
 *
 * Only process code logs (api/, scheduler/, hypervisor-agent/), once, where an error stops
 * travelling; library code may use log_debug. Event names are noun.verb_past and stand in
 * docs/events.md. A line is written with one write(2), so lines of processes that share a file do
 * not mix. Any thread may log after log_init(). Where stderr is the journal of systemd, a line
 * begins with its priority, which the journal takes off.
 */
#ifndef ERRAND_BASE_LOG_H
#define ERRAND_BASE_LOG_H

#include "base/defer.h"
#include "base/err.h"

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
};

/* `proc` names the program in every line; borrowed for ever. */
void log_init(const char *proc, enum log_level level);

/* "error", "warn", "info" or "debug". */
int log_level_parse(const char *text, enum log_level *ret_level, struct err *e) MUST_USE;

void log_write(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_write(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
