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

void buf_add_text(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_add_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
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

void buf_add_json_string(struct buf *b, const char *text, size_t n)
{
    static const char short_escape[32] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't',
    };

    buf_add_char(b, '"');
    size_t from = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_add(b, text + from, i - from);
        from = i + 1;
        if (c >= 0x20)
            buf_printf(b, "\\%c", c);
        else if (short_escape[c] != '\0')
            buf_printf(b, "\\%c", short_escape[c]);
        else
            buf_printf(b, "\\u%04x", c);
    }
    buf_add(b, text + from, n - from);
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
