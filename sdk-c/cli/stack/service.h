/* SPDX-License-Identifier: Apache-2.0
 *
 * A program of the stack as a background process: started once, found again, stopped.
 */
#ifndef ERRAND_CLI_STACK_SERVICE_H
#define ERRAND_CLI_STACK_SERVICE_H

#include <sys/types.h>

#include "stack/account.h"
#include "stack/notify.h"
#include "stack/places.h"

struct service {
    const char *name; /* of its pid file and its log */
    pid_t pid;
    int pidfd;            /* -1 while it is not known to run */
    struct notify notify; /* fd -1 when it was running already */
};

/* 1 when it runs; then pid and pidfd are set. */
int service_find(const struct places *places, const char *name, struct service *ret_service);

struct service_order {
    const char *program;           /* path */
    const char *const *argv;       /* NULL at the end */
    const struct account *account; /* NULL: root */
    const struct account *log_owner;
};

/* Start it, its output appended to DIR/log/NAME.log. 0, or EXIT_OURS after complaining. */
int service_start(const struct places *places, const char *name, const struct service_order *order,
                  struct service *ret_service);

/* Wait until it says it is ready; one that ran already is. 0, or EXIT_OURS after complaining, with
 * the last line of its log. */
int service_wait_ready(const struct places *places, const struct service *service);

/* The descriptors; the process goes on. */
void service_close(struct service *service);

/* Signal `gently`, wait up to bound_ms, then SIGKILL. 0 when it is gone or was not there. */
int service_stop(const struct places *places, const char *name, int gently, int bound_ms);

/* Open DIR/log/NAME.log for appending; -1 after complaining. */
int service_log_open(const struct places *places, const char *name, const struct account *owner);

/* "errand: <what>; see DIR/log/NAME.log: <its last line>". Returns EXIT_OURS. */
int service_complain(const struct places *places, const char *name, const char *what);

#endif
