/* SPDX-License-Identifier: Apache-2.0
 *
 * The one error type. It lives on the caller's stack: recording a failure never allocates and
 * never leaks. Callers act on the code, people read the message.
 *
 * A message is one line without a trailing period, says what was tried on which object, and never
 * holds a secret.
 */
#ifndef ERRAND_BASE_ERR_H
#define ERRAND_BASE_ERR_H

#include "base/defer.h"

/* name, value, HTTP status, wire name. A code exists because some caller acts differently on it. */
#define ERR_TABLE(X)                                                                               \
    X(INVALID, -1, 400, "invalid")                                                                 \
    X(UNAUTHENTICATED, -2, 401, "unauthenticated")                                                 \
    X(DENIED, -3, 403, "denied")                                                                   \
    X(NOT_FOUND, -4, 404, "not_found")                                                             \
    X(CONFLICT, -5, 409, "conflict")                                                               \
    X(LIMIT, -6, 429, "limit")                                                                     \
    X(UNAVAILABLE, -7, 503, "unavailable") /* nothing happened; safe to retry */                   \
    X(UNCERTAIN, -8, 503, "uncertain")     /* may have happened; look first */                     \
    X(INTERNAL, -9, 500, "internal")

enum err_code {
    ERR_OK = 0,
#define ERR_ENUM(name, value, http, wire) ERR_##name = (value),
    ERR_TABLE(ERR_ENUM)
#undef ERR_ENUM
};

#define ERR_MESSAGE_BYTES 256

struct err {
    enum err_code code;
    char msg[ERR_MESSAGE_BYTES];
};

/* Record a failure; a longer message is cut. Whatever is put into it, the message is one line of
 * UTF-8. Returns `code`. `e` may be NULL in all three. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Map an errno value to a code and append its text: "open /x: No such file or directory". */
int err_errno(struct err *e, int errnum, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Put what was being done in front of a lower message: "pull image: <inner>". Returns e->code. */
int err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* "not_found"; "ok" for ERR_OK. Never NULL. */
const char *err_wire_name(enum err_code code);

/* 404 for ERR_NOT_FOUND; 200 for ERR_OK. */
int err_http_status(enum err_code code);

#endif
