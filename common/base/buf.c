/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#define BUF_FIRST_BYTES 256

void buf_init(struct buf *b, size_t max_bytes)
{
    *b = (struct buf){.max_bytes = max_bytes};
}

void buf_done(struct buf *b)
{
    free(b->data);
    *b = (struct buf){.max_bytes = b->max_bytes};
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = false;
}

/* One byte more than asked for, so that buf_text() can always end the text. */
static bool grow(struct buf *b, size_t n)
{
    if (b->failed || n > b->max_bytes || b->len > b->max_bytes - n) {
        b->failed = true;
        return false;
    }
    size_t need = b->len + n + 1;
    if (need <= b->cap)
        return true;

    size_t cap = b->cap == 0 ? BUF_FIRST_BYTES : b->cap;
    while (cap < need)
        cap *= 2;
    if (cap > b->max_bytes + 1)
        cap = b->max_bytes + 1;

    char *data = realloc(b->data, cap);
    if (data == NULL) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

char *buf_reserve(struct buf *b, size_t n)
{
    return grow(b, n) ? b->data + b->len : NULL;
}

void buf_advance(struct buf *b, size_t n)
{
    b->len += n;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
    if (n == 0 || !grow(b, n))
        return;
    memcpy(b->data + b->len, bytes, n);
    b->len += n;
}

void buf_add_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_add_i64(struct buf *b, int64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0)
        digits[--at] = '-';
    buf_add(b, digits + at, sizeof(digits) - at);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    va_list again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    if (n < 0)
        b->failed = true;
    else if (grow(b, (size_t)n)) {
        (void)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

/* `value` in each byte of a word. */
#define BYTES_OF(value) (UINT64_C(0x0101010101010101) * (value))

/* Whether a byte of `word` is less than 0x20, a quote or a backslash. Bytes of 0x80 and more are
 * not. Source: "Bit Twiddling Hacks", S. E. Anderson, "Determine if a word has a byte less than n"
 */
static bool has_special(uint64_t word)
{
    uint64_t quote = word ^ BYTES_OF('"');
    uint64_t backslash = word ^ BYTES_OF('\\');
    return (((word - BYTES_OF(0x20U)) & ~word) | ((quote - BYTES_OF(1U)) & ~quote) |
            ((backslash - BYTES_OF(1U)) & ~backslash)) &
           BYTES_OF(0x80U);
}

/* How many bytes stand for themselves in a JSON string. */
static size_t plain_prefix(const char *text, size_t n)
{
    size_t i = 0;
    uint64_t word;
    for (; n - i >= sizeof(word); i += sizeof(word)) {
        memcpy(&word, text + i, sizeof(word));
        if (has_special(word))
            break;
    }
    while (i < n && (unsigned char)text[i] >= 0x20 && text[i] != '"' && text[i] != '\\')
        i++;
    return i;
}

void buf_add_json_string(struct buf *b, const char *text, size_t n)
{
    static const char short_escape[32] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't',
    };

    buf_add_char(b, '"');
    for (;;) {
        size_t plain = plain_prefix(text, n);
        buf_add(b, text, plain);
        if (plain == n)
            break;
        unsigned char c = (unsigned char)text[plain];
        if (c >= 0x20)
            buf_add(b, (const char[]){'\\', (char)c}, 2);
        else if (short_escape[c] != '\0')
            buf_add(b, (const char[]){'\\', short_escape[c]}, 2);
        else
            buf_printf(b, "\\u%04x", c);
        text += plain + 1;
        n -= plain + 1;
    }
    buf_add_char(b, '"');
}

void buf_add_base64(struct buf *b, const void *bytes, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    size_t encoded = (n + 2) / 3 * 4;
    char *out = buf_reserve(b, encoded);
    if (out == NULL)
        return;

    const unsigned char *in = bytes;
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t group = (uint32_t)in[i] << 16;
        if (left > 1)
            group |= (uint32_t)in[i + 1] << 8;
        if (left > 2)
            group |= in[i + 2];
        *out++ = digits[group >> 18];
        *out++ = digits[(group >> 12) & 63];
        *out++ = left > 1 ? digits[(group >> 6) & 63] : '=';
        *out++ = left > 2 ? digits[group & 63] : '=';
    }
    buf_advance(b, encoded);
}

void buf_consume(struct buf *b, size_t n)
{
    if (n >= b->len) {
        b->len = 0;
        return;
    }
    memmove(b->data, b->data + n, b->len - n);
    b->len -= n;
}

bool buf_ok(const struct buf *b)
{
    return !b->failed;
}

const char *buf_text(struct buf *b)
{
    if (b->failed || b->data == NULL)
        return "";
    b->data[b->len] = '\0';
    return b->data;
}

char *buf_take(struct buf *b)
{
    if (b->failed || !grow(b, 0))
        return NULL;
    b->data[b->len] = '\0';
    char *text = TAKE_PTR(b->data);
    b->len = 0;
    b->cap = 0;
    return text;
}
