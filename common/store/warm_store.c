/* SPDX-License-Identifier: Apache-2.0 */
#include "store/warm_store.h"

#include "store/image_name.h"

static const char sql_ask[] =
    "INSERT INTO warm_requests (runner_id, hypervisors, pool, expires_at)"
    " SELECT id, $3::int, $4::int, now() + $5::int * interval '1 second' FROM runners"
    " WHERE project_id = $1 AND id = $2 AND status = 'available'"
    " ON CONFLICT (runner_id) DO UPDATE SET hypervisors = excluded.hypervisors,"
    "   pool = excluded.pool, requested_at = now(), expires_at = excluded.expires_at"
    " RETURNING 1";

/* `held` numbers the targets of each request, the best first; those past the wanted number go, as
 * do those where the runner could not run, and their pins with them. */
static const char sql_place[] =
    "WITH asked AS ("
    " SELECT w.runner_id, w.hypervisors, w.requested_at, r.region_id, t.memory_mb, t.cpu_milli"
    " FROM warm_requests w JOIN runners r ON r.id = w.runner_id"
    "  JOIN instance_types t ON t.id = r.instance_type_id"
    " WHERE r.status = 'available' AND w.expires_at > now()"
    "), judged AS ("
    " SELECT p.runner_id, p.hypervisor_id, a.hypervisors, a.requested_at,"
    "  p.requested_at < a.requested_at AS is_old,"
    "  EXISTS (SELECT FROM warm_pins x WHERE x.runner_id = p.runner_id"
    "   AND x.hypervisor_id = p.hypervisor_id) AS is_warm,"
    "  h.status = 'ready' AND h.region_id = a.region_id AND h.memory_total_mb >= a.memory_mb"
    "   AND h.cpu_milli >= a.cpu_milli AS fits"
    " FROM asked a JOIN warm_targets p USING (runner_id)"
    "  JOIN hypervisors h ON h.id = p.hypervisor_id"
    "), held AS ("
    " SELECT *, row_number() OVER (PARTITION BY runner_id"
    "   ORDER BY fits DESC, is_warm DESC, hypervisor_id) AS n FROM judged"
    "), over AS ("
    " SELECT p.runner_id, p.hypervisor_id FROM warm_targets p"
    "  WHERE p.runner_id NOT IN (SELECT runner_id FROM asked)"
    " UNION ALL SELECT runner_id, hypervisor_id FROM held WHERE n > hypervisors OR NOT fits"
    "), ended AS ("
    " DELETE FROM warm_requests WHERE runner_id NOT IN (SELECT runner_id FROM asked)"
    "), cold AS ("
    " DELETE FROM warm_pins p USING over x WHERE p.runner_id = x.runner_id"
    "  AND p.hypervisor_id = x.hypervisor_id"
    "), dropped AS ("
    " DELETE FROM warm_targets p USING held x WHERE p.runner_id = x.runner_id"
    "  AND p.hypervisor_id = x.hypervisor_id AND (x.n > x.hypervisors OR NOT x.fits)"
    "), renewed AS ("
    " UPDATE warm_targets p SET requested_at = x.requested_at FROM held x"
    " WHERE p.runner_id = x.runner_id AND p.hypervisor_id = x.hypervisor_id"
    "  AND x.n <= x.hypervisors AND x.fits AND x.is_old RETURNING p.hypervisor_id"
    "), made AS ("
    " INSERT INTO warm_targets (runner_id, hypervisor_id, requested_at)"
    " SELECT a.runner_id, h.id, a.requested_at FROM asked a CROSS JOIN LATERAL ("
    "  SELECT h.id FROM hypervisors h WHERE h.region_id = a.region_id AND h.status = 'ready'"
    "   AND h.removed_at IS NULL AND h.memory_total_mb >= a.memory_mb"
    "   AND h.cpu_milli >= a.cpu_milli AND NOT EXISTS (SELECT FROM held x"
    "     WHERE x.runner_id = a.runner_id AND x.hypervisor_id = h.id)"
    "  ORDER BY h.memory_free_mb DESC, h.id"
    "  LIMIT greatest(a.hypervisors - (SELECT count(*) FROM held x"
    "    WHERE x.runner_id = a.runner_id AND x.fits), 0)) h"
    " ON CONFLICT DO NOTHING RETURNING hypervisor_id"
    ") SELECT hypervisor_id FROM made UNION SELECT hypervisor_id FROM renewed"
    " UNION SELECT hypervisor_id FROM over";

