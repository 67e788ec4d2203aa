/* SPDX-License-Identifier: Apache-2.0
 *
 * A supervisor with a watchdog, as far as the programs can see one:
 *
 *     supervised LIMIT_MS FILE PROGRAM [ARG...]
 *
 * runs PROGRAM and appends each message it is sent to FILE, a line each. USR1 halts all threads of
 * the program but its first, USR2 lets them go on. TERM is passed on; the program's exit status is
 * this one's.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/parse.h"

#define THREADS_MAX 64

static pid_t halted[THREADS_MAX];
static size_t halted_n;

static void fail(const char *what)
{
    perror(what);
    exit(3);
}

static int open_socket(char *ret_name, size_t size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int n = snprintf(ret_name, size, "@errand-supervised-%d", (int)getpid());
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    memcpy(address.sun_path + 1, ret_name + 1, (size_t)n - 1);
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, len) < 0)
        fail("socket");
    return fd;
}

static pid_t start(const char *socket_name, int64_t limit_ms, char **argv)
{
    char number[32];
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setenv("NOTIFY_SOCKET", socket_name, 1);
    (void)snprintf(number, sizeof(number), "%lld", (long long)limit_ms * 1000);
    (void)setenv("WATCHDOG_USEC", number, 1);
    (void)snprintf(number, sizeof(number), "%d", (int)getpid());
    (void)setenv("WATCHDOG_PID", number, 1);
    (void)execv(argv[0], argv);
    _exit(127);
}

static void halt_threads(pid_t pid)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    for (struct dirent *task; tasks != NULL && (task = readdir(tasks)) != NULL;) {
        int64_t tid = 0;
        if (parse_i64(task->d_name, 1, INT32_MAX, "tid", &tid, NULL) < 0 || tid == pid ||
            halted_n == THREADS_MAX)
            continue;
        if (ptrace(PTRACE_SEIZE, (pid_t)tid, NULL, NULL) < 0 ||
            ptrace(PTRACE_INTERRUPT, (pid_t)tid, NULL, NULL) < 0 ||
            waitpid((pid_t)tid, NULL, __WALL) < 0)
            fail("halt a thread");
        halted[halted_n++] = (pid_t)tid;
    }
    if (tasks != NULL)
        (void)closedir(tasks);
}

static void release_threads(void)
{
    while (halted_n > 0)
        (void)ptrace(PTRACE_DETACH, halted[--halted_n], NULL, NULL);
}

static void note_messages(int fd, FILE *file)
{
    char text[256];
    for (ssize_t n; (n = recv(fd, text, sizeof(text) - 1, 0)) >= 0;) {
        text[n] = '\0';
        (void)fprintf(file, "%s\n", text);
        (void)fflush(file);
    }
}

static void on_signal(int signals, pid_t pid)
{
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGUSR1)
            halt_threads(pid);
        else if (info.ssi_signo == SIGUSR2)
            release_threads();
        else if (info.ssi_signo == SIGTERM)
            (void)kill(pid, SIGTERM);
    }
}

int main(int argc, char **argv)
{
    char name[64];
    int64_t limit_ms = 0;
    if (argc < 4 || parse_i64(argv[1], 1, 1000000, "LIMIT_MS", &limit_ms, NULL) < 0)
        return 2;

    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    struct pollfd fds[] = {
        {.fd = open_socket(name, sizeof(name)), .events = POLLIN},
        {.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), .events = POLLIN}};
    FILE *file = fopen(argv[2], "ae");
    if (file == NULL || fds[1].fd < 0)
        fail(argv[2]);

    pid_t pid = start(name, limit_ms, argv + 3);
    int status = 0;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        (void)poll(fds, 2, -1);
        on_signal(fds[1].fd, pid);
        note_messages(fds[0].fd, file);
    }
    note_messages(fds[0].fd, file);
    (void)fclose(file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
