/* SPDX-License-Identifier: Apache-2.0
 *
 * The library and the command: how fast a followed log is read, what a follow holds in memory, how
 * long it takes from starting the command until its request has arrived. Prints JSON rows:
 *   bench_sdk MILLIONS ROUNDS ERRAND CURL
 */
#include <errand/errand.h>

#include "follow.h"

#include <jansson.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BATCH 500         /* lines an event, as the server sends them */
#define BLOCK_BATCHES 20  /* what is kept ready */
#define PIECE_BYTES 16384 /* what libcurl hands over at a time */
#define FIRST_ID 1000000000L
#define LINE_TEXT "2026-11-21 10:53:39 worker 7: processed row 4711 of 100000 without a complaint."
#define SAMPLES_MAX 1000
#define PARSE_ROUNDS 400

static double clock_s(clockid_t id)
{
    struct timespec now;

    (void)clock_gettime(id, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A batch of lines from `id` on, as the server writes them; ids have ten digits, so all are as
 * long. */
static size_t put_batch(char *out, size_t n, long id)
{
    size_t used =
        (size_t)snprintf(out, n, "id: %ld\nevent: logs\ndata: {\"logs\":[", id + BATCH - 1);

    for (long i = 0; i < BATCH; i++)
        used += (size_t)snprintf(out + used, n - used,
                                 "%s{\"id\":%ld,\"ts\":\"2026-11-21T10:53:39.001Z\","
                                 "\"stream\":\"stdout\",\"msg\":\"" LINE_TEXT "\"}",
                                 i == 0 ? "" : ",", id + i);
    return used + (size_t)snprintf(out + used, n - used, "]}\n\n");
}

/* --- parsing alone
 * ---------------------------------------------------------------------------------- */

static long counted;

static int count_line(const errand_log_line *line, void *user)
{
    (void)user;
    counted += (long)(line->n_bytes > 0);
    return 0;
}

/* What reading a line takes when each event becomes a JSON tree first. */
static int count_in_tree(const struct errand_sse_event *event, void *user)
{
    json_t *batch = json_loadb(event->data, event->n_data, JSON_ALLOW_NUL, NULL);
    const json_t *entry;
    size_t i;

    (void)user;
    json_array_foreach(json_object_get(batch, "logs"), i, entry)
    {
        const json_t *text = json_object_get(entry, "msg");

        counted += (long)(json_integer_value(json_object_get(entry, "id")) > 0 &&
                          json_string_length(text) > 0 &&
                          json_string_value(json_object_get(entry, "ts")) != NULL &&
                          json_string_value(json_object_get(entry, "stream")) != NULL);
    }
    json_decref(batch);
    return 0;
}

/* Lines a second of processor time. */
static double parse_rate(const char *block, size_t n, errand_sse_handler *handler)
{
    struct follow follow = {.options = {.on_line = count_line}};
    struct errand_sse sse;
    double from = clock_s(CLOCK_THREAD_CPUTIME_ID);

    counted = 0;
    errand_sse_init(&sse, (size_t)1 << 30, NULL);
    for (int round = 0; round < PARSE_ROUNDS; round++) {
        follow.result.last_id = FIRST_ID - 1;
        for (size_t at = 0; at < n; at += PIECE_BYTES)
            (void)errand_sse_feed(&sse, block + at, n - at < PIECE_BYTES ? n - at : PIECE_BYTES,
                                  handler, &follow);
    }
    errand_sse_done(&sse);
    return (double)counted / (clock_s(CLOCK_THREAD_CPUTIME_ID) - from);
}

static void bench_parse(void)
{
    size_t capacity = (size_t)BATCH * BLOCK_BATCHES * 256;
    char *block = malloc(capacity);
    size_t n = 0;
    double ours;
    double tree;

    if (block == NULL)
        abort();
    for (long i = 0; i < BLOCK_BATCHES; i++)
        n += put_batch(block + n, capacity - n, FIRST_ID + i * BATCH);
    tree = parse_rate(block, n, count_in_tree);
    ours = parse_rate(block, n, errand_follow_event);
    (void)printf(
        "{\"subject\":\"json-tree\",\"metric\":\"stream to lines, a processor\",\"value\":%.0f,"
        "\"unit\":\"lines/s\",\"n\":%d,\"spread\":0,\"ratio_to\":{\"json-tree\":1}}\n",
        tree, PARSE_ROUNDS);
    (void)printf(
        "{\"subject\":\"liberrand\",\"metric\":\"stream to lines, a processor\",\"value\":%.0f,"
        "\"unit\":\"lines/s\",\"n\":%d,\"spread\":0,\"ratio_to\":{\"json-tree\":%.2f}}\n",
        ours, PARSE_ROUNDS, ours / tree);
    free(block);
}

/* --- over a socket
 * ---------------------------------------------------------------------------------- */

struct server {
    int listener;
    long batches;
    char url[64];
};

static void send_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        bytes += sent;
        n -= (size_t)sent;
    }
}

