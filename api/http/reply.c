/* SPDX-License-Identifier: Apache-2.0
 *
 * content_length is always set: without it h2o 2.2 gives up keep-alive on every status but 200.
 */
#include "http/reply.h"

#include <ctype.h>
#include <string.h>

#include "auth/secret.h"
#include "base/log.h"

#include "http/request_begin.h"

#define SMALL_ANSWER_BYTES 4096
/* 15 digits show a decimal fraction as it was written: 0.1, not 0.10000000000000001 */
#define JSON_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(15))

static const char *status_text(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 202:
        return "Accepted";
    case 204:
        return "No Content";
    case 304:
        return "Not Modified";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 409:
        return "Conflict";
    case 413:
        return "Payload Too Large";
    case 415:
        return "Unsupported Media Type";
    case 429:
        return "Too Many Requests";
    case 503:
        return "Service Unavailable";
    default:
        return "Internal Server Error";
    }
}

void reply_header(struct request *rq, const char *name, const char *value)
{
    if (rq->req == NULL)
        return;
    h2o_iovec_t name_copy = h2o_strdup(&rq->req->pool, name, SIZE_MAX);
    h2o_iovec_t value_copy = h2o_strdup(&rq->req->pool, value, SIZE_MAX);
    h2o_add_header_by_str(&rq->req->pool, &rq->req->res.headers, name_copy.base, name_copy.len, 1,
                          NULL, value_copy.base, value_copy.len);
}

/* Names and values of ours live for ever, so nothing is copied. */
static void fixed_header(h2o_req_t *req, const char *name, size_t name_n, const char *value,
                         size_t value_n)
{
    h2o_add_header_by_str(&req->pool, &req->res.headers, name, name_n, 0, NULL, value, value_n);
}

#define FIXED_HEADER(req, name, value)                                                             \
    fixed_header(req, name, sizeof(name) - 1, value, sizeof(value) - 1)

#define POLICY_COMMON                                                                              \
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; "               \
    "base-uri 'none'; form-action 'none'"
#define POLICY_PAGE POLICY_COMMON "; script-src 'self'; connect-src 'self'"

/* Nothing here is to be framed, guessed at, or run; pages style themselves from here. */
static void add_safety(h2o_req_t *req, bool is_page)
{
    FIXED_HEADER(req, "x-content-type-options", "nosniff");
    if (is_page)
        FIXED_HEADER(req, "content-security-policy", POLICY_PAGE);
    else
        FIXED_HEADER(req, "content-security-policy", POLICY_COMMON);
    FIXED_HEADER(req, "referrer-policy", "no-referrer");
    if (req->scheme == &H2O_URL_SCHEME_HTTPS)
        FIXED_HEADER(req, "strict-transport-security", "max-age=31536000");
}

/* `bytes` live as long as the request. */
static void send_any(struct request *rq, int status, const char *content_type, const char *bytes,
                     size_t n, bool is_page)
{
    static h2o_generator_t generator = {NULL, NULL};

    h2o_req_t *req = rq->req;
    if (req == NULL)
        return;
    reply_header(rq, "x-request-id", rq->id);
    add_safety(req, is_page);
    if (content_type != NULL)
        reply_header(rq, "content-type", content_type);
    if (status == 503)
        reply_header(rq, "retry-after", "1");
    req->res.status = status;
    req->res.reason = status_text(status);
    req->res.content_length = n;

    /* a body may hold passwords and environments; what is needed of it was copied */
    if (req->entity.len > 0 && rq->body != NULL)
        explicit_bzero(req->entity.base, req->entity.len);
    request_count_answer(rq, status, false);
    rq->req = NULL; /* answered */
    h2o_start_response(req, &generator);
    bool is_head = h2o_memis(req->input.method.base, req->input.method.len, H2O_STRLIT("HEAD"));
    h2o_iovec_t body = h2o_iovec_init(bytes, n);
    bool has_body = n > 0 && !is_head && status != 304;
    h2o_send(req, &body, has_body ? 1 : 0, H2O_SEND_STATE_FINAL);
}

static void send_bytes(struct request *rq, int status, const char *content_type, const char *bytes,
                       size_t n)
{
    send_any(rq, status, content_type, bytes, n, false);
}

