/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/process_series.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/parse.h"
#include "service/process.h"

#include "http/route.h"
#include "loop.h"
#include "metrics/figures.h"
#include "metrics/series.h"

#define STATM_BYTES 256

static const struct {
    enum figure figure;
    const char *name;
    const char *type;
    const char *help;
} values[] = {
    {FIGURE_CONNECTIONS, "errand_http_connections", "gauge", "Open connections."},
    {FIGURE_REQUESTS, "errand_http_requests_in_progress", "gauge",
     "Requests in progress, streams included."},
    {FIGURE_LOG_STREAMS, "errand_log_streams", "gauge", "Logs that are followed."},
    {FIGURE_AGENT_STREAMS, "errand_agent_streams", "gauge", "Agents connected to this replica."},
    {FIGURE_STATEMENTS_OPEN, "errand_db_statements_open", "gauge",
     "Statements waiting or in flight."},
    {FIGURE_SESSIONS, "errand_db_sessions", "gauge", "Database sessions of this replica."},
    {FIGURE_STATEMENT_FAILURES, "errand_db_failures_total", "counter", "Statements that failed."},
    {FIGURE_LOG_LINES, "errand_log_lines_total", "counter", "Lines stored or passed on."},
    {FIGURE_LOG_BYTES, "errand_log_bytes_total", "counter", "Their bytes before packing."},
    {FIGURE_EVENTS_REFUSED, "errand_agent_events_refused_total", "counter",
     "Reports of agents that were out of date or not storable."},
    {FIGURE_WARMED, "errand_warm_ups_total", "counter", "Images that were made ready."},
    {FIGURE_WARM_FAILURES, "errand_warm_up_failures_total", "counter",
     "Images that could not be made ready."},
};

static const struct {
    enum timing timing;
    const char *name;
    const char *label; /* "" or one label and its comma */
    const char *help;  /* NULL: of the same family as the one before */
} timings[] = {
    {TIMING_CLIENT, "errand_http_request_seconds", "from=\"client\",",
     "From read to answered; without streams and requests that wait for a run."},
    {TIMING_AGENT, "errand_http_request_seconds", "from=\"agent\",", NULL},
    {TIMING_POST, "errand_run_post_seconds", "", "POST of a run, from read to answered."},
    {TIMING_STATEMENT, "errand_db_statement_seconds", "",
     "From queued to answered by the database."},
    {TIMING_LOG_LAG, "errand_log_lag_seconds", "",
     "From printed, by the hypervisor's clock, to stored; of the last line of each batch."},
};

static void put_answers(struct buf *b, const struct figures *all, size_t n)
{
    static const char *const classes[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
    static const char name[] = "errand_http_requests_total";
    series_family(b, name, "counter", "Requests answered, by route and class of status.");
    for (size_t route = 0; route < FIGURES_ROUTES_MAX; route++) {
        for (enum answer_class class = 0; class < ANSWER_CLASS_COUNT; class ++) {
            uint64_t answers = figures_answers(all, n, route, class);
            bool is_known = route < routes_n;
            const char *labels[] = {"method", is_known ? routes[route].method : "other",
                                    "route",  is_known ? routes[route].pattern : "none",
                                    "status", classes[class],
                                    NULL};
            if (answers > 0)
                series_int(b, name, labels, (int64_t)answers);
        }
    }
}

static void put_timings(struct buf *b, const struct figures *all, size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(timings); i++) {
        struct timing_sum sum = figures_timing(all, n, timings[i].timing);
        if (timings[i].help != NULL)
            series_family(b, timings[i].name, "histogram", timings[i].help);
        series_histogram(b, &(struct series_histogram){.name = timings[i].name,
                                                       .label = timings[i].label,
                                                       .bounds = figures_bounds,
                                                       .counts = sum.buckets,
                                                       .n = FIGURES_BUCKETS,
                                                       .sum_us = (int64_t)sum.sum_us});
    }
}

static int64_t resident_bytes(void)
{
    CLEANUP(buf_done) struct buf b;
    int64_t pages = 0;
    buf_init(&b, STATM_BYTES);
    if (file_read("/proc/self/statm", &b, NULL) < 0)
        return 0;
    char *second = strchr(buf_text(&b), ' ');
    char *third = second != NULL ? strchr(second + 1, ' ') : NULL;
    if (third == NULL)
        return 0;
    *third = '\0';
    if (parse_i64(second + 1, 0, INT64_MAX / 65536, "pages", &pages, NULL) < 0)
        return 0;
    return pages * sysconf(_SC_PAGESIZE);
}

static int64_t open_files(void)
{
    int64_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    if (dir == NULL)
        return 0;
    while (readdir(dir) != NULL)
        n++;
    (void)closedir(dir);
    return n - 3; /* ".", ".." and its own */
}

static int64_t cpu_ms(void)
{
    struct timespec used = {0};
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

static void put_process(struct buf *b, const struct loop *loop)
{
    static const char build[] = "errand_build_info";
    const char *labels[] = {"version", process_version, NULL};
    series_family(b, build, "gauge", "1; the label says which version this is.");
    series_int(b, build, labels, 1);
    series_family(b, "errand_api_loops", "gauge", "Event loops.");
    series_int(b, "errand_api_loops", NULL, loop->config->threads);

    /* named as by every client of Prometheus */
    series_family(b, "process_start_time_seconds", "gauge", "When it began to serve.");
    series_milli(b, "process_start_time_seconds", NULL,
                 loop->config->started_at_us / CLOCK_US_PER_MS);
    series_family(b, "process_cpu_seconds_total", "counter", "CPU time used.");
    series_milli(b, "process_cpu_seconds_total", NULL, cpu_ms());
    series_family(b, "process_resident_memory_bytes", "gauge", "Resident memory.");
    series_int(b, "process_resident_memory_bytes", NULL, resident_bytes());
    series_family(b, "process_open_fds", "gauge", "Open file descriptors.");
    series_int(b, "process_open_fds", NULL, open_files());
}

void process_series_put(struct buf *b, const struct loop *loop)
{
    const struct figures *all = loop->all_figures;
    size_t n = loop->config->threads;
    put_process(b, loop);
    put_answers(b, all, n);
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        series_family(b, values[i].name, values[i].type, values[i].help);
        series_int(b, values[i].name, NULL, figures_sum(all, n, values[i].figure));
    }
    put_timings(b, all, n);
}
