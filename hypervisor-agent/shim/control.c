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

enum control_word control_receive(int fd, uint32_t *ret_lease_ms)
{
    char word[WORD_BYTES] = "";
    ssize_t got = recv(fd, word, sizeof(word) - 1, 0);
    if (got <= 0)
        return CONTROL_NOTHING;
    word[strcspn(word, "\n")] = '\0';
    if (strcmp(word, "stop") == 0)
        return CONTROL_STOP;
    if (is_lease(word, ret_lease_ms))
        return CONTROL_LEASE;
    return strcmp(word, "kill") == 0 ? CONTROL_KILL : CONTROL_NOTHING;
}

int control_send(const char *run_dir, const char *word, struct err *e)
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
    if (sendto(fd, word, strlen(word), MSG_NOSIGNAL, (const struct sockaddr *)&address,
               sizeof(address)) < 0)
        return err_errno(e, errno, "tell the shim in %s to %s", run_dir, word);
    return 0;
}
