/* SPDX-License-Identifier: Apache-2.0
 *
 * The parser of server-sent events, by the examples of its specification and by cutting the input
 * at every byte.
 */
#include "support/test.h"

#include "sse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT 4096

/* Events as text, "name=data;" one after the other. */
struct record {
    char text[2048];
    size_t n;
    size_t stop_after; /* events; 0 = never */
    size_t events;
};

static int keep(const struct errand_sse_event *event, void *user)
{
    struct record *record = user;
    int added = snprintf(record->text + record->n, sizeof(record->text) - record->n, "%s=%s;",
                         event->name, event->data);

    assert_in_range(added, 2, (int)(sizeof(record->text) - record->n - 1));
    assert_int_equal(strlen(event->data), event->n_data);
    record->n += (size_t)added;
    record->events++;
    return record->events == record->stop_after ? 7 : 0;
}

/* Feed `bytes` in pieces of `step`; each piece is its own allocation, so that reading past it
 * shows. */
static int feed(struct errand_sse *sse, const char *bytes, size_t n, size_t step,
                struct record *record)
{
    for (size_t at = 0; at < n; at += step) {
        size_t n_piece = n - at < step ? n - at : step;
        char *piece = malloc(n_piece);
        int r;

        assert_non_null(piece);
        memcpy(piece, bytes + at, n_piece);
        r = errand_sse_feed(sse, piece, n_piece, keep, record);
        free(piece);
        if (r != 0)
            return r;
    }
    return 0;
}

static void expect(const char *stream, const char *events)
{
    size_t n = strlen(stream);

    for (size_t step = 1; step <= n; step++) {
        struct record record = {.n = 0};
        struct errand_sse sse;

        errand_sse_init(&sse, LIMIT, NULL);
        assert_int_equal(feed(&sse, stream, n, step, &record), 0);
        assert_string_equal(record.text, events);
        errand_sse_done(&sse);
    }
}

static void test_feed__examples_of_the_specification(void **state)
{
    (void)state;
    expect("data: YHOO\ndata: +2\ndata: 10\n\n", "message=YHOO\n+2\n10;");
    expect(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third\n\n",
           "message=first event;message=second event;message= third;");
    expect("data\n\ndata\ndata\n\ndata:", "message=;message=\n;");
    expect("data:test\n\ndata: test\n\n", "message=test;message=test;");
}

static void test_feed__names_and_their_end(void **state)
{
    (void)state;
    expect("event: log\ndata: 1\n\ndata: 2\n\n", "log=1;message=2;");
    expect("event: a\nevent: b\ndata: 1\n\n", "b=1;");
    expect("event: log\n\ndata: 1\n\n", "message=1;");
    expect("eventual: log\ndat: x\ndata: 1\n\n", "message=1;");
}

static void test_feed__every_kind_of_line_end(void **state)
{
    (void)state;
    expect("data: 1\r\n\r\ndata: 2\r\rdata: 3\n\n", "message=1;message=2;message=3;");
    expect("data: a\rdata: b\r\ndata: c\n\r\n", "message=a\nb\nc;");
}

static void test_feed__comments_retry_and_byte_order_mark(void **state)
{
    (void)state;
    expect("\xef\xbb\xbf"
           "data: 1\n\n",
           "message=1;");
    expect("retry: 1000\n\n: keepalive\n\nid: 1\nevent: log\n: inside\ndata: x\n\n", "log=x;");
}

static void test_feed__an_event_cut_off_is_not_one(void **state)
{
    (void)state;
    expect("data: 1\n\ndata: 2\n", "message=1;");
    expect("data: 1\n\ndata: 2", "message=1;");
}

static void test_reset__forgets_half_an_event(void **state)
{
    static const char half[] = "event: log\ndata: lost\ndata: li";
    static const char whole[] = "data: kept\n\n";
    struct record record = {.n = 0};
    struct errand_sse sse;

    (void)state;
    errand_sse_init(&sse, LIMIT, NULL);
    assert_int_equal(feed(&sse, half, strlen(half), 5, &record), 0);
    errand_sse_reset(&sse);
    assert_int_equal(feed(&sse, whole, strlen(whole), 5, &record), 0);
    assert_string_equal(record.text, "message=kept;");
    errand_sse_done(&sse);
}

static void test_feed__the_handler_stops_it(void **state)
{
    static const char stream[] = "data: 1\n\ndata: 2\n\ndata: 3\n\n";
    struct record record = {.stop_after = 2};
    struct errand_sse sse;

    (void)state;
    errand_sse_init(&sse, LIMIT, NULL);
    assert_int_equal(errand_sse_feed(&sse, stream, strlen(stream), keep, &record), 7);
    assert_string_equal(record.text, "message=1;message=2;");
    errand_sse_done(&sse);
}

static void test_feed__a_line_or_an_event_over_the_limit(void **state)
{
    struct record record = {.n = 0};
    struct errand_sse sse;
    char line[LIMIT + 16];

    (void)state;
    memset(line, 'x', sizeof(line));
    memcpy(line, "data: ", 6);
    errand_sse_init(&sse, LIMIT, NULL);
    assert_int_equal(feed(&sse, line, sizeof(line), 1000, &record), -1);
    errand_sse_reset(&sse);
    line[LIMIT / 2] = '\n';
    assert_int_equal(feed(&sse, line, LIMIT / 2 + 1, 1000, &record), 0);
    assert_int_equal(feed(&sse, line, LIMIT / 2 + 1, 1000, &record), 0);
    assert_int_equal(feed(&sse, line, LIMIT / 2 + 1, 1000, &record), -1);
    assert_int_equal(record.events, 0);
    errand_sse_done(&sse);
}

TEST_MAIN(cmocka_unit_test(test_feed__examples_of_the_specification),
          cmocka_unit_test(test_feed__names_and_their_end),
          cmocka_unit_test(test_feed__every_kind_of_line_end),
          cmocka_unit_test(test_feed__comments_retry_and_byte_order_mark),
          cmocka_unit_test(test_feed__an_event_cut_off_is_not_one),
          cmocka_unit_test(test_reset__forgets_half_an_event),
          cmocka_unit_test(test_feed__the_handler_stops_it),
          cmocka_unit_test(test_feed__a_line_or_an_event_over_the_limit))
