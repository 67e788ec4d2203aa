/* SPDX-License-Identifier: Apache-2.0
 *
 * The child reports over a close-on-exec pipe: end of file means that exec worked.
 */
#include "command.h"

#include "account.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(int report_fd, int exit_code, const char *what, const char *why)
    __attribute__((noreturn));

static void fail(int report_fd, int exit_code, const char *what, const char *why)
{
    struct init_message message = {.kind = INIT_FAILED, .exit_code = (uint8_t)exit_code};
    if (snprintf(message.text, sizeof(message.text), "%.180s: %s", what, why) < 0)
        message.text[0] = '\0';
    ssize_t put = write(report_fd, &message, sizeof(message));
    _exit(put < 0 ? INIT_EXIT_NOT_EXECUTABLE : exit_code);
}

static int exit_code_of(int errnum)
{
    return errnum == ENOENT || errnum == ENOTDIR ? INIT_EXIT_NOT_FOUND : INIT_EXIT_NOT_EXECUTABLE;
}

/* mkdir -p and chdir, as root: Docker makes a missing working directory too. */
static int enter(const char *cwd)
{
    if (chdir(cwd) == 0)
        return 0;

    char *path = strdup(cwd);
    if (path == NULL)
        return -1;
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0755);
        *slash = '/';
    }
    (void)mkdir(path, 0755);
    free(path);
    return chdir(cwd);
}

/* Returns only when nothing could be executed, with what was wrong in errno. */
static void execute(const struct order *order)
{
    const char *name = order->argv[0];
    if (strchr(name, '/') != NULL) {
        (void)execve(name, order->argv, order->env);
        return;
    }

    int found = ENOENT;
    for (const char *dir = order_env_get(order, "PATH"); dir != NULL;) {
        size_t n = strcspn(dir, ":");
        char path[4096];
        int len = snprintf(path, sizeof(path), "%.*s%s%s", (int)n, dir, n > 0 ? "/" : "./", name);
        if (len > 0 && (size_t)len < sizeof(path)) {
            (void)execve(path, order->argv, order->env);
            if (errno != ENOENT && errno != ENOTDIR)
                found = errno;
        }
        dir = dir[n] == '\0' ? NULL : dir + n + 1;
    }
    errno = found;
}

static void reset_signals(void)
{
    sigset_t none;
    for (int signo = 1; signo <= SIGRTMAX; signo++)
        (void)signal(signo, SIG_DFL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void run_child(struct order *order, int report_fd) __attribute__((noreturn));

static void run_child(struct order *order, int report_fd)
{
    struct account account;
    const char *problem;
    const char *cwd = *order->cwd == '\0' ? "/" : order->cwd;
    char hostname[65] = "";

    if (account_find(order->user, &account, &problem) < 0)
        fail(report_fd, INIT_EXIT_NOT_EXECUTABLE, order->user, problem);
    if (gethostname(hostname, sizeof(hostname) - 1) == 0)
        order_env_default(order, "HOSTNAME", hostname);
    order_env_default(order, "PATH", INIT_DEFAULT_PATH);
    order_env_default(order, "HOME", account.home);

    (void)setpgid(0, 0);
    (void)umask(022);
    if (enter(cwd) < 0)
        fail(report_fd, INIT_EXIT_NOT_EXECUTABLE, cwd, strerror(errno));
    if ((order->drops_capabilities && account_forbid_capabilities() < 0) ||
        account_become(&account) < 0)
        fail(report_fd, INIT_EXIT_NOT_EXECUTABLE, order->user, strerror(errno));
    reset_signals();

    execute(order);
    int errnum = errno;
    fail(report_fd, exit_code_of(errnum), order->argv[0],
         errnum == ENOENT && strchr(order->argv[0], '/') == NULL
             ? "executable file not found in PATH"
             : strerror(errnum));
}

pid_t command_start(struct order *order, struct init_message *ret_message)
{
    int report[2];
    *ret_message = (struct init_message){
        .kind = INIT_FAILED,
        .exit_code = INIT_EXIT_NOT_EXECUTABLE,
        .text = "cannot make a process",
    };
    if (pipe2(report, O_CLOEXEC) < 0)
        return -1;

    pid_t pid = fork();
    if (pid == 0)
        run_child(order, report[1]);
    (void)close(report[1]);
    if (pid < 0) {
        (void)close(report[0]);
        return -1;
    }

    ssize_t got;
    do {
        got = read(report[0], ret_message, sizeof(*ret_message));
    } while (got < 0 && errno == EINTR);
    (void)close(report[0]);
    if (got == 0) {
        *ret_message = (struct init_message){.kind = INIT_STARTED};
        return pid;
    }
    (void)waitpid(pid, NULL, 0);
    return -1;
}
