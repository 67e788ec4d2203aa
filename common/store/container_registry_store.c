/* SPDX-License-Identifier: Apache-2.0 */
#include "store/container_registry_store.h"

#include "store/catalog_store.h"

#define PARAMS_BYTES (256 << 10)

/* $1 is the project in every statement, $2 the registry in all but the list. */
static const char sql_list[] =
    "SELECT total.n" CONTAINER_REGISTRY_COLUMNS
    " FROM (SELECT count(*) AS n FROM container_registries WHERE project_id = $1) total"
    " LEFT JOIN (SELECT * FROM container_registries WHERE project_id = $1"
    "  ORDER BY id DESC LIMIT $2 OFFSET $3) c ON true ORDER BY c.id DESC";

static const char sql_get[] = "SELECT 1" CONTAINER_REGISTRY_COLUMNS
                              " FROM container_registries c WHERE project_id = $1 AND id = $2";

#define REGION "(SELECT id FROM regions WHERE id = $10 OR ($10 IS NULL AND slug = $11)) region"

static const char sql_insert[] =
    "WITH made AS ("
    " INSERT INTO container_registries (project_id, id, registry_type, name, hostname, username,"
    "   password, ca_pem, insecure, region_id)"
    " SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, region.id FROM " REGION
    " ON CONFLICT (id) DO NOTHING RETURNING *"
    ") SELECT 1" CONTAINER_REGISTRY_COLUMNS " FROM"
    " (SELECT * FROM made UNION ALL SELECT * FROM container_registries WHERE id = $2) c";

static const char sql_update[] =
    "UPDATE container_registries c SET registry_type = $3, name = $4, hostname = $5, username = $6,"
    "  password = $7, ca_pem = $8, insecure = $9, region_id = region.id,"
    "  updated_at = greatest(now(), c.updated_at + interval '1 microsecond')"
    " FROM " REGION " WHERE c.project_id = $1 AND c.id = $2 AND c.updated_at = $12"
    " RETURNING 1" CONTAINER_REGISTRY_COLUMNS;

static const char sql_delete[] =
    "WITH target AS ("
    " SELECT id FROM container_registries WHERE project_id = $1 AND id = $2 FOR UPDATE"
    "), gone AS ("
    " DELETE FROM container_registries c USING target WHERE c.id = target.id"
    "  AND NOT EXISTS (SELECT FROM runners WHERE container_registry_id = $2"
    "    AND status = 'available')"
    "  AND NOT EXISTS (SELECT FROM runs WHERE container_registry_id = $2"
    "    AND state IN ('pending', 'assigned', 'running'))"
    " RETURNING c.id"
    ") SELECT (SELECT count(*) FROM target), (SELECT count(*) FROM gone)";

const struct statement container_registry_store_list = {"container_registry_list", sql_list,
                                                        .repeatable = true};
const struct statement container_registry_store_get = {"container_registry_get", sql_get,
                                                       .repeatable = true};
const struct statement container_registry_store_insert = {"container_registry_insert", sql_insert,
                                                          .repeatable = true};
const struct statement container_registry_store_update = {"container_registry_update", sql_update,
                                                          .repeatable = false};
const struct statement container_registry_store_delete = {"container_registry_delete", sql_delete,
                                                          .repeatable = false};

void container_registry_store_read(const struct rows *rows, int row, int column,
                                   struct container_registry *ret_registry)
{
    size_t password_n;
    const unsigned char *password = row_bytes(rows, row, column + 7, &password_n);
    *ret_registry = (struct container_registry){
        .id = row_id(rows, row, column),
        .project = row_id(rows, row, column + 1),
        .status = row_text(rows, row, column + 2),
        .registry_type = row_text(rows, row, column + 3),
        .name = row_text(rows, row, column + 4),
        .hostname = row_text(rows, row, column + 5),
        .username = row_text(rows, row, column + 6),
        .password = password,
        .password_n = password_n,
        .ca_pem = row_text(rows, row, column + 8),
        .insecure = row_bool(rows, row, column + 9),
        .region = row_id(rows, row, column + 10),
        .created_at_us = row_time_us(rows, row, column + 11),
        .updated_at_us = row_time_us(rows, row, column + 12),
    };
}

void container_registry_store_list_params(struct params *p, struct id project,
                                          struct page_window window)
{
    params_init(p, 128);
    params_add_id(p, project);
    page_window_params(p, window);
}

void container_registry_store_get_params(struct params *p, struct id project, struct id registry)
{
    params_init(p, 128);
    params_add_id(p, project);
    params_add_id(p, registry);
}

void container_registry_store_insert_params(struct params *p,
                                            const struct container_registry *registry)
{
    params_init(p, PARAMS_BYTES);
    params_add_id(p, registry->project);
    params_add_id(p, registry->id);
    params_add_text(p, registry->registry_type);
    params_add_text(p, registry->name);
    params_add_text(p, registry->hostname);
    params_add_text(p, registry->username);
    if (registry->username != NULL)
        params_add_bytes(p, registry->password, registry->password_n);
    else
        params_add_null(p);
    params_add_text(p, registry->ca_pem);
    params_add_bool(p, registry->insecure);
    params_add_id_or_null(p, registry->region);
    params_add_text(p, CATALOG_DEFAULT_REGION);
}

void container_registry_store_update_params(struct params *p,
                                            const struct container_registry *registry)
{
    container_registry_store_insert_params(p, registry);
    params_add_time(p, registry->updated_at_us);
}

void container_registry_store_delete_params(struct params *p, struct id project, struct id registry)
{
    container_registry_store_get_params(p, project, registry);
}

enum container_registry_deletion container_registry_store_delete_read(const struct rows *rows)
{
    if (row_i64(rows, 0, 0, 0) == 0)
        return CONTAINER_REGISTRY_MISSING;
    return row_i64(rows, 0, 1, 0) == 0 ? CONTAINER_REGISTRY_IN_USE : CONTAINER_REGISTRY_DELETED;
}
