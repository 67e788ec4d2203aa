/* SPDX-License-Identifier: Apache-2.0
 *
 * Ready hypervisors ordered by free memory and then by id: a treap whose nodes also know the most
 * free cores below them, so that every question is answered in O(log n). One may be in several
 * indexes, of different kinds.
 *
 * Does not own the hypervisors. `memory_free_mb`, `cpu_free_milli` and `id` of one that is in an
 * index must not change; take it out, change it, put it back.
 */
#ifndef ERRAND_PLACEMENT_FREE_INDEX_H
#define ERRAND_PLACEMENT_FREE_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct hypervisor;

enum free_index_kind {
    FREE_INDEX_REGION, /* all of a region */
    FREE_INDEX_POOL,   /* those of a region with the same labels */
    FREE_INDEX_KIND_COUNT
};

struct free_index {
    struct hypervisor *root;
    size_t n;
    enum free_index_kind kind;
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

/* Best fit: of those with at least so much free memory and so many free cores the one with the
 * least free memory, then the lowest id. NULL when there is none. */
struct hypervisor *free_index_best(const struct free_index *index, int64_t memory_mb,
                                   int64_t cpu_milli);

/* The one with the most free memory among those with so many free cores; NULL when none has them.
 */
struct hypervisor *free_index_roomiest(const struct free_index *index, int64_t cpu_milli);

/* The most free cores of any; -1 when the index is empty. */
int64_t free_index_most_cpu(const struct free_index *index);

#endif
