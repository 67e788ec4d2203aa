/* SPDX-License-Identifier: Apache-2.0 */
#include "http_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_BYTES 1024
#define ANSWER_BYTES (1 << 20)

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

int http_connect(int port)
{
    static const int on = 1;
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((unsigned short)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
        fail("connect");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

void http_send(int fd, const void *bytes, size_t n)
{
    const char *at = bytes;
    while (n > 0) {
        ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);
        if (sent <= 0)
            fail("send");
        at += sent;
        n -= (size_t)sent;
    }
}

/* Read one answer with a content-length; its body is at the returned place. */
static char *read_answer(int fd, char *answer, size_t size, int *ret_status, size_t *ret_body_n)
{
    size_t have = 0;
    size_t need = SIZE_MAX;
    char *body = NULL;
    while (have < need) {
        ssize_t n = read(fd, answer + have, size - 1 - have);
        if (n <= 0)
            fail("read an answer");
        have += (size_t)n;
        answer[have] = '\0';
        char *end = body == NULL ? strstr(answer, "\r\n\r\n") : NULL;
        if (end == NULL)
            continue;
        body = end + 4;
        const char *length = strcasestr(answer, "content-length:");
        *ret_body_n = length != NULL && length < end ? strtoul(length + 15, NULL, 10) : 0;
        need = (size_t)(body - answer) + *ret_body_n;
    }
    *ret_status = (int)strtoul(answer + 9, NULL, 10);
    return body;
}

int http_post(int fd, const char *path, const char *token, const char *type, const void *body,
              size_t n, char *ret_body, size_t size)
{
    static char answer[ANSWER_BYTES];
    char head[HEAD_BYTES];
    int head_n = snprintf(head, sizeof(head),
                          "POST %s HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer %s\r\n"
                          "content-type: %s\r\ncontent-length: %zu\r\n\r\n",
                          path, token, type, n);
    http_send(fd, head, (size_t)head_n);
    http_send(fd, body, n);
    int status;
    size_t body_n = 0;
    char *got = read_answer(fd, answer, sizeof(answer), &status, &body_n);
    if (ret_body != NULL)
        (void)snprintf(ret_body, size, "%.*s", (int)body_n, got);
    return status;
}

int http_get(int port, const char *path, const char *token)
{
    char head[HEAD_BYTES];
    int fd = http_connect(port);
    int n = snprintf(head, sizeof(head),
                     "GET %s HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer %s\r\n"
                     "accept: text/event-stream\r\n\r\n",
                     path, token);
    http_send(fd, head, (size_t)n);
    return fd;
}
