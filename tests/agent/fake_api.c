/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/fake_api.h"

#include "support/test.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/defer.h"
#include "logs/log_frame.h"
#include "model/limits.h"
#include "wire/agent_result.h"
#include "wire/assignment_line.h"
#include "wire/log_ack.h"
#include "wire/registration.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

static const char cut_answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{";

#define PATIENCE_S 20
#define RUNS_MAX 4096
#define EVENTS_MAX 32768
#define HEADERS_MAX_BYTES 8192
#define LINES_MAX_BYTES ((size_t)64 * 1024 * 1024)
#define CONNECTIONS_MAX 8192

struct stored_run {
    struct id id;
    uint32_t attempt;
    uint64_t last_id;
    struct buf log;
    bool is_refused;
};

/* An assignment the API keeps until its run has ended, as a real one does. */
struct held {
    struct id id;
    struct buf line;
};

struct fake_api {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t acceptor;
    pthread_t threads[CONNECTIONS_MAX];
    int fds[CONNECTIONS_MAX];
    int threads_n;
    int listen_fd;
    char url[64];

    /* all of it under the lock */
    int stream_fd; /* -1 while there is none */
    int connected;
    int registrations;
    unsigned char public_key[REGISTRATION_KEY_BYTES];
    struct buf after_sync;
    struct buf warm;
    struct assignment_sync listed[RUNS_MAX];
    size_t listed_n;
    struct held held[RUNS_MAX];
    size_t held_n;
    struct stored_run runs[RUNS_MAX];
    size_t runs_n;
    struct fake_event events[EVENTS_MAX];
    size_t events_n;
    uint32_t mem_free_mb;
    int swallow_events;
    int swallow_logs;
    int drop_logs;
};

struct connection {
    struct fake_api *api;
    int fd;
};

struct request {
    char method[8];
    char path[128];
    char token[128];
    struct buf body;
};

/* Under the lock. */
static struct stored_run *stored(struct fake_api *api, struct id id, uint32_t attempt)
{
    for (size_t i = 0; i < api->runs_n; i++)
        if (id_equal(api->runs[i].id, id) && api->runs[i].attempt == attempt)
            return &api->runs[i];
    assert(api->runs_n < RUNS_MAX);
    struct stored_run *run = &api->runs[api->runs_n++];
    *run = (struct stored_run){.id = id, .attempt = attempt};
    buf_init(&run->log, LINES_MAX_BYTES);
    return run;
}

static bool send_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t put = send(fd, bytes, n, MSG_NOSIGNAL);
        if (put <= 0)
            return false;
        bytes += put;
        n -= (size_t)put;
    }
    return true;
}

static bool answer(int fd, int status, struct buf *body)
{
    char head[128];
    int n = snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n", status,
                     body->len);
    return send_all(fd, head, (size_t)n) && send_all(fd, body->data, body->len);
}

static const char *header(const char *head, const char *name)
{
    const char *at = strcasestr(head, name);
    return at != NULL ? at + strlen(name) : NULL;
}

static bool read_request(int fd, struct buf *in, struct request *r)
{
    char *end;
    while ((end = memmem(buf_text(in), in->len, "\r\n\r\n", 4)) == NULL) {
        char chunk[4096];
        ssize_t n = recv(fd, chunk, sizeof(chunk), 0);
        if (n <= 0)
            return false;
        buf_add(in, chunk, (size_t)n);
    }
    char head[HEADERS_MAX_BYTES];
    size_t head_n = (size_t)(end + 4 - in->data);
    assert(head_n < sizeof(head));
    memcpy(head, in->data, head_n);
    head[head_n] = '\0';
    buf_consume(in, head_n);

    size_t method_n = strcspn(head, " ");
    size_t path_n = strcspn(head + method_n + 1, " ");
    (void)snprintf(r->method, sizeof(r->method), "%.*s", (int)method_n, head);
    (void)snprintf(r->path, sizeof(r->path), "%.*s", (int)path_n, head + method_n + 1);
    const char *token = header(head, "\r\nAuthorization: Bearer ");
    const char *length = header(head, "\r\nContent-Length: ");
    (void)snprintf(r->token, sizeof(r->token), "%.*s",
                   token != NULL ? (int)strcspn(token, "\r") : 0, token != NULL ? token : "");
    size_t body_n = length != NULL ? strtoul(length, NULL, 10) : 0;
    while (in->len < body_n) {
        char chunk[65536];
        ssize_t n = recv(fd, chunk, sizeof(chunk), 0);
        if (n <= 0)
            return false;
        buf_add(in, chunk, (size_t)n);
    }
    buf_clear(&r->body);
    buf_add(&r->body, in->data, body_n);
    buf_consume(in, body_n);
    return true;
}

