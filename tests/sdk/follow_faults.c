/* SPDX-License-Identifier: Apache-2.0
 *
 * Follow a run of a real server through a proxy that does what networks do, and write the lines to
 * standard output: follow_faults URL TOKEN RUN FAULTS SEED. Says on standard error which faults
 * there were. After FAULTS of them the proxy passes everything on.
 */
#include "sdk/fake_api.h"

#include <errand/errand.h>

#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_TIMEOUT_MS 400
#define PASSED_ON_MOST 50000
#define SLOW_BYTES 600

enum fault {
    FAULT_CUT,        /* an end after some bytes */
    FAULT_RESET,      /* a reset after some bytes */
    FAULT_STALL,      /* silence after some bytes */
    FAULT_SLOW,       /* a byte now and then, then an end */
    FAULT_GARBAGE,    /* bytes that are no HTTP */
    FAULT_OTHER_PAGE, /* 200, and a page of somebody else's */
    FAULT_502,        /* a gateway without its server */
    FAULT_503,
    FAULT_429,         /* with Retry-After */
    FAULT_BREAK_EVENT, /* what a crashed server leaves: half an event, well framed */
    N_FAULTS
};

static const char *const fault_names[N_FAULTS] = {"cut",  "reset", "stall", "slow", "garbage",
                                                  "page", "502",   "503",   "429",  "half"};

struct proxy {
    struct addrinfo *upstream;
    unsigned random;
    unsigned left;
    unsigned seen[N_FAULTS];
};

static unsigned next_random(struct proxy *proxy, unsigned bound)
{
    proxy->random = proxy->random * 1103515245u + 12345u;
    return (proxy->random >> 16) % bound;
}

