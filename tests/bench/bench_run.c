/* SPDX-License-Identifier: Apache-2.0
 *
 * One run of `true`, from POST to the `state` event, beside the bare runtime starting the same
 * bundle: the two in turn, so that both see the same machine.
 *
 *   bench_run RUNNER_ID ROUNDS -- COMMAND...   COMMAND runs the same container without Errand
 *
 * ERRAND_URL and ERRAND_TOKEN say where Errand is. Prints JSON rows: subject, metric, value, unit,
 * n, spread (p90 - p10), ratio_to.
 */
#include <errand/errand.h>

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define WARM_UP_ROUNDS 3
#define ROUNDS_MAX 10000

extern char **environ;

struct series {
    const char *subject;
    double ms[ROUNDS_MAX];
    size_t n;
};

static double now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(const struct series *sorted, double p)
{
    return sorted->ms[(size_t)(p * (double)(sorted->n - 1) + 0.5)];
}

static int run_once(errand_client *client, const char *runner, double *ret_ms, errand_error *error)
{
    double from = now_ms();
    errand_run *run = NULL;
    errand_follow_result end = ERRAND_FOLLOW_RESULT_INIT;
    int r = errand_run_trigger(client, runner, NULL, &run, error);
    if (r < 0)
        return r;
    r = errand_follow(client, errand_run_id(run), NULL, &end, error);
    *ret_ms = now_ms() - from;
    if (r == ERRAND_END_FINISHED && end.status != ERRAND_RUN_SUCCEEDED) {
        (void)fprintf(stderr, "bench_run: run %s ended %s: %s\n", errand_run_id(run),
                      errand_run_status_name(end.status), end.termination_reason);
        exit(1);
    }
    errand_run_free(run);
    return r;
}

static double spawn_once(char **argv)
{
    double from = now_ms();
    pid_t pid;
    int status;
    if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || status != 0) {
        (void)fprintf(stderr, "bench_run: %s failed\n", argv[0]);
        exit(1);
    }
    return now_ms() - from;
}

static void print_row(const struct series *s, const char *metric, double value,
                      const struct series *floor, double floor_value, const char *end)
{
    (void)printf("  {\"subject\":\"%s\",\"metric\":\"%s\",\"value\":%.2f,\"unit\":\"ms\",\"n\":%zu,"
                 "\"spread\":%.2f,\"ratio_to\":{\"%s\":%.2f}}%s\n",
                 s->subject, metric, value, s->n, percentile(s, 0.9) - percentile(s, 0.1),
                 floor->subject, value / floor_value, end);
}

static void report(struct series *ours, struct series *bare)
{
    qsort(ours->ms, ours->n, sizeof(ours->ms[0]), compare);
    qsort(bare->ms, bare->n, sizeof(bare->ms[0]), compare);
    double p50 = percentile(bare, 0.5);
    double p99 = percentile(bare, 0.99);
    (void)puts("[");
    print_row(ours, "submit_to_state_p50", percentile(ours, 0.5), bare, p50, ",");
    print_row(ours, "submit_to_state_p99", percentile(ours, 0.99), bare, p99, ",");
    print_row(bare, "start_to_exit_p50", p50, bare, p50, ",");
    print_row(bare, "start_to_exit_p99", p99, bare, p99, "");
    (void)puts("]");
}

int main(int argc, char **argv)
{
    static struct series ours = {.subject = "errand"};
    static struct series bare = {.subject = "crun"};

    size_t rounds = argc > 4 && strcmp(argv[3], "--") == 0 ? strtoul(argv[2], NULL, 10) : 0;
    if (rounds == 0 || rounds > ROUNDS_MAX) {
        (void)fprintf(stderr, "usage: bench_run RUNNER_ID ROUNDS -- COMMAND...\n");
        return 2;
    }

    errand_error error = {0};
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    errand_client *client = NULL;
    options.url = getenv("ERRAND_URL");
    options.token = getenv("ERRAND_TOKEN");
    int r = errand_client_new(&options, &client, &error);
    for (size_t i = 0; r >= 0 && i < rounds + WARM_UP_ROUNDS; i++) {
        double ms = 0;
        r = run_once(client, argv[1], &ms, &error);
        double bare_ms = spawn_once(argv + 4);
        if (i >= WARM_UP_ROUNDS) {
            ours.ms[ours.n++] = ms;
            bare.ms[bare.n++] = bare_ms;
        }
    }
    if (r < 0) {
        (void)fprintf(stderr, "bench_run: %s\n", error.message);
        return 1;
    }
    report(&ours, &bare);
    errand_client_free(client);
    return 0;
}
