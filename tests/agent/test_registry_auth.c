/* SPDX-License-Identifier: Apache-2.0
 *
 * A registry that docker-registry cannot be made to be: with a token service, with Basic, with an
 * index of platforms, with redirects, failing and lying. One thread answers, one request a
 * connection.
 */
#include "support/test.h"

#include "base/buf.h"
#include "images/digest.h"
#include "images/manifest.h"
#include "images/registry.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

enum guard { GUARD_NONE, GUARD_TOKEN, GUARD_BASIC };

struct server {
    pthread_t thread;
    int fd;
    int port;
    /* set before a request is made */
    enum guard guard;
    int failures;        /* answer 503 so often */
    bool is_redirecting; /* blobs */
    int tokens;          /* given out */
    char last_authorization[128];
};

static struct server server;
static const atomic_bool never;
static struct image_reference ref;
static const struct registry_rules no_rules;
static char user[] = "me";
static char secret[] = "secret";
static char guess[] = "guess";

static const char manifest_body[] = "{\"schemaVersion\":2}";

static void answer(int fd, const char *status, const char *headers, const char *body)
{
    char text[2048];
    int n = snprintf(text, sizeof(text),
                     "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\n%s\r\n%s", status,
                     strlen(body), headers, body);
    (void)send(fd, text, (size_t)n, MSG_NOSIGNAL);
}

static void answer_token(int fd, const char *request)
{
    bool asks_right = strstr(request, "service=fake%20registry") != NULL &&
                      strstr(request, "scope=repository%3Aprivate%2Ftool%3Apull") != NULL;
    server.tokens++;
    answer(fd, asks_right ? "200 OK" : "400 Bad", "", "{\"access_token\":\"sesame\"}");
}

static bool is_authorized(const char *request)
{
    const char *at = strcasestr(request, "\r\nAuthorization: ");
    size_t n = at != NULL ? strcspn(at + 17, "\r") : 0;
    (void)snprintf(server.last_authorization, sizeof(server.last_authorization), "%.*s", (int)n,
                   at != NULL ? at + 17 : "");
    if (server.guard == GUARD_TOKEN)
        return strcmp(server.last_authorization, "Bearer sesame") == 0;
    if (server.guard == GUARD_BASIC)
        return strcmp(server.last_authorization, "Basic bWU6c2VjcmV0") == 0;
    return true;
}

static void challenge(int fd)
{
    char header[256];
    if (server.guard == GUARD_BASIC)
        (void)snprintf(header, sizeof(header), "WWW-Authenticate: Basic realm=\"x\"\r\n");
    else
        (void)snprintf(header, sizeof(header),
                       "WWW-Authenticate: Bearer realm=\"http://127.0.0.1:%d/token\","
                       "service=\"fake registry\",scope=\"repository:private/tool:pull\"\r\n",
                       server.port);
    answer(fd, "401 Unauthorized", header, "{}");
}

static void handle(int fd)
{
    char request[4096];
    char location[64];
    ssize_t n = recv(fd, request, sizeof(request) - 1, 0);
    request[n > 0 ? n : 0] = '\0';
    if (strncmp(request, "GET /token", 10) == 0) {
        answer_token(fd, request);
    } else if (server.failures > 0) {
        server.failures--;
        answer(fd, "503 Busy", "", "busy");
    } else if (!is_authorized(request)) {
        challenge(fd);
    } else if (server.is_redirecting && strstr(request, "/blobs/") != NULL) {
        (void)snprintf(location, sizeof(location), "Location: http://localhost:%d/elsewhere\r\n",
                       server.port);
        server.guard = GUARD_NONE;
        answer(fd, "307 Elsewhere", location, "");
    } else {
        answer(fd, "200 OK", "", manifest_body);
    }
}

static void *serve(void *ctx)
{
    int fd;
    (void)ctx;
    while ((fd = accept(server.fd, NULL, NULL)) >= 0) {
        handle(fd);
        (void)close(fd);
    }
    return NULL;
}

