/* SPDX-License-Identifier: Apache-2.0 */
#include "store/catalog_store.h"

static const char sql_list_regions[] =
    "SELECT total.n" CATALOG_REGION_COLUMNS " FROM (SELECT count(*) AS n FROM regions) total"
    " LEFT JOIN (SELECT * FROM regions ORDER BY slug LIMIT $1 OFFSET $2) g ON true"
    " ORDER BY g.slug";

#define SMALLEST_FIRST "memory_mb, cpu_milli, slug"

static const char sql_list_types[] =
    "SELECT total.n" CATALOG_TYPE_COLUMNS " FROM (SELECT count(*) AS n FROM instance_types) total"
    " LEFT JOIN (SELECT * FROM instance_types ORDER BY " SMALLEST_FIRST
    "            LIMIT $1 OFFSET $2) t ON true"
    " ORDER BY " SMALLEST_FIRST;

static const char sql_find[] =
    "SELECT (SELECT id FROM regions WHERE id = $1 OR slug = $2),"
    "       (SELECT id FROM instance_types WHERE id = $3 OR slug = $4), c.id, c.hostname"
    " FROM (SELECT) one LEFT JOIN container_registries c ON c.id = $5 AND c.project_id = $6";

const struct statement catalog_store_list_regions = {"region_list", sql_list_regions,
                                                     .repeatable = true};
const struct statement catalog_store_list_types = {"instance_type_list", sql_list_types,
                                                   .repeatable = true};
const struct statement catalog_store_find = {"catalog_find", sql_find, .repeatable = true};

void catalog_store_read_region(const struct rows *rows, int row, int column,
                               struct region *ret_region)
{
    *ret_region = (struct region){
        .id = row_id(rows, row, column),
        .status = row_text(rows, row, column + 1),
        .name = row_text(rows, row, column + 2),
        .slug = row_text(rows, row, column + 3),
    };
}

void catalog_store_read_type(const struct rows *rows, int row, int column,
                             struct instance_type *ret_type)
{
    *ret_type = (struct instance_type){
        .id = row_id(rows, row, column),
        .name = row_text(rows, row, column + 1),
        .slug = row_text(rows, row, column + 2),
        .cpu_milli = row_i64(rows, row, column + 3, 0),
        .memory_mb = row_i64(rows, row, column + 4, 0),
        .gpu = row_i64(rows, row, column + 5, 0),
        .price_second_nano = row_i64(rows, row, column + 6, 0),
    };
}

void catalog_store_list_params(struct params *p, struct page_window window)
{
    params_init(p, 64);
    page_window_params(p, window);
}

void catalog_store_find_params(struct params *p, const struct catalog_choice *choice)
{
    params_init(p, 1024);
    params_add_id_or_null(p, choice->region_id);
    params_add_text(p, choice->region);
    params_add_id_or_null(p, choice->instance_type_id);
    params_add_text(p, choice->instance_type);
    params_add_id_or_null(p, choice->container_registry_id);
    params_add_id(p, choice->project);
}

void catalog_store_find_read(const struct rows *rows, struct catalog_found *ret_found)
{
    *ret_found = (struct catalog_found){
        .region = row_id(rows, 0, 0),
        .instance_type = row_id(rows, 0, 1),
        .container_registry = row_id(rows, 0, 2),
        .registry_hostname = row_text(rows, 0, 3),
    };
}