void reply_json(struct request *rq, int status, json_t *body)
{
    if (rq->req != NULL) {
        char most[SMALL_ANSWER_BYTES]; /* so that most are written once */
        size_t n = json_dumpb(body, most, sizeof(most), JSON_FLAGS);
        char *bytes = h2o_mem_alloc_pool(&rq->req->pool, n + 1);
        if (n <= sizeof(most))
            memcpy(bytes, most, n);
        else
            (void)json_dumpb(body, bytes, n, JSON_FLAGS);
        secret_wipe(most, n <= sizeof(most) ? n : sizeof(most));
        bytes[n] = '\n';
        send_bytes(rq, status, "application/json", bytes, n + 1);
    }
    json_decref(body);
}

void reply_status(struct request *rq, int status, const char *code, const char *message)
{
    if (rq->req == NULL)
        return;
    reply_json(rq, status,
               json_pack("{s:i, s:s, s:s, s:s, s:s}", "status", status, "error",
                         status_text(status), "code", code, "message", message, "request_id",
                         rq->id));
}

void reply_error(struct request *rq, enum err_code code, const char *message)
{
    reply_status(rq, err_http_status(code), err_wire_name(code), message);
}

void reply_err(struct request *rq, const struct err *err)
{
    switch (err->code) {
    case ERR_INTERNAL:
        log_error("request.failed request=%s error=\"%s\"", rq->id, err->msg);
        reply_error(rq, err->code, "Something went wrong here; the request id leads to our log");
        break;
    case ERR_UNAVAILABLE:
        log_warn("request.refused request=%s error=\"%s\"", rq->id, err->msg);
        reply_error(rq, err->code, "The database is away; nothing happened, try again");
        break;
    case ERR_UNCERTAIN:
        log_warn("request.uncertain request=%s error=\"%s\"", rq->id, err->msg);
        reply_error(rq, err->code, "The database went away; look before you try again");
        break;
    default:
        reply_error(rq, err->code, err->msg);
        break;
    }
}

void reply_json_text(struct request *rq, int status, struct buf *body)
{
    if (!buf_ok(body)) {
        struct err e;
        (void)err_set(&e, ERR_INTERNAL, "the answer is too large");
        reply_err(rq, &e);
    } else if (rq->req != NULL) {
        buf_add_char(body, '\n');
        h2o_iovec_t bytes = h2o_strdup(&rq->req->pool, body->data, body->len);
        send_bytes(rq, status, "application/json", bytes.base, bytes.len);
    }
    buf_done(body);
}

void reply_bytes(struct request *rq, int status, const char *content_type, struct buf *body)
{
    if (!buf_ok(body)) {
        struct err e;
        (void)err_set(&e, ERR_INTERNAL, "the answer is too large");
        reply_err(rq, &e);
    } else if (rq->req != NULL) {
        h2o_iovec_t bytes = h2o_strdup(&rq->req->pool, body->data, body->len);
        send_bytes(rq, status, content_type, bytes.base, bytes.len);
    }
    buf_done(body);
}

void reply_problems(struct request *rq, json_t *errors, json_t *fields)
{
    reply_json(rq, 400, json_pack("{s:o, s:o}", "errors", errors, "fields", fields));
}

bool reply_if_problems(struct request *rq, struct problems *p)
{
    if (!problems_any(p))
        return false;
    reply_problems(rq, TAKE_PTR(p->errors), TAKE_PTR(p->fields));
    return true;
}

void reply_problem(struct request *rq, const char *field, const char *text)
{
    char sentence[512];
    (void)snprintf(sentence, sizeof(sentence), "%s %s", field, text);
    sentence[0] = (char)toupper((unsigned char)sentence[0]);
    for (char *c = sentence; *c != '\0' && *c != ' '; c++) {
        if (*c == '_')
            *c = ' ';
    }
    reply_problems(rq, json_pack("[s]", sentence), json_pack("{s:[s]}", field, text));
}

bool reply_if_taken(struct request *rq, const struct err *err, const char *field, const char *text)
{
    if (err == NULL)
        return false;
    if (err->code == ERR_CONFLICT)
        reply_problem(rq, field, text);
    else
        reply_err(rq, err);
    return true;
}

void reply_empty(struct request *rq, int status)
{
    send_bytes(rq, status, NULL, NULL, 0);
}

void reply_static(struct request *rq, int status, const char *content_type, const void *bytes,
                  size_t n)
{
    send_bytes(rq, status, content_type, bytes, n);
}

void reply_web(struct request *rq, int status, const char *content_type, const void *bytes,
               size_t n)
{
    send_any(rq, status, content_type, bytes, n, true);
}
