/* SPDX-License-Identifier: Apache-2.0
 *
 * Warm-up: users ask for runners to be warm (API), the scheduler chooses target hypervisors, each
 * is told its targets (API) and says when the image is there; then it has a pin (pin_store.h).
 */
#ifndef ERRAND_STORE_WARM_STORE_H
#define ERRAND_STORE_WARM_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"
#include "model/container_registry.h"
#include "store/db.h"
#include "store/pin_store.h"

/* What a user asks for. */
struct warm_request {
    struct id project;
    struct id runner;
    int64_t hypervisors; /* 1.. */
    int64_t pool;        /* sandboxes kept waiting on each */
    int64_t seconds;     /* until it is over */
};

/* Ask, or ask again. One row, or none when there is no such runner. */
extern const struct statement warm_store_ask;
void warm_store_ask_params(struct params *p, const struct warm_request *request);

/* Bring the targets in line with what is asked for: each request has as many ready hypervisors of
 * its region as it wants, those with the most free memory first. Rows: hypervisors whose targets
 * changed.
 */
extern const struct statement warm_store_place;
struct id warm_store_read_placed(const struct rows *rows, int row);

/* The targets on a hypervisor, by runner. */
extern const struct statement warm_store_pins;
void warm_store_pins_params(struct params *p, struct id hypervisor);

/* Texts and bytes are borrowed from the rows. */
struct warm_pin {
    struct id runner;
    struct id project;
    int64_t stamp; /* another one when anything below is another */
    const char *image;
    const char *image_digest; /* NULL: not pinned */
    const char *pull_policy;
    int64_t pull_timeout_seconds;
    int64_t pool;
    int64_t expires_at_us;
    bool is_warm; /* the hypervisor has said so */

    /* Of the sandboxes that wait. */
    int64_t memory_mb;
    int64_t cpu_milli;
    int64_t pids_limit;
    int64_t shm_size_mb;
    bool read_only;
    const char *network;
    const char *sandbox;

    struct container_registry registry; /* what a login needs; its id is nil when there is none */
    const unsigned char *public_key;    /* of the hypervisor */
};

void warm_store_read_pin(const struct rows *rows, int row, struct warm_pin *ret_pin);

/* What a hypervisor says of a target. */
struct warm_report {
    struct id runner;
    struct id hypervisor;
    const char *message; /* why it is not warm; NULL: it is */
};

/* One row, or none when it is no target (any more). */
extern const struct statement warm_store_report;
void warm_store_report_params(struct params *p, const struct warm_report *report);

/* Pool and time of the pin that a warm target gets (pin_store.h). False when it is no target. */
bool warm_store_read_target(const struct rows *rows, struct pin *pin);

#endif
