/* SPDX-License-Identifier: Apache-2.0 */
#include "agent_register.h"

#include <math.h>
#include <string.h>

#include "auth/secret.h"
#include "auth/token.h"
#include "base/log.h"
#include "base/utf8.h"
#include "model/limits.h"
#include "store/agent_store.h"
#include "wire/registration.h"

#include "bus.h"
#include "problems.h"
#include "reply.h"

#define CPU_MAX 4096.0
#define ANSWER_BYTES_MAX 1024

/* Kept until the database has answered. */
struct registering {
    char name[LIMIT_HYPERVISOR_NAME_MAX * 4 + 1];
    char credential[TOKEN_TEXT_BYTES];
};

static void check(struct problems *problems, const struct registration *r)
{
    size_t chars = utf8_length(r->name, strlen(r->name));
    if (chars < 1 || chars > LIMIT_HYPERVISOR_NAME_MAX)
        problems_add(problems, "name", "must be between 1 and %d characters",
                     LIMIT_HYPERVISOR_NAME_MAX);
    if (!(r->cpu > 0 && r->cpu <= CPU_MAX))
        problems_add(problems, "cpu", "must be above 0 and at most %g", CPU_MAX);
    if (r->mem_total_mb < 1)
        problems_add(problems, "mem_total", "must be at least 1");
}

/* The body, checked; false when answered. */
static bool read_registration(struct request *rq, struct registration *ret_r)
{
    struct err e;
    h2o_iovec_t body = request_body(rq);
    if (request_json(rq, false) == NULL)
        return false;
    if (registration_parse(body.base, body.len, ret_r, &e) < 0) {
        reply_problem(rq, "body", e.msg);
        return false;
    }

    struct problems problems;
    problems_init(&problems);
    check(&problems, ret_r);
    bool ok = !problems_any(&problems);
    if (!ok)
        reply_problems(rq, TAKE_PTR(problems.errors), TAKE_PTR(problems.fields));
    problems_done(&problems);
    return ok;
}

static void on_registered(struct request *rq, const struct rows *rows)
{
    struct registering *registering = rq->state;
    if (rows_count(rows) == 0) {
        reply_problem(rq, "region", "does not exist");
        return;
    }
    struct id id = agent_store_registered_id(rows);
    bus_publish(rq->loop, BUS_FLEET, id);
    log_info("hypervisor.registered hypervisor=%s name=\"%s\"", ID_TEXT(id), registering->name);

    struct registration_answer answer = {
        .hypervisor_id = id, .name = registering->name, .credential = registering->credential};
    struct buf b;
    buf_init(&b, ANSWER_BYTES_MAX);
    registration_answer_put(&b, &answer);
    secret_wipe(registering->credential, sizeof(registering->credential));
    reply_json_text(rq, 200, &b);
}

static void store(struct request *rq, const struct registration *r,
                  const struct registering *registering)
{
    const unsigned char *key = key_ring_token_key(rq->loop->config->key_ring);
    struct token_hash hash =
        token_hash(key, registering->credential, strlen(registering->credential));
    struct agent_registration row = {
        .hypervisor = id_new(),
        .token = id_new(),
        .name = r->name,
        .region = r->region,
        .cpu_milli = llround(r->cpu * 1000),
        .memory_total_mb = r->mem_total_mb,
        .disk_free_bytes = r->disk_free_bytes,
        .version = r->version,
        .runtimes = r->runtimes,
        .runtimes_n = r->runtimes_n,
        .public_key = r->public_key,
        .credential_hash = hash.bytes,
    };
    struct params p;
    agent_store_register_params(&p, &row);
    request_query(rq, &agent_store_register, &p, on_registered);
}

void agent_register(struct request *rq)
{
    CLEANUP(registration_done) struct registration r = {0};
    if (!read_registration(rq, &r))
        return;

    struct registering *registering = request_alloc(rq, sizeof(*registering));
    (void)snprintf(registering->name, sizeof(registering->name), "%s", r.name);
    token_make(TOKEN_KIND_HYPERVISOR, registering->credential);
    rq->state = registering;
    store(rq, &r, registering);
}
