/* SPDX-License-Identifier: Apache-2.0 */
#include "wake_socket.h"

#include "base/parse.h"
#include "run_spec.h"

#include <uv.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Datagrams taken before the loop goes on with other things. */
#define BURST_MAX 64
#define DATAGRAM_MAX_BYTES 128

struct wake_socket {
    uv_poll_t poll;
    int fd;
    wake_fn *on_wake;
    void *ctx;
};

static const char *const event_names[] = {
    [WAKE_READY] = "ready",
    [WAKE_STARTED] = "started",
    [WAKE_LOG] = "log",
    [WAKE_EXITED] = "exited",
};

static int parse_event(const char *text, size_t n, enum wake_event *ret_event, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(event_names); i++)
        if (strlen(event_names[i]) == n && memcmp(event_names[i], text, n) == 0) {
            *ret_event = (enum wake_event)i;
            return 0;
        }
    return err_set(e, ERR_INVALID, "unknown wake event");
}

int wake_parse(const char *text, size_t n, enum wake_event *ret_event, struct id *ret_run_id,
               uint32_t *ret_attempt, struct err *e)
{
    int64_t attempt = 0;
    const char *space = memchr(text, ' ', n);
    const char *slash = memchr(text, '/', n);
    if (space == NULL || slash == NULL || slash < space)
        return err_set(e, ERR_INVALID, "malformed wake datagram");
    const char *run = space + 1;
    const char *number = slash + 1;
    if (parse_event(text, (size_t)(space - text), ret_event, e) < 0 ||
        id_parse(run, (size_t)(slash - run), ret_run_id, e) < 0)
        return ERR_INVALID;
    bool is_box = *ret_event == WAKE_READY;
    int r = parse_i64_n(number, (size_t)(text + n - number), is_box ? RUN_SPEC_BOX : 1,
                        is_box ? RUN_SPEC_BOX : INT32_MAX, "attempt", &attempt, e);
    if (r < 0)
        return r;
    *ret_attempt = (uint32_t)attempt;
    return 0;
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    const struct wake_socket *socket = poll->data;
    (void)status, (void)events;
    for (int i = 0; i < BURST_MAX; i++) {
        char text[DATAGRAM_MAX_BYTES];
        enum wake_event event;
        struct id run_id;
        uint32_t attempt = 0;
        ssize_t n = recv(socket->fd, text, sizeof(text), MSG_DONTWAIT);
        if (n < 0)
            return;
        if (wake_parse(text, (size_t)n, &event, &run_id, &attempt, NULL) == 0)
            socket->on_wake(socket->ctx, event, run_id, attempt);
    }
}

static void on_closed(uv_handle_t *handle)
{
    struct wake_socket *socket = handle->data;
    (void)close(socket->fd);
    free(socket);
}

static int bind_at(const char *path, int *ret_fd, struct err *e)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t n = strlen(path);
    if (n >= sizeof(address.sun_path))
        return err_set(e, ERR_INVALID,
                       "%.120s is longer than a socket's %zu bytes; choose a shorter data_dir",
                       path, sizeof(address.sun_path) - 1);
    memcpy(address.sun_path, path, n + 1);

    CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_errno(e, errno, "open %s", path);
    (void)unlink(path);
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return err_errno(e, errno, "bind %s", path);
    *ret_fd = TAKE_FD(fd);
    return 0;
}

int wake_socket_open(struct uv_loop_s *loop, const char *path, wake_fn *on_wake, void *ctx,
                     struct wake_socket **ret_socket, struct err *e)
{
    CLEANUP(fd_closep) int fd = -1;
    int rc = bind_at(path, &fd, e);
    if (rc < 0)
        return rc;
    struct wake_socket *socket = calloc(1, sizeof(*socket));
    if (socket == NULL || uv_poll_init(loop, &socket->poll, fd) != 0) {
        free(socket);
        return err_errno(e, ENOMEM, "watch %s", path);
    }
    socket->fd = TAKE_FD(fd);
    socket->on_wake = on_wake;
    socket->ctx = ctx;
    socket->poll.data = socket;
    (void)uv_poll_start(&socket->poll, UV_READABLE, on_ready);
    *ret_socket = socket;
    return 0;
}

void wake_socket_close(struct wake_socket *socket)
{
    if (socket != NULL)
        uv_close((uv_handle_t *)&socket->poll, on_closed);
}
