/* SPDX-License-Identifier: Apache-2.0
 *
 * A hash table of chains. Our ids end in random bits, so those are the hash.
 */
#include "http/watch.h"

#include <string.h>

#include <h2o.h>

#define CHAINS 1024u /* a power of two */

struct watch_table {
    struct watch *chains[CHAINS];
};

static struct watch **chain_of(struct watch_table *table, struct id id)
{
    uint32_t random;
    memcpy(&random, id.bytes + sizeof(id.bytes) - sizeof(random), sizeof(random));
    return &table->chains[random % CHAINS];
}

struct watch_table *watch_table_new(void)
{
    struct watch_table *table = h2o_mem_alloc(sizeof(*table));
    *table = (struct watch_table){0};
    return table;
}

void watch_table_free(struct watch_table *table)
{
    free(table);
}

void watch_add(struct watch_table *table, struct watch *watch)
{
    struct watch **chain = chain_of(table, watch->id);
    watch->next = *chain;
    *chain = watch;
}

void watch_remove(struct watch_table *table, struct watch *watch)
{
    struct watch **at = chain_of(table, watch->id);
    while (*at != NULL && *at != watch)
        at = &(*at)->next;
    if (*at != NULL)
        *at = watch->next;
}

struct watch *watch_find(struct watch_table *table, struct id id)
{
    struct watch *watch = *chain_of(table, id);
    while (watch != NULL && !id_equal(watch->id, id))
        watch = watch->next;
    return watch;
}

void watch_changed(struct watch_table *table, struct id id)
{
    struct watch *next;
    for (struct watch *watch = *chain_of(table, id); watch != NULL; watch = next) {
        next = watch->next;
        if (id_equal(watch->id, id))
            watch->on_change(watch);
    }
}

void watch_each(struct watch_table *table, void (*visit)(struct watch *watch))
{
    for (size_t i = 0; i < CHAINS; i++) {
        struct watch *next;
        for (struct watch *watch = table->chains[i]; watch != NULL; watch = next) {
            next = watch->next;
            visit(watch);
        }
    }
}
