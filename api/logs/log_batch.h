/* SPDX-License-Identifier: Apache-2.0
 *
 * The frames of one POST /agent/v1/logs on their way into the database: checked, joined into spans,
 * appended, answered.
 *
 *     log_batch_parse(); log_batch_params(); run log_store_append; log_batch_settle();
 *     log_batch_put_answer()
 *
 * A chunk is stored as it came, or not at all: when its first lines are stored already, the answer
 * says so and the agent sends those after them.
 */
#ifndef ERRAND_API_LOG_BATCH_H
#define ERRAND_API_LOG_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/log_store.h"

#include "logs/log_event.h"

struct log_batch;

/* `bytes` must live until log_batch_params(). A frame whose chunk is damaged is refused by itself.
 * Errors: ERR_INVALID the framing is wrong; ERR_LIMIT more than LIMIT_LOG_FRAMES. */
int log_batch_parse(const void *bytes, size_t n, struct log_batch **ret_batch,
                    struct err *e) MUST_USE;
void log_batch_free(struct log_batch *batch);
void log_batch_freep(struct log_batch **batch);

/* No frame was whole: there is nothing to append. */
bool log_batch_is_empty(const struct log_batch *batch);

/* Parameters of log_store_append; they copy what they need. */
void log_batch_params(struct log_batch *batch, struct id hypervisor, struct params *p);

/* Take its answer. */
void log_batch_settle(struct log_batch *batch, const struct rows *rows);

/* Visit the runs that were appended to. */
void log_batch_each_stored(const struct log_batch *batch, void (*visit)(void *user, struct id run),
                           void *user);

/* Visit the chunks that were counted and not stored, while `bytes` are there. */
void log_batch_each_passing(const struct log_batch *batch,
                            void (*visit)(void *user, struct id run,
                                          const struct log_passing *lines),
                            void *user);

/* Count what was stored or passed on. */
struct figures;
void log_batch_count(const struct log_batch *batch, struct figures *figures);

/* Append the answer's JSON. */
void log_batch_put_answer(const struct log_batch *batch, struct buf *b);

#endif
