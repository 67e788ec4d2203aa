/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "base/buf.h"
#include "engine/http_response.h"
#include "engine/stream_frames.h"

#include <string.h>

/* Feed `text` in pieces of `step` bytes; what came of it goes to `body`. */
static int feed(struct http_response *response, const char *text, size_t n, size_t step,
                struct buf *body, struct err *e)
{
    http_response_init(response);
    for (size_t at = 0; at < n;) {
        size_t end = at + step < n ? at + step : n;
        while (at < end) {
            struct http_piece piece;
            int r = http_response_take(response, text + at, end - at, &piece, e);
            if (r < 0)
                return r;
            buf_add(body, piece.body, piece.n);
            at += piece.taken;
            if (piece.taken == 0)
                return 0;
        }
    }
    return 0;
}

static void assert_body(const char *text, int status, const char *expected)
{
    for (size_t step = 1; step <= strlen(text); step++) {
        struct err e;
        struct http_response response;
        CLEANUP(buf_done) struct buf body;
        buf_init(&body, 65536);
        ASSERT_OK(feed(&response, text, strlen(text), step, &body, &e), e);
        ASSERT_OK(http_response_end(&response, &e), e);
        assert_int_equal(response.status, status);
        assert_string_equal(buf_text(&body), expected);
        assert_true(http_response_is_done(&response));
    }
}

static void assert_refused(const char *text)
{
    struct err e;
    struct http_response response;
    CLEANUP(buf_done) struct buf body;
    buf_init(&body, 65536);
    assert_int_equal(feed(&response, text, strlen(text), strlen(text), &body, &e), ERR_INVALID);
}

static void test_http_response__bodies_by_length_chunks_and_end(void **state)
{
    (void)state;
    assert_body("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello");
    assert_body("HTTP/1.1 201 Created\r\ncontent-length:0\r\n\r\n", 201, "");
    assert_body("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                "5\r\nhello\r\nb;x=y\r\n, and more\n\r\n0\r\nTrailer: x\r\n\r\n",
                200, "hello, and more\n");
    assert_body(
        "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nto the end", 200,
        "to the end");
    assert_body("HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\nraw", 101, "raw");
    assert_body(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", 404,
        "no");
    assert_body("HTTP/1.0 304\nX: y\n\n", 304, "");
    assert_body("HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", 204, "");
}

static void test_http_response__nonsense_is_refused(void **state)
{
    (void)state;
    assert_refused("SSH-2.0-OpenSSH_9.2\r\n");
    assert_refused("HTTP/1.1 99 Low\r\n");
    assert_refused("HTTP/1.1 2000 High\r\n");
    assert_refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n");
    assert_refused("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n");
    assert_refused("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n");
    assert_refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    assert_refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1111111111111111\r\n");
    assert_refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n");
}

static void test_http_response__header_has_a_ceiling(void **state)
{
    (void)state;
    struct err e;
    struct http_response response;
    static const char line[] =
        "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n";
    CLEANUP(buf_done) struct buf text;
    CLEANUP(buf_done) struct buf body;
    buf_init(&text, 1 << 20);
    buf_init(&body, 16);
    buf_add_text(&text, "HTTP/1.1 200 OK\r\n");
    while (text.len < HTTP_HEAD_MAX_BYTES)
        buf_add_text(&text, line);
    assert_int_equal(feed(&response, text.data, text.len, 4096, &body, &e), ERR_INVALID);

    buf_clear(&text);
    buf_add_text(&text, "HTTP/1.1 200 ");
    while (text.len <= HTTP_LINE_MAX_BYTES)
        buf_add_char(&text, 'x');
    assert_int_equal(feed(&response, text.data, text.len, 100, &body, &e), ERR_INVALID);
}

static void test_http_response__end_within_is_told(void **state)
{
    (void)state;
    static const char *const cut[] = {
        "",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(cut); i++) {
        struct err e;
        struct http_response response;
        CLEANUP(buf_done) struct buf body;
        buf_init(&body, 64);
        ASSERT_OK(feed(&response, cut[i], strlen(cut[i]), 7, &body, &e), e);
        assert_int_equal(http_response_end(&response, &e), ERR_UNAVAILABLE);
    }
}

static void test_stream_frames__any_cut_gives_the_same(void **state)
{
    (void)state;
    static const char bytes[] =
        "\1\0\0\0\0\0\0\6first\n\2\0\0\0\0\0\0\0\2\0\0\0\0\0\0\3err\1\0\0\0\0\0\0\1x";
    for (size_t step = 1; step < sizeof(bytes); step++) {
        struct stream_frames frames;
        struct err e;
        CLEANUP(buf_done) struct buf seen;
        buf_init(&seen, 256);
        stream_frames_init(&frames);
        for (size_t at = 0; at < sizeof(bytes) - 1;) {
            struct stream_piece piece;
            size_t n = step < sizeof(bytes) - 1 - at ? step : sizeof(bytes) - 1 - at;
            ASSERT_OK(stream_frames_take(&frames, bytes + at, n, &piece, &e), e);
            for (size_t i = 0; i < piece.n; i++)
                buf_printf(&seen, "%d%c", (int)piece.name, piece.payload[i]);
            at += piece.taken;
        }
        assert_string_equal(buf_text(&seen), "1f1i1r1s1t1\n2e2r2r1x");
        assert_true(stream_frames_are_whole(&frames));
    }
}

static void test_stream_frames__nonsense_is_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {"\3\0\0\0\0\0\0\1", "\1\1\0\0\0\0\0\1", "HTTP/1.1"};
    for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
        struct stream_frames frames;
        struct stream_piece piece;
        struct err e;
        stream_frames_init(&frames);
        assert_int_equal(stream_frames_take(&frames, headers[i], 8, &piece, &e), ERR_INVALID);
    }
}

TEST_MAIN(cmocka_unit_test(test_http_response__bodies_by_length_chunks_and_end),
          cmocka_unit_test(test_http_response__nonsense_is_refused),
          cmocka_unit_test(test_http_response__header_has_a_ceiling),
          cmocka_unit_test(test_http_response__end_within_is_told),
          cmocka_unit_test(test_stream_frames__any_cut_gives_the_same),
          cmocka_unit_test(test_stream_frames__nonsense_is_refused))
