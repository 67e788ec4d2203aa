/* SPDX-License-Identifier: Apache-2.0
 *
 * errand_follow against a server that does everything wrong a network or a server can do: whatever
 * happens, every line comes once, in order, with its bytes.
 */
#include "support/test.h"

#include "fake_api.h"

#include <errand/errand.h>

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINES 2000
#define FAULTS 60
#define SEEDS 4
#define RUN_ID "019356a1-7c00-7d4e-9f10-000000000001"

enum fault {
    FAULT_CUT,   /* an end, at any byte */
    FAULT_RESET, /* a reset, at any byte */
    FAULT_503,
    FAULT_429,
    FAULT_500_TEXT,  /* an error page instead of JSON */
    FAULT_SILENCE,   /* some lines, then nothing */
    FAULT_GARBAGE,   /* an event that is no JSON */
    FAULT_REPEAT,    /* lines from before after_id, then a cut */
    FAULT_GAP,       /* lines left out */
    FAULT_EMPTY,     /* a stream with nothing in it */
    FAULT_EARLY_END, /* the final state before the last line */
    N_FAULTS
};

struct script {
    unsigned random; /* the server's own generator: the same seed, the same faults */
    unsigned faults_left;
    unsigned seen[N_FAULTS];
    int wrong_request; /* something about a request was not as it must be */
};

static unsigned next_random(struct script *script, unsigned bound)
{
    script->random = script->random * 1103515245u + 12345u;
    return (script->random >> 16) % bound;
}

/* What line `id` holds: text, an empty line, bytes that are no text, a piece of a line. */
static size_t line_bytes(long id, char ret_bytes[64])
{
    if (id % 97 == 0)
        return 0;
    if (id % 31 == 0) {
        memcpy(ret_bytes, "\xff\xfe\0x", 4);
        return 4;
    }
    return (size_t)snprintf(ret_bytes, 64, "line %ld says \"hello\"\t\xc3\xa4", id);
}

static size_t add_entry(char *out, size_t n, long id)
{
    const char *stream = id % 3 == 0 ? "stderr" : "stdout";
    int added;

    if (id % 97 == 0)
        added = snprintf(out, n, "{\"id\":%ld,\"ts\":\"t\",\"stream\":\"%s\",\"msg\":\"\"}", id,
                         stream);
    else if (id % 31 == 0)
        added = snprintf(out, n,
                         "{\"id\":%ld,\"ts\":\"t\",\"stream\":\"%s\",\"msg_base64\":\"//4AeA==\"}",
                         id, stream);
    else
        added = snprintf(out, n,
                         "{\"id\":%ld,\"ts\":\"t\",\"stream\":\"%s\",\"msg\":\"line %ld says "
                         "\\\"hello\\\"\\t\\u00e4\"%s}",
                         id, stream, id, id % 7 == 0 ? ",\"partial\":true" : "");
    return (size_t)added;
}

/* Events for the lines first..last, some one by one, some in batches, with comments between. */
static char *make_events(struct script *script, long first, long last, size_t *ret_n)
{
    size_t capacity = (size_t)(last - first + 3) * 256;
    char *out = malloc(capacity);
    size_t n = 0;

    for (long id = first; out != NULL && id <= last;) {
        if (next_random(script, 8) == 0)
            n += (size_t)snprintf(out + n, capacity - n, ": keepalive\n\n");
        if (next_random(script, 2) == 0) {
            n += (size_t)snprintf(out + n, capacity - n, "id: %ld\nevent: log\ndata: ", id);
            n += add_entry(out + n, capacity - n, id++);
            n += (size_t)snprintf(out + n, capacity - n, "\n\n");
            continue;
        }
        n += (size_t)snprintf(out + n, capacity - n, "event: logs\r\ndata: {\"logs\":[");
        for (unsigned k = next_random(script, 20) + 1; k > 0 && id <= last; k--) {
            n += add_entry(out + n, capacity - n, id++);
            n += (size_t)snprintf(out + n, capacity - n, "%s", k > 1 && id <= last ? "," : "");
        }
        n += (size_t)snprintf(out + n, capacity - n, "]}\r\n\r\n");
    }
    *ret_n = n;
    return out;
}