static void read_request(int fd)
{
    char text[8192];
    size_t n = 0;

    while (n < sizeof(text) - 1) {
        ssize_t got = recv(fd, text + n, sizeof(text) - 1 - n, 0);

        if (got <= 0)
            return;
        n += (size_t)got;
        text[n] = '\0';
        if (strstr(text, "\r\n\r\n") != NULL)
            return;
    }
}

static void *serve_log(void *user)
{
    static const char head[] =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
    static char batch[(size_t)BATCH * 256];
    const struct server *server = user;
    char state[160];
    int fd = accept(server->listener, NULL, NULL);

    read_request(fd);
    send_all(fd, head, sizeof(head) - 1);
    for (long i = 0; i < server->batches; i++)
        send_all(fd, batch, put_batch(batch, sizeof(batch), FIRST_ID + i * BATCH));
    (void)snprintf(
        state, sizeof(state),
        "event: state\ndata: {\"status\":\"succeeded\",\"exit_code\":0,\"last_id\":%ld}\n\n",
        FIRST_ID + server->batches * BATCH - 1);
    send_all(fd, state, strlen(state));
    (void)close(fd);
    return NULL;
}

static void server_open(struct server *server, long batches)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof(address);

    server->batches = batches;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(server->listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(server->listener, 16) < 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &n) < 0)
        abort();
    (void)snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%u",
                   (unsigned)ntohs(address.sin_port));
}

