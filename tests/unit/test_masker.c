/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "base/buf.h"
#include "shim/masker.h"
#include "shim/secret_forms.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX ((size_t)1 << 20)

/* a stream and what came out of it */
struct stream {
    struct masker masker;
    struct buf out;
};

static struct secret_set *set;
static struct buf forms; /* each with a zero behind it */

static int set_up(void **state)
{
    (void)state;
    set = secret_set_new();
    buf_init(&forms, TEXT_MAX);
    return set == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    secret_set_free(set);
    buf_done(&forms);
    return 0;
}

static int note_form(void *ctx, const char *form, size_t n, struct err *e)
{
    (void)ctx, (void)e;
    buf_add(&forms, form, n);
    buf_add(&forms, "", 1);
    return 0;
}

static void add_secret(const char *value)
{
    struct err e;
    ASSERT_OK(secret_set_add(set, value, strlen(value), &e), e);
    ASSERT_OK(secret_forms_each(value, strlen(value), note_form, NULL, &e), e);
}

static void prepare(void)
{
    struct err e;
    ASSERT_OK(secret_set_prepare(set, &e), e);
}

static void emit(void *ctx, const char *bytes, size_t n)
{
    buf_add(ctx, bytes, n);
}

static void stream_open(struct stream *s)
{
    struct err e;
    buf_init(&s->out, TEXT_MAX);
    ASSERT_OK(masker_init(&s->masker, set, emit, &s->out, &e), e);
}

static void stream_done(struct stream *s)
{
    masker_done(&s->masker);
    buf_done(&s->out);
}

static void feed(struct stream *s, const char *bytes, size_t n)
{
    while (n > 0) {
        size_t room;
        char *to = masker_room(&s->masker, &room);
        size_t part = n < room ? n : room;
        assert_true(room >= MASKER_READ_BYTES);
        memcpy(to, bytes, part);
        masker_take(&s->masker, part);
        bytes += part;
        n -= part;
    }
}

static void assert_masks(const char *text, const char *expected)
{
    CLEANUP(stream_done) struct stream s;
    stream_open(&s);
    feed(&s, text, strlen(text));
    masker_flush(&s.masker);
    assert_string_equal(buf_text(&s.out), expected);
}

static void test_masker__hides_values_and_leaves_the_rest(void **state)
{
    (void)state;
    add_secret("s3cr3t-value");
    add_secret("short"); /* too short to be one */
    prepare();
    assert_masks("", "");
    assert_masks("nothing short here\n", "nothing short here\n");
    assert_masks("s3cr3t-value", "***");
    assert_masks("a s3cr3t-value b\ns3cr3t-values3cr3t-value\n", "a *** b\n******\n");
    assert_masks("s3cr3t-valu\ns3cr3t-val", "s3cr3t-valu\n***");
    assert_masks("s3cr3t\n", "s3cr3t\n");
}

static void test_masker__hides_what_overlaps_whole(void **state)
{
    (void)state;
    add_secret("abcdefgh");
    add_secret("efghijkl");
    add_secret("cdefghijklm");
    add_secret("bcdefg");
    prepare();
    assert_masks(".abcdefghijkl.", ".***.");
    assert_masks(".abcdefghijklm.", ".***.");
    assert_masks(".abcdefg.bcdefg.", ".a***.***.");
    assert_masks("abcdefgefghijkl", "a******");
}

/* What Python's base64, urllib.parse, json and others make of "p@ss/w\"rd +é<1>". */
static void test_masker__hides_encodings(void **state)
{
    (void)state;
    add_secret("p@ss/w\"rd +\xc3\xa9<1>");
    prepare();
    assert_masks("x cEBzcy93InJkICvDqTwxPg== y", "x *** y");
    assert_masks("x cEBzcy93InJkICvDqTwxPg y", "x *** y");
    assert_masks("x Y3VycDpwQHNzL3cicmQgK8OpPDE+ y", "x Y3VycDp*** y");
    assert_masks("x p%40ss%2Fw%22rd%20%2B%C3%A9%3C1%3E y", "x *** y");
    assert_masks("x p%40ss%2fw%22rd+%2b%c3%a9%3c1%3e y", "x *** y");
    assert_masks("x p%40ss/w%22rd%20%2B%C3%A9%3C1%3E y", "x *** y");
    assert_masks("x p@ss/w\\\"rd +\xc3\xa9<1> y", "x *** y");
    assert_masks("x p@ss/w\\\"rd +\\u00e9<1> y", "x *** y");
    assert_masks("x p@ss/w\\\"rd +\xc3\xa9\\u003c1\\u003e y", "x *** y");
    assert_masks("x p@ss\\/w\\\"rd +\xc3\xa9<1> y", "x *** y");
}

