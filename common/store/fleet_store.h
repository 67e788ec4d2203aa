/* SPDX-License-Identifier: Apache-2.0
 *
 * Hypervisors as people see them. The scheduler's view is hypervisor_store.h, the agents' reports
 * are agent_store.h.
 */
#ifndef ERRAND_STORE_FLEET_STORE_H
#define ERRAND_STORE_FLEET_STORE_H

#include "model/hypervisor.h"
#include "store/db.h"
#include "store/page_rows.h"

/* A page (page_rows.h) by name, without those that were removed. */
extern const struct statement fleet_store_list;
void fleet_store_list_params(struct params *p, struct page_window window);

/* One hypervisor ($1): a row of the same columns, or none. */
extern const struct statement fleet_store_get;
void fleet_store_get_params(struct params *p, struct id hypervisor);

/* Give it another status: "cordoned" or "draining" keep runs away, and an assignment that is being
 * made is waited for, so that none is made after this; "ready" lets them in. A row as above.
 * Afterwards: BUS_FLEET. */
extern const struct statement fleet_store_set_status;
void fleet_store_set_status_params(struct params *p, struct id hypervisor, const char *status);

/* Remove one that is not ready and has no runs; its credential ends. One row, see
 * fleet_store_read_removal(). Afterwards: BUS_FLEET. */
extern const struct statement fleet_store_remove;

enum fleet_removal {
    FLEET_REMOVED,
    FLEET_MISSING,
    FLEET_IN_USE, /* it is ready, or has runs */
};

enum fleet_removal fleet_store_read_removal(const struct rows *rows);

/* Texts are borrowed from the rows. */
void fleet_store_read(const struct rows *rows, int row, struct hypervisor *ret_hypervisor);

/* Take a sample of every hypervisor, once in five minutes however often it is run, and forget those
 * older than a day. */
extern const struct statement fleet_store_sample;

/* Samples of the last day, oldest first; fleet_store_get_params(). No row: no such hypervisor. One
 * row that fleet_store_read_sample() says false of: it has none. */
extern const struct statement fleet_store_history;
bool fleet_store_read_sample(const struct rows *rows, int row,
                             struct hypervisor_sample *ret_sample);

#endif
