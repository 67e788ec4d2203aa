/* SPDX-License-Identifier: Apache-2.0
 *
 * The nine codes and their names, and how one gets into the caller's hands.
 */
#include "failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct code_row {
    int code;
    int http_status;
    const char *name;
};

static const struct code_row code_rows[] = {
    {ERRAND_E_INVALID, 400, "invalid"},         {ERRAND_E_UNAUTHENTICATED, 401, "unauthenticated"},
    {ERRAND_E_DENIED, 403, "denied"},           {ERRAND_E_NOT_FOUND, 404, "not_found"},
    {ERRAND_E_CONFLICT, 409, "conflict"},       {ERRAND_E_LIMIT, 429, "limit"},
    {ERRAND_E_UNAVAILABLE, 503, "unavailable"}, {ERRAND_E_UNCERTAIN, 503, "uncertain"},
    {ERRAND_E_INTERNAL, 500, "internal"},
};

#define N_CODE_ROWS (sizeof(code_rows) / sizeof(code_rows[0]))

const char *errand_error_name(int code)
{
    size_t i;

    if (code == ERRAND_OK)
        return "ok";
    for (i = 0; i < N_CODE_ROWS; i++) {
        if (code_rows[i].code == code)
            return code_rows[i].name;
    }
    return "internal";
}

int errand_code_from_name(const char *name)
{
    size_t i;

    for (i = 0; i < N_CODE_ROWS; i++) {
        if (strcmp(code_rows[i].name, name) == 0)
            return code_rows[i].code;
    }
    return ERRAND_OK;
}

int errand_code_from_status(int http_status, int changes)
{
    size_t i;

    /* A gateway that lost its server cannot say whether the server acted. */
    if (http_status == 502 || http_status == 504)
        return changes ? ERRAND_E_UNCERTAIN : ERRAND_E_UNAVAILABLE;
    for (i = 0; i < N_CODE_ROWS; i++) {
        if (code_rows[i].http_status == http_status)
            return code_rows[i].code;
    }
    if (http_status == 413)
        return ERRAND_E_LIMIT;
    return http_status >= 400 && http_status < 500 ? ERRAND_E_INVALID : ERRAND_E_INTERNAL;
}

void errand_error_clear(errand_error *error)
{
    if (error != NULL)
        memset(error, 0, sizeof(*error));
}

int errand_fail(errand_error *error, int code, const char *format, ...)
{
    va_list arguments;

    if (error == NULL)
        return code;
    errand_error_clear(error);
    error->code = code;
    va_start(arguments, format);
    (void)vsnprintf(error->message, sizeof(error->message), format, arguments);
    va_end(arguments);
    return code;
}

int errand_options_copy(void *to, size_t n_to, const void *from, errand_error *error)
{
    size_t n;

    memcpy(&n, from, sizeof(n));
    if (n < sizeof(n))
        return errand_fail(error, ERRAND_E_INVALID,
                           "struct_size is not set; start from the matching ..._INIT");
    memcpy(to, from, n < n_to ? n : n_to);
    memcpy(to, &n_to, sizeof(n_to));
    return 0;
}
