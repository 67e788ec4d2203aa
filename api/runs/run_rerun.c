/* SPDX-License-Identifier: Apache-2.0 */
#include "runs/run_rerun.h"

#include "store/run_trigger_store.h"

#include "bus.h"
#include "http/idempotency.h"
#include "http/reply.h"
#include "runs/run_json.h"
#include "runs/run_own_env.h"
#include "runs/runs.h"

/* Between the statements; in rq->state. */
struct rerunning {
    struct env_input env[LIMIT_ENV_VARIABLES];
    size_t env_n;
};

struct rerun_body {
    json_t *env_variables;
};

static void on_refused(struct request *rq, const struct rows *rows)
{
    bool has_runner;
    const char *quota;
    char message[96];
    if (rows_count(rows) == 0) {
        reply_error(rq, ERR_NOT_FOUND, "There is no such run");
        return;
    }
    run_trigger_store_rerun_refusal_read(rows, &has_runner, &quota);
    if (!has_runner) {
        reply_error(rq, ERR_CONFLICT, "The run's runner was deleted");
    } else if (quota != NULL) {
        (void)snprintf(message, sizeof(message), "The project's quota %s is used up", quota);
        reply_header(rq, "retry-after", "10");
        reply_error(rq, ERR_LIMIT, message);
    } else {
        reply_error(rq, ERR_UNAVAILABLE, "The runner was being changed; try again");
    }
}

static void on_rerun(struct request *rq, const struct rows *rows)
{
    if (rows_count(rows) == 0) {
        struct params p;
        run_store_place_params(&p, runs_place(rq));
        request_query(rq, &run_trigger_store_rerun_refusal, &p, on_refused);
        return;
    }
    struct run run;
    run_store_read(rows, 0, &run);
    bus_publish(rq->loop, BUS_QUEUE, (struct id){0});
    run_reply_made(rq, &run);
}

static void rerun(struct request *rq, struct id id)
{
    const struct rerunning *rerunning = rq->state;
    const struct run_env *env;
    if (!run_own_env_encrypt(rq, id, rerunning->env, rerunning->env_n, &env))
        return;
    struct params p;
    run_trigger_store_rerun_params(&p, runs_place(rq), id, rq->principal.name, env,
                                   rerunning->env_n);
    request_query(rq, &run_trigger_store_rerun, &p, on_rerun);
}

void run_rerun(struct request *rq)
{
    static const struct field table[] = {
        {"env_variables", FIELD_OBJECT_LIST, .offset = offsetof(struct rerun_body, env_variables),
         .max = LIMIT_ENV_VARIABLES},
    };
    json_t *body = request_json(rq, true);
    if (body == NULL)
        return;
    CLEANUP(fields_done) struct fields f;
    fields_init(&f);
    struct rerun_body input = {0};
    struct rerunning *rerunning = request_alloc(rq, sizeof(*rerunning));
    fields_read(&f, "", body, table, ARRAY_LEN(table), &input);
    rerunning->env_n = env_fields_read_list(&f, input.env_variables, rerunning->env);
    if (reply_if_problems(rq, &f.problems))
        return;
    request_keep(rq, f.kept);
    rq->state = rerunning;
    idempotency_claim(rq, rerun);
}
