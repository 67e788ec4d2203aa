/* SPDX-License-Identifier: Apache-2.0
 *
 * Pulls that are cut on the way, and processes that are killed in the middle of a pull or of a
 * collection: what is on the disk then must work. Needs root.
 */
#include "support/test.h"

#include "agent/pull_fixture.h"
#include "base/file.h"
#include "images/layer_unpack.h"

#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#define KILLS 16
#define KILL_STEP_US 12000

static struct registry_fixture registry;
static char pushed[72]; /* digest of tool:1 */

/* Stands before the registry and cuts answers short. */
static struct {
    pthread_t thread;
    int fd;
    int port;
    size_t cut_bytes;  /* of a connection's answers */
    atomic_int cuts;   /* left */
    atomic_int ranges; /* requests for a rest */
} proxy;

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* Returns false when one side has ended. */
static bool pass(int from, int to, size_t *passed, size_t most)
{
    static char bytes[65536];
    ssize_t n = recv(from, bytes, sizeof(bytes) - 1, 0);
    if (n <= 0)
        return false;
    bytes[n] = '\0';
    if (strstr(bytes, "\r\nRange: bytes=") != NULL)
        (void)atomic_fetch_add(&proxy.ranges, 1);
    *passed += (size_t)n;
    if (*passed > most) {
        n -= (ssize_t)(*passed - most);
        if (n > 0)
            (void)send(to, bytes, (size_t)n, MSG_NOSIGNAL);
        (void)atomic_fetch_sub(&proxy.cuts, 1);
        return false;
    }
    return send(to, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

static void relay(int client)
{
    struct sockaddr_in address = loopback(registry.port);
    CLEANUP(fd_closep) int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t up = 0;
    size_t down = 0;
    if (connect(server, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return;
    for (;;) {
        struct pollfd fds[] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
        if (poll(fds, 2, -1) < 0)
            return;
        size_t most = atomic_load(&proxy.cuts) > 0 ? proxy.cut_bytes : SIZE_MAX;
        if (fds[0].revents != 0 && !pass(client, server, &up, SIZE_MAX))
            return;
        if (fds[1].revents != 0 && !pass(server, client, &down, most))
            return;
    }
}

/* One connection at a time, as the client of one layer makes them. */
static void *serve(void *ctx)
{
    int fd;
    (void)ctx;
    while ((fd = accept4(proxy.fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        relay(fd);
        (void)close(fd);
    }
    return NULL;
}

static void proxy_start(size_t cut_bytes, int cuts)
{
    struct sockaddr_in address = loopback(0);
    socklen_t n = sizeof(address);
    proxy.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    proxy.cut_bytes = cut_bytes;
    atomic_store(&proxy.cuts, cuts);
    atomic_store(&proxy.ranges, 0);
    assert_int_equal(bind(proxy.fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(proxy.fd, 8), 0);
    assert_int_equal(getsockname(proxy.fd, (struct sockaddr *)&address, &n), 0);
    proxy.port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&proxy.thread, NULL, serve, NULL), 0);
}

static void proxy_stop(void)
{
    (void)shutdown(proxy.fd, SHUT_RDWR);
    (void)pthread_join(proxy.thread, NULL);
    (void)close(proxy.fd);
}

/* More often than a pull tries without getting anywhere. */
static void test_pull__goes_on_where_it_was_cut(void **state)
{
    struct bench *b = *state;
    struct outcome o;
    char text[64];
    proxy_start(120000, 8);
    (void)snprintf(text, sizeof(text), "127.0.0.1:%d/tool:1", proxy.port);
    bench_pull(b, text, &o);
    assert_pulled(&o);
    assert_string_equal(o.digest, pushed);
    assert_true(atomic_load(&proxy.ranges) >= 6);
    proxy_stop();
}

static void test_pull__that_gets_nowhere_ends(void **state)
{
    struct bench *b = *state;
    struct outcome o;
    char text[64];
    proxy_start(0, 1000);
    (void)snprintf(text, sizeof(text), "127.0.0.1:%d/tool:1", proxy.port);
    bench_pull(b, text, &o);
    assert_false(o.has_image);
    assert_int_equal(o.reason, TERMINATION_IMAGE_PULL_FAILED);
    proxy_stop();
}

static const char *reference(void)
{
    static char text[64];
    (void)snprintf(text, sizeof(text), "127.0.0.1:%d/tool:1", registry.port);
    return text;
}

/* The process that is killed: pulls into `dir`, or collects all that is there. */
static int victim(const char *what, const char *dir, const char *text)
{
    static struct bench b = {.limits = {.max_bytes = LAYER_UNPACKED_MAX_BYTES}};
    struct outcome o;
    (void)snprintf(b.dir, sizeof(b.dir), "%s", dir);
    b.max_bytes = strcmp(what, "--collect") == 0 ? 1 : 0;
    bench_open(&b);
    if (b.max_bytes > 0)
        image_cache_look(b.cache);
    else
        bench_pull(&b, text, &o);
    bench_close(&b);
    return 0;
}

static void kill_after(char *what, char *dir, int64_t us)
{
    char self[] = "/proc/self/exe";
    char text[64];
    (void)snprintf(text, sizeof(text), "%s", reference());
    char *argv[] = {self, what, dir, text, NULL};
    pid_t pid = program_start(argv, -1, "/dev/null");
    struct timespec pause = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    (void)nanosleep(&pause, NULL);
    (void)kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void assert_whole(const struct bench *b)
{
    for (size_t i = 0; i < image_store_count(b->images); i++) {
        const struct image *image = image_store_at(b->images, i);
        assert_int_equal(image->layers.n, 1);
        CLEANUP(freep) char *layer = layer_store_path(b->layers, image->layers.items[0]);
        CLEANUP(freep) char *busybox = NULL;
        assert_true(asprintf(&busybox, "%s/bin/busybox", layer) > 0);
        assert_int_equal(access(busybox, X_OK), 0);
    }
    CLEANUP(freep) char *layers = NULL;
    assert_true(asprintf(&layers, "%s/layers", b->dir) > 0);
    DIR *dir = opendir(layers);
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL)
        assert_int_not_equal(strncmp(entry->d_name, "tmp-", 4), 0);
    (void)closedir(dir);
}

/* At any moment of a pull; the one after it always succeeds. */
static void test_kill__in_a_pull_leaves_stores_that_work(void **state)
{
    struct bench *b = *state;
    char what[] = "--pull";
    size_t whole = 0;
    for (int i = 0; i < KILLS; i++) {
        struct err e;
        struct outcome o;
        bench_close(b);
        ASSERT_OK(dir_remove(b->dir, &e), e);
        ASSERT_OK(dir_make(b->dir, 0700, &e), e);
        kill_after(what, b->dir, 10000 + i * (int64_t)KILL_STEP_US);
        bench_open(b);
        assert_whole(b);
        whole += image_store_count(b->images) > 0;
        if (i % 6 != 0)
            continue;
        bench_pull(b, reference(), &o);
        assert_pulled(&o);
        assert_whole(b);
    }
    print_message("%zu of %d were whole\n", whole, KILLS);
}

static void test_kill__in_a_collection_leaves_stores_that_work(void **state)
{
    struct bench *b = *state;
    char what[] = "--collect";
    struct outcome o;
    size_t whole = 0;
    for (int i = 0; i < KILLS; i++) {
        bench_pull(b, reference(), &o);
        assert_pulled(&o);
        bench_close(b);
        kill_after(what, b->dir, 3000 + i * (int64_t)KILL_STEP_US / 5);
        bench_open(b);
        assert_whole(b);
        whole += image_store_count(b->images) > 0;
    }
    print_message("%zu of %d were whole\n", whole, KILLS);
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
    if (argc == 4)
        return victim(argv[1], argv[2], argv[3]);
    const struct CMUnitTest tests[] = {
        BENCH_TEST(test_pull__goes_on_where_it_was_cut),
        BENCH_TEST(test_pull__that_gets_nowhere_ends),
        BENCH_TEST(test_kill__in_a_pull_leaves_stores_that_work),
        BENCH_TEST(test_kill__in_a_collection_leaves_stores_that_work),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
