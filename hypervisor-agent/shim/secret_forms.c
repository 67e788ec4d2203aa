/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/secret_forms.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* No encoding makes more of a byte: "\u0001". */
#define GROWTH_MAX 6
#define GROWTH_EXTRA 16

/* Where base64(1) and openssl break lines; both are whole groups of three bytes. */
static const size_t wraps[] = {76, 64};

static const char standard_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct forms {
    secret_form_fn *take;
    void *ctx;
    char *room; /* owned; wiped; for the longest form of the value */
    size_t room_n;
};

static int tell(const struct forms *forms, const char *form, size_t n, struct err *e)
{
    return n < SECRET_MIN_BYTES ? 0 : forms->take(forms->ctx, form, n, e);
}

/* base64 */

/* Encode `skip` zero bytes and the value; returns how many digits, padding apart. */
static size_t encode_base64(char *to, const char *digits, size_t skip, const char *value, size_t n)
{
    size_t length = 0;
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < skip + n; i++) {
        bits = bits << 8 | (i < skip ? 0 : (unsigned char)value[i - skip]);
        for (held += 8; held >= 6; held -= 6)
            to[length++] = digits[bits >> (held - 6) & 63];
    }
    if (held > 0)
        to[length++] = digits[bits << (6 - held) & 63];
    return length;
}

static int tell_lines_of(const struct forms *forms, size_t n, struct err *e)
{
    int r = 0;
    for (size_t w = 0; w < ARRAY_LEN(wraps); w++)
        for (size_t at = 0; r == 0 && n > wraps[w] && at < n; at += wraps[w])
            r = tell(forms, forms->room + at, n - at < wraps[w] ? n - at : wraps[w], e);
    return r;
}

/* With `skip` bytes before it. The first digits hold bits of those, the last one may hold bits of
 * what follows: it is told without, and, as it is when nothing follows, with the last digit and
 * with the padding. */
static int tell_base64(const struct forms *forms, const char *digits, size_t skip,
                       const char *value, size_t n, struct err *e)
{
    size_t first = (skip * 8 + 5) / 6;
    size_t own = (skip + n) * 8 / 6;
    size_t all = encode_base64(forms->room, digits, skip, value, n);
    size_t padding = (4 - all % 4) % 4;
    memset(forms->room + all, '=', padding);
    int r = tell(forms, forms->room + first, own - first, e);
    if (r == 0 && all > own)
        r = tell(forms, forms->room + first, all - first, e);
    if (r == 0 && padding > 0)
        r = tell(forms, forms->room + first, all + padding - first, e);
    return r < 0 || skip > 0 ? r : tell_lines_of(forms, all + padding, e);
}

static int tell_all_base64(const struct forms *forms, const char *value, size_t n, struct err *e)
{
    int r = 0;
    for (size_t skip = 0; r == 0 && skip < 3; skip++) {
        r = tell_base64(forms, standard_digits, skip, value, n, e);
        if (r == 0)
            r = tell_base64(forms, url_digits, skip, value, n, e);
    }
    return r;
}

/* URL */

struct url_style {
    const char *plain; /* left alone beside letters, digits and -_. */
    bool space_is_plus;
};

static const struct url_style url_styles[] = {
    {"~", false}, {"~!*'()", false}, {"*", true}, {"~/", false}};

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

static size_t encode_url(char *to, const struct url_style *style, const char *hex,
                         const char *value, size_t n)
{
    size_t length = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)value[i];
        if (c == ' ' && style->space_is_plus) {
            to[length++] = '+';
        } else if (is_plain(value[i]) || (c != '\0' && strchr(style->plain, c) != NULL)) {
            to[length++] = value[i];
        } else {
            to[length++] = '%';
            to[length++] = hex[c >> 4];
            to[length++] = hex[c & 15];
        }
    }
    return length;
}

static int tell_all_urls(const struct forms *forms, const char *value, size_t n, struct err *e)
{
    static const char *const cases[] = {"0123456789ABCDEF", "0123456789abcdef"};
    int r = 0;
    for (size_t i = 0; i < ARRAY_LEN(url_styles); i++)
        for (size_t j = 0; r == 0 && j < ARRAY_LEN(cases); j++)
            r = tell(forms, forms->room,
                     encode_url(forms->room, &url_styles[i], cases[j], value, n), e);
    return r;
}

/* JSON */

struct json_style {
    const char *escaped; /* as \u00XX beside what must be */
    bool ascii_only;
    bool slash;
};