static void send_lines(int fd, struct script *script, long first, long last)
{
    size_t n;
    char *events = make_events(script, first, last, &n);

    fake_write(fd, events, n);
    free(events);
}

static void send_state(int fd)
{
    char state[256];

    (void)snprintf(state, sizeof(state),
                   "id: end\nevent: state\ndata: {\"status\":\"failed\",\"exit_code\":7,"
                   "\"termination_reason\":\"exited\",\"last_id\":%d}\n\n",
                   LINES);
    fake_write_text(fd, state);
}

/* Part of the stream up to any byte of it. */
static void send_cut(int fd, struct script *script, long first)
{
    size_t n;
    char *events = make_events(script, first, LINES, &n);

    if (n > 8000)
        n = 8000;
    fake_write(fd, events, next_random(script, (unsigned)n + 1));
    free(events);
}

static void answer_fault(int fd, struct script *script, enum fault fault, long after)
{
    long some = after + 1 + (long)next_random(script, 30);
    long last = some < LINES ? some : LINES;

    switch (fault) {
    case FAULT_503:
        fake_answer(fd, 503, "", "{\"code\":\"unavailable\",\"message\":\"starting\"}");
        return;
    case FAULT_429:
        fake_answer(fd, 429, "Retry-After: 0\r\n", "{\"code\":\"limit\"}");
        return;
    case FAULT_500_TEXT:
        fake_answer(fd, 500, "", "<html>oops</html>");
        return;
    default:
        fake_stream(fd);
    }
    switch (fault) {
    case FAULT_CUT:
    case FAULT_RESET:
        send_cut(fd, script, after + 1);
        break;
    case FAULT_SILENCE:
        send_lines(fd, script, after + 1, last);
        fake_wait_closed(fd);
        break;
    case FAULT_GARBAGE:
        send_lines(fd, script, after + 1, last);
        fake_write_text(fd, "event: log\ndata: {\"id\":\n\n");
        break;
    case FAULT_REPEAT:
        send_lines(fd, script, after > 20 ? after - 20 : 1, last);
        break;
    case FAULT_GAP:
        if (last + 3 <= LINES)
            send_lines(fd, script, last + 2, last + 3);
        break;
    case FAULT_EARLY_END:
        send_state(fd);
        break;
    default:
        break;
    }
    if (fault == FAULT_RESET)
        fake_reset(fd);
}

static void faulty(int fd, const struct fake_request *request, void *user)
{
    struct script *script = user;
    long after = fake_query(request, "after_id", 0);
    const char *token = fake_header(request, "Authorization");
    enum fault fault = (enum fault)next_random(script, N_FAULTS);

    if (strncmp(request->target, "/v1/runs/" RUN_ID "/logs/stream",
                strlen("/v1/runs/" RUN_ID "/logs/stream")) != 0 ||
        token == NULL || strcmp(token, "Bearer err_u_test") != 0)
        script->wrong_request = 1;
    /* A gap at the same place twice counts as gone for ever; this script means to lose nothing. */
    if ((fault == FAULT_GAP || fault == FAULT_EARLY_END) &&
        script->seen[FAULT_GAP] + script->seen[FAULT_EARLY_END] > 0)
        fault = FAULT_CUT;
    if (fault == FAULT_EARLY_END && after >= LINES)
        fault = FAULT_CUT;
    if (script->faults_left > 0) {
        script->faults_left--;
        script->seen[fault]++;
        answer_fault(fd, script, fault, after);
        return;
    }
    fake_stream(fd);
    fake_write_text(fd, "event: status\ndata: {\"status\":\"running\",\"hypervisor\":\"h1\"}\n\n");
    send_lines(fd, script, after + 1, LINES);
    send_state(fd);
}

