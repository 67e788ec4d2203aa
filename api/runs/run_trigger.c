/* SPDX-License-Identifier: Apache-2.0
 *
 * One statement makes the run. Only when it made none, a second one says why.
 */
#include "runs/run_trigger.h"

#include <string.h>

#include "store/run_trigger_store.h"
#include "store/trace_store.h"

#include "bus.h"
#include "http/idempotency.h"
#include "http/query.h"
#include "http/reply.h"
#include "runs/run_batches.h"
#include "runs/run_dry.h"
#include "runs/run_fields.h"
#include "runs/run_json.h"
#include "runs/run_own_env.h"
#include "runs/run_waiters.h"
#include "runs/trace_context.h"

/* Between the statements; in rq->state. */
struct triggering {
    int64_t wait_seconds; /* 0: answer at once */
    int64_t is_dry;       /* only say where it would go */
    struct run_input input;
};

static void read_query(struct request *rq, struct fields *f, struct triggering *triggering)
{
    static const struct field table[] = {
        {"wait", FIELD_INT, .offset = offsetof(struct triggering, wait_seconds), .min = 1,
         .max = LIMIT_WAIT_SECONDS},
        {"dry_run", FIELD_INT, .offset = offsetof(struct triggering, is_dry), .min = 0, .max = 1},
    };
    h2o_iovec_t path = rq->req->path;
    size_t at = rq->req->query_at != SIZE_MAX ? rq->req->query_at + 1 : path.len;
    query_read(f, path.base + at, path.len - at, table, ARRAY_LEN(table), triggering);
}

static void on_refused(struct request *rq, const struct rows *rows)
{
    unsigned refusal = run_trigger_store_refusal_read(rows);
    if ((refusal & RUN_REFUSAL_RUNNER) != 0) {
        reply_error(rq, ERR_NOT_FOUND, "There is no such runner");
        return;
    }
    if (refusal == RUN_REFUSAL_QUOTA) {
        char message[96];
        (void)snprintf(message, sizeof(message), "The project's quota %s is used up",
                       run_trigger_store_refusal_quota(rows));
        reply_header(rq, "retry-after", "10");
        reply_error(rq, ERR_LIMIT, message);
        return;
    }
    CLEANUP(problems_done) struct problems problems;
    problems_init(&problems);
    if ((refusal & RUN_REFUSAL_INSTANCE_TYPE) != 0)
        problems_add(&problems, "instance_type", "does not exist");
    if ((refusal & RUN_REFUSAL_LABELS) != 0)
        problems_add(&problems, "labels", "must be at most %d together with the runner's",
                     LIMIT_LABELS);
    if (!reply_if_problems(rq, &problems))
        reply_error(rq, ERR_UNAVAILABLE, "The runner was being changed; try again");
}

/* Say why there is no run. */
static void refuse(struct request *rq, const struct run_request *request)
{
    struct params p;
    run_trigger_store_refusal_params(&p, request);
    request_query(rq, &run_trigger_store_refusal, &p, on_refused);
}

/* A row may be that of a run made with it, all but the id. */
static void read_run(const struct request *rq, const struct rows *rows, int row,
                     struct run *ret_run)
{
    const struct triggering *triggering = rq->state;
    run_store_read(rows, row, ret_run);
    ret_run->id = triggering->input.request.id;
}

static void answer(struct request *rq, const struct rows *rows, int row)
{
    const struct triggering *triggering = rq->state;
    struct run run;
    read_run(rq, rows, row, &run);
    bus_publish(rq->loop, BUS_QUEUE, (struct id){0});

    if (triggering->wait_seconds > 0) {
        struct run_place place = {.project = rq->principal.project, .run = run.id};
        run_location(rq, run.id);
        run_waiters_add(rq->loop->waiters, rq, place, triggering->wait_seconds);
    } else {
        run_reply_made(rq, &run);
    }
}

