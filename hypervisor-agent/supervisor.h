/* SPDX-License-Identifier: Apache-2.0
 *
 * Keeps the runs of this hypervisor: turns what the API orders and what shims, images and the API's
 * answers bring into events of a run's life (run_life.h), and carries out the actions of its table.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_SUPERVISOR_H
#define ERRAND_HYPERVISOR_AGENT_SUPERVISOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "event_outbox.h"
#include "images/image_puller.h"
#include "images/image_store.h"
#include "launcher.h"
#include "lease_keeper.h"
#include "log_shipper.h"
#include "run_table.h"
#include "wake_socket.h"
#include "wire/assignment_line.h"

struct supervisor;
struct warm_pool;

/* All borrowed for the life of the supervisor. */
struct supervisor_parts {
    const char *data_dir;
    struct run_table *runs;
    const struct launcher *launcher;
    struct image_store *images;
    struct image_puller *puller;
    struct event_outbox *outbox;
    struct log_shipper *shipper;
    const struct lease_keeper *leases;
    struct warm_pool *pool;
    void (*on_change)(void *ctx); /* what a heartbeat tells has changed */
    void *ctx;
};

struct supervisor *supervisor_new(const struct supervisor_parts *parts);
void supervisor_free(struct supervisor *s);

/* Take up what an earlier agent left in the data dir: follow living shims, report what ended, clear
 * up after shims that died. Once, before anything else.
 * Errors:  ERR_CONFLICT  a run of another version is there; see run_file.h */
int supervisor_adopt(struct supervisor *s, struct err *e) MUST_USE;

/* A line of the assignment stream; an assignment is taken out of it. */
void supervisor_take_line(struct supervisor *s, struct assignment_line *line);

void supervisor_take_wake(struct supervisor *s, enum wake_event event, struct id run_id,
                          uint32_t attempt);
void supervisor_take_answer(struct supervisor *s, enum agent_event_type type, struct id run_id,
                            uint32_t attempt, bool ok);
void supervisor_take_log_ack(struct supervisor *s, struct log_source *source);
void supervisor_take_log_refusal(struct supervisor *s, struct log_source *source);

#endif
