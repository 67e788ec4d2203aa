/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/init_channel.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "drivers/isolation.h"
#include "init/init_protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

int init_channel_open(int *ret_ours, int *ret_theirs, struct err *e)
{
    static const int on = 1;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno(e, errno, "make the channel to init");
    if (fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0 ||
        setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0) {
        int r = err_errno(e, errno, "make the channel to init");
        (void)close(pair[0]);
        (void)close(pair[1]);
        return r;
    }
    *ret_ours = pair[0];
    *ret_theirs = pair[1];
    return 0;
}

static void add_with_nul(struct buf *b, const char *text)
{
    buf_add(b, text == NULL ? "" : text, text == NULL ? 1 : strlen(text) + 1);
}

static void encode_order(struct buf *b, const struct run_spec *spec)
{
    struct init_order header = {
        .argc = (uint32_t)spec->argv.n,
        .envc = (uint32_t)spec->env.n,
        .drop = isolation_of(spec->sandbox)->drops_capabilities,
    };
    buf_add(b, &header, sizeof(header));
    add_with_nul(b, spec->cwd);
    add_with_nul(b, spec->user);
    for (size_t i = 0; i < spec->argv.n; i++)
        add_with_nul(b, spec->argv.items[i]);
    for (size_t i = 0; i < spec->env.n; i++)
        add_with_nul(b, spec->env.items[i]);

    header.text_bytes = (uint32_t)(b->len - sizeof(header));
    if (buf_ok(b))
        memcpy(b->data, &header, sizeof(header));
}

/* A memfd that holds the order. The copy on the heap is wiped. */
static int write_order(const struct run_spec *spec, int *ret_fd, struct err *e)
{
    CLEANUP(buf_done) struct buf order = {0};
    CLEANUP(fd_closep) int fd = memfd_create("order", MFD_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "make the order for init");

    buf_init(&order, RUN_SPEC_MAX_BYTES);
    encode_order(&order, spec);
    ssize_t put = buf_ok(&order) ? write(fd, order.data, order.len) : -1;
    int errnum = buf_ok(&order) ? errno : ENOMEM;
    bool whole = put >= 0 && (size_t)put == order.len;
    if (order.data != NULL)
        explicit_bzero(order.data, order.cap);
    if (!whole)
        return err_errno(e, put < 0 ? errnum : ENOSPC, "write the order for init");
    *ret_fd = TAKE_FD(fd);
    return 0;
}

int init_channel_send_order(int channel_fd, const struct run_spec *spec, int out_fd, int err_fd,
                            struct err *e)
{
    CLEANUP(fd_closep) int order_fd = -1;
    int r = write_order(spec, &order_fd, e);
    if (r < 0)
        return r;

    const int fds[INIT_ORDER_FDS] = {
        [INIT_ORDER_FD_ORDER] = order_fd,
        [INIT_ORDER_FD_STDOUT] = out_fd,
        [INIT_ORDER_FD_STDERR] = err_fd,
    };
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(fds))];
    } control = {0};
    struct init_message message = {.kind = INIT_ORDER};
    struct iovec part = {.iov_base = &message, .iov_len = sizeof(message)};
    struct msghdr header = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof(control.bytes),
    };
    struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(fds));
    memcpy(CMSG_DATA(rights), fds, sizeof(fds));
    if (sendmsg(channel_fd, &header, MSG_NOSIGNAL) < 0)
        return err_errno(e, errno, "send the order to init");
    return 0;
}

void init_channel_send_adopted(int channel_fd)
{
    struct init_message message = {.kind = INIT_ADOPTED};
    (void)send(channel_fd, &message, sizeof(message), MSG_NOSIGNAL);
}

/* Closes descriptors a container has sent, and finds its credentials. */
static pid_t take_control(struct msghdr *header)
{
    pid_t pid = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != SOL_SOCKET)
            continue;
        if (c->cmsg_type == SCM_CREDENTIALS) {
            struct ucred credentials;
            memcpy(&credentials, CMSG_DATA(c), sizeof(credentials));
            pid = credentials.pid;
        }
        for (size_t i = 0;
             c->cmsg_type == SCM_RIGHTS && CMSG_LEN(sizeof(int) * (i + 1)) <= c->cmsg_len; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
            (void)close(fd);
        }
    }
    return pid;
}

static struct init_event event_of(struct init_message *message, pid_t pid)
{
    struct init_event event = {.kind = INIT_EVENT_CLOSED, .pid = pid};
    switch ((enum init_message_kind)message->kind) {
    case INIT_READY:
        if (pid > 0)
            event.kind = INIT_EVENT_READY;
        break;
    case INIT_STARTED:
        event.kind = INIT_EVENT_STARTED;
        break;
    case INIT_FAILED:
        event.kind = INIT_EVENT_FAILED;
        event.exit_code = message->exit_code == INIT_EXIT_NOT_FOUND ? INIT_EXIT_NOT_FOUND
                                                                    : INIT_EXIT_NOT_EXECUTABLE;
        message->text[sizeof(message->text) - 1] = '\0';
        if (utf8_is_valid(message->text, strlen(message->text)))
            memcpy(event.text, message->text, sizeof(event.text));
        break;
    case INIT_ORDER:
    case INIT_ADOPTED:
        break;
    }
    return event;
}

struct init_event init_channel_receive(int channel_fd)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int) * 8)];
    } control;
    struct init_message message = {0};
    struct iovec part = {.iov_base = &message, .iov_len = sizeof(message)};
    struct msghdr header = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof(control.bytes),
    };

    /* ECONNRESET tells, once, that init went without reading all of ours; what it said before is
     * still there. */
    ssize_t got;
    do {
        got = recvmsg(channel_fd, &header, MSG_CMSG_CLOEXEC);
    } while (got < 0 && (errno == EINTR || errno == ECONNRESET));
    if (got < 0 && errno == EAGAIN)
        return (struct init_event){.kind = INIT_EVENT_NONE};
    if (got <= 0)
        return (struct init_event){.kind = INIT_EVENT_CLOSED};
    return event_of(&message, take_control(&header));
}
