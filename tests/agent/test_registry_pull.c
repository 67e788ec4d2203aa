/* SPDX-License-Identifier: Apache-2.0
 *
 * Images pulled for real from Debian's docker-registry. This program is its own unpacker.
 */
#include "support/test.h"

#include "agent/pull_fixture.h"
#include "base/file.h"
#include "images/layer_unpack.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <netinet/in.h>

static struct registry_fixture registry;
static char pushed[72]; /* digest of tool:1 */

static const char *reference(const char *rest)
{
    static char text[FIXTURE_PATH_BYTES + 32];
    (void)snprintf(text, sizeof(text), "127.0.0.1:%d/%s", registry.port, rest);
    return text;
}

static void test_pull__by_tag_brings_layers_and_configuration(void **state)
{
    struct bench *b = *state;
    struct outcome o;
    struct stat st;
    bench_pull(b, reference("tool:1"), &o);
    assert_pulled(&o);
    assert_string_equal(o.digest, pushed);

    const struct image *image = image_store_find(b->images, reference("tool:1"));
    assert_non_null(image);
    assert_int_equal(image->layers.n, 1);
    assert_string_equal(image->config.cmd.items[0], "sh");
    assert_string_equal(image->config.cwd, "/root");
    CLEANUP(freep) char *layer = layer_store_path(b->layers, image->layers.items[0]);
    CLEANUP(freep) char *busybox = NULL;
    assert_true(asprintf(&busybox, "%s/bin/busybox", layer) > 0);
    assert_int_equal(stat(busybox, &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0755);
}

static void test_pull__what_is_here_survives_registry_and_process(void **state)
{
    struct bench *b = *state;
    struct outcome o;
    char pinned[FIXTURE_PATH_BYTES];
    bench_pull(b, reference("tool:1"), &o);
    assert_true(o.has_image);

    bench_close(b);
    bench_open(b);
    (void)snprintf(pinned, sizeof(pinned), "tool@%s", pushed);
    assert_non_null(image_store_find(b->images, reference("tool:1")));
    assert_non_null(image_store_find(b->images, reference(pinned)));
}

static void test_store__forgets_an_image_that_lacks_a_layer(void **state)
{
    struct bench *b = *state;
    struct outcome o;
    struct err e;
    bench_pull(b, reference("tool:1"), &o);
    const struct image *image = image_store_find(b->images, reference("tool:1"));
    CLEANUP(freep) char *layer = layer_store_path(b->layers, image->layers.items[0]);
    ASSERT_OK(dir_remove(layer, &e), e);
    bench_close(b);
    bench_open(b);
    assert_int_equal(image_store_count(b->images), 0);
    bench_pull(b, reference("tool:1"), &o);
    assert_true(o.has_image);
}

static void test_pull__by_digest(void **state)
{
    struct bench *b = *state;
    struct outcome o;
    char pinned[FIXTURE_PATH_BYTES];
    (void)snprintf(pinned, sizeof(pinned), "tool@%s", pushed);
    bench_pull(b, reference(pinned), &o);
    assert_true(o.has_image);
    assert_string_equal(o.digest, pushed);
}

static void test_pull__missing_images_are_not_found(void **state)
{
    static const char *const missing[] = {
        "tool:2", "other:1",
        "tool@sha256:0000000000000000000000000000000000000000000000000000000000000000"};
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(missing); i++) {
        struct outcome o;
        bench_pull(b, reference(missing[i]), &o);
        assert_false(o.has_image);
        assert_int_equal(o.reason, TERMINATION_IMAGE_NOT_FOUND);
    }
}

static void test_pull__nobody_listening_is_a_failure(void **state)
{
    struct bench *b = *state;
    struct outcome o;
    char text[64];
    (void)snprintf(text, sizeof(text), "127.0.0.1:%d/tool:1", port_free());
    bench_pull(b, text, &o);
    assert_false(o.has_image);
    assert_int_equal(o.reason, TERMINATION_IMAGE_PULL_FAILED);
}

/* One byte of a blob differs from what its digest promises. */
static void assert_refused_when_changed(struct bench *b, const char *digest)
{
    char path[2 * FIXTURE_PATH_BYTES];
    struct outcome o;
    char byte = 0;
    registry_fixture_blob_path(&registry, digest, path);
    CLEANUP(fd_closep) int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, &byte, 1, 100), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, 100), 1);
    bench_pull(b, reference("tool:1"), &o);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, 100), 1);
    assert_false(o.has_image);
    assert_int_equal(o.reason, TERMINATION_IMAGE_PULL_FAILED);
    assert_int_equal(image_store_count(b->images), 0);
}