static const char sql_pins[] =
    "SELECT r.id, r.project_id,"
    "  hashtextextended(concat_ws(' ', p.requested_at, r.version, c.updated_at, w.pool,"
    "    w.expires_at, t.memory_mb, t.cpu_milli), 0),"
    "  " IMAGE_OF_RUNNER ", r.image_digest, r.pull_policy, r.pull_timeout_seconds, w.pool,"
    "  w.expires_at, n.runner_id IS NOT NULL, t.memory_mb, t.cpu_milli, r.pids_limit,"
    "  r.shm_size_mb, r.read_only, r.network, r.sandbox,"
    "  c.id, c.hostname, c.username, c.password, c.ca_pem, c.insecure, h.public_key"
    " FROM warm_targets p JOIN warm_requests w USING (runner_id) JOIN runners r ON r.id = "
    "p.runner_id"
    "  JOIN instance_types t ON t.id = r.instance_type_id"
    "  JOIN hypervisors h ON h.id = p.hypervisor_id"
    "  LEFT JOIN warm_pins n ON n.runner_id = p.runner_id AND n.hypervisor_id = p.hypervisor_id"
    "  LEFT JOIN container_registries c ON c.id = r.container_registry_id"
    " WHERE p.hypervisor_id = $1 AND w.expires_at > now() AND r.status = 'available'"
    " ORDER BY r.id LIMIT 1000";

static const char sql_report[] =
    "UPDATE warm_targets p SET message = left($3, 1000) FROM warm_requests w"
    " WHERE p.runner_id = $1 AND p.hypervisor_id = $2 AND w.runner_id = p.runner_id"
    " RETURNING w.pool, greatest(extract(epoch FROM w.expires_at - now()), 1)::bigint";

const struct statement warm_store_ask = {"warm_ask", sql_ask, .repeatable = true};
const struct statement warm_store_place = {"warm_place", sql_place, .repeatable = true};
const struct statement warm_store_pins = {"warm_pins", sql_pins, .repeatable = true};
const struct statement warm_store_report = {"warm_report", sql_report, .repeatable = true};

void warm_store_ask_params(struct params *p, const struct warm_request *request)
{
    params_init(p, 256);
    params_add_id(p, request->project);
    params_add_id(p, request->runner);
    params_add_i64(p, request->hypervisors);
    params_add_i64(p, request->pool);
    params_add_i64(p, request->seconds);
}

struct id warm_store_read_placed(const struct rows *rows, int row)
{
    return row_id(rows, row, 0);
}

void warm_store_pins_params(struct params *p, struct id hypervisor)
{
    params_init(p, 64);
    params_add_id(p, hypervisor);
}

void warm_store_read_pin(const struct rows *rows, int row, struct warm_pin *ret_pin)
{
    size_t key_n;
    *ret_pin = (struct warm_pin){
        .runner = row_id(rows, row, 0),
        .project = row_id(rows, row, 1),
        .stamp = row_i64(rows, row, 2, 0),
        .image = row_text(rows, row, 3),
        .image_digest = row_text(rows, row, 4),
        .pull_policy = row_text(rows, row, 5),
        .pull_timeout_seconds = row_i64(rows, row, 6, 0),
        .pool = row_i64(rows, row, 7, 0),
        .expires_at_us = row_time_us(rows, row, 8),
        .is_warm = row_bool(rows, row, 9),
        .memory_mb = row_i64(rows, row, 10, 0),
        .cpu_milli = row_i64(rows, row, 11, 0),
        .pids_limit = row_i64(rows, row, 12, 0),
        .shm_size_mb = row_i64(rows, row, 13, 0),
        .read_only = row_bool(rows, row, 14),
        .network = row_text(rows, row, 15),
        .sandbox = row_text(rows, row, 16),
        .registry =
            {
                .id = row_id(rows, row, 17),
                .project = row_id(rows, row, 1),
                .hostname = row_text(rows, row, 18),
                .username = row_text(rows, row, 19),
                .ca_pem = row_text(rows, row, 21),
                .insecure = row_bool(rows, row, 22),
            },
        .public_key = row_bytes(rows, row, 23, &key_n),
    };
    ret_pin->registry.password = row_bytes(rows, row, 20, &ret_pin->registry.password_n);
}

void warm_store_report_params(struct params *p, const struct warm_report *report)
{
    params_init(p, 4096);
    params_add_id(p, report->runner);
    params_add_id(p, report->hypervisor);
    params_add_text(p, report->message);
}

bool warm_store_read_target(const struct rows *rows, struct pin *pin)
{
    if (rows_count(rows) == 0)
        return false;
    pin->pool = row_i64(rows, 0, 0, 0);
    pin->seconds = row_i64(rows, 0, 1, 0);
    return true;
}
