/* SPDX-License-Identifier: Apache-2.0
 *
 * Counters of the scheduler are called "ended|failed|timeout" there: what they are comes before the
 * first bar, their labels behind it.
 */
#include "metrics/installation.h"

#include <string.h>

#include "store/total_store.h"

#include "metrics/series.h"

#define MIB (INT64_C(1) << 20)
#define NAME_BYTES 96

void installation_put_queue(struct buf *b, const struct rows *rows)
{
    struct queue_gauge g;
    series_family(b, "errand_queue_runs", "gauge", "Runs that wait, by region and by why.");
    for (int i = 0; i < rows_count(rows); i++) {
        gauge_store_read_queue(rows, i, &g);
        const char *labels[] = {"region", g.region, "reason", g.reason, NULL};
        series_int(b, "errand_queue_runs", labels, g.runs);
    }
    series_family(b, "errand_queue_oldest_seconds", "gauge",
                  "How long the oldest run that could start has waited.");
    for (int i = 0; i < rows_count(rows); i++) {
        gauge_store_read_queue(rows, i, &g);
        const char *labels[] = {"region", g.region, NULL};
        if (strcmp(g.reason, "queued") == 0)
            series_milli(b, "errand_queue_oldest_seconds", labels, g.oldest_ms);
    }
}

/* One figure of a hypervisor. */
static const struct {
    const char *name;
    const char *help;
    size_t offset;
    int64_t factor; /* 0: milliseconds, shown as seconds */
} of_hypervisor[] = {
#define FIGURE(member) offsetof(struct hypervisor_gauge, member)
    {"errand_hypervisor_memory_bytes", "Memory that runs may use.", FIGURE(memory_total_mb), MIB},
    {"errand_hypervisor_memory_free_bytes", "Memory that no live run was promised.",
     FIGURE(memory_free_mb), MIB},
    {"errand_hypervisor_disk_free_bytes", "Free bytes where images and logs are kept.",
     FIGURE(disk_free_bytes), 1},
    {"errand_hypervisor_images", "Images kept.", FIGURE(images_cached), 1},
    {"errand_hypervisor_runs", "Runs that run on it.", FIGURE(runs), 1},
    {"errand_hypervisor_runs_assigned", "Runs it was given that have not started.",
     FIGURE(runs_given), 1},
    {"errand_hypervisor_silent_seconds", "Time since its last heartbeat.", FIGURE(silent_ms), 0},
    {"errand_hypervisor_clock_skew_seconds", "Its clock less the API's.", FIGURE(clock_ms), 0},
};

static void put_statuses(struct buf *b, const struct rows *rows)
{
    static const char *const statuses[] = {"ready", "draining", "cordoned", "lost"};
    series_family(b, "errand_hypervisors", "gauge", "Hypervisors by status.");
    for (size_t s = 0; s < sizeof(statuses) / sizeof(statuses[0]); s++) {
        int64_t n = 0;
        for (int i = 0; i < rows_count(rows); i++) {
            struct hypervisor_gauge g;
            gauge_store_read_hypervisor(rows, i, &g);
            n += strcmp(g.status, statuses[s]) == 0;
        }
        const char *labels[] = {"status", statuses[s], NULL};
        series_int(b, "errand_hypervisors", labels, n);
    }
}

void installation_put_hypervisors(struct buf *b, const struct rows *rows)
{
    put_statuses(b, rows);
    for (size_t f = 0; f < sizeof(of_hypervisor) / sizeof(of_hypervisor[0]); f++) {
        series_family(b, of_hypervisor[f].name, "gauge", of_hypervisor[f].help);
        for (int i = 0; i < rows_count(rows); i++) {
            struct hypervisor_gauge g;
            gauge_store_read_hypervisor(rows, i, &g);
            int64_t value;
            memcpy(&value, (const char *)&g + of_hypervisor[f].offset, sizeof(value));
            const char *labels[] = {"hypervisor", g.name, "region", g.region, NULL};
            if (of_hypervisor[f].factor == 0)
                series_milli(b, of_hypervisor[f].name, labels, value);
            else
                series_int(b, of_hypervisor[f].name, labels, value * of_hypervisor[f].factor);
        }
    }
}

static void put_gauge(struct buf *b, const char *name, const char *help, int64_t value)
{
    series_family(b, name, "gauge", help);
    series_int(b, name, NULL, value);
}

void installation_put_whole(struct buf *b, const struct rows *rows)
{
    struct whole_gauge g;
    gauge_store_read_whole(rows, &g);
    series_family(b, "errand_scheduler_silent_seconds", "gauge",
                  "Time since the leading scheduler said that it leads; absent before the first.");
    if (g.scheduler_silent_ms >= 0)
        series_milli(b, "errand_scheduler_silent_seconds", NULL, g.scheduler_silent_ms);
    put_gauge(b, "errand_schema_version", "Version of the database's schema.", g.schema_version);
    put_gauge(b, "errand_api_replicas", "API processes that serve.", g.replicas);
    put_gauge(b, "errand_database_bytes", "Size of the database.", g.database_bytes);
    put_gauge(b, "errand_database_sessions", "Sessions open on the database server.", g.sessions);
    put_gauge(b, "errand_database_sessions_max", "Sessions it takes.", g.sessions_max);
    put_gauge(b, "errand_database_standbys", "Standbys that stream from it.", g.standbys);
}