struct seen {
    long lines;
    int wrong;
    int gaps;
    unsigned retries;
    unsigned statuses;
    long stop_at;
    errand_canceler *cancel_at_line;
    errand_client *client;
};

static int on_line(const errand_log_line *line, void *user)
{
    struct seen *seen = user;
    char bytes[64];
    size_t n = line_bytes(line->id, bytes);

    seen->lines++;
    seen->wrong |=
        line->id != seen->lines || line->n_bytes != n || memcmp(line->bytes, bytes, n) != 0 ||
        line->stream != (line->id % 3 == 0 ? ERRAND_STREAM_STDERR : ERRAND_STREAM_STDOUT) ||
        line->partial != (line->id % 97 != 0 && line->id % 31 != 0 && line->id % 7 == 0);
    if (seen->cancel_at_line != NULL)
        errand_canceler_cancel(seen->cancel_at_line);
    return seen->lines == seen->stop_at;
}

static int on_retry(const errand_retry_event *event, void *user)
{
    struct seen *seen = user;

    seen->wrong |= event->cause->message[0] == '\0' || event->failures == 0;
    seen->retries++;
    return 0;
}

static int on_gap(int64_t first_id, int64_t last_id, void *user)
{
    struct seen *seen = user;

    seen->gaps++;
    seen->lines += last_id - first_id + 1;
    return 0;
}

static int on_status(const errand_status_event *event, void *user)
{
    struct seen *seen = user;

    seen->wrong |= event->status != ERRAND_RUN_RUNNING || strcmp(event->hypervisor, "h1") != 0;
    seen->statuses++;
    return 0;
}

static errand_client *make_client(const struct fake_api *api)
{
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    errand_client *client = NULL;
    errand_error error;

    options.url = fake_api_url(api);
    options.token = "err_u_test";
    assert_int_equal(errand_client_new(&options, &client, &error), 0);
    return client;
}

static errand_follow_options make_options(struct seen *seen)
{
    errand_follow_options options = ERRAND_FOLLOW_OPTIONS_INIT;

    options.on_line = on_line;
    options.on_retry = on_retry;
    options.on_gap = on_gap;
    options.on_status = on_status;
    options.user = seen;
    options.first_delay_ms = 1;
    options.max_delay_ms = 4;
    options.read_timeout_ms = 100;
    return options;
}

static void test_follow__loses_and_repeats_nothing(void **state)
{
    unsigned kinds[N_FAULTS] = {0};

    (void)state;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        struct script script = {.random = seed, .faults_left = FAULTS};
        struct seen seen = {.lines = 0};
        errand_follow_options options = make_options(&seen);
        errand_follow_result result = ERRAND_FOLLOW_RESULT_INIT;
        struct fake_api *api = fake_api_start(faulty, &script);
        errand_client *client = make_client(api);
        errand_error error;

        assert_int_equal(errand_follow(client, RUN_ID, &options, &result, &error),
                         ERRAND_END_FINISHED);
        errand_client_free(client);
        assert_int_equal(fake_api_stop(api), FAULTS + 1);
        assert_int_equal(seen.lines, LINES);
        assert_false(seen.wrong);
        assert_int_equal(seen.gaps, 0);
        assert_int_equal(seen.retries, FAULTS);
        assert_true(seen.statuses == 1);
        assert_false(script.wrong_request);
        assert_int_equal(result.reconnects, FAULTS);
        assert_int_equal(result.last_id, LINES);
        assert_int_equal(result.status, ERRAND_RUN_FAILED);
        assert_true(result.has_exit_code);
        assert_int_equal(result.exit_code, 7);
        assert_string_equal(result.termination_reason, "exited");
        for (size_t i = 0; i < N_FAULTS; i++)
            kinds[i] += script.seen[i];
    }
    for (size_t i = 0; i < N_FAULTS; i++)
        assert_in_range(kinds[i], 1, SEEDS * FAULTS);
}

