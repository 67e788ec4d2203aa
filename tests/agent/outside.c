/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/outside.h"

#include "support/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/defer.h"

static pid_t outside;

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    print_error("outside: %s: %s\n", what, strerror(errno));
    _exit(1);
}

bool outside_shell(const char *line)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        (void)execl("/bin/sh", "sh", "-c", line, NULL);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static int listen_at(int port)
{
    static const int one = 1;
    const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0, "socket");
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    must(bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0, "bind");
    must(listen(fd, 16) == 0, "listen");
    return fd;
}

static void serve(int port) __attribute__((noreturn));

static void serve(int port)
{
    int listener = listen_at(port);
    for (;;) {
        struct sockaddr_in peer;
        socklen_t n = sizeof(peer);
        char text[INET_ADDRSTRLEN];
        CLEANUP(fd_closep) int fd = accept(listener, (struct sockaddr *)&peer, &n);
        if (fd < 0 || inet_ntop(AF_INET, &peer.sin_addr, text, INET_ADDRSTRLEN) == NULL)
            continue;
        (void)dprintf(fd, "%s\n", text);
    }
}

/* A child in a namespace of its own if `apart`; returns once that is made. */
static pid_t start_server(bool apart, int port)
{
    int ready[2];
    char byte = 0;
    must(pipe(ready) == 0, "pipe");
    pid_t pid = fork();
    must(pid >= 0, "fork");
    if (pid == 0) {
        must(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0, "prctl");
        must(!apart || unshare(CLONE_NEWNET) == 0, "unshare");
        must(write(ready[1], &byte, 1) == 1, "write");
        (void)close(ready[0]);
        (void)close(ready[1]);
        serve(port);
    }
    (void)close(ready[1]);
    must(read(ready[0], &byte, 1) == 1, "a server");
    (void)close(ready[0]);
    return pid;
}

void outside_make(void)
{
    char line[1024];
    must(unshare(CLONE_NEWNET) == 0, "make a network namespace");
    outside = start_server(true, OUTSIDE_PORT);
    must(snprintf(line, sizeof(line),
                  "set -e; ip link set lo up; ip link add out0 type veth peer name out1 netns %d; "
                  "ip addr add " MACHINE_ADDRESS "/24 dev out0; ip link set out0 up; "
                  "ip route add " METADATA_ADDRESS " via " OUTSIDE_ADDRESS "; "
                  "nsenter -n -t %d sh -ec 'ip link set lo up; ip link set out1 up; "
                  "ip addr add " OUTSIDE_ADDRESS "/24 dev out1; "
                  "ip addr add " METADATA_ADDRESS "/32 dev lo'",
                  (int)outside, (int)outside) > 0,
         "a script");
    must(outside_shell(line), "set up the outside");
    (void)start_server(false, MACHINE_PORT);
    for (int i = 0; i < 100 && !outside_is_answered(OUTSIDE_ADDRESS, OUTSIDE_PORT); i++)
        (void)usleep(10000);
}

pid_t outside_pid(void)
{
    return outside;
}

bool outside_is_answered(const char *address, int port)
{
    static const struct timeval second = {.tv_sec = 1};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    char byte;
    CLEANUP(fd_closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0 && inet_pton(AF_INET, address, &to.sin_addr) == 1, "socket");
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof(second));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
    return connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 && recv(fd, &byte, 1, 0) == 1;
}
