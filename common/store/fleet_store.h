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

/* A page (page_rows.h) by name. */
extern const struct statement fleet_store_list;
void fleet_store_list_params(struct params *p, struct page_window window);

/* Texts are borrowed from the rows. */
void fleet_store_read(const struct rows *rows, int row, struct hypervisor *ret_hypervisor);

#endif
