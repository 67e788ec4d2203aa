/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine_answer.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "wire/field.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static enum err_code code_of(int status)
{
    switch (status) {
    case 400:
        return ERR_INVALID;
    case 401:
        return ERR_UNAUTHENTICATED;
    case 403:
        return ERR_DENIED;
    case 404:
        return ERR_NOT_FOUND;
    case 409:
        return ERR_CONFLICT;
    default:
        return ERR_INTERNAL;
    }
}

void engine_answer_message(const char *json, size_t json_n, char *text, size_t n)
{
    CLEANUP(field_doc_freep) struct json_t *doc = NULL;
    const char *message = NULL;
    text[0] = '\0';
    if (json == NULL || field_doc_parse(json, json_n, &doc, NULL) < 0 ||
        field_get_text_or_null(doc, "message", &message, NULL) < 0 || message == NULL)
        return;
    size_t all = strlen(message);
    size_t keep = all < n ? all : utf8_floor(message, n - 1, all);
    memcpy(text, message, keep);
    text[keep] = '\0';
    for (char *c = text; *c != '\0'; c++) {
        if (*c == '\n' || *c == '\r' || *c == '\t')
            *c = ' ';
    }
}

int engine_answer_check(const struct engine_call *call, struct err *e)
{
    char message[ERR_MESSAGE_BYTES];
    int status = call->response.status;
    if (status < 300 || status == 304)
        return 0;
    engine_answer_message(call->body.data, call->body.len, message, sizeof(message));
    if (message[0] != '\0')
        return err_set(e, code_of(status), "%s", message);
    return err_set(e, code_of(status), "the engine answered %d", status);
}

int engine_answer_await(struct engine_call *call, const struct engine_request *request,
                        int64_t timeout_us, struct err *e)
{
    int r = engine_call_start(call, request, e);
    if (r == 0)
        r = engine_call_finish(call, clock_mono_us() + timeout_us, e);
    return r < 0 ? r : engine_answer_check(call, e);
}

static int parse(const struct engine_call *call, struct json_t **ret_doc, struct err *e)
{
    int r = engine_answer_check(call, e);
    if (r < 0)
        return r;
    if (field_doc_parse(call->body.data == NULL ? "" : call->body.data, call->body.len, ret_doc,
                        NULL) < 0)
        return err_set(e, ERR_INTERNAL, "the engine's answer is no JSON object");
    return 0;
}

int engine_answer_id(const struct engine_call *call, char *ret_id, struct err *e)
{
    CLEANUP(field_doc_freep) struct json_t *doc = NULL;
    const char *id = "";
    int r = parse(call, &doc, e);
    if (r == 0)
        r = field_get_text(doc, "Id", &id, e);
    if (r < 0)
        return r;
    size_t n = strlen(id);
    if (n == 0 || n >= ENGINE_ID_BYTES || strspn(id, "0123456789abcdef") != n)
        return err_set(e, ERR_INTERNAL, "the engine gave the container no usable id");
    memcpy(ret_id, id, n + 1);
    return 0;
}

int engine_answer_state(const struct engine_call *call, struct engine_container_state *ret_state,
                        struct err *e)
{
    CLEANUP(field_doc_freep) struct json_t *doc = NULL;
    struct engine_container_state found = {.exit_code = -1};
    struct json_t *state;
    int64_t exit_code = -1;
    int r = parse(call, &doc, e);
    if (r == 0)
        r = field_get_object(doc, "State", &state, e);
    if (r == 0)
        r = field_get_bool(state, "Running", &found.is_running, e);
    if (r == 0)
        r = field_get_bool(state, "OOMKilled", &found.oom_killed, e);
    if (r == 0)
        r = field_get_i64(state, "ExitCode", INT_MIN, INT_MAX, &exit_code, e);
    if (r < 0)
        return err_wrap(e, "inspect the container");
    found.exit_code = (int32_t)exit_code;
    *ret_state = found;
    return 0;
}
