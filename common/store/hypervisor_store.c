/* SPDX-License-Identifier: Apache-2.0 */
#include "store/hypervisor_store.h"

#define CAPACITY                                                                                   \
    "SELECT h.id, h.name, h.region_id, h.status, h.cpu_milli, h.memory_total_mb,"                  \
    " h.memory_free_mb, live.memory_mb, h.last_seen_at, label_lines(h.labels), live.cpu_milli"     \
    " FROM hypervisors h CROSS JOIN LATERAL (SELECT coalesce(sum(r.memory_mb), 0)::bigint"         \
    "    AS memory_mb, coalesce(sum(r.cpu_milli), 0)::bigint AS cpu_milli FROM runs r"             \
    "    WHERE r.hypervisor_id = h.id AND r.state IN ('assigned', 'running')) live"                \
    " WHERE h.removed_at IS NULL"

static const char sql_load_all[] = CAPACITY;
static const char sql_load_region[] = CAPACITY " AND h.region_id = $1";
static const char sql_load_some[] =
    CAPACITY " AND (h.id = ANY($1::uuid[])"
             " OR h.id IN (SELECT hypervisor_id FROM runs WHERE id = ANY($2::uuid[])"
             "             UNION ALL SELECT hypervisor_id FROM run_attempts"
             "             WHERE run_id = ANY($2::uuid[])))";

static const char sql_regions[] = "SELECT id, slug FROM regions";

/* Every role sees the names of sessions and roles, also those of others. */
static const char sql_api_is_up[] =
    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
    " AND (application_name = 'errand-api' OR usename = 'errand_api')), clock_timestamp()";

static const char sql_mark_lost[] =
    "UPDATE hypervisors h SET status = 'lost'"
    " WHERE status = 'ready' AND removed_at IS NULL AND " HYPERVISOR_STORE_IS_SILENT
    " RETURNING h.id, h.name, extract(epoch FROM now() - h.last_seen_at)::bigint";

const struct statement hypervisor_store_load_all = {"hypervisor_load_all", sql_load_all,
                                                    .repeatable = true};
const struct statement hypervisor_store_load_region = {"hypervisor_load_region", sql_load_region,
                                                       .repeatable = true};
const struct statement hypervisor_store_load_some = {"hypervisor_load_some", sql_load_some,
                                                     .repeatable = true};
const struct statement hypervisor_store_regions = {"hypervisor_regions", sql_regions,
                                                   .repeatable = true};
const struct statement hypervisor_store_api_is_up = {"hypervisor_api_is_up", sql_api_is_up,
                                                     .repeatable = true};
const struct statement hypervisor_store_mark_lost = {"hypervisor_mark_lost", sql_mark_lost,
                                                     .repeatable = true};

void hypervisor_store_load_some_params(struct params *p, const struct id *hypervisors,
                                       size_t hypervisors_n, const struct id *runs, size_t runs_n)
{
    params_init(p, 256 + 32 * (hypervisors_n + runs_n));
    params_add_id_column(p, hypervisors, hypervisors_n, sizeof(*hypervisors));
    params_add_id_column(p, runs, runs_n, sizeof(*runs));
}

void hypervisor_store_read_capacity(const struct rows *rows, int row,
                                    struct hypervisor_capacity *ret_capacity)
{
    *ret_capacity = (struct hypervisor_capacity){
        .id = row_id(rows, row, 0),
        .name = row_text(rows, row, 1),
        .region = row_id(rows, row, 2),
        .status = row_text(rows, row, 3),
        .cpu_milli = row_i64(rows, row, 4, 0),
        .memory_total_mb = row_i64(rows, row, 5, 0),
        .memory_reported_mb = row_i64(rows, row, 6, 0),
        .memory_used_mb = row_i64(rows, row, 7, 0),
        .last_seen_us = row_time_us(rows, row, 8),
        .labels = row_text(rows, row, 9),
        .cpu_used_milli = row_i64(rows, row, 10, 0),
    };
}

void hypervisor_store_silence_params(struct params *p, const struct hypervisor_silence *silence)
{
    params_init(p, 128);
    params_add_i64(p, silence->observed_s);
    params_add_i64(p, silence->limit_s);
}
