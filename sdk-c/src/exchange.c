/* SPDX-License-Identifier: Apache-2.0
 *
 * A libcurl transfer driven by curl_multi_poll, which also watches the canceler.
 *
 * The one trick: libcurl's write callback only gathers. What it gathered is handed on between two
 * calls of curl_multi_perform, so a caller's callback may use the same client. Such a nested
 * exchange drives this transfer too: what comes for it meanwhile waits (the transfer is paused),
 * and its end is noted where it is seen.
 */
#include "exchange.h"

#include "cancel.h"
#include "client.h"
#include "clock.h"
#include "failure.h"
#include "fields.h"
#include "memory.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define URL_LIMIT 16384

struct transfer {
    struct errand_exchange *exchange;
    CURL *easy;
    struct curl_slist *headers; /* owned */
    char *url;                  /* owned */
    int64_t heard_ms;           /* when the last byte came, or the transfer began */
    int64_t quiet_ms;           /* when that was, or on_quiet was called */
    int is_handing_on;          /* the gathered bytes are being looked at */
    int is_paused;
    int has_ended;
    CURLcode result; /* once it has ended */
    char curl_message[CURL_ERROR_SIZE];
};

void errand_exchange_init(struct errand_exchange *exchange, const errand_client *client,
                          const char *method, const char *path)
{
    memset(exchange, 0, sizeof(*exchange));
    exchange->method = method;
    exchange->path = path;
    exchange->accept = "application/json";
    errand_buffer_init_in(&exchange->answer, ERRAND_ANSWER_LIMIT, &client->allocator);
}

void errand_exchange_done(struct errand_exchange *exchange)
{
    errand_buffer_done(&exchange->answer);
}

static size_t transfer_write(char *bytes, size_t size, size_t n, void *user)
{
    struct transfer *transfer = user;

    if (transfer->is_handing_on) {
        transfer->is_paused = 1;
        return CURL_WRITEFUNC_PAUSE;
    }
    transfer->heard_ms = errand_clock_ms();
    if (errand_buffer_add(&transfer->exchange->answer, bytes, size * n) < 0)
        return 0;
    return size * n;
}

static int header_add(struct transfer *transfer, const char *line)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, line);

    if (longer == NULL)
        return -1;
    transfer->headers = longer;
    return 0;
}

static int header_add_pair(struct transfer *transfer, const char *name, const char *value)
{
    char line[512];
    int n = snprintf(line, sizeof(line), "%s: %s", name, value);

    return n < 0 || (size_t)n >= sizeof(line) ? -1 : header_add(transfer, line);
}

static int transfer_headers(struct transfer *transfer, const errand_client *client)
{
    const struct errand_exchange *exchange = transfer->exchange;
    int r = header_add_pair(transfer, "Accept", exchange->accept);

    if (r == 0)
        r = header_add(transfer, "Expect:"); /* no round trip before a body */
    if (r == 0) /* without a body: not the form type libcurl would name */
        r = header_add(transfer,
                       exchange->body == NULL ? "Content-Type:" : "Content-Type: application/json");
    if (r == 0 && exchange->idempotency_key != NULL)
        r = header_add_pair(transfer, "Idempotency-Key", exchange->idempotency_key);
    if (r == 0 && client->authorization != NULL && !exchange->anonymous)
        r = header_add(transfer, client->authorization);
    if (r == 0 && client->project != NULL && !exchange->anonymous)
        r = header_add(transfer, client->project);
    return r;
}

static int transfer_url(struct transfer *transfer, const errand_client *client)
{
    struct errand_buffer url;

    errand_buffer_init_in(&url, URL_LIMIT, &client->allocator);
    (void)errand_buffer_add_text(&url, client->base_url);
    (void)errand_buffer_add_text(&url, transfer->exchange->path);
    transfer->url = errand_buffer_take(&url);
    return transfer->url == NULL ? -1 : 0;
}

static void transfer_body(struct transfer *transfer)
{
    const struct errand_exchange *exchange = transfer->exchange;

    if (exchange->body != NULL || strcmp(exchange->method, "POST") == 0) {
        curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS,
                         exchange->body == NULL ? "" : exchange->body);
        curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->n_body);
    }
    curl_easy_setopt(transfer->easy, CURLOPT_CUSTOMREQUEST, exchange->method);
}

/* Who is believed, who is shown to them, and by which way. */
static void transfer_trust(CURL *easy, const errand_client *client)
{
    if (client->ca_file != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, client->ca_file);
    if (client->ca_directory != NULL)
        curl_easy_setopt(easy, CURLOPT_CAPATH, client->ca_directory);
    if (client->certificate_file != NULL)
        curl_easy_setopt(easy, CURLOPT_SSLCERT, client->certificate_file);
    if (client->key_file != NULL)
        curl_easy_setopt(easy, CURLOPT_SSLKEY, client->key_file);
    if (client->insecure) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (client->proxy != NULL)
        curl_easy_setopt(easy, CURLOPT_PROXY, client->proxy);
}

