/* SPDX-License-Identifier: Apache-2.0
 *
 * Wake-ups: "something about this run (or hypervisor) changed". They reach every loop of this
 * process by message and every other process by NOTIFY; the database is the truth, a wake-up only
 * says when to look.
 */
#ifndef ERRAND_API_BUS_H
#define ERRAND_API_BUS_H

#include "base/id.h"

#include "logs/log_event.h"

struct bus;
struct loop;

enum bus_topic {
    BUS_QUEUE,      /* a run became pending; nobody in the API listens, the scheduler does */
    BUS_RUN,        /* its state changed */
    BUS_LOG,        /* lines of a run were stored; apart, because the scheduler hears BUS_RUN */
    BUS_HYPERVISOR, /* assigned a run, or one of its runs is to stop */
    BUS_FLEET,      /* a hypervisor came or has other memory than before; for the scheduler too */
    BUS_WARM,       /* pins of a hypervisor changed; nil: of the scheduler's making yet */
    BUS_REPLICA,    /* a process of the API has come; the others look */
    BUS_TOPIC_COUNT
};

/* "errand_queue", "errand_run", ...: the NOTIFY channels. */
const char *bus_channel(enum bus_topic topic);

/* After the change is committed. `id` is the run's or the hypervisor's; the nil id for BUS_QUEUE.
 * Reaches log_hub_on_run() resp. agent_hub_on_hypervisor() of every loop, this one included,
 * asynchronously. Thread: the loop's. */
void bus_publish(struct loop *loop, enum bus_topic topic, struct id id);

/* A number that grows whenever somebody's rights changed, so that what was known before is not
 * believed any more; another one each time while changes of others cannot be heard. Any thread. */
unsigned bus_access_epoch(struct bus *bus);
void bus_forget_access(struct bus *bus);

/* Progress of a pull, to the loops of this process only: it is not worth a NOTIFY and kept nowhere.
 */
void bus_publish_pull(struct loop *loop, struct id run, struct pull_progress pull);

/* A chunk of a log that is not stored, to the loops of this process; peers.h has the others. */
void bus_publish_lines(struct loop *loop, struct id run, const struct log_passing *lines);

#endif
