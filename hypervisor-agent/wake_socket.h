/* SPDX-License-Identifier: Apache-2.0
 *
 * Where shims say that there is something new (run_spec.h, "Wake"): a datagram socket in the data
 * dir. A datagram only wakes; what is new stands in the run dir.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_WAKE_SOCKET_H
#define ERRAND_HYPERVISOR_AGENT_WAKE_SOCKET_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"

struct uv_loop_s;
struct wake_socket;

enum wake_event {
    WAKE_READY, /* of a box; the attempt is RUN_SPEC_BOX */
    WAKE_STARTED,
    WAKE_LOG,
    WAKE_EXITED,
};

typedef void wake_fn(void *ctx, enum wake_event event, struct id run_id, uint32_t attempt);

/* Bind `path`, taking the place of an earlier agent's.
 * Errors:  ERR_INVALID  the path is too long for a socket: choose a shorter data dir */
int wake_socket_open(struct uv_loop_s *loop, const char *path, wake_fn *on_wake, void *ctx,
                     struct wake_socket **ret_socket, struct err *e) MUST_USE;
void wake_socket_close(struct wake_socket *socket);

/* Parse "<event> <run>/<attempt>". ERR_INVALID. */
int wake_parse(const char *text, size_t n, enum wake_event *ret_event, struct id *ret_run_id,
               uint32_t *ret_attempt, struct err *e) MUST_USE;

#endif