/* The request as it came, to the server; its socket, or -1. */
static int ask_upstream(const struct proxy *proxy, const struct fake_request *request)
{
    int fd = socket(proxy->upstream->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (connect(fd, proxy->upstream->ai_addr, proxy->upstream->ai_addrlen) < 0) {
        (void)close(fd);
        return -1;
    }
    fake_write_text(fd, request->method);
    fake_write_text(fd, " ");
    fake_write_text(fd, request->target);
    fake_write_text(fd, " HTTP/1.1");
    fake_write_text(fd, request->headers);
    fake_write_text(fd, "\r\n");
    return fd;
}

/* Bytes from the server to the client, at most `most`, `step` at a time, until one of them leaves.
 */
static void pass_on(int client_fd, int server_fd, size_t most, size_t step)
{
    struct pollfd ends[2] = {{server_fd, POLLIN, 0}, {client_fd, POLLIN, 0}};
    char bytes[8192];

    while (most > 0 && poll(ends, 2, -1) > 0) {
        size_t want = most < step ? most : step;
        ssize_t n;

        if (ends[1].revents != 0)
            return;
        n = recv(server_fd, bytes, want, 0);
        if (n <= 0)
            return;
        fake_write(client_fd, bytes, (size_t)n);
        most -= (size_t)n;
        if (step == 1)
            (void)usleep(200);
    }
}

static void pass_some(struct proxy *proxy, int fd, const struct fake_request *request,
                      enum fault fault)
{
    int server_fd = ask_upstream(proxy, request);
    size_t most = fault == FAULT_SLOW ? SLOW_BYTES : next_random(proxy, PASSED_ON_MOST);

    if (server_fd < 0)
        return;
    pass_on(fd, server_fd, most, fault == FAULT_SLOW ? 1 : 8192);
    if (fault == FAULT_STALL)
        fake_wait_closed(fd);
    if (fault == FAULT_RESET)
        fake_reset(fd);
    (void)close(server_fd);
}

static void answer_fault(struct proxy *proxy, int fd, const struct fake_request *request,
                         enum fault fault)
{
    static const char garbage[] = "\x16\x03\x01\x00\xff\xfe garbage \r\n\r\n";

    switch (fault) {
    case FAULT_GARBAGE:
        fake_write(fd, garbage, sizeof(garbage));
        break;
    case FAULT_OTHER_PAGE:
        fake_answer(fd, 200, "", "<html>\ndata: please log in\n\n</html>\n");
        break;
    case FAULT_502:
        fake_answer(fd, 502, "", "<html>bad gateway</html>");
        break;
    case FAULT_503:
        fake_answer(fd, 503, "", "{\"code\":\"unavailable\"}");
        break;
    case FAULT_429:
        fake_answer(fd, 429, "Retry-After: 1\r\n", "{\"code\":\"limit\"}");
        break;
    case FAULT_BREAK_EVENT:
        fake_stream(fd);
        fake_write_text(fd, "event: logs\ndata: {\"logs\":[{\"id\":\n\n");
        break;
    default:
        pass_some(proxy, fd, request, fault);
    }
}

static void serve(int fd, const struct fake_request *request, void *user)
{
    struct proxy *proxy = user;
    enum fault fault = (enum fault)next_random(proxy, N_FAULTS);
    int server_fd;

    /* a second of Retry-After each: not too many */
    if (fault == FAULT_429 && proxy->seen[FAULT_429] >= 2)
        fault = FAULT_CUT;
    if (proxy->left > 0) {
        proxy->left--;
        proxy->seen[fault]++;
        answer_fault(proxy, fd, request, fault);
        return;
    }
    server_fd = ask_upstream(proxy, request);
    if (server_fd >= 0)
        pass_on(fd, server_fd, (size_t)-1, 8192);
    (void)close(server_fd);
}

static int on_line(const errand_log_line *line, void *user)
{
    (void)user;
    (void)fwrite(line->bytes, 1, line->n_bytes, stdout);
    if (!line->partial)
        (void)putchar('\n');
    return 0;
}

static int follow(const char *url, char **argv)
{
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    errand_follow_options follow_options = ERRAND_FOLLOW_OPTIONS_INIT;
    errand_follow_result result = ERRAND_FOLLOW_RESULT_INIT;
    errand_client *client = NULL;
    errand_error error;
    int r;

    options.url = url;
    options.token = argv[2];
    options.proxy = "";
    follow_options.on_line = on_line;
    follow_options.read_timeout_ms = READ_TIMEOUT_MS;
    follow_options.first_delay_ms = 1;
    follow_options.max_delay_ms = 20;
    r = errand_client_new(&options, &client, &error);
    if (r == 0)
        r = errand_follow(client, argv[3], &follow_options, &result, &error);
    if (r < 0)
        (void)fprintf(stderr, "follow_faults: %s\n", error.message);
    (void)fprintf(stderr, "%u reconnects\n", result.reconnects);
    errand_client_free(client);
    return r == ERRAND_END_FINISHED ? result.exit_code : 125;
}

int main(int argc, char **argv)
{
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
    struct proxy proxy = {.left = 0};
    struct fake_api *api;
    char host[128];
    char *port;
    int status;

    if (argc != 6 || strncmp(argv[1], "http://", 7) != 0)
        return 2;
    (void)snprintf(host, sizeof(host), "%s", argv[1] + 7);
    port = strrchr(host, ':');
    if (port == NULL)
        return 2;
    *port++ = '\0';
    if (getaddrinfo(host, port, &wanted, &proxy.upstream) != 0)
        return 2;
    proxy.left = (unsigned)strtoul(argv[4], NULL, 10);
    proxy.random = (unsigned)strtoul(argv[5], NULL, 10);
    api = fake_api_start(serve, &proxy);
    status = follow(fake_api_url(api), argv);
    (void)fake_api_stop(api);
    for (size_t i = 0; i < N_FAULTS; i++)
        (void)fprintf(stderr, "%s %u\n", fault_names[i], proxy.seen[i]);
    freeaddrinfo(proxy.upstream);
    return status;
}