/* Lines 11 to 15 are gone for ever. */
static void with_hole(int fd, const struct fake_request *request, void *user)
{
    long after = fake_query(request, "after_id", 0);

    fake_stream(fd);
    if (after < 10)
        send_lines(fd, user, after + 1, 10);
    send_lines(fd, user, after > 15 ? after + 1 : 16, LINES);
    send_state(fd);
}

static void test_follow__tells_of_a_gap_that_stays(void **state)
{
    struct script script = {.random = 1};
    struct seen seen = {.lines = 0};
    errand_follow_options options = make_options(&seen);
    struct fake_api *api = fake_api_start(with_hole, &script);
    errand_client *client = make_client(api);
    errand_error error;

    (void)state;
    assert_int_equal(errand_follow(client, RUN_ID, &options, NULL, &error), ERRAND_END_FINISHED);
    errand_client_free(client);
    assert_int_equal(fake_api_stop(api), 2);
    assert_int_equal(seen.gaps, 1);
    assert_int_equal(seen.lines, LINES);
    assert_false(seen.wrong);
}

static void refusing(int fd, const struct fake_request *request, void *user)
{
    (void)request;
    (void)user;
    fake_answer(fd, 404, "X-Request-Id: req-1\r\n",
                "{\"status\":404,\"error\":\"Not Found\",\"code\":\"not_found\",\"message\":\"no "
                "such run\"}");
}

static void test_follow__a_lasting_refusal_ends_it(void **state)
{
    struct seen seen = {.lines = 0};
    errand_follow_options options = make_options(&seen);
    struct fake_api *api = fake_api_start(refusing, NULL);
    errand_client *client = make_client(api);
    errand_error error;

    (void)state;
    assert_int_equal(errand_follow(client, RUN_ID, &options, NULL, &error), ERRAND_E_NOT_FOUND);
    assert_int_equal(error.code, ERRAND_E_NOT_FOUND);
    assert_int_equal(error.http_status, 404);
    assert_string_equal(error.request_id, "req-1");
    assert_string_equal(error.message, "no such run");
    errand_client_free(client);
    assert_int_equal(fake_api_stop(api), 1);
}

static void unavailable(int fd, const struct fake_request *request, void *user)
{
    (void)request;
    (void)user;
    fake_answer(fd, 503, "", "{\"code\":\"unavailable\",\"message\":\"gone\"}");
}

static void test_follow__gives_up_in_the_end(void **state)
{
    struct seen seen = {.lines = 0};
    errand_follow_options options = make_options(&seen);
    struct fake_api *api = fake_api_start(unavailable, NULL);
    errand_client *client = make_client(api);
    errand_error error;

    (void)state;
    options.give_up_ms = 50;
    assert_int_equal(errand_follow(client, RUN_ID, &options, NULL, &error), ERRAND_E_UNAVAILABLE);
    assert_string_equal(error.message, "gone");
    errand_client_free(client);
    assert_in_range(fake_api_stop(api), 2, 200);
}

/* Some lines, then silence until the client goes. */
static void stalling(int fd, const struct fake_request *request, void *user)
{
    struct script *script = user;

    (void)request;
    fake_stream(fd);
    send_lines(fd, script, 1, 100);
    fake_wait_closed(fd);
}

static void *cancel_soon(void *user)
{
    (void)usleep(20000);
    errand_canceler_cancel(user);
    return NULL;
}

static void test_follow__is_canceled_from_another_thread(void **state)
{
    struct script script = {.random = 1};
    struct seen seen = {.lines = 0};
    errand_follow_options options = make_options(&seen);
    errand_follow_result result = ERRAND_FOLLOW_RESULT_INIT;
    struct fake_api *api = fake_api_start(stalling, &script);
    errand_client *client = make_client(api);
    errand_canceler *canceler = NULL;
    errand_error error;
    pthread_t thread;

    (void)state;
    options.read_timeout_ms = 60000;
    assert_int_equal(errand_canceler_new(&canceler, &error), 0);
    options.canceler = canceler;
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, canceler), 0);
    assert_int_equal(errand_follow(client, RUN_ID, &options, &result, &error), ERRAND_END_CANCELED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(seen.lines, 100);
    assert_int_equal(result.last_id, 100);
    errand_canceler_free(canceler);
    errand_client_free(client);
    (void)fake_api_stop(api);
}

