/* SPDX-License-Identifier: Apache-2.0 */
#include "placement/placement.h"

#include <inttypes.h>
#include <string.h>

/* What is known of the hypervisors that have the labels. */
struct room {
    struct hypervisor *best;
    size_t matching;
    int64_t most_memory_mb;
    int64_t most_cpu_milli;
};

static const char *labels_of(const struct placement_request *request)
{
    return request->labels == NULL ? "" : request->labels;
}

bool placement_fits(const struct hypervisor *h, const struct placement_request *request)
{
    return h->status == HYPERVISOR_READY && id_equal(h->region->id, request->region) &&
           h->memory_free_mb >= request->memory_mb && h->cpu_free_milli >= request->cpu_milli &&
           fleet_labels_match(h->pool->labels, labels_of(request));
}

/* The better of two that fit; either may be NULL. */
static struct hypervisor *better(struct hypervisor *a, struct hypervisor *b, bool spread)
{
    if (a == NULL || b == NULL)
        return a == NULL ? b : a;
    if (a->memory_free_mb != b->memory_free_mb)
        return (a->memory_free_mb < b->memory_free_mb) != spread ? a : b;
    return memcmp(a->id.bytes, b->id.bytes, sizeof(a->id.bytes)) < 0 ? a : b;
}

static void look_into(struct room *room, const struct free_index *ready,
                      const struct placement_request *request, bool spread)
{
    struct hypervisor *roomiest = free_index_roomiest(ready, request->cpu_milli);
    int64_t most_mb = roomiest == NULL ? -1 : roomiest->memory_free_mb;
    int64_t most_cpu = free_index_most_cpu(ready);
    struct hypervisor *found = NULL;
    if (most_mb >= request->memory_mb)
        found = spread ? roomiest : free_index_best(ready, request->memory_mb, request->cpu_milli);
    room->best = better(room->best, found, spread);
    room->matching += ready->n;
    room->most_memory_mb = most_mb > room->most_memory_mb ? most_mb : room->most_memory_mb;
    room->most_cpu_milli = most_cpu > room->most_cpu_milli ? most_cpu : room->most_cpu_milli;
}

static struct room look(const struct fleet_region *region, const struct placement_request *request,
                        bool spread)
{
    struct room room = {.most_memory_mb = -1, .most_cpu_milli = -1};
    const char *labels = labels_of(request);
    if (labels[0] == '\0') {
        look_into(&room, &region->ready, request, spread);
        return room;
    }
    for (size_t i = 0; i < region->pools_n; i++)
        if (fleet_labels_match(region->pools[i]->labels, labels))
            look_into(&room, &region->pools[i]->ready, request, spread);
    return room;
}

static bool takes(const struct hypervisor *h, const struct placement_request *request)
{
    return h != NULL && !h->is_held && placement_fits(h, request);
}

static struct hypervisor *choose_pinned(const struct fleet *fleet,
                                        const struct placement_request *request, bool *ret_has_pin)
{
    size_t n = 0;
    const struct warm_pin *pins =
        id_is_nil(request->runner) ? NULL : warmth_pins(fleet_warmth(fleet), request->runner, &n);
    struct hypervisor *found = NULL;
    *ret_has_pin = false;
    for (size_t i = 0; i < n; i++) {
        if (pins[i].until_us <= request->now_us)
            continue;
        *ret_has_pin = true;
        struct hypervisor *h = fleet_find(fleet, pins[i].hypervisor);
        if (takes(h, request))
            found = better(found, h, fleet_policy(fleet).spread);
    }
    return found;
}

static struct hypervisor *choose_by_image(const struct fleet *fleet,
                                          const struct placement_request *request)
{
    const struct id *places = warmth_image_places(fleet_warmth(fleet), request->image);
    struct hypervisor *found = NULL;
    for (size_t i = 0; places != NULL && i < WARMTH_IMAGE_PLACES && !id_is_nil(places[i]); i++) {
        struct hypervisor *h = fleet_find(fleet, places[i]);
        if (takes(h, request))
            found = better(found, h, fleet_policy(fleet).spread);
    }
    return found;
}

static size_t count_off(const struct fleet_region *region)
{
    return region->counts[HYPERVISOR_DRAINING] + region->counts[HYPERVISOR_CORDONED];
}

static enum pending_reason why_not(const struct placement_decision *decision,
                                   const struct placement_request *request)
{
    const struct fleet_region *region = decision->region;
    size_t ready = region == NULL ? 0 : region->counts[HYPERVISOR_READY];
    if (region == NULL || (ready == 0 && count_off(region) == 0))
        return PENDING_NO_HYPERVISOR_IN_REGION;
    if (ready == 0)
        return PENDING_ALL_DRAINING;
    if (decision->matching == 0)
        return labels_of(request)[0] != '\0' ? PENDING_NO_HYPERVISOR_IN_REGION
                                             : PENDING_INSUFFICIENT_MEMORY;
    if (decision->most_cpu_milli < request->cpu_milli)
        return PENDING_INSUFFICIENT_CPU;
    return PENDING_INSUFFICIENT_MEMORY;
}

