/* SPDX-License-Identifier: Apache-2.0 */
#include "http/request.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "auth/secret.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "model/limits.h"

#include "access/actor.h"
#include "http/connection.h"
#include "http/reply.h"
#include "http/request_begin.h"
#include "http/route.h"
#include "metrics/figures.h"

struct memory_block {
    struct memory_block *next;
    size_t n;
    max_align_t bytes[];
};

struct query_call {
    struct request *rq;
    request_rows_callback *on_rows;
    request_result_callback *on_result;
};

/* What is counted as long as h2o has the request; in its pool, which tells us when that ends. */
struct request_account {
    struct request *rq; /* NULL: let go */
    struct loop *loop;
    struct connection *connection;
};

static void account_close(struct loop *loop, struct connection *connection)
{
    loop->requests--;
    figures_add(loop->figures, FIGURE_REQUESTS, -1);
    connection_leave(connection);
}

static void on_client_gone(void *memory)
{
    const struct request_account *account = memory;
    struct request *rq = account->rq;
    if (rq == NULL) {
        account_close(account->loop, account->connection);
        return;
    }
    rq->req = NULL;
    rq->account = NULL;
    request_unref(rq);
}

struct request *request_begin(h2o_req_t *req)
{
    struct request *rq = h2o_mem_alloc(sizeof(*rq));
    *rq = (struct request){.req = req,
                           .loop = loop_of(req),
                           .refs = 1,
                           .begun_us = clock_mono_us(),
                           .timing = TIMING_COUNT};
    (void)id_format(id_new(), rq->id);
    rq->loop->requests++;
    figures_add(rq->loop->figures, FIGURE_REQUESTS, 1);
    rq->connection = connection_enter(req);

    rq->account = h2o_mem_alloc_shared(&req->pool, sizeof(*rq->account), on_client_gone);
    *rq->account = (struct request_account){rq, rq->loop, rq->connection};
    return rq;
}

void request_let_go(struct request *rq)
{
    assert(rq->refs > 1);
    if (rq->account == NULL)
        return;
    rq->account->rq = NULL;
    rq->account = NULL;
    rq->connection = NULL;
    request_unref(rq);
}

void request_count_answer(const struct request *rq, int status, bool goes_on)
{
    struct figures *figures = rq->loop->figures;
    size_t route = rq->route != NULL ? (size_t)(rq->route - routes) : SIZE_MAX;
    figures_answer(figures, route, status);
    if (goes_on || rq->begun_us == 0 || rq->route == NULL)
        return;
    int64_t took_us = clock_mono_us() - rq->begun_us;
    bool is_agents = rq->route->access == ACCESS_HYPERVISOR || rq->route->access == ACCESS_JOIN;
    figures_time(figures, is_agents ? TIMING_AGENT : TIMING_CLIENT, took_us);
    if (rq->timing != TIMING_COUNT)
        figures_time(figures, rq->timing, took_us);
}

struct request *request_ref(struct request *rq)
{
    rq->refs++;
    return rq;
}

static void free_memory(struct request *rq)
{
    json_decref(rq->body);
    json_decref(rq->kept);
    rq->body = rq->kept = NULL;
    rq->state = rq->step = NULL;
    struct memory_block *block = TAKE_PTR(rq->memory);
    while (block != NULL) {
        struct memory_block *next = block->next;
        secret_wipe(block->bytes, block->n); /* it may have been a password */
        free(block);
        block = next;
    }
}

void request_unref(struct request *rq)
{
    assert(rq->refs > 0);
    if (--rq->refs > 0)
        return;

    if (rq->connection != NULL)
        account_close(rq->loop, rq->connection);
    free_memory(rq);
    free(rq);
}

void *request_alloc(struct request *rq, size_t n)
{
    struct memory_block *block = h2o_mem_alloc(sizeof(*block) + n);
    block->next = rq->memory;
    block->n = n;
    rq->memory = block;
    return memset(block->bytes, 0, n);
}

static char *copy_text(struct request *rq, const char *text, size_t n)
{
    return memcpy(request_alloc(rq, n + 1), text, n);
}

char *request_strdup(struct request *rq, const char *text)
{
    return copy_text(rq, text, strlen(text));
}

void request_keep(struct request *rq, json_t *value)
{
    if (value == NULL)
        return;
    if (rq->kept == NULL)
        rq->kept = json_array();
    (void)json_array_append(rq->kept, value);
}

static void on_query(void *user, const struct rows *rows, const struct err *err)
{
    struct query_call call = *(struct query_call *)user;
    free(user);
    if (call.on_result != NULL)
        call.on_result(call.rq, rows, err);
    else if (err != NULL)
        reply_err(call.rq, err);
    else
        call.on_rows(call.rq, rows);
    request_unref(call.rq);
}

static void run(struct request *rq, const struct statement *statement, struct params *p,
                struct query_call call)
{
    struct query_call *kept = h2o_mem_alloc(sizeof(*kept));
    *kept = call;
    kept->rq = request_ref(rq);
    const char *actor = statement->grouped || rq->route == NULL ? NULL : actor_of_change(rq);
    db_pipe_run_as(rq->loop->db, actor, statement, p, on_query, kept);
}

void request_query(struct request *rq, const struct statement *statement, struct params *p,
                   request_rows_callback *on_rows)
{
    run(rq, statement, p, (struct query_call){.on_rows = on_rows});
}

void request_query_result(struct request *rq, const struct statement *statement, struct params *p,
                          request_result_callback *on_result)
{
    run(rq, statement, p, (struct query_call){.on_result = on_result});
}