static void test_follow__stops_at_the_line_a_callback_says(void **state)
{
    struct script script = {.random = 1};
    struct seen seen = {.stop_at = 42};
    errand_follow_options options = make_options(&seen);
    errand_follow_result result = ERRAND_FOLLOW_RESULT_INIT;
    struct fake_api *api = fake_api_start(stalling, &script);
    errand_client *client = make_client(api);
    errand_error error;

    (void)state;
    assert_int_equal(errand_follow(client, RUN_ID, &options, &result, &error), ERRAND_END_STOPPED);
    assert_int_equal(seen.lines, 42);
    assert_int_equal(result.last_id, 42);
    errand_client_free(client);
    (void)fake_api_stop(api);
}

/* A plain request comes while the stream is open: the stream goes on, and ends, before the answer.
 */
static void meanwhile(int fd, const struct fake_request *request, void *user)
{
    struct script *script = user;
    struct fake_request plain;
    int plain_fd;

    fake_stream(fd);
    send_lines(fd, script, 1, 500);
    plain_fd = fake_next(request->api, &plain);
    send_lines(fd, script, 501, LINES);
    send_state(fd);
    (void)shutdown(fd, SHUT_WR);
    (void)usleep(50000);
    fake_answer(plain_fd, 200, "", "{\"run\":{\"id\":\"r\",\"status\":\"running\"}}");
    (void)close(plain_fd);
}

static int ask_within(const errand_log_line *line, void *user)
{
    struct seen *seen = user;
    errand_run *run = NULL;
    errand_error error;

    if (line->id == 400) {
        seen->wrong |= errand_run_get(seen->client, RUN_ID, &run, &error) != 0;
        seen->statuses++;
        errand_run_free(run);
    }
    return on_line(line, user);
}

static void test_follow__a_callback_may_use_the_client(void **state)
{
    struct script script = {.random = 1};
    struct seen seen = {.lines = 0};
    errand_follow_options options = make_options(&seen);
    struct fake_api *api = fake_api_start(meanwhile, &script);
    errand_error error;

    (void)state;
    options.on_line = ask_within;
    options.read_timeout_ms = 5000;
    seen.client = make_client(api);
    assert_int_equal(errand_follow(seen.client, RUN_ID, &options, NULL, &error),
                     ERRAND_END_FINISHED);
    assert_int_equal(seen.lines, LINES);
    assert_int_equal(seen.statuses, 1);
    assert_int_equal(seen.retries, 0);
    assert_false(seen.wrong);
    errand_client_free(seen.client);
    assert_int_equal(fake_api_stop(api), 2);
}

/* Silence is the server's, not the time a callback takes. */
static int dawdle(const errand_log_line *line, void *user)
{
    if (line->id == 400)
        (void)usleep(150000);
    return on_line(line, user);
}

static void one_by_one(int fd, const struct fake_request *request, void *user)
{
    (void)request;
    fake_stream(fd);
    send_lines(fd, user, 1, 400);
    (void)usleep(160000);
    send_lines(fd, user, 401, LINES);
    send_state(fd);
}

static void test_follow__a_slow_callback_is_no_silence(void **state)
{
    struct script script = {.random = 1};
    struct seen seen = {.lines = 0};
    errand_follow_options options = make_options(&seen);
    struct fake_api *api = fake_api_start(one_by_one, &script);
    errand_client *client = make_client(api);
    errand_error error;

    (void)state;
    options.on_line = dawdle;
    assert_int_equal(errand_follow(client, RUN_ID, &options, NULL, &error), ERRAND_END_FINISHED);
    assert_int_equal(seen.lines, LINES);
    assert_int_equal(seen.retries, 0);
    errand_client_free(client);
    assert_int_equal(fake_api_stop(api), 1);
}