static int set_up(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(address);
    char text[64];
    (void)state;
    server = (struct server){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (bind(server.fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(server.fd, 8) < 0 || getsockname(server.fd, (struct sockaddr *)&address, &n) < 0)
        return -1;
    server.port = ntohs(address.sin_port);
    (void)snprintf(text, sizeof(text), "127.0.0.1:%d/private/tool:1", server.port);
    return image_reference_parse(text, NULL, &ref, NULL) < 0
               ? -1
               : pthread_create(&server.thread, NULL, serve, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    (void)shutdown(server.fd, SHUT_RDWR);
    (void)pthread_join(server.thread, NULL);
    (void)close(server.fd);
    image_reference_done(&ref);
    return 0;
}

static int get_manifest(const struct registry_login *login, struct err *e)
{
    CLEANUP(registry_freep) struct registry *r = registry_new(&ref, &no_rules, login, &never);
    CLEANUP(buf_done) struct buf body;
    buf_init(&body, MANIFEST_MAX_BYTES);
    int rc = registry_get_manifest(r, "1", &body, e);
    if (rc == 0)
        assert_string_equal(buf_text(&body), manifest_body);
    return rc;
}

static void test_token__is_fetched_once_and_kept(void **state)
{
    (void)state;
    CLEANUP(registry_freep) struct registry *r = registry_new(&ref, &no_rules, NULL, &never);
    struct err e;
    server.guard = GUARD_TOKEN;
    for (int i = 0; i < 3; i++) {
        CLEANUP(buf_done) struct buf body;
        buf_init(&body, MANIFEST_MAX_BYTES);
        ASSERT_OK(registry_get_manifest(r, "1", &body, &e), e);
    }
    assert_int_equal(server.tokens, 1);
}

static void test_basic__needs_the_right_credentials(void **state)
{
    (void)state;
    const struct registry_login right = {.username = user, .password = secret};
    const struct registry_login wrong = {.username = user, .password = guess};
    struct err e;
    server.guard = GUARD_BASIC;
    ASSERT_OK(get_manifest(&right, &e), e);
    assert_int_equal(get_manifest(&wrong, &e), ERR_UNAUTHENTICATED);
    assert_null(strstr(e.msg, "guess"));
    assert_int_equal(get_manifest(NULL, &e), ERR_UNAUTHENTICATED);
}

static void test_failure__of_the_server_is_worth_another_try(void **state)
{
    (void)state;
    struct err e;
    server.failures = 1;
    assert_int_equal(get_manifest(NULL, &e), ERR_UNAVAILABLE);
    ASSERT_OK(get_manifest(NULL, &e), e);
}

static void test_redirect__does_not_carry_credentials_to_another_host(void **state)
{
    (void)state;
    const struct registry_login right = {.username = user, .password = secret};
    CLEANUP(registry_freep) struct registry *r = registry_new(&ref, &no_rules, &right, &never);
    CLEANUP(buf_done) struct buf body;
    struct err e;
    char digest[DIGEST_TEXT_BYTES];
    digest_of("x", 1, digest);
    buf_init(&body, MANIFEST_MAX_BYTES);
    server.guard = GUARD_BASIC;
    server.is_redirecting = true;
    ASSERT_OK(registry_get_blob(r, digest, 0, http_sink_buf, &body, &e), e);
    assert_string_equal(server.last_authorization, "");
}

static void test_answer__over_its_ceiling_is_refused(void **state)
{
    (void)state;
    CLEANUP(registry_freep) struct registry *r = registry_new(&ref, &no_rules, NULL, &never);
    CLEANUP(buf_done) struct buf body;
    struct err e;
    buf_init(&body, 4);
    assert_int_equal(registry_get_manifest(r, "1", &body, &e), ERR_LIMIT);
}

#define SERVER_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

TEST_MAIN(SERVER_TEST(test_token__is_fetched_once_and_kept),
          SERVER_TEST(test_basic__needs_the_right_credentials),
          SERVER_TEST(test_failure__of_the_server_is_worth_another_try),
          SERVER_TEST(test_redirect__does_not_carry_credentials_to_another_host),
          SERVER_TEST(test_answer__over_its_ceiling_is_refused))
