/* SPDX-License-Identifier: Apache-2.0
 *
 * One line per complaint, so that it can be searched for.
 */
#include "complain.h"

#include "command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int complain(const char *format, ...)
{
    va_list values;

    (void)fputs("errand: ", stderr);
    va_start(values, format);
    (void)vfprintf(stderr, format, values);
    va_end(values);
    (void)fputc('\n', stderr);
    (void)fflush(stderr);
    return EXIT_OURS;
}

static const char *hint_for(const errand_error *error)
{
    if (error->code == ERRAND_E_UNAUTHENTICATED)
        return " (is ERRAND_TOKEN the token of this server?)";
    if (error->code == ERRAND_E_UNAVAILABLE && error->http_status == 0)
        return " (is it running? 'errand up' starts one here)";
    return "";
}

int complain_error(const errand_error *error, const char *format, ...)
{
    va_list values;

    (void)fputs("errand: ", stderr);
    va_start(values, format);
    (void)vfprintf(stderr, format, values);
    va_end(values);
    (void)fprintf(stderr, ": %s%s", error->message, hint_for(error));
    if (error->request_id[0] != '\0' && error->code == ERRAND_E_INTERNAL)
        (void)fprintf(stderr, " [request %s]", error->request_id);
    (void)fputc('\n', stderr);
    (void)fflush(stderr);
    return EXIT_OURS;
}

int complain_errno(const char *format, ...)
{
    int errnum = errno;
    va_list values;

    (void)fputs("errand: ", stderr);
    va_start(values, format);
    (void)vfprintf(stderr, format, values);
    va_end(values);
    (void)fprintf(stderr, ": %s\n", strerror(errnum));
    (void)fflush(stderr);
    return EXIT_OURS;
}
