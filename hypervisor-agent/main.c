/* SPDX-License-Identifier: Apache-2.0
 *
 * errand-agent: settings, log, resources, run, drain, release. With `--unpack` it is the
 * program that unpacks one image layer instead (images/layer_unpack.h), with `doctor` the one that
 * says what the machine lacks (doctor/doctor.h).
 */
#include "agent.h"
#include "agent_config.h"
#include "base/log.h"
#include "doctor/doctor.h"
#include "images/layer_unpack.h"
#include "service/process.h"
#include "service/watchdog.h"

#include <curl/curl.h>
#include <uv.h>

/* Pulls run in libuv's worker threads; each may wait for a slow registry. */
static const char pull_threads[] = "8";

/* How often the loop may turn after the end for handles to close. */
#define CLOSING_TURNS 100

struct stopping {
    uv_poll_t poll;
    int signal_fd;
    struct agent *agent;
};

static void on_signal(uv_poll_t *poll, int status, int events)
{
    const struct stopping *stopping = poll->data;
    (void)status, (void)events;
    int signal;
    while ((signal = process_signal_next(stopping->signal_fd)) != 0) {
        log_info("agent.stopping signal=%d", signal);
        (void)process_notify(PROCESS_STOPPING, NULL);
        agent_drain(stopping->agent);
    }
}

static void on_watchdog(uv_timer_t *timer)
{
    watchdog_feed(timer->data);
}

/* Worker threads may still be waiting for a registry: do not wait for them. */
static void close_loop(uv_loop_t *loop)
{
    for (int i = 0; i < CLOSING_TURNS && uv_run(loop, UV_RUN_NOWAIT) != 0; i++)
        continue;
    if (uv_loop_close(loop) != 0)
        _exit(0);
}

static int run(const struct agent_config *config, struct err *e)
{
    uv_loop_t *loop = uv_default_loop();
    struct stopping stopping = {.signal_fd = -1};
    struct watchdog watchdog;
    uv_timer_t feeding = {.data = &watchdog};
    int rc = process_signals_open(false, &stopping.signal_fd, e);
    if (rc == 0)
        rc = agent_start(loop, config, &stopping.agent, e);
    if (rc < 0)
        return rc;
    (void)uv_poll_init(loop, &stopping.poll, stopping.signal_fd);
    stopping.poll.data = &stopping;
    (void)uv_poll_start(&stopping.poll, UV_READABLE, on_signal);
    watchdog_init(&watchdog);
    (void)uv_timer_init(loop, &feeding);
    if (watchdog.every_ms != 0)
        (void)uv_timer_start(&feeding, on_watchdog, 0, watchdog.every_ms);

    log_info("agent.ready name=%s api_url=%s data_dir=%s runtime=%s mem_total_mb=%u", config->name,
             config->api_url, config->data_dir, config->runtime, config->mem_total_mb);
    (void)uv_run(loop, UV_RUN_DEFAULT);

    int status = agent_exit_status(stopping.agent);
    agent_free(stopping.agent);
    uv_close((uv_handle_t *)&stopping.poll, NULL);
    uv_close((uv_handle_t *)&feeding, NULL);
    log_info("agent.stopped status=%d", status);
    if (status == 0)
        close_loop(loop);
    return status;
}

int main(int argc, char **argv)
{
    struct err e;
    if (layer_unpack_is_asked(argc, argv))
        layer_unpack_main(argv);
    if (process_init(&e) < 0) {
        (void)fprintf(stderr, "errand-agent: %s\n", e.msg);
        return 1;
    }
    struct settings *settings = settings_load_or_exit(&agent_settings, argc, argv);
    enum log_level level = LOG_LEVEL_INFO;
    struct agent_config config = {0};
    (void)setenv("UV_THREADPOOL_SIZE", pull_threads, 0);
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    if (settings_word(settings, 0) != NULL) {
        int status = doctor_main(settings);
        settings_free(settings);
        return status;
    }

    int rc = log_level_parse(settings_text(settings, "log_level"), &level, &e);
    log_init("errand-agent", level);
    if (rc == 0 && agent_config_make(settings, &config, &e) < 0) {
        (void)fprintf(stderr, "errand-agent: %s\n", e.msg);
        settings_free(settings);
        return e.code == ERR_UNAVAILABLE ? 1 : 2; /* 2: only a person can mend it */
    }
    if (rc == 0)
        rc = run(&config, &e);
    if (rc < 0)
        log_error("agent.failed error=\"%s\"", e.msg);
    agent_config_done(&config);
    settings_free(settings);
    return rc >= 0 ? rc : rc == ERR_INVALID ? 2 : 1;
}
