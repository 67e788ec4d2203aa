/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/oci_runtime.h"

#include "base/parse.h"
#include "base/utf8.h"
#include "drivers/cgroup_make.h"
#include "init/init_protocol.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_NO_RUNTIME 125

/* Above every number that is given a meaning below. */
#define FIRST_FREE_FD 10

#define MARK_BYTES 128
#define ENVIRONMENT_BYTES 1024
#define STRAY_PASSES 1000
#define STRAY_WAIT_NS 1000000

#define COPY_MAX_BYTES ((off_t)2 << 20)

void oci_runtime_init(struct oci_runtime *runtime)
{
    *runtime = (struct oci_runtime){.words_fd = -1};
}

static void place(int fd, int number)
{
    if (dup2(fd, number) < 0)
        _exit(EXIT_NO_RUNTIME);
}

/* A sealed copy of the program, or -1. crun executed from such a copy knows that a container cannot
 * overwrite it (CVE-2019-5736); otherwise it makes itself a read-only mount and executes itself a
 * second time, which costs a fifth of a start. runc is too large to be worth copying. */
static int sealed_copy(const char *program)
{
    CLEANUP(fd_closep) int from = open(program, O_RDONLY | O_CLOEXEC);
    CLEANUP(fd_closep) int copy = memfd_create("runtime", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    struct stat st;
    if (from < 0 || copy < 0 || fstat(from, &st) < 0 || st.st_size > COPY_MAX_BYTES)
        return -1;
    for (off_t left = st.st_size; left > 0;) {
        ssize_t put = sendfile(copy, from, NULL, (size_t)left);
        if (put <= 0)
            return -1;
        left -= put;
    }
    if (fcntl(copy, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
        return -1;
    return TAKE_FD(copy);
}

/* What the child needs, which must not touch anything of its parent's. */
struct child {
    const struct oci_runtime_order *order;
    bool is_in_group; /* crun */
    int copy_fd;      /* -1 = none */
    int words_fd;
    pid_t parent;
};

bool oci_runtime_is_crun(const char *program)
{
    const char *name = strrchr(program, '/');
    return strncmp(name == NULL ? program : name + 1, "crun", 4) == 0;
}

/* Stands in the environment of the runtime and of all it forks until errand-init is executed. */
static void mark_of(const char *id, char *mark)
{
    if (snprintf(mark, MARK_BYTES, "ERRAND_START=%s", id) < 0)
        mark[0] = '\0';
}

static void give_up(const char *complaint) __attribute__((noreturn));

static void give_up(const char *complaint)
{
    ssize_t put = write(STDERR_FILENO, complaint, strlen(complaint));
    _exit(put < 0 ? EXIT_NO_RUNTIME + 1 : EXIT_NO_RUNTIME);
}

static void execute(const struct child *child) __attribute__((noreturn));

static void execute(const struct child *child)
{
    static const char path[] = "PATH=" INIT_DEFAULT_PATH;
    const struct oci_runtime_order *order = child->order;
    const char *argv[] = {
        order->program,
        "--cgroup-manager=disabled",
        "--root",
        "runtime",
        "run",
        "--detach",
        "--preserve-fds",
        "1",
        "--bundle",
        ".",
        order->id,
        NULL,
    };
    char mark[MARK_BYTES];
    const char *const env[] = {path, mark, NULL};
    const char **first = argv;
    char *const *envs = (char *const *)(uintptr_t)env;
    sigset_t none;

    if (!child->is_in_group)
        *++first = order->program; /* without the option */
    char *const *args = (char *const *)(uintptr_t)first;
    mark_of(order->id, mark);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != child->parent)
        _exit(EXIT_NO_RUNTIME);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);

    int channel = fcntl(order->channel_fd, F_DUPFD, FIRST_FREE_FD);
    int words = fcntl(child->words_fd, F_DUPFD, FIRST_FREE_FD);
    int copy = child->copy_fd < 0 ? -1 : fcntl(child->copy_fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    place(open("/dev/null", O_RDONLY), STDIN_FILENO);
    place(words, STDOUT_FILENO);
    place(words, STDERR_FILENO);
    place(channel, INIT_CHANNEL_FD);
    (void)close_range(INIT_CHANNEL_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC);

    if (child->is_in_group && !cgroup_enter(order->layout, order->cgroup))
        give_up("cannot enter the control group\n");
    if (chdir(order->bundle) == 0) {
        if (copy >= 0)
            (void)fexecve(copy, args, envs);
        (void)execve(order->program, args, envs);
    }
    give_up("cannot execute the container runtime\n");
}

int oci_runtime_start(struct oci_runtime *runtime, const struct oci_runtime_order *order,
                      struct err *e)
{
    const char *program = order->program;
    CLEANUP(fd_closep) int copy_fd = sealed_copy(program);
    int words[2];
    if (pipe2(words, O_CLOEXEC) < 0)
        return err_errno(e, errno, "start %s", program);
    runtime->words_fd = words[0];
    (void)fcntl(words[0], F_SETFL, O_NONBLOCK);

    const struct child child = {order, oci_runtime_is_crun(program), copy_fd, words[1], getpid()};
    pid_t pid = child.is_in_group ? cgroup_fork(order->layout, order->cgroup) : fork();
    if (pid == 0)
        execute(&child);
    int errnum = errno;
    (void)close(words[1]);
    if (pid < 0)
        return err_errno(e, errnum, "start %s", program);

    runtime->pid = pid;
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

void oci_runtime_set_ended(struct oci_runtime *runtime, int status)
{
    runtime->ended = true;
    runtime->status = status;
    if (runtime->words_fd >= 0)
        oci_runtime_read_words(runtime);
}

void oci_runtime_kill(struct oci_runtime *runtime)
{
    if (runtime->pid <= 0 || runtime->ended)
        return;
    runtime->is_killed = true;
    (void)kill(runtime->pid, SIGKILL);
}

static bool is_marked(const char *pid, const char *mark)
{
    char path[64];
    char environment[ENVIRONMENT_BYTES];
    int n = snprintf(path, sizeof(path), "/proc/%.20s/environ", pid);
    CLEANUP(fd_closep) int fd = n < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, environment, sizeof(environment));
    /* with its NUL: "...-1" is not "...-12" */
    return got > 0 && memmem(environment, (size_t)got, mark, strlen(mark) + 1) != NULL;
}

static bool kill_marked(const char *mark)
{
    bool any = false;
    DIR *proc = opendir("/proc");
    const struct dirent *entry;
    while (proc != NULL && (entry = readdir(proc)) != NULL) {
        int64_t pid;
        if (parse_i64(entry->d_name, 2, INT32_MAX, "pid", &pid, NULL) < 0 ||
            !is_marked(entry->d_name, mark))
            continue;
        any = true;
        (void)kill((pid_t)pid, SIGKILL);
    }
    if (proc != NULL)
        (void)closedir(proc);
    return any;
}

void oci_runtime_kill_strays(const char *id)
{
    static const struct timespec wait = {.tv_nsec = STRAY_WAIT_NS};
    char mark[MARK_BYTES];
    mark_of(id, mark);
    for (int pass = 0; pass < STRAY_PASSES && kill_marked(mark); pass++)
        (void)nanosleep(&wait, NULL);
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
    fd_closep(&runtime->words_fd);
    oci_runtime_init(runtime);
}
