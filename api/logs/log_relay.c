/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/log_relay.h"

#include <stdlib.h>
#include <string.h>

#include <h2o.h>

struct log_relay {
    struct log_relay_chunk *chunks; /* owned, in order, not touching each other's lines */
    int64_t gone_id;
    size_t bytes;
    uint32_t attempt;
};

struct log_relay *log_relay_new(uint32_t attempt, int64_t gone_id)
{
    struct log_relay *relay = h2o_mem_alloc(sizeof(*relay));
    *relay = (struct log_relay){.attempt = attempt, .gone_id = gone_id};
    return relay;
}

static void drop_oldest(struct log_relay *relay)
{
    struct log_relay_chunk *chunk = relay->chunks;
    relay->chunks = chunk->next;
    relay->bytes -= chunk->n;
    if (chunk->last_id > relay->gone_id)
        relay->gone_id = chunk->last_id;
    free(chunk);
}

void log_relay_free(struct log_relay *relay)
{
    if (relay == NULL)
        return;
    while (relay->chunks != NULL)
        drop_oldest(relay);
    free(relay);
}

uint32_t log_relay_attempt(const struct log_relay *relay)
{
    return relay->attempt;
}

void log_relay_add(struct log_relay *relay, int64_t first_id, int64_t last_id, const void *bytes,
                   size_t n)
{
    struct log_relay_chunk **at = &relay->chunks;
    while (*at != NULL && (*at)->first_id < first_id)
        at = &(*at)->next;
    bool is_known = last_id <= relay->gone_id || log_relay_find(relay, first_id) != NULL ||
                    (*at != NULL && (*at)->first_id <= last_id);
    if (is_known)
        return;

    struct log_relay_chunk *chunk = h2o_mem_alloc(sizeof(*chunk) + n);
    chunk->next = *at;
    chunk->first_id = first_id;
    chunk->last_id = last_id;
    chunk->n = n;
    if (n > 0)
        memcpy(chunk->bytes, bytes, n);
    *at = chunk;
    relay->bytes += n;
    while (relay->bytes > LOG_RELAY_BYTES && relay->chunks->next != NULL)
        drop_oldest(relay);
}

int64_t log_relay_gone_id(const struct log_relay *relay)
{
    /* with nothing between, the first chunk tells how far lines are gone */
    return relay->gone_id;
}

/* The last line of those that are gone or here without a hole; `*ret_next` is what comes after. */
static int64_t whole_up_to(const struct log_relay *relay, const struct log_relay_chunk **ret_next)
{
    int64_t id = relay->gone_id;
    const struct log_relay_chunk *chunk = relay->chunks;
    while (chunk != NULL && chunk->first_id <= id + 1) {
        id = chunk->last_id > id ? chunk->last_id : id;
        chunk = chunk->next;
    }
    *ret_next = chunk;
    return id;
}

bool log_relay_lacks(const struct log_relay *relay, int64_t known_id)
{
    const struct log_relay_chunk *next;
    int64_t id = whole_up_to(relay, &next);
    return next != NULL || id < known_id;
}

void log_relay_give_up(struct log_relay *relay, int64_t known_id)
{
    const struct log_relay_chunk *next;
    int64_t id = whole_up_to(relay, &next);
    while (next != NULL || id < known_id) {
        int64_t last_id = next != NULL ? next->first_id - 1 : known_id;
        log_relay_add(relay, id + 1, last_id, NULL, 0);
        id = whole_up_to(relay, &next);
    }
}

const struct log_relay_chunk *log_relay_find(const struct log_relay *relay, int64_t id)
{
    const struct log_relay_chunk *chunk = relay->chunks;
    while (chunk != NULL && chunk->last_id < id)
        chunk = chunk->next;
    return chunk != NULL && chunk->first_id <= id ? chunk : NULL;
}
