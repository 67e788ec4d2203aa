/* SPDX-License-Identifier: Apache-2.0 */
#include "hypervisors.h"

#include "store/fleet_store.h"

#include "catalog_json.h"
#include "list.h"
#include "members.h"

static json_t *hypervisor_json(const struct hypervisor *hypervisor)
{
    json_t *object = json_object();
    member_id(object, "id", hypervisor->id);
    member_text(object, "name", hypervisor->name);
    member_text(object, "status", hypervisor->status);
    member_value(object, "region", region_json(&hypervisor->region));
    member_value(object, "cpu", json_real((double)hypervisor->cpu_milli / 1000));
    member_int(object, "mem_total", hypervisor->memory_total_mb);
    member_int(object, "mem_free", hypervisor->memory_free_mb);
    member_int(object, "disk_free", hypervisor->disk_free_bytes);
    member_int(object, "runs", hypervisor->runs);
    member_json(object, "runtimes", hypervisor->runtimes);
    member_json(object, "labels", hypervisor->labels);
    member_text(object, "version", hypervisor->version);
    member_time(object, "last_seen_at", hypervisor->last_seen_at_us);
    member_int(object, "images_cached", hypervisor->images_cached);
    return object;
}

static void on_list(struct request *rq, const struct rows *rows)
{
    json_t *hypervisors = json_array();
    for (int i = 0; i < page_rows_count(rows); i++) {
        struct hypervisor hypervisor;
        fleet_store_read(rows, i, &hypervisor);
        (void)json_array_append_new(hypervisors, hypervisor_json(&hypervisor));
    }
    list_reply(rq, "hypervisors", hypervisors, page_rows_total(rows));
}

void hypervisors_list(struct request *rq)
{
    struct pagination pages;
    if (!list_read_pages(rq, &pages))
        return;
    struct params p;
    fleet_store_list_params(&p, pagination_window(&pages));
    request_query(rq, &fleet_store_list, &p, on_list);
}
