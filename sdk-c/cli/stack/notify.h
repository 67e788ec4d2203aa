/* SPDX-License-Identifier: Apache-2.0
 *
 * Hearing from a program that it is ready: the receiving end of sd_notify(3).
 */
#ifndef ERRAND_CLI_STACK_NOTIFY_H
#define ERRAND_CLI_STACK_NOTIFY_H

#include "stack/account.h"

struct notify {
    int fd;
    char path[108];
};

/* Make the socket at `path`; only `sender` (NULL: root) may write to it. 0, or EXIT_OURS after
 * complaining. Free with notify_close, which may also follow a failure. */
int notify_open(struct notify *notify, const char *path, const struct account *sender);
void notify_close(struct notify *notify);

enum notify_result {
    NOTIFY_READY,
    NOTIFY_GONE,  /* the process behind pidfd ended first */
    NOTIFY_SILENT /* nothing came within the time */
};

enum notify_result notify_wait(const struct notify *notify, int pidfd, int timeout_ms);

#endif
