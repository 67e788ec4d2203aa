/* SPDX-License-Identifier: Apache-2.0
 *
 * One connection after the other until the final state has come. What is lost with a connection is
 * only what was not yet delivered, and the next one is asked for exactly that.
 */
#include "follow.h"

#include "backoff.h"
#include "client.h"
#include "clock.h"
#include "exchange.h"
#include "failure.h"
#include "url.h"

#include <inttypes.h>
#include <string.h>

#define DEFAULT_READ_TIMEOUT_MS 45000
#define DEFAULT_GIVE_UP_MS 600000
#define DEFAULT_FIRST_DELAY_MS 100
#define DEFAULT_MAX_DELAY_MS 5000
#define DEFAULT_QUIET_MS 1000

/* The largest id the HTTP interface takes: exact in a double. */
#define GREATEST_ID INT64_C(9007199254740991)

/* What a connection came to, beside an errand_end. */
#define FOLLOW_AGAIN 100

struct connection {
    struct follow *follow;
    struct errand_sse sse;
    enum follow_stop stop;
    int64_t heard_ms; /* when something sensible last came, over all connections */
};

static void default_to(unsigned *setting, unsigned value)
{
    if (*setting == 0)
        *setting = value;
}

static int follow_init(struct follow *follow, const errand_follow_options *options,
                       errand_error *error)
{
    const errand_follow_options defaults = ERRAND_FOLLOW_OPTIONS_INIT;
    const errand_follow_result nothing = ERRAND_FOLLOW_RESULT_INIT;
    int r = 0;

    memset(follow, 0, sizeof(*follow));
    follow->options = defaults;
    follow->result = nothing;
    if (options != NULL)
        r = errand_options_copy(&follow->options, sizeof(follow->options), options, error);
    default_to(&follow->options.read_timeout_ms, DEFAULT_READ_TIMEOUT_MS);
    default_to(&follow->options.give_up_ms, DEFAULT_GIVE_UP_MS);
    default_to(&follow->options.first_delay_ms, DEFAULT_FIRST_DELAY_MS);
    default_to(&follow->options.max_delay_ms, DEFAULT_MAX_DELAY_MS);
    default_to(&follow->options.quiet_ms, DEFAULT_QUIET_MS);
    follow->result.last_id = follow->options.after_id;
    return r;
}

static int connection_bytes(const char *bytes, size_t n, void *user)
{
    struct connection *connection = user;
    struct follow *follow = connection->follow;
    int64_t last_id = follow->result.last_id;
    int r = errand_sse_feed(&connection->sse, bytes, n, errand_follow_event, follow);

    if (follow->result.last_id != last_id && follow->options.on_idle != NULL &&
        follow->options.on_idle(follow->options.user) != 0 && r == FOLLOW_GO_ON)
        r = FOLLOW_STOPPED;
    if (r < 0) {
        (void)errand_fail(&follow->fault, ERRAND_E_INTERNAL, "an event is too large");
        r = FOLLOW_FAULT;
    }
    connection->stop = (enum follow_stop)r;
    if (r != FOLLOW_FAULT)
        connection->heard_ms = errand_clock_ms();
    return r;
}

static int connection_quiet(void *user)
{
    struct connection *connection = user;
    struct follow *follow = connection->follow;

    if (follow->options.on_quiet(follow->options.user) == 0)
        return 0;
    connection->stop = FOLLOW_STOPPED;
    return 1;
}

static int is_passing(int http_status)
{
    return http_status >= 500 || http_status == 429 || http_status == 408 || http_status == 425;
}

/* The exchange ended by itself. FOLLOW_AGAIN, or the error that no further try would change. */
static int connection_answered(const struct errand_exchange *exchange, errand_error *error)
{
    int r;

    if (exchange->http_status == 200) {
        (void)errand_fail(error, ERRAND_E_UNAVAILABLE, "the stream ended before the run");
        return FOLLOW_AGAIN;
    }
    r = errand_exchange_fail(exchange, error);
    return is_passing(exchange->http_status) ? FOLLOW_AGAIN : r;
}

static int connection_stopped(const struct connection *connection, errand_error *error)
{
    switch (connection->stop) {
    case FOLLOW_FINISHED:
        return ERRAND_END_FINISHED;
    case FOLLOW_STOPPED:
        return ERRAND_END_STOPPED;
    default:
        if (error != NULL)
            *error = connection->follow->fault;
        return FOLLOW_AGAIN;
    }
}

