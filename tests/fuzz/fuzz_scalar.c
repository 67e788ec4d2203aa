/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers, sizes, base64, ids, times, tokens and UTF-8 in texts from anywhere: what was read is
 * within its range, and written again reads as the same; others' decoders agree.
 */
#include "fuzz/fuzz.h"

#include "auth/token.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/parse.h"
#include "base/utf8.h"

#include <jansson.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static void try_numbers(const char *text)
{
    int64_t value = 0;
    int64_t whole = 0;
    bool flag;
    errno = 0;
    char *end;
    long long theirs = strtoll(text, &end, 10);
    bool is_theirs =
        errno == 0 && *end == '\0' && end > text && text[strspn(text, "0123456789-")] == '\0';
    bool is_ours = parse_i64(text, INT64_MIN, INT64_MAX, "x", &value, NULL) == 0;
    FUZZ_ASSERT(is_ours == is_theirs && (!is_ours || value == theirs));
    if (parse_i64(text, -7, 7, "x", &value, NULL) == 0)
        FUZZ_ASSERT(value >= -7 && value <= 7);
    if (parse_bytes(text, 0, INT64_MAX, "x", &value, NULL) == 0)
        FUZZ_ASSERT(value >= 0);
    if (is_ours && parse_i64(text, 0, INT64_MAX, "x", &whole, NULL) == 0)
        FUZZ_ASSERT(parse_bytes(text, 0, INT64_MAX, "x", &value, NULL) == 0 && value == whole);
    IGNORE(parse_bool(text, "x", &flag, NULL));
}

static void try_base64(const char *text, size_t n)
{
    unsigned char *bytes = NULL;
    unsigned char *again = NULL;
    size_t bytes_n = 0;
    size_t again_n = 0;
    CLEANUP(buf_done) struct buf out;
    buf_init(&out, (size_t)1 << 20);
    if (parse_base64(text, n, "x", &bytes, &bytes_n, NULL) == 0) {
        buf_add_base64(&out, bytes, bytes_n);
        FUZZ_ASSERT(out.len == n);
        FUZZ_ASSERT(parse_base64(buf_text(&out), out.len, "x", &again, &again_n, NULL) == 0);
        FUZZ_ASSERT(again_n == bytes_n && memcmp(bytes, again, bytes_n) == 0);
    }
    free(bytes);
    free(again);
}

static void try_ids(const char *text, size_t n)
{
    struct id id;
    struct id again;
    char written[ID_TEXT_BYTES];
    enum token_kind kind;
    if (id_parse(text, n, &id, NULL) == 0) {
        FUZZ_ASSERT(n == ID_TEXT_BYTES - 1);
        FUZZ_ASSERT(id_parse(id_format(id, written), n, &again, NULL) == 0 && id_equal(id, again));
    }
    if (token_parse(text, n, &kind, NULL) == 0)
        FUZZ_ASSERT(n == TOKEN_TEXT_CHARS && kind < TOKEN_KIND_COUNT);
}

/* A time is between the years 0 and 10000, offset or not, so it can be written again. */
static void try_time(const char *text)
{
    int64_t at_us;
    int64_t again_us;
    char written[CLOCK_TEXT_BYTES];
    if (clock_parse(text, &at_us, NULL) < 0)
        return;
    FUZZ_ASSERT(clock_parse(clock_format_us(at_us, written), &again_us, NULL) == 0);
    FUZZ_ASSERT(again_us == at_us);
    FUZZ_ASSERT(clock_parse(clock_format_ms(at_us, written), &again_us, NULL) == 0);
    FUZZ_ASSERT(again_us <= at_us && at_us - again_us < CLOCK_US_PER_MS);
}

/* What is said of them goes into JSON and into a line of a log. */
static void try_message(const char *text)
{
    struct err e;
    (void)err_set(&e, ERR_INVALID, "'%.40s' and %s", text, text);
    (void)err_wrap(&e, "read %.9s", text);
    size_t n = strlen(e.msg);
    FUZZ_ASSERT(n < sizeof(e.msg) && utf8_is_valid(e.msg, n));
    FUZZ_ASSERT(strpbrk(e.msg, "\r\n\t\x1b\x7f") == NULL);
}

static void try_utf8(const char *bytes, size_t n)
{
    json_t *theirs = json_stringn(bytes, n);
    FUZZ_ASSERT(utf8_is_valid(bytes, n) == (theirs != NULL));
    for (size_t at = 0; at <= n && at < 64; at++) {
        size_t cut = utf8_floor(bytes, at, n);
        FUZZ_ASSERT(cut <= at && at - cut <= 3);
        FUZZ_ASSERT(theirs == NULL ||
                    (utf8_is_valid(bytes, cut) && utf8_is_valid(bytes + cut, n - cut)));
    }
    if (theirs == NULL)
        return;
    CLEANUP(buf_done) struct buf literal;
    buf_init(&literal, (size_t)1 << 20);
    buf_add_json_string(&literal, bytes, n);
    json_t *read =
        json_loadb(buf_text(&literal), literal.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    FUZZ_ASSERT(json_equal(read, theirs));
    json_decref(read);
    json_decref(theirs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = fuzz_text(data, n);
    try_numbers(text);
    try_time(text);
    try_message(text);
    try_base64((const char *)data, n);
    try_ids((const char *)data, n);
    try_utf8((const char *)data, n);
    free(text);
    return 0;
}
