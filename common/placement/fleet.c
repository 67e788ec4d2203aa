/* SPDX-License-Identifier: Apache-2.0
 *
 * Two arrays of pointers sorted by id. Hypervisors come and go rarely, so adding one may move the
 * pointers behind it; finding one is a binary search.
 */
#include "placement/fleet.h"

#include <string.h>

struct id_array {
    void **items; /* owned array; each item begins with its struct id */
    size_t n;
    size_t cap;
};

struct fleet {
    struct id_array regions;     /* owned struct fleet_region */
    struct id_array hypervisors; /* owned struct hypervisor */
    struct fleet_policy policy;
    struct warmth *warmth; /* owned */
};

/* --- sorted arrays --- */

static struct id item_id(const void *item)
{
    struct id id;
    memcpy(&id, item, sizeof(id));
    return id;
}

/* Where `id` is or belongs. */
static size_t id_array_place(const struct id_array *array, struct id id)
{
    size_t low = 0;
    size_t high = array->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct id at = item_id(array->items[middle]);
        if (memcmp(at.bytes, id.bytes, sizeof(id.bytes)) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void *id_array_find(const struct id_array *array, struct id id)
{
    size_t i = id_array_place(array, id);
    return i < array->n && id_equal(item_id(array->items[i]), id) ? array->items[i] : NULL;
}

/* Zeroed memory for a new item of `size` bytes, in the array under `id`; NULL out of memory. */
static void *id_array_add(struct id_array *array, struct id id, size_t size)
{
    if (array->n == array->cap) {
        size_t cap = array->cap == 0 ? 16 : array->cap * 2;
        void **items = reallocarray(array->items, cap, sizeof(*items));
        if (items == NULL)
            return NULL;
        array->items = items;
        array->cap = cap;
    }
    void *item = calloc(1, size);
    if (item == NULL)
        return NULL;
    memcpy(item, &id, sizeof(id));

    size_t i = id_array_place(array, id);
    memmove(&array->items[i + 1], &array->items[i], (array->n - i) * sizeof(*array->items));
    array->items[i] = item;
    array->n++;
    return item;
}

static void id_array_done(struct id_array *array)
{
    for (size_t i = 0; i < array->n; i++)
        free(array->items[i]);
    free(array->items);
}

/* --- one hypervisor --- */

static const char *const status_names[] = {
    [HYPERVISOR_READY] = "ready",
    [HYPERVISOR_DRAINING] = "draining",
    [HYPERVISOR_CORDONED] = "cordoned",
    [HYPERVISOR_LOST] = "lost",
};

_Static_assert(ARRAY_LEN(status_names) == HYPERVISOR_STATUS_COUNT, "a name for each status");

int hypervisor_status_parse(const char *name, enum hypervisor_status *ret_status, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(status_names); i++) {
        if (strcmp(name, status_names[i]) == 0) {
            *ret_status = (enum hypervisor_status)i;
            return 0;
        }
    }
    return err_set(e, ERR_INVALID, "unknown hypervisor status '%.20s'", name);
}

static int64_t free_memory_of(const struct hypervisor *h)
{
    int64_t left = h->memory_total_mb - h->memory_used_mb;
    int64_t least = left < h->memory_reported_mb ? left : h->memory_reported_mb;
    return least > 0 ? least : 0;
}

static int64_t free_cpu_of(const struct fleet *fleet, const struct hypervisor *h)
{
    int64_t left = h->cpu_milli * fleet->policy.cpu_percent / 100 - h->cpu_used_milli;
    int64_t least = left < h->cpu_milli ? left : h->cpu_milli;
    return least > 0 ? least : 0;
}

static bool is_indexed(const struct hypervisor *h)
{
    return h->status == HYPERVISOR_READY && !h->is_held;
}

/* Out of the indexes, so that it can change. */
static void take_out(struct hypervisor *h)
{
    if (!is_indexed(h))
        return;
    free_index_remove(&h->region->ready, h);
    free_index_remove(&h->pool->ready, h);
}

static void put_in(const struct fleet *fleet, struct hypervisor *h)
{
    h->memory_free_mb = free_memory_of(h);
    h->cpu_free_milli = free_cpu_of(fleet, h);
    if (!is_indexed(h))
        return;
    free_index_add(&h->region->ready, h);
    free_index_add(&h->pool->ready, h);
}

/* The same out of its region's counts, so that its place can change. */
static void detach(struct hypervisor *h)
{
    if (h->region == NULL)
        return;
    take_out(h);
    h->region->counts[h->status]--;
    h->pool->n--;
}

static void attach(const struct fleet *fleet, struct hypervisor *h)
{
    h->region->counts[h->status]++;
    h->pool->n++;
    put_in(fleet, h);
}

/* Between two heartbeats a run may end; what it leaves is free although the last one denies it. */
static int64_t reported_memory(const struct hypervisor *h, const struct fleet_entry *entry)
{
    bool is_same_heartbeat = h->region != NULL && h->last_seen_us == entry->last_seen_us;
    if (!is_same_heartbeat)
        return entry->memory_reported_mb;
    int64_t ended_mb = h->memory_used_mb - entry->memory_used_mb;
    return h->memory_reported_mb + (ended_mb > 0 ? ended_mb : 0);
}

static void copy_name(char *to, const char *name)
{
    size_t n = strnlen(name, FLEET_NAME_BYTES - 1);
    memcpy(to, name, n);
    to[n] = '\0';
}

/* --- pools --- */

static void pool_free(struct fleet_pool *pool)
{
    free(pool->labels);
    free(pool);
}

/* NULL out of memory. */
static struct fleet_pool *pool_of(struct fleet_region *region, const char *labels)
{
    for (size_t i = 0; i < region->pools_n; i++)
        if (strcmp(region->pools[i]->labels, labels) == 0)
            return region->pools[i];

    struct fleet_pool **pools =
        reallocarray(region->pools, region->pools_n + 1, sizeof(struct fleet_pool *));
    if (pools == NULL)
        return NULL;
    region->pools = pools;
    struct fleet_pool *pool = calloc(1, sizeof(*pool));
    if (pool == NULL)
        return NULL;
    pool->ready.kind = FREE_INDEX_POOL;
    pool->labels = strdup(labels);
    if (pool->labels == NULL) {
        free(pool);
        return NULL;
    }
    region->pools[region->pools_n++] = pool;
    return pool;
}

static void drop_empty_pools(struct fleet_region *region)
{
    size_t kept = 0;
    for (size_t i = 0; i < region->pools_n; i++) {
        if (region->pools[i]->n > 0)
            region->pools[kept++] = region->pools[i];
        else
            pool_free(region->pools[i]);
    }
    region->pools_n = kept;
}

static void region_free(struct fleet_region *region)
{
    for (size_t i = 0; i < region->pools_n; i++)
        pool_free(region->pools[i]);
    free(region->pools);
    free(region);
}

static bool has_line(const char *lines, const char *line, size_t n)
{
    while (*lines != '\0') {
        size_t at_n = strcspn(lines, "\n");
        if (at_n == n && memcmp(lines, line, n) == 0)
            return true;
        lines += at_n;
        lines += *lines == '\n';
    }
    return false;
}

bool fleet_labels_match(const char *labels, const char *wanted)
{
    while (*wanted != '\0') {
        size_t n = strcspn(wanted, "\n");
        if (!has_line(labels, wanted, n))
            return false;
        wanted += n;
        wanted += *wanted == '\n';
    }
    return true;
}

/* --- the fleet --- */

struct fleet *fleet_new(void)
{
    CLEANUP(fleet_freep) struct fleet *fleet = calloc(1, sizeof(*fleet));
    if (fleet == NULL)
        return NULL;
    fleet->policy.cpu_percent = FLEET_CPU_PERCENT_DEFAULT;
    fleet->warmth = warmth_new();
    return fleet->warmth == NULL ? NULL : TAKE_PTR(fleet);
}

void fleet_free(struct fleet *fleet)
{
    if (fleet == NULL)
        return;
    for (size_t i = 0; i < fleet->regions.n; i++)
        region_free(fleet->regions.items[i]);
    fleet->regions.n = 0;
    id_array_done(&fleet->hypervisors);
    id_array_done(&fleet->regions);
    warmth_free(fleet->warmth);
    free(fleet);
}

void fleet_freep(struct fleet **fleet)
{
    fleet_free(*fleet);
}

void fleet_set_policy(struct fleet *fleet, struct fleet_policy policy)
{
    fleet->policy = policy;
}

struct fleet_policy fleet_policy(const struct fleet *fleet)
{
    return fleet->policy;
}

struct warmth *fleet_warmth(const struct fleet *fleet)
{
    return fleet->warmth;
}

int fleet_put_region(struct fleet *fleet, struct id id, const char *slug, struct err *e)
{
    struct fleet_region *region = id_array_find(&fleet->regions, id);
    if (region == NULL)
        region = id_array_add(&fleet->regions, id, sizeof(*region));
    if (region == NULL)
        return err_set(e, ERR_INTERNAL, "remember region %s: out of memory", slug);
    copy_name(region->slug, slug);
    region->is_seen = true;
    return 0;
}

/* Its pool so far, unless it moved. */
static struct fleet_pool *pool_for(const struct hypervisor *h, struct fleet_region *region,
                                   const char *labels)
{
    bool is_same = h != NULL && h->region == region && strcmp(h->pool->labels, labels) == 0;
    return is_same ? h->pool : pool_of(region, labels);
}

int fleet_put(struct fleet *fleet, const struct fleet_entry *entry, bool *ret_has_more,
              struct err *e)
{
    struct fleet_region *region = id_array_find(&fleet->regions, entry->region);
    if (region == NULL)
        return err_set(e, ERR_NOT_FOUND, "hypervisor %s is in an unknown region", entry->name);
    struct hypervisor *h = id_array_find(&fleet->hypervisors, entry->id);
    struct fleet_pool *pool = pool_for(h, region, entry->labels == NULL ? "" : entry->labels);
    if (pool == NULL)
        return err_set(e, ERR_INTERNAL, "remember hypervisor %s: out of memory", entry->name);
    if (h == NULL)
        h = id_array_add(&fleet->hypervisors, entry->id, sizeof(*h));
    if (h == NULL)
        return err_set(e, ERR_INTERNAL, "remember hypervisor %s: out of memory", entry->name);

    struct hypervisor before = *h;
    detach(h);
    copy_name(h->name, entry->name);
    h->region = region;
    h->pool = pool;
    h->status = entry->status;
    h->cpu_milli = entry->cpu_milli;
    h->cpu_used_milli = entry->cpu_used_milli;
    h->memory_total_mb = entry->memory_total_mb;
    h->memory_reported_mb = reported_memory(&before, entry);
    h->memory_used_mb = entry->memory_used_mb;
    h->last_seen_us = entry->last_seen_us;
    h->is_seen = true;
    attach(fleet, h);

    *ret_has_more =
        h->status == HYPERVISOR_READY &&
        (before.pool != pool || before.status != HYPERVISOR_READY ||
         h->memory_free_mb > before.memory_free_mb || h->cpu_free_milli > before.cpu_free_milli);
    return 0;
}

void fleet_reload_begin(struct fleet *fleet)
{
    for (size_t i = 0; i < fleet->regions.n; i++)
        ((struct fleet_region *)fleet->regions.items[i])->is_seen = false;
    for (size_t i = 0; i < fleet->hypervisors.n; i++)
        ((struct hypervisor *)fleet->hypervisors.items[i])->is_seen = false;
}

void fleet_reload_end(struct fleet *fleet)
{
    size_t kept = 0;
    for (size_t i = 0; i < fleet->hypervisors.n; i++) {
        struct hypervisor *h = fleet->hypervisors.items[i];
        if (h->is_seen && h->region->is_seen) {
            fleet->hypervisors.items[kept++] = h;
        } else {
            detach(h);
            free(h);
        }
    }
    fleet->hypervisors.n = kept;

    kept = 0;
    for (size_t i = 0; i < fleet->regions.n; i++) {
        struct fleet_region *region = fleet->regions.items[i];
        drop_empty_pools(region);
        if (region->is_seen)
            fleet->regions.items[kept++] = region;
        else
            region_free(region);
    }
    fleet->regions.n = kept;
}

const struct fleet_region *fleet_region_at(const struct fleet *fleet, size_t i)
{
    return i < fleet->regions.n ? fleet->regions.items[i] : NULL;
}

const struct fleet_region *fleet_find_region(const struct fleet *fleet, struct id id)
{
    return id_array_find(&fleet->regions, id);
}

struct hypervisor *fleet_hypervisor_at(const struct fleet *fleet, size_t i)
{
    return i < fleet->hypervisors.n ? fleet->hypervisors.items[i] : NULL;
}

struct hypervisor *fleet_find(const struct fleet *fleet, struct id id)
{
    return id_array_find(&fleet->hypervisors, id);
}

void fleet_reserve(struct fleet *fleet, struct hypervisor *h, int64_t memory_mb, int64_t cpu_milli)
{
    take_out(h);
    h->memory_used_mb += memory_mb;
    h->cpu_used_milli += cpu_milli;
    put_in(fleet, h);
}

void fleet_release(struct fleet *fleet, struct hypervisor *h, int64_t memory_mb, int64_t cpu_milli)
{
    fleet_reserve(fleet, h, -memory_mb, -cpu_milli);
}

void fleet_hold(struct fleet *fleet, struct hypervisor *h, bool is_held)
{
    take_out(h);
    h->is_held = is_held;
    put_in(fleet, h);
}
