/* SPDX-License-Identifier: Apache-2.0
 *
 * The doctor on this machine as it is, and on one that lacks something: what it lacks is taken away
 * for the doctor alone, in namespaces of its own or by a filter. Needs root.
 */
#include "support/test.h"

#include "base/buf.h"
#include "base/file.h"

#include <jansson.h>
#include <seccomp.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CREDENTIAL "err_h_planted"
#define JOIN_TOKEN "err_j_planted"
#define PATH_BYTES 256
#define ARGS_MAX 8

static char dir[] = "/tmp/errand-doctor-test.XXXXXX";
static char data_dir[PATH_BYTES];
static char join_file[PATH_BYTES];

/* What the API says; set before the doctor is asked. */
static struct {
    int health;
    int events;
    int registration;
    long skew_s;
} api;

/* the API: answers one request a connection, until killed */

static int status_of(const char *request)
{
    if (strncmp(request, "GET /healthz ", 13) == 0)
        return api.health;
    if (strncmp(request, "POST /agent/v1/events ", 22) == 0)
        return strstr(request, "Bearer " CREDENTIAL "\r\n") != NULL ? api.events : 401;
    if (strncmp(request, "POST /agent/v1/register ", 24) == 0)
        return strstr(request, "Bearer " JOIN_TOKEN "\r\n") != NULL ? api.registration : 401;
    return 404;
}

static void serve(int listener) __attribute__((noreturn));

static void serve(int listener)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        char request[4096] = "";
        char date[64];
        struct tm tm;
        CLEANUP(fd_closep) int fd = accept(listener, NULL, NULL);
        if (fd < 0 || recv(fd, request, sizeof(request) - 1, 0) <= 0)
            continue;
        time_t now = time(NULL) + api.skew_s;
        (void)strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &tm));
        (void)dprintf(fd,
                      "HTTP/1.1 %d X\r\nDate: %s\r\nContent-Length: 0\r\n"
                      "Connection: close\r\n\r\n",
                      status_of(request), date);
    }
}

static pid_t start_api(char url[64])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(address);
    CLEANUP(fd_closep) int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &n), 0);
    assert_true(snprintf(url, 64, "--api_url=http://127.0.0.1:%d", ntohs(address.sin_port)) > 0);
    pid_t pid = fork();
    if (pid == 0)
        serve(listener);
    return pid;
}

/* the doctor */

struct visit {
    bool (*lack)(void); /* takes something away, in the doctor's process; may be NULL */
    const char *args[ARGS_MAX];
    int exit_code; /* then: */
    json_t *report;
    char *text; /* owned */
};

static void run_doctor(const struct visit *visit, const char *url, int out_fd)
    __attribute__((noreturn));

static void run_doctor(const struct visit *visit, const char *url, int out_fd)
{
    char program[PATH_BYTES];
    char data[PATH_BYTES + 16];
    const char *argv[ARGS_MAX + 8] = {program, url, data};
    (void)snprintf(program, sizeof(program), "%s/errand-agent", getenv("ERRAND_BIN_DIR"));
    (void)snprintf(data, sizeof(data), "--data_dir=%s", data_dir);
    size_t n = 3;
    for (size_t i = 0; i < ARRAY_LEN(visit->args) && visit->args[i] != NULL; i++)
        argv[n++] = visit->args[i];
    argv[n++] = "doctor";
    argv[n++] = "--json";
    argv[n] = NULL;
    if (visit->lack != NULL && !visit->lack()) {
        print_error("cannot take it away: %s\n", strerror(errno));
        _exit(99);
    }
    (void)dup2(out_fd, STDOUT_FILENO);
    (void)execv(program, (char *const *)(uintptr_t)argv);
    _exit(98);
}

static void visit_done(struct visit *visit)
{
    json_decref(visit->report);
    free(visit->text);
}

