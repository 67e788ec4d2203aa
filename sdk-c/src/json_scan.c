/* SPDX-License-Identifier: Apache-2.0
 *
 * RFC 8259, read forward.
 */
#include "json_scan.h"

#include <string.h>

static void skip_blanks(struct errand_json *json)
{
    while (json->at < json->end &&
           (*json->at == ' ' || *json->at == '\n' || *json->at == '\r' || *json->at == '\t'))
        json->at++;
}

int errand_json_is_next(struct errand_json *json, char c)
{
    skip_blanks(json);
    return json->at < json->end && *json->at == c;
}

int errand_json_take(struct errand_json *json, char c)
{
    if (!errand_json_is_next(json, c))
        return -1;
    json->at++;
    return 0;
}

int errand_json_is_over(struct errand_json *json)
{
    skip_blanks(json);
    return json->at == json->end;
}

/* Behind a comma, or the first: 1; behind the closing one: 0. */
static int next_of(struct errand_json *json, unsigned *count, char closing)
{
    if (errand_json_is_next(json, closing)) {
        json->at++;
        return 0;
    }
    if (*count > 0 && errand_json_take(json, ',') < 0)
        return -1;
    ++*count;
    return 1;
}

int errand_json_item(struct errand_json *json, unsigned *count)
{
    return next_of(json, count, ']');
}

int errand_json_member(struct errand_json *json, unsigned *count, struct errand_json_text *ret_key)
{
    int r = next_of(json, count, '}');

    if (r > 0 && (errand_json_text(json, ret_key) < 0 || errand_json_take(json, ':') < 0))
        return -1;
    return r;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Four hexadecimal digits at `at`, or -1. */
static long hex_unit(const char *at, const char *end)
{
    long unit = 0;
    int i;

    if (end - at < 4)
        return -1;
    for (i = 0; i < 4; i++) {
        int value = hex_value(at[i]);

        if (value < 0)
            return -1;
        unit = unit * 16 + value;
    }
    return unit;
}

static char *put_utf8(char *out, unsigned long c)
{
    if (c < 0x80) {
        *out++ = (char)c;
        return out;
    }
    if (c < 0x800) {
        *out++ = (char)(0xc0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *out++ = (char)(0xe0 | c >> 12);
        } else {
            *out++ = (char)(0xf0 | c >> 18);
            *out++ = (char)(0x80 | (c >> 12 & 0x3f));
        }
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
    }
    *out++ = (char)(0x80 | (c & 0x3f));
    return out;
}

/* What follows "\u": one unit, or two that are a pair. NULL for half a pair. */
static char *unescape_unit(const char **at, const char *end, char *out)
{
    long unit = hex_unit(*at, end);
    long low;

    if (unit < 0 || (unit >= 0xdc00 && unit <= 0xdfff))
        return NULL;
    *at += 4;
    if (unit < 0xd800 || unit > 0xdbff)
        return put_utf8(out, (unsigned long)unit);
    if (end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
        return NULL;
    low = hex_unit(*at + 2, end);
    if (low < 0xdc00 || low > 0xdfff)
        return NULL;
    *at += 6;
    return put_utf8(
        out, 0x10000 + ((unsigned long)(unit - 0xd800) << 10 | (unsigned long)(low - 0xdc00)));
}

/* `at` is behind a backslash. NULL for an escape that is none. */
static char *unescape_one(const char **at, const char *end, char *out)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    const char *found;

    if (*at == end)
        return NULL;
    if (**at == 'u') {
        ++*at;
        return unescape_unit(at, end, out);
    }
    found = **at == '\0' ? NULL : strchr(names, **at);
    if (found == NULL)
        return NULL;
    ++*at;
    *out++ = values[found - names];
    return out;
}

/* From the first backslash to the closing quote. The new end, or NULL; *at moves behind the quote.
 */
static char *unescape(char *out, char **at, const char *end)
{
    const char *in = out;

    while (in < end) {
        if (*in == '"') {
            *at += in + 1 - *at;
            return out;
        }
        if (*in != '\\') {
            *out++ = *in++;
            continue;
        }
        in++;
        out = unescape_one(&in, end, out);
        if (out == NULL)
            return NULL;
    }
    return NULL;
}

int errand_json_text(struct errand_json *json, struct errand_json_text *ret_text)
{
    char *start;
    char *quote;
    char *escape;

    if (errand_json_take(json, '"') < 0)
        return -1;
    start = json->at;
    quote = memchr(start, '"', (size_t)(json->end - start));
    if (quote == NULL)
        return -1;
    escape = memchr(start, '\\', (size_t)(quote - start));
    if (escape == NULL) {
        json->at = quote + 1;
    } else {
        quote = unescape(escape, &json->at, json->end);
        if (quote == NULL)
            return -1;
    }
    *quote = '\0';
    ret_text->bytes = start;
    ret_text->n = (size_t)(quote - start);
    return 0;
}

int errand_json_integer(struct errand_json *json, int64_t *ret_number)
{
    int64_t number = 0;
    const char *start;
    int is_negative;

    skip_blanks(json);
    is_negative = errand_json_is_next(json, '-');
    if (is_negative)
        json->at++;
    start = json->at;
    for (; json->at < json->end && *json->at >= '0' && *json->at <= '9'; json->at++) {
        if (number > (INT64_MAX - 9) / 10)
            return -1;
        number = number * 10 + (*json->at - '0');
    }
    if (json->at == start || *json->at == '.' || *json->at == 'e' || *json->at == 'E')
        return -1;
    *ret_number = is_negative ? -number : number;
    return 0;
}

/* Behind the closing quote of a text whose opening one was taken. */
static int skip_text(struct errand_json *json)
{
    for (; json->at < json->end; json->at++) {
        if (*json->at == '"') {
            json->at++;
            return 0;
        }
        if (*json->at == '\\' && ++json->at == json->end)
            return -1;
    }
    return -1;
}

int errand_json_skip(struct errand_json *json)
{
    size_t depth = 0;

    skip_blanks(json);
    do {
        size_t n = strcspn(json->at, "\"{}[],");

        /* a number or a word, or what is between values */
        if (n > (size_t)(json->end - json->at))
            return -1;
        json->at += n;
        if (json->at == json->end || (*json->at == ',' && depth == 0))
            return depth == 0 && n > 0 ? 0 : -1;
        if (*json->at == '}' || *json->at == ']') {
            if (depth == 0)
                return n > 0 ? 0 : -1;
            depth--;
            json->at++;
        } else if (*json->at == '{' || *json->at == '[') {
            depth++;
            json->at++;
        } else if (*json->at == '"') {
            json->at++;
            if (skip_text(json) < 0)
                return -1;
        } else {
            json->at++;
        }
    } while (depth > 0);
    return 0;
}

int errand_json_text_is(const struct errand_json_text *text, const char *wanted)
{
    size_t n = strlen(wanted);

    return text->n == n && memcmp(text->bytes, wanted, n) == 0;
}