static int transfer_start(struct transfer *transfer, errand_client *client)
{
    CURL *easy = curl_easy_init();

    transfer->easy = easy;
    transfer->heard_ms = errand_clock_ms();
    if (easy == NULL || transfer_headers(transfer, client) < 0 ||
        transfer_url(transfer, client) < 0)
        return -1;
    transfer_body(transfer);
    curl_easy_setopt(easy, CURLOPT_URL, transfer->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, client->user_agent);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->curl_message);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)client->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)transfer->exchange->total_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, transfer_write);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    transfer_trust(easy, client);
    return curl_multi_add_handle(client->multi, easy) == CURLM_OK ? 0 : -1;
}

static void transfer_done(struct transfer *transfer, errand_client *client)
{
    if (transfer->easy != NULL) {
        (void)curl_multi_remove_handle(client->multi, transfer->easy);
        curl_easy_cleanup(transfer->easy);
    }
    curl_slist_free_all(transfer->headers);
    errand_memory_release(&client->allocator, transfer->url);
}

static int http_status(const struct transfer *transfer)
{
    long status = 0;

    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

/* Give what was gathered to whom it is for; his non-zero ends it. */
static int transfer_hand_on(struct transfer *transfer)
{
    struct errand_exchange *exchange = transfer->exchange;
    int r = 0;

    if (exchange->on_bytes == NULL || http_status(transfer) != 200)
        return 0;
    while (r == 0 && exchange->answer.n > 0) {
        transfer->is_handing_on = 1;
        r = exchange->on_bytes(exchange->answer.bytes, exchange->answer.n, exchange->user);
        transfer->is_handing_on = 0;
        errand_buffer_clear(&exchange->answer);
        transfer->heard_ms = errand_clock_ms(); /* time spent over there is not silence */
        if (transfer->is_paused) {
            transfer->is_paused = 0;
            (void)curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
        }
    }
    return r;
}

/* Note every transfer that has ended: another one's may be among them. */
static void note_ends(CURLM *multi)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
        struct transfer *ended = NULL;

        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &ended);
        if (message->msg == CURLMSG_DONE && ended != NULL) {
            ended->has_ended = 1;
            ended->result = message->data.result;
        }
    }
}

/* Until `timeout_ms` after `from_ms`; for ever for none. */
static int left_ms(int64_t from_ms, unsigned timeout_ms)
{
    int64_t left;

    if (timeout_ms == 0)
        return INT_MAX;
    left = from_ms + timeout_ms - errand_clock_ms();
    if (left <= 0)
        return 0;
    return left > INT_MAX ? INT_MAX : (int)left;
}

static int silence_left_ms(const struct transfer *transfer)
{
    return left_ms(transfer->heard_ms, transfer->exchange->silence_timeout_ms);
}

static int quiet_left_ms(struct transfer *transfer)
{
    if (transfer->exchange->on_quiet == NULL)
        return INT_MAX;
    if (transfer->quiet_ms < transfer->heard_ms)
        transfer->quiet_ms = transfer->heard_ms;
    return left_ms(transfer->quiet_ms, transfer->exchange->quiet_ms);
}

/* The caller's non-zero. */
static int tell_quiet(struct transfer *transfer)
{
    int r = transfer->exchange->on_quiet(transfer->exchange->user);

    transfer->quiet_ms = errand_clock_ms();
    return r;
}

static int wait_ms(struct transfer *transfer)
{
    int silence_ms = silence_left_ms(transfer);
    int quiet_ms = transfer->has_ended ? 0 : quiet_left_ms(transfer);

    return silence_ms < quiet_ms ? silence_ms : quiet_ms;
}

/* Run to the end; CURLE_OK, or what went wrong. *ret_end for a stop from outside. */
static CURLcode transfer_loop(struct transfer *transfer, CURLM *multi, int *ret_end)
{
    struct curl_waitfd extra = {errand_canceler_fd(transfer->exchange->canceler), CURL_WAIT_POLLIN,
                                0};
    unsigned n_extra = transfer->exchange->canceler == NULL ? 0 : 1;
    int running = 0;

    for (;;) {
        if (curl_multi_perform(multi, &running) != CURLM_OK)
            return CURLE_FAILED_INIT;
        note_ends(multi);
        if (transfer_hand_on(transfer) != 0) {
            *ret_end = ERRAND_EXCHANGE_STOPPED;
            return CURLE_OK;
        }
        if (transfer->has_ended)
            return transfer->result;
        if (errand_canceler_is_used(transfer->exchange->canceler)) {
            *ret_end = ERRAND_EXCHANGE_CANCELED;
            return CURLE_OK;
        }
        if (silence_left_ms(transfer) == 0) {
            (void)snprintf(transfer->curl_message, sizeof(transfer->curl_message),
                           "nothing was heard for %u ms", transfer->exchange->silence_timeout_ms);
            return CURLE_OPERATION_TIMEDOUT;
        }
        if (quiet_left_ms(transfer) == 0 && tell_quiet(transfer) != 0) {
            *ret_end = ERRAND_EXCHANGE_STOPPED;
            return CURLE_OK;
        }
        (void)curl_multi_poll(multi, &extra, n_extra, wait_ms(transfer), NULL);
    }
}

