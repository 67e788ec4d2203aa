/* SPDX-License-Identifier: Apache-2.0
 *
 * Insertion splits the tree below the new node, removal merges the two trees below the old one.
 * Depth is O(log n) for weights that look random, which a mixed id does.
 * Source: R. Seidel, C. Aragon, "Randomized Search Trees", 1996.
 */
#include "placement/free_index.h"

#include "placement/fleet.h"

#include <stdbool.h>
#include <string.h>

/* The finalizer of splitmix64. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

static uint64_t weight_of(struct id id)
{
    uint64_t halves[2];
    memcpy(halves, id.bytes, sizeof(halves));
    return mix(halves[0] ^ mix(halves[1]));
}

static bool is_before(const struct hypervisor *a, const struct hypervisor *b)
{
    if (a->memory_free_mb != b->memory_free_mb)
        return a->memory_free_mb < b->memory_free_mb;
    return memcmp(a->id.bytes, b->id.bytes, sizeof(a->id.bytes)) < 0;
}

static struct free_node *node(struct hypervisor *h, enum free_index_kind kind)
{
    return &h->nodes[kind];
}

static int64_t most_cpu_of(const struct hypervisor *h, enum free_index_kind kind)
{
    return h == NULL ? -1 : h->nodes[kind].most_cpu_milli;
}

static void update(struct hypervisor *h, enum free_index_kind kind)
{
    int64_t most = h->cpu_free_milli;
    int64_t left = most_cpu_of(h->nodes[kind].left, kind);
    int64_t right = most_cpu_of(h->nodes[kind].right, kind);
    most = left > most ? left : most;
    node(h, kind)->most_cpu_milli = right > most ? right : most;
}

/* Cut `tree` in two: what is before `at`, and the rest. */
static void split(struct hypervisor *tree, const struct hypervisor *at, enum free_index_kind kind,
                  struct hypervisor **ret_before, struct hypervisor **ret_rest)
{
    if (tree == NULL) {
        *ret_before = NULL;
        *ret_rest = NULL;
    } else if (is_before(tree, at)) {
        split(tree->nodes[kind].right, at, kind, &tree->nodes[kind].right, ret_rest);
        *ret_before = tree;
        update(tree, kind);
    } else {
        split(tree->nodes[kind].left, at, kind, ret_before, &tree->nodes[kind].left);
        *ret_rest = tree;
        update(tree, kind);
    }
}

/* Everything in `a` is before everything in `b`. */
static struct hypervisor *merge(struct hypervisor *a, struct hypervisor *b,
                                enum free_index_kind kind)
{
    if (a == NULL || b == NULL)
        return a == NULL ? b : a;
    if (a->nodes[kind].weight > b->nodes[kind].weight) {
        node(a, kind)->right = merge(a->nodes[kind].right, b, kind);
        update(a, kind);
        return a;
    }
    node(b, kind)->left = merge(a, b->nodes[kind].left, kind);
    update(b, kind);
    return b;
}

static struct hypervisor *add(struct hypervisor *tree, struct hypervisor *h,
                              enum free_index_kind kind)
{
    if (tree == NULL || h->nodes[kind].weight > tree->nodes[kind].weight) {
        split(tree, h, kind, &h->nodes[kind].left, &h->nodes[kind].right);
        update(h, kind);
        return h;
    }
    if (is_before(h, tree))
        node(tree, kind)->left = add(tree->nodes[kind].left, h, kind);
    else
        node(tree, kind)->right = add(tree->nodes[kind].right, h, kind);
    update(tree, kind);
    return tree;
}

static struct hypervisor *without(struct hypervisor *tree, const struct hypervisor *h,
                                  enum free_index_kind kind)
{
    if (tree == h)
        return merge(tree->nodes[kind].left, tree->nodes[kind].right, kind);
    if (is_before(h, tree))
        node(tree, kind)->left = without(tree->nodes[kind].left, h, kind);
    else
        node(tree, kind)->right = without(tree->nodes[kind].right, h, kind);
    update(tree, kind);
    return tree;
}

void free_index_add(struct free_index *index, struct hypervisor *h)
{
    *node(h, index->kind) = (struct free_node){.weight = weight_of(h->id)};
    index->root = add(index->root, h, index->kind);
    index->n++;
}

void free_index_remove(struct free_index *index, struct hypervisor *h)
{
    index->root = without(index->root, h, index->kind);
    index->n--;
    *node(h, index->kind) = (struct free_node){0};
}

/* A subtree that lies wholly above `memory_mb` and has the cores is descended once, so the walk
 * costs two paths at most. */
static struct hypervisor *best(struct hypervisor *tree, int64_t memory_mb, int64_t cpu_milli,
                               enum free_index_kind kind)
{
    if (most_cpu_of(tree, kind) < cpu_milli)
        return NULL;
    if (tree->memory_free_mb < memory_mb)
        return best(tree->nodes[kind].right, memory_mb, cpu_milli, kind);

    struct hypervisor *smaller = best(tree->nodes[kind].left, memory_mb, cpu_milli, kind);
    if (smaller != NULL)
        return smaller;
    return tree->cpu_free_milli >= cpu_milli
               ? tree
               : best(tree->nodes[kind].right, memory_mb, cpu_milli, kind);
}

struct hypervisor *free_index_best(const struct free_index *index, int64_t memory_mb,
                                   int64_t cpu_milli)
{
    return index->root == NULL ? NULL : best(index->root, memory_mb, cpu_milli, index->kind);
}

struct hypervisor *free_index_roomiest(const struct free_index *index, int64_t cpu_milli)
{
    enum free_index_kind kind = index->kind;
    struct hypervisor *tree = index->root;
    if (tree == NULL || most_cpu_of(tree, kind) < cpu_milli)
        return NULL;
    for (;;) {
        if (most_cpu_of(tree->nodes[kind].right, kind) >= cpu_milli)
            tree = tree->nodes[kind].right;
        else if (tree->cpu_free_milli >= cpu_milli)
            return tree;
        else
            tree = tree->nodes[kind].left;
    }
}

int64_t free_index_most_cpu(const struct free_index *index)
{
    return most_cpu_of(index->root, index->kind);
}