static void test_masker__hides_base64_wherever_the_value_stands_in_it(void **state)
{
    (void)state;
    add_secret("user:hunter2!");
    prepare();
    /* of "user:hunter2!", with 1, 2 and 3 bytes before it, and with text behind it */
    assert_masks("dXNlcjpodW50ZXIyIQ==", "***");
    assert_masks("eHVzZXI6aHVudGVyMiE=", "eH***");
    assert_masks("eHh1c2VyOmh1bnRlcjIh", "eHh***");
    assert_masks("eHh4dXNlcjpodW50ZXIyIQ==", "eHh4***");
    assert_masks("eHVzZXI6aHVudGVyMiF6eno=", "eH***F6eno=");
}

static void test_masker__hides_each_line_of_a_value(void **state)
{
    (void)state;
    add_secret("-----BEGIN KEY-----\r\nMIIEvQIBADANBg\nab\nkqhkiG9w0BAQEF\n");
    prepare();
    assert_masks("MIIEvQIBADANBg", "***");
    assert_masks("-----BEGIN KEY-----\nMIIEvQIBADANBg\nab\nkqhkiG9w0BAQEF\n",
                 "***\n***\nab\n***\n");
    assert_masks("\"-----BEGIN KEY-----\\r\\nMIIEvQIBADANBg\\nab\\nkqhkiG9w0BAQEF\\n\"", "\"***\"");
    assert_masks("LS0tLS1CRUdJTiBLRVktLS0tLQ0KTUlJRXZRSUJBREFOQmcKYWIKa3Foa2lHOXcwQkFRRUYK", "***");
}

static void test_masker__hides_base64_broken_into_lines(void **state)
{
    (void)state;
    char value[101] = {0};
    memset(value, 'k', 100);
    add_secret(value);
    prepare();
    assert_masks("a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tr\n"
                 "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2traw==\n",
                 "***\n***\n");
}

/* The plain way to the same result: every form at every place, then one mask for what overlaps. */
static void mask_slowly(const char *text, size_t n, struct buf *out)
{
    size_t end = 0;
    for (size_t at = 0; at < n; at++) {
        for (const char *form = forms.data; form < forms.data + forms.len;
             form += strlen(form) + 1) {
            size_t length = strlen(form);
            if (length > n - at || memcmp(text + at, form, length) != 0)
                continue;
            if (at >= end)
                buf_add_text(out, "***");
            if (at + length > end)
                end = at + length;
        }
        if (at >= end)
            buf_add_char(out, text[at]);
    }
}

/* Pieces of forms, whole forms and other bytes. */
static void make_text(struct buf *text, unsigned *seed, size_t n)
{
    while (text->len < n) {
        const char *form = forms.data;
        for (int skip = rand_r(seed) % 200; skip > 0; skip--) {
            form += strlen(form) + 1;
            if (form >= forms.data + forms.len)
                form = forms.data;
        }
        size_t length = strlen(form);
        size_t from = rand_r(seed) % 3 > 0 ? 0 : (size_t)rand_r(seed) % length;
        size_t to =
            rand_r(seed) % 2 > 0 ? length : from + (size_t)rand_r(seed) % (length - from + 1);
        buf_add(text, form + from, to - from);
        if (rand_r(seed) % 3 > 0)
            buf_add_char(text, "\n x\0"[rand_r(seed) % 4]);
    }
    buf_add_char(text, '\n');
}

