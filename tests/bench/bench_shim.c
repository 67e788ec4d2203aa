/* SPDX-License-Identifier: Apache-2.0
 *
 * What a run costs from the moment its assignment and image are here: errand-shim with a run of
 * `echo`, beside the bare runtime with the same configuration, profile and files, in turn, one at a
 * time and four at a time; and a run that finds a box, whose processor time is that of making the
 * box, too.
 *
 *   bench_shim BIN_DIR RUNTIME ROUNDS   as root, where RUNTIME works (tests/bench/lib.sh
 * bench_bare)
 *
 * The runtime's root file system is a plain directory that is there before; ours is an overlay that
 * is mounted and removed in each run. Prints JSON rows: subject, metric, value, unit, n, spread
 * (p90 - p10), ratio_to.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/defer.h"
#include "base/file.h"
#include "drivers/cgroup.h"
#include "drivers/oci_config.h"
#include "drivers/rootfs.h"
#include "drivers/seccomp_compile.h"
#include "run_spec.h"
#include "shim/control.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS_MAX 10000
#define WARM_UP_ROUNDS 3
#define PARALLEL 4
#define ARGS "\"args\":[\"/dev/.errand-init\"]"

struct series {
    double ms[ROUNDS_MAX];
    size_t n;
};

static char parent_group[32]; /* of all runs' groups */
static char work[] = "/tmp/errand-bench-shim.XXXXXX";
static const char *bin_dir;
static const char *runtime;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void in_work(char path[PATH_MAX], const char *name)
{
    if (snprintf(path, PATH_MAX, "%s/%s", work, name) < 0)
        die(name);
}

static double now_ms(void)
{
    return (double)clock_mono_us() / 1e3;
}

static void make_rootfs(const char *name)
{
    static const char *const dirs[] = {"bin", "proc", "sys", "dev", "etc", "tmp"};
    char path[PATH_MAX];
    char file[PATH_MAX + 16];
    struct err e;
    CLEANUP(buf_done) struct buf busybox;
    buf_init(&busybox, (size_t)16 << 20);
    in_work(path, name);
    for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
        (void)snprintf(file, sizeof(file), "%s/%s", path, dirs[i]);
        if (dir_make(file, 0755, &e) < 0)
            die(e.msg);
    }
    (void)snprintf(file, sizeof(file), "%s/bin/echo", path);
    if (file_read("/bin/busybox", &busybox, &e) < 0 ||
        file_replace(file, busybox.data, busybox.len, 0755, &e) < 0)
        die(e.msg);
    (void)snprintf(file, sizeof(file), "%s/bin/sleep", path);
    if (file_replace(file, busybox.data, busybox.len, 0755, &e) < 0)
        die(e.msg);
}

static void make_spec(struct run_spec *spec, const char *argv0, const char *argv1)
{
    char path[PATH_MAX];
    struct err e;
    run_spec_init(spec);
    spec->run = id_new();
    spec->attempt = 1;
    in_work(path, "low");
    if (text_list_add(&spec->argv, argv0, &e) < 0 || text_list_add(&spec->argv, argv1, &e) < 0 ||
        text_list_add(&spec->layers, path, &e) < 0)
        die(e.msg);
    spec->runtime = strdup(runtime);
    (void)snprintf(path, sizeof(path), "%s/errand-init", bin_dir);
    spec->init = strdup(path);
    in_work(path, "seccomp.bpf");
    spec->seccomp_bpf = strdup(path);
    (void)snprintf(path, sizeof(path), "%s/%s-1", parent_group, ID_TEXT(spec->run));
    spec->cgroup = strdup(path);
    spec->memory_bytes = (uint64_t)256 << 20;
    spec->cpu_milli = 1000;
    spec->pids_limit = 256;
    spec->network = RUN_NETWORK_NONE;
    spec->log_limit_bytes = 1 << 20;
}

static pid_t start_shim(struct run_spec *spec, const char *run_dir)
{
    char path[PATH_MAX];
    struct err e;
    CLEANUP(buf_done) struct buf text;
    buf_init(&text, RUN_SPEC_MAX_BYTES);
    if (run_spec_encode(spec, &text, &e) < 0 || dir_make(run_dir, 0700, &e) < 0)
        die(e.msg);
    CLEANUP(fd_closep) int fd = memfd_create("spec", MFD_CLOEXEC);
    if (write(fd, text.data, text.len) != (ssize_t)text.len || lseek(fd, 0, SEEK_SET) < 0)
        die("spec");
    (void)snprintf(path, sizeof(path), "%s/errand-shim", bin_dir);
    pid_t pid = vfork();
    if (pid == 0) {
        (void)dup2(fd, STDIN_FILENO);
        (void)execl(path, path, run_dir, NULL);
        _exit(127);
    }
    return pid;
}

