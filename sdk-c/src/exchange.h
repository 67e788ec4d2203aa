/* SPDX-License-Identifier: Apache-2.0
 *
 * One HTTP request and its answer, gathered or handed on as it comes.
 */
#ifndef ERRAND_SDK_EXCHANGE_H
#define ERRAND_SDK_EXCHANGE_H

#include <errand/canceler.h>
#include <errand/client.h>

#include "buffer.h"

/* A page of 1,000 lines of 16 KiB, all of it escaped. */
#define ERRAND_ANSWER_LIMIT ((size_t)128 * 1024 * 1024)

enum errand_exchange_end {
    ERRAND_EXCHANGE_ANSWERED = 0, /* with whatever status */
    ERRAND_EXCHANGE_STOPPED = 1,  /* on_bytes returned non-zero */
    ERRAND_EXCHANGE_CANCELED = 2
};

struct errand_exchange {
    const char *method;
    const char *path; /* below the base address; borrowed */
    const char *body; /* JSON, or NULL; borrowed */
    size_t n_body;
    const char *accept;
    const char *idempotency_key;     /* or NULL */
    int anonymous;                   /* send no token */
    unsigned total_timeout_ms;       /* 0 = none */
    unsigned silence_timeout_ms;     /* without a byte; 0 = none */
    const errand_canceler *canceler; /* or NULL */
    /* For the bytes of a 200 answer as they come, outside of libcurl; NULL: gather in `answer`.
     * Non-zero stops the exchange. */
    int (*on_bytes)(const char *bytes, size_t n, void *user);
    /* After every quiet_ms without a byte, outside of libcurl; may be NULL. Non-zero stops. */
    int (*on_quiet)(void *user);
    unsigned quiet_ms;
    void *user;

    int http_status;
    unsigned retry_after_ms;
    char request_id[ERRAND_REQUEST_ID_BYTES];
    struct errand_buffer answer;
};

void errand_exchange_init(struct errand_exchange *exchange, const errand_client *client,
                          const char *method, const char *path);
void errand_exchange_done(struct errand_exchange *exchange);

/* Returns an errand_exchange_end; ERRAND_E_UNAVAILABLE when the request never arrived or only
 * read; ERRAND_E_UNCERTAIN when it may have been acted upon. */
int errand_exchange_run(errand_client *client, struct errand_exchange *exchange,
                        errand_error *error);

/* Turn an answer that is no success into an error; returns its code. */
int errand_exchange_fail(const struct errand_exchange *exchange, errand_error *error);

#endif
