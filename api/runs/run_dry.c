/* SPDX-License-Identifier: Apache-2.0
 *
 * The fleet of the region is loaded for the one question, and placement asked as the scheduler asks
 * it. What the scheduler alone remembers, where images were last, plays no part.
 */
#include "runs/run_dry.h"

#include "base/clock.h"
#include "placement/survey.h"
#include "store/hypervisor_store.h"
#include "store/pin_store.h"
#include "store/run_trigger_store.h"

#include "http/members.h"
#include "http/reply.h"

#define LISTED_MAX 100

struct asking {
    struct placement_request wish;
    void (*refuse)(struct request *rq, const struct run_request *request);
    const struct run_request *request;
    struct warm_pin *pins;
    size_t pins_n;
};

static int put_row(struct fleet *fleet, const struct rows *rows, int row, struct err *e)
{
    struct hypervisor_capacity capacity;
    hypervisor_store_read_capacity(rows, row, &capacity);
    struct fleet_entry entry = {
        .id = capacity.id,
        .name = capacity.name,
        .region = capacity.region,
        .labels = capacity.labels,
        .cpu_milli = capacity.cpu_milli,
        .cpu_used_milli = capacity.cpu_used_milli,
        .memory_total_mb = capacity.memory_total_mb,
        .memory_reported_mb = capacity.memory_reported_mb,
        .memory_used_mb = capacity.memory_used_mb,
        .last_seen_us = capacity.last_seen_us,
    };
    bool has_more;
    int r = hypervisor_status_parse(capacity.status, &entry.status, e);
    return r < 0 ? r : fleet_put(fleet, &entry, &has_more, e);
}

static struct fleet *load(const struct asking *asking, const struct rows *rows, struct err *e)
{
    CLEANUP(fleet_freep) struct fleet *fleet = fleet_new();
    if (fleet == NULL) {
        (void)err_set(e, ERR_INTERNAL, "look at the fleet: out of memory");
        return NULL;
    }
    int r = fleet_put_region(fleet, asking->wish.region, "", e);
    for (int row = 0; r == 0 && row < rows_count(rows); row++)
        r = put_row(fleet, rows, row, e);
    if (r == 0)
        r = warmth_set_pins(fleet_warmth(fleet), asking->pins, asking->pins_n, e);
    return r == 0 ? TAKE_PTR(fleet) : NULL;
}

static json_t *listed(const struct fleet *fleet, const struct placement_request *wish)
{
    json_t *list = json_array();
    const struct hypervisor *h;
    for (size_t i = 0; i < LISTED_MAX && (h = fleet_hypervisor_at(fleet, i)) != NULL; i++) {
        json_t *object = json_object();
        member_id(object, "id", h->id);
        member_text(object, "name", h->name);
        member_text(object, "answer", survey_answer_name(survey_ask(h, wish)));
        member_int(object, "mem_free", h->memory_free_mb);
        member_value(object, "cpu_free", json_real((double)h->cpu_free_milli / 1000));
        (void)json_array_append_new(list, object);
    }
    return list;
}

static json_t *hypervisor_json(const struct placement_decision *decision)
{
    if (decision->hypervisor == NULL)
        return json_null();
    json_t *object = json_object();
    member_id(object, "id", decision->hypervisor->id);
    member_text(object, "name", decision->hypervisor->name);
    return object;
}

static void on_fleet(struct request *rq, const struct rows *rows)
{
    struct err e;
    char text[SURVEY_TEXT_BYTES];
    const struct asking *asking = rq->state;
    CLEANUP(fleet_freep) struct fleet *fleet = load(asking, rows, &e);
    if (fleet == NULL) {
        reply_err(rq, &e);
        return;
    }
    struct survey survey = survey_take(fleet, &asking->wish);
    struct placement_decision decision = placement_choose(fleet, &asking->wish);
    bool fits = decision.hypervisor != NULL;
    json_t *object = json_object();
    member_bool(object, "fits", fits);
    member_int(object, "fitting", (int64_t)survey.counts[SURVEY_FITS]);
    member_int(object, "total", (int64_t)survey.total);
    member_text(object, "message", survey_text(&survey, &asking->wish, text));
    member_value(object, "hypervisor", hypervisor_json(&decision));
    member_bool(object, "warm", decision.choice == PLACEMENT_PIN);
    member_text(object, "pending_reason", fits ? NULL : pending_reason_name(decision.reason));
    member_value(object, "hypervisors", listed(fleet, &asking->wish));
    reply_json(rq, 200, json_pack("{s:o}", "dry_run", object));
}

static void on_pins(struct request *rq, const struct rows *rows)
{
    struct asking *asking = rq->state;
    asking->pins_n = (size_t)rows_count(rows);
    asking->pins = request_alloc(rq, (asking->pins_n + 1) * sizeof(*asking->pins));
    for (size_t i = 0; i < asking->pins_n; i++) {
        struct valid_pin pin;
        pin_store_read(rows, (int)i, &pin);
        asking->pins[i] = (struct warm_pin){pin.runner, pin.hypervisor, pin.until_us};
    }
    struct params p;
    params_init(&p, 64);
    params_add_id(&p, asking->wish.region);
    request_query(rq, &hypervisor_store_load_region, &p, on_fleet);
}

static void on_wish(struct request *rq, const struct rows *rows)
{
    struct asking *asking = rq->state;
    if (rows_count(rows) == 0) {
        asking->refuse(rq, asking->request);
        return;
    }
    struct run_wish wish;
    run_trigger_store_read_wish(rows, &wish);
    asking->wish.region = wish.region;
    asking->wish.memory_mb = wish.memory_mb;
    asking->wish.cpu_milli = wish.cpu_milli;
    asking->wish.labels = request_strdup(rq, wish.labels);
    struct params p;
    params_init(&p, 64);
    params_add_id(&p, asking->wish.runner);
    request_query(rq, &pin_store_load_of_runner, &p, on_pins);
}

void run_dry(struct request *rq, const struct run_request *request,
             void (*refuse)(struct request *rq, const struct run_request *request))
{
    struct asking *asking = request_alloc(rq, sizeof(*asking));
    asking->wish.runner = request->runner;
    asking->wish.now_us = clock_now_us();
    asking->refuse = refuse;
    asking->request = request;
    rq->state = asking;
    struct params p;
    run_trigger_store_wish_params(&p, request);
    request_query(rq, &run_trigger_store_wish, &p, on_wish);
}
