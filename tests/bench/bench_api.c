/* SPDX-License-Identifier: Apache-2.0
 *
 * One request over and over on many kept connections, each of which waits for its answer before it
 * asks again. One thread, epoll: it must cost less than what it measures.
 *
 *     bench_api PORT CONNECTIONS SECONDS METHOD PATH TOKEN [BODY [KEY]]
 *
 * With KEY, each request has an Idempotency-Key of its own that begins with it.
 * Prints "REQUESTS_A_SECOND P50_MS P99_MS REQUESTS"; ends with 1 at an answer that is not 200.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/defer.h"
#include "base/parse.h"

#include "http_socket.h"

#define CONNECTIONS_MAX 1024
#define LATENCIES_MAX 10000000
#define ANSWER_MAX 16384
#define REQUEST_MAX 8192
#define COUNTER_DIGITS 10
#define COUNTER_FIRST "0000000000"

struct connection {
    int fd;
    int64_t sent_us;
    size_t have;   /* of the answer */
    size_t expect; /* of the answer in all; 0: its head is not here yet */
    char answer[ANSWER_MAX];
};

static struct connection connections[CONNECTIONS_MAX];
static uint32_t *latencies_us;
static size_t done;
static char request[REQUEST_MAX];
static size_t request_n;
static char *counter; /* in the request: the end of its key; NULL: it has none */

static void fail(const char *what)
{
    (void)fprintf(stderr, "bench_api: %s\n", what);
    exit(1);
}

/* The next key. */
static void count(void)
{
    char *digit = counter + COUNTER_DIGITS - 1;
    while (*digit == '9')
        *digit-- = '0';
    (*digit)++;
}

static void ask(struct connection *c)
{
    if (counter != NULL)
        count();
    c->have = 0;
    c->expect = 0;
    c->sent_us = clock_mono_us();
    http_send(c->fd, request, request_n);
}

/* Length of the answer in all, once its head is here. */
static size_t length_of(struct connection *c)
{
    static const char field[] = "content-length: ";
    c->answer[c->have] = '\0';
    const char *end = strstr(c->answer, "\r\n\r\n");
    if (end == NULL)
        return 0;
    if (strncmp(c->answer, "HTTP/1.1 200", 12) != 0)
        fail(c->answer);
    const char *length = strcasestr(c->answer, field);
    int64_t n;
    if (length == NULL || length > end)
        fail("an answer without a length");
    length += sizeof(field) - 1;
    if (parse_i64_n(length, strcspn(length, "\r"), 0, ANSWER_MAX, "length", &n, NULL) < 0)
        fail("a length that is none");
    return (size_t)(end + 4 - c->answer) + (size_t)n;
}

static void on_readable(struct connection *c)
{
    ssize_t got = recv(c->fd, c->answer + c->have, sizeof(c->answer) - 1 - c->have, 0);
    if (got <= 0)
        fail("the connection was closed");
    c->have += (size_t)got;
    if (c->expect == 0)
        c->expect = length_of(c);
    if (c->expect == 0 || c->have < c->expect)
        return;
    if (done < LATENCIES_MAX)
        latencies_us[done++] = (uint32_t)(clock_mono_us() - c->sent_us);
    ask(c);
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void run(int epoll, int64_t seconds)
{
    int64_t from_us = clock_mono_us();
    int64_t until_us = from_us + seconds * CLOCK_US_PER_S;
    while (clock_mono_us() < until_us) {
        struct epoll_event events[CONNECTIONS_MAX];
        int n = epoll_wait(epoll, events, CONNECTIONS_MAX, 1000);
        for (int i = 0; i < n; i++)
            on_readable(events[i].data.ptr);
    }
    double took_s = (double)(clock_mono_us() - from_us) / 1e6;
    if (done == 0)
        fail("no answer");
    qsort(latencies_us, done, sizeof(latencies_us[0]), compare);
    (void)printf("%.0f %.3f %.3f %zu\n", (double)done / took_s, latencies_us[done / 2] / 1e3,
                 latencies_us[done * 99 / 100] / 1e3, done);
}

static void write_request(const char *method, const char *path, const char *token, const char *body,
                          const char *key)
{
    int n = snprintf(request, sizeof(request),
                     "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
                     "Content-Type: application/json\r\nContent-Length: %zu\r\n%s%s%s\r\n%s",
                     method, path, token, strlen(body), key != NULL ? "Idempotency-Key: " : "",
                     key != NULL ? key : "", key != NULL ? COUNTER_FIRST "\r\n" : "", body);
    if (n < 0 || (size_t)n >= sizeof(request))
        fail("the request is too long");
    request_n = (size_t)n;
    if (key != NULL)
        counter = strstr(request, COUNTER_FIRST "\r\n");
}

int main(int argc, char **argv)
{
    int64_t port;
    int64_t n;
    int64_t seconds;
    if (argc < 7 || parse_i64(argv[1], 1, 65535, "port", &port, NULL) < 0 ||
        parse_i64(argv[2], 1, CONNECTIONS_MAX, "connections", &n, NULL) < 0 ||
        parse_i64(argv[3], 1, 3600, "seconds", &seconds, NULL) < 0)
        fail("usage: bench_api PORT CONNECTIONS SECONDS METHOD PATH TOKEN [BODY [KEY]]");
    write_request(argv[4], argv[5], argv[6], argc > 7 ? argv[7] : "", argc > 8 ? argv[8] : NULL);
    latencies_us = calloc(LATENCIES_MAX, sizeof(latencies_us[0]));
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (latencies_us == NULL || epoll < 0)
        fail("out of memory");
    for (int64_t i = 0; i < n; i++) {
        struct connection *c = &connections[i];
        struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = c}};
        c->fd = http_connect((int)port);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) < 0)
            fail("epoll");
        ask(c);
    }
    run(epoll, seconds);
    return 0;
}