static long resident_kib(void)
{
    FILE *in = fopen("/proc/self/statm", "re");
    char text[128] = "";
    char *second = NULL;

    if (in != NULL && fgets(text, sizeof(text), in) != NULL)
        (void)strtoul(text, &second, 10);
    if (in != NULL)
        (void)fclose(in);
    return second == NULL ? 0 : (long)strtoul(second, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
}

struct watch {
    long lines;
    long total;
    long early_kib; /* when a tenth had come */
};

static int watch_line(const errand_log_line *line, void *user)
{
    struct watch *watch = user;

    if (++watch->lines == watch->total / 10)
        watch->early_kib = resident_kib();
    return line->n_bytes == 0;
}

static void bench_follow(long millions)
{
    struct server server;
    struct watch watch = {.total = millions * 1000000};
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    errand_follow_options follow = ERRAND_FOLLOW_OPTIONS_INIT;
    errand_client *client = NULL;
    errand_error error;
    pthread_t thread;
    double wall;
    double processor;

    server_open(&server, watch.total / BATCH);
    options.url = server.url;
    options.proxy = "";
    follow.on_line = watch_line;
    follow.user = &watch;
    follow.after_id = FIRST_ID - 1;
    if (pthread_create(&thread, NULL, serve_log, &server) != 0 ||
        errand_client_new(&options, &client, &error) < 0)
        abort();
    wall = clock_s(CLOCK_MONOTONIC);
    processor = clock_s(CLOCK_THREAD_CPUTIME_ID);
    if (errand_follow(client, "run", &follow, NULL, &error) != ERRAND_END_FINISHED ||
        watch.lines != watch.total) {
        (void)fprintf(stderr, "bench_sdk: %ld lines: %s\n", watch.lines, error.message);
        exit(1);
    }
    wall = clock_s(CLOCK_MONOTONIC) - wall;
    processor = clock_s(CLOCK_THREAD_CPUTIME_ID) - processor;
    (void)printf("{\"subject\":\"liberrand\",\"metric\":\"follow over a socket, server on the same "
                 "machine\",\"value\":%.0f,\"unit\":\"lines/s\",\"n\":%ld,\"spread\":0}\n",
                 (double)watch.total / wall, watch.total);
    (void)printf("{\"subject\":\"liberrand\",\"metric\":\"follow over a socket, a processor\","
                 "\"value\":%.0f,\"unit\":\"lines/s\",\"n\":%ld,\"spread\":0}\n",
                 (double)watch.total / processor, watch.total);
    (void)printf(
        "{\"subject\":\"liberrand\",\"metric\":\"resident memory, from a tenth of the lines to "
        "the last\",\"value\":%ld,\"unit\":\"KiB\",\"n\":%ld,\"spread\":0}\n",
        resident_kib() - watch.early_kib, watch.total);
    errand_client_free(client);
    (void)pthread_join(thread, NULL);
    (void)close(server.listener);
}

/* --- the command
 * ------------------------------------------------------------------------------------ */

/* From the start of a program to the arrival of its request, in ms; it gets an answer and ends. */
static double start_ms(const struct server *server, char *const *argv)
{
    static const char answer[] =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
        "22\r\nConnection: close\r\n\r\n{\"runs\":[],\"meta\":{}}\n\n";
    char url[128];
    char token[] = "ERRAND_TOKEN=err_u_bench";
    char home[] = "HOME=/nonexistent";
    char *environment[] = {url, token, home, NULL};
    double from = clock_s(CLOCK_MONOTONIC);
    double arrived;
    pid_t pid;
    int fd;

    (void)snprintf(url, sizeof(url), "ERRAND_URL=%s", server->url);
    if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environment) != 0) {
        (void)fprintf(stderr, "bench_sdk: %s: %s\n", argv[0], strerror(errno));
        exit(1);
    }
    fd = accept(server->listener, NULL, NULL);
    read_request(fd);
    arrived = clock_s(CLOCK_MONOTONIC);
    send_all(fd, answer, sizeof(answer) - 1);
    (void)close(fd);
    (void)waitpid(pid, NULL, 0);
    return (arrived - from) * 1000;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double print_start(const char *subject, double *samples, size_t n, double peer)
{
    double p50;

    qsort(samples, n, sizeof(*samples), compare_doubles);
    p50 = samples[n / 2];
    (void)printf("{\"subject\":\"%s\",\"metric\":\"start to request arrived, p50\",\"value\":%.2f,"
                 "\"unit\":\"ms\",\"n\":%zu,\"spread\":%.2f,\"ratio_to\":{\"curl\":%.2f}}\n",
                 subject, p50, n, samples[n * 9 / 10] - samples[n / 10],
                 p50 / (peer > 0 ? peer : p50));
    return p50;
}

static void bench_start(char *errand, char *curl, size_t rounds)
{
    static double ours[SAMPLES_MAX];
    static double peers[SAMPLES_MAX];
    struct server server;
    char words[][16] = {"runs", "--quiet", "--silent", "--output", "/dev/null"};
    char *const errand_argv[] = {errand, words[0], words[1], NULL};
    char *const curl_argv[] = {curl, words[2], words[3], words[4], server.url, NULL};
    double peer;

    server_open(&server, 0);
    for (size_t i = 0; i < rounds; i++) {
        ours[i] = start_ms(&server, errand_argv);
        peers[i] = start_ms(&server, curl_argv);
    }
    peer = print_start("curl", peers, rounds, 0);
    (void)print_start("errand", ours, rounds, peer);
    (void)close(server.listener);
}

int main(int argc, char **argv)
{
    long millions = argc == 5 ? (long)strtoul(argv[1], NULL, 10) : 0;
    long rounds = argc == 5 ? (long)strtoul(argv[2], NULL, 10) : 0;

    if (millions < 1 || rounds < 1 || rounds > SAMPLES_MAX) {
        (void)fputs("usage: bench_sdk MILLIONS ROUNDS ERRAND CURL\n", stderr);
        return 2;
    }
    bench_parse();
    bench_follow(millions);
    bench_start(argv[3], argv[4], (size_t)rounds);
    return 0;
}
