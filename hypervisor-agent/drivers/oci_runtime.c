/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/oci_runtime.h"

#include "base/utf8.h"
#include "init/init_protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NO_RUNTIME 125

/* Above every number that is given a meaning below. */
#define FIRST_FREE_FD 10

void oci_runtime_init(struct oci_runtime *runtime)
{
    *runtime = (struct oci_runtime){.pid_fd = -1, .words_fd = -1};
}

static void place(int fd, int number)
{
    if (dup2(fd, number) < 0)
        _exit(EXIT_NO_RUNTIME);
}

/* In the child, which must not touch anything of its parent's. */
static void execute(const char *program, const char *id, int channel_fd, int words_fd)
    __attribute__((noreturn));

static void execute(const char *program, const char *id, int channel_fd, int words_fd)
{
    static const char path[] = "PATH=" INIT_DEFAULT_PATH;
    const char *const argv[] = {
        program, "--root",   OCI_RUNTIME_STATE,
        "run",   "--detach", "--preserve-fds",
        "1",     "--bundle", ".",
        id,      NULL,
    };
    const char *const env[] = {path, NULL};
    sigset_t none;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);

    int channel = fcntl(channel_fd, F_DUPFD, FIRST_FREE_FD);
    int words = fcntl(words_fd, F_DUPFD, FIRST_FREE_FD);
    int nothing = open("/dev/null", O_RDONLY);
    place(nothing, STDIN_FILENO);
    place(words, STDOUT_FILENO);
    place(words, STDERR_FILENO);
    place(channel, INIT_CHANNEL_FD);
    (void)close_range(INIT_CHANNEL_FD + 1, ~0U, 0);

    (void)execve(program, (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)env);
    static const char sorry[] = "cannot execute the container runtime\n";
    ssize_t put = write(STDERR_FILENO, sorry, sizeof(sorry) - 1);
    _exit(put < 0 ? EXIT_NO_RUNTIME + 1 : EXIT_NO_RUNTIME);
}

int oci_runtime_start(struct oci_runtime *runtime, const char *program, const char *id,
                      int channel_fd, struct err *e)
{
    int words[2];
    if (pipe2(words, O_CLOEXEC) < 0)
        return err_errno(e, errno, "start %s", program);
    runtime->words_fd = words[0];
    (void)fcntl(words[0], F_SETFL, O_NONBLOCK);

    pid_t pid = fork();
    if (pid == 0)
        execute(program, id, channel_fd, words[1]);
    int errnum = errno;
    (void)close(words[1]);
    if (pid < 0)
        return err_errno(e, errnum, "start %s", program);

    runtime->pid = pid;
    runtime->pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (runtime->pid_fd < 0)
        return err_errno(e, errno, "watch %s", program);
    return 0;
}

void oci_runtime_read_words(struct oci_runtime *runtime)
{
    char chunk[512];
    ssize_t got;
    while ((got = read(runtime->words_fd, chunk, sizeof(chunk))) > 0) {
        size_t room = sizeof(runtime->said) - 1 - runtime->said_n;
        size_t n = (size_t)got < room ? (size_t)got : room;
        memcpy(runtime->said + runtime->said_n, chunk, n);
        runtime->said_n += n;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        (void)close(runtime->words_fd);
        runtime->words_fd = -1;
    }
}

void oci_runtime_reap(struct oci_runtime *runtime)
{
    if (runtime->ended || waitpid(runtime->pid, &runtime->status, WNOHANG) != runtime->pid)
        return;
    runtime->ended = true;
    if (runtime->words_fd >= 0)
        oci_runtime_read_words(runtime);
}

void oci_runtime_kill(struct oci_runtime *runtime)
{
    if (runtime->pid > 0 && !runtime->ended)
        (void)kill(runtime->pid, SIGKILL);
}

void oci_runtime_complaint(const struct oci_runtime *runtime, char *text, size_t size)
{
    const char *said = runtime->said;
    size_t n = runtime->said_n;
    while (n > 0 && said[n - 1] == '\n')
        n--;
    const char *newline = n == 0 ? NULL : memrchr(said, '\n', n);
    size_t from = newline == NULL ? 0 : (size_t)(newline - said) + 1;

    int len;
    if (n > from && utf8_is_valid(said + from, n - from))
        len = snprintf(text, size, "container runtime: %.*s", (int)(n - from), said + from);
    else if (WIFSIGNALED(runtime->status))
        len = snprintf(text, size, "container runtime: killed by signal %d",
                       WTERMSIG(runtime->status));
    else
        len = snprintf(text, size, "container runtime: exit code %d", WEXITSTATUS(runtime->status));
    if (len < 0)
        text[0] = '\0';
    else if ((size_t)len >= size)
        text[utf8_floor(text, size - 2, size - 1)] = '\0';
}

void oci_runtime_done(struct oci_runtime *runtime)
{
    oci_runtime_kill(runtime);
    if (runtime->pid > 0 && !runtime->ended)
        (void)waitpid(runtime->pid, &runtime->status, 0);
    fd_closep(&runtime->pid_fd);
    fd_closep(&runtime->words_fd);
    oci_runtime_init(runtime);
}
