/* SPDX-License-Identifier: Apache-2.0
 *
 * initdb into a directory that becomes the cluster by being renamed, so that an interrupted start
 * leaves nothing half-made; then `postgres` itself, whose postmaster.pid tells when it is ready.
 */
#include "stack/database.h"

#include "complain.h"
#include "moment.h"
#include "stack/programs.h"
#include "stack/service.h"
#include "stack/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define READY_WITHIN_S 60
#define STOP_WITHIN_MS 60000
#define LOG_NAME "postgres"
#define TOOL_BYTES (PATH_MAX + 16)

static const char *const roles[] = {DATABASE_OWNER, "errand_api", "errand_scheduler"};

/* Everything one step needs to know. */
struct cluster {
    const struct places *places;
    const struct account *service;
    const struct account *invoker;
    char bindir[PATH_MAX];
    char data[PLACE_BYTES];
};

const char *database_url(const struct places *places, const char *role,
                         char ret_url[DATABASE_URL_BYTES])
{
    (void)snprintf(ret_url, DATABASE_URL_BYTES, "host='%.150s/run' dbname=errand user=%s",
                   places->state, role);
    return ret_url;
}

/* The path of one of PostgreSQL's programs. They want it as their argv[0], to find each other. */
static const char *tool(const struct cluster *cluster, const char *name, char ret_path[TOOL_BYTES])
{
    (void)snprintf(ret_path, TOOL_BYTES, "%s/%s", cluster->bindir, name);
    return ret_path;
}

/* Run a program as the service account; `input` may be NULL. */
static int run_tool(const struct cluster *cluster, const char *const *argv, const char *input)
{
    struct spawn spawn = {
        .program = argv[0], .argv = argv, .account = cluster->service, .stdin_fd = -1};
    int status;

    spawn.stdout_fd = service_log_open(cluster->places, LOG_NAME, cluster->invoker);
    spawn.stderr_fd = spawn.stdout_fd;
    if (spawn.stdout_fd < 0)
        return complain("%s is not run", argv[0]);
    if (input != NULL) {
        spawn.stdin_fd = memfd_create("input", MFD_CLOEXEC);
        if (spawn.stdin_fd >= 0)
            (void)!pwrite(spawn.stdin_fd, input, strlen(input), 0);
    }
    status = spawn_run(&spawn, NULL, 0);
    (void)close(spawn.stdout_fd);
    if (spawn.stdin_fd >= 0)
        (void)close(spawn.stdin_fd);
    if (status < 0)
        return complain_errno("run %s", argv[0]);
    return status == 0 ? 0 : service_complain(cluster->places, LOG_NAME, "was not set up");
}

static int write_file(const struct cluster *cluster, const char *directory, const char *name,
                      const char *text)
{
    char path[PLACE_BYTES + 32];
    int fd;
    int failed;

    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return complain_errno("open %s", path);
    failed = write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
             fchown(fd, cluster->service->uid, cluster->service->gid) < 0;
    failed |= close(fd) < 0;
    return failed ? complain_errno("write %s", path) : 0;
}

/* Root and the service account may be each of the roles; nobody else may be any. */
static int write_access(const struct cluster *cluster, const char *directory)
{
    char map[1024];
    size_t used = 0;
    int r;

    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        used += (size_t)snprintf(map + used, sizeof(map) - used, "errand root %s\nerrand %s %s\n",
                                 roles[i], cluster->service->name, roles[i]);
    r = write_file(cluster, directory, "pg_hba.conf", "local all all peer map=errand\n");
    return r == 0 ? write_file(cluster, directory, "pg_ident.conf", map) : r;
}

static int make_cluster(const struct cluster *cluster)
{
    char fresh[PLACE_BYTES];
    char nested[PLACE_BYTES];
    char initdb_path[TOOL_BYTES];
    char postgres_path[TOOL_BYTES];
    const char *const remove[] = {"rm", "-rf", "--", fresh, NULL};
    const char *const initdb[] = {tool(cluster, "initdb", initdb_path),
                                  "--pgdata",
                                  nested,
                                  "--username",
                                  DATABASE_OWNER,
                                  "--encoding",
                                  "UTF8",
                                  "--locale",
                                  "C",
                                  "--auth",
                                  "peer",
                                  "--no-sync",
                                  "--no-instructions",
                                  NULL};
    const char *const create[] = {
        tool(cluster, "postgres", postgres_path), "--single", "-D", nested, "postgres", NULL};
    struct spawn removal = {
        .program = "/bin/rm", .argv = remove, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1};
    int r;

    (void)places_state(cluster->places, "postgres.new", fresh);
    (void)places_state(cluster->places, "postgres.new/data", nested);
    if (spawn_run(&removal, NULL, 0) != 0 || mkdir(fresh, 0700) < 0 ||
        chown(fresh, cluster->service->uid, cluster->service->gid) < 0)
        return complain_errno("make %s", fresh);
    r = run_tool(cluster, initdb, NULL);
    if (r == 0)
        r = write_access(cluster, nested);
    if (r == 0)
        r = run_tool(cluster, create, "CREATE DATABASE errand\n");
    if (r == 0 && (rename(nested, cluster->data) < 0 || rmdir(fresh) < 0))
        r = complain_errno("make %s", cluster->data);
    return r;
}

