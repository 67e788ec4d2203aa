/* SPDX-License-Identifier: Apache-2.0
 *
 * fork and exec. A pipe that closes on exec tells the parent what went wrong before it.
 *
 * The program's file is opened as root and run by descriptor when its path is closed to the account
 * it runs as: a checkout in /root serves an unprivileged server this way.
 */
#include "stack/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENVIRONMENT_MAX 128

/* What of our environment a program of the stack gets to see. */
static int is_passed_on(const char *variable)
{
    static const char *const kept[] = {
        "ERRAND_",       "http_proxy=",   "https_proxy=",   "no_proxy=",
        "HTTP_PROXY=",   "HTTPS_PROXY=",  "NO_PROXY=",      "SSL_CERT_",
        "ASAN_OPTIONS=", "LSAN_OPTIONS=", "UBSAN_OPTIONS=", "TSAN_OPTIONS="};
    static const char *const ours[] = {"ERRAND_URL=",     "ERRAND_TOKEN=",   "ERRAND_PROJECT=",
                                       "ERRAND_CA_FILE=", "ERRAND_CONTEXT=", "ERRAND_CONFIG="};

    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        if (strncmp(variable, ours[i], strlen(ours[i])) == 0)
            return 0;
    }
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (strncmp(variable, kept[i], strlen(kept[i])) == 0)
            return 1;
    }
    return 0;
}

static void build_environment(const char *notify, char *ret_environment[ENVIRONMENT_MAX])
{
    static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    static char locale[] = "LC_ALL=C.UTF-8";
    static char home[] = "HOME=/";
    static char notify_socket[sizeof("NOTIFY_SOCKET=") + 128];
    size_t n = 0;

    ret_environment[n++] = path;
    ret_environment[n++] = locale;
    ret_environment[n++] = home;
    if (notify != NULL) {
        (void)snprintf(notify_socket, sizeof(notify_socket), "NOTIFY_SOCKET=%s", notify);
        ret_environment[n++] = notify_socket;
    }
    for (char **variable = environ; *variable != NULL && n < ENVIRONMENT_MAX - 1; variable++) {
        if (is_passed_on(*variable))
            ret_environment[n++] = *variable;
    }
    ret_environment[n] = NULL;
}

static void reset_signals(void)
{
    sigset_t none;

    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL);
}

/* exec*() takes its arguments without const, and changes nothing. */
static char *const *exec_argv(const char *const *argv)
{
    const union {
        const char *const *ours;
        char *const *theirs;
    } same = {argv};

    return same.theirs;
}

/* In the child, up to the program. Returns only when that failed, with errno. */
static void become(const struct spawn *spawn, int program_fd, char *const *environment)
{
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (spawn->is_daemon && setsid() < 0)
        return;
    reset_signals();
    if (dup2(spawn->stdin_fd >= 0 ? spawn->stdin_fd : null_fd, STDIN_FILENO) < 0 ||
        dup2(spawn->stdout_fd >= 0 ? spawn->stdout_fd : null_fd, STDOUT_FILENO) < 0 ||
        dup2(spawn->stderr_fd >= 0 ? spawn->stderr_fd : null_fd, STDERR_FILENO) < 0)
        return;
    (void)umask(077);
    if (chdir("/") < 0 || (spawn->account != NULL && account_become(spawn->account) < 0))
        return;
    (void)execve(spawn->program, exec_argv(spawn->argv), environment);
    if (errno == EACCES || errno == ENOENT)
        (void)fexecve(program_fd, exec_argv(spawn->argv), environment);
}

int spawn_start(const struct spawn *spawn, pid_t *ret_pid)
{
    char *environment[ENVIRONMENT_MAX];
    int program_fd = open(spawn->program, O_RDONLY | O_CLOEXEC);
    int failure[2];
    int errnum = 0;
    pid_t pid;

    if (program_fd < 0)
        return -1;
    if (pipe2(failure, O_CLOEXEC) < 0) {
        (void)close(program_fd);
        return -1;
    }
    build_environment(spawn->notify_socket, environment);
    pid = fork();
    if (pid == 0) {
        become(spawn, program_fd, environment);
        errnum = errno;
        (void)!write(failure[1], &errnum, sizeof(errnum));
        _exit(127);
    }
    if (pid < 0)
        errnum = errno;
    (void)close(failure[1]);
    (void)close(program_fd);
    if (pid > 0 && read(failure[0], &errnum, sizeof(errnum)) > 0)
        (void)waitpid(pid, NULL, 0);
    (void)close(failure[0]);
    *ret_pid = pid;
    errno = errnum;
    return errnum == 0 ? 0 : -1;
}

static void read_all(int fd, char *ret_output, size_t n)
{
    char ignored[4096];
    size_t used = 0;
    ssize_t got;

    for (;;) {
        got = used + 1 < n ? read(fd, ret_output + used, n - 1 - used)
                           : read(fd, ignored, sizeof(ignored));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        if (used + 1 < n)
            used += (size_t)got;
    }
    ret_output[used] = '\0';
}

int spawn_run(struct spawn *spawn, char *ret_output, size_t n)
{
    int output[2] = {-1, -1};
    int status = 0;
    pid_t pid;
    int r;

    if (ret_output != NULL && pipe2(output, O_CLOEXEC) < 0)
        return -1;
    if (ret_output != NULL)
        spawn->stdout_fd = output[1];
    r = spawn_start(spawn, &pid);
    if (ret_output != NULL) {
        int errnum = errno;

        (void)close(output[1]);
        if (r == 0)
            read_all(output[0], ret_output, n);
        (void)close(output[0]);
        errno = errnum;
    }
    if (r < 0)
        return -1;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
