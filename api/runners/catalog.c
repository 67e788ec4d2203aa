/* SPDX-License-Identifier: Apache-2.0 */
#include "runners/catalog.h"

#include "store/catalog_store.h"

#include "http/list.h"
#include "runners/catalog_json.h"

static void list(struct request *rq, const struct statement *statement,
                 request_rows_callback *on_rows)
{
    struct pagination pages;
    if (!list_read_pages(rq, &pages))
        return;
    struct params p;
    catalog_store_list_params(&p, pagination_window(&pages));
    request_query(rq, statement, &p, on_rows);
}

static void on_regions(struct request *rq, const struct rows *rows)
{
    json_t *regions = json_array();
    for (int i = 0; i < page_rows_count(rows); i++) {
        struct region region;
        catalog_store_read_region(rows, i, 1, &region);
        (void)json_array_append_new(regions, region_json(&region));
    }
    list_reply(rq, "regions", regions, page_rows_total(rows));
}

static void on_instance_types(struct request *rq, const struct rows *rows)
{
    json_t *types = json_array();
    for (int i = 0; i < page_rows_count(rows); i++) {
        struct instance_type type;
        catalog_store_read_type(rows, i, 1, &type);
        (void)json_array_append_new(types, instance_type_json(&type));
    }
    list_reply(rq, "instance_types", types, page_rows_total(rows));
}

void catalog_list_regions(struct request *rq)
{
    list(rq, &catalog_store_list_regions, on_regions);
}

void catalog_list_instance_types(struct request *rq)
{
    list(rq, &catalog_store_list_types, on_instance_types);
}