/* Nobody waits for it: the run is there whether or not its trace is. */
static void keep_trace(struct request *rq, struct id run)
{
    struct trace_context context;
    char text[TRACEPARENT_CHARS + 1];
    if (!trace_context_parse(request_header(rq, "traceparent"), &context))
        return;
    (void)snprintf(text, sizeof(text), "00-%s-%s-%s", context.trace_id, context.parent_id,
                   context.flags);
    struct params p;
    trace_store_put_params(&p, run, text);
    db_pipe_run(rq->loop->db, &trace_store_put, &p, NULL, NULL);
}

static void trigger(struct request *rq, struct id id);

/* It may have been made before, by a request that was sent again. */
static void on_looked_up(struct request *rq, const struct rows *rows, int row)
{
    const struct triggering *triggering = rq->state;
    if (row < 0)
        refuse(rq, &triggering->input.request);
    else
        answer(rq, rows, row);
}

/* Whether a run of a limited runner waits, goes or is skipped is decided as the statement ends, so
 * its answer is from before. */
static void on_triggered(struct request *rq, const struct rows *rows, int row)
{
    struct run_request *request = &((struct triggering *)rq->state)->input.request;
    struct run_place place = {.project = request->project, .run = request->id};
    if (row < 0 && request->key != NULL) {
        const char *key = TAKE_PTR(request->key);
        idempotency_claim_for(rq, key, request->key_hash, request->id, trigger);
        return;
    }
    if (row < 0) {
        run_batches_get(rq, place, on_looked_up);
        return;
    }
    struct run run;
    run_store_read(rows, row, &run);
    keep_trace(rq, request->id);
    if (strcmp(run.pending_reason, "concurrency_limit") == 0)
        run_batches_get(rq, place, answer);
    else
        answer(rq, rows, row);
}

/* What the container is told of the trace it is part of, unless the request says it itself; NULL
 * when it is part of none. */
static const struct env_input *trace_input(struct request *rq, struct id run,
                                           const struct run_input *input)
{
    struct trace_context context;
    if (!trace_context_parse(request_header(rq, "traceparent"), &context))
        return NULL;
    for (size_t i = 0; i < input->env_n; i++) {
        if (strcmp(input->env[i].env_key, TRACEPARENT_KEY) == 0)
            return NULL;
    }
    char *text = request_alloc(rq, TRACEPARENT_CHARS + 1);
    trace_context_put(&context, run, text);
    struct env_input *trace = request_alloc(rq, sizeof(*trace));
    *trace = (struct env_input){.env_key = TRACEPARENT_KEY, .env_val = text};
    return trace;
}

/* The values are encrypted for this one run, so only now that its id is known. */
static void trigger(struct request *rq, struct id id)
{
    struct triggering *triggering = rq->state;
    struct run_input *input = &triggering->input;
    struct run_request *request = &input->request;
    const struct env_input *trace = trace_input(rq, id, input);
    size_t env_n = input->env_n + (trace != NULL);
    struct env_input *env = request_alloc(rq, (env_n + 1) * sizeof(*env));
    memcpy(env, input->env, input->env_n * sizeof(*env));
    if (trace != NULL)
        env[input->env_n] = *trace;
    if (!run_own_env_encrypt(rq, id, env, env_n, &request->env))
        return;
    request->id = id;
    request->env_n = env_n;
    run_batches_make(rq, request, on_triggered);
}

void run_trigger(struct request *rq)
{
    json_t *body = request_json(rq, true);
    if (body == NULL)
        return;
    CLEANUP(fields_done) struct fields f;
    fields_init(&f);
    struct triggering *triggering = request_alloc(rq, sizeof(*triggering));
    read_query(rq, &f, triggering);
    run_fields_read(&f, body, &triggering->input);
    if (reply_if_problems(rq, &f.problems))
        return;

    struct run_request *request = &triggering->input.request;
    request->project = rq->principal.project;
    request->runner = rq->path_ids[0];
    request->trigger_kind = "api";
    request->trigger_by = rq->principal.name;
    request_keep(rq, f.kept);
    rq->state = triggering;
    if (triggering->is_dry != 0) {
        run_dry(rq, request, refuse);
        return;
    }
    rq->timing = TIMING_POST;
    if (idempotency_read(rq, &request->key, request->key_hash))
        trigger(rq, id_new());
}
