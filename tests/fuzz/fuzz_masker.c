/* SPDX-License-Identifier: Apache-2.0
 *
 * Input: secrets, each with a zero behind it, an empty one, then pieces of text: a byte for the
 * length, then so many. A piece is a read.
 */
#include "fuzz/fuzz.h"

#include "base/buf.h"
#include "shim/masker.h"
#include "shim/secret_forms.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX_BYTES ((size_t)4096)
#define OUT_MAX_BYTES ((size_t)1 << 20)

struct forms {
    struct buf bytes;
    struct buf lengths; /* of size_t */
};

static int note_form(void *ctx, const char *form, size_t n, struct err *e)
{
    struct forms *forms = ctx;
    (void)e;
    buf_add(&forms->bytes, form, n);
    buf_add(&forms->lengths, &n, sizeof(n));
    return 0;
}

static void emit(void *ctx, const char *bytes, size_t n)
{
    buf_add(ctx, bytes, n);
}

static size_t longest_at(const struct forms *forms, const char *text, size_t n)
{
    size_t longest = 0;
    const char *form = forms->bytes.data;
    for (size_t at = 0; at < forms->lengths.len; at += sizeof(size_t)) {
        size_t length;
        memcpy(&length, forms->lengths.data + at, sizeof(length));
        if (length <= n && length > longest && memcmp(text, form, length) == 0)
            longest = length;
        form += length;
    }
    return longest;
}

static void mask_slowly(const struct forms *forms, const struct buf *text, struct buf *out)
{
    size_t end = 0;
    for (size_t at = 0; at < text->len; at++) {
        size_t length = longest_at(forms, text->data + at, text->len - at);
        if (length > 0 && at >= end)
            buf_add_text(out, "***");
        if (at + length > end)
            end = at + length;
        if (at >= end)
            buf_add_char(out, text->data[at]);
    }
}

static void mask_in_reads(const struct secret_set *set, const char *at, const char *end,
                          struct buf *text, struct buf *out)
{
    struct masker masker;
    struct err e;
    if (masker_init(&masker, set, emit, out, &e) < 0)
        abort();
    while (at < end) {
        size_t n = (unsigned char)*at++;
        size_t room;
        n = n < (size_t)(end - at) ? n : (size_t)(end - at);
        char *to = masker_room(&masker, &room);
        assert(n <= room);
        memcpy(to, at, n);
        masker_take(&masker, n);
        buf_add(text, at, n);
        at += n;
    }
    char *to = masker_room(&masker, &(size_t){0});
    *to = '\n';
    masker_take(&masker, 1);
    buf_add_char(text, '\n');
    assert(!masker_is_holding(&masker));
    masker_flush(&masker);
    masker_done(&masker);
}

static void compare(const char *at, const char *end)
{
    struct forms forms;
    struct buf text;
    struct buf out;
    struct buf expected;
    struct err e;
    struct secret_set *set = secret_set_new();
    buf_init(&forms.bytes, OUT_MAX_BYTES);
    buf_init(&forms.lengths, OUT_MAX_BYTES);
    buf_init(&text, OUT_MAX_BYTES);
    buf_init(&out, OUT_MAX_BYTES);
    buf_init(&expected, OUT_MAX_BYTES);

    const char *zero;
    while (at < end && (zero = memchr(at, '\0', (size_t)(end - at))) != NULL && zero > at) {
        if (secret_set_add(set, at, (size_t)(zero - at), &e) < 0 ||
            secret_forms_each(at, (size_t)(zero - at), note_form, &forms, &e) < 0)
            abort();
        at = zero + 1;
    }
    if (secret_set_prepare(set, &e) < 0)
        abort();
    mask_in_reads(set, at < end ? at + 1 : end, end, &text, &out);
    mask_slowly(&forms, &text, &expected);
    if (buf_ok(&forms.bytes) && buf_ok(&out) && buf_ok(&expected))
        assert(out.len == expected.len && memcmp(out.data, expected.data, out.len) == 0);

    secret_set_free(set);
    buf_done(&forms.bytes);
    buf_done(&forms.lengths);
    buf_done(&text);
    buf_done(&out);
    buf_done(&expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n > 0 && n <= INPUT_MAX_BYTES)
        compare((const char *)data, (const char *)data + n);
    return 0;
}
