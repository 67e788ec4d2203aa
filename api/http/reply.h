/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers. Each request gets one; all do nothing when the client is gone.
 */
#ifndef ERRAND_API_REPLY_H
#define ERRAND_API_REPLY_H

#include "base/buf.h"

#include "http/problems.h"
#include "http/request.h"

/* Takes `body` (a new reference). Status 200 unless another is the contract's. */
void reply_json(struct request *rq, int status, json_t *body);

/* The same from text that is JSON already; empties `body`. */
void reply_json_text(struct request *rq, int status, struct buf *body);

/* {"status":404,"error":"Not Found","code":"not_found","message":...,"request_id":...}.
 * `message` is for people and never holds a secret. */
void reply_error(struct request *rq, enum err_code code, const char *message);

/* The same from an error value. Of INTERNAL, UNAVAILABLE and UNCERTAIN the client sees a general
 * sentence; the text goes to our log. */
void reply_err(struct request *rq, const struct err *err);

/* An HTTP status that no err_code stands for: 405 "method_not_allowed", 413 "too_large", 415
 * "unsupported_media_type". */
void reply_status(struct request *rq, int status, const char *code, const char *message);

/* The same for a body of another type. */
void reply_bytes(struct request *rq, int status, const char *content_type, struct buf *body);

/* 400 {"errors":["Name must be ...", ...],"fields":{"name":["must be ..."]}}; see problems.h.
 * Takes both. */
void reply_problems(struct request *rq, json_t *errors, json_t *fields);

/* The same of what was collected, if there is anything; false when there is not. */
bool reply_if_problems(struct request *rq, struct problems *p);

/* The same for one problem: `field` "per_page", `text` "must be ...". */
void reply_problem(struct request *rq, const char *field, const char *text);

/* True when there was an error, which is answered: ERR_CONFLICT as a problem of `field`. `err` may
 * be NULL. */
bool reply_if_taken(struct request *rq, const struct err *err, const char *field, const char *text);

/* 204, or any status with bytes of ours that live as long as the program (documents, text). */
void reply_empty(struct request *rq, int status);
void reply_static(struct request *rq, int status, const char *content_type, const void *bytes,
                  size_t n);

/* A page of ours, or a part of one (its script, its style), which may run what this server serves
 * and talk to it, and nothing else. */
void reply_web(struct request *rq, int status, const char *content_type, const void *bytes,
               size_t n);

/* Add a response header before replying; `value` is copied. */
void reply_header(struct request *rq, const char *name, const char *value);

#endif
