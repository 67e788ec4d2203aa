/* SPDX-License-Identifier: Apache-2.0 */
#include "run_table.h"

#include <stdlib.h>

struct tombstone {
    struct id id;
    uint32_t attempt; /* 0: not used yet */
};

struct run_table {
    struct run *runs; /* owned */
    struct tombstone tombstones[RUN_TABLE_TOMBSTONES];
    size_t next_tombstone;
};

struct run_table *run_table_new(void)
{
    return calloc(1, sizeof(struct run_table));
}

void run_table_free(struct run_table *table)
{
    if (table == NULL)
        return;
    while (table->runs != NULL) {
        struct run *run = table->runs;
        table->runs = run->next;
        run_free(run);
    }
    free(table);
}

void run_table_add(struct run_table *table, struct run *run)
{
    run->next = table->runs;
    table->runs = run;
}

void run_table_bury(struct run_table *table, struct run *run)
{
    struct run **at = &table->runs;
    while (*at != run)
        at = &(*at)->next;
    *at = run->next;
    run->next = NULL;
    table->tombstones[table->next_tombstone] =
        (struct tombstone){.id = run->id, .attempt = run->attempt};
    table->next_tombstone = (table->next_tombstone + 1) % RUN_TABLE_TOMBSTONES;
}

struct run *run_table_find(const struct run_table *table, struct id id, uint32_t attempt)
{
    struct run *run = table->runs;
    while (run != NULL && !(run->attempt == attempt && id_equal(run->id, id)))
        run = run->next;
    return run;
}

bool run_table_had(const struct run_table *table, struct id id, uint32_t attempt)
{
    for (size_t i = 0; i < RUN_TABLE_TOMBSTONES; i++)
        if (table->tombstones[i].attempt == attempt && id_equal(table->tombstones[i].id, id))
            return true;
    return false;
}

struct run *run_table_first(const struct run_table *table)
{
    return table->runs;
}

size_t run_table_count_live(const struct run_table *table)
{
    size_t n = 0;
    for (const struct run *run = table->runs; run != NULL; run = run->next)
        n += run_life_holds_memory(run->life);
    return n;
}

uint64_t run_table_memory_mb(const struct run_table *table)
{
    uint64_t mb = 0;
    for (const struct run *run = table->runs; run != NULL; run = run->next)
        if (run_life_holds_memory(run->life))
            mb += run->memory_mb;
    return mb;
}
