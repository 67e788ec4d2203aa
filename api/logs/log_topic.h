/* SPDX-License-Identifier: Apache-2.0
 *
 * One run that is followed on this thread: one read at a time from the database, whose lines go to
 * every follower that stands at them.
 *
 * A follower is a stream and the id of the last line it was given. Whatever it misses is read from
 * the database, so a slow one costs what its stream holds and gets no gaps.
 */
#ifndef ERRAND_API_LOG_TOPIC_H
#define ERRAND_API_LOG_TOPIC_H

#include <stdbool.h>
#include <stdint.h>

#include "http/blob.h"
#include "http/request.h"
#include "http/watch.h"
#include "logs/log_event.h"

struct log_topic;

/* What the topics of a thread share; log_hub.c owns it. */
struct log_hub {
    struct loop *loop;
    struct watch_table *topics; /* by run */
    h2o_timeout_t beat;
    h2o_timeout_t retry; /* after a read that failed */
    h2o_timeout_entry_t retry_entry;
    h2o_timeout_t patience; /* with a log that has ended and lacks lines */
    struct blob *keepalive;
    struct blob *come_back; /* the `retry:` field */
};

/* Where a client goes on. */
struct log_position {
    struct id run;
    int64_t after_id;
    bool batch; /* event `logs` instead of `log` */
};

/* Answer `rq`, which may see the run, with the stream. */
void log_topic_follow(struct log_hub *hub, struct request *rq, const struct log_position *position);

/* A chunk of lines of a log that is not stored, to whoever follows it now. */
void log_topic_note_lines(struct watch *watch, const struct log_passing *lines);

/* What a topic's run has of its image, told to whoever follows it now. */
void log_topic_note_pull(struct watch *watch, struct pull_progress pull);

/* For watch_each(): end the streams of a topic so that clients come back elsewhere. */
void log_topic_drain(struct watch *watch);

#endif
