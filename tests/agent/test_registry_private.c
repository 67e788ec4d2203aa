/* SPDX-License-Identifier: Apache-2.0
 *
 * Debian's docker-registry with passwords, with a token service, and behind a certificate of its
 * own; and who may use what was pulled from it. Needs root.
 */
#include "support/test.h"

#include "agent/pull_fixture.h"
#include "base/file.h"
#include "base/parse.h"
#include "images/layer_unpack.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define PORT_TRIES 1000

static struct registry_fixture registry;
static char pushed[72]; /* digest of tool:1 */
static char user[] = "robot";
static char password[] = "sesame";
static char guess[] = "planted-guess";
static const struct registry_login right = {.username = user, .password = password};
static const struct registry_login wrong = {.username = user, .password = guess};

static const char *reference(const char *rest)
{
    static char text[FIXTURE_PATH_BYTES];
    (void)snprintf(text, sizeof(text), "127.0.0.1:%d/%s", registry.port, rest);
    return text;
}

static const char *file_of(const char *name)
{
    static char path[2][FIXTURE_PATH_BYTES + 32];
    static unsigned turn;
    char *at = path[turn++ % 2];
    (void)snprintf(at, sizeof(path[0]), "%s/%s", registry.dir, name);
    return at;
}

static void shell(const char *script)
{
    char program[] = "sh";
    char flag[] = "-ec";
    char text[2048];
    char output[512];
    (void)snprintf(text, sizeof(text), "cd %s; exec 2>>shell.log; %s", registry.dir, script);
    char *argv[] = {program, flag, text, NULL};
    if (program_run(argv, output, sizeof(output)) != 0)
        fail_msg("failed: %s", script);
}

static void assert_refused(struct bench *b, const struct registry_login *login)
{
    struct outcome o;
    bench_pull_as(b, reference("tool:1"), login, NULL, &o);
    assert_false(o.has_image);
    assert_int_equal(o.reason, TERMINATION_REGISTRY_AUTH_FAILED);
    assert_null(strstr(o.why.msg, guess));
}

/* A project that gave credentials may use the image from then on, one that did not may not. */
static void assert_private(struct bench *b)
{
    struct outcome o;
    struct id member = id_new();
    assert_refused(b, NULL);
    assert_refused(b, &wrong);
    bench_pull_as(b, reference("tool:1"), &right, &member, &o);
    assert_pulled(&o);
    assert_string_equal(o.digest, pushed);

    const struct image *image = image_store_find(b->images, reference("tool:1"));
    assert_true(image_is_open_to(image, member));
    assert_false(image_is_open_to(image, id_new()));
    bench_close(b);
    bench_open(b);
    image = image_store_find(b->images, reference("tool:1"));
    assert_true(image_is_open_to(image, member));
    assert_false(image_is_open_to(image, id_new()));
}

static void test_basic__needs_the_right_password(void **state)
{
    char yaml[1024];
    shell("htpasswd -Bbn robot sesame >htpasswd");
    (void)snprintf(yaml, sizeof(yaml), "auth: {htpasswd: {realm: test, path: %s}}\n",
                   file_of("htpasswd"));
    registry_fixture_reconfigure(&registry, yaml);
    assert_private(*state);
}

static int wait_for_port(const char *path)
{
    for (int i = 0; i < PORT_TRIES; i++) {
        CLEANUP(buf_done) struct buf text;
        int64_t port = 0;
        buf_init(&text, 16);
        if (file_read(path, &text, NULL) == 0 &&
            parse_i64(buf_text(&text), 1, 65535, "port", &port, NULL) == 0)
            return (int)port;
        struct timespec pause = {.tv_nsec = 10000000};
        (void)nanosleep(&pause, NULL);
    }
    fail_msg("the token service does not start");
    return 0;
}

static void make_certificate(const char *name)
{
    char script[512];
    (void)snprintf(script, sizeof(script),
                   "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
                   " -keyout %s.key -out %s.pem -subj /CN=%s -addext subjectAltName=IP:127.0.0.1",
                   name, name, name);
    shell(script);
}

