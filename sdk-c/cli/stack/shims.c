/* SPDX-License-Identifier: Apache-2.0
 *
 * A shim is known by its command line: errand-shim STATE/agent/runs/RUN/ATTEMPT, or
 * STATE/agent/boxes/BOX when its container was made before its run.
 */
#include "stack/shims.h"

#include "complain.h"
#include "moment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

/* A shim gives its container a grace of its own (10 s unless the runner says otherwise). */
#define STOP_WITHIN_S 30

struct shims {
    struct pollfd *pidfds; /* owned; poll ignores those that are -1 */
    size_t n;
};

/* 1 when the process is a shim of the agent whose files are below `dir`. */
static int is_ours(pid_t pid, const char *dir)
{
    char path[64];
    char text[PLACE_BYTES];
    const char *base;
    const char *run_dir;
    ssize_t n;
    int fd;

    (void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    n = read(fd, text, sizeof(text) - 2);
    (void)close(fd);
    if (n <= 0)
        return 0;
    text[n] = '\0';
    text[n + 1] = '\0';
    base = strrchr(text, '/');
    run_dir = text + strlen(text) + 1;
    return strcmp(base == NULL ? text : base + 1, "errand-shim") == 0 &&
           strncmp(run_dir, dir, strlen(dir)) == 0;
}

static void add(struct shims *shims, pid_t pid, const char *dir)
{
    struct pollfd *longer = realloc(shims->pidfds, (shims->n + 1) * sizeof(*longer));
    int pidfd;

    if (longer == NULL)
        return;
    shims->pidfds = longer;
    pidfd = pidfd_open(pid, 0);
    if (pidfd < 0)
        return;
    /* Looked at again: only now is it certain which process the descriptor stands for. */
    if (!is_ours(pid, dir)) {
        (void)close(pidfd);
        return;
    }
    shims->pidfds[shims->n++] = (struct pollfd){pidfd, POLLIN, 0};
}

static int find(const struct places *places, struct shims *ret_shims)
{
    DIR *processes = opendir("/proc");
    const struct dirent *entry;
    char dir[PLACE_BYTES];

    *ret_shims = (struct shims){NULL, 0};
    if (processes == NULL)
        return complain_errno("read /proc");
    (void)places_state(places, "agent/", dir);
    while ((entry = readdir(processes)) != NULL) {
        unsigned long pid = strtoul(entry->d_name, NULL, 10);

        if (pid > 1 && is_ours((pid_t)pid, dir))
            add(ret_shims, (pid_t)pid, dir);
    }
    (void)closedir(processes);
    return 0;
}

static void signal_all(const struct shims *shims, int number)
{
    for (size_t i = 0; i < shims->n; i++) {
        if (shims->pidfds[i].fd >= 0)
            (void)pidfd_send_signal(shims->pidfds[i].fd, number, NULL, 0);
    }
}

/* How many are left after at most `within_s`; those that ended are closed. */
static size_t wait_all(struct shims *shims, int within_s)
{
    int64_t end_us = moment_in_s(within_s);
    size_t left = shims->n;

    while (left > 0 && moment_us() < end_us) {
        if (poll(shims->pidfds, (nfds_t)shims->n, 1000) < 0 && errno != EINTR)
            break;
        for (size_t i = 0; i < shims->n; i++) {
            if (shims->pidfds[i].fd >= 0 && shims->pidfds[i].revents != 0) {
                (void)close(shims->pidfds[i].fd);
                shims->pidfds[i].fd = -1;
                left--;
            }
        }
    }
    return left;
}

int shims_stop(const struct places *places)
{
    struct shims shims;
    size_t left;
    int count;

    if (places->state[0] == '\0')
        return 0;
    if (find(places, &shims) != 0)
        return -1;
    count = (int)shims.n;
    signal_all(&shims, SIGTERM);
    left = wait_all(&shims, STOP_WITHIN_S);
    if (left > 0) {
        (void)complain("%zu of %d runs did not stop within %d s: killed", left, count,
                       STOP_WITHIN_S);
        signal_all(&shims, SIGKILL);
        (void)wait_all(&shims, STOP_WITHIN_S);
    }
    for (size_t i = 0; i < shims.n; i++) {
        if (shims.pidfds[i].fd >= 0)
            (void)close(shims.pidfds[i].fd);
    }
    free(shims.pidfds);
    return count;
}