/* Until the wake-up `event` of this run. */
static void await(int wake_fd, const char *event)
{
    char text[128];
    ssize_t got;
    do {
        got = recv(wake_fd, text, sizeof(text), 0);
    } while (got > 0 && strncmp(text, event, strlen(event)) != 0);
    if (got <= 0)
        die("a wake-up");
}

static int open_wake_socket(char path[PATH_MAX])
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char name[32];
    (void)snprintf(name, sizeof(name), "wake-%d", (int)getpid());
    in_work(path, name);
    memcpy(address.sun_path, path, strlen(path) + 1);
    (void)unlink(path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const struct timeval patience = {.tv_sec = 30};
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
        die("wake socket");
    return fd;
}

/* Processor time of a child and of all it has waited for. */
static double reap(pid_t pid)
{
    struct rusage use;
    int status;
    if (wait4(pid, &status, 0, &use) != pid || status != 0)
        die("a run");
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1e3 +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e3;
}

struct cost {
    double output_ms; /* from the start to the first output */
    double end_ms;    /* and to the end */
    double cpu_ms;
};

static void run_shim(int wake_fd, const char *wake_path, struct cost *ret_cost)
{
    CLEANUP(run_spec_done) struct run_spec spec;
    char run_dir[PATH_MAX];
    char parent[PATH_MAX];
    struct err e;
    make_spec(&spec, "echo", "up");
    spec.wake_socket = strdup(wake_path);
    (void)snprintf(parent, sizeof(parent), "%.100s/runs/%s", work, ID_TEXT(spec.run));
    (void)snprintf(run_dir, sizeof(run_dir), "%.200s/1", parent);
    double from = now_ms();
    pid_t pid = start_shim(&spec, run_dir);
    await(wake_fd, "log");
    ret_cost->output_ms = now_ms() - from;
    await(wake_fd, "exited");
    ret_cost->end_ms = now_ms() - from;
    ret_cost->cpu_ms = reap(pid);
    if (dir_remove(parent, &e) < 0)
        die(e.msg);
}

/* A run that finds a box: the clock starts when the box, which is ready, is given its run. */
static void run_box(int wake_fd, const char *wake_path, struct cost *ret_cost)
{
    CLEANUP(run_spec_done) struct run_spec spec;
    CLEANUP(buf_done) struct buf text;
    struct text_list argv;
    char run_dir[PATH_MAX];
    char parent[PATH_MAX];
    struct err e;
    make_spec(&spec, "echo", "up");
    spec.wake_socket = strdup(wake_path);
    (void)snprintf(parent, sizeof(parent), "%.100s/runs/%s", work, ID_TEXT(spec.run));
    (void)snprintf(run_dir, sizeof(run_dir), "%.200s/1", parent);
    argv = spec.argv;
    spec.argv = (struct text_list){0};
    spec.attempt = RUN_SPEC_BOX;
    spec.wait_seconds = 60;
    pid_t pid = start_shim(&spec, run_dir);
    await(wake_fd, "ready");
    spec.argv = argv;
    spec.attempt = 1;
    double from = now_ms();
    buf_init(&text, RUN_SPEC_MAX_BYTES);
    if (run_spec_encode(&spec, &text, &e) < 0)
        die(e.msg);
    CLEANUP(fd_closep) int fd = memfd_create("spec", MFD_CLOEXEC);
    if (write(fd, text.data, text.len) != (ssize_t)text.len || lseek(fd, 0, SEEK_SET) < 0 ||
        control_send_run(run_dir, fd, &e) < 0)
        die("spec");
    await(wake_fd, "log");
    ret_cost->output_ms = now_ms() - from;
    await(wake_fd, "exited");
    ret_cost->end_ms = now_ms() - from;
    ret_cost->cpu_ms = reap(pid);
    if (dir_remove(parent, &e) < 0)
        die(e.msg);
}

