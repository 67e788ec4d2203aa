/* SPDX-License-Identifier: Apache-2.0 */
#include "runs/run_usage.h"

#include "store/run_usage_store.h"

#include "http/members.h"
#include "http/reply.h"

static json_t *sample_json(const struct usage_sample *sample)
{
    json_t *object = json_object();
    member_time(object, "at", sample->at_us);
    member_int(object, "cpu_ms", sample->cpu_ms);
    member_int(object, "memory_bytes", sample->memory_bytes);
    member_int(object, "io_read_bytes", sample->io_read_bytes);
    member_int(object, "io_write_bytes", sample->io_write_bytes);
    member_int(object, "processes", sample->processes);
    return object;
}

static void on_list(struct request *rq, const struct rows *rows)
{
    if (rows_count(rows) == 0) {
        reply_error(rq, ERR_NOT_FOUND, "There is no such run");
        return;
    }
    json_t *list = json_array();
    for (int row = 1; row < rows_count(rows); row++) {
        struct usage_sample sample;
        run_usage_store_read(rows, row, &sample);
        (void)json_array_append_new(list, sample_json(&sample));
    }
    reply_json(rq, 200, json_pack("{s:o}", "usage", list));
}

/* The path is /v1/runs/:id/usage or /v1/runners/:id/runs/:id/usage. */
void run_usage_list(struct request *rq)
{
    struct params p;
    struct run_place place = {.project = rq->principal.project, .run = rq->path_ids[0]};
    if (!id_is_nil(rq->path_ids[1])) {
        place.runner = rq->path_ids[0];
        place.run = rq->path_ids[1];
    }
    run_usage_store_list_params(&p, place);
    request_query(rq, &run_usage_store_list, &p, on_list);
}
