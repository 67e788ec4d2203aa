/* SPDX-License-Identifier: Apache-2.0
 *
 * The answer to POST /agent/v1/events:
 *   {"results":[{"seq":N,"ok":true} | {"seq":N,"ok":false,"code":"conflict","message":"..."}]}
 *
 * "conflict" says that the attempt is no longer this hypervisor's: it must be killed and forgotten.
 * Every other code refuses the one event for good.
 */
#ifndef ERRAND_WIRE_AGENT_RESULT_H
#define ERRAND_WIRE_AGENT_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct json_t;

struct agent_result {
    int64_t seq;
    bool ok;
    const char *code;    /* wire name of an err_code; NULL when ok */
    const char *message; /* may be NULL */
};

struct agent_result_list {
    struct agent_result *items; /* owned */
    size_t n;
    struct json_t *doc; /* owned; NULL unless parsed */
};

/* Append the whole answer. */
void agent_result_list_put(struct buf *b, const struct agent_result *items, size_t n);

int agent_result_list_parse(const char *text, size_t n, struct agent_result_list *ret_list,
                            struct err *e) MUST_USE;
void agent_result_list_done(struct agent_result_list *list);

#endif
