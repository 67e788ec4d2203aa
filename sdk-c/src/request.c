/* SPDX-License-Identifier: Apache-2.0
 *
 * Retries live here and in follow.c only.
 */
#include "request.h"

#include "backoff.h"
#include "client.h"
#include "clock.h"
#include "exchange.h"
#include "failure.h"

#include <string.h>

#define FIRST_DELAY_MS 100
#define MAX_DELAY_MS 2000
/* A server asking for a longer pause gets the call's failure reported instead. */
#define LONGEST_PAUSE_MS 10000

static int is_success(int http_status)
{
    return http_status >= 200 && http_status < 300;
}

static int request_once(errand_client *client, struct errand_exchange *exchange,
                        errand_error *error)
{
    int r;

    errand_buffer_clear(&exchange->answer);
    exchange->retry_after_ms = 0;
    r = errand_exchange_run(client, exchange, error);
    if (r == 0 && !is_success(exchange->http_status))
        r = errand_exchange_fail(exchange, error);
    return r;
}

static int is_worth_repeating(int code, unsigned retry_after_ms)
{
    return (code == ERRAND_E_UNAVAILABLE || code == ERRAND_E_UNCERTAIN || code == ERRAND_E_LIMIT) &&
           retry_after_ms <= LONGEST_PAUSE_MS;
}

static int request_repeat(errand_client *client, struct errand_exchange *exchange,
                          errand_error *error)
{
    int is_safe = strcmp(exchange->method, "GET") == 0 || exchange->idempotency_key != NULL;
    unsigned failures = 0;

    for (;;) {
        int r = request_once(client, exchange, error);
        unsigned delay_ms;

        if (r == 0 || !is_safe || ++failures > client->retries ||
            !is_worth_repeating(r, exchange->retry_after_ms))
            return r;
        delay_ms =
            errand_backoff_ms(failures, FIRST_DELAY_MS, MAX_DELAY_MS, exchange->retry_after_ms);
        errand_client_log(client, ERRAND_LOG_WARNING, "%s %s: %s; again in %u ms", exchange->method,
                          exchange->path, errand_error_name(r), delay_ms);
        (void)errand_sleep(delay_ms, NULL);
    }
}

int errand_request_text(errand_client *client, const char *method, const char *path,
                        const char *body, const char *idempotency_key,
                        struct errand_buffer *ret_answer, errand_error *error)
{
    struct errand_exchange exchange;
    char key[ERRAND_KEY_BYTES];
    int r;

    errand_exchange_init(&exchange, client, method, path);
    exchange.total_timeout_ms = client->request_timeout_ms;
    exchange.idempotency_key = idempotency_key;
    if (idempotency_key == NULL && strcmp(method, "POST") == 0) {
        errand_key_make(key);
        exchange.idempotency_key = key;
    }
    exchange.body = body;
    exchange.n_body = body == NULL ? 0 : strlen(body);
    r = request_repeat(client, &exchange, error);
    if (r == 0) {
        *ret_answer = exchange.answer;
        errand_exchange_init(&exchange, client, method, path);
    }
    errand_exchange_done(&exchange);
    return r;
}

static int decode_answer(const struct errand_buffer *text, const char *method, const char *path,
                         json_t **ret_answer, errand_error *error)
{
    json_t *answer = json_loadb(errand_buffer_text(text), text->n, JSON_ALLOW_NUL, NULL);

    if (!json_is_object(answer)) {
        json_decref(answer);
        return errand_fail(error, ERRAND_E_INTERNAL, "%s %s: the answer is not a JSON object",
                           method, path);
    }
    *ret_answer = answer;
    return 0;
}

int errand_request(errand_client *client, const char *method, const char *path, json_t *body,
                   const char *idempotency_key, json_t **ret_answer, errand_error *error)
{
    struct errand_buffer answer;
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    int r = body != NULL && text == NULL
                ? errand_fail(error, ERRAND_E_INTERNAL, ERRAND_OUT_OF_MEMORY)
                : errand_request_text(client, method, path, text, idempotency_key, &answer, error);

    if (r == 0) {
        if (ret_answer != NULL)
            r = decode_answer(&answer, method, path, ret_answer, error);
        errand_buffer_done(&answer);
    }
    errand_free(text);
    json_decref(body);
    return r;
}

int errand_request_object(errand_client *client, const char *method, const char *path, json_t *body,
                          const char *idempotency_key, const char *name, json_t **ret_object,
                          errand_error *error)
{
    json_t *answer = NULL;
    json_t *object;
    int r = errand_request(client, method, path, body, idempotency_key, &answer, error);

    if (r < 0)
        return r;
    object = json_object_get(answer, name);
    if (json_is_object(object))
        *ret_object = json_incref(object);
    else
        r = errand_fail(error, ERRAND_E_INTERNAL, "%s %s: the answer has no '%s'", method, path,
                        name);
    json_decref(answer);
    return r;
}
