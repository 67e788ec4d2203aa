/* SPDX-License-Identifier: Apache-2.0
 *
 * Logs from the agent's POST to the follower's socket, beside PostgreSQL storing the same bytes and
 * nginx with nchan passing on the same lines.
 *
 *   bench_logs PORT TOKEN CREDENTIAL CONNINFO API_PID NCHAN_PORT NCHAN_PID RUN...
 *
 * RUN are six runs that are running on the credential's hypervisor. NCHAN_PORT 0: without. Prints
 * JSON rows.
 */
#include <libpq-fe.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/id.h"
#include "logs/log_frame.h"

#include "http_socket.h"

#define LINE_BYTES 80
#define LINES 1000000
#define FAN_LINES 50000
#define FAN_FOLLOWERS 100
#define IDLE_STREAMS 10000
#define LATENCY_LINES 300
#define POST_BYTES (256 << 10)
#define CHUNK_RAW_BYTES (128 << 10)

struct bench {
    int port;
    const char *token;
    const char *credential;
    PGconn *db;
    int api_pid;
    int nchan_port;
    int nchan_pid;
    char **runs;
    bool has_rows;
};

/* Frames of one run, and where each ends. */
struct frames {
    struct buf bytes;
    size_t ends[65536];
    uint64_t last_ids[65536];
    size_t n;
};

struct followers {
    int fds[IDLE_STREAMS];
    size_t n;
    uint64_t newlines;
    double ended_s;
    pthread_t thread;
};

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void check(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench_logs: %s\n", what);
    exit(1);
}

static void row(struct bench *bench, const char *subject, const char *metric, double value,
                const char *unit, double n)
{
    printf("%s{\"subject\":\"%s\",\"metric\":\"%s\",\"value\":%.6g,\"unit\":\"%s\",\"n\":%.0f,"
           "\"spread\":0}",
           bench->has_rows ? ",\n" : "[", subject, metric, value, unit, n);
    bench->has_rows = true;
}

static void row_to(struct bench *bench, const char *subject, const char *metric, double value,
                   const char *unit, double n, const char *peer, double peer_value)
{
    printf("%s{\"subject\":\"%s\",\"metric\":\"%s\",\"value\":%.6g,\"unit\":\"%s\",\"n\":%.0f,"
           "\"spread\":0,\"ratio_to\":{\"%s\":%.3g}}",
           bench->has_rows ? ",\n" : "[", subject, metric, value, unit, n, peer,
           value / peer_value);
    bench->has_rows = true;
}

/* A line as programs print them: words, numbers, no two alike. */
static void make_line(char *text, uint64_t id)
{
    static const char *const words[] = {"connect", "accept", "flush", "commit", "retry", "parse"};
    uint64_t x = id * UINT64_C(0x9e3779b97f4a7c15);
    int n = snprintf(text, LINE_BYTES + 1,
                     "worker-%02u %s request=%016llx rows=%u took=%u.%03u ms queue=%u status=ok",
                     (unsigned)(x >> 59), words[id % 6], (unsigned long long)x,
                     (unsigned)(x >> 50) % 9000, (unsigned)(x >> 40) % 90,
                     (unsigned)(x >> 30) % 1000, (unsigned)(x >> 20) % 64);
    memset(text + n, '.', (size_t)(LINE_BYTES > n ? LINE_BYTES - n : 0));
}

static void make_frames(struct frames *frames, struct id run, uint64_t first_id, uint64_t lines)
{
    struct log_chunk_writer writer;
    struct err e;
    uint64_t id = first_id;
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    buf_init(&frames->bytes, (size_t)1 << 30);
    frames->n = 0;
    check(log_chunk_writer_init(&writer, &e) == 0, "out of memory");
    while (id < first_id + lines) {
        log_frame_begin(&frames->bytes, run, 1);
        log_chunk_begin(&writer, id);
        size_t raw = 0;
        for (; id < first_id + lines && raw < CHUNK_RAW_BYTES - 512; id++) {
            char text[128];
            make_line(text, id);
            struct log_record record = {.ts_us = now.tv_sec * INT64_C(1000000) + (int64_t)id,
                                        .stream = LOG_STREAM_STDOUT,
                                        .payload = text,
                                        .n = LINE_BYTES};
            if (!log_chunk_add(&writer, &record))
                break;
            raw += LINE_BYTES + 4;
        }
        log_chunk_seal(&writer, 1, &frames->bytes);
        frames->last_ids[frames->n] = id - 1;
        frames->ends[frames->n++] = frames->bytes.len;
    }
    log_chunk_writer_done(&writer);
    check(buf_ok(&frames->bytes), "out of memory");
}

