/* SPDX-License-Identifier: Apache-2.0
 *
 * Who wants to know when something about an id changes. A watch is part of the object that wants to
 * know; the table only links it.
 */
#ifndef ERRAND_API_WATCH_H
#define ERRAND_API_WATCH_H

#include "base/id.h"

struct watch {
    struct id id;
    void (*on_change)(struct watch *watch); /* may remove this watch, no other */
    struct watch *next;                     /* private */
};

struct watch_table;

struct watch_table *watch_table_new(void);
void watch_table_free(struct watch_table *table);

void watch_add(struct watch_table *table, struct watch *watch);
void watch_remove(struct watch_table *table, struct watch *watch);

/* The first watch of `id`, or NULL. */
struct watch *watch_find(struct watch_table *table, struct id id);

/* Tell the watches of `id`. */
void watch_changed(struct watch_table *table, struct id id);

/* Call `visit` for every watch, as on_change. */
void watch_each(struct watch_table *table, void (*visit)(struct watch *watch));

#endif