static void take_event(struct fake_api *api, const struct agent_event *event)
{
    if (event->type == AGENT_EVENT_HEARTBEAT) {
        api->mem_free_mb = event->heartbeat.mem_free_mb;
        return;
    }
    for (size_t i = 0; i < api->events_n; i++)
        if (api->events[i].event.seq == event->seq &&
            id_equal(api->events[i].event.run_id, event->run_id) &&
            api->events[i].event.type == event->type)
            return;
    assert(api->events_n < EVENTS_MAX);
    struct fake_event *kept = &api->events[api->events_n++];
    *kept = (struct fake_event){.event = *event};
    if (event->type == AGENT_EVENT_FINISHED) {
        const struct agent_finished *f = &event->finished;
        (void)snprintf(kept->reason, sizeof(kept->reason), "%s", f->reason);
        (void)snprintf(kept->message, sizeof(kept->message), "%s",
                       f->message != NULL ? f->message : "");
    }
    if (event->type == AGENT_EVENT_STARTED && event->started.image_digest != NULL)
        (void)snprintf(kept->image_digest, sizeof(kept->image_digest), "%s",
                       event->started.image_digest);
}

static bool take_events(struct fake_api *api, const struct request *r, struct buf *reply)
{
    CLEANUP(agent_event_list_done) struct agent_event_list list = {0};
    struct agent_result results[LIMIT_AGENT_EVENTS] = {{0}};
    struct err e;
    if (agent_event_list_parse(r->body.data, r->body.len, &list, &e) < 0) {
        (void)fprintf(stderr, "fake_api: %s\n", e.msg);
        return false;
    }
    for (size_t i = 0; i < list.n; i++) {
        const struct agent_event *event = &list.items[i];
        bool is_refused = event->type != AGENT_EVENT_HEARTBEAT &&
                          stored(api, event->run_id, event->attempt)->is_refused;
        take_event(api, event);
        results[i] = (struct agent_result){
            .seq = event->seq, .ok = !is_refused, .code = "conflict", .message = "not yours"};
    }
    agent_result_list_put(reply, results, list.n);
    return true;
}

static void store_frame(struct stored_run *run, const struct log_frame *frame)
{
    CLEANUP(log_chunk_reader_done) struct log_chunk_reader reader;
    struct log_record record;
    struct err e;
    log_chunk_reader_init(&reader);
    assert(frame->is_whole);
    if (frame->chunk.first_id != run->last_id + 1)
        return;
    assert(log_chunk_open(&reader, frame->bytes, frame->n, &e) == 0);
    while (log_chunk_next(&reader, &record, &e) == 1) {
        buf_printf(&run->log, "%d:", (int)record.stream);
        buf_add(&run->log, record.payload, record.n);
        buf_add_char(&run->log, '\n');
    }
    run->last_id = reader.next_id - 1;
}

static bool take_logs(struct fake_api *api, const struct request *r, struct buf *reply)
{
    struct log_ack acks[64];
    size_t n = 0;
    size_t used = 0;
    for (size_t at = 0; at < r->body.len; at += used) {
        struct log_frame frame;
        struct err e;
        assert(n < ARRAY_LEN(acks));
        if (log_frame_parse(r->body.data + at, r->body.len - at, &frame, &used, &e) < 0)
            return false;
        struct stored_run *run = stored(api, frame.run_id, frame.attempt);
        if (!run->is_refused)
            store_frame(run, &frame);
        acks[n++] = (struct log_ack){.run_id = frame.run_id,
                                     .attempt = frame.attempt,
                                     .last_id = run->last_id,
                                     .code = run->is_refused ? "conflict" : NULL};
    }
    log_ack_list_put(reply, acks, n);
    return true;
}

