/* SPDX-License-Identifier: Apache-2.0
 *
 * The ready hypervisors of a region, ordered by free memory and then by id: a treap whose nodes
 * also know the most cores below them, so that every question is answered in O(log n).
 *
 * Does not own the hypervisors. `memory_free_mb`, `cpu_milli` and `id` of one that is in an index
 * must not change; take it out, change it, put it back.
 */
#ifndef ERRAND_SCHEDULER_FREE_INDEX_H
#define ERRAND_SCHEDULER_FREE_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct hypervisor;

struct free_index {
    struct hypervisor *root;
    size_t n;
};

/* A hypervisor's place in an index; all zero outside. */
struct free_node {
    struct hypervisor *left;
    struct hypervisor *right;
    uint64_t weight; /* the treap's heap order; a function of the id */
    int64_t most_cpu_milli;
};

void free_index_add(struct free_index *index, struct hypervisor *h);
void free_index_remove(struct free_index *index, struct hypervisor *h);

/* Best fit: of those with at least so much free memory and so many cores the one with the least
 * free memory, then the lowest id. NULL when there is none. */
struct hypervisor *free_index_best(const struct free_index *index, int64_t memory_mb,
                                   int64_t cpu_milli);

/* The most free memory among those with so many cores; -1 when none has them. */
int64_t free_index_most_memory(const struct free_index *index, int64_t cpu_milli);

/* The most cores of any; -1 when the index is empty. */
int64_t free_index_most_cpu(const struct free_index *index);

#endif