/* One connection: an errand_end, FOLLOW_AGAIN with its cause in `error`, or a lasting error. */
static int connection_run(struct connection *connection, errand_client *client, const char *path,
                          errand_error *error)
{
    struct follow *follow = connection->follow;
    struct errand_exchange exchange;
    int r;

    errand_sse_reset(&connection->sse);
    errand_error_clear(&follow->fault);
    errand_exchange_init(&exchange, client, "GET", path);
    exchange.accept = "text/event-stream";
    exchange.silence_timeout_ms = follow->options.read_timeout_ms;
    exchange.canceler = follow->options.canceler;
    exchange.on_bytes = connection_bytes;
    exchange.on_quiet = follow->options.on_quiet == NULL ? NULL : connection_quiet;
    exchange.quiet_ms = follow->options.quiet_ms;
    exchange.user = connection;

    r = errand_exchange_run(client, &exchange, error);
    if (r == ERRAND_EXCHANGE_ANSWERED)
        r = connection_answered(&exchange, error);
    else if (r == ERRAND_EXCHANGE_STOPPED)
        r = connection_stopped(connection, error);
    else if (r == ERRAND_EXCHANGE_CANCELED)
        r = ERRAND_END_CANCELED;
    else if (r == ERRAND_E_UNAVAILABLE)
        r = FOLLOW_AGAIN;
    errand_exchange_done(&exchange);
    return r;
}

/* Wait before the next connection: FOLLOW_AGAIN, an errand_end, or the cause's code. */
static int follow_pause(struct follow *follow, const errand_client *client, int64_t silent_ms,
                        const errand_error *cause)
{
    errand_retry_event event;

    follow->failures++;
    event.failures = follow->failures;
    event.delay_ms = errand_backoff_ms(follow->failures, follow->options.first_delay_ms,
                                       follow->options.max_delay_ms, cause->retry_after_ms);
    event.cause = cause;
    if (silent_ms + event.delay_ms > follow->options.give_up_ms)
        return cause->code;
    errand_client_log(client, ERRAND_LOG_WARNING, "follow: %s; again in %u ms after line %" PRId64,
                      errand_error_name(cause->code), event.delay_ms, follow->result.last_id);
    if (follow->options.on_retry != NULL &&
        follow->options.on_retry(&event, follow->options.user) != 0)
        return ERRAND_END_STOPPED;
    if (errand_sleep(event.delay_ms, follow->options.canceler))
        return ERRAND_END_CANCELED;
    follow->result.reconnects++;
    return FOLLOW_AGAIN;
}

static int follow_path(struct errand_buffer *path, const char *run_id, int64_t after_id,
                       errand_error *error)
{
    int r;

    errand_buffer_clear(path);
    r = errand_path_add(path, error, "/v1/runs/{}/logs/stream", run_id);
    errand_path_add_query(path, "batch", 1);
    if (after_id > 0)
        errand_path_add_query(path, "after_id", after_id);
    return r;
}

static int follow_to_the_end(struct follow *follow, errand_client *client, const char *run_id,
                             errand_error *error)
{
    struct connection connection;
    struct errand_buffer path;
    errand_error cause;
    int r;

    memset(&connection, 0, sizeof(connection));
    connection.follow = follow;
    connection.heard_ms = errand_clock_ms();
    errand_sse_init(&connection.sse, ERRAND_ANSWER_LIMIT, &client->allocator);
    errand_buffer_init_in(&path, ERRAND_PATH_LIMIT, &client->allocator);
    errand_error_clear(&cause);
    do {
        r = follow_path(&path, run_id, follow->result.last_id, &cause);
        if (r == 0)
            r = connection_run(&connection, client, path.bytes, &cause);
        if (r == FOLLOW_AGAIN)
            r = follow_pause(follow, client, errand_clock_ms() - connection.heard_ms, &cause);
    } while (r == FOLLOW_AGAIN);
    if (r < 0 && error != NULL)
        *error = cause;
    errand_sse_done(&connection.sse);
    errand_buffer_done(&path);
    return r;
}

int errand_follow(errand_client *client, const char *run_id, const errand_follow_options *options,
                  errand_follow_result *ret_result, errand_error *error)
{
    struct follow follow;
    int r = follow_init(&follow, options, error);

    if (r == 0)
        r = follow_to_the_end(&follow, client, run_id, error);
    if (ret_result != NULL) {
        size_t n = ret_result->struct_size;

        memcpy(ret_result, &follow.result, n < sizeof(follow.result) ? n : sizeof(follow.result));
        ret_result->struct_size = n;
    }
    return r;
}

int errand_run_wait(errand_client *client, const char *run_id, errand_canceler *canceler,
                    errand_run **ret_run, errand_error *error)
{
    errand_follow_options options = ERRAND_FOLLOW_OPTIONS_INIT;
    int r;

    options.after_id = GREATEST_ID; /* no lines, only what becomes of the run */
    options.canceler = canceler;
    r = errand_follow(client, run_id, &options, NULL, error);
    if (r == ERRAND_END_FINISHED && ret_run != NULL)
        r = errand_run_get(client, run_id, ret_run, error);
    return r;
}