static bool take_registration(struct fake_api *api, const struct request *r, struct buf *reply)
{
    CLEANUP(registration_done) struct registration registration = {0};
    const struct registration_answer given = {
        .hypervisor_id = id_new(), .name = "fake", .credential = FAKE_CREDENTIAL};
    if (strcmp(r->token, FAKE_JOIN_TOKEN) != 0 ||
        registration_parse(r->body.data, r->body.len, &registration, NULL) < 0)
        return false;
    memcpy(api->public_key, registration.public_key, sizeof(api->public_key));
    api->registrations++;
    registration_answer_put(reply, &given);
    return true;
}

static bool send_chunk(int fd, const char *bytes, size_t n)
{
    char size[32];
    int size_n = snprintf(size, sizeof(size), "%zx\r\n", n);
    return send_all(fd, size, (size_t)size_n) && send_all(fd, bytes, n) && send_all(fd, "\r\n", 2);
}

static const struct fake_event *find_event(const struct fake_api *api, enum agent_event_type type,
                                           struct id run)
{
    for (size_t i = 0; i < api->events_n; i++)
        if (api->events[i].event.type == type && id_equal(api->events[i].event.run_id, run))
            return &api->events[i];
    return NULL;
}

/* Under the lock: the runs that have not ended, and again those that have not started. */
static void put_held(struct fake_api *api, struct buf *lines)
{
    struct assignment_sync listed[RUNS_MAX];
    size_t n = api->listed_n;
    memcpy(listed, api->listed, n * sizeof(listed[0]));
    for (size_t i = 0; i < api->held_n; i++)
        if (find_event(api, AGENT_EVENT_FINISHED, api->held[i].id) == NULL)
            listed[n++] = (struct assignment_sync){.run_id = api->held[i].id, .attempt = 1};
    assignment_line_put_sync(lines, listed, n);
    for (size_t i = 0; i < api->held_n; i++)
        if (find_event(api, AGENT_EVENT_FINISHED, api->held[i].id) == NULL &&
            find_event(api, AGENT_EVENT_STARTED, api->held[i].id) == NULL)
            buf_add(lines, api->held[i].line.data, api->held[i].line.len);
    if (api->held_n > 0)
        assignment_line_put_ping(lines);
}

/* The stream's thread only waits for the other side to go; the test's thread writes. */
static void serve_stream(struct fake_api *api, int fd)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    CLEANUP(buf_done) struct buf lines;
    buf_init(&lines, LIMIT_ASSIGNMENT_BYTES);
    (void)pthread_mutex_lock(&api->lock);
    put_held(api, &lines);
    buf_add(&lines, api->warm.data, api->warm.len);
    buf_add(&lines, api->after_sync.data, api->after_sync.len);
    if (send_all(fd, head, strlen(head)) && send_chunk(fd, lines.data, lines.len)) {
        api->stream_fd = fd;
        api->connected++;
        (void)pthread_cond_broadcast(&api->changed);
    }
    (void)pthread_mutex_unlock(&api->lock);

    char byte;
    while (recv(fd, &byte, 1, 0) > 0)
        continue;
    (void)pthread_mutex_lock(&api->lock);
    if (api->stream_fd == fd)
        api->stream_fd = -1;
    (void)pthread_mutex_unlock(&api->lock);
}

static bool take_one(int *counter)
{
    if (*counter <= 0)
        return false;
    (*counter)--;
    return true;
}

