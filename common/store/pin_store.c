/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pin_store.h"

static const char sql_put[] =
    "WITH pin AS ("
    " INSERT INTO warm_pins (runner_id, hypervisor_id, image_digest, pool, valid_until)"
    " SELECT r.id, h.id, $3, $4::int, now() + make_interval(secs => $5::float8)"
    " FROM runners r, hypervisors h WHERE r.id = $1 AND r.status = 'available' AND h.id = $2"
    " AND h.removed_at IS NULL"
    " ON CONFLICT (runner_id, hypervisor_id) DO UPDATE SET image_digest = excluded.image_digest,"
    "   pool = excluded.pool, valid_until = excluded.valid_until RETURNING runner_id"
    ") UPDATE runners SET warmed_at = now() FROM pin WHERE id = pin.runner_id RETURNING id";

static const char sql_load[] =
    "SELECT runner_id, hypervisor_id, valid_until FROM warm_pins WHERE valid_until > now()"
    " ORDER BY runner_id, hypervisor_id LIMIT $1::int";

static const char sql_expire[] =
    "DELETE FROM warm_pins WHERE (runner_id, hypervisor_id) IN (SELECT runner_id, hypervisor_id"
    " FROM warm_pins WHERE valid_until <= now() ORDER BY valid_until LIMIT $1::int)";

const struct statement pin_store_put = {"pin_put", sql_put, .repeatable = true};
const struct statement pin_store_drop = {"pin_drop", "DELETE FROM warm_pins WHERE runner_id = $1",
                                         .repeatable = true};
const struct statement pin_store_load = {"pin_load", sql_load, .repeatable = true};
const struct statement pin_store_load_of_runner = {
    "pin_load_of_runner",
    "SELECT runner_id, hypervisor_id, valid_until FROM warm_pins WHERE runner_id = $1"
    " AND valid_until > now() ORDER BY hypervisor_id",
    .repeatable = true};
const struct statement pin_store_expire = {"pin_expire", sql_expire, .repeatable = true};

void pin_store_put_params(struct params *p, const struct pin *pin)
{
    params_init(p, 1024);
    params_add_id(p, pin->runner);
    params_add_id(p, pin->hypervisor);
    params_add_text(p, pin->image_digest);
    params_add_i64(p, pin->pool);
    params_add_i64(p, pin->seconds);
}

void pin_store_drop_params(struct params *p, struct id runner)
{
    params_init(p, 64);
    params_add_id(p, runner);
}

void pin_store_read(const struct rows *rows, int row, struct valid_pin *ret_pin)
{
    *ret_pin = (struct valid_pin){
        .runner = row_id(rows, row, 0),
        .hypervisor = row_id(rows, row, 1),
        .until_us = row_time_us(rows, row, 2),
    };
}
