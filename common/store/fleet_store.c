/* SPDX-License-Identifier: Apache-2.0 */
#include "store/fleet_store.h"

#include "store/catalog_store.h"

static const char sql_list[] =
    "SELECT total.n, h.id, h.name, h.status, h.cpu_milli, h.memory_total_mb,"
    "  greatest(0, least(h.memory_free_mb, h.memory_total_mb - live.memory_mb)),"
    "  h.disk_free_bytes, live.runs, to_jsonb(h.runtimes)::text, h.labels::text, h.version,"
    "  h.images_cached, h.last_seen_at" CATALOG_REGION_COLUMNS
    " FROM (SELECT count(*) AS n FROM hypervisors) total"
    " LEFT JOIN (SELECT * FROM hypervisors ORDER BY name LIMIT $1 OFFSET $2) h ON true"
    " LEFT JOIN LATERAL (SELECT count(*) AS runs, coalesce(sum(memory_mb), 0) AS memory_mb"
    "   FROM runs WHERE hypervisor_id = h.id AND state IN ('assigned', 'running')) live ON true"
    " LEFT JOIN regions g ON g.id = h.region_id"
    " ORDER BY h.name";

const struct statement fleet_store_list = {"fleet_list", sql_list, .repeatable = true};

void fleet_store_list_params(struct params *p, struct page_window window)
{
    params_init(p, 64);
    page_window_params(p, window);
}

void fleet_store_read(const struct rows *rows, int row, struct hypervisor *ret_hypervisor)
{
    *ret_hypervisor = (struct hypervisor){
        .id = row_id(rows, row, 1),
        .name = row_text(rows, row, 2),
        .status = row_text(rows, row, 3),
        .cpu_milli = row_i64(rows, row, 4, 0),
        .memory_total_mb = row_i64(rows, row, 5, 0),
        .memory_free_mb = row_i64(rows, row, 6, 0),
        .disk_free_bytes = row_i64(rows, row, 7, 0),
        .runs = row_i64(rows, row, 8, 0),
        .runtimes = row_text(rows, row, 9),
        .labels = row_text(rows, row, 10),
        .version = row_text(rows, row, 11),
        .images_cached = row_i64(rows, row, 12, 0),
        .last_seen_at_us = row_time_us(rows, row, 13),
    };
    catalog_store_read_region(rows, row, 14, &ret_hypervisor->region);
}
