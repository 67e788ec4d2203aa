/* SPDX-License-Identifier: Apache-2.0 */
#include "holds.h"

#include <string.h>

/* At most one hypervisor of so many in a region is held. */
#define READY_A_HOLD 8

static void drop(struct holds *holds, struct fleet *fleet, size_t i)
{
    struct hypervisor *h = fleet_find(fleet, holds->items[i].hypervisor);
    if (h != NULL)
        fleet_hold(fleet, h, false);
    free((void *)(uintptr_t)holds->items[i].request.labels);
    holds->items[i] = holds->items[--holds->n];
}

void holds_done(struct holds *holds)
{
    while (holds->n > 0)
        free((void *)(uintptr_t)holds->items[--holds->n].request.labels);
}

/* SIZE_MAX: none. */
static size_t find(const struct holds *holds, struct id project,
                   const struct placement_request *request)
{
    for (size_t i = 0; i < holds->n; i++) {
        const struct placement_request *held = &holds->items[i].request;
        if (id_equal(holds->items[i].project, project) && id_equal(held->region, request->region) &&
            held->memory_mb == request->memory_mb && held->cpu_milli == request->cpu_milli &&
            strcmp(held->labels, request->labels) == 0)
            return i;
    }
    return SIZE_MAX;
}

bool holds_has(const struct holds *holds, struct id project,
               const struct placement_request *request)
{
    return find(holds, project, request) != SIZE_MAX;
}

/* It will have room when what runs there has ended. */
static bool will_fit(const struct hypervisor *h, const struct placement_request *request)
{
    bool is_idle = h->memory_used_mb == 0;
    return h->status == HYPERVISOR_READY && id_equal(h->region->id, request->region) &&
           h->memory_total_mb >= request->memory_mb && h->cpu_milli >= request->cpu_milli &&
           fleet_labels_match(h->pool->labels, request->labels) &&
           (!is_idle || placement_fits(h, request));
}

static size_t most_holds(const struct fleet *fleet, struct id region)
{
    const struct fleet_region *r = fleet_find_region(fleet, region);
    size_t most = r == NULL ? 0 : r->counts[HYPERVISOR_READY] / READY_A_HOLD;
    return most > 0 ? most : 1;
}

static size_t count_in(const struct holds *holds, struct id region)
{
    size_t n = 0;
    for (size_t i = 0; i < holds->n; i++)
        n += id_equal(holds->items[i].request.region, region);
    return n;
}

bool holds_add(struct holds *holds, struct fleet *fleet, struct id project,
               const struct placement_request *request)
{
    if (holds->n == HOLDS_MAX ||
        count_in(holds, request->region) >= most_holds(fleet, request->region))
        return false;

    struct hypervisor *best = NULL;
    struct hypervisor *h;
    for (size_t i = 0; (h = fleet_hypervisor_at(fleet, i)) != NULL; i++)
        if (!h->is_held && will_fit(h, request) &&
            (best == NULL || h->memory_free_mb > best->memory_free_mb))
            best = h;
    char *labels = best == NULL ? NULL : strdup(request->labels);
    if (labels == NULL)
        return false;

    fleet_hold(fleet, best, true);
    struct hold *hold = &holds->items[holds->n++];
    *hold = (struct hold){.request = *request, .project = project, .hypervisor = best->id};
    hold->request.labels = labels;
    return true;
}

bool holds_redeem(struct holds *holds, struct fleet *fleet, struct id project,
                  const struct placement_request *request)
{
    size_t i = find(holds, project, request);
    if (i == SIZE_MAX)
        return false;
    const struct hypervisor *h = fleet_find(fleet, holds->items[i].hypervisor);
    bool fits = h != NULL && placement_fits(h, request);
    if (fits || h == NULL || !will_fit(h, request))
        drop(holds, fleet, i);
    return fits;
}

void holds_prune(struct holds *holds, struct fleet *fleet, struct id region,
                 bool (*waits)(void *ctx, const struct hold *hold), void *ctx)
{
    for (size_t i = holds->n; i > 0; i--)
        if (id_equal(holds->items[i - 1].request.region, region) &&
            !waits(ctx, &holds->items[i - 1]))
            drop(holds, fleet, i - 1);
}
