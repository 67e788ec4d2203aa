/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

static enum err_code code_of_errno(int errnum)
{
    switch (errnum) {
    case ENOENT:
    case ESRCH:
        return ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
        return ERR_DENIED;
    case EEXIST:
    case EBUSY:
        return ERR_CONFLICT;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case EFBIG:
        return ERR_LIMIT;
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ETIMEDOUT:
    case EAGAIN:
        return ERR_UNAVAILABLE;
    default:
        return ERR_INTERNAL;
    }
}

/* vsnprintf that cuts on purpose; gcc wants to see the result of such a call used */
PRINTF_LIKE(3, 0)
static void format_cut(char *text, size_t size, const char *fmt, va_list args)
{
    if (vsnprintf(text, size, fmt, args) < 0)
        text[0] = '\0';
}

/* What came from outside is made one line of UTF-8, wherever it was cut: messages go into JSON. */
static void tidy(char *text)
{
    size_t n = strlen(text);
    utf8_repair(text, n);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            text[i] = ' ';
}

int err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
    if (e == NULL)
        return (int)code;

    va_list args;
    va_start(args, fmt);
    e->code = code;
    format_cut(e->msg, sizeof(e->msg), fmt, args);
    va_end(args);
    tidy(e->msg);
    return (int)code;
}

int err_errno(struct err *e, int errnum, const char *fmt, ...)
{
    enum err_code code = code_of_errno(errnum);
    if (e == NULL)
        return (int)code;

    va_list args;
    va_start(args, fmt);
    e->code = code;
    format_cut(e->msg, sizeof(e->msg), fmt, args);
    va_end(args);

    size_t used = strlen(e->msg);
    char reason[96];
    const char *text = strerror_r(errnum, reason, sizeof(reason));
    if (snprintf(e->msg + used, sizeof(e->msg) - used, ": %s", text) < 0)
        e->msg[used] = '\0';
    tidy(e->msg);
    return (int)code;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
    if (e == NULL)
        return ERR_INTERNAL;

    char inner[ERR_MESSAGE_BYTES];
    memcpy(inner, e->msg, sizeof(inner));

    va_list args;
    va_start(args, fmt);
    format_cut(e->msg, sizeof(e->msg), fmt, args);
    va_end(args);

    size_t used = strlen(e->msg);
    if (snprintf(e->msg + used, sizeof(e->msg) - used, ": %s", inner) < 0)
        e->msg[used] = '\0';
    tidy(e->msg);
    return (int)e->code;
}

const char *err_wire_name(enum err_code code)
{
    switch (code) {
    case ERR_OK:
        return "ok";
#define ERR_NAME_CASE(name, value, http, wire)                                                     \
    case ERR_##name:                                                                               \
        return wire;
        ERR_TABLE(ERR_NAME_CASE)
#undef ERR_NAME_CASE
    }
    return "internal";
}

int err_http_status(enum err_code code)
{
    switch (code) {
    case ERR_OK:
        return 200;
#define ERR_HTTP_CASE(name, value, http, wire)                                                     \
    case ERR_##name:                                                                               \
        return http;
        ERR_TABLE(ERR_HTTP_CASE)
#undef ERR_HTTP_CASE
    }
    return 500;
}
