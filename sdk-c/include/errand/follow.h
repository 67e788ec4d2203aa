/* SPDX-License-Identifier: Apache-2.0
 *
 * Follow a run's log as it is written, through to the final state.
 *
 * Every line is delivered once, in order. A lost connection, a silent one (the server is heard at
 * least every 15 s), an overloaded or restarting server are waited out: the follow resumes after
 * the last line it delivered. A run that is tried again begins its log anew: what the attempt
 * before printed was delivered, or is passed over; ids grow on, by 2^40 an attempt.
 */
#ifndef ERRAND_FOLLOW_H
#define ERRAND_FOLLOW_H

#include <stddef.h>
#include <stdint.h>

#include <errand/canceler.h>
#include <errand/client.h>
#include <errand/log.h>
#include <errand/run.h>

ERRAND_BEGIN_DECLS

/* News of a run that is not final. Made by the library only: fields may be appended. */
typedef struct errand_status_event {
    errand_run_status status;
    const char *hypervisor;     /* "" while it has none */
    const char *pending_reason; /* "" unless pending */
    const char *json;           /* the whole event, for what has no field */
    unsigned attempt;           /* 1.., the one whose lines come next; 0 before the first */
} errand_status_event;

/* Why the follow is between two connections. Made by the library only. */
typedef struct errand_retry_event {
    unsigned failures;         /* in a row, without a line or event between them */
    unsigned delay_ms;         /* until the next attempt */
    const errand_error *cause; /* borrowed */
} errand_retry_event;

/* The callbacks run on the calling thread, outside any transfer, so they may use the client.
 * Non-zero stops the follow. Zero or NULL in a field means its default; fields are only appended.
 */
typedef struct errand_follow_options {
    size_t struct_size; /* set by ERRAND_FOLLOW_OPTIONS_INIT */
    int64_t after_id;   /* the last line already seen; 0 = from the start */
    int (*on_line)(const errand_log_line *line, void *user);
    int (*on_status)(const errand_status_event *event, void *user);
    int (*on_retry)(const errand_retry_event *event, void *user);
    /* Lines first_id..last_id are not to be had: the server says so, in a `system` line that comes
     * to on_line next, as number last_id; or it has left them out twice. */
    int (*on_gap)(int64_t first_id, int64_t last_id, void *user);
    /* Lines were delivered and no more are at hand: the moment to flush. */
    int (*on_idle)(void *user);
    void *user;
    errand_canceler *canceler;
    unsigned read_timeout_ms; /* reconnect after this much silence; default 45,000 */
    unsigned give_up_ms;      /* fail after this long without hearing anything; default 600,000 */
    unsigned first_delay_ms;  /* back-off: doubled at each failure, with jitter; default 100 */
    unsigned max_delay_ms;    /* its bound; default 5,000 */
    /* Nothing came for quiet_ms, and again for every quiet_ms more: the moment to look why. */
    int (*on_quiet)(void *user);
    unsigned quiet_ms; /* default 1,000 */
} errand_follow_options;

#define ERRAND_FOLLOW_OPTIONS_INIT                                                                 \
    {                                                                                              \
        sizeof(errand_follow_options), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0,    \
            NULL, 0                                                                                \
    }

#define ERRAND_REASON_BYTES 64

/* Filled by errand_follow, also when it fails: last_id is where to go on. */
typedef struct errand_follow_result {
    size_t struct_size;       /* set by ERRAND_FOLLOW_RESULT_INIT */
    int64_t last_id;          /* the last line delivered */
    unsigned reconnects;      /* connections after the first */
    errand_run_status status; /* final for ERRAND_END_FINISHED, else the last one heard of */
    int has_exit_code;
    int exit_code;
    char termination_reason[ERRAND_REASON_BYTES];
} errand_follow_result;

#define ERRAND_FOLLOW_RESULT_INIT                                                                  \
    {                                                                                              \
        sizeof(errand_follow_result), 0, 0, ERRAND_RUN_UNKNOWN, 0, 0, ""                           \
    }

/* Follow until the run is final. Blocks.
 *
 * In:      options     may be NULL: then it only waits
 * Out:     ret_result  may be NULL
 * Returns: an errand_end, or
 *          ERRAND_E_NOT_FOUND, _DENIED, _UNAUTHENTICATED, _INVALID  at once
 *          ERRAND_E_UNAVAILABLE  nothing was heard for give_up_ms
 */
ERRAND_API int errand_follow(errand_client *client, const char *run_id,
                             const errand_follow_options *options, errand_follow_result *ret_result,
                             errand_error *error);

ERRAND_END_DECLS

#endif
