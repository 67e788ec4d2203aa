/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shim_fixture.h"

#include "base/clock.h"
#include "base/file.h"
#include "drivers/cgroup.h"
#include "drivers/rootfs.h"
#include "drivers/seccomp_compile.h"
#include "shim/spool_segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define AWAIT_MS 20000
#define IMAGE_NAME "errand.test/shim"
#define LOG_MAX_BYTES ((size_t)64 << 20)

static char root[] = "/tmp/errand-shim-test.XXXXXX";
static char cgroup[64];

static const char *path_in_root(const char *name, char *path)
{
    assert_true(snprintf(path, SHIM_PATH_BYTES, "%s/%s", root, name) < SHIM_PATH_BYTES);
    return path;
}

static const char *program(const char *name, char *path)
{
    const char *bin = getenv("ERRAND_BIN_DIR");
    assert_non_null(bin);
    assert_true(snprintf(path, SHIM_PATH_BYTES, "%s/%s", bin, name) < SHIM_PATH_BYTES);
    return path;
}

static const char *runtime(void)
{
    const char *path = getenv("ERRAND_TEST_RUNTIME");
    assert_non_null(path);
    return path;
}

enum driver_kind shim_driver(void)
{
    const char *name = getenv("ERRAND_TEST_DRIVER");
    for (int kind = 0; name != NULL && kind < DRIVER_COUNT; kind++) {
        if (strcmp(name, driver_kind_names[kind]) == 0)
            return (enum driver_kind)kind;
    }
    return DRIVER_OCI;
}

static const char *engine_socket(void)
{
    const char *path = getenv("ERRAND_TEST_ENGINE_SOCKET");
    assert_non_null(path);
    return path;
}

/* What it prints, cut. Fails the test when it fails. */
static void run_shell(const char *script, char *output, size_t output_n)
{
    int ends[2];
    int status = -1;
    size_t n = 0;
    ssize_t got;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)execl("/bin/sh", "sh", "-c", script, NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    while (n + 1 < output_n && (got = read(ends[0], output + n, output_n - 1 - n)) > 0)
        n += (size_t)got;
    output[n] = '\0';
    (void)close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status != 0)
        fail_msg("%s: %s", script, output);
}

/* The two layers as one image of the engine. */
static void import_image(void)
{
    char script[1024];
    char image[256];
    assert_true(snprintf(script, sizeof(script),
                         "cp -a %s/low %s/image && cp -a %s/high/. %s/image && "
                         "tar -C %s/image -c . | curl -sS --fail -X POST --unix-socket %s "
                         "-H 'Content-Type: application/x-tar' --data-binary @- "
                         "'http://engine/images/create?fromSrc=-&repo=" IMAGE_NAME "'",
                         root, root, root, root, root, engine_socket()) < (int)sizeof(script));
    run_shell(script, image, sizeof(image));
}

static void put_file(const char *name, const char *text, mode_t mode)
{
    struct err e;
    char path[SHIM_PATH_BYTES];
    ASSERT_OK(file_replace(path_in_root(name, path), text, strlen(text), mode, &e), e);
}

void shim_image_put(const char *name, const char *file, mode_t mode)
{
    struct err e;
    char relative[SHIM_PATH_BYTES];
    char path[SHIM_PATH_BYTES];
    CLEANUP(buf_done) struct buf bytes;
    buf_init(&bytes, 8 << 20);
    ASSERT_OK(file_read(file, &bytes, &e), e);
    assert_true(snprintf(relative, sizeof(relative), "low/%s", name) > 0);
    path_in_root(relative, path);
    ASSERT_OK(file_replace(path, bytes.data, bytes.len, 0755, &e), e);
    assert_int_equal(chmod(path, mode), 0);
}

const char *shim_root(void)
{
    return root;
}

