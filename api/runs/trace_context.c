/* SPDX-License-Identifier: Apache-2.0 */
#include "runs/trace_context.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEX "0123456789abcdef"
#define FNV_BASIS UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

/* version 00: "00-" trace id "-" parent id "-" flags */
#define AT_TRACE 3
#define AT_PARENT 36
#define AT_FLAGS 53

static bool is_hex(const char *text, size_t n)
{
    return strspn(text, HEX) >= n;
}

static bool is_zero(const char *text, size_t n)
{
    return strspn(text, "0") >= n;
}

bool trace_context_parse(const char *text, struct trace_context *ret_context)
{
    size_t n = text != NULL ? strlen(text) : 0;
    if (n < TRACEPARENT_CHARS || !is_hex(text, 2) || memcmp(text, "ff", 2) == 0 || text[2] != '-' ||
        text[AT_PARENT - 1] != '-' || text[AT_FLAGS - 1] != '-')
        return false;
    bool is_first_version = memcmp(text, "00", 2) == 0;
    if (n > TRACEPARENT_CHARS && (is_first_version || text[TRACEPARENT_CHARS] != '-'))
        return false;
    if (!is_hex(text + AT_TRACE, TRACE_ID_CHARS) || is_zero(text + AT_TRACE, TRACE_ID_CHARS) ||
        !is_hex(text + AT_PARENT, SPAN_ID_CHARS) || is_zero(text + AT_PARENT, SPAN_ID_CHARS) ||
        !is_hex(text + AT_FLAGS, 2))
        return false;

    *ret_context = (struct trace_context){{0}, {0}, {0}};
    memcpy(ret_context->trace_id, text + AT_TRACE, TRACE_ID_CHARS);
    memcpy(ret_context->parent_id, text + AT_PARENT, SPAN_ID_CHARS);
    memcpy(ret_context->flags, text + AT_FLAGS, 2);
    return true;
}

void trace_context_of_run(struct id run, const char *traceparent, struct trace_context *ret_context)
{
    if (trace_context_parse(traceparent, ret_context))
        return;
    *ret_context = (struct trace_context){{0}, {0}, "01"};
    for (size_t i = 0; i < sizeof(run.bytes); i++)
        (void)snprintf(&ret_context->trace_id[2 * i], 3, "%02x", run.bytes[i]);
}

void trace_span_id(struct id run, long long attempt, const char *part, char *text)
{
    uint64_t hash = FNV_BASIS;
    for (size_t i = 0; i < sizeof(run.bytes); i++)
        hash = (hash ^ run.bytes[i]) * FNV_PRIME;
    for (; *part != '\0'; part++)
        hash = (hash ^ (unsigned char)*part) * FNV_PRIME;
    hash = (hash ^ (uint64_t)attempt) * FNV_PRIME;
    (void)snprintf(text, SPAN_ID_CHARS + 1, "%016" PRIx64, hash != 0 ? hash : 1);
}

void trace_context_put(const struct trace_context *context, struct id run, char *text)
{
    char span[SPAN_ID_CHARS + 1];
    trace_span_id(run, 0, "run", span);
    (void)snprintf(text, TRACEPARENT_CHARS + 1, "00-%s-%s-%s", context->trace_id, span,
                   context->flags);
}
