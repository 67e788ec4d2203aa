/* SPDX-License-Identifier: Apache-2.0
 *
 * The last lines of a log that is not stored, as they came by: what its followers are fed from.
 *
 * Chunks are kept in order of their lines, LOG_RELAY_BYTES of them; the oldest leave first. Lines
 * that left, and lines that never came, are gone: readers are told (log_reader.h).
 */
#ifndef ERRAND_API_LOG_RELAY_H
#define ERRAND_API_LOG_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_RELAY_BYTES (1 << 20)

struct log_relay;

struct log_relay_chunk {
    struct log_relay_chunk *next;
    int64_t first_id;
    int64_t last_id;
    size_t n; /* 0: these lines did not come in time */
    char bytes[];
};

/* Lines up to `gone_id` of `attempt` had come by before anybody listened here. */
struct log_relay *log_relay_new(uint32_t attempt, int64_t gone_id);
void log_relay_free(struct log_relay *relay);

uint32_t log_relay_attempt(const struct log_relay *relay);

/* Keep a copy of a chunk (logs/log_chunk.h); one that is known already is ignored. */
void log_relay_add(struct log_relay *relay, int64_t first_id, int64_t last_id, const void *bytes,
                   size_t n);

/* Lines up to this one are gone. */
int64_t log_relay_gone_id(const struct log_relay *relay);

/* Lines up to this one are here or gone; `known_id` is the last line that exists elsewhere. False
 * when all are: nothing is waited for. */
bool log_relay_lacks(const struct log_relay *relay, int64_t known_id);

/* Stop waiting: what is lacking up to `known_id` did not come. */
void log_relay_give_up(struct log_relay *relay, int64_t known_id);

/* The chunk that holds line `id`, or NULL. */
const struct log_relay_chunk *log_relay_find(const struct log_relay *relay, int64_t id);

#endif
