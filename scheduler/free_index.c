/* SPDX-License-Identifier: Apache-2.0
 *
 * Insertion splits the tree below the new node, removal merges the two trees below the old one.
 * Depth is O(log n) for weights that look random, which a mixed id does.
 * Source: R. Seidel, C. Aragon, "Randomized Search Trees", 1996.
 */
#include "free_index.h"

#include "fleet.h"

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

static int64_t most_cpu_of(const struct hypervisor *h)
{
    return h == NULL ? -1 : h->node.most_cpu_milli;
}

static void update(struct hypervisor *h)
{
    int64_t most = h->cpu_milli;
    if (most_cpu_of(h->node.left) > most)
        most = most_cpu_of(h->node.left);
    if (most_cpu_of(h->node.right) > most)
        most = most_cpu_of(h->node.right);
    h->node.most_cpu_milli = most;
}

/* Cut `tree` in two: what is before `at`, and the rest. */
static void split(struct hypervisor *tree, const struct hypervisor *at,
                  struct hypervisor **ret_before, struct hypervisor **ret_rest)
{
    if (tree == NULL) {
        *ret_before = NULL;
        *ret_rest = NULL;
    } else if (is_before(tree, at)) {
        split(tree->node.right, at, &tree->node.right, ret_rest);
        *ret_before = tree;
        update(tree);
    } else {
        split(tree->node.left, at, ret_before, &tree->node.left);
        *ret_rest = tree;
        update(tree);
    }
}

/* Everything in `a` is before everything in `b`. */
static struct hypervisor *merge(struct hypervisor *a, struct hypervisor *b)
{
    if (a == NULL || b == NULL)
        return a == NULL ? b : a;
    if (a->node.weight > b->node.weight) {
        a->node.right = merge(a->node.right, b);
        update(a);
        return a;
    }
    b->node.left = merge(a, b->node.left);
    update(b);
    return b;
}

static struct hypervisor *add(struct hypervisor *tree, struct hypervisor *h)
{
    if (tree == NULL || h->node.weight > tree->node.weight) {
        split(tree, h, &h->node.left, &h->node.right);
        update(h);
        return h;
    }
    if (is_before(h, tree))
        tree->node.left = add(tree->node.left, h);
    else
        tree->node.right = add(tree->node.right, h);
    update(tree);
    return tree;
}

static struct hypervisor *without(struct hypervisor *tree, const struct hypervisor *h)
{
    if (tree == h)
        return merge(tree->node.left, tree->node.right);
    if (is_before(h, tree))
        tree->node.left = without(tree->node.left, h);
    else
        tree->node.right = without(tree->node.right, h);
    update(tree);
    return tree;
}

void free_index_add(struct free_index *index, struct hypervisor *h)
{
    h->node = (struct free_node){.weight = weight_of(h->id)};
    index->root = add(index->root, h);
    index->n++;
}

void free_index_remove(struct free_index *index, struct hypervisor *h)
{
    index->root = without(index->root, h);
    index->n--;
    h->node = (struct free_node){0};
}

/* A subtree that lies wholly above `memory_mb` and has the cores is descended once, so the walk
 * costs two paths at most. */
static struct hypervisor *best(struct hypervisor *tree, int64_t memory_mb, int64_t cpu_milli)
{
    if (most_cpu_of(tree) < cpu_milli)
        return NULL;
    if (tree->memory_free_mb < memory_mb)
        return best(tree->node.right, memory_mb, cpu_milli);

    struct hypervisor *smaller = best(tree->node.left, memory_mb, cpu_milli);
    if (smaller != NULL)
        return smaller;
    return tree->cpu_milli >= cpu_milli ? tree : best(tree->node.right, memory_mb, cpu_milli);
}

struct hypervisor *free_index_best(const struct free_index *index, int64_t memory_mb,
                                   int64_t cpu_milli)
{
    return index->root == NULL ? NULL : best(index->root, memory_mb, cpu_milli);
}

int64_t free_index_most_memory(const struct free_index *index, int64_t cpu_milli)
{
    const struct hypervisor *tree = index->root;
    if (tree == NULL || most_cpu_of(tree) < cpu_milli)
        return -1;
    for (;;) {
        if (most_cpu_of(tree->node.right) >= cpu_milli)
            tree = tree->node.right;
        else if (tree->cpu_milli >= cpu_milli)
            return tree->memory_free_mb;
        else
            tree = tree->node.left;
    }
}

int64_t free_index_most_cpu(const struct free_index *index)
{
    return most_cpu_of(index->root);
}