static struct id run_id(const char *text)
{
    struct id id;
    check(id_parse(text, strlen(text), &id, NULL) == 0, "no run id");
    return id;
}

/* The next frames, up to POST_BYTES; how many. */
static size_t next_post(const struct frames *frames, size_t from, size_t *ret_bytes)
{
    size_t start = from > 0 ? frames->ends[from - 1] : 0;
    size_t to = from + 1;
    while (to < frames->n && frames->ends[to] - start <= POST_BYTES)
        to++;
    *ret_bytes = frames->ends[to - 1] - start;
    return to - from;
}

static void ship(const struct bench *bench, const struct frames *frames)
{
    int fd = http_connect(bench->port);
    size_t bytes;
    for (size_t at = 0, n; at < frames->n; at += n) {
        const char *start = frames->bytes.data + (at > 0 ? frames->ends[at - 1] : 0);
        n = next_post(frames, at, &bytes);
        int status = http_post(fd, "/agent/v1/logs", bench->credential, "application/octet-stream",
                               start, bytes, NULL, 0);
        check(status == 200, "lines were not stored");
    }
    close(fd);
}

static void finish(const struct bench *bench, const char *run, uint64_t lines)
{
    char body[512];
    int n =
        snprintf(body, sizeof(body),
                 "{\"events\":[{\"seq\":1,\"type\":\"finished\",\"run\":\"%s\",\"attempt\":1,"
                 "\"at\":\"2026-01-01T00:00:00.000Z\",\"exit_code\":0,\"reason\":\"exited\","
                 "\"message\":\"\",\"last_line\":%llu,\"log_bytes\":0,\"log_truncated\":false,"
                 "\"cpu_ms\":1,\"memory_peak_bytes\":1,\"io_read_bytes\":0,\"io_write_bytes\":0,"
                 "\"oom_killed\":false}]}",
                 run, (unsigned long long)lines);
    int fd = http_connect(bench->port);
    int status = http_post(fd, "/agent/v1/events", bench->credential, "application/json", body,
                           (size_t)n, NULL, 0);
    check(status == 200, "the end was not stored");
    close(fd);
}

/* Read them all until each has said `state`, or closed. */
static void *follow(void *arg)
{
    struct followers *f = arg;
    static char bytes[1 << 20];
    struct epoll_event events[64];
    size_t open = f->n;
    int poll = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < f->n; i++) {
        struct epoll_event want = {.events = EPOLLIN, .data.u64 = i};
        (void)epoll_ctl(poll, EPOLL_CTL_ADD, f->fds[i], &want);
    }
    while (open > 0) {
        int ready = epoll_wait(poll, events, 64, -1);
        for (int i = 0; i < ready; i++) {
            int fd = f->fds[events[i].data.u64];
            ssize_t n = read(fd, bytes, sizeof(bytes));
            for (const char *at = bytes; n > 0; at++) {
                at = memchr(at, '\n', (size_t)(bytes + n - at));
                if (at == NULL)
                    break;
                f->newlines++;
            }
            if (n > 0 && memmem(bytes, (size_t)n, "event: state", 12) == NULL)
                continue;
            (void)epoll_ctl(poll, EPOLL_CTL_DEL, fd, NULL);
            close(fd);
            open--;
        }
    }
    f->ended_s = now_s();
    close(poll);
    return NULL;
}

static void open_followers(const struct bench *bench, struct followers *f, size_t n,
                           const char *run, const char *query)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "/v1/runs/%s/logs/stream%s", run, query);
    f->n = n;
    f->newlines = 0;
    for (size_t i = 0; i < n; i++)
        f->fds[i] = http_get(bench->port, path, bench->token);
}

static double sql_number(const struct bench *bench, const char *sql)
{
    PGresult *result = PQexec(bench->db, sql);
    check(PQresultStatus(result) == PGRES_TUPLES_OK, PQerrorMessage(bench->db));
    double value = strtod(PQgetvalue(result, 0, 0), NULL);
    PQclear(result);
    return value;
}

static void sql_run(const struct bench *bench, const char *sql)
{
    PGresult *result = PQexec(bench->db, sql);
    check(PQresultStatus(result) == PGRES_COMMAND_OK, PQerrorMessage(bench->db));
    PQclear(result);
}

