/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/control.h"

#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WORD_BYTES 32

int control_open(int *ret_fd, struct err *e)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = CONTROL_SOCKET};
    CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return err_errno(e, errno, "listen on " CONTROL_SOCKET);
    *ret_fd = TAKE_FD(fd);
    return 0;
}

static bool is_lease(const char *word, uint32_t *ret_ms)
{
    static const char prefix[] = "lease ";
    int64_t ms = 0;
    if (strncmp(word, prefix, strlen(prefix)) != 0 ||
        parse_i64(word + strlen(prefix), 0, UINT32_MAX, "lease", &ms, NULL) < 0)
        return false;
    *ret_ms = (uint32_t)ms;
    return true;
}

/* The one descriptor of a message; others than one are closed. */
static int take_fd(struct msghdr *header)
{
    int fd = -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; CMSG_LEN(sizeof(int) * (i + 1)) <= c->cmsg_len; i++) {
            if (fd >= 0)
                (void)close(fd);
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
        }
    }
    return fd;
}

static enum control_word parse_word(const char *word, uint32_t *ret_lease_ms)
{
    if (strcmp(word, "stop") == 0)
        return CONTROL_STOP;
    if (strcmp(word, "kill") == 0)
        return CONTROL_KILL;
    if (strcmp(word, "run") == 0)
        return CONTROL_RUN;
    return is_lease(word, ret_lease_ms) ? CONTROL_LEASE : CONTROL_NOTHING;
}

struct control_order control_receive(int fd)
{
    struct control_order order = {.word = CONTROL_NOTHING, .spec_fd = -1};
    char word[WORD_BYTES] = "";
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {.iov_base = word, .iov_len = sizeof(word) - 1};
    struct msghdr header = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof(control.bytes),
    };
    ssize_t got = recvmsg(fd, &header, MSG_CMSG_CLOEXEC);
    if (got < 0)
        return order;
    CLEANUP(fd_closep) int sent = take_fd(&header);
    word[strcspn(word, "\n")] = '\0';
    order.word = parse_word(word, &order.lease_ms);
    if (order.word == CONTROL_RUN)
        order.spec_fd = TAKE_FD(sent);
    return order;
}

/* -1: no descriptor. */
static int send_word(const char *run_dir, const char *word, int sent, struct err *e)
{
    CLEANUP(fd_closep) int dir = open(run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (dir < 0 || fd < 0)
        return err_errno(e, errno, "open %s", run_dir);

    /* the run dir's own path may be longer than sun_path */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" CONTROL_SOCKET,
                 dir) < 0)
        return err_set(e, ERR_INTERNAL, "name the control socket");
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec part = {.iov_base = (void *)(uintptr_t)word, .iov_len = strlen(word)};
    struct msghdr header = {
        .msg_name = &address,
        .msg_namelen = sizeof(address),
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = sent >= 0 ? control.bytes : NULL,
        .msg_controllen = sent >= 0 ? sizeof(control.bytes) : 0,
    };
    if (sent >= 0) {
        struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(rights), &sent, sizeof(int));
    }
    if (sendmsg(fd, &header, MSG_NOSIGNAL) < 0)
        return err_errno(e, errno, "tell the shim in %s to %s", run_dir, word);
    return 0;
}

int control_send(const char *run_dir, const char *word, struct err *e)
{
    return send_word(run_dir, word, -1, e);
}

int control_send_run(const char *run_dir, int spec_fd, struct err *e)
{
    return send_word(run_dir, "run", spec_fd, e);
}
