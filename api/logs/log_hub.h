/* SPDX-License-Identifier: Apache-2.0
 *
 * The runs that somebody follows on this thread, and who waits for their end.
 */
#ifndef ERRAND_API_LOG_HUB_H
#define ERRAND_API_LOG_HUB_H

#include "base/id.h"

#include "logs/log_event.h"

struct log_hub;
struct loop;

struct log_hub *log_hub_new(struct loop *loop);
void log_hub_free(struct log_hub *hub);

/* New lines or a new state of this run, if anybody here follows it. The nil id: look at all. */
void log_hub_on_run(struct log_hub *hub, struct id run);

/* What a run has pulled of its image, if anybody here follows it. */
void log_hub_on_pull(struct log_hub *hub, struct id run, struct pull_progress pull);

/* Lines of a log that is not stored, if anybody here follows it. */
void log_hub_on_lines(struct log_hub *hub, struct id run, const struct log_passing *lines);

/* End every stream with a `retry:` so that clients resume elsewhere. */
void log_hub_drain(struct log_hub *hub);

#endif