static pid_t start_token_server(int *ret_port)
{
    char node[] = "node";
    char script[FIXTURE_PATH_BYTES];
    char key[FIXTURE_PATH_BYTES + 32];
    char certificate[FIXTURE_PATH_BYTES + 32];
    char port_file[FIXTURE_PATH_BYTES + 32];
    (void)snprintf(script, sizeof(script), "%s/tests/support/token_server.mjs",
                   getenv("ERRAND_SOURCE_DIR"));
    (void)snprintf(key, sizeof(key), "%s", file_of("token.key"));
    (void)snprintf(certificate, sizeof(certificate), "%s", file_of("token.pem"));
    (void)snprintf(port_file, sizeof(port_file), "%s", file_of("token.port"));
    char *argv[] = {node, script, key, certificate, port_file, NULL};
    pid_t pid = program_start(argv, -1, NULL);
    *ret_port = wait_for_port(port_file);
    return pid;
}

static void test_token__comes_from_a_service_that_wants_the_password(void **state)
{
    char yaml[1024];
    int port = 0;
    make_certificate("token");
    pid_t pid = start_token_server(&port);
    (void)snprintf(yaml, sizeof(yaml),
                   "auth:\n  token: {realm: 'http://127.0.0.1:%d/token', service: registry,"
                   " issuer: errand-test, rootcertbundle: %s}\n",
                   port, file_of("token.pem"));
    registry_fixture_reconfigure(&registry, yaml);
    assert_private(*state);
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

static char *read_certificate(const char *name)
{
    struct buf text;
    struct err e;
    buf_init(&text, 65536);
    ASSERT_OK(file_read(file_of(name), &text, &e), e);
    return buf_take(&text);
}

/* Plain http is tried first on loopback; a server for TLS says so. */
static void test_certificate__of_its_own_must_be_trusted(void **state)
{
    struct bench *b = *state;
    struct outcome o;
    char yaml[1024];
    make_certificate("server");
    make_certificate("other");
    (void)snprintf(yaml, sizeof(yaml), "  tls: {certificate: %s, key: %s}\n", file_of("server.pem"),
                   file_of("server.key"));
    registry_fixture_reconfigure(&registry, yaml);
    CLEANUP(freep) char *certificate = read_certificate("server.pem");
    CLEANUP(freep) char *other = read_certificate("other.pem");

    bench_pull(b, reference("tool:1"), &o);
    assert_false(o.has_image);
    assert_int_equal(o.reason, TERMINATION_IMAGE_PULL_FAILED);
    assert_non_null(strstr(o.why.msg, "certificate"));
    const struct registry_login distrusted = {.ca_pem = other};
    bench_pull_as(b, reference("tool:1"), &distrusted, NULL, &o);
    assert_false(o.has_image);

    const struct registry_login trusted = {.ca_pem = certificate};
    bench_pull_as(b, reference("tool:1"), &trusted, NULL, &o);
    assert_pulled(&o);
    assert_true(image_is_open_to(image_store_find(b->images, reference("tool:1")), id_new()));

    bench_close(b);
    b->rules.ca_pem = certificate;
    bench_open(b);
    bench_pull(b, reference("tool:1"), &o);
    assert_pulled(&o);
    bench_close(b);
    b->rules.ca_pem = NULL;
    bench_open(b);
}

static int set_up(void **state)
{
    (void)state;
    registry_fixture_start(&registry);
    registry_fixture_push(&registry, "tool:1", pushed);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    registry_fixture_stop(&registry);
    return 0;
}

#define BENCH_TEST(test) cmocka_unit_test_setup_teardown(test, bench_set_up, bench_tear_down)

int main(int argc, char **argv)
{
    if (layer_unpack_is_asked(argc, argv))
        layer_unpack_main(argv);
    const struct CMUnitTest tests[] = {
        BENCH_TEST(test_basic__needs_the_right_password),
        BENCH_TEST(test_token__comes_from_a_service_that_wants_the_password),
        BENCH_TEST(test_certificate__of_its_own_must_be_trusted),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
