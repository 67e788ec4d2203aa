/* SPDX-License-Identifier: Apache-2.0 */
#include "store/run_usage_store.h"

#include "model/limits.h"

#define PARAMS_BYTES 512

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

static const char sql_add[] =
    "WITH run AS ("
    " SELECT id, attempt FROM runs WHERE id = $1 AND attempt = $2::int"
    "   AND hypervisor_id = $3::uuid AND state IN ('assigned', 'running')"
    "), added AS ("
    " INSERT INTO run_usage (run_id, attempt, at, cpu_ms, memory_bytes, io_read_bytes,"
    "   io_write_bytes, processes)"
    " SELECT id, attempt, $4::timestamptz, $5::bigint, $6::bigint, $7::bigint, $8::bigint, $9::int"
    " FROM run WHERE " TEXT(LIMIT_USAGE_SAMPLES) " > (SELECT count(*) FROM run_usage u"
                                                 "   WHERE u.run_id = $1 AND u.attempt = $2::int)"
                                                 " ON CONFLICT DO NOTHING"
                                                 ")"
                                                 " SELECT EXISTS (SELECT FROM run)";

static const char sql_list[] =
    "WITH run AS ("
    " SELECT id, attempt FROM runs WHERE id = $3 AND project_id = $1"
    "   AND ($2::uuid IS NULL OR runner_id = $2::uuid)"
    ")"
    " SELECT NULL::timestamptz AS at, NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint,"
    "   NULL::int FROM run"
    " UNION ALL"
    " (SELECT u.at, u.cpu_ms, u.memory_bytes, u.io_read_bytes, u.io_write_bytes, u.processes"
    "  FROM run JOIN run_usage u ON u.run_id = run.id AND u.attempt = run.attempt"
    "  ORDER BY u.at LIMIT " TEXT(LIMIT_USAGE_SAMPLES) ")"
                                                       " ORDER BY at NULLS FIRST";

const struct statement run_usage_store_add = {"run_usage_add", sql_add, .repeatable = true};
const struct statement run_usage_store_list = {"run_usage_list", sql_list, .repeatable = true};

void run_usage_store_add_params(struct params *p, const struct agent_fence *fence,
                                const struct usage_sample *sample)
{
    params_init(p, PARAMS_BYTES);
    params_add_id(p, fence->run);
    params_add_i64(p, fence->attempt);
    params_add_id(p, fence->hypervisor);
    params_add_time(p, sample->at_us);
    params_add_i64(p, sample->cpu_ms);
    params_add_i64(p, sample->memory_bytes);
    params_add_i64(p, sample->io_read_bytes);
    params_add_i64(p, sample->io_write_bytes);
    params_add_i64(p, sample->processes);
}

void run_usage_store_list_params(struct params *p, struct run_place place)
{
    params_init(p, PARAMS_BYTES);
    params_add_id(p, place.project);
    if (id_is_nil(place.runner))
        params_add_null(p);
    else
        params_add_id(p, place.runner);
    params_add_id(p, place.run);
}

void run_usage_store_read(const struct rows *rows, int row, struct usage_sample *ret_sample)
{
    *ret_sample = (struct usage_sample){
        .at_us = row_time_us(rows, row, 0),
        .cpu_ms = row_i64(rows, row, 1, 0),
        .memory_bytes = row_i64(rows, row, 2, 0),
        .io_read_bytes = row_i64(rows, row, 3, 0),
        .io_write_bytes = row_i64(rows, row, 4, 0),
        .processes = row_i64(rows, row, 5, 0),
    };
}
