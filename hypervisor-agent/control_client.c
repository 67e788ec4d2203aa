/* SPDX-License-Identifier: Apache-2.0
 *
 * libcurl must not be called from its own callbacks, so these only note what happened; after each
 * curl_multi_socket_action() the client looks through its calls and tells their owners.
 */
#include "control_client.h"

#include "model/limits.h"
#include "timer.h"

#include <curl/curl.h>
#include <uv.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define CONNECT_TIMEOUT_S 10L
#define POST_TIMEOUT_S 30L
#define STREAM_BUFFER_BYTES ((size_t)LIMIT_ASSIGNMENT_BYTES + 65536)

struct control_call {
    struct control_client *client;
    CURL *easy;
    struct curl_slist *headers;
    struct buf sent;     /* body of the request */
    struct buf received; /* not yet told */
    control_data_fn *data;
    control_done_fn *done;
    void *ctx;
    bool is_over; /* `result` is set */
    CURLcode result;
    struct control_call *next;
};

struct control_client {
    struct uv_loop_s *loop;
    char *api_url;       /* owned; no slash at the end */
    char *ca_file;       /* owned; NULL: the system's */
    char *authorization; /* owned; the whole header line, or NULL */
    CURLM *multi;
    struct timer *timer;        /* owned; libcurl's */
    struct timer *kick;         /* owned; starts what was added */
    struct control_call *calls; /* owned */
    bool is_telling;
};

/* One socket of libcurl's. */
struct watch {
    uv_poll_t poll;
    curl_socket_t fd;
    struct control_client *client;
};

static void call_free(struct control_call *call)
{
    (void)curl_multi_remove_handle(call->client->multi, call->easy);
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    buf_done(&call->sent);
    buf_done(&call->received);
    free(call);
}

static void call_unlink(struct control_call *call)
{
    struct control_call **at = &call->client->calls;
    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
}

void control_call_cancel(struct control_call *call)
{
    if (call == NULL)
        return;
    call_unlink(call);
    call_free(call);
}

static void note_results(struct control_client *client)
{
    int left = 0;
    const CURLMsg *message;
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        struct control_call *call = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        call->is_over = true;
        call->result = message->data.result;
    }
}

static struct control_call *next_to_tell(const struct control_client *client)
{
    for (struct control_call *call = client->calls; call != NULL; call = call->next)
        if (call->is_over || (call->data != NULL && call->received.len > 0))
            return call;
    return NULL;
}

static void tell_data(struct control_call *call)
{
    struct buf bytes = call->received;
    buf_init(&call->received, STREAM_BUFFER_BYTES);
    call->data(call->ctx, bytes.data, bytes.len);
    buf_done(&bytes);
}

static void tell_over(struct control_call *call)
{
    struct control_reply reply = {.error = ""};
    call_unlink(call);
    if (call->result != CURLE_OK) {
        reply.error = curl_easy_strerror(call->result);
    } else {
        (void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &reply.status);
        reply.body = buf_text(&call->received);
        reply.body_n = call->received.len;
    }
    call->done(call->ctx, &reply);
    call_free(call);
}

/* Owners may start and cancel calls meanwhile: look anew after each. */
static void tell_owners(struct control_client *client)
{
    if (client->is_telling)
        return;
    client->is_telling = true;
    note_results(client);
    struct control_call *call;
    while ((call = next_to_tell(client)) != NULL) {
        if (call->data != NULL && call->received.len > 0)
            tell_data(call);
        else
            tell_over(call);
    }
    client->is_telling = false;
}

static void act(struct control_client *client, curl_socket_t fd, int events)
{
    int running = 0;
    (void)curl_multi_socket_action(client->multi, fd, events, &running);
    tell_owners(client);
}

