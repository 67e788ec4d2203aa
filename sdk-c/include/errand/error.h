/* SPDX-License-Identifier: Apache-2.0
 *
 * How a call fails. Programs act on `code`, people read `message`.
 *
 *     errand_error error;
 *     if (errand_run_get(client, id, &run, &error) < 0)
 *         fprintf(stderr, "%s: %s\n", errand_error_name(error.code), error.message);
 *
 * Every function that can fail returns 0 (or a positive result it documents) or a negative
 * ERRAND_E_* code, and fills the caller's errand_error, which may be NULL. Results behind `ret_`
 * parameters are written on success only.
 */
#ifndef ERRAND_ERROR_H
#define ERRAND_ERROR_H

#include <errand/export.h>

ERRAND_BEGIN_DECLS

typedef enum errand_code {
    ERRAND_OK = 0,
    ERRAND_E_INVALID = -1,         /* the server, or the library, refuses the input */
    ERRAND_E_UNAUTHENTICATED = -2, /* no token, or not a valid one */
    ERRAND_E_DENIED = -3,          /* a valid token that may not do this */
    ERRAND_E_NOT_FOUND = -4,       /* no such object in this project */
    ERRAND_E_CONFLICT = -5,        /* the object's state does not allow it */
    ERRAND_E_LIMIT = -6,           /* too much or too often; see retry_after_ms */
    ERRAND_E_UNAVAILABLE = -7,     /* nothing happened; safe to try again */
    ERRAND_E_UNCERTAIN = -8,       /* may have happened; look before trying again */
    ERRAND_E_INTERNAL = -9         /* a fault of the server, or an answer that makes no sense */
} errand_code;

#define ERRAND_MESSAGE_BYTES 512
#define ERRAND_REQUEST_ID_BYTES 64

/* The caller's own; needs neither initialising nor freeing. */
typedef struct errand_error {
    int code;                                 /* ERRAND_E_*, or ERRAND_OK */
    int http_status;                          /* 0 when no answer came */
    unsigned retry_after_ms;                  /* 0 when the server named none */
    char request_id[ERRAND_REQUEST_ID_BYTES]; /* "" when no answer came */
    char message[ERRAND_MESSAGE_BYTES];       /* one line without a trailing period */
} errand_error;

/* "not_found" for ERRAND_E_NOT_FOUND: the names the HTTP interface uses. "ok" for ERRAND_OK,
 * "internal" for anything unknown. Static storage. */
ERRAND_API const char *errand_error_name(int code);

ERRAND_END_DECLS

#endif
