/* SPDX-License-Identifier: Apache-2.0
 *
 * Keeps the fleet in memory like the one in the database: all of it now and then, and in between
 * those hypervisors that a notification pointed at.
 */
#ifndef ERRAND_SCHEDULER_FLEET_SYNC_H
#define ERRAND_SCHEDULER_FLEET_SYNC_H

#include "base/err.h"
#include "placement/fleet.h"
#include "store/db.h"

#include <stdbool.h>

#define FLEET_SYNC_NOTED_MAX 1024

struct fleet_sync {
    struct db *db;       /* borrowed */
    struct fleet *fleet; /* borrowed */
    struct id runs[FLEET_SYNC_NOTED_MAX];
    size_t runs_n;
    struct id hypervisors[FLEET_SYNC_NOTED_MAX];
    size_t hypervisors_n;
    bool too_many; /* more was noted than there is room for: look at all */
};

void fleet_sync_init(struct fleet_sync *sync, struct db *db, struct fleet *fleet);

/* The run with this id changed: memory of its hypervisor may be free. Anything but an id is
 * ignored. No I/O. */
void fleet_sync_note_run(struct fleet_sync *sync, const char *id_text);
void fleet_sync_note_hypervisor(struct fleet_sync *sync, const char *id_text);

bool fleet_sync_has_notes(const struct fleet_sync *sync);

/* Look at what was noted. True in `ret_has_more`: a run may fit now that did not before. */
int fleet_sync_noted(struct fleet_sync *sync, bool *ret_has_more, struct err *e) MUST_USE;

/* Look at everything. */
int fleet_sync_all(struct fleet_sync *sync, bool *ret_has_more, struct err *e) MUST_USE;

#endif