/* Nothing for a while, then the end; what on_quiet asks meanwhile is answered in between. */
static void quiet_then_over(int fd, const struct fake_request *request, void *user)
{
    struct script *script = user;
    struct fake_request *other;

    if (strstr(request->target, "/logs/stream") == NULL) { /* asked once more, on a slow machine */
        fake_answer(fd, 200, "", "{\"run\":{\"id\":\"r\",\"status\":\"running\"}}");
        return;
    }
    other = malloc(sizeof(*other));
    assert(other != NULL);
    fake_stream(fd);
    for (; script->faults_left > 0; script->faults_left--) {
        int other_fd = fake_next(request->api, other);

        fake_answer(other_fd, 200, "", "{\"run\":{\"id\":\"r\",\"status\":\"pending\"}}");
        (void)close(other_fd);
    }
    free(other);
    send_lines(fd, script, 1, LINES);
    send_state(fd);
}

static int look_why(void *user)
{
    struct seen *seen = user;
    errand_error error;
    errand_run *run = NULL;

    seen->wrong |= errand_run_get(seen->client, RUN_ID, &run, &error) != 0;
    errand_run_free(run);
    return ++seen->statuses == 3 && seen->stop_at == -1;
}

static void test_follow__says_when_nothing_comes(void **state)
{
    struct script script = {.random = 1, .faults_left = 2};
    struct seen seen = {.lines = 0};
    errand_follow_options options = make_options(&seen);
    struct fake_api *api = fake_api_start(quiet_then_over, &script);
    errand_error error;

    (void)state;
    options.on_status = NULL;
    options.on_quiet = look_why;
    options.quiet_ms = 10;
    options.read_timeout_ms = 60000;
    seen.client = make_client(api);
    assert_int_equal(errand_follow(seen.client, RUN_ID, &options, NULL, &error),
                     ERRAND_END_FINISHED);
    assert_int_equal(seen.lines, LINES);
    assert_in_range(seen.statuses, 2, 1000);
    assert_false(seen.wrong);

    script.faults_left = 3;
    seen = (struct seen){.stop_at = -1, .client = seen.client};
    assert_int_equal(errand_follow(seen.client, RUN_ID, &options, NULL, &error),
                     ERRAND_END_STOPPED);
    assert_int_equal(seen.statuses, 3);
    errand_client_free(seen.client);
    (void)fake_api_stop(api);
}

#define ATTEMPT_2 (INT64_C(1) << 40)

/* Three lines, then another attempt with two: told by a status, or only by its lines' ids. */
static void trying_again(int fd, const struct fake_request *request, void *user)
{
    long after = fake_query(request, "after_id", 0);
    struct script *script = user;

    fake_stream(fd);
    if (after < 3) {
        fake_write_text(fd, "event: log\ndata: {\"id\":1,\"msg\":\"a\"}\n\n"
                            "event: logs\ndata: {\"logs\":[{\"id\":2,\"msg\":\"b\"},"
                            "{\"id\":3,\"msg\":\"c\"}]}\n\n");
        if (script->faults_left > 0)
            return;
    }
    if (script->faults_left != 2)
        fake_write_text(fd, "event: status\ndata: {\"status\":\"running\",\"attempt\":2}\n\n");
    fake_write_text(fd, "event: logs\ndata: {\"logs\":[{\"id\":1099511627777,\"msg\":\"d\"},"
                        "{\"id\":1099511627778,\"msg\":\"e\"}]}\n\n"
                        "event: state\ndata: {\"status\":\"succeeded\",\"exit_code\":0,"
                        "\"last_id\":1099511627778}\n\n");
}

struct attempts {
    char text[16];
    unsigned attempt;
    int gaps;
};

static int note_line(const errand_log_line *line, void *user)
{
    (void)strncat(((struct attempts *)user)->text, line->bytes, 1);
    return 0;
}