/* The counter's value, or 0. */
static int64_t counter(const struct rows *rows, const char *name)
{
    for (int i = 0; i < rows_count(rows); i++) {
        if (strcmp(row_text(rows, i, 0), name) == 0)
            return row_i64(rows, i, 1, 0);
    }
    return 0;
}

static void put_placements(struct buf *b, const struct rows *rows)
{
    int64_t placed = counter(rows, "placed");
    int64_t on_pin = counter(rows, "placed_on_pin");
    int64_t by_image = counter(rows, "placed_by_image");
    const struct {
        const char *by;
        int64_t n;
    } kinds[] = {{"pin", on_pin}, {"image", by_image}, {"room", placed - on_pin - by_image}};
    series_family(b, "errand_placements_total", "counter",
                  "Runs given to a hypervisor, by why it was that one: pinned, has the image, has "
                  "room.");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const char *labels[] = {"by", kinds[i].by, NULL};
        series_int(b, "errand_placements_total", labels, kinds[i].n);
    }
    series_family(b, "errand_placements_with_pin_total", "counter",
                  "Runs placed whose runner was warm somewhere.");
    series_int(b, "errand_placements_with_pin_total", NULL, counter(rows, "placed_with_pin"));
}

/* "ended|failed|timeout" -> status, reason; false for another counter. */
static bool split_ended(const char *name, char *status, char *reason)
{
    const char *first = strchr(name, '|');
    const char *second = first != NULL ? strchr(first + 1, '|') : NULL;
    if (second == NULL || strncmp(name, "ended|", 6) != 0 || second - first >= NAME_BYTES ||
        strlen(second) >= NAME_BYTES)
        return false;
    (void)snprintf(status, NAME_BYTES, "%.*s", (int)(second - first - 1), first + 1);
    (void)snprintf(reason, NAME_BYTES, "%s", second + 1);
    return true;
}

static void put_ends(struct buf *b, const struct rows *rows)
{
    char status[NAME_BYTES];
    char reason[NAME_BYTES];
    series_family(b, "errand_runs_ended_total", "counter", "Runs that ended, by how and why.");
    for (int i = 0; i < rows_count(rows); i++) {
        if (!split_ended(row_text(rows, i, 0), status, reason))
            continue;
        const char *labels[] = {"status", status, "reason", reason, NULL};
        series_int(b, "errand_runs_ended_total", labels, row_i64(rows, i, 1, 0));
    }
    series_family(b, "errand_run_retries_total", "counter",
                  "Attempts of ended runs that were followed by another.");
    series_int(b, "errand_run_retries_total", NULL, counter(rows, "retries"));

    series_family(b, "errand_run_images_total", "counter",
                  "Runs by whether their image was on the hypervisor or a registry was asked.");
    static const char *const sources[] = {"local", "pulled"};
    for (size_t i = 0; i < 2; i++) {
        char name[NAME_BYTES];
        (void)snprintf(name, sizeof(name), "images|%s", sources[i]);
        const char *labels[] = {"source", sources[i], NULL};
        series_int(b, "errand_run_images_total", labels, counter(rows, name));
    }
}

static void put_times(struct buf *b, const struct rows *rows, const char *part, const char *name,
                      const char *help)
{
#define BOUND(text) text,
    static const char *const bounds[] = {TOTAL_STORE_BOUNDS(BOUND) "+Inf"};
    enum { N = sizeof(bounds) / sizeof(bounds[0]) };

    uint64_t counts[N];
    char key[NAME_BYTES];
    for (size_t i = 0; i < N; i++) {
        (void)snprintf(key, sizeof(key), "%s|%s", part, bounds[i]);
        counts[i] = (uint64_t)counter(rows, key);
    }
    (void)snprintf(key, sizeof(key), "%s|ms", part);
    series_family(b, name, "histogram", help);
    series_histogram(b, &(struct series_histogram){.name = name,
                                                   .label = "",
                                                   .bounds = bounds,
                                                   .counts = counts,
                                                   .n = N,
                                                   .sum_us = counter(rows, key) * 1000});
}

void installation_put_counters(struct buf *b, const struct rows *rows)
{
    put_placements(b, rows);
    put_ends(b, rows);
    put_times(b, rows, "queue", "errand_run_queue_seconds", "From triggered to given away.");
    put_times(b, rows, "pull", "errand_run_pull_seconds", "From given away to having the image.");
    put_times(b, rows, "start", "errand_run_start_seconds", "From the image to the process.");
    put_times(b, rows, "run", "errand_run_seconds", "From the process's start to its end.");
}
