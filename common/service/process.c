/* SPDX-License-Identifier: Apache-2.0 */
#include "service/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* LeakSanitizer attaches to its own process with ptrace, which one that is not dumpable refuses. */
#if defined(__SANITIZE_ADDRESS__)
#define PROCESS_DUMPABLE 1
#else
#define PROCESS_DUMPABLE 0
#endif

const char process_version[] = ERRAND_VERSION_TEXT;

/* A file opened later must not become descriptor 0, 1 or 2 and receive someone's log line. */
static int fill_standard_fds(struct err *e)
{
    for (;;) {
        CLEANUP(fd_closep) int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (fd < 0)
            return err_errno(e, errno, "open /dev/null");
        if (fd > STDERR_FILENO)
            return 0;
        if (fcntl(fd, F_SETFD, 0) < 0)
            return err_errno(e, errno, "keep descriptor %d", fd);
        fd = -1;
    }
}

int process_init(struct err *e)
{
    int r = fill_standard_fds(e);
    if (r < 0)
        return r;

    const struct rlimit no_core = {0, 0};
    if (setrlimit(RLIMIT_CORE, &no_core) < 0)
        return err_errno(e, errno, "forbid core dumps");
    if (prctl(PR_SET_DUMPABLE, PROCESS_DUMPABLE, 0, 0, 0) < 0)
        return err_errno(e, errno, "become not dumpable");
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return err_errno(e, errno, "ignore SIGPIPE");
    (void)umask(077);
    return 0;
}

int process_signals_open(bool with_children, int *ret_fd, struct err *e)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (with_children)
        sigaddset(&set, SIGCHLD);

    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "open signalfd");
    int errnum = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (errnum != 0) {
        (void)close(fd);
        return err_errno(e, errnum, "block signals");
    }
    *ret_fd = fd;
    return 0;
}

int process_signal_next(int fd)
{
    struct signalfd_siginfo info;
    ssize_t n = read(fd, &info, sizeof(info));
    return n == (ssize_t)sizeof(info) ? (int)info.ssi_signo : 0;
}

void process_signals_reset(void)
{
    const struct sigaction by_default = {.sa_handler = SIG_DFL};
    for (int signum = 1; signum < NSIG; signum++)
        (void)sigaction(signum, &by_default, NULL);

    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A path, or an abstract socket written with '@' in front. */
static int notify_address(const char *name, struct sockaddr_un *ret_address, socklen_t *ret_len,
                          struct err *e)
{
    size_t n = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || n < 2 || n >= sizeof(ret_address->sun_path))
        return err_set(e, ERR_INVALID, "NOTIFY_SOCKET must be a path or begin with @");

    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(ret_address->sun_path, name, n);
    if (name[0] == '@')
        ret_address->sun_path[0] = '\0';
    *ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    return 0;
}

int process_notify(const char *state, struct err *e)
{
    const char *name = getenv("NOTIFY_SOCKET");
    if (name == NULL || name[0] == '\0')
        return 0;

    struct sockaddr_un address;
    socklen_t len = 0;
    int r = notify_address(name, &address, &len, e);
    if (r < 0)
        return r;

    CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_errno(e, errno, "open a socket for NOTIFY_SOCKET");
    if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, len) < 0)
        return err_errno(e, errno, "notify %s", name);
    return 0;
}