h2o_iovec_t request_body(const struct request *rq)
{
    return rq->req != NULL ? rq->req->entity : (h2o_iovec_t){0};
}

const char *request_header(struct request *rq, const char *name)
{
    if (rq->req == NULL)
        return NULL;
    ssize_t i = h2o_find_header_by_str(&rq->req->headers, name, strlen(name), -1);
    if (i < 0)
        return NULL;
    h2o_iovec_t value = rq->req->headers.entries[i].value;
    return copy_text(rq, value.base, value.len);
}

/* jansson recurses; the depth is checked before it does */
static bool is_too_deep(const char *text, size_t n)
{
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > LIMIT_JSON_DEPTH)
                return true;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return false;
}

static bool is_json_type(const char *content_type)
{
    static const char json[] = "application/json";
    size_t n = sizeof(json) - 1;
    if (content_type == NULL || strncasecmp(content_type, json, n) != 0)
        return false;
    return content_type[n] == '\0' || content_type[n] == ';' || content_type[n] == ' ';
}

/* Texts with NUL get through, so that the field they are in can be named (fields.h). */
static json_t *parse_body(struct request *rq, h2o_iovec_t body)
{
    if (is_too_deep(body.base, body.len)) {
        reply_problem(rq, "body", "is nested too deeply");
        return NULL;
    }
    json_error_t why;
    rq->body = json_loadb(body.base, body.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
    if (rq->body == NULL) {
        char text[JSON_ERROR_TEXT_LENGTH + 64];
        (void)snprintf(text, sizeof(text), "is not valid JSON: %s (line %d, column %d)", why.text,
                       why.line, why.column);
        reply_problem(rq, "body", utf8_is_valid(text, strlen(text)) ? text : "is not valid JSON");
        return NULL;
    }
    if (!json_is_object(rq->body)) {
        reply_problem(rq, "body", "must be a JSON object");
        return NULL;
    }
    return rq->body;
}

json_t *request_json(struct request *rq, bool may_be_empty)
{
    if (rq->body != NULL)
        return rq->body;

    h2o_iovec_t body = request_body(rq);
    if (body.len == 0 && may_be_empty) {
        rq->body = json_object();
        return rq->body;
    }
    if (body.len > LIMIT_BODY_BYTES) {
        reply_status(rq, 413, "too_large", "The body is larger than 1 MiB");
        return NULL;
    }
    if (!is_json_type(request_header(rq, "content-type"))) {
        reply_status(rq, 415, "unsupported_media_type",
                     "Send JSON with the header Content-Type: application/json");
        return NULL;
    }
    return parse_body(rq, body);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decode %xx and + in place; false for a stray %, a NUL or bytes that are not UTF-8. */
static bool decode_query(char *text)
{
    char *out = text;
    for (const char *in = text; *in != '\0'; in++) {
        if (*in == '+') {
            *out++ = ' ';
        } else if (*in == '%') {
            int high = hex_value(in[1]);
            int low = high < 0 ? -1 : hex_value(in[2]);
            if (low < 0 || (high == 0 && low == 0))
                return false;
            *out++ = (char)(high << 4 | low);
            in += 2;
        } else {
            *out++ = *in;
        }
    }
    *out = '\0';
    return utf8_is_valid(text, (size_t)(out - text));
}

const char *request_query_param(struct request *rq, const char *name)
{
    if (rq->req == NULL || rq->req->query_at == SIZE_MAX)
        return NULL;

    const char *at = rq->req->path.base + rq->req->query_at + 1;
    const char *end = rq->req->path.base + rq->req->path.len;
    size_t name_n = strlen(name);
    while (at < end) {
        const char *amp = memchr(at, '&', (size_t)(end - at));
        const char *stop = amp != NULL ? amp : end;
        size_t n = (size_t)(stop - at);
        if (n >= name_n && memcmp(at, name, name_n) == 0 && (n == name_n || at[name_n] == '=')) {
            size_t skip = n == name_n ? n : name_n + 1;
            char *value = copy_text(rq, at + skip, n - skip);
            return decode_query(value) ? value : NULL;
        }
        at = stop + 1;
    }
    return NULL;
}

bool request_check_query(struct request *rq)
{
    const h2o_req_t *req = rq->req;
    if (req->query_at == SIZE_MAX)
        return true;

    const char *at = req->path.base + req->query_at + 1;
    const char *end = req->path.base + req->path.len;
    while (at < end) {
        const char *amp = memchr(at, '&', (size_t)(end - at));
        const char *stop = amp != NULL ? amp : end;
        const char *equals = memchr(at, '=', (size_t)(stop - at));
        size_t n = (size_t)((equals != NULL ? equals : stop) - at);
        if (n > 0 && !route_takes_query(rq->route, at, n)) {
            char name[64];
            (void)snprintf(name, sizeof(name), "%.*s", (int)(n < 60 ? n : 60), at);
            bool printable = strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789-") == strlen(name);
            reply_problem(rq, printable ? name : "query", "is not a known parameter");
            return false;
        }
        at = stop + 1;
    }
    return true;
}

bool request_query_int(struct request *rq, const char *name, int64_t min, int64_t max,
                       int64_t fallback, int64_t *ret_value)
{
    const char *text = request_query_param(rq, name);
    if (text == NULL) {
        *ret_value = fallback;
        return true;
    }
    if (parse_i64(text, min, max, name, ret_value, NULL) == 0)
        return true;

    char problem[96];
    (void)snprintf(problem, sizeof(problem), "must be an integer between %" PRId64 " and %" PRId64,
                   min, max);
    reply_problem(rq, name, problem);
    return false;
}