static void ask(struct visit *visit)
{
    char url[64];
    int status;
    char chunk[4096];
    ssize_t got;
    struct buf text;
    int out[2];
    pid_t server = start_api(url);
    buf_init(&text, 1 << 20);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0)
        run_doctor(visit, url, out[1]);
    (void)close(out[1]);
    while ((got = read(out[0], chunk, sizeof(chunk))) > 0)
        buf_add(&text, chunk, (size_t)got);
    (void)close(out[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    (void)kill(server, SIGKILL);
    (void)waitpid(server, NULL, 0);
    assert_true(WIFEXITED(status));
    visit->exit_code = WEXITSTATUS(status);
    buf_add_char(&text, '\0');
    visit->text = buf_take(&text);
    visit->report = json_loads(visit->text, 0, NULL);
    if (visit->report == NULL)
        fail_msg("no JSON, exit code %d: %s", visit->exit_code, visit->text);
    assert_null(strstr(visit->text, "planted"));
}

/* Whether the check has that status, and what it found holds `found`; with a fix unless ok. */
static void assert_says(const struct visit *visit, const char *name, const char *status,
                        const char *found)
{
    size_t i;
    json_t *check;
    json_array_foreach(json_object_get(visit->report, "checks"), i, check)
    {
        if (strcmp(json_string_value(json_object_get(check, "name")), name) != 0)
            continue;
        const char *text = json_string_value(json_object_get(check, "found"));
        assert_string_equal(json_string_value(json_object_get(check, "status")), status);
        if (strstr(text, found) == NULL)
            fail_msg("%s: %s", name, text);
        assert_true(json_is_null(json_object_get(check, "fix")) == (strcmp(status, "ok") == 0));
        return;
    }
    fail_msg("no check is called %s", name);
}

static void assert_one(bool (*lack)(void), const char *arg, const char *name, const char *status,
                       const char *found)
{
    bool fails = strcmp(status, "fail") == 0;
    CLEANUP(visit_done) struct visit visit = {.lack = lack, .args = {arg}};
    ask(&visit);
    assert_says(&visit, name, status, found);
    assert_int_equal(visit.exit_code, fails ? 1 : 0);
    assert_true(json_is_true(json_object_get(visit.report, "ok")) == !fails);
}

/* what can be taken away */

static bool own_mounts(void)
{
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) == 0;
}

/* Wherever it is: a device cannot be executed. */
static bool cover_program(const char *name)
{
    static const char *const places[] = {"/usr/bin",        "/usr/sbin", "/usr/local/bin",
                                         "/usr/local/sbin", "/bin",      "/sbin"};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        char path[PATH_BYTES];
        if (snprintf(path, sizeof(path), "%s/%s", places[i], name) < 0)
            return false;
        if (access(path, X_OK) == 0 && mount("/dev/null", path, NULL, MS_BIND, NULL) < 0)
            return false;
    }
    return true;
}

static bool without_runtimes(void)
{
    return own_mounts() && cover_program("crun") && cover_program("runc");
}

static bool without_crun(void)
{
    return own_mounts() && cover_program("crun");
}

static bool without_nft(void)
{
    return own_mounts() && cover_program("nft");
}

static bool without_memory_controller(void)
{
    bool is_v1 = access("/sys/fs/cgroup/memory", F_OK) == 0;
    return own_mounts() &&
           mount("none", is_v1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup", "tmpfs", 0, NULL) == 0;
}

static bool on_small_disk(void)
{
    struct err e;
    return own_mounts() && mount("none", data_dir, "tmpfs", 0, "size=8m") == 0 &&
           chdir(data_dir) == 0 &&
           file_replace("credential", CREDENTIAL, strlen(CREDENTIAL), 0600, &e) == 0;
}

static bool on_overlay(void)
{
    char options[PATH_BYTES * 4];
    return on_small_disk() && mkdir("l", 0700) == 0 && mkdir("u", 0700) == 0 &&
           mkdir("w", 0700) == 0 &&
           snprintf(options, sizeof(options), "lowerdir=%s/l,upperdir=%s/u,workdir=%s/w", data_dir,
                    data_dir, data_dir) > 0 &&
           mount("overlay", data_dir, "overlay", 0, options) == 0;
}

/* A kernel, or somebody around us, that does not want it. */
static bool filter(int call, unsigned argument_mask)
{
    scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);
    struct scmp_arg_cmp has = SCMP_A0(SCMP_CMP_MASKED_EQ, argument_mask, argument_mask);
    bool done = context != NULL &&
                seccomp_rule_add_array(context, SCMP_ACT_ERRNO(EPERM), call,
                                       argument_mask == 0 ? 0 : 1, &has) == 0 &&
                seccomp_load(context) == 0;
    seccomp_release(context);
    return done;
}

