/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/hypervisors.h"

#include "store/fleet_store.h"

#include "bus.h"
#include "http/list.h"
#include "http/members.h"
#include "http/reply.h"
#include "runners/catalog_json.h"

static json_t *hypervisor_json(const struct hypervisor *hypervisor)
{
    json_t *object = json_object();
    member_id(object, "id", hypervisor->id);
    member_text(object, "name", hypervisor->name);
    member_text(object, "status", hypervisor->status);
    member_value(object, "region", region_json(&hypervisor->region));
    member_value(object, "cpu", json_real((double)hypervisor->cpu_milli / 1000));
    member_value(object, "cpu_free", json_real((double)hypervisor->cpu_free_milli / 1000));
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

static void on_one(struct request *rq, const struct rows *rows)
{
    if (rows_count(rows) == 0) {
        reply_error(rq, ERR_NOT_FOUND, "There is no such hypervisor");
        return;
    }
    struct hypervisor hypervisor;
    fleet_store_read(rows, 0, &hypervisor);
    reply_json(rq, 200, json_pack("{s:o}", "hypervisor", hypervisor_json(&hypervisor)));
}

void hypervisors_get(struct request *rq)
{
    struct params p;
    fleet_store_get_params(&p, rq->path_ids[0]);
    request_query(rq, &fleet_store_get, &p, on_one);
}

static void on_history(struct request *rq, const struct rows *rows)
{
    json_t *list = json_array();
    struct hypervisor_sample sample;
    if (rows_count(rows) == 0) {
        json_decref(list);
        reply_error(rq, ERR_NOT_FOUND, "There is no such hypervisor");
        return;
    }
    for (int i = 0; i < rows_count(rows); i++) {
        if (!fleet_store_read_sample(rows, i, &sample))
            continue;
        json_t *object = json_object();
        member_time(object, "at", sample.at_us);
        member_int(object, "mem_used", sample.memory_used_mb);
        member_value(object, "cpu_used", json_real((double)sample.cpu_used_milli / 1000));
        member_int(object, "runs", sample.runs);
        (void)json_array_append_new(list, object);
    }
    reply_json(rq, 200, json_pack("{s:o}", "history", list));
}

void hypervisors_history(struct request *rq)
{
    struct params p;
    fleet_store_get_params(&p, rq->path_ids[0]);
    request_query(rq, &fleet_store_history, &p, on_history);
}

static void on_status_set(struct request *rq, const struct rows *rows)
{
    if (rows_count(rows) > 0)
        bus_publish(rq->loop, BUS_FLEET, rq->path_ids[0]);
    on_one(rq, rows);
}

static void set_status(struct request *rq, const char *status)
{
    struct params p;
    fleet_store_set_status_params(&p, rq->path_ids[0], status);
    request_query(rq, &fleet_store_set_status, &p, on_status_set);
}

void hypervisors_cordon(struct request *rq)
{
    set_status(rq, "cordoned");
}

void hypervisors_drain(struct request *rq)
{
    set_status(rq, "draining");
}

void hypervisors_uncordon(struct request *rq)
{
    set_status(rq, "ready");
}

static void on_removed(struct request *rq, const struct rows *rows)
{
    switch (fleet_store_read_removal(rows)) {
    case FLEET_REMOVED:
        bus_publish(rq->loop, BUS_FLEET, rq->path_ids[0]);
        reply_json(rq, 200, json_pack("{s:b}", "deleted", 1));
        break;
    case FLEET_MISSING:
        reply_error(rq, ERR_NOT_FOUND, "There is no such hypervisor");
        break;
    case FLEET_IN_USE:
        reply_error(rq, ERR_CONFLICT,
                    "The hypervisor is ready or has runs; drain it and wait for their end");
        break;
    }
}

void hypervisors_delete(struct request *rq)
{
    struct params p;
    fleet_store_get_params(&p, rq->path_ids[0]);
    request_query(rq, &fleet_store_remove, &p, on_removed);
}