/* Under the lock. False: close the connection without an answer. */
static bool handle(struct fake_api *api, const struct request *r, int *ret_status,
                   struct buf *reply)
{
    *ret_status = 200;
    if (strcmp(r->path, "/agent/v1/register") == 0) {
        if (!take_registration(api, r, reply))
            *ret_status = 401;
        return true;
    }
    if (strcmp(r->token, FAKE_CREDENTIAL) != 0) {
        *ret_status = 401;
        return true;
    }
    bool is_logs = strcmp(r->path, "/agent/v1/logs") == 0;
    if (is_logs && take_one(&api->drop_logs))
        return false;
    if (!(is_logs ? take_logs(api, r, reply) : take_events(api, r, reply)))
        *ret_status = 400;
    return !take_one(is_logs ? &api->swallow_logs : &api->swallow_events);
}

static void serve(struct fake_api *api, int fd)
{
    CLEANUP(buf_done) struct buf in;
    CLEANUP(buf_done) struct buf reply;
    struct request r = {.method = ""};
    buf_init(&in, (size_t)4 * LIMIT_LOG_BATCH_BYTES);
    buf_init(&reply, LIMIT_BODY_BYTES);
    buf_init(&r.body, (size_t)4 * LIMIT_LOG_BATCH_BYTES);
    while (read_request(fd, &in, &r)) {
        int status = 200;
        if (strcmp(r.path, "/agent/v1/assignments") == 0) {
            serve_stream(api, fd);
            break;
        }
        buf_clear(&reply);
        (void)pthread_mutex_lock(&api->lock);
        bool is_answered = handle(api, &r, &status, &reply);
        (void)pthread_cond_broadcast(&api->changed);
        (void)pthread_mutex_unlock(&api->lock);
        if (!is_answered) {
            /* Begun and cut: a connection closed without a word, libcurl would try again itself. */
            (void)send_all(fd, cut_answer, strlen(cut_answer));
            break;
        }
        if (!answer(fd, status, &reply))
            break;
    }
    buf_done(&r.body);
}

static void *connection_main(void *ctx)
{
    struct connection *connection = ctx;
    serve(connection->api, connection->fd);
    (void)shutdown(connection->fd, SHUT_RDWR);
    free(connection);
    return NULL;
}

static void *acceptor_main(void *ctx)
{
    struct fake_api *api = ctx;
    for (;;) {
        int fd = accept4(api->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            return NULL;
        struct connection *connection = malloc(sizeof(*connection));
        *connection = (struct connection){.api = api, .fd = fd};
        assert(api->threads_n < CONNECTIONS_MAX);
        api->fds[api->threads_n] = fd;
        (void)pthread_create(&api->threads[api->threads_n++], NULL, connection_main, connection);
    }
}

struct fake_api *fake_api_start(void)
{
    struct fake_api *api = calloc(1, sizeof(*api));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(address);
    assert_true(sodium_init() >= 0);
    (void)pthread_mutex_init(&api->lock, NULL);
    (void)pthread_cond_init(&api->changed, NULL);
    buf_init(&api->after_sync, LIMIT_ASSIGNMENT_BYTES);
    buf_init(&api->warm, LIMIT_ASSIGNMENT_BYTES);
    api->stream_fd = -1;
    api->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(api->listen_fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(api->listen_fd, 64), 0);
    assert_int_equal(getsockname(api->listen_fd, (struct sockaddr *)&address, &n), 0);
    (void)snprintf(api->url, sizeof(api->url), "http://127.0.0.1:%d", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&api->acceptor, NULL, acceptor_main, api), 0);
    return api;
}

void fake_api_stop(struct fake_api *api)
{
    (void)shutdown(api->listen_fd, SHUT_RDWR);
    (void)pthread_join(api->acceptor, NULL);
    (void)close(api->listen_fd);
    for (int i = 0; i < api->threads_n; i++) {
        (void)shutdown(api->fds[i], SHUT_RDWR);
        (void)pthread_join(api->threads[i], NULL);
        (void)close(api->fds[i]);
    }
    for (size_t i = 0; i < api->runs_n; i++)
        buf_done(&api->runs[i].log);
    for (size_t i = 0; i < api->held_n; i++)
        buf_done(&api->held[i].line);
    buf_done(&api->after_sync);
    buf_done(&api->warm);
    free(api);
}