static void on_timer(void *ctx)
{
    act(ctx, CURL_SOCKET_TIMEOUT, 0);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    const struct watch *watch = poll->data;
    int flags = status < 0 ? CURL_CSELECT_ERR : 0;
    flags |= (events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0;
    flags |= (events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0;
    act(watch->client, watch->fd, flags);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static struct watch *watch_new(struct control_client *client, curl_socket_t fd)
{
    struct watch *watch = calloc(1, sizeof(*watch));
    if (watch == NULL || uv_poll_init(client->loop, &watch->poll, fd) != 0) {
        free(watch);
        return NULL;
    }
    watch->client = client;
    watch->fd = fd;
    watch->poll.data = watch;
    (void)curl_multi_assign(client->multi, fd, watch);
    return watch;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
    struct control_client *client = ctx;
    struct watch *watch = socket_ctx;
    (void)easy;

    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL) {
            (void)curl_multi_assign(client->multi, fd, NULL);
            uv_close((uv_handle_t *)&watch->poll, on_closed);
        }
        return 0;
    }
    if (watch == NULL)
        watch = watch_new(client, fd);
    if (watch == NULL)
        return -1;
    int events = ((what & CURL_POLL_IN) != 0 ? UV_READABLE : 0) |
                 ((what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0);
    return uv_poll_start(&watch->poll, events, on_ready) == 0 ? 0 : -1;
}

static int on_timeout_wanted(CURLM *multi, long ms, void *ctx)
{
    struct control_client *client = ctx;
    (void)multi;
    if (ms < 0)
        timer_stop(client->timer);
    else
        timer_start(client->timer, (uint64_t)ms);
    return 0;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *ctx)
{
    struct control_call *call = ctx;
    long status = 0;
    n *= size;
    (void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    if (call->data != NULL && status != 200)
        return n;
    buf_add(&call->received, bytes, n);
    return buf_ok(&call->received) ? n : 0;
}

int control_client_new(struct uv_loop_s *loop, const char *api_url, const char *ca_file,
                       struct control_client **ret_client, struct err *e)
{
    if (strncmp(api_url, "http://", 7) != 0 && strncmp(api_url, "https://", 8) != 0)
        return err_set(e, ERR_INVALID, "api_url must start with http:// or https://");

    struct control_client *client = calloc(1, sizeof(*client));
    if (client == NULL)
        return err_errno(e, ENOMEM, "control client");
    size_t n = strlen(api_url);
    while (n > 0 && api_url[n - 1] == '/')
        n--;
    client->loop = loop;
    client->api_url = strndup(api_url, n);
    client->ca_file = ca_file == NULL ? NULL : strdup(ca_file);
    client->multi = curl_multi_init();
    client->timer = timer_new(loop, on_timer, client);
    client->kick = timer_new(loop, on_timer, client);
    if (client->api_url == NULL || (client->ca_file == NULL) != (ca_file == NULL) ||
        client->multi == NULL || client->timer == NULL || client->kick == NULL) {
        control_client_free(client);
        return err_errno(e, ENOMEM, "control client");
    }
    (void)curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    (void)curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timeout_wanted);
    (void)curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    *ret_client = client;
    return 0;
}

void control_client_free(struct control_client *client)
{
    if (client == NULL)
        return;
    while (client->calls != NULL)
        control_call_cancel(client->calls);
    if (client->multi != NULL)
        (void)curl_multi_cleanup(client->multi);
    timer_free(client->timer);
    timer_free(client->kick);
    if (client->authorization != NULL)
        explicit_bzero(client->authorization, strlen(client->authorization));
    free(client->authorization);
    free(client->api_url);
    free(client->ca_file);
    free(client);
}

int control_client_set_bearer(struct control_client *client, const char *token, struct err *e)
{
    char *line = NULL;
    if (asprintf(&line, "Authorization: Bearer %s", token) < 0)
        return err_errno(e, ENOMEM, "control client");
    if (client->authorization != NULL)
        explicit_bzero(client->authorization, strlen(client->authorization));
    free(client->authorization);
    client->authorization = line;
    return 0;
}

static bool add_header(struct control_call *call, const char *line)
{
    struct curl_slist *headers = curl_slist_append(call->headers, line);
    if (headers == NULL)
        return false;
    call->headers = headers;
    return true;
}

static bool set_up(struct control_call *call, const char *path)
{
    const struct control_client *client = call->client;
    CLEANUP(freep) char *url = NULL;
    if (asprintf(&url, "%s%s", client->api_url, path) < 0) {
        url = NULL;
        return false;
    }
    /* No "Expect: 100-continue": it would cost a round trip. */
    if (!add_header(call, "Expect:") ||
        (client->authorization != NULL && !add_header(call, client->authorization)))
        return false;
    (void)curl_easy_setopt(call->easy, CURLOPT_URL, url);
    if (client->ca_file != NULL)
        (void)curl_easy_setopt(call->easy, CURLOPT_CAINFO, client->ca_file);
    (void)curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call);
    (void)curl_easy_setopt(call->easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(call->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(call->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(call->easy, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
    (void)curl_easy_setopt(call->easy, CURLOPT_USERAGENT, "errand-agent/" ERRAND_VERSION_TEXT);
    (void)curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
    return true;
}

static struct control_call *call_new(struct control_client *client, const char *path,
                                     control_done_fn *done, void *ctx)
{
    struct control_call *call = calloc(1, sizeof(*call));
    if (call == NULL)
        return NULL;
    call->client = client;
    call->done = done;
    call->ctx = ctx;
    buf_init(&call->sent, 0);
    buf_init(&call->received, LIMIT_BODY_BYTES);
    call->easy = curl_easy_init();
    if (call->easy == NULL || !set_up(call, path)) {
        call_free(call);
        return NULL;
    }
    return call;
}

/* Not from here, but when the loop next turns: callers may be in a callback. */
static struct control_call *call_start(struct control_call *call)
{
    (void)curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
    if (curl_multi_add_handle(call->client->multi, call->easy) != CURLM_OK) {
        call_free(call);
        return NULL;
    }
    call->next = call->client->calls;
    call->client->calls = call;
    timer_start(call->client->kick, 0);
    return call;
}

struct control_call *control_client_post(struct control_client *client, const char *path,
                                         const char *content_type, struct buf *body,
                                         control_done_fn *done, void *ctx)
{
    char type[128];
    struct control_call *call = call_new(client, path, done, ctx);
    (void)snprintf(type, sizeof(type), "Content-Type: %s", content_type);
    if (call == NULL)
        return NULL;
    if (!add_header(call, type)) {
        call_free(call);
        return NULL;
    }
    call->sent = *body;
    buf_init(body, body->max_bytes);
    (void)curl_easy_setopt(call->easy, CURLOPT_TIMEOUT, POST_TIMEOUT_S);
    (void)curl_easy_setopt(call->easy, CURLOPT_POST, 1L);
    (void)curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->sent.len);
    (void)curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, call->sent.data);
    return call_start(call);
}

struct control_call *control_client_stream(struct control_client *client, const char *path,
                                           control_data_fn *data, control_done_fn *done, void *ctx)
{
    struct control_call *call = call_new(client, path, done, ctx);
    if (call == NULL)
        return NULL;
    buf_done(&call->received);
    buf_init(&call->received, STREAM_BUFFER_BYTES);
    call->data = data;
    return call_start(call);
}
