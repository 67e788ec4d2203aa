/* SPDX-License-Identifier: Apache-2.0
 *
 * A runner that the API wants warm on a hypervisor: its image pulled and kept, and sandboxes
 * waiting. Never with anything that a run brings along: no command, no environment.
 *
 * To encode one, fill the fields with texts that outlive the call. Those that were parsed live as
 * long as the document they were parsed from.
 */
#ifndef ERRAND_WIRE_WARM_ORDER_H
#define ERRAND_WIRE_WARM_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/id.h"

struct json_t;

struct warm_order {
    struct id runner_id;
    struct id project_id;
    int64_t stamp; /* another one when anything here is another */
    bool is_warm;  /* the hypervisor has said so to the API */

    const char *image;
    const char *image_digest;    /* or NULL */
    const char *registry_sealed; /* see wire/assignment.h; or NULL */
    const char *pull_policy;
    uint32_t pull_timeout_seconds;
    int64_t expires_at_us;

    uint32_t pool; /* sandboxes kept waiting, each with: */
    uint32_t memory_mb;
    uint32_t cpu_milli;
    uint32_t pids_limit;
    uint32_t shm_size_mb;
    bool read_only;
    const char *network;
    const char *sandbox;
};

/* Append the members to an open JSON object. */
void warm_order_put(struct buf *b, const struct warm_order *order);

/* Texts are borrowed from `object`. ERR_INVALID names the member. */
int warm_order_parse(const struct json_t *object, struct warm_order *ret_order,
                     struct err *e) MUST_USE;

#endif