/* A layer of busybox under every name the tests use, and a second one over it. */
static void make_layers(void)
{
    static const char *const names[] = {
        "cat", "chmod", "cut",    "dd",    "echo",  "false", "grep",     "head",
        "id",  "kill",  "ls",     "mkdir", "mv",    "nproc", "pwd",      "seq",
        "sh",  "sleep", "stat",   "tail",  "tr",    "true",  "unshare",  "wc",
        "yes", "env",   "printf", "rm",    "touch", "mount", "hostname", "df",
    };
    static const char *const directories[] = {"low/bin", "low/etc", "low/proc", "low/sys",
                                              "low/dev", "low/tmp", "high/etc"};
    struct err e;
    char path[SHIM_PATH_BYTES];
    for (size_t i = 0; i < ARRAY_LEN(directories); i++)
        ASSERT_OK(dir_make(path_in_root(directories[i], path), 0755, &e), e);
    assert_int_equal(chmod(path_in_root("low/tmp", path), 01777), 0);
    shim_image_put("bin/busybox", "/bin/busybox", 0755);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char name[SHIM_PATH_BYTES];
        assert_true(snprintf(name, sizeof(name), "low/bin/%s", names[i]) > 0);
        assert_int_equal(symlink("busybox", path_in_root(name, path)), 0);
    }
    put_file("low/etc/passwd",
             "root:x:0:0:root:/root:/bin/sh\nworker:x:1234:1235::/home/worker:/bin/sh\n", 0644);
    put_file("low/etc/group", "root:x:0:\nworker:x:1235:\nextra:x:1236:worker\n", 0644);
    put_file("low/bin/not-executable", "no program\n", 0644);
    put_file("low/bin/no-format", "no program\n", 0755);
    put_file("low/etc/layer", "low\n", 0644);
    put_file("high/etc/layer", "high\n", 0644);
}

static const char *seccomp_path(enum run_sandbox sandbox, char *path)
{
    char name[64];
    assert_true(snprintf(name, sizeof(name), "seccomp-%s.bpf", run_sandbox_name(sandbox)) > 0);
    return path_in_root(name, path);
}

void shim_set_sandbox(struct shim *shim, enum run_sandbox sandbox)
{
    char path[SHIM_PATH_BYTES];
    shim->spec.sandbox = sandbox;
    free(shim->spec.seccomp_bpf);
    shim->spec.seccomp_bpf = strdup(seccomp_path(sandbox, path));
}

/* All v1 trees at their places, and nothing beside them. */
static int show_v1_only(void)
{
    char path[SHIM_PATH_BYTES * 2];
    char place[] = "/tmp/errand-cgroups.XXXXXX";
    DIR *trees = opendir(CGROUP_ROOT);
    const struct dirent *tree;
    bool done = trees != NULL && mkdtemp(place) != NULL &&
                mount("none", place, "tmpfs", 0, "mode=755") == 0;
    while (done && (tree = readdir(trees)) != NULL) {
        if (tree->d_name[0] == '.' || strcmp(tree->d_name, CGROUP_HYBRID_V2_NAME) == 0)
            continue;
        char from[SHIM_PATH_BYTES * 2];
        done = snprintf(from, sizeof(from), CGROUP_ROOT "/%s", tree->d_name) > 0 &&
               snprintf(path, sizeof(path), "%s/%s", place, tree->d_name) > 0 &&
               mkdir(path, 0755) == 0 && mount(from, path, NULL, MS_BIND, NULL) == 0;
    }
    done = done && mount(place, CGROUP_ROOT, NULL, MS_BIND | MS_REC, NULL) == 0 &&
           umount2(place, MNT_DETACH) == 0 && rmdir(place) == 0;
    if (trees != NULL)
        (void)closedir(trees);
    return done ? 0 : -1;
}

static int show_v2_only(void)
{
    return umount2(CGROUP_ROOT, MNT_DETACH) < 0 ||
                   mount("cgroup2", CGROUP_ROOT, "cgroup2", 0, NULL) < 0
               ? -1
               : 0;
}

/* Of a machine with the hybrid layout, for this program and its shims alone: one with v1 only, or
 * with v2 only, which then has no controllers. */
static int arrange_cgroups(const char *layout)
{
    if (layout == NULL)
        return 0;
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) < 0)
        return -1;
    return strcmp(layout, "v1") == 0 ? show_v1_only() : show_v2_only();
}

static const char *wanted_layout(void)
{
    return getenv("ERRAND_TEST_CGROUPS");
}

int shim_group_setup(void **state)
{
    (void)state;
    if (arrange_cgroups(wanted_layout()) < 0) {
        print_error("cannot arrange cgroups %s: %s\n", wanted_layout(), strerror(errno));
        return -1;
    }
    struct err e;
    char path[SHIM_PATH_BYTES];
    if (geteuid() != 0) {
        print_error("needs root: containers are made for real\n");
        return -1;
    }
    assert_non_null(mkdtemp(root));
    assert_int_equal(chmod(root, 0711), 0);
    assert_true(snprintf(cgroup, sizeof(cgroup), "/errand-test-%d", (int)getpid()) > 0);
    make_layers();
    for (int i = 0; i < RUN_SANDBOX_COUNT; i++)
        ASSERT_OK(seccomp_compile((enum run_sandbox)i, seccomp_path((enum run_sandbox)i, path), &e),
                  e);
    if (shim_driver() == DRIVER_DOCKER)
        import_image();
    return 0;
}