static void test_pull__refuses_bytes_of_another_digest(void **state)
{
    struct bench *b = *state;
    struct outcome o;
    char layer[DIGEST_TEXT_BYTES];
    bench_pull(b, reference("tool:1"), &o);
    const struct image *image = image_store_find(b->images, reference("tool:1"));
    memcpy(layer, image->layers.items[0], sizeof(layer));
    bench_close(b);
    struct err e;
    ASSERT_OK(dir_remove(b->dir, &e), e);
    ASSERT_OK(dir_make(b->dir, 0700, &e), e);
    bench_open(b);

    assert_refused_when_changed(b, layer);
    CLEANUP(freep) char *path = layer_store_path(b->layers, layer);
    struct stat st;
    assert_int_not_equal(stat(path, &st), 0);
}

static void test_pull__of_one_image_is_shared(void **state)
{
    struct bench *b = *state;
    struct outcome outcomes[8];
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++)
        (void)bench_request(b, reference("tool:1"), NULL, NULL, 60, &outcomes[i]);
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
        bench_wait(b, &outcomes[i]);
        assert_true(outcomes[i].has_image);
        assert_int_equal(outcomes[i].calls, 1);
    }
}

static void test_pull__of_one_layer_by_two_images_is_shared(void **state)
{
    struct bench *b = *state;
    struct outcome one;
    struct outcome two;
    char digest[72];
    registry_fixture_push(&registry, "copy:1", digest);
    (void)bench_request(b, reference("tool:1"), NULL, NULL, 60, &one);
    (void)bench_request(b, reference("copy:1"), NULL, NULL, 60, &two);
    bench_wait(b, &one);
    bench_wait(b, &two);
    assert_true(one.has_image);
    assert_true(two.has_image);
}

/* Accepts connections and never says a word. */
static int silent_server(int *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &n), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static void test_pull__that_hangs_ends_at_its_time_limit(void **state)
{
    struct bench *b = *state;
    struct outcome o;
    char text[64];
    int port = 0;
    CLEANUP(fd_closep) int fd = silent_server(&port);
    (void)snprintf(text, sizeof(text), "127.0.0.1:%d/tool:1", port);
    (void)bench_request(b, text, NULL, NULL, 1, &o);
    bench_wait(b, &o);
    assert_false(o.has_image);
    assert_int_equal(o.reason, TERMINATION_IMAGE_PULL_TIMEOUT);
}

static void test_pull__canceled_says_nothing(void **state)
{
    struct bench *b = *state;
    struct outcome canceled;
    struct outcome other;
    struct image_request *r = bench_request(b, reference("tool:1"), NULL, NULL, 60, &canceled);
    (void)bench_request(b, reference("tool:1"), NULL, NULL, 60, &other);
    image_request_cancel(r);
    bench_wait(b, &other);
    assert_true(other.has_image);
    assert_int_equal(canceled.calls, 0);
}

static void test_layers__leftovers_of_a_crash_are_removed(void **state)
{
    struct bench *b = *state;
    char path[FIXTURE_PATH_BYTES + 32];
    struct err e;
    struct stat st;
    (void)snprintf(path, sizeof(path), "%s/layers/tmp-abcdef/deep", b->dir);
    ASSERT_OK(dir_make(path, 0700, &e), e);
    bench_close(b);
    bench_open(b);
    assert_int_not_equal(stat(path, &st), 0);
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
        BENCH_TEST(test_pull__by_tag_brings_layers_and_configuration),
        BENCH_TEST(test_pull__what_is_here_survives_registry_and_process),
        BENCH_TEST(test_store__forgets_an_image_that_lacks_a_layer),
        BENCH_TEST(test_pull__by_digest),
        BENCH_TEST(test_pull__missing_images_are_not_found),
        BENCH_TEST(test_pull__nobody_listening_is_a_failure),
        BENCH_TEST(test_pull__refuses_bytes_of_another_digest),
        BENCH_TEST(test_pull__of_one_image_is_shared),
        BENCH_TEST(test_pull__of_one_layer_by_two_images_is_shared),
        BENCH_TEST(test_pull__that_hangs_ends_at_its_time_limit),
        BENCH_TEST(test_pull__canceled_says_nothing),
        BENCH_TEST(test_layers__leftovers_of_a_crash_are_removed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
