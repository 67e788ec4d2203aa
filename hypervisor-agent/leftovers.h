/* SPDX-License-Identifier: Apache-2.0
 *
 * Control groups nobody answers for any more: a shim and its reaper may both be killed, or give up
 * on a process that would not die. Looked for at the start and every now and then.
 *
 * All groups of this agent's runs are below one of its own, named after its data dir, so that two
 * agents on a host do not remove each other's.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_LEFTOVERS_H
#define ERRAND_HYPERVISOR_AGENT_LEFTOVERS_H

#include "base/err.h"
#include "run_table.h"

/* "/errand/" and 16 hexadecimal digits */
#define LEFTOVERS_PARENT_BYTES 32

struct uv_loop_s;
struct leftovers;

/* The group that the groups of the runs in `data_dir` are below. */
void leftovers_name_parent(const char *data_dir, char parent[LEFTOVERS_PARENT_BYTES]);

struct leftovers_parts {
    struct uv_loop_s *loop;
    const struct run_table *runs;
    const char *parent; /* copied */

    /* Whether the group `name` is a box's that waits for a run. */
    bool (*is_box)(void *ctx, const char *name);
    void *ctx;
};

int leftovers_new(const struct leftovers_parts *parts, struct leftovers **ret_leftovers,
                  struct err *e) MUST_USE;

/* Removes the parent too when no run is left. NULL is allowed. */
void leftovers_free(struct leftovers *leftovers);

/* Kill and remove what is below the parent and belongs to no run of the table and no box, now and
 * then again and again: not before the runs of an earlier agent are in the table. */
void leftovers_start(struct leftovers *leftovers);

#endif