static int note_attempt(const errand_status_event *event, void *user)
{
    ((struct attempts *)user)->attempt = event->attempt;
    return 0;
}

static int note_gap(int64_t first_id, int64_t last_id, void *user)
{
    (void)first_id;
    (void)last_id;
    ((struct attempts *)user)->gaps++;
    return 0;
}

/* faults_left: 0 on one connection, 1 cut before the second attempt, 2 cut and no status. */
static void test_follow__goes_on_with_the_next_attempt(void **state)
{
    (void)state;
    for (unsigned variant = 0; variant < 3; variant++) {
        struct script script = {.faults_left = variant};
        struct attempts seen = {.gaps = 0};
        errand_follow_options options = ERRAND_FOLLOW_OPTIONS_INIT;
        errand_follow_result result = ERRAND_FOLLOW_RESULT_INIT;
        struct fake_api *api = fake_api_start(trying_again, &script);
        errand_client *client = make_client(api);
        errand_error error;

        options.on_line = note_line;
        options.on_status = note_attempt;
        options.on_gap = note_gap;
        options.user = &seen;
        options.first_delay_ms = 1;
        assert_int_equal(errand_follow(client, RUN_ID, &options, &result, &error),
                         ERRAND_END_FINISHED);
        assert_string_equal(seen.text, "abcde");
        assert_int_equal(seen.gaps, 0);
        assert_int_equal(seen.attempt, variant == 2 ? 0 : 2);
        assert_true(result.last_id == ATTEMPT_2 + 2);
        errand_client_free(client);
        assert_int_equal(fake_api_stop(api), variant == 0 ? 1 : 2);
    }
}

static void waiting(int fd, const struct fake_request *request, void *user)
{
    struct script *script = user;

    if (strstr(request->target, "/logs/stream") == NULL) {
        fake_answer(fd, 200, "",
                    "{\"run\":{\"id\":\"r\",\"status\":\"succeeded\",\"exit_code\":0}}");
        return;
    }
    if (fake_query(request, "after_id", 0) != 9007199254740991)
        script->wrong_request = 1;
    fake_stream(fd);
    if (script->faults_left > 0)
        script->faults_left--;
    else
        send_state(fd);
}

static void test_wait__asks_for_no_lines_and_gets_the_run(void **state)
{
    struct script script = {.faults_left = 2};
    struct fake_api *api = fake_api_start(waiting, &script);
    errand_client *client = make_client(api);
    errand_run *run = NULL;
    errand_error error;
    int code = -1;

    (void)state;
    assert_int_equal(errand_run_wait(client, RUN_ID, NULL, &run, &error), ERRAND_END_FINISHED);
    assert_int_equal(errand_run_get_status(run), ERRAND_RUN_SUCCEEDED);
    assert_true(errand_run_exit_code(run, &code));
    assert_int_equal(code, 0);
    assert_false(script.wrong_request);
    errand_run_free(run);
    errand_client_free(client);
    assert_int_equal(fake_api_stop(api), 4);
}

TEST_MAIN(cmocka_unit_test(test_follow__loses_and_repeats_nothing),
          cmocka_unit_test(test_follow__tells_of_a_gap_that_stays),
          cmocka_unit_test(test_follow__a_lasting_refusal_ends_it),
          cmocka_unit_test(test_follow__gives_up_in_the_end),
          cmocka_unit_test(test_follow__is_canceled_from_another_thread),
          cmocka_unit_test(test_follow__stops_at_the_line_a_callback_says),
          cmocka_unit_test(test_follow__a_callback_may_use_the_client),
          cmocka_unit_test(test_follow__a_slow_callback_is_no_silence),
          cmocka_unit_test(test_follow__says_when_nothing_comes),
          cmocka_unit_test(test_follow__goes_on_with_the_next_attempt),
          cmocka_unit_test(test_wait__asks_for_no_lines_and_gets_the_run))