static int start_cluster(const struct cluster *cluster, struct service *ret_service)
{
    char program[TOOL_BYTES];
    char sockets[PLACE_BYTES + 32];
    const char *const argv[] = {tool(cluster, "postgres", program),
                                "-D",
                                cluster->data,
                                "-c",
                                "listen_addresses=",
                                "-c",
                                sockets,
                                "-c",
                                "unix_socket_permissions=0700",
                                "-c",
                                "shared_buffers=256MB",
                                "-c",
                                "max_connections=200",
                                "-c",
                                "wal_level=minimal",
                                "-c",
                                "max_wal_senders=0",
                                "-c",
                                "wal_compression=lz4",
                                "-c",
                                "wal_buffers=16MB",
                                "-c",
                                "max_wal_size=4GB",
                                "-c",
                                "checkpoint_timeout=15min",
                                "-c",
                                "default_toast_compression=lz4",
                                "-c",
                                "timezone=UTC",
                                "-c",
                                "log_timezone=UTC",
                                NULL};
    const struct service_order order = {.program = program,
                                        .argv = argv,
                                        .account = cluster->service,
                                        .log_owner = cluster->invoker};

    (void)snprintf(sockets, sizeof(sockets), "unix_socket_directories=%s/run",
                   cluster->places->state);
    return service_start(cluster->places, DATABASE_SERVICE, &order, ret_service);
}

/* The eighth line of postmaster.pid says "ready"; the first is the number of the process. */
static int says_ready(const struct cluster *cluster, pid_t pid)
{
    char path[PLACE_BYTES + 32];
    char line[PLACE_BYTES];
    FILE *in;
    int ready = 0;
    int number = 0;

    (void)snprintf(path, sizeof(path), "%s/postmaster.pid", cluster->data);
    in = fopen(path, "re");
    if (in == NULL)
        return 0;
    while (fgets(line, sizeof(line), in) != NULL) {
        number++;
        if (number == 1 && strtoul(line, NULL, 10) != (unsigned long)pid)
            break;
        if (number == 8)
            ready = strncmp(line, "ready", 5) == 0;
    }
    (void)fclose(in);
    return ready;
}

/* Look whenever something changes in the cluster's directory. */
static int wait_ready(const struct cluster *cluster, const struct service *service)
{
    struct pollfd waiting[] = {{inotify_init1(IN_CLOEXEC | IN_NONBLOCK), POLLIN, 0},
                               {service->pidfd, POLLIN, 0}};
    char events[4096];
    int64_t end_us = moment_in_s(READY_WITHIN_S);
    int r = -1;

    if (waiting[0].fd < 0 ||
        inotify_add_watch(waiting[0].fd, cluster->data, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
        r = complain_errno("watch %s", cluster->data);
    while (r < 0) {
        if (says_ready(cluster, service->pid))
            r = 0;
        else if (waiting[1].revents != 0)
            r = service_complain(cluster->places, LOG_NAME, "ended instead of getting ready");
        else if (moment_us() >= end_us)
            r = service_complain(cluster->places, LOG_NAME, "did not get ready within a minute");
        else if (poll(waiting, 2, 1000) > 0)
            while (read(waiting[0].fd, events, sizeof(events)) > 0)
                ;
    }
    if (waiting[0].fd >= 0)
        (void)close(waiting[0].fd);
    return r;
}

/* initdb left the new files to the kernel to write; nothing waits for this. */
static void sync_in_background(const struct cluster *cluster)
{
    char program[TOOL_BYTES];
    const char *const argv[] = {tool(cluster, "initdb", program), "--sync-only", "--pgdata",
                                cluster->data, NULL};
    struct spawn spawn = {.program = program,
                          .argv = argv,
                          .account = cluster->service,
                          .stdin_fd = -1,
                          .stdout_fd = -1,
                          .stderr_fd = -1,
                          .is_daemon = 1};
    pid_t pid;

    if (spawn_start(&spawn, &pid) < 0)
        (void)complain_errno("sync %s", cluster->data);
}

int database_up(const struct places *places, const struct account *service,
                const struct account *invoker, int *ret_is_new)
{
    struct cluster cluster = {.places = places, .service = service, .invoker = invoker};
    struct service running;
    int r = 0;

    (void)places_state(places, "postgres", cluster.data);
    *ret_is_new = access(cluster.data, F_OK) < 0;
    if (!service_find(places, DATABASE_SERVICE, &running)) {
        r = postgres_bindir_find(cluster.bindir);
        if (r == 0 && *ret_is_new)
            r = make_cluster(&cluster);
        if (r == 0)
            r = start_cluster(&cluster, &running);
    }
    if (r == 0)
        r = wait_ready(&cluster, &running);
    service_close(&running);
    if (r == 0 && *ret_is_new)
        sync_in_background(&cluster);
    return r;
}

int database_down(const struct places *places)
{
    return service_stop(places, DATABASE_SERVICE, SIGINT, STOP_WITHIN_MS);
}