const char *fake_api_url(const struct fake_api *api)
{
    return api->url;
}

/* Under the lock; fails the test when nothing changes in time. */
static void wait_for_change(struct fake_api *api, const char *what)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    if (pthread_cond_timedwait(&api->changed, &api->lock, &until) == ETIMEDOUT) {
        (void)pthread_mutex_unlock(&api->lock);
        fail_msg("waited too long for %s", what);
    }
}

int fake_api_wait_connected(struct fake_api *api, int times)
{
    (void)pthread_mutex_lock(&api->lock);
    while (api->connected < times)
        wait_for_change(api, "the agent's stream");
    int connected = api->connected;
    (void)pthread_mutex_unlock(&api->lock);
    return connected;
}

int fake_api_registrations(struct fake_api *api)
{
    (void)pthread_mutex_lock(&api->lock);
    int n = api->registrations;
    (void)pthread_mutex_unlock(&api->lock);
    return n;
}

static bool try_send_line(struct fake_api *api, const struct buf *line)
{
    (void)pthread_mutex_lock(&api->lock);
    bool is_sent = api->stream_fd >= 0 && send_chunk(api->stream_fd, line->data, line->len);
    (void)pthread_mutex_unlock(&api->lock);
    return is_sent;
}

static void send_line(struct fake_api *api, const struct buf *line)
{
    assert_true(try_send_line(api, line));
}

void fake_api_hold(struct fake_api *api, const struct assignment *a)
{
    (void)pthread_mutex_lock(&api->lock);
    assert_true(api->held_n < RUNS_MAX);
    struct held *held = &api->held[api->held_n++];
    held->id = a->run_id;
    buf_init(&held->line, LIMIT_ASSIGNMENT_BYTES);
    assignment_line_put_assign(&held->line, a);
    (void)pthread_mutex_unlock(&api->lock);
    (void)try_send_line(api, &held->line);
}

void fake_api_try_stop(struct fake_api *api, struct id run)
{
    CLEANUP(buf_done) struct buf line;
    buf_init(&line, LIMIT_ASSIGNMENT_BYTES);
    assignment_line_put_stop(&line, run, 1);
    (void)try_send_line(api, &line);
}

void fake_api_assign(struct fake_api *api, const struct assignment *a)
{
    CLEANUP(buf_done) struct buf line;
    buf_init(&line, LIMIT_ASSIGNMENT_BYTES);
    assignment_line_put_assign(&line, a);
    send_line(api, &line);
}

void fake_api_order_stop(struct fake_api *api, struct id run, uint32_t attempt)
{
    CLEANUP(buf_done) struct buf line;
    buf_init(&line, LIMIT_ASSIGNMENT_BYTES);
    assignment_line_put_stop(&line, run, attempt);
    send_line(api, &line);
}

void fake_api_ping(struct fake_api *api)
{
    CLEANUP(buf_done) struct buf line;
    buf_init(&line, LIMIT_ASSIGNMENT_BYTES);
    assignment_line_put_ping(&line);
    send_line(api, &line);
}

void fake_api_list(struct fake_api *api, struct id run, uint32_t attempt)
{
    (void)pthread_mutex_lock(&api->lock);
    assert_true(api->listed_n < RUNS_MAX);
    api->listed[api->listed_n++] = (struct assignment_sync){.run_id = run, .attempt = attempt};
    (void)pthread_mutex_unlock(&api->lock);
}

void fake_api_list_nothing(struct fake_api *api)
{
    (void)pthread_mutex_lock(&api->lock);
    api->listed_n = 0;
    buf_clear(&api->after_sync);
    (void)pthread_mutex_unlock(&api->lock);
}

void fake_api_repeat(struct fake_api *api, const struct assignment *a)
{
    (void)pthread_mutex_lock(&api->lock);
    assignment_line_put_assign(&api->after_sync, a);
    (void)pthread_mutex_unlock(&api->lock);
}

