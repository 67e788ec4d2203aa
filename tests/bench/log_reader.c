/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads what log_writer wrote and prints one line of JSON: {"n", "lines_s", "age_p50_ms",
 * "age_p99_ms"}. Lines a second are counted from the first to the last; a line's age is the time
 * since it was written.
 *
 *   log_reader pipe            from stdin
 *   log_reader sse             from stdin, each in an event's data; until an event of another type
 *   log_reader run RUN_ID      of a run, through the SDK; ERRAND_URL and ERRAND_TOKEN say where
 *
 * A line that is missing, or twice, or in another order, is an error.
 */
#include <errand/errand.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AGES_MAX 10000000
#define STAMP_AT 11

struct reading {
    int64_t first_us;
    int64_t last_us;
    uint64_t n;
    uint32_t *ages_us; /* owned; of the first AGES_MAX */
};

static int64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int take(struct reading *reading, const char *line, size_t n)
{
    if (n < STAMP_AT + 16 || strtoull(line, NULL, 10) != reading->n + 1) {
        (void)fprintf(stderr, "log_reader: line %" PRIu64 " is '%.*s'\n", reading->n + 1,
                      (int)(n < 80 ? n : 80), line);
        return -1;
    }
    reading->last_us = now_us();
    if (reading->n == 0)
        reading->first_us = reading->last_us;
    if (reading->n < AGES_MAX) {
        int64_t age_us = reading->last_us - (int64_t)strtoull(line + STAMP_AT, NULL, 10);
        reading->ages_us[reading->n] = age_us > 0 ? (uint32_t)age_us : 0;
    }
    reading->n++;
    return 0;
}

static int on_line(const errand_log_line *line, void *user)
{
    return line->stream == ERRAND_STREAM_STDOUT ? take(user, line->bytes, line->n_bytes) : 0;
}

static int read_pipe(struct reading *reading, bool has_events)
{
    static const char data[] = "data: ";
    static char buffer[1 << 16];
    static char line[4096];
    size_t skip = has_events ? sizeof(data) - 1 : 0;
    (void)setvbuf(stdin, buffer, _IOFBF, sizeof(buffer));
    while (fgets(line, sizeof(line), stdin) != NULL) {
        if (has_events && strncmp(line, "event: ", 7) == 0)
            break;
        if (has_events && strncmp(line, data, skip) != 0)
            continue;
        if (take(reading, line + skip, strlen(line + skip)) < 0)
            return -1;
    }
    return 0;
}

static int read_run(struct reading *reading, const char *run)
{
    errand_error error = {0};
    errand_client_options client_options = ERRAND_CLIENT_OPTIONS_INIT;
    errand_follow_options options = ERRAND_FOLLOW_OPTIONS_INIT;
    errand_client *client = NULL;
    client_options.url = getenv("ERRAND_URL");
    client_options.token = getenv("ERRAND_TOKEN");
    options.on_line = on_line;
    options.user = reading;
    int r = errand_client_new(&client_options, &client, &error);
    if (r >= 0)
        r = errand_follow(client, run, &options, NULL, &error);
    if (r < 0)
        (void)fprintf(stderr, "log_reader: %s\n", error.message);
    errand_client_free(client);
    return r == ERRAND_END_FINISHED ? 0 : -1;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    struct reading reading = {.ages_us = calloc(AGES_MAX, sizeof(uint32_t))};
    int r = -1;
    if (reading.ages_us != NULL && argc == 2 && strcmp(argv[1], "pipe") == 0)
        r = read_pipe(&reading, false);
    else if (reading.ages_us != NULL && argc == 2 && strcmp(argv[1], "sse") == 0)
        r = read_pipe(&reading, true);
    else if (reading.ages_us != NULL && argc == 3 && strcmp(argv[1], "run") == 0)
        r = read_run(&reading, argv[2]);
    else
        (void)fprintf(stderr, "usage: log_reader pipe | sse | run RUN_ID\n");
    if (r == 0 && reading.n > 1) {
        size_t n = reading.n < AGES_MAX ? (size_t)reading.n : AGES_MAX;
        qsort(reading.ages_us, n, sizeof(uint32_t), compare);
        (void)printf(
            "{\"n\":%" PRIu64 ",\"lines_s\":%.0f,\"age_p50_ms\":%.2f,\"age_p99_ms\":%.2f}\n",
            reading.n,
            (double)(reading.n - 1) * 1e6 / (double)(reading.last_us - reading.first_us + 1),
            reading.ages_us[n / 2] / 1e3, reading.ages_us[n - 1 - n / 100] / 1e3);
    }
    free(reading.ages_us);
    return r != 0;
}
