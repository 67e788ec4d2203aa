/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/wake.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

void wake_init(struct wake *wake, const struct run_spec *spec)
{
    *wake = (struct wake){.fd = -1, .agent.sun_family = AF_UNIX};
    if (spec->wake_socket == NULL || strlen(spec->wake_socket) >= sizeof(wake->agent.sun_path))
        return;
    memcpy(wake->agent.sun_path, spec->wake_socket, strlen(spec->wake_socket) + 1);
    if (snprintf(wake->run, sizeof(wake->run), "%s/%u", ID_TEXT(spec->run), spec->attempt) < 0)
        return;
    wake->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

void wake_done(struct wake *wake)
{
    fd_closep(&wake->fd);
    wake->fd = -1;
}

bool wake_send(struct wake *wake, const char *event)
{
    char text[sizeof(wake->run) + 16];
    int n = snprintf(text, sizeof(text), "%s %s", event, wake->run);
    if (wake->fd < 0 || n <= 0)
        return true;
    return sendto(wake->fd, text, (size_t)n, MSG_NOSIGNAL, (const struct sockaddr *)&wake->agent,
                  sizeof(wake->agent)) >= 0 ||
           errno != EAGAIN;
}

void wake_tell(struct wake *wake, const char *event)
{
    wake->due = wake_send(wake, event) ? NULL : event;
}

void wake_log(struct wake *wake, int64_t mono_us)
{
    wake->log_due = wake->fd >= 0;
    (void)wake_log_pending(wake, mono_us);
}

int64_t wake_log_pending(struct wake *wake, int64_t mono_us)
{
    if (!wake->log_due && wake->due == NULL)
        return INT64_MAX;
    if (mono_us < wake->next_log_us)
        return wake->next_log_us;
    wake->next_log_us = mono_us + RUN_WAKE_INTERVAL_MS * CLOCK_US_PER_MS;
    if (wake->due != NULL)
        wake_tell(wake, wake->due);
    if (wake->log_due)
        wake->log_due = !wake_send(wake, "log");
    return wake->log_due || wake->due != NULL ? wake->next_log_us : INT64_MAX;
}