/* Mounts of ours on the host, which there must never be one of. */
static int count_mounts(void)
{
    struct err e;
    CLEANUP(buf_done) struct buf mounts;
    buf_init(&mounts, 1 << 20);
    ASSERT_OK(file_read("/proc/self/mountinfo", &mounts, &e), e);
    return strstr(buf_text(&mounts), root) != NULL || strstr(buf_text(&mounts), "/proc/self/fd/");
}

/* The engine has no container, running or not. */
static int count_containers(void)
{
    char script[512];
    char list[256] = "";
    if (shim_driver() != DRIVER_DOCKER)
        return 0;
    assert_true(snprintf(script, sizeof(script),
                         "curl -sS --unix-socket %s 'http://engine/containers/json?all=1'",
                         engine_socket()) < (int)sizeof(script));
    run_shell(script, list, sizeof(list));
    if (strncmp(list, "[]", 2) == 0)
        return 0;
    print_error("left behind: %s\n", list);
    return 1;
}

/* Removing the group all runs' groups were in works only when they are gone. */
int shim_group_count_left(void)
{
    struct err e = {.code = ERR_OK};
    int left = count_mounts() + count_containers();
    DIR *trees = opendir(CGROUP_ROOT);
    const struct dirent *tree;
    while (trees != NULL && (tree = readdir(trees)) != NULL) {
        char path[SHIM_PATH_BYTES * 2];
        if (snprintf(path, sizeof(path), CGROUP_ROOT "/%s%s", tree->d_name, cgroup) <= 0)
            continue;
        if (rmdir(path) < 0 && errno != ENOENT && errno != ENOTDIR) {
            print_error("left behind: %s: %s\n", path, strerror(errno));
            left++;
        }
    }
    if (trees != NULL)
        (void)closedir(trees);
    if (dir_remove(root, &e) < 0) {
        print_error("left behind: %s\n", e.msg);
        left++;
    }
    return left;
}

/* What the driver needs to find the same programs. */
static void make_place(struct run_spec *spec)
{
    struct err e;
    char path[SHIM_PATH_BYTES];
    char variable[SHIM_PATH_BYTES + 8];
    spec->driver = shim_driver();
    spec->init = strdup(program("errand-init", path));
    switch (spec->driver) {
    case DRIVER_OCI:
        ASSERT_OK(text_list_add(&spec->layers, path_in_root("low", path), &e), e);
        ASSERT_OK(text_list_add(&spec->layers, path_in_root("high", path), &e), e);
        spec->runtime = strdup(runtime());
        break;
    case DRIVER_DOCKER:
        spec->image = strdup(IMAGE_NAME);
        spec->engine_socket = strdup(engine_socket());
        break;
    case DRIVER_PROCESS:
        assert_true(snprintf(variable, sizeof(variable), "PATH=%s", path_in_root("low/bin", path)) >
                    0);
        ASSERT_OK(text_list_add(&spec->env, variable, &e), e);
        break;
    case DRIVER_COUNT:
        break;
    }
}

static void make_spec(struct run_spec *spec)
{
    struct err e;
    char path[SHIM_PATH_BYTES];
    run_spec_init(spec);
    spec->run = id_new();
    ASSERT_OK(text_list_add(&spec->argv, "true", &e), e);
    make_place(spec);
    spec->seccomp_bpf = strdup(seccomp_path(spec->sandbox, path));
    spec->wake_socket = strdup(path_in_root("wake.sock", path));
    assert_true(snprintf(path, sizeof(path), "%s/%s-1", cgroup, ID_TEXT(spec->run)) > 0);
    spec->cgroup = strdup(path);
    spec->timeout_seconds = 30;
    spec->stop_grace_seconds = 5;
    spec->memory_bytes = (uint64_t)64 << 20;
    spec->pids_limit = 64;
    spec->network = RUN_NETWORK_NONE;
    if (wanted_layout() != NULL && strcmp(wanted_layout(), "v2") == 0) {
        spec->memory_bytes = 0;
        spec->pids_limit = 0;
    }
}