static bool without_user_namespaces(void)
{
    return filter(SCMP_SYS(clone), CLONE_NEWUSER);
}

static bool without_seccomp(void)
{
    return filter(SCMP_SYS(seccomp), 0);
}

static bool with_a_route(void)
{
    static const char line[] = "ip link set lo up && ip route add 10.128.0.0/9 dev lo";
    int status = -1;
    if (unshare(CLONE_NEWNET) < 0)
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        (void)execl("/bin/sh", "sh", "-c", line, NULL);
        _exit(127);
    }
    return waitpid(pid, &status, 0) == pid && status == 0;
}

static int setup(void **state)
{
    (void)state;
    struct err e;
    char path[PATH_BYTES + 16];
    api.health = 200;
    api.events = 200;
    api.registration = 400;
    api.skew_s = 0;
    assert_true(snprintf(path, sizeof(path), "%s/credential", data_dir) > 0);
    return file_replace(path, CREDENTIAL "\n", strlen(CREDENTIAL) + 1, 0600, &e);
}

static void forget_credential(void)
{
    char path[PATH_BYTES + 16];
    assert_true(snprintf(path, sizeof(path), "%s/credential", data_dir) > 0);
    assert_int_equal(unlink(path), 0);
}

static void test_doctor__finds_nothing_wrong_here(void **state)
{
    (void)state;
    static const char *const names[] = {"root",    "runtime", "cgroups", "overlayfs", "seccomp",
                                        "network", "memory",  "api",     "clock",     "credential"};
    CLEANUP(visit_done) struct visit visit = {.args = {"--disk_floor_mb=1"}};
    ask(&visit);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_says(&visit, names[i], "ok", "");
    assert_says(&visit, "user namespaces", "ok", "");
    assert_int_equal(visit.exit_code, 0);
    assert_true(json_is_true(json_object_get(visit.report, "ok")));
}

static void test_doctor__leaves_nothing(void **state)
{
    (void)state;
    CLEANUP(visit_done) struct visit visit = {.args = {"--disk_floor_mb=1"}};
    struct stat st;
    assert_int_equal(stat(data_dir, &st), 0);
    nlink_t before = st.st_nlink;
    ask(&visit);
    assert_int_equal(stat(data_dir, &st), 0);
    assert_int_equal(st.st_nlink, before);
}

static void test_doctor__misses_runtimes(void **state)
{
    (void)state;
    assert_one(without_runtimes, NULL, "runtime", "fail", "no crun or runc on PATH");
    assert_one(without_crun, NULL, "runtime", "warn", "no crun");
    assert_one(NULL, "--runtime=/no/such/crun", "runtime", "fail", "/no/such/crun");
    assert_one(NULL, "--runtime=/bin/sh", "runtime", "fail", "does not say its version");
}

static void test_doctor__misses_engines(void **state)
{
    (void)state;
    CLEANUP(visit_done)
    struct visit visit = {.args = {"--driver=docker", "--docker_socket=/nowhere.sock"}};
    ask(&visit);
    assert_says(&visit, "engine", "fail", "/nowhere.sock");
    assert_one(NULL, "--driver=process", "driver", "fail", "no sandbox");
}

static void test_doctor__misses_controllers(void **state)
{
    (void)state;
    assert_one(without_memory_controller, NULL, "cgroups", "fail", " memory");
}

static void test_doctor__misses_overlays(void **state)
{
    (void)state;
    assert_one(on_overlay, "--disk_floor_mb=1", "overlayfs", "fail", "mount an overlay");
}

static void test_doctor__misses_user_namespaces(void **state)
{
    (void)state;
    assert_one(without_user_namespaces, NULL, "user namespaces", "warn", "user namespace");
}

