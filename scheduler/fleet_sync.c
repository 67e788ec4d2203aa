/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet_sync.h"

#include "store/hypervisor_store.h"
#include "store/pin_store.h"

#include <string.h>

void fleet_sync_init(struct fleet_sync *sync, struct db *db, struct fleet *fleet)
{
    *sync = (struct fleet_sync){.db = db, .fleet = fleet};
}

static void forget_notes(struct fleet_sync *sync)
{
    sync->runs_n = 0;
    sync->hypervisors_n = 0;
    sync->too_many = false;
}

static void note(struct fleet_sync *sync, struct id *ids, size_t *n, const char *id_text)
{
    struct id id;
    if (id_parse(id_text, strlen(id_text), &id, NULL) < 0)
        return;
    for (size_t i = 0; i < *n; i++)
        if (id_equal(ids[i], id))
            return;
    if (*n < FLEET_SYNC_NOTED_MAX)
        ids[(*n)++] = id;
    else
        sync->too_many = true;
}

void fleet_sync_note_run(struct fleet_sync *sync, const char *id_text)
{
    note(sync, sync->runs, &sync->runs_n, id_text);
}

void fleet_sync_note_hypervisor(struct fleet_sync *sync, const char *id_text)
{
    note(sync, sync->hypervisors, &sync->hypervisors_n, id_text);
}

bool fleet_sync_has_notes(const struct fleet_sync *sync)
{
    return sync->too_many || sync->runs_n > 0 || sync->hypervisors_n > 0;
}

static int put_row(struct fleet *fleet, const struct rows *rows, int row, bool *has_more,
                   struct err *e)
{
    struct hypervisor_capacity capacity;
    hypervisor_store_read_capacity(rows, row, &capacity);
    struct fleet_entry entry = {
        .id = capacity.id,
        .name = capacity.name,
        .region = capacity.region,
        .labels = capacity.labels,
        .cpu_milli = capacity.cpu_milli,
        .cpu_used_milli = capacity.cpu_used_milli,
        .memory_total_mb = capacity.memory_total_mb,
        .memory_reported_mb = capacity.memory_reported_mb,
        .memory_used_mb = capacity.memory_used_mb,
        .last_seen_us = capacity.last_seen_us,
    };
    int r = hypervisor_status_parse(capacity.status, &entry.status, e);
    if (r < 0)
        return r;

    bool has_it_more = false;
    r = fleet_put(fleet, &entry, &has_it_more, e);
    *has_more = *has_more || has_it_more;
    return r;
}

static int put_rows(struct fleet *fleet, const struct rows *rows, bool *has_more, struct err *e)
{
    int r = 0;
    for (int row = 0; r == 0 && row < rows_count(rows); row++)
        r = put_row(fleet, rows, row, has_more, e);
    return r;
}

static int load_pins(struct fleet_sync *sync, struct err *e)
{
    CLEANUP(params_done) struct params p;
    CLEANUP(rows_freep) struct rows *rows = NULL;
    params_init(&p, 64);
    params_add_i64(&p, WARMTH_PINS_MAX);
    int r = db_run(sync->db, &pin_store_load, &p, &rows, e);
    if (r < 0)
        return r;

    size_t n = (size_t)rows_count(rows);
    CLEANUP(freep) struct warm_pin *pins = calloc(n + 1, sizeof(*pins));
    if (pins == NULL)
        return err_set(e, ERR_INTERNAL, "load warm pins: out of memory");
    for (size_t i = 0; i < n; i++) {
        struct valid_pin pin;
        pin_store_read(rows, (int)i, &pin);
        pins[i] = (struct warm_pin){pin.runner, pin.hypervisor, pin.until_us};
    }
    return warmth_set_pins(fleet_warmth(sync->fleet), pins, n, e);
}

int fleet_sync_noted(struct fleet_sync *sync, bool *ret_has_more, struct err *e)
{
    if (sync->too_many)
        return fleet_sync_all(sync, ret_has_more, e);

    bool has_more = false;
    if (fleet_sync_has_notes(sync)) {
        CLEANUP(params_done) struct params p;
        CLEANUP(rows_freep) struct rows *rows = NULL;
        hypervisor_store_load_some_params(&p, sync->hypervisors, sync->hypervisors_n, sync->runs,
                                          sync->runs_n);
        int r = db_run(sync->db, &hypervisor_store_load_some, &p, &rows, e);
        if (r == 0)
            r = put_rows(sync->fleet, rows, &has_more, e);
        if (r == ERR_NOT_FOUND) /* a region made since */
            return fleet_sync_all(sync, ret_has_more, e);
        if (r == 0 && sync->hypervisors_n > 0) /* a pin was made, perhaps */
            r = load_pins(sync, e);
        if (r < 0)
            return r;
        forget_notes(sync);
    }
    *ret_has_more = has_more;
    return 0;
}

static int load_regions(struct fleet_sync *sync, struct err *e)
{
    CLEANUP(rows_freep) struct rows *rows = NULL;
    int r = db_run(sync->db, &hypervisor_store_regions, NULL, &rows, e);
    for (int row = 0; r == 0 && row < rows_count(rows); row++)
        r = fleet_put_region(sync->fleet, row_id(rows, row, 0), row_text(rows, row, 1), e);
    return r;
}

int fleet_sync_all(struct fleet_sync *sync, bool *ret_has_more, struct err *e)
{
    /* Hypervisors first: each refers to a region that is then there to be read. */
    CLEANUP(rows_freep) struct rows *rows = NULL;
    int r = db_run(sync->db, &hypervisor_store_load_all, NULL, &rows, e);
    if (r < 0)
        return r;

    bool has_more = false;
    fleet_reload_begin(sync->fleet);
    r = load_regions(sync, e);
    if (r == 0)
        r = put_rows(sync->fleet, rows, &has_more, e);
    if (r == 0)
        r = load_pins(sync, e);
    if (r < 0)
        return r;
    fleet_reload_end(sync->fleet);
    forget_notes(sync);
    *ret_has_more = has_more;
    return 0;
}
