/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /agent/v1/logs, application/octet-stream: frames one after another, little-endian:
 *
 *   0   run id       16 bytes
 *   16  attempt      u32
 *   20  first_id     u64   id of the first record's line
 *   28  n_records    u32
 *   32  n_bytes      u32   of the records that follow
 *   36  records      n_bytes of log records (model/log_record.h); at most LIMIT_LOG_FRAME_BYTES
 *
 * The answer: {"acks":[{"run":ID,"attempt":N,"last_id":N} | {"run":ID,"attempt":N,"code":TEXT}]},
 * one for each frame, in order. `last_id` is what is stored; the agent goes on after it.
 */
#ifndef ERRAND_WIRE_LOG_FRAME_H
#define ERRAND_WIRE_LOG_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/id.h"

struct json_t;

#define LOG_FRAME_HEADER_BYTES 36

struct log_frame {
    struct id run_id;
    uint32_t attempt;
    uint64_t first_id;
    uint32_t n_records;
    uint32_t n_bytes;
    const void *records; /* borrowed; not looked into here */
};

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

void log_frame_put(struct buf *b, const struct log_frame *frame);

/* Read the frame at the start of `n` bytes; `*ret_used` is its length with header.
 * ERR_INVALID when cut short, empty, over the ceiling, or with first_id 0. */
int log_frame_parse(const void *bytes, size_t n, struct log_frame *ret_frame, size_t *ret_used,
                    struct err *e) MUST_USE;

/* Append the whole answer. */
void log_ack_list_put(struct buf *b, const struct log_ack *items, size_t n);

int log_ack_list_parse(const char *text, size_t n, struct log_ack_list *ret_list,
                       struct err *e) MUST_USE;
void log_ack_list_done(struct log_ack_list *list);

#endif
