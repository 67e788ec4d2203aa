/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocking sockets, one thread.
 */
#include "fake_api.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

struct fake_api {
    pthread_t thread;
    int listener;
    fake_handler *handler;
    void *user;
    unsigned requests;
    char url[64];
};

static void copy(char *to, size_t n_to, const char *from, size_t n)
{
    if (n >= n_to)
        n = n_to - 1;
    memcpy(to, from, n);
    to[n] = '\0';
}

/* Read head and body. 0, or -1 when the client left before. */
static int read_request(int fd, struct fake_request *ret_request)
{
    char text[16384];
    size_t n = 0;
    const char *end = NULL;
    const char *length;
    size_t n_body;

    memset(ret_request, 0, sizeof(*ret_request));
    while (end == NULL || n < (size_t)(end - text) + 4 + n_body) {
        ssize_t got = recv(fd, text + n, sizeof(text) - 1 - n, 0);

        if (got <= 0)
            return -1;
        n += (size_t)got;
        text[n] = '\0';
        end = strstr(text, "\r\n\r\n");
        n_body = 0;
        length = strcasestr(text, "\r\nContent-Length:");
        if (end != NULL && length != NULL && length < end)
            n_body = strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
    }
    length = strchr(text, ' ') + 1;
    copy(ret_request->method, sizeof(ret_request->method), text, (size_t)(length - 1 - text));
    copy(ret_request->target, sizeof(ret_request->target), length, strcspn(length, " "));
    length = strstr(text, "\r\n");
    copy(ret_request->headers, sizeof(ret_request->headers), length, (size_t)(end + 2 - length));
    copy(ret_request->body, sizeof(ret_request->body), end + 4, n_body);
    return 0;
}

int fake_next(struct fake_api *api, struct fake_request *ret_request)
{
    int fd;

    while ((fd = accept4(api->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        if (read_request(fd, ret_request) == 0) {
            ret_request->api = api;
            api->requests++;
            break;
        }
        (void)close(fd);
    }
    return fd;
}

static void *serve(void *user)
{
    struct fake_api *api = user;
    struct fake_request *request = malloc(sizeof(*request));
    int fd;

    assert(request != NULL);
    while ((fd = fake_next(api, request)) >= 0) {
        api->handler(fd, request, api->user);
        (void)close(fd);
    }
    free(request);
    return NULL;
}

struct fake_api *fake_api_start(fake_handler *handler, void *user)
{
    struct fake_api *api = calloc(1, sizeof(*api));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof(address);
    int r;

    assert(api != NULL);
    api->handler = handler;
    api->user = user;
    api->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    r = bind(api->listener, (struct sockaddr *)&address, sizeof(address));
    r |= listen(api->listener, 64);
    r |= getsockname(api->listener, (struct sockaddr *)&address, &n);
    assert(r == 0);
    (void)snprintf(api->url, sizeof(api->url), "http://127.0.0.1:%u",
                   (unsigned)ntohs(address.sin_port));
    r = pthread_create(&api->thread, NULL, serve, api);
    assert(r == 0);
    return api;
}

unsigned fake_api_stop(struct fake_api *api)
{
    unsigned requests;

    (void)shutdown(api->listener, SHUT_RDWR);
    (void)pthread_join(api->thread, NULL);
    (void)close(api->listener);
    requests = api->requests;
    free(api);
    return requests;
}

const char *fake_api_url(const struct fake_api *api)
{
    return api->url;
}

const char *fake_header(const struct fake_request *request, const char *name)
{
    static _Thread_local char value[512];
    char wanted[128];
    const char *found;

    (void)snprintf(wanted, sizeof(wanted), "\r\n%s:", name);
    found = strcasestr(request->headers, wanted);
    if (found == NULL)
        return NULL;
    found += strlen(wanted);
    found += strspn(found, " ");
    copy(value, sizeof(value), found, strcspn(found, "\r"));
    return value;
}

long fake_query(const struct fake_request *request, const char *name, long fallback)
{
    char wanted[64];
    const char *query = strchr(request->target, '?');
    const char *found;

    (void)snprintf(wanted, sizeof(wanted), "%s=", name);
    found = query == NULL ? NULL : strstr(query, wanted);
    return found == NULL ? fallback : (long)strtoll(found + strlen(wanted), NULL, 10);
}

void fake_write(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        bytes += sent;
        n -= (size_t)sent;
    }
}

void fake_write_text(int fd, const char *text)
{
    fake_write(fd, text, strlen(text));
}

void fake_answer(int fd, int status, const char *extra, const char *body)
{
    char head[1024];

    (void)snprintf(head, sizeof(head),
                   "HTTP/1.1 %d Fake\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                   "Connection: close\r\n%s\r\n",
                   status, strlen(body), extra);
    fake_write_text(fd, head);
    fake_write_text(fd, body);
}

void fake_stream(int fd)
{
    fake_write_text(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                        "Connection: close\r\n\r\nretry: 1000\n\n");
}

void fake_wait_closed(int fd)
{
    char ignored[512];

    while (recv(fd, ignored, sizeof(ignored), 0) > 0)
        ;
}

void fake_reset(int fd)
{
    const struct linger at_once = {1, 0};

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}