static void transfer_read_headers(struct transfer *transfer)
{
    struct errand_exchange *exchange = transfer->exchange;
    struct curl_header *header;
    curl_off_t seconds = 0;

    exchange->http_status = http_status(transfer);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &seconds);
    if (seconds > 0)
        exchange->retry_after_ms = seconds > 3600 ? 3600000 : (unsigned)seconds * 1000;
    if (curl_easy_header(transfer->easy, "X-Request-Id", 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
        (void)snprintf(exchange->request_id, sizeof(exchange->request_id), "%s", header->value);
}

/* Nothing that trying again would change. */
static int is_refused_here(CURLcode result)
{
    return result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_CACERT_BADFILE ||
           result == CURLE_SSL_CERTPROBLEM;
}

static int transfer_fail(const struct transfer *transfer, CURLcode result, errand_error *error)
{
    const struct errand_exchange *exchange = transfer->exchange;
    const char *why =
        transfer->curl_message[0] != '\0' ? transfer->curl_message : curl_easy_strerror(result);
    int only_read = strcmp(exchange->method, "GET") == 0;
    int code = only_read ? ERRAND_E_UNAVAILABLE : ERRAND_E_UNCERTAIN;

    if (exchange->answer.failed)
        return errand_fail(error, ERRAND_E_LIMIT, "%s %s: the answer is too large",
                           exchange->method, transfer->url);
    if (result == CURLE_COULDNT_CONNECT || result == CURLE_COULDNT_RESOLVE_HOST ||
        result == CURLE_COULDNT_RESOLVE_PROXY)
        code = ERRAND_E_UNAVAILABLE;
    else if (is_refused_here(result))
        code = ERRAND_E_INVALID;
    return errand_fail(error, code, "%s %s: %s", exchange->method, transfer->url, why);
}

int errand_exchange_run(errand_client *client, struct errand_exchange *exchange,
                        errand_error *error)
{
    struct transfer transfer;
    CURLcode result;
    int64_t start_ms = errand_clock_ms();
    int end = ERRAND_EXCHANGE_ANSWERED;

    memset(&transfer, 0, sizeof(transfer));
    transfer.exchange = exchange;
    if (transfer_start(&transfer, client) < 0) {
        transfer_done(&transfer, client);
        return errand_fail(error, ERRAND_E_INTERNAL, "%s %s: cannot set up the transfer",
                           exchange->method, exchange->path);
    }
    result = transfer_loop(&transfer, client->multi, &end);
    transfer_read_headers(&transfer);
    if (result != CURLE_OK)
        end = transfer_fail(&transfer, result, error);
    errand_client_log(client, ERRAND_LOG_DEBUG, "%s %s: %d, %u ms%s%s", exchange->method,
                      exchange->path, exchange->http_status,
                      (unsigned)(errand_clock_ms() - start_ms), result == CURLE_OK ? "" : "; ",
                      result == CURLE_OK ? "" : curl_easy_strerror(result));
    transfer_done(&transfer, client);
    return end;
}

/* "Name must be ...; Image name is missing" from {"errors":[...]}, or the message. */
static void answer_message(const json_t *answer, char *ret_message, size_t n)
{
    size_t count = errand_field_count(answer, "errors");
    size_t used = 0;
    size_t i;

    ret_message[0] = '\0';
    for (i = 0; i < count && used < n; i++) {
        int added = snprintf(ret_message + used, n - used, "%s%s", i == 0 ? "" : "; ",
                             errand_field_item(answer, "errors", i));
        used += added < 0 ? n : (size_t)added;
    }
    if (count == 0)
        (void)snprintf(ret_message, n, "%s", errand_field_text(answer, "message"));
    if (ret_message[0] == '\0')
        (void)snprintf(ret_message, n, "%s", errand_field_text(answer, "error"));
}

int errand_exchange_fail(const struct errand_exchange *exchange, errand_error *error)
{
    json_t *answer = json_loadb(errand_buffer_text(&exchange->answer), exchange->answer.n, 0, NULL);
    int code = errand_code_from_name(errand_field_text(answer, "code"));
    char message[ERRAND_MESSAGE_BYTES];

    answer_message(answer, message, sizeof(message));
    if (code == ERRAND_OK)
        code = errand_code_from_status(exchange->http_status, strcmp(exchange->method, "GET") != 0);
    if (message[0] == '\0')
        (void)snprintf(message, sizeof(message), "%s: the server answered with status %d",
                       exchange->method, exchange->http_status);
    (void)errand_fail(error, code, "%s", message);
    if (error != NULL) {
        error->http_status = exchange->http_status;
        error->retry_after_ms = exchange->retry_after_ms;
        memcpy(error->request_id, exchange->request_id, sizeof(error->request_id));
    }
    json_decref(answer);
    return code;
}
