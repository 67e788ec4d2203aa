/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/fake_engine.h"

#include "support/test.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define REQUEST_MAX_BYTES 65536
#define TURN_MS 20

struct fake_engine {
    const struct fake_answer *answers;
    int listen_fd;
    pthread_t thread;
    pthread_mutex_t lock; /* over all below */
    bool is_over;
    bool lets_go;
    int kept[CONNECTIONS_MAX];
    size_t kept_n;
    char lines[CONNECTIONS_MAX][160];
    size_t lines_n;
};

/* Header and body, so that closing does not reset the connection. */
static size_t read_request(int fd, char *bytes, size_t size)
{
    size_t n = 0;
    size_t wanted = SIZE_MAX;
    while (n < wanted && n + 1 < size) {
        ssize_t got = read(fd, bytes + n, size - 1 - n);
        if (got <= 0)
            break;
        n += (size_t)got;
        bytes[n] = '\0';
        const char *end = strstr(bytes, "\r\n\r\n");
        const char *length = strstr(bytes, "Content-Length: ");
        if (end != NULL && length != NULL)
            wanted = (size_t)(end + 4 - bytes) + (size_t)strtoull(length + 16, NULL, 10);
    }
    bytes[n] = '\0';
    return n;
}

static const struct fake_answer *find(const struct fake_engine *engine, const char *line)
{
    const struct fake_answer *answer = engine->answers;
    while (answer->match != NULL && strstr(line, answer->match) == NULL)
        answer++;
    return answer;
}

static void serve(struct fake_engine *engine, int fd)
{
    static const char unknown[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}";
    static char request[REQUEST_MAX_BYTES];
    if (read_request(fd, request, sizeof(request)) == 0) {
        (void)close(fd);
        return;
    }
    request[strcspn(request, "\r")] = '\0';
    const struct fake_answer *answer = find(engine, request);
    const char *text = answer->match != NULL ? answer->text : unknown;
    size_t n = answer->n != 0 ? answer->n : strlen(text);

    (void)pthread_mutex_lock(&engine->lock);
    if (engine->lines_n < CONNECTIONS_MAX)
        (void)snprintf(engine->lines[engine->lines_n++], sizeof(engine->lines[0]), "%.150s",
                       request);
    bool stays = answer->stays && !engine->lets_go && engine->kept_n < CONNECTIONS_MAX;
    if (stays)
        engine->kept[engine->kept_n++] = fd;
    (void)pthread_mutex_unlock(&engine->lock);
    if (send(fd, text, n, MSG_NOSIGNAL) < 0 || !stays)
        (void)shutdown(fd, SHUT_RDWR);
    if (!stays)
        (void)close(fd);
}

static bool is_over(struct fake_engine *engine)
{
    (void)pthread_mutex_lock(&engine->lock);
    bool over = engine->is_over;
    (void)pthread_mutex_unlock(&engine->lock);
    return over;
}

static void *run(void *ctx)
{
    struct fake_engine *engine = ctx;
    while (!is_over(engine)) {
        struct pollfd fd = {.fd = engine->listen_fd, .events = POLLIN};
        if (poll(&fd, 1, TURN_MS) != 1)
            continue;
        int connection = accept(engine->listen_fd, NULL, NULL);
        if (connection >= 0)
            serve(engine, connection);
    }
    return NULL;
}

struct fake_engine *fake_engine_start(const char *path, const struct fake_answer *answers)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct fake_engine *engine = calloc(1, sizeof(*engine));
    assert_non_null(engine);
    assert_true(strlen(path) < sizeof(address.sun_path));
    memcpy(address.sun_path, path, strlen(path) + 1);
    (void)unlink(path);
    engine->answers = answers;
    engine->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(engine->listen_fd >= 0);
    assert_int_equal(bind(engine->listen_fd, (const struct sockaddr *)&address, sizeof(address)),
                     0);
    assert_int_equal(listen(engine->listen_fd, 16), 0);
    assert_int_equal(pthread_mutex_init(&engine->lock, NULL), 0);
    assert_int_equal(pthread_create(&engine->thread, NULL, run, engine), 0);
    return engine;
}

void fake_engine_let_go(struct fake_engine *engine)
{
    (void)pthread_mutex_lock(&engine->lock);
    engine->lets_go = true;
    for (size_t i = 0; i < engine->kept_n; i++)
        (void)close(engine->kept[i]);
    engine->kept_n = 0;
    (void)pthread_mutex_unlock(&engine->lock);
}

int fake_engine_count(struct fake_engine *engine, const char *match)
{
    int n = 0;
    (void)pthread_mutex_lock(&engine->lock);
    for (size_t i = 0; i < engine->lines_n; i++)
        n += strstr(engine->lines[i], match) != NULL;
    (void)pthread_mutex_unlock(&engine->lock);
    return n;
}

void fake_engine_stop(struct fake_engine *engine)
{
    fake_engine_let_go(engine);
    (void)pthread_mutex_lock(&engine->lock);
    engine->is_over = true;
    (void)pthread_mutex_unlock(&engine->lock);
    (void)pthread_join(engine->thread, NULL);
    (void)close(engine->listen_fd);
    (void)pthread_mutex_destroy(&engine->lock);
    free(engine);
}
