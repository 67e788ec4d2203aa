/* SPDX-License-Identifier: Apache-2.0
 *
 * All attempts this hypervisor has, and the last ones it had: an assignment that comes a second
 * time must not run a second time, even when the first is over and gone.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_RUN_TABLE_H
#define ERRAND_HYPERVISOR_AGENT_RUN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "run.h"

/* How many ended attempts are remembered. */
#define RUN_TABLE_TOMBSTONES 4096

struct run_table;

struct run_table *run_table_new(void);

/* Frees the runs in it too. */
void run_table_free(struct run_table *table);

/* Takes over `run`. */
void run_table_add(struct run_table *table, struct run *run);

/* Takes the run out, remembers it, and hands it back to the caller. */
void run_table_bury(struct run_table *table, struct run *run);

/* NULL when it is not there (any more). */
struct run *run_table_find(const struct run_table *table, struct id id, uint32_t attempt);

/* It was here and ended. */
bool run_table_had(const struct run_table *table, struct id id, uint32_t attempt);

/* The first of all; go on by `next`. */
struct run *run_table_first(const struct run_table *table);

/* Over the runs that hold memory. */
size_t run_table_count_live(const struct run_table *table);
uint64_t run_table_memory_mb(const struct run_table *table);

#endif
