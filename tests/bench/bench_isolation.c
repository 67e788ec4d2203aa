/* SPDX-License-Identifier: Apache-2.0
 *
 * What parts of the sandbox cost: runs of `true` by a shim, in turn without and with each, so that
 * all see the same machine. Prints JSON rows. Needs root.
 *
 *   bench_isolation ROUNDS     with ERRAND_BIN_DIR, and the runtime in ERRAND_TEST_RUNTIME
 *
 * Processor time is that of shim, runtime and container; the kernel's own work after the end, such
 * as taking devices away, is in neither.
 */
#include "agent/shim_fixture.h"

#include "base/clock.h"
#include "base/parse.h"
#include "drivers/address_lease.h"
#include "host_network.h"

#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define ROUNDS_MAX 1000
#define SUBNET "10.214.0.0/16"

static char bridge[IFNAMSIZ];

static void plain(struct shim *shim)
{
    (void)shim;
}

static void with_bridge(struct shim *shim)
{
    shim->spec.network = RUN_NETWORK_BRIDGE;
    shim->spec.bridge = strdup(bridge);
    shim->spec.subnet = strdup(SUBNET);
}

static void untrusted(struct shim *shim)
{
    shim_set_sandbox(shim, RUN_SANDBOX_UNTRUSTED);
}

static void with_disk_ceiling(struct shim *shim)
{
    shim->spec.disk_bytes = (uint64_t)1 << 30;
}

static struct subject {
    const char *name;
    void (*arrange)(struct shim *shim);
    double wall_ms[ROUNDS_MAX];
    double cpu_ms[ROUNDS_MAX];
} subjects[] = {
    {.name = "shim, network none", .arrange = plain},
    {.name = "network bridge", .arrange = with_bridge},
    {.name = "sandbox untrusted", .arrange = untrusted},
    {.name = "disk ceiling", .arrange = with_disk_ceiling},
};

static double cpu_ms(void)
{
    struct rusage use;
    (void)getrusage(RUSAGE_CHILDREN, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1e3 +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e3;
}

static void measure(struct subject *subject, size_t round)
{
    void *state = NULL;
    assert_int_equal(shim_setup(&state), 0);
    struct shim *shim = state;
    subject->arrange(shim);
    int64_t from_us = clock_mono_us();
    double from_cpu_ms = cpu_ms();
    shim_run(shim);
    subject->wall_ms[round] = (double)(clock_mono_us() - from_us) / 1e3;
    subject->cpu_ms[round] = cpu_ms() - from_cpu_ms;
    assert_int_equal(shim->record.exit_code, 0);
    (void)shim_teardown(&state);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts. */
static void print_row(const struct subject *subject, const char *metric, double *values, size_t n,
                      double base, const char *end)
{
    qsort(values, n, sizeof(*values), compare);
    double p50 = values[n / 2];
    (void)printf("{\"subject\":\"%s\",\"metric\":\"%s\",\"value\":%.2f,\"unit\":\"ms\",\"n\":%zu,"
                 "\"spread\":%.2f,\"ratio_to\":{\"%s\":%.2f}}%s\n",
                 subject->name, metric, p50, n, values[n * 9 / 10] - values[n / 10],
                 subjects[0].name, base > 0 ? p50 / base : 1, end);
}

static void print_rows(size_t n)
{
    double wall = 0;
    double cpu = 0;
    (void)printf("[\n");
    for (size_t i = 0; i < ARRAY_LEN(subjects); i++) {
        struct subject *subject = &subjects[i];
        print_row(subject, "start to end, p50", subject->wall_ms, n, wall, ",");
        print_row(subject, "processor time, p50", subject->cpu_ms, n, cpu,
                  i + 1 < ARRAY_LEN(subjects) ? "," : "");
        wall = subjects[0].wall_ms[n / 2];
        cpu = subjects[0].cpu_ms[n / 2];
    }
    (void)printf("]\n");
}

static void make_network(void)
{
    struct err e;
    struct subnet subnet;
    assert_int_equal(unshare(CLONE_NEWNET), 0);
    assert_true(snprintf(bridge, sizeof(bridge), "errandb%d", (int)getpid()) > 0);
    ASSERT_OK(subnet_parse(SUBNET, &subnet, &e), e);
    ASSERT_OK(host_network_make(bridge, &subnet, &e), e);
}

static int remove_leases(void)
{
    char path[sizeof(ADDRESS_LEASE_DIR) + IFNAMSIZ];
    (void)snprintf(path, sizeof(path), ADDRESS_LEASE_DIR "/%s", bridge);
    return rmdir(path);
}

int main(int argc, char **argv)
{
    int64_t rounds = 0;
    void *state = NULL;
    if (argc != 2 || parse_i64(argv[1], 1, ROUNDS_MAX, "ROUNDS", &rounds, NULL) < 0) {
        (void)fprintf(stderr, "usage: bench_isolation ROUNDS\n");
        return 2;
    }
    make_network();
    if (shim_group_setup(&state) != 0)
        return 1;
    for (size_t i = 0; i < (size_t)rounds; i++) {
        for (size_t j = 0; j < ARRAY_LEN(subjects); j++)
            measure(&subjects[j], i);
    }
    print_rows((size_t)rounds);
    return shim_group_count_left() + (remove_leases() < 0);
}
