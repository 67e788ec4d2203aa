/* SPDX-License-Identifier: Apache-2.0
 *
 * One datagram socket a program.
 */
#include "stack/notify.h"

#include "complain.h"
#include "moment.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int notify_open(struct notify *notify, const char *path, const struct account *sender)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    notify->fd = -1;
    if (strlen(path) >= sizeof(address.sun_path))
        return complain("socket path is too long: %s", path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    memcpy(notify->path, path, strlen(path) + 1);
    (void)unlink(path);
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (notify->fd < 0 || bind(notify->fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        chmod(path, 0600) < 0 || (sender != NULL && chown(path, sender->uid, sender->gid) < 0))
        return complain_errno("listen on %s", path);
    return 0;
}

void notify_close(struct notify *notify)
{
    if (notify->fd < 0)
        return;
    (void)close(notify->fd);
    (void)unlink(notify->path);
    notify->fd = -1;
}

/* Take all that has come: 1 when READY=1 was a line of it. */
static int heard_ready(int fd)
{
    char text[4096];
    ssize_t n;
    int ready = 0;

    while ((n = recv(fd, text, sizeof(text) - 1, 0)) >= 0) {
        text[n] = '\0';
        ready |= strncmp(text, "READY=1", 7) == 0 || strstr(text, "\nREADY=1") != NULL;
    }
    return ready;
}

enum notify_result notify_wait(const struct notify *notify, int pidfd, int timeout_ms)
{
    struct pollfd waiting[] = {{notify->fd, POLLIN, 0}, {pidfd, POLLIN, 0}};
    int64_t end_us = moment_us() + timeout_ms * INT64_C(1000);

    for (;;) {
        int64_t left_us = end_us - moment_us();

        if (left_us <= 0)
            return NOTIFY_SILENT;
        if (poll(waiting, 2, (int)(left_us / 1000 + 1)) < 0 && errno != EINTR)
            return NOTIFY_SILENT;
        if (heard_ready(notify->fd))
            return NOTIFY_READY;
        if (waiting[1].revents != 0)
            return NOTIFY_GONE;
    }
}
