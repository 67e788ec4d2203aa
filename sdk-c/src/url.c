/* SPDX-License-Identifier: Apache-2.0
 *
 * Percent-encoding follows RFC 3986: everything but the unreserved characters is encoded.
 */
#include "url.h"

#include "failure.h"
#include "memory.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int url_has_host(const char *url)
{
    const char *host = NULL;

    if (strncmp(url, "http://", 7) == 0)
        host = url + 7;
    else if (strncmp(url, "https://", 8) == 0)
        host = url + 8;
    return host != NULL && *host != '\0' && *host != '/' && *host != ':';
}

static int url_is_clean(const char *url)
{
    for (; *url != '\0'; url++) {
        if ((unsigned char)*url <= ' ' || *url == 0x7f || strchr("?#@\\", *url) != NULL)
            return 0;
    }
    return 1;
}

int errand_url_base(const char *url, const errand_allocator *allocator, char **ret_base,
                    errand_error *error)
{
    size_t n;
    char *base;

    if (url == NULL || *url == '\0')
        return errand_fail(error, ERRAND_E_INVALID, "the server's URL is not set");
    if (!url_has_host(url) || !url_is_clean(url))
        return errand_fail(error, ERRAND_E_INVALID,
                           "URL '%s' is not of the form http[s]://host[:port][/path]", url);
    n = strlen(url);
    while (url[n - 1] == '/')
        n--;
    base = errand_memory_get(allocator, n + 1);
    if (base == NULL)
        return errand_fail(error, ERRAND_E_INTERNAL, ERRAND_OUT_OF_MEMORY);
    memcpy(base, url, n);
    base[n] = '\0';
    *ret_base = base;
    return 0;
}

static int is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void path_add_segment(struct errand_buffer *path, const char *segment)
{
    static const char digits[] = "0123456789ABCDEF";

    for (; *segment != '\0'; segment++) {
        unsigned char c = (unsigned char)*segment;
        char encoded[3] = {'%', digits[c >> 4], digits[c & 0xf]};

        if (is_unreserved(*segment))
            (void)errand_buffer_add(path, segment, 1);
        else
            (void)errand_buffer_add(path, encoded, sizeof(encoded));
    }
}

int errand_path_add(struct errand_buffer *path, errand_error *error, const char *pattern, ...)
{
    va_list segments;
    const char *place;
    int r = 0;

    va_start(segments, pattern);
    while (r == 0 && (place = strstr(pattern, "{}")) != NULL) {
        const char *segment = va_arg(segments, const char *);

        (void)errand_buffer_add(path, pattern, (size_t)(place - pattern));
        if (segment == NULL || strspn(segment, ".") == strlen(segment))
            r = errand_fail(error, ERRAND_E_INVALID, "an id is missing or empty");
        else
            path_add_segment(path, segment);
        pattern = place + 2;
    }
    va_end(segments);
    (void)errand_buffer_add_text(path, pattern);
    if (r == 0 && path->failed)
        r = errand_fail(error, ERRAND_E_INVALID, "an id is too long");
    return r;
}

static void path_add_name(struct errand_buffer *path, const char *name)
{
    (void)errand_buffer_add_text(path, strchr(errand_buffer_text(path), '?') == NULL ? "?" : "&");
    (void)errand_buffer_add_text(path, name);
    (void)errand_buffer_add_text(path, "=");
}

void errand_path_add_query(struct errand_buffer *path, const char *name, int64_t value)
{
    char number[24];

    (void)snprintf(number, sizeof(number), "%" PRId64, value);
    path_add_name(path, name);
    (void)errand_buffer_add_text(path, number);
}

void errand_path_add_query_text(struct errand_buffer *path, const char *name, const char *value)
{
    if (value == NULL)
        return;
    path_add_name(path, name);
    path_add_segment(path, value);
}