static void test_doctor__misses_filters(void **state)
{
    (void)state;
    assert_one(without_seccomp, NULL, "seccomp", "fail", "cannot be filtered");
}

static void test_doctor__misses_the_network(void **state)
{
    (void)state;
    assert_one(without_nft, NULL, "network", "warn", "no nft on PATH");
    assert_one(NULL, "--network_bridge=none", "network", "warn", "switched off");
    assert_one(NULL, "--network_subnet=10.1.2.3/8", "network", "warn", "bits set");
    /* the API is out of reach there as well */
    CLEANUP(visit_done) struct visit visit = {.lack = with_a_route};
    ask(&visit);
    assert_says(&visit, "subnet", "warn", "through lo already");
}

static void test_doctor__misses_room(void **state)
{
    (void)state;
    assert_one(on_small_disk, "--disk_floor_mb=100", "disk", "fail", "images leave 100 MB");
    assert_one(on_small_disk, "--disk_floor_mb=5", "disk", "warn", "images leave 5 MB");
    assert_one(NULL, "--mem_total_mb=100000000", "memory", "warn", "100000000 MB are offered");
}

static void test_doctor__misses_the_api(void **state)
{
    (void)state;
    assert_one(NULL, "--api_url=http://127.0.0.1:1", "api", "fail", "http://127.0.0.1:1: ");
    assert_one(NULL, "--api_url=ftp://127.0.0.1:1", "api", "fail", "rotocol");
    assert_one(NULL, "--api_url=", "api", "fail", "not set");
    api.health = 503;
    assert_one(NULL, NULL, "api", "fail", "503");
}

static void test_doctor__sees_clocks_that_differ(void **state)
{
    (void)state;
    api.skew_s = 30;
    assert_one(NULL, NULL, "clock", "warn", " s behind the API's");
    api.skew_s = -7200;
    assert_one(NULL, NULL, "clock", "fail", " s ahead of the API's");
}

static void test_doctor__tries_its_credential(void **state)
{
    (void)state;
    api.events = 401;
    assert_one(NULL, NULL, "credential", "fail", "refuses it");
    api.events = 503;
    assert_one(NULL, NULL, "credential", "warn", "503");
}

static void test_doctor__tries_its_join_token(void **state)
{
    (void)state;
    forget_credential();
    assert_one(NULL, join_file, "join token", "ok", "accepts it");
    api.registration = 401;
    assert_one(NULL, join_file, "join token", "fail", "refuses it");
    assert_one(NULL, NULL, "credential", "fail", "not registered yet");
}

static int group_setup(void **state)
{
    (void)state;
    struct err e;
    char path[PATH_BYTES];
    if (geteuid() != 0) {
        print_error("needs root: it takes away what the machine has\n");
        return -1;
    }
    assert_non_null(mkdtemp(dir));
    assert_true(snprintf(data_dir, sizeof(data_dir), "%s/data", dir) > 0);
    assert_true(snprintf(path, sizeof(path), "%s/join", dir) > 0);
    assert_true(snprintf(join_file, sizeof(join_file), "--join_token_file=%s", path) > 0);
    ASSERT_OK(dir_make(data_dir, 0700, &e), e);
    ASSERT_OK(file_replace(path, JOIN_TOKEN "\n", strlen(JOIN_TOKEN) + 1, 0600, &e), e);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_doctor__finds_nothing_wrong_here), TEST(test_doctor__leaves_nothing),
        TEST(test_doctor__misses_runtimes),          TEST(test_doctor__misses_engines),
        TEST(test_doctor__misses_controllers),       TEST(test_doctor__misses_overlays),
        TEST(test_doctor__misses_user_namespaces),   TEST(test_doctor__misses_filters),
        TEST(test_doctor__misses_the_network),       TEST(test_doctor__misses_room),
        TEST(test_doctor__misses_the_api),           TEST(test_doctor__sees_clocks_that_differ),
        TEST(test_doctor__tries_its_credential),     TEST(test_doctor__tries_its_join_token),
    };
    struct err e;
    int failed = cmocka_run_group_tests(tests, group_setup, NULL);
    return failed + (dir_remove(dir, &e) < 0);
}
