/* SPDX-License-Identifier: Apache-2.0 */
#include "enrollment.h"

#include "base/backoff.h"
#include "base/file.h"
#include "base/log.h"
#include "host_facts.h"
#include "model/limits.h"
#include "timer.h"
#include "wire/registration.h"

#include <errno.h>
#include <string.h>

#define RETRY_FIRST_MS 200
#define RETRY_MAX_MS 5000
#define TOKEN_MAX_BYTES 256

struct enrollment {
    const struct agent_config *config;
    struct control_client *client;
    struct identity *identity;
    struct enrollment_callbacks callbacks;
    struct control_call *call; /* NULL while waiting */
    struct timer *retry;       /* owned */
    struct backoff backoff;
};

static void attempt(void *ctx);

static void try_again_later(struct enrollment *en, const char *why)
{
    uint32_t ms = backoff_next_ms(&en->backoff);
    log_warn("hypervisor.unregistered retry_ms=%u error=\"%s\"", ms, why);
    timer_start(en->retry, ms);
}

static int keep_credential(struct enrollment *en, const struct control_reply *reply, struct err *e)
{
    CLEANUP(registration_answer_done) struct registration_answer answer = {0};
    int rc = registration_answer_parse(reply->body, reply->body_n, &answer, e);
    if (rc == 0)
        rc = identity_set_credential(en->identity, answer.credential, e);
    if (rc == 0)
        rc = control_client_set_bearer(en->client, answer.credential, e);
    if (rc == 0)
        log_info("hypervisor.registered hypervisor=%s name=%s", ID_TEXT(answer.hypervisor_id),
                 answer.name);
    return rc;
}

static void on_done(void *ctx, const struct control_reply *reply)
{
    struct enrollment *en = ctx;
    struct err e;
    en->call = NULL;
    if (reply->status == 200) {
        if (keep_credential(en, reply, &e) < 0)
            en->callbacks.on_refused(en->callbacks.ctx, e.msg);
        else
            en->callbacks.on_enrolled(en->callbacks.ctx);
        return;
    }
    if (reply->status == 0) {
        try_again_later(en, reply->error);
        return;
    }
    (void)err_set(&e, ERR_DENIED, "HTTP status %ld: %.160s", reply->status, reply->body);
    if (reply->status >= 500 || reply->status == 429)
        try_again_later(en, e.msg);
    else
        en->callbacks.on_refused(en->callbacks.ctx, e.msg);
}

static void attempt(void *ctx)
{
    struct enrollment *en = ctx;
    const char *slash = strrchr(en->config->runtime, '/');
    const char *runtimes[] = {slash != NULL ? slash + 1 : en->config->runtime};
    struct registration r = {.name = en->config->name,
                             .region = en->config->region,
                             .cpu = en->config->cpu,
                             .mem_total_mb = en->config->mem_total_mb,
                             .disk_free_bytes = host_facts_disk_free(en->config->data_dir),
                             .version = ERRAND_VERSION_TEXT,
                             .runtimes = runtimes,
                             .runtimes_n = 1,
                             .labels = en->config->labels};
    CLEANUP(buf_done) struct buf body;
    memcpy(r.public_key, identity_public_key(en->identity), sizeof(r.public_key));
    buf_init(&body, LIMIT_BODY_BYTES);
    registration_put(&body, &r);
    if (buf_ok(&body))
        en->call = control_client_post(en->client, "/agent/v1/register", "application/json", &body,
                                       on_done, en);
    if (en->call == NULL)
        try_again_later(en, "out of memory");
}

static int read_token(const struct agent_config *config, struct control_client *client,
                      struct err *e)
{
    CLEANUP(buf_done) struct buf token;
    buf_init(&token, TOKEN_MAX_BYTES);
    if (config->join_token_file == NULL || config->join_token_file[0] == '\0')
        return err_set(e, ERR_INVALID,
                       "this hypervisor is not registered yet: make a token with 'errand-api "
                       "token create --kind join' and give its file as --join_token_file");
    struct err why;
    int rc = file_read(config->join_token_file, &token, &why);
    if (rc < 0)
        return err_set(
            e, ERR_INVALID,
            "join_token_file '%.80s' must be a readable file with what 'errand-api token "
            "create --kind join' prints (%.80s)",
            config->join_token_file, why.msg);
    while (token.len > 0 && strchr(" \r\n", token.data[token.len - 1]) != NULL)
        token.len--;
    if (token.len == 0)
        return err_set(e, ERR_INVALID,
                       "join_token_file '%.80s' must hold a join token: it is empty",
                       config->join_token_file);
    rc = control_client_set_bearer(client, buf_text(&token), e);
    explicit_bzero(token.data, token.len);
    return rc;
}

int enrollment_start(struct uv_loop_s *loop, const struct agent_config *config,
                     struct control_client *client, struct identity *identity,
                     const struct enrollment_callbacks *callbacks,
                     struct enrollment **ret_enrollment, struct err *e)
{
    int rc = read_token(config, client, e);
    if (rc < 0)
        return rc;
    struct enrollment *en = calloc(1, sizeof(*en));
    if (en == NULL)
        return err_errno(e, ENOMEM, "register");
    en->config = config;
    en->client = client;
    en->identity = identity;
    en->callbacks = *callbacks;
    backoff_init(&en->backoff, RETRY_FIRST_MS, RETRY_MAX_MS);
    en->retry = timer_new(loop, attempt, en);
    if (en->retry == NULL) {
        free(en);
        return err_errno(e, ENOMEM, "register");
    }
    timer_start(en->retry, 0);
    *ret_enrollment = en;
    return 0;
}

void enrollment_free(struct enrollment *en)
{
    if (en == NULL)
        return;
    control_call_cancel(en->call);
    timer_free(en->retry);
    free(en);
}
