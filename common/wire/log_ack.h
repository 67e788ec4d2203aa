/* SPDX-License-Identifier: Apache-2.0
 *
 * The answer to POST /agent/v1/logs (logs/log_frame.h):
 * {"acks":[{"run":ID,"attempt":N,"last_id":N} | {"run":ID,"attempt":N,"code":TEXT}]}, one for each
 * frame, in order. `last_id` is what is stored; the agent goes on after it.
 */
#ifndef ERRAND_WIRE_LOG_ACK_H
#define ERRAND_WIRE_LOG_ACK_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/id.h"

struct json_t;

struct log_ack {
    struct id run_id;
    uint32_t attempt;
    uint64_t last_id;
    const char *code; /* NULL when accepted; else the wire name of an err_code */
};

struct log_ack_list {
    struct log_ack *items; /* owned */
    size_t n;
    struct json_t *doc; /* owned */
};

/* Append the whole answer. */
void log_ack_list_put(struct buf *b, const struct log_ack *items, size_t n);

int log_ack_list_parse(const char *text, size_t n, struct log_ack_list *ret_list,
                       struct err *e) MUST_USE;
void log_ack_list_done(struct log_ack_list *list);

#endif
