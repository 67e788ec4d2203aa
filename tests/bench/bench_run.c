/* SPDX-License-Identifier: Apache-2.0
 *
 * One run of `true`, from POST to the `state` event, beside the bare runtime starting the same
 * bundle: all in turn, so that all see the same machine.
 *
 *   bench_run ROUNDS SUBJECT=RUNNER_ID... -- COMMAND...   COMMAND runs the same container without
 *                                                         Errand
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
#define SUBJECTS_MAX 4

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

static void sort(struct series *s)
{
    qsort(s->ms, s->n, sizeof(s->ms[0]), compare);
}

static void report(struct series *ours, size_t ours_n, struct series *bare)
{
    sort(bare);
    double p50 = percentile(bare, 0.5);
    double p99 = percentile(bare, 0.99);
    (void)puts("[");
    for (size_t i = 0; i < ours_n; i++) {
        sort(&ours[i]);
        print_row(&ours[i], "submit_to_state_p50", percentile(&ours[i], 0.5), bare, p50, ",");
        print_row(&ours[i], "submit_to_state_p99", percentile(&ours[i], 0.99), bare, p99, ",");
    }
    print_row(bare, "start_to_exit_p50", p50, bare, p50, ",");
    print_row(bare, "start_to_exit_p99", p99, bare, p99, "");
    (void)puts("]");
}

static void add(struct series *s, size_t round, double ms)
{
    if (round >= WARM_UP_ROUNDS)
        s->ms[s->n++] = ms;
}

/* "SUBJECT=RUNNER_ID", up to "--"; the number of them, 0 when they make no sense. */
static size_t take_subjects(char **argv, struct series *ours, const char **runners)
{
    size_t n = 0;
    for (; argv[n] != NULL && strcmp(argv[n], "--") != 0; n++) {
        char *sign = strchr(argv[n], '=');
        if (n == SUBJECTS_MAX || sign == NULL)
            return 0;
        *sign = '\0';
        ours[n].subject = argv[n];
        runners[n] = sign + 1;
    }
    return argv[n] != NULL && argv[n + 1] != NULL ? n : 0;
}

int main(int argc, char **argv)
{
    static struct series ours[SUBJECTS_MAX];
    static struct series bare = {.subject = "crun"};
    const char *runners[SUBJECTS_MAX];

    size_t rounds = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
    size_t n = rounds == 0 ? 0 : take_subjects(argv + 2, ours, runners);
    if (n == 0 || rounds > ROUNDS_MAX) {
        (void)fprintf(stderr, "usage: bench_run ROUNDS SUBJECT=RUNNER_ID... -- COMMAND...\n");
        return 2;
    }

    errand_error error = {0};
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    errand_client *client = NULL;
    options.url = getenv("ERRAND_URL");
    options.token = getenv("ERRAND_TOKEN");
    int r = errand_client_new(&options, &client, &error);
    for (size_t i = 0; r >= 0 && i < rounds + WARM_UP_ROUNDS; i++) {
        for (size_t k = 0; r >= 0 && k < n; k++) {
            double ms = 0;
            r = run_once(client, runners[k], &ms, &error);
            add(&ours[k], i, ms);
        }
        add(&bare, i, spawn_once(argv + 3 + n));
    }
    if (r < 0) {
        (void)fprintf(stderr, "bench_run: %s\n", error.message);
        return 1;
    }
    report(ours, n, &bare);
    errand_client_free(client);
    return 0;
}