struct placement_decision placement_choose(const struct fleet *fleet,
                                           const struct placement_request *request)
{
    struct placement_decision decision = {
        .region = fleet_find_region(fleet, request->region),
        .reason = PENDING_QUEUED,
        .most_memory_mb = -1,
        .most_cpu_milli = -1,
    };
    if (decision.region != NULL) {
        struct room room = look(decision.region, request, fleet_policy(fleet).spread);
        decision.matching = room.matching;
        decision.most_memory_mb = room.most_memory_mb;
        decision.most_cpu_milli = room.most_cpu_milli;
        decision.hypervisor = room.best;
        decision.choice = room.best == NULL ? PLACEMENT_NOWHERE : PLACEMENT_FIT;
    }
    if (decision.hypervisor == NULL) {
        decision.reason = why_not(&decision, request);
        return decision;
    }
    struct hypervisor *warm = choose_pinned(fleet, request, &decision.has_pin);
    if (warm != NULL) {
        decision.hypervisor = warm;
        decision.choice = PLACEMENT_PIN;
        return decision;
    }
    warm = choose_by_image(fleet, request);
    if (warm != NULL) {
        decision.hypervisor = warm;
        decision.choice = PLACEMENT_IMAGE;
    }
    return decision;
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* "gpu=a100, zone=b"; cut when there is no room. */
static char *say_labels(const char *lines, char *text, size_t size)
{
    size_t n = strnlen(lines, (size - 1) / 2);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        if (lines[i] == '\n')
            text[at++] = ',';
        text[at++] = lines[i] == '\n' ? ' ' : lines[i];
    }
    text[at] = '\0';
    return text;
}

static void say_none_in_region(const struct fleet_region *region,
                               const struct placement_request *request, char *text)
{
    char labels[128];
    size_t lost = region == NULL ? 0 : region->counts[HYPERVISOR_LOST];
    size_t ready = region == NULL ? 0 : region->counts[HYPERVISOR_READY];
    if (region == NULL)
        (void)snprintf(text, PLACEMENT_MESSAGE_BYTES, "the region is gone");
    else if (ready > 0)
        (void)snprintf(text, PLACEMENT_MESSAGE_BYTES,
                       "none of %zu ready hypervisor%s in region %s has the labels %.100s", ready,
                       plural(ready), region->slug,
                       say_labels(labels_of(request), labels, sizeof(labels)));
    else if (lost > 0)
        (void)snprintf(text, PLACEMENT_MESSAGE_BYTES,
                       "no hypervisor in region %s is alive, %zu lost", region->slug, lost);
    else
        (void)snprintf(text, PLACEMENT_MESSAGE_BYTES, "no hypervisor in region %s", region->slug);
}

static void say_memory(const struct placement_decision *decision,
                       const struct placement_request *request, char *text)
{
    size_t n = decision->matching;
    if (n == 0)
        (void)snprintf(text, PLACEMENT_MESSAGE_BYTES,
                       "need %" PRId64 " MB, every hypervisor is kept free for an older run",
                       request->memory_mb);
    else
        (void)snprintf(text, PLACEMENT_MESSAGE_BYTES,
                       "need %" PRId64 " MB, largest free %" PRId64 " MB on %zu hypervisor%s",
                       request->memory_mb, decision->most_memory_mb, n, plural(n));
}

char *placement_message(const struct placement_decision *decision,
                        const struct placement_request *request, char *text)
{
    const struct fleet_region *region = decision->region;
    size_t off = region == NULL ? 0 : count_off(region);

    text[0] = '\0';
    switch (decision->reason) {
    case PENDING_NO_HYPERVISOR_IN_REGION:
        say_none_in_region(region, request, text);
        break;
    case PENDING_ALL_DRAINING:
        (void)snprintf(text, PLACEMENT_MESSAGE_BYTES,
                       "%zu hypervisor%s in region %s, all draining or cordoned", off, plural(off),
                       region->slug);
        break;
    case PENDING_INSUFFICIENT_CPU:
        (void)snprintf(text, PLACEMENT_MESSAGE_BYTES,
                       "need %g cores, most on one is %g of %zu hypervisor%s",
                       (double)request->cpu_milli / 1000, (double)decision->most_cpu_milli / 1000,
                       decision->matching, plural(decision->matching));
        break;
    case PENDING_INSUFFICIENT_MEMORY:
        say_memory(decision, request, text);
        break;
    default:
        break;
    }
    return text;
}