/* The same chunks, a transaction a post, from one session. */
static double insert_chunks(const struct bench *bench, const struct frames *frames)
{
    sql_run(bench, "DROP TABLE IF EXISTS bench_chunks");
    sql_run(bench, "CREATE TABLE bench_chunks (run_id uuid, attempt int, first_id bigint,"
                   " data bytea, PRIMARY KEY (run_id, attempt, first_id))");
    sql_run(bench, "ALTER TABLE bench_chunks ALTER data SET STORAGE EXTERNAL");
    double from = now_s();
    size_t bytes;
    for (size_t at = 0, n; at < frames->n; at += n) {
        n = next_post(frames, at, &bytes);
        sql_run(bench, "BEGIN");
        for (size_t i = at; i < at + n; i++) {
            size_t start = (i > 0 ? frames->ends[i - 1] : 0) + LOG_FRAME_HEAD_BYTES;
            char id[24];
            (void)snprintf(id, sizeof(id), "%zu", i);
            const char *values[] = {id, frames->bytes.data + start};
            int lengths[] = {0, (int)(frames->ends[i] - start)};
            int formats[] = {0, 1};
            PGresult *result =
                PQexecParams(bench->db,
                             "INSERT INTO bench_chunks VALUES"
                             " ('00000000-0000-0000-0000-000000000001', 1, $1::bigint, $2::bytea)",
                             2, NULL, values, lengths, formats, 0);
            check(PQresultStatus(result) == PGRES_COMMAND_OK, PQerrorMessage(bench->db));
            PQclear(result);
        }
        sql_run(bench, "COMMIT");
    }
    return now_s() - from;
}

/* A row a line, a transaction as many lines as a post has. */
static double copy_lines(const struct bench *bench, uint64_t lines, uint64_t lines_a_post)
{
    sql_run(bench, "DROP TABLE IF EXISTS bench_lines");
    sql_run(bench, "CREATE TABLE bench_lines (run_id uuid, id bigint, ts timestamptz, stream int,"
                   " msg text, PRIMARY KEY (run_id, id))");
    double from = now_s();
    for (uint64_t id = 1; id <= lines;) {
        PGresult *result = PQexec(bench->db, "COPY bench_lines FROM STDIN");
        check(PQresultStatus(result) == PGRES_COPY_IN, "COPY");
        PQclear(result);
        for (uint64_t end = id + lines_a_post; id < end && id <= lines; id++) {
            char text[256];
            char line[128];
            make_line(line, id);
            int n = snprintf(text, sizeof(text),
                             "00000000-0000-0000-0000-000000000001\t%llu\t2026-01-01 00:00:00\t1"
                             "\t%.*s\n",
                             (unsigned long long)id, LINE_BYTES, line);
            check(PQputCopyData(bench->db, text, n) == 1, "COPY");
        }
        check(PQputCopyEnd(bench->db, NULL) == 1, "COPY");
        while ((result = PQgetResult(bench->db)) != NULL)
            PQclear(result);
    }
    return now_s() - from;
}

static const char sql_size[] = "SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0)"
                               " FROM pg_inherits WHERE inhparent = 'log_chunks'::regclass";

static void bench_throughput(struct bench *bench, const char *run, const char *query,
                             const char *metric, bool with_floor)
{
    static struct frames frames;
    static struct followers f;
    make_frames(&frames, run_id(run), 1, LINES);
    double size = sql_number(bench, sql_size);
    open_followers(bench, &f, 1, run, query);
    double from = now_s();
    (void)pthread_create(&f.thread, NULL, follow, &f);
    ship(bench, &frames);
    double stored_s = now_s() - from;
    finish(bench, run, LINES);
    (void)pthread_join(f.thread, NULL);
    double followed = LINES / (f.ended_s - from);
    size = sql_number(bench, sql_size) - size;

    if (!with_floor) {
        row(bench, "errand", metric, followed, "lines/s", LINES);
        buf_done(&frames.bytes);
        return;
    }
    size_t bytes;
    size_t posts = frames.n / next_post(&frames, 0, &bytes) + 1;
    double chunks_s = insert_chunks(bench, &frames);
    double lines_s = copy_lines(bench, LINES, LINES / posts);
    row_to(bench, "errand", metric, followed, "lines/s", LINES, "PostgreSQL, COPY of rows",
           LINES / lines_s);
    row(bench, "errand", "stored, with a follower", LINES / stored_s, "lines/s", LINES);
    row(bench, "PostgreSQL, insert of the same chunks", "stored", LINES / chunks_s, "lines/s",
        LINES);
    row(bench, "PostgreSQL, COPY of rows", "stored", LINES / lines_s, "lines/s", LINES);
    row_to(bench, "errand", "on disk, a line of 80 bytes", size / LINES, "bytes", LINES,
           "PostgreSQL, COPY of rows",
           sql_number(bench, "SELECT pg_total_relation_size('bench_lines')") / LINES);
    buf_done(&frames.bytes);
}

