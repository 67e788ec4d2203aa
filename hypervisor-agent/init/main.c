/* SPDX-License-Identifier: Apache-2.0
 *
 * errand-init: PID 1 of a container. Waits for its order, starts the command, passes signals on to
 * it, reaps whatever is orphaned, and ends with the command's exit code, which ends the container.
 *
 * Static, small and without sanitizers: it runs inside strangers' root file systems. It prints
 * nothing; its words go over the channel (init_protocol.h).
 */
#include "command.h"
#include "init_protocol.h"
#include "order.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NO_DRIVER 125

static bool say(const struct init_message *message)
{
    ssize_t put;
    do {
        put = send(INIT_CHANNEL_FD, message, sizeof(*message), MSG_NOSIGNAL);
    } while (put < 0 && errno == EINTR);
    return put >= 0;
}

static bool say_kind(enum init_message_kind kind)
{
    return say(&(struct init_message){.kind = (uint8_t)kind});
}

/* Every signal comes through a descriptor; returns it. */
static int signals_open(void)
{
    sigset_t all;
    sigfillset(&all);
    if (sigprocmask(SIG_SETMASK, &all, NULL) < 0)
        return -1;
    return signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Exits when the command has ended. */
static void reap(pid_t command)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != command)
            continue;
        _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    }
}

static void handle_signals(int signals_fd, pid_t command)
{
    struct signalfd_siginfo info;
    while (read(signals_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGCHLD)
            reap(command);
        else
            (void)kill(command, (int)info.ssi_signo);
    }
}

/* False when the driver is gone. */
static bool handle_channel(void)
{
    struct init_message message;
    ssize_t got = recv(INIT_CHANNEL_FD, &message, sizeof(message), 0);
    if (got < 0)
        return errno == EINTR;
    if (got == 0)
        return false;
    if (message.kind == INIT_ADOPTED)
        return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
    return true;
}

static void serve(int signals_fd, pid_t command)
{
    struct pollfd fds[] = {
        {.fd = signals_fd, .events = POLLIN},
        {.fd = INIT_CHANNEL_FD, .events = POLLIN},
    };
    for (;;) {
        if (poll(fds, sizeof(fds) / sizeof(fds[0]), -1) < 0 && errno != EINTR)
            return;
        if (fds[1].revents != 0 && !handle_channel())
            return;
        if (fds[0].revents != 0)
            handle_signals(signals_fd, command);
    }
}

/* Keep the run's streams as our own too: writing to /proc/1/fd/1 is a habit of cron jobs. */
static void take_streams(const struct order *order)
{
    (void)dup2(order->out_fd, STDOUT_FILENO);
    (void)dup2(order->err_fd, STDERR_FILENO);
    (void)close(order->out_fd);
    (void)close(order->err_fd);
}

int main(void)
{
    int signals_fd = signals_open();
    struct order order;
    if (signals_fd < 0 || fcntl(INIT_CHANNEL_FD, F_SETFD, FD_CLOEXEC) < 0 ||
        !say_kind(INIT_READY) || order_receive(INIT_CHANNEL_FD, &order) < 0)
        return EXIT_NO_DRIVER;
    take_streams(&order);

    struct init_message message;
    pid_t command = command_start(&order, &message);
    if (!say(&message) || command < 0)
        return command < 0 ? message.exit_code : EXIT_NO_DRIVER;

    serve(signals_fd, command);
    return EXIT_NO_DRIVER;
}
