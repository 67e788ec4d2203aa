/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parse.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

static bool read_decimal(const char *text, size_t n, int64_t *ret_value)
{
    size_t i = 0;
    bool negative = n > 0 && text[0] == '-';
    if (negative)
        i = 1;
    if (i == n)
        return false;

    int64_t value = 0;
    for (; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        int digit = text[i] - '0';
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return false;
    }
    *ret_value = value;
    return true;
}

int parse_i64_n(const char *text, size_t n, int64_t min, int64_t max, const char *field,
                int64_t *ret_value, struct err *e)
{
    int64_t value;
    if (!read_decimal(text, n, &value) || value < min || value > max)
        return err_set(e, ERR_INVALID,
                       "%s must be an integer between %" PRId64 " and %" PRId64 ", not '%.*s'",
                       field, min, max, (int)(n < 40 ? n : 40), text);
    *ret_value = value;
    return 0;
}

int parse_i64(const char *text, int64_t min, int64_t max, const char *field, int64_t *ret_value,
              struct err *e)
{
    return parse_i64_n(text, strlen(text), min, max, field, ret_value, e);
}

int parse_bool(const char *text, const char *field, bool *ret_value, struct err *e)
{
    static const char *const words[][2] = {
        {"false", "true"}, {"0", "1"}, {"no", "yes"}, {"off", "on"}};

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        for (int value = 0; value < 2; value++) {
            if (strcasecmp(text, words[i][value]) == 0) {
                *ret_value = value == 1;
                return 0;
            }
        }
    }
    return err_set(e, ERR_INVALID, "%s must be true or false, not '%.40s'", field, text);
}

static int suffix_shift(char suffix)
{
    switch (suffix) {
    case 'k':
    case 'K':
        return 10;
    case 'm':
    case 'M':
        return 20;
    case 'g':
    case 'G':
        return 30;
    case 't':
    case 'T':
        return 40;
    default:
        return 0;
    }
}

int parse_bytes(const char *text, int64_t min, int64_t max, const char *field, int64_t *ret_bytes,
                struct err *e)
{
    size_t n = strlen(text);
    int shift = n > 0 ? suffix_shift(text[n - 1]) : 0;
    int64_t value;
    bool valid = read_decimal(text, shift > 0 ? n - 1 : n, &value) &&
                 !__builtin_mul_overflow(value, INT64_C(1) << shift, &value);
    if (!valid || value < min || value > max)
        return err_set(e, ERR_INVALID,
                       "%s must be a size such as 512M, between %" PRId64 " and %" PRId64
                       " bytes, not '%.40s'",
                       field, min, max, text);
    *ret_bytes = value;
    return 0;
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

/* Four characters to one to three bytes; 0 when they are not base64. `last` allows padding. */
static size_t base64_group(const char *in, bool last, unsigned char *out)
{
    size_t padding = 0;
    if (last && in[3] == '=')
        padding = in[2] == '=' ? 2 : 1;

    uint32_t group = 0;
    for (size_t i = 0; i < 4; i++) {
        int value = i < 4 - padding ? base64_value(in[i]) : 0;
        if (value < 0)
            return 0;
        group = group << 6 | (uint32_t)value;
    }
    out[0] = (unsigned char)(group >> 16);
    if (padding < 2)
        out[1] = (unsigned char)(group >> 8);
    if (padding < 1)
        out[2] = (unsigned char)group;
    return 3 - padding;
}

int parse_base64(const char *text, size_t n, const char *field, unsigned char **ret_bytes,
                 size_t *ret_n, struct err *e)
{
    if (n % 4 != 0)
        return err_set(e, ERR_INVALID, "%s must be base64", field);

    CLEANUP(freep) unsigned char *bytes = malloc(n / 4 * 3 + 1);
    if (bytes == NULL)
        return err_set(e, ERR_INTERNAL, "decode %s: out of memory", field);

    size_t used = 0;
    for (size_t i = 0; i < n; i += 4) {
        size_t got = base64_group(text + i, i + 4 == n, bytes + used);
        if (got == 0)
            return err_set(e, ERR_INVALID, "%s must be base64", field);
        used += got;
    }
    *ret_bytes = TAKE_PTR(bytes);
    *ret_n = used;
    return 0;
}
