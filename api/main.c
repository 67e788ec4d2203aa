/* SPDX-License-Identifier: Apache-2.0
 *
 * errand-api: settings, keys, certificate, server, ready, serve, drain.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/key_ring.h"
#include "auth/secret.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "model/limits.h"
#include "service/process.h"
#include "service/settings.h"
#include "service/watchdog.h"

#include "commands.h"
#include "http/tls.h"
#include "server.h"
#include "start_checks.h"

#define KEYS_LOOK_MS 1000

static const struct setting table[] = {
    {.name = "listen",
     .kind = SETTING_STRING,
     .fallback = "127.0.0.1:8080",
     .help = "HOST:PORT to serve on; port 0 takes a free one"},
    {.name = "port_file", .kind = SETTING_PATH, .help = "file to write the port to when serving"},
    {.name = "database_url",
     .kind = SETTING_STRING,
     .help = "PostgreSQL connection, host=... dbname=... or postgresql://...",
     .secret = true},
    {.name = "key_ring", .kind = SETTING_PATH, .help = "file with the encryption keys"},
    {.name = "tls_certificate",
     .kind = SETTING_PATH,
     .help = "PEM file with the certificate chain: serves HTTPS; read again on SIGHUP"},
    {.name = "tls_key", .kind = SETTING_PATH, .help = "PEM file with the certificate's key"},
    {.name = "threads",
     .kind = SETTING_INT,
     .fallback = "0",
     .min = 0,
     .max = 256,
     .help = "event loops; 0 = one a processor"},
    {.name = "max_connections",
     .kind = SETTING_INT,
     .fallback = "20000",
     .min = 1,
     .max = 1000000,
     .help = "open connections a thread; more are closed at once"},
    {.name = "idle_seconds",
     .kind = SETTING_INT,
     .fallback = "75",
     .min = 1,
     .max = 3600,
     .help =
         "how long a client may take to send a request, say nothing between two, or not read its"
         " answer"},
    {.name = "requests_per_second",
     .kind = SETTING_INT,
     .fallback = "2000",
     .min = 0,
     .max = 1000000,
     .help = "requests that one token may make; 0 = any number"},
    {.name = "keys_settle_seconds",
     .kind = SETTING_INT,
     .fallback = "5",
     .min = 0,
     .max = 86400,
     .help = "for keys rotate: until every API has read a changed key ring"},
    {.name = "drain_seconds",
     .kind = SETTING_INT,
     .fallback = "10",
     .min = 0,
     .max = 3600,
     .help = "how long a stop waits for what is in progress"},
    {.name = "replica_url",
     .kind = SETTING_STRING,
     .help =
         "http://HOST:PORT where other replicas of the API reach this one; default: as it listens"},
    {.name = "log_wait_seconds",
     .kind = SETTING_INT,
     .fallback = "600",
     .min = 1,
     .max = 604800,
     .help = "how long the log of a run that has ended may stand still before its missing lines are"
             " given up"},
    {.name = "keepalive_seconds",
     .kind = SETTING_INT,
     .fallback = "15",
     .min = 1,
     .max = 60,
     .help = "how long a live log is silent before a comment says that it is alive; less than the"
             " read timeout of any proxy"},
    {.name = "log_level",
     .kind = SETTING_CHOICE,
     .fallback = "info",
     .choices = "error|warn|info|debug",
     .help = "what to log"},
};

static const struct settings_program program = {
    .name = "errand-api",
    .summary = "HTTP API of Errand: runners, runs, logs, agents",
    .commands = COMMANDS_HELP,
    .table = table,
    .table_n = ARRAY_LEN(table),
};

static void start_log(const struct settings *settings)
{
    enum log_level level = LOG_LEVEL_INFO;
    IGNORE(log_level_parse(settings_text(settings, "log_level"), &level, NULL));
    log_init("errand-api", level);
}

static unsigned thread_count(const struct settings *settings)
{
    int64_t wanted = settings_int(settings, "threads");
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return wanted > 0 ? (unsigned)wanted : online > 0 ? (unsigned)online : 1;
}

static int announce(const struct settings *settings, unsigned port, struct err *e)
{
    char text[16];
    int n = snprintf(text, sizeof(text), "%u\n", port);
    log_info("api.started version=%s port=%u", process_version, port);
    int r = 0;
    if (settings_is_set(settings, "port_file"))
        r = file_replace(settings_text(settings, "port_file"), text, (size_t)n, 0644, e);
    if (r == 0)
        (void)process_notify("READY=1", e);
    return r;
}

/* NULL when none is set. */
static int load_tls(const struct settings *settings, SSL_CTX **ret_tls, struct err *e)
{
    if (!settings_is_set(settings, "tls_certificate") && !settings_is_set(settings, "tls_key"))
        return 0;
    int r = settings_require(settings, "tls_certificate", e);
    if (r == 0)
        r = settings_require(settings, "tls_key", e);
    if (r == 0)
        r = tls_load(settings_text(settings, "tls_certificate"), settings_text(settings, "tls_key"),
                     ret_tls, e);
    return r;
}