static double fan_out_nchan(const struct bench *bench)
{
    static struct followers f;
    f.n = FAN_FOLLOWERS;
    f.newlines = 0;
    for (size_t i = 0; i < f.n; i++)
        f.fds[i] = http_get(bench->nchan_port, "/sub/fan", "x");
    usleep(300000);
    double from = now_s();
    (void)pthread_create(&f.thread, NULL, follow, &f);
    int fd = http_connect(bench->nchan_port);
    int posts = FAN_LINES / 20;
    for (int i = 0; i <= posts; i++) {
        char text[128];
        make_line(text, (uint64_t)i);
        if (i == posts)
            (void)snprintf(text, sizeof(text), "event: state");
        (void)http_post(fd, "/pub/fan", "x", "text/plain", text, strlen(text), NULL, 0);
    }
    (void)pthread_join(f.thread, NULL);
    close(fd);
    return posts * (double)FAN_FOLLOWERS / (f.ended_s - from);
}

static void bench_fan_out(struct bench *bench, const char *run)
{
    static struct frames frames;
    static struct followers f;
    make_frames(&frames, run_id(run), 1, FAN_LINES);
    open_followers(bench, &f, FAN_FOLLOWERS, run, "");
    usleep(300000);
    double from = now_s();
    (void)pthread_create(&f.thread, NULL, follow, &f);
    ship(bench, &frames);
    finish(bench, run, FAN_LINES);
    (void)pthread_join(f.thread, NULL);
    double lines = (double)FAN_LINES * FAN_FOLLOWERS / (f.ended_s - from);
    check(f.newlines >= (uint64_t)FAN_LINES * FAN_FOLLOWERS * 4, "lines are missing");
    if (bench->nchan_port == 0) {
        row(bench, "errand", "delivered to 100 followers", lines, "lines/s", FAN_LINES);
    } else {
        double nchan = fan_out_nchan(bench);
        row_to(bench, "errand", "delivered to 100 followers", lines, "lines/s", FAN_LINES,
               "nginx + nchan", nchan);
        row(bench, "nginx + nchan", "delivered to 100 followers", nchan, "lines/s",
            FAN_LINES / 20.0);
    }
    buf_done(&frames.bytes);
}

static double pss_kib(int pid)
{
    char path[64];
    char line[256];
    double kib = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, "Pss:", 4) == 0)
            kib = strtod(line + 4, NULL);
    if (file != NULL)
        (void)fclose(file);
    return kib;
}

/* Wait until each has sent something. */
static void read_first(struct followers *f)
{
    char bytes[4096];
    for (size_t i = 0; i < f->n; i++)
        check(read(f->fds[i], bytes, sizeof(bytes)) > 0, "a stream did not open");
}

static void close_all(struct followers *f)
{
    for (size_t i = 0; i < f->n; i++)
        close(f->fds[i]);
}

static double idle_kib(struct followers *f, int pid, int port, const char *path, const char *token)
{
    f->n = IDLE_STREAMS;
    double before = pss_kib(pid);
    for (size_t i = 0; i < f->n; i++)
        f->fds[i] = http_get(port, path, token);
    usleep(2000000);
    double each = (pss_kib(pid) - before) / IDLE_STREAMS;
    return each;
}