static int open_wake_socket(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[SHIM_PATH_BYTES];
    path_in_root("wake.sock", path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    (void)unlink(path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

int shim_setup(void **state)
{
    struct err e;
    struct shim *shim = calloc(1, sizeof(*shim));
    assert_non_null(shim);
    make_spec(&shim->spec);
    buf_init(&shim->log, LOG_MAX_BYTES);
    assert_true(snprintf(shim->run_dir, sizeof(shim->run_dir), "%s/runs/%s/1", root,
                         ID_TEXT(shim->spec.run)) > 0);
    ASSERT_OK(dir_make(shim->run_dir, 0700, &e), e);
    shim->wake_fd = open_wake_socket();
    *state = shim;
    return 0;
}

int shim_teardown(void **state)
{
    struct shim *shim = *state;
    if (shim->pid > 0) {
        (void)kill(shim->pid, SIGKILL);
        (void)waitpid(shim->pid, NULL, 0);
        (void)shim_reap(shim);
    }
    (void)close(shim->wake_fd);
    buf_done(&shim->log);
    run_spec_done(&shim->spec);
    free(shim);
    return 0;
}

void shim_set_argv(struct shim *shim, ...)
{
    struct err e;
    va_list args;
    text_list_done(&shim->spec.argv);
    va_start(args, shim);
    for (const char *text; (text = va_arg(args, const char *)) != NULL;)
        ASSERT_OK(text_list_add(&shim->spec.argv, text, &e), e);
    va_end(args);
}

void shim_set_script(struct shim *shim, const char *script)
{
    shim_set_argv(shim, "sh", "-c", script, NULL);
}

void shim_add_env(struct shim *shim, const char *text)
{
    struct err e;
    ASSERT_OK(text_list_add(&shim->spec.env, text, &e), e);
}

static int memfd_with(const struct buf *text)
{
    int fd = memfd_create("spec", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text->data, text->len), (ssize_t)text->len);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

void shim_start(struct shim *shim)
{
    struct err e;
    char path[SHIM_PATH_BYTES];
    CLEANUP(buf_done) struct buf text;
    buf_init(&text, RUN_SPEC_MAX_BYTES);
    ASSERT_OK(run_spec_encode(&shim->spec, &text, &e), e);
    CLEANUP(fd_closep) int spec_fd = memfd_with(&text);
    program("errand-shim", path);

    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(spec_fd, STDIN_FILENO);
        (void)execl(path, path, shim->run_dir, NULL);
        _exit(127);
    }
    shim->pid = pid;
}

void shim_await(struct shim *shim, const char *event)
{
    char expected[128];
    assert_true(snprintf(expected, sizeof(expected), "%s %s/1", event, ID_TEXT(shim->spec.run)) >
                0);
    shim_await_word(shim, expected);
}

void shim_await_word(const struct shim *shim, const char *expected)
{
    char text[128];
    for (;;) {
        struct pollfd wake = {.fd = shim->wake_fd, .events = POLLIN};
        if (poll(&wake, 1, AWAIT_MS) != 1)
            fail_msg("no \"%s\" came", expected);
        ssize_t got = recv(shim->wake_fd, text, sizeof(text) - 1, 0);
        assert_true(got > 0);
        text[got] = '\0';
        if (strcmp(text, expected) == 0)
            return;
    }
}

bool shim_take_segment(struct shim *shim)
{
    CLEANUP(buf_done) struct buf bytes;
    char name[SPOOL_SEGMENT_NAME_BYTES];
    char path[SHIM_PATH_BYTES + SPOOL_SEGMENT_NAME_BYTES];
    struct spool_segment segment;
    struct err e;
    buf_init(&bytes, shim->log.max_bytes);
    spool_segment_name(shim->n_records + 1, name);
    assert_true(snprintf(path, sizeof(path), "%s/%s", shim->run_dir, name) > 0);
    if (shim->n_taken == shim->n_records + 1 || file_read(path, &bytes, &e) < 0)
        return false;
    assert_true(bytes.len >= SPOOL_SEGMENT_HEADER_BYTES);
    assert_true(spool_segment_decode(bytes.data, &segment));
    assert_int_equal(segment.first_id, shim->n_records + 1);
    assert_int_equal(segment.payload_before, shim->n_payload);
    buf_consume(&bytes, SPOOL_SEGMENT_HEADER_BYTES);

    struct log_range range = log_record_scan(bytes.data, bytes.len, UINT64_MAX);
    assert_int_equal(range.bytes, bytes.len);
    buf_add(&shim->log, bytes.data, bytes.len);
    shim->n_taken = shim->n_records + 1;
    shim->n_records += range.records;
    shim->n_payload += range.payload_bytes;
    return true;
}

static void read_log(struct shim *shim)
{
    struct err e;
    uint64_t first;
    uint64_t last;
    ASSERT_OK(spool_segment_bounds(shim->run_dir, &first, &last, &e), e);
    if (shim->n_taken == 0)
        assert_int_equal(first, 1);
    while (shim_take_segment(shim))
        continue;
    assert_int_equal(shim->record.last_line, shim->n_records);
    assert_int_equal(shim->record.log_bytes, shim->n_payload);
}

void shim_finish(struct shim *shim)
{
    struct err e;
    int status;
    assert_int_equal(waitpid(shim->pid, &status, 0), shim->pid);
    shim->pid = 0;
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ASSERT_OK(exit_record_read(shim->run_dir, &shim->record, &e), e);
    assert_true(id_equal(shim->record.run, shim->spec.run));
    read_log(shim);
}

void shim_run(struct shim *shim)
{
    shim_start(shim);
    shim_finish(shim);
}

int shim_reap(struct shim *shim)
{
    int status;
    char path[SHIM_PATH_BYTES];
    program("errand-shim", path);
    pid_t pid = fork();
    if (pid == 0) {
        (void)execl(path, path, "--reap", shim->run_dir, NULL);
        _exit(127);
    }
    shim->pid = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

char *shim_text(struct shim *shim, enum log_stream stream, size_t *ret_n)
{
    struct buf text;
    buf_init(&text, LOG_MAX_BYTES);
    struct log_record record;
    size_t size;
    for (size_t at = 0; log_record_next(shim->log.data + at, shim->log.len - at, &record, &size) ==
                        LOG_RECORD_WHOLE;
         at += size) {
        if (record.stream != stream)
            continue;
        buf_add(&text, record.payload, record.n);
        if ((record.flags & LOG_RECORD_PARTIAL) == 0)
            buf_add_char(&text, '\n');
    }
    *ret_n = text.len;
    return buf_take(&text);
}

void shim_assert_text(struct shim *shim, enum log_stream stream, const char *expected)
{
    size_t n;
    CLEANUP(freep) char *text = shim_text(shim, stream, &n);
    assert_non_null(text);
    assert_string_equal(text, expected);
}

size_t shim_count_processes(const struct shim *shim)
{
    struct err e;
    enum cgroup_layout layout;
    char path[SHIM_PATH_BYTES * 2];
    ASSERT_OK(cgroup_layout_find(&layout, &e), e);
    assert_true(snprintf(path, sizeof(path), CGROUP_ROOT "%s%s/cgroup.procs",
                         layout == CGROUP_V2 ? "" : "/pids", shim->spec.cgroup) > 0);
    CLEANUP(file_closep) FILE *procs = fopen(path, "re");
    size_t n = 0;
    for (int c; procs != NULL && (c = fgetc(procs)) != EOF;)
        n += c == '\n';
    return n;
}

static const char *searched;
static bool found;

static int search_file(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)where;
    CLEANUP(buf_done) struct buf text;
    buf_init(&text, LOG_MAX_BYTES);
    if (kind == FTW_F && file_read(path, &text, NULL) == 0 && text.len > 0 &&
        memmem(text.data, text.len, searched, strlen(searched)) != NULL)
        found = true;
    return 0;
}

bool shim_disk_holds(const struct shim *shim, const char *text)
{
    char scratch[SHIM_PATH_BYTES * 2];
    searched = text;
    found = false;
    assert_int_equal(nftw(shim->run_dir, search_file, 8, FTW_PHYS | FTW_MOUNT), 0);
    if (shim->pid > 0 && shim->spec.driver == DRIVER_OCI) {
        assert_true(snprintf(scratch, sizeof(scratch), "/proc/%d/root%s/" ROOTFS_SCRATCH,
                             (int)shim->pid, shim->run_dir) > 0);
        assert_int_equal(nftw(scratch, search_file, 8, FTW_PHYS | FTW_MOUNT), 0);
    }
    return found;
}

int64_t shim_duration_ms(const struct shim *shim)
{
    return (shim->record.finished_at_us - shim->record.started_at_us) / CLOCK_US_PER_MS;
}

void shim_assert_only_record_is_left(const struct shim *shim)
{
    static const char *const expected[] = {
        ".", "..", "exit.json", "lock", "spool.00000000000000000001", "status.json"};
    struct dirent **names;
    int n = scandir(shim->run_dir, &names, NULL, alphasort);
    assert_int_equal(n, ARRAY_LEN(expected));
    for (int i = 0; i < n; i++) {
        assert_string_equal(names[i]->d_name, expected[i]);
        free(names[i]);
    }
    free(names);
}
