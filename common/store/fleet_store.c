/* SPDX-License-Identifier: Apache-2.0 */
#include "store/fleet_store.h"

#include "store/catalog_store.h"

#define HYPERVISOR_COLUMNS                                                                         \
    ", h.id, h.name, h.status, h.cpu_milli, h.memory_total_mb,"                                    \
    "  greatest(0, least(h.memory_free_mb, h.memory_total_mb - live.memory_mb)),"                  \
    "  h.disk_free_bytes, live.runs, to_jsonb(h.runtimes)::text, h.labels::text, h.version,"       \
    "  h.images_cached, h.last_seen_at, greatest(0, h.cpu_milli - "                                \
    "live.cpu_milli)" CATALOG_REGION_COLUMNS
#define LIVE                                                                                       \
    " LEFT JOIN LATERAL (SELECT count(*) AS runs, coalesce(sum(memory_mb), 0) AS memory_mb,"       \
    "   coalesce(sum(cpu_milli), 0) AS cpu_milli"                                                  \
    "   FROM runs WHERE hypervisor_id = h.id AND state IN ('assigned', 'running')) live ON true"
#define HYPERVISOR_JOINS LIVE " LEFT JOIN regions g ON g.id = h.region_id"

static const char sql_list[] =
    "SELECT total.n" HYPERVISOR_COLUMNS
    " FROM (SELECT count(*) AS n FROM hypervisors WHERE removed_at IS NULL) total"
    " LEFT JOIN (SELECT * FROM hypervisors WHERE removed_at IS NULL"
    "            ORDER BY name LIMIT $1 OFFSET $2) h ON true" HYPERVISOR_JOINS " ORDER BY h.name";

static const char sql_get[] =
    "SELECT 1" HYPERVISOR_COLUMNS " FROM (SELECT * FROM hypervisors WHERE id = $1"
    "       AND removed_at IS NULL) h" HYPERVISOR_JOINS;

static const char sql_set_status[] =
    "WITH changed AS (UPDATE hypervisors SET status = $2 WHERE id = $1 AND removed_at IS NULL"
    " RETURNING *) SELECT 1" HYPERVISOR_COLUMNS " FROM changed h" HYPERVISOR_JOINS;

/* One that is not ready is given no runs, so none can come while we look. */
static const char sql_remove[] =
    "WITH target AS ("
    " SELECT id FROM hypervisors WHERE id = $1 AND removed_at IS NULL FOR UPDATE"
    "), removed AS ("
    " UPDATE hypervisors h SET removed_at = now() FROM target WHERE h.id = target.id"
    " AND h.status <> 'ready' AND NOT EXISTS (SELECT FROM runs WHERE hypervisor_id = $1"
    "   AND state IN ('assigned', 'running'))"
    " RETURNING h.id"
    "), ended AS (DELETE FROM tokens USING removed WHERE hypervisor_id = removed.id"
    "), cold AS (DELETE FROM warm_pins p USING removed WHERE p.hypervisor_id = removed.id"
    ") SELECT (SELECT count(*) FROM target), (SELECT count(*) FROM removed)";

/* Every API looks at the clock for itself; whoever is first takes the sample. */
static const char sql_sample[] =
    "WITH old AS (DELETE FROM hypervisor_samples WHERE at < now() - interval '1 day')"
    " INSERT INTO hypervisor_samples (hypervisor_id, at, memory_used_mb, cpu_used_milli, runs)"
    " SELECT h.id, date_bin('5 minutes', now(), 'epoch'),"
    "  h.memory_total_mb - greatest(0, least(h.memory_free_mb, h.memory_total_mb - "
    "live.memory_mb)),"
    "  live.cpu_milli, live.runs"
    " FROM hypervisors h" LIVE
    " WHERE h.removed_at IS NULL AND h.status <> 'lost' ON CONFLICT DO NOTHING";

static const char sql_history[] =
    "SELECT s.at, s.memory_used_mb, s.cpu_used_milli, s.runs FROM hypervisors h"
    " LEFT JOIN hypervisor_samples s ON s.hypervisor_id = h.id AND s.at > now() - interval '1 day'"
    " WHERE h.id = $1 AND h.removed_at IS NULL ORDER BY s.at";

const struct statement fleet_store_list = {"fleet_list", sql_list, .repeatable = true};
const struct statement fleet_store_get = {"fleet_get", sql_get, .repeatable = true};
const struct statement fleet_store_set_status = {"fleet_set_status", sql_set_status,
                                                 .repeatable = true};
const struct statement fleet_store_remove = {"fleet_remove", sql_remove, .repeatable = false};

const struct statement fleet_store_sample = {"fleet_sample", sql_sample, .repeatable = true};
const struct statement fleet_store_history = {"fleet_history", sql_history, .repeatable = true};

bool fleet_store_read_sample(const struct rows *rows, int row, struct hypervisor_sample *ret_sample)
{
    *ret_sample = (struct hypervisor_sample){
        .at_us = row_time_us(rows, row, 0),
        .memory_used_mb = row_i64(rows, row, 1, 0),
        .cpu_used_milli = row_i64(rows, row, 2, 0),
        .runs = row_i64(rows, row, 3, 0),
    };
    return row_text(rows, row, 0) != NULL;
}

void fleet_store_get_params(struct params *p, struct id hypervisor)
{
    params_init(p, 64);
    params_add_id(p, hypervisor);
}

void fleet_store_set_status_params(struct params *p, struct id hypervisor, const char *status)
{
    params_init(p, 128);
    params_add_id(p, hypervisor);
    params_add_text(p, status);
}

enum fleet_removal fleet_store_read_removal(const struct rows *rows)
{
    if (row_i64(rows, 0, 0, 0) == 0)
        return FLEET_MISSING;
    return row_i64(rows, 0, 1, 0) == 0 ? FLEET_IN_USE : FLEET_REMOVED;
}

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
        .cpu_free_milli = row_i64(rows, row, 14, 0),
    };
    catalog_store_read_region(rows, row, 15, &ret_hypervisor->region);
}
