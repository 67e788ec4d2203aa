/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/agent_register.h"

#include <math.h>
#include <string.h>

#include "auth/secret.h"
#include "auth/token.h"
#include "base/log.h"
#include "base/utf8.h"
#include "model/limits.h"
#include "store/agent_store.h"
#include "wire/registration.h"

#include "access/auth.h"
#include "bus.h"
#include "http/fields.h"
#include "http/reply.h"
#include "http/text_rules.h"

#define CPU_MAX 4096.0
#define ANSWER_BYTES_MAX 1024

/* Kept until the database has answered. */
struct registering {
    char name[LIMIT_HYPERVISOR_NAME_MAX * 4 + 1];
    char credential[TOKEN_TEXT_BYTES];
};

static const struct field label_field = {.name = "labels", .kind = FIELD_LABELS};

static void check(struct problems *problems, const struct registration *r)
{
    size_t chars = utf8_length(r->name, strlen(r->name));
    if (chars < 1 || chars > LIMIT_HYPERVISOR_NAME_MAX)
        problems_add(problems, "name", "must be between 1 and %d characters",
                     LIMIT_HYPERVISOR_NAME_MAX);
    const char *problem = text_rule_one_line(r->name);
    if (problem != NULL)
        problems_add(problems, "name", "%s", problem);
    if (!(r->cpu > 0 && r->cpu <= CPU_MAX))
        problems_add(problems, "cpu", "must be above 0 and at most %g", CPU_MAX);
    if (r->mem_total_mb < 1)
        problems_add(problems, "mem_total", "must be at least 1");
}

/* An agent that is newer than this server may send more than we know, so the table sees the labels
 * only. */
static const char *read_labels(struct fields *fields, const json_t *body)
{
    const char *text = "{}";
    json_t *labels = json_object_get(body, "labels");
    if (labels != NULL) {
        json_t *known = fields_keep(fields, json_pack("{s:O}", "labels", labels));
        fields_read(fields, "", known, &label_field, 1, &text);
    }
    return text;
}

/* False when answered. */
static bool parse(struct request *rq, struct registration *ret_r)
{
    struct err e;
    h2o_iovec_t body = request_body(rq);
    if (registration_parse(body.base, body.len, ret_r, &e) == 0)
        return true;
    reply_problem(rq, "body", e.msg);
    return false;
}

static void on_registered(struct request *rq, const struct rows *rows)
{
    struct registering *registering = rq->state;
    if (rows_count(rows) == 0) {
        reply_problem(rq, "region", "does not exist");
        return;
    }
    struct id id = agent_store_registered_id(rows);
    auth_forget_all(rq->loop); /* the credential before this one */
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

static void store(struct request *rq, const struct registration *r, const char *labels)
{
    const struct registering *registering = rq->state;
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
        .labels = labels,
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
    const json_t *body = request_json(rq, false);
    if (body == NULL || !parse(rq, &r))
        return;

    struct registering *registering = request_alloc(rq, sizeof(*registering));
    rq->state = registering;
    (void)snprintf(registering->name, sizeof(registering->name), "%s", r.name);
    token_make(TOKEN_KIND_HYPERVISOR, registering->credential);

    CLEANUP(fields_done) struct fields fields;
    fields_init(&fields);
    check(&fields.problems, &r);
    const char *labels = read_labels(&fields, body);
    if (problems_any(&fields.problems))
        reply_problems(rq, TAKE_PTR(fields.problems.errors), TAKE_PTR(fields.problems.fields));
    else
        store(rq, &r, labels);
}
