/* SPDX-License-Identifier: Apache-2.0 */
#include "store/project_store.h"

#define COLUMNS                                                                                    \
    "p.id, p.name, p.max_open_runs, p.max_memory_mb, p.max_runs_per_day, p.max_log_bytes_per_run," \
    " p.created_at, p.updated_at"
#define SEEN                                                                                       \
    "($1::bool OR p.id = $2::uuid"                                                                 \
    " OR EXISTS (SELECT FROM members m WHERE m.project_id = p.id AND m.user_id = $3::uuid))"

static const char sql_list[] =
    "SELECT total.n, " COLUMNS " FROM (SELECT count(*) AS n FROM projects p WHERE " SEEN ") total"
    " LEFT JOIN LATERAL (SELECT * FROM projects p WHERE " SEEN
    "                    ORDER BY name LIMIT $4 OFFSET $5) p ON true ORDER BY p.name";

static const char sql_get[] =
    "SELECT 1::bigint, " COLUMNS " FROM projects p WHERE " SEEN " AND p.id = $4";

static const char sql_create[] =
    "WITH made AS ("
    " INSERT INTO projects (id, name, max_open_runs, max_memory_mb, max_runs_per_day,"
    "   max_log_bytes_per_run) VALUES ($1::uuid, $2, $3::bigint, $4::bigint, $5::bigint,"
    "   $6::bigint) ON CONFLICT (id) DO NOTHING RETURNING *)"
    " SELECT 1::bigint, " COLUMNS
    " FROM (SELECT * FROM made UNION ALL SELECT * FROM projects WHERE id = $1) p LIMIT 1";

static const char sql_update[] =
    "UPDATE projects p SET name = $2, max_open_runs = $3::bigint, max_memory_mb = $4::bigint,"
    " max_runs_per_day = $5::bigint, max_log_bytes_per_run = $6::bigint, updated_at = now()"
    " WHERE id = $1 AND updated_at = $7 RETURNING 1::bigint, " COLUMNS;

static const char sql_delete[] = "DELETE FROM projects WHERE id = $1 RETURNING id";

const struct statement project_store_list = {"project_list", sql_list, .repeatable = true};
const struct statement project_store_get = {"project_get", sql_get, .repeatable = true};
const struct statement project_store_create = {"project_create", sql_create, .repeatable = true};
const struct statement project_store_update = {"project_update", sql_update, .repeatable = false};
const struct statement project_store_delete = {"project_delete", sql_delete, .repeatable = false};

static void add_viewer(struct params *p, struct project_viewer viewer)
{
    params_add_bool(p, viewer.sees_all);
    params_add_id_or_null(p, viewer.project);
    params_add_id_or_null(p, viewer.user);
}

void project_store_list_params(struct params *p, struct project_viewer viewer,
                               struct page_window window)
{
    params_init(p, 256);
    add_viewer(p, viewer);
    page_window_params(p, window);
}

void project_store_read(const struct rows *rows, int row, struct project *ret_project)
{
    *ret_project = (struct project){
        .id = row_id(rows, row, 1),
        .name = row_text(rows, row, 2),
        .max_open_runs = row_i64(rows, row, 3, PROJECT_NO_QUOTA),
        .max_memory_mb = row_i64(rows, row, 4, PROJECT_NO_QUOTA),
        .max_runs_per_day = row_i64(rows, row, 5, PROJECT_NO_QUOTA),
        .max_log_bytes_per_run = row_i64(rows, row, 6, PROJECT_NO_QUOTA),
        .created_at_us = row_time_us(rows, row, 7),
        .updated_at_us = row_time_us(rows, row, 8),
    };
}

void project_store_get_params(struct params *p, struct project_viewer viewer, struct id project)
{
    params_init(p, 256);
    add_viewer(p, viewer);
    params_add_id(p, project);
}

static void add_quota(struct params *p, int64_t quota)
{
    if (quota == PROJECT_NO_QUOTA)
        params_add_null(p);
    else
        params_add_i64(p, quota);
}

void project_store_create_params(struct params *p, const struct project *project)
{
    params_init(p, 4096);
    params_add_id(p, project->id);
    params_add_text(p, project->name);
    add_quota(p, project->max_open_runs);
    add_quota(p, project->max_memory_mb);
    add_quota(p, project->max_runs_per_day);
    add_quota(p, project->max_log_bytes_per_run);
}

void project_store_update_params(struct params *p, const struct project *project)
{
    project_store_create_params(p, project);
    params_add_time(p, project->updated_at_us);
}

void project_store_delete_params(struct params *p, struct id project)
{
    params_init(p, 64);
    params_add_id(p, project);
}