static const struct json_style json_styles[] = {
    {"", false, false}, {"", true, false}, {"<>&", false, false}, {"", false, true}};

static size_t put_unit(char *to, uint32_t unit)
{
    static const char hex[] = "0123456789abcdef";
    to[0] = '\\';
    to[1] = 'u';
    for (unsigned i = 0; i < 4; i++)
        to[2 + i] = hex[unit >> (12 - 4 * i) & 15];
    return 6;
}

/* The character at the start of UTF-8 text; one byte of what is not. */
static size_t decode_utf8(const unsigned char *at, size_t n, uint32_t *ret_code)
{
    size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : at[0] >= 0xc0 ? 2 : 1;
    *ret_code = at[0];
    if (length == 1 || length > n)
        return 1;
    uint32_t code = at[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++)
        code = code << 6 | (at[i] & 0x3f);
    *ret_code = code;
    return length;
}

static size_t put_wide(char *to, uint32_t code)
{
    if (code < 0x10000)
        return put_unit(to, code);
    code -= 0x10000;
    return put_unit(to, 0xd800 | (code >> 10 & 0x3ff)) + put_unit(to + 6, 0xdc00 | (code & 0x3ff));
}

static size_t put_json_char(char *to, const struct json_style *style, unsigned char c)
{
    static const char controls[] = "\b\f\n\r\t\"\\";
    static const char letters[] = "bfnrt\"\\";
    const char *control = c == '\0' ? NULL : strchr(controls, c);
    if (control != NULL || (c == '/' && style->slash)) {
        to[0] = '\\';
        to[1] = control != NULL ? letters[control - controls] : '/';
        return 2;
    }
    if (c < 0x20 || strchr(style->escaped, c) != NULL)
        return put_unit(to, c);
    to[0] = (char)c;
    return 1;
}

static size_t encode_json(char *to, const struct json_style *style, const char *value, size_t n)
{
    size_t length = 0;
    for (size_t i = 0; i < n;) {
        unsigned char c = (unsigned char)value[i];
        uint32_t code;
        if (style->ascii_only && c >= 0x80) {
            i += decode_utf8((const unsigned char *)value + i, n - i, &code);
            length += put_wide(to + length, code);
        } else {
            length += put_json_char(to + length, style, c);
            i++;
        }
    }
    return length;
}

static int tell_all_json(const struct forms *forms, const char *value, size_t n, struct err *e)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(json_styles); i++)
        r = tell(forms, forms->room, encode_json(forms->room, &json_styles[i], value, n), e);
    return r;
}

/* all */

static int tell_encoded(const struct forms *forms, const char *value, size_t n, struct err *e)
{
    int r = tell_all_base64(forms, value, n, e);
    if (r == 0)
        r = tell_all_urls(forms, value, n, e);
    if (r == 0)
        r = tell_all_json(forms, value, n, e);
    return r;
}

static int tell_line(const struct forms *forms, const char *line, size_t n, struct err *e)
{
    if (n > 0 && line[n - 1] == '\r')
        n--;
    if (n < SECRET_MIN_BYTES)
        return 0;
    int r = forms->take(forms->ctx, line, n, e);
    return r < 0 ? r : tell_encoded(forms, line, n, e);
}

static int tell_lines(const struct forms *forms, const char *value, size_t n, struct err *e)
{
    int r = 0;
    const char *end = value + n;
    while (r == 0 && value < end) {
        const char *newline = memchr(value, '\n', (size_t)(end - value));
        const char *stop = newline != NULL ? newline : end;
        r = tell_line(forms, value, (size_t)(stop - value), e);
        value = stop + 1;
    }
    return r;
}

int secret_forms_each(const char *value, size_t n, secret_form_fn *take, void *ctx, struct err *e)
{
    if (n < SECRET_MIN_BYTES)
        return 0;
    struct forms forms = {.take = take, .ctx = ctx, .room_n = n * GROWTH_MAX + GROWTH_EXTRA};
    forms.room = malloc(forms.room_n);
    if (forms.room == NULL)
        return err_errno(e, ENOMEM, "prepare masking");
    int r = tell_lines(&forms, value, n, e);
    if (r == 0 && memchr(value, '\n', n) != NULL)
        r = tell_encoded(&forms, value, n, e);
    explicit_bzero(forms.room, forms.room_n);
    free(forms.room);
    return r;
}
