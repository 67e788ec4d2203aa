/* SPDX-License-Identifier: Apache-2.0
 *
 * Why a run waits and why it ended: closed sets, the same names in database, wire and API.
 */
#ifndef ERRAND_MODEL_REASON_H
#define ERRAND_MODEL_REASON_H

#include "base/err.h"

#define TERMINATION_REASON_TABLE(X)                                                                \
    X(EXITED, "exited")                                                                            \
    X(TIMEOUT, "timeout")                                                                          \
    X(CANCELED, "canceled")                                                                        \
    X(OOM_KILLED, "oom_killed")                                                                    \
    X(IMAGE_NOT_FOUND, "image_not_found")                                                          \
    X(IMAGE_PULL_FAILED, "image_pull_failed")                                                      \
    X(IMAGE_PULL_TIMEOUT, "image_pull_timeout")                                                    \
    X(REGISTRY_AUTH_FAILED, "registry_auth_failed")                                                \
    X(INVALID_COMMAND, "invalid_command")                                                          \
    X(START_FAILED, "start_failed")                                                                \
    X(HYPERVISOR_LOST, "hypervisor_lost")                                                          \
    X(PENDING_TIMEOUT, "pending_timeout")                                                          \
    X(SKIPPED_OVERLAP, "skipped_overlap")                                                          \
    X(REPLACED, "replaced")                                                                        \
    X(INTERNAL, "internal")

enum termination_reason {
#define REASON_ENUM(name, wire) TERMINATION_##name,
    TERMINATION_REASON_TABLE(REASON_ENUM)
#undef REASON_ENUM
        TERMINATION_REASON_COUNT
};

#define PENDING_REASON_TABLE(X)                                                                    \
    X(QUEUED, "queued")                                                                            \
    X(NO_HYPERVISOR_IN_REGION, "no_hypervisor_in_region")                                          \
    X(INSUFFICIENT_MEMORY, "insufficient_memory")                                                  \
    X(INSUFFICIENT_CPU, "insufficient_cpu")                                                        \
    X(ALL_DRAINING, "all_draining")                                                                \
    X(CONCURRENCY_LIMIT, "concurrency_limit")                                                      \
    X(WAITING_RETRY, "waiting_retry")                                                              \
    X(SCHEDULER_DOWN, "scheduler_down")

enum pending_reason {
#define REASON_ENUM(name, wire) PENDING_##name,
    PENDING_REASON_TABLE(REASON_ENUM)
#undef REASON_ENUM
        PENDING_REASON_COUNT
};

const char *termination_reason_name(enum termination_reason reason);
int termination_reason_parse(const char *name, enum termination_reason *ret_reason,
                             struct err *e) MUST_USE;

const char *pending_reason_name(enum pending_reason reason);

#endif