static void add_some_secrets(void)
{
    add_secret("abcabcabcabcabc");
    add_secret("bcabca");
    add_secret("/p@ss w\xc3\xb6rd/");
    add_secret("line one\nline two\r\nx");
    add_secret(
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    prepare();
}

static void assert_same(struct stream *s, const struct buf *expected)
{
    masker_flush(&s->masker);
    assert_int_equal(s->out.len, expected->len);
    assert_memory_equal(s->out.data, expected->data, expected->len);
}

static void test_masker__does_not_depend_on_a_cut_at_any_place(void **state)
{
    (void)state;
    add_some_secrets();
    for (unsigned seed = 1; seed <= 8; seed++) {
        unsigned random = seed;
        CLEANUP(buf_done) struct buf text;
        CLEANUP(buf_done) struct buf expected;
        buf_init(&text, TEXT_MAX);
        buf_init(&expected, TEXT_MAX);
        make_text(&text, &random, 600);
        mask_slowly(text.data, text.len, &expected);
        for (size_t cut = 0; cut <= text.len; cut++) {
            CLEANUP(stream_done) struct stream s;
            stream_open(&s);
            feed(&s, text.data, cut);
            feed(&s, text.data + cut, text.len - cut);
            assert_same(&s, &expected);
        }
    }
}

/* Two streams share the set and take turns; each is cut into reads of random sizes. */
static void test_masker__does_not_depend_on_many_cuts_or_another_stream(void **state)
{
    (void)state;
    add_some_secrets();
    for (unsigned seed = 1; seed <= 200; seed++) {
        unsigned random = seed;
        struct buf text[2];
        struct buf expected[2];
        struct stream s[2];
        size_t at[2] = {0};
        for (int i = 0; i < 2; i++) {
            buf_init(&text[i], TEXT_MAX);
            buf_init(&expected[i], TEXT_MAX);
            make_text(&text[i], &random, 400);
            mask_slowly(text[i].data, text[i].len, &expected[i]);
            stream_open(&s[i]);
        }
        while (at[0] < text[0].len || at[1] < text[1].len) {
            int i = rand_r(&random) % 2;
            size_t left = text[i].len - at[i];
            size_t n = (size_t)rand_r(&random) % (1U << rand_r(&random) % 8);
            n = n < left ? n : left;
            feed(&s[i], text[i].data + at[i], n);
            at[i] += n;
        }
        for (int i = 0; i < 2; i++) {
            assert_same(&s[i], &expected[i]);
            stream_done(&s[i]);
            buf_done(&text[i]);
            buf_done(&expected[i]);
        }
    }
}

static void test_masker__holds_only_what_may_become_a_secret(void **state)
{
    (void)state;
    CLEANUP(stream_done) struct stream s;
    add_secret("abcdefghijklmnop");
    prepare();
    stream_open(&s);
    feed(&s, "Password: ", 10);
    assert_false(masker_is_holding(&s.masker));
    assert_string_equal(buf_text(&s.out), "Password: ");
    feed(&s, "abc", 3);
    assert_true(masker_is_holding(&s.masker));
    assert_string_equal(buf_text(&s.out), "Password: ");
    feed(&s, "\n", 1);
    assert_false(masker_is_holding(&s.masker));
    assert_string_equal(buf_text(&s.out), "Password: abc\n");
}

static void test_masker_flush__lets_out_less_than_half_and_remembers_it(void **state)
{
    (void)state;
    CLEANUP(stream_done) struct stream s;
    add_secret("abcdefghijklmnop");
    prepare();
    stream_open(&s);
    feed(&s, "> abcdefg", 9);
    masker_flush(&s.masker);
    assert_false(masker_is_holding(&s.masker));
    assert_string_equal(buf_text(&s.out), "> abcdefg");
    masker_flush(&s.masker);
    feed(&s, "hijklmnop!", 10);
    assert_string_equal(buf_text(&s.out), "> abcdefg***!");
}

static void test_masker_flush__masks_half_and_the_rest_with_it(void **state)
{
    (void)state;
    CLEANUP(stream_done) struct stream s;
    add_secret("abcdefghijklmnop");
    prepare();
    stream_open(&s);
    feed(&s, "> abcdefgh", 10);
    masker_flush(&s.masker);
    assert_string_equal(buf_text(&s.out), "> ***");
    feed(&s, "ijklmnop", 8);
    assert_string_equal(buf_text(&s.out), "> ***");
    feed(&s, "abcdefghi", 9);
    masker_flush(&s.masker);
    feed(&s, "x", 1);
    assert_string_equal(buf_text(&s.out), "> ******x");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

TEST_MAIN(TEST(test_masker__hides_values_and_leaves_the_rest),
          TEST(test_masker__hides_what_overlaps_whole), TEST(test_masker__hides_encodings),
          TEST(test_masker__hides_base64_wherever_the_value_stands_in_it),
          TEST(test_masker__hides_each_line_of_a_value),
          TEST(test_masker__hides_base64_broken_into_lines),
          TEST(test_masker__does_not_depend_on_a_cut_at_any_place),
          TEST(test_masker__does_not_depend_on_many_cuts_or_another_stream),
          TEST(test_masker__holds_only_what_may_become_a_secret),
          TEST(test_masker_flush__lets_out_less_than_half_and_remembers_it),
          TEST(test_masker_flush__masks_half_and_the_rest_with_it))