static void bench_idle(struct bench *bench, const char *run)
{
    static struct followers f;
    char path[256];
    (void)snprintf(path, sizeof(path), "/v1/runs/%s/logs/stream", run);
    double ours = idle_kib(&f, bench->api_pid, bench->port, path, bench->token);
    read_first(&f);
    close_all(&f);
    if (bench->nchan_port == 0) {
        row(bench, "errand", "memory of an idle stream", ours, "KiB", IDLE_STREAMS);
        return;
    }
    double nchan = idle_kib(&f, bench->nchan_pid, bench->nchan_port, "/sub/idle", "x");
    close_all(&f);
    row_to(bench, "errand", "memory of an idle stream", ours, "KiB", IDLE_STREAMS, "nginx + nchan",
           nchan);
    row(bench, "nginx + nchan", "memory of an idle stream", nchan, "KiB", IDLE_STREAMS);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* From the agent's POST of a line to its event at the follower, one after another. */
static void measure_latency(const struct bench *bench, const char *run, uint64_t first_id,
                            double *ret_ms)
{
    char path[128];
    char bytes[8192];
    (void)snprintf(path, sizeof(path), "/v1/runs/%s/logs/stream?after_id=%llu", run,
                   (unsigned long long)first_id - 1);
    int stream = http_get(bench->port, path, bench->token);
    int fd = http_connect(bench->port);
    for (int i = 0; i < LATENCY_LINES; i++) {
        static struct frames frames;
        char id[48];
        make_frames(&frames, run_id(run), first_id + (uint64_t)i, 1);
        int id_n =
            snprintf(id, sizeof(id), "id: %llu\n", (unsigned long long)(first_id + (uint64_t)i));
        usleep(5000);
        double from = now_s();
        (void)http_post(fd, "/agent/v1/logs", bench->credential, "application/octet-stream",
                        frames.bytes.data, frames.bytes.len, NULL, 0);
        ssize_t n;
        do {
            n = read(stream, bytes, sizeof(bytes));
            check(n > 0, "the stream ended");
        } while (memmem(bytes, (size_t)n, id, (size_t)id_n) == NULL);
        ret_ms[i] = (now_s() - from) * 1e3;
        buf_done(&frames.bytes);
    }
    close(fd);
    close(stream);
    qsort(ret_ms, LATENCY_LINES, sizeof(*ret_ms), compare);
}

struct load {
    const struct bench *bench;
    const char *run;
    struct frames frames;
};

static void *load(void *arg)
{
    struct load *l = arg;
    ship(l->bench, &l->frames);
    return NULL;
}

static void bench_latency(struct bench *bench, const char *run, const char *loaded)
{
    static double ms[LATENCY_LINES];
    static struct load l;
    static struct followers f;
    measure_latency(bench, run, 1, ms);
    row(bench, "errand", "POST to follower, quiet, p50", ms[LATENCY_LINES / 2], "ms",
        LATENCY_LINES);
    row(bench, "errand", "POST to follower, quiet, p99", ms[LATENCY_LINES * 99 / 100], "ms",
        LATENCY_LINES);

    pthread_t thread;
    l.bench = bench;
    make_frames(&l.frames, run_id(loaded), 1, LINES * 3);
    open_followers(bench, &f, 1, loaded, "");
    (void)pthread_create(&f.thread, NULL, follow, &f);
    (void)pthread_create(&thread, NULL, load, &l);
    measure_latency(bench, run, LATENCY_LINES + 1, ms);
    (void)pthread_join(thread, NULL);
    finish(bench, loaded, LINES * 3);
    (void)pthread_join(f.thread, NULL);
    row(bench, "errand", "POST to follower, another log at full speed, p50", ms[LATENCY_LINES / 2],
        "ms", LATENCY_LINES);
    row(bench, "errand", "POST to follower, another log at full speed, p99",
        ms[LATENCY_LINES * 99 / 100], "ms", LATENCY_LINES);
    buf_done(&l.frames.bytes);
}

int main(int argc, char **argv)
{
    check(argc == 14, "usage: bench_logs PORT TOKEN CREDENTIAL CONNINFO API_PID NCHAN_PORT"
                      " NCHAN_PID RUN...");
    struct rlimit files;
    (void)getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    struct bench bench = {
        .port = (int)strtoul(argv[1], NULL, 10),
        .token = argv[2],
        .credential = argv[3],
        .db = PQconnectdb(argv[4]),
        .api_pid = (int)strtoul(argv[5], NULL, 10),
        .nchan_port = (int)strtoul(argv[6], NULL, 10),
        .nchan_pid = (int)strtoul(argv[7], NULL, 10),
        .runs = argv + 8,
    };
    check(PQstatus(bench.db) == CONNECTION_OK, PQerrorMessage(bench.db));
    bench_idle(&bench, bench.runs[0]);
    bench_latency(&bench, bench.runs[1], bench.runs[2]);
    bench_throughput(&bench, bench.runs[3], "", "stored and followed, an event a line", true);
    bench_throughput(&bench, bench.runs[4], "?batch=1", "stored and followed, batches", false);
    bench_fan_out(&bench, bench.runs[5]);
    printf("]\n");
    PQfinish(bench.db);
    return 0;
}