void fake_api_warm(struct fake_api *api, const struct warm_order *order)
{
    (void)pthread_mutex_lock(&api->lock);
    buf_clear(&api->warm);
    assignment_line_open_warm(&api->warm);
    if (order != NULL)
        assignment_line_put_pin(&api->warm, order);
    assignment_line_close_warm(&api->warm);
    (void)pthread_mutex_unlock(&api->lock);
    (void)try_send_line(api, &api->warm);
}

void fake_api_cut_stream(struct fake_api *api)
{
    (void)pthread_mutex_lock(&api->lock);
    if (api->stream_fd >= 0)
        (void)shutdown(api->stream_fd, SHUT_RDWR);
    (void)pthread_mutex_unlock(&api->lock);
}

void fake_api_swallow_events(struct fake_api *api, int n)
{
    (void)pthread_mutex_lock(&api->lock);
    api->swallow_events = n;
    (void)pthread_mutex_unlock(&api->lock);
}

void fake_api_swallow_logs(struct fake_api *api, int n)
{
    (void)pthread_mutex_lock(&api->lock);
    api->swallow_logs = n;
    (void)pthread_mutex_unlock(&api->lock);
}

void fake_api_drop_logs(struct fake_api *api, int n)
{
    (void)pthread_mutex_lock(&api->lock);
    api->drop_logs = n;
    (void)pthread_mutex_unlock(&api->lock);
}

void fake_api_refuse(struct fake_api *api, struct id run, uint32_t attempt)
{
    (void)pthread_mutex_lock(&api->lock);
    stored(api, run, attempt)->is_refused = true;
    (void)pthread_mutex_unlock(&api->lock);
}

void fake_api_wait_event(struct fake_api *api, enum agent_event_type type, struct id run,
                         struct fake_event *ret_event)
{
    const struct fake_event *found;
    (void)pthread_mutex_lock(&api->lock);
    while ((found = find_event(api, type, run)) == NULL)
        wait_for_change(api, "an event");
    *ret_event = *found;
    (void)pthread_mutex_unlock(&api->lock);
}

int fake_api_count_events(struct fake_api *api, enum agent_event_type type, struct id run)
{
    int n = 0;
    (void)pthread_mutex_lock(&api->lock);
    for (size_t i = 0; i < api->events_n; i++)
        n += api->events[i].event.type == type && id_equal(api->events[i].event.run_id, run);
    (void)pthread_mutex_unlock(&api->lock);
    return n;
}

void fake_api_wait_mem_free(struct fake_api *api, uint32_t mb)
{
    (void)pthread_mutex_lock(&api->lock);
    while (api->mem_free_mb != mb)
        wait_for_change(api, "free memory");
    (void)pthread_mutex_unlock(&api->lock);
}

void fake_api_wait_lines(struct fake_api *api, struct id run, uint64_t n)
{
    (void)pthread_mutex_lock(&api->lock);
    while (stored(api, run, 1)->last_id < n)
        wait_for_change(api, "lines");
    (void)pthread_mutex_unlock(&api->lock);
}

char *fake_api_log(struct fake_api *api, struct id run)
{
    (void)pthread_mutex_lock(&api->lock);
    char *text = strdup(buf_text(&stored(api, run, 1)->log));
    (void)pthread_mutex_unlock(&api->lock);
    return text;
}

char *fake_api_seal(struct fake_api *api, const char *json)
{
    struct buf text;
    unsigned char sealed[4096];
    size_t n = strlen(json);
    assert_true(n + crypto_box_SEALBYTES <= sizeof(sealed));
    (void)pthread_mutex_lock(&api->lock);
    assert_int_equal(crypto_box_seal(sealed, (const unsigned char *)json, n, api->public_key), 0);
    (void)pthread_mutex_unlock(&api->lock);
    buf_init(&text, 2 * sizeof(sealed));
    buf_add_base64(&text, sealed, n + crypto_box_SEALBYTES);
    return buf_take(&text);
}