static void run_bare(const char *bundle, struct cost *ret_cost)
{
    char id[64];
    char byte[16];
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        die("pipe");
    (void)snprintf(id, sizeof(id), "bench-%d", (int)getpid());
    double from = now_ms();
    pid_t pid = vfork();
    if (pid == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)execl(runtime, runtime, "run", "--bundle", bundle, id, NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    ssize_t got = read(ends[0], byte, sizeof(byte));
    ret_cost->output_ms = now_ms() - from;
    ret_cost->cpu_ms = reap(pid);
    if (got <= 0)
        die("the bare runtime");
    ret_cost->end_ms = now_ms() - from;
    (void)close(ends[0]);
}

/* The configuration a shim writes, but for errand-init: the command itself is PID 1. */
static void make_bundle(char bundle[PATH_MAX], int number)
{
    char name[64];
    char path[PATH_MAX + 16];
    struct err e;
    CLEANUP(run_spec_done) struct run_spec spec;
    CLEANUP(buf_done) struct buf program;
    CLEANUP(buf_done) struct buf config;
    CLEANUP(buf_done) struct buf ours;
    buf_init(&program, 1 << 20);
    buf_init(&config, 1 << 20);
    buf_init(&ours, 1 << 20);
    (void)snprintf(name, sizeof(name), "bundle-%d/" ROOTFS_DIR, number);
    make_rootfs(name);
    (void)snprintf(name, sizeof(name), "bundle-%d", number);
    in_work(bundle, name);

    make_spec(&spec, "echo", "up");
    if (file_read(spec.seccomp_bpf, &program, &e) < 0)
        die(e.msg);
    oci_config_put(&config, &(struct oci_config){
                                .spec = &spec, .hostname = "bench", .seccomp_program = &program});
    const char *args = strstr(buf_text(&config), ARGS);
    if (args == NULL)
        die("configuration");
    buf_add(&ours, config.data, (size_t)(args - config.data));
    buf_add_text(&ours, "\"args\":[\"/bin/echo\",\"up\"]");
    buf_add_text(&ours, args + strlen(ARGS));
    (void)snprintf(path, sizeof(path), "%s/config.json", bundle);
    if (file_replace(path, ours.data, ours.len, 0600, &e) < 0)
        die(e.msg);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(struct series *s, double p)
{
    qsort(s->ms, s->n, sizeof(s->ms[0]), compare);
    return s->ms[(size_t)(p * (double)(s->n - 1) + 0.5)];
}

static void print_ms(const char *subject, const char *metric, struct series *s,
                     struct series *floor)
{
    (void)printf("  {\"subject\":\"%s\",\"metric\":\"%s\",\"value\":%.2f,\"unit\":\"ms\",\"n\":%zu,"
                 "\"spread\":%.2f,\"ratio_to\":{\"crun\":%.2f}},\n",
                 subject, metric, percentile(s, 0.5), s->n, percentile(s, 0.9) - percentile(s, 0.1),
                 percentile(s, 0.5) / percentile(floor, 0.5));
}

/* Runs a second over PARALLEL processes that do one run after another. */
static double throughput(bool ours, size_t rounds)
{
    double from = now_ms();
    for (int i = 0; i < PARALLEL; i++) {
        pid_t pid = fork();
        if (pid != 0)
            continue;
        char wake_path[PATH_MAX];
        char bundle[PATH_MAX];
        char name[64];
        struct cost cost;
        int fd = ours ? open_wake_socket(wake_path) : -1;
        (void)snprintf(name, sizeof(name), "bundle-%d", i);
        in_work(bundle, name);
        for (size_t round = 0; round < rounds / PARALLEL; round++) {
            if (ours)
                run_shim(fd, wake_path, &cost);
            else
                run_bare(bundle, &cost);
        }
        _exit(0);
    }
    int status = 0;
    while (wait(&status) > 0)
        if (status != 0)
            die("parallel runs");
    return (double)(rounds / PARALLEL * PARALLEL) * 1e3 / (now_ms() - from);
}

static void print_rate(const char *subject, struct series *s, struct series *floor)
{
    (void)printf(
        "  {\"subject\":\"%s\",\"metric\":\"runs_per_s_4\",\"value\":%.1f,\"unit\":\"1/s\","
        "\"n\":%zu,\"spread\":%.1f,\"ratio_to\":{\"crun\":%.2f}},\n",
        subject, percentile(s, 0.5), s->n, percentile(s, 0.9) - percentile(s, 0.1),
        percentile(s, 0.5) / percentile(floor, 0.5));
}

/* VmHWM of a shim whose container sleeps, in KiB. */
static void print_memory(void)
{
    CLEANUP(run_spec_done) struct run_spec spec;
    char wake_path[PATH_MAX];
    char run_dir[PATH_MAX];
    char path[64];
    struct err e;
    CLEANUP(buf_done) struct buf status;
    buf_init(&status, 65536);
    CLEANUP(fd_closep) int fd = open_wake_socket(wake_path);
    make_spec(&spec, "sleep", "0.3");
    spec.wake_socket = strdup(wake_path);
    (void)snprintf(run_dir, sizeof(run_dir), "%.100s/runs/%s/1", work, ID_TEXT(spec.run));
    pid_t pid = start_shim(&spec, run_dir);
    await(fd, "started");
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    if (file_read(path, &status, &e) < 0)
        die(e.msg);
    const char *hwm = strstr(buf_text(&status), "VmHWM:");
    double mib = hwm == NULL ? 0 : strtod(hwm + strlen("VmHWM:"), NULL) / 1024;
    (void)printf("  {\"subject\":\"shim\",\"metric\":\"rss_peak\",\"value\":%.2f,\"unit\":\"MiB\","
                 "\"n\":1,\"spread\":0,\"ratio_to\":{}}\n",
                 mib);
    (void)waitpid(pid, NULL, 0);
}

static void remove_parent_group(void)
{
    DIR *trees = opendir(CGROUP_ROOT);
    const struct dirent *tree;
    while (trees != NULL && (tree = readdir(trees)) != NULL) {
        char path[PATH_MAX];
        (void)snprintf(path, sizeof(path), CGROUP_ROOT "/%s%s", tree->d_name, parent_group);
        if (strcmp(tree->d_name, CGROUP_HYBRID_V2_NAME) == 0)
            continue; /* the cover */
        if (rmdir(path) < 0 && errno != ENOENT && errno != ENOTDIR)
            perror(path);
    }
    if (trees != NULL)
        (void)closedir(trees);
}

static void add(struct series series[3], size_t round, const struct cost *cost)
{
    const double ms[3] = {cost->output_ms, cost->end_ms, cost->cpu_ms};
    for (size_t i = 0; round >= WARM_UP_ROUNDS && i < ARRAY_LEN(ms); i++)
        series[i].ms[series[i].n++] = ms[i];
}

int main(int argc, char **argv)
{
    static const char *const metrics[] = {"start_to_first_output", "start_to_end",
                                          "processor_time"};
    static struct series ours[3], boxed[3], bare[3], ours_rate, bare_rate;
    char wake_path[PATH_MAX];
    char bundle[PATH_MAX];
    char path[PATH_MAX];
    struct err e;
    size_t rounds = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
    if (rounds < 10 || rounds > ROUNDS_MAX || mkdtemp(work) == NULL) {
        (void)fprintf(stderr, "usage: bench_shim BIN_DIR RUNTIME ROUNDS\n");
        return 2;
    }
    (void)snprintf(parent_group, sizeof(parent_group), "/errand-bench-%d", (int)getpid());
    bin_dir = argv[1];
    runtime = argv[2];
    in_work(path, "seccomp.bpf");
    if (seccomp_compile(RUN_SANDBOX_DEFAULT, path, &e) < 0)
        die(e.msg);
    make_rootfs("low");
    for (int i = PARALLEL - 1; i >= 0; i--)
        make_bundle(bundle, i);

    int fd = open_wake_socket(wake_path);
    for (size_t i = 0; i < rounds + WARM_UP_ROUNDS; i++) {
        struct cost cost;
        run_shim(fd, wake_path, &cost);
        add(ours, i, &cost);
        run_box(fd, wake_path, &cost);
        add(boxed, i, &cost);
        run_bare(bundle, &cost);
        add(bare, i, &cost);
    }
    for (int i = 0; i < 5; i++) {
        ours_rate.ms[ours_rate.n++] = throughput(true, rounds);
        bare_rate.ms[bare_rate.n++] = throughput(false, rounds);
    }
    (void)puts("[");
    for (size_t i = 0; i < ARRAY_LEN(metrics); i++) {
        print_ms("shim", metrics[i], &ours[i], &bare[i]);
        print_ms("box", metrics[i], &boxed[i], &bare[i]);
        print_ms("crun", metrics[i], &bare[i], &bare[i]);
    }
    print_rate("shim", &ours_rate, &bare_rate);
    print_rate("crun", &bare_rate, &bare_rate);
    print_memory();
    (void)puts("]");
    remove_parent_group();
    return dir_remove(work, &e) < 0;
}