/* A certificate that cannot be read leaves the old one in use. */
static void renew_tls(const struct settings *settings, struct server *server)
{
    struct err e = {0};
    CLEANUP(tls_freep) SSL_CTX *tls = NULL;
    if (load_tls(settings, &tls, &e) < 0) {
        log_error("tls.refused error=\"%s\"", e.msg);
    } else if (tls != NULL) {
        server_renew_tls(server, tls);
        log_info("tls.renewed");
    }
}

/* When the key ring's file was changed, as far as that can be seen from outside. */
struct file_version {
    ino_t inode;
    struct timespec modified;
};

static struct file_version version_of(const char *path)
{
    struct stat st = {0};
    if (stat(path, &st) < 0)
        return (struct file_version){0};
    return (struct file_version){st.st_ino, st.st_mtim};
}

/* A ring that cannot be read leaves the keys as they are. */
static void renew_keys(struct key_ring *ring, const char *path, struct file_version *version)
{
    struct err e = {0};
    struct file_version now = version_of(path);
    if (now.inode == version->inode && now.modified.tv_sec == version->modified.tv_sec &&
        now.modified.tv_nsec == version->modified.tv_nsec)
        return;
    *version = now;
    if (key_ring_reload(ring, path, &e) < 0)
        log_error("keys.refused error=\"%s\"", e.msg);
    else
        log_info("keys.renewed current=%s", key_ring_current_id(ring));
}

static void wait_for_stop(int signals, const struct settings *settings, struct server *server,
                          struct key_ring *ring)
{
    struct pollfd readable = {.fd = signals, .events = POLLIN};
    const char *key_path = settings_text(settings, "key_ring");
    struct file_version version = version_of(key_path);
    struct watchdog watchdog;
    watchdog_init(&watchdog);
    bool is_hurried = watchdog.every_ms != 0 && watchdog.every_ms < KEYS_LOOK_MS;
    int look_ms = is_hurried ? (int)watchdog.every_ms : KEYS_LOOK_MS;
    for (;;) {
        if (watchdog_is_due(&watchdog) && server_is_alive(server))
            watchdog_feed(&watchdog);
        renew_keys(ring, key_path, &version);
        int signal_number = process_signal_next(signals);
        if (signal_number == SIGTERM || signal_number == SIGINT)
            return;
        if (signal_number == SIGHUP)
            renew_tls(settings, server);
        if (signal_number == 0)
            (void)poll(&readable, 1, look_ms);
    }
}

static int serve(const struct settings *settings, struct err *e)
{
    CLEANUP(key_ring_freep) struct key_ring *ring = NULL;
    CLEANUP(tls_freep) SSL_CTX *tls = NULL;
    CLEANUP(server_closep) struct server *server = NULL;
    CLEANUP(fd_closep) int signals = -1;

    int r = start_check_serving(settings, e);
    if (r < 0)
        return r;
    if (key_ring_load(settings_text(settings, "key_ring"), &ring, e) < 0)
        return start_refuse_file(settings, "key_ring",
                                 "make one with errand-api keys init, or copy that of another API",
                                 e);
    if (r == 0)
        r = load_tls(settings, &tls, e);
    if (r == 0)
        r = process_signals_open(false, &signals, e);
    if (r < 0)
        return r;

    const struct server_config config = {
        .database_url = settings_text(settings, "database_url"),
        .key_ring = ring,
        .tls = tls,
        .started_at_us = clock_now_us(),
        .threads = thread_count(settings),
        .max_connections = (unsigned)settings_int(settings, "max_connections"),
        .idle_seconds = (unsigned)settings_int(settings, "idle_seconds"),
        .requests_per_second = settings_int(settings, "requests_per_second"),
        .drain_seconds = (unsigned)settings_int(settings, "drain_seconds"),
        .replica_url = settings_text(settings, "replica_url"),
        .log_wait_seconds = (unsigned)settings_int(settings, "log_wait_seconds"),
        .keepalive_seconds = (unsigned)settings_int(settings, "keepalive_seconds"),
    };
    r = server_open(&config, settings_text(settings, "listen"), &server, e);
    if (r < 0)
        return r;
    server_start(server);
    r = announce(settings, server_port(server), e);
    if (r < 0)
        return r;

    wait_for_stop(signals, settings, server, ring);
    log_info("api.stopping");
    (void)process_notify(PROCESS_STOPPING, e);
    server_drain(server);
    return 0;
}

int main(int argc, char **argv)
{
    struct err e = {0};
    if (process_init(&e) < 0 || secret_init(&e) < 0) {
        log_error("api.failed error=\"%s\"", e.msg);
        return 1;
    }
    CLEANUP(settings_freep)
    struct settings *settings = settings_load_or_exit(&program, argc, argv);
    start_log(settings);

    int r = settings_word(settings, 0) != NULL ? commands_run(settings, &e) : serve(settings, &e);
    if (r == ERR_INVALID)
        fprintf(stderr, "%s: %s\n", program.name, e.msg);
    else if (r < 0)
        log_error("api.failed error=\"%s\"", e.msg);
    return r == 0 ? 0 : r == ERR_INVALID ? 2 : 1;
}
