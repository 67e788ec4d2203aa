/* SPDX-License-Identifier: Apache-2.0
 *
 * Pid file, log and signals of one background process.
 */
#include "stack/service.h"

#include "complain.h"
#include "stack/pid_file.h"
#include "stack/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY_WITHIN_MS 60000
#define GONE_WITHIN_MS 5000

static const char *pid_path(const struct places *places, const char *name,
                            char ret_path[PLACE_BYTES])
{
    char below[64];

    (void)snprintf(below, sizeof(below), "pid/%s.pid", name);
    return places_data(places, below, ret_path);
}

static const char *log_path(const struct places *places, const char *name,
                            char ret_path[PLACE_BYTES])
{
    char below[64];

    (void)snprintf(below, sizeof(below), "log/%s.log", name);
    return places_data(places, below, ret_path);
}

int service_find(const struct places *places, const char *name, struct service *ret_service)
{
    char path[PLACE_BYTES];

    *ret_service = (struct service){.name = name, .pidfd = -1, .notify = {.fd = -1}};
    return pid_file_find(pid_path(places, name, path), &ret_service->pid, &ret_service->pidfd);
}

int service_log_open(const struct places *places, const char *name, const struct account *owner)
{
    char path[PLACE_BYTES];
    int fd = open(log_path(places, name, path),
                  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);

    if (fd < 0 || fchown(fd, owner->uid, owner->gid) < 0)
        (void)complain_errno("open %s", path);
    return fd;
}

/* The last line that says something; "" when there is none. */
static void last_line(const char *path, char *ret_line, size_t n_line)
{
    FILE *in = fopen(path, "re");
    char line[1024];

    ret_line[0] = '\0';
    if (in == NULL)
        return;
    (void)fseek(in, -4096, SEEK_END);
    while (fgets(line, sizeof(line), in) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '\0')
            (void)snprintf(ret_line, n_line, "%s", line);
    }
    (void)fclose(in);
}

int service_complain(const struct places *places, const char *name, const char *what)
{
    char path[PLACE_BYTES];
    char line[1024];

    last_line(log_path(places, name, path), line, sizeof(line));
    return complain("%s %s; %s ends with: %s", name, what, path, line);
}

int service_start(const struct places *places, const char *name, const struct service_order *order,
                  struct service *ret_service)
{
    struct spawn spawn = {.program = order->program,
                          .argv = order->argv,
                          .account = order->account,
                          .stdin_fd = -1,
                          .is_daemon = 1};
    char path[PLACE_BYTES];
    char below[64];
    int r;

    *ret_service = (struct service){.name = name, .pidfd = -1, .notify = {.fd = -1}};
    (void)snprintf(below, sizeof(below), "run/%s.ready", name);
    r = notify_open(&ret_service->notify, places_state(places, below, path), order->account);
    if (r != 0)
        return r;
    spawn.notify_socket = ret_service->notify.path;
    spawn.stdout_fd = service_log_open(places, name, order->log_owner);
    spawn.stderr_fd = spawn.stdout_fd;
    if (spawn.stdout_fd < 0)
        return complain("%s is not started", name);
    if (spawn_start(&spawn, &ret_service->pid) < 0)
        r = complain_errno("start %s", order->program);
    (void)close(spawn.stdout_fd);
    if (r != 0)
        return r;
    ret_service->pidfd = pidfd_open(ret_service->pid, 0);
    if (ret_service->pidfd < 0 ||
        pid_file_write(pid_path(places, name, path), ret_service->pid) < 0)
        return complain_errno("remember %s in %s", name, path);
    return 0;
}

int service_wait_ready(const struct places *places, const struct service *service)
{
    if (service->notify.fd < 0)
        return 0;
    switch (notify_wait(&service->notify, service->pidfd, READY_WITHIN_MS)) {
    case NOTIFY_READY:
        return 0;
    case NOTIFY_GONE:
        return service_complain(places, service->name, "ended instead of getting ready");
    default:
        return service_complain(places, service->name, "did not get ready within a minute");
    }
}

void service_close(struct service *service)
{
    if (service->pidfd >= 0)
        (void)close(service->pidfd);
    service->pidfd = -1;
    notify_close(&service->notify);
}

static int is_gone(int pidfd, int within_ms)
{
    struct pollfd waiting = {pidfd, POLLIN, 0};
    int r;

    do
        r = poll(&waiting, 1, within_ms);
    while (r < 0 && errno == EINTR);
    return r > 0;
}

int service_stop(const struct places *places, const char *name, int gently, int bound_ms)
{
    struct service service;
    char path[PLACE_BYTES];
    int gone;

    (void)pid_path(places, name, path);
    if (!service_find(places, name, &service)) {
        (void)unlink(path);
        return 0;
    }
    (void)pidfd_send_signal(service.pidfd, gently, NULL, 0);
    gone = is_gone(service.pidfd, bound_ms);
    if (!gone) {
        (void)complain("%s (process %d) did not stop within %d s: killed", name, (int)service.pid,
                       bound_ms / 1000);
        (void)pidfd_send_signal(service.pidfd, SIGKILL, NULL, 0);
        gone = is_gone(service.pidfd, GONE_WITHIN_MS);
    }
    (void)waitpid(service.pid, NULL, WNOHANG);
    service_close(&service);
    if (!gone)
        return complain("%s (process %d) cannot be killed", name, (int)service.pid);
    (void)unlink(path);
    return 0;
}
