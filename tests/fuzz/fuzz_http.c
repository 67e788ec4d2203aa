/* SPDX-License-Identifier: Apache-2.0
 *
 * The API as it listens, but for its database (database_away.h): bytes of a connection go in, h2o,
 * the router and every handler see what they see in earnest. No answer is a 500, each body is the
 * JSON it says it is, every request and every connection comes to its end, and what statements are
 * given is fit for PostgreSQL.
 *
 * The token's kind is the letter of the first "err_<letter>_"; PEER stands for the replicas'
 * secret.
 */
#include "fuzz/fuzz.h"

#include "auth/key_ring.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/parse.h"
#include "fuzz/database_away.h"

#include "access/auth.h"
#include "access/passwords.h"
#include "agents/agent_hub.h"
#include "bus_start.h"
#include "http/connection.h"
#include "http/rate_limit.h"
#include "http/router.h"
#include "logs/log_hub.h"
#include "loop.h"
#include "metrics/figures.h"
#include "metrics/gauges.h"
#include "peers.h"
#include "runs/run_batches.h"
#include "runs/run_waiters.h"

#include <h2o/http1.h>
#include <jansson.h>

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define INPUT_MAX_BYTES ((size_t)96 << 10)
#define TURNS_MAX 200
#define TURNS_QUIET 4
#define PEER_MARK "PEER"

static struct server_config config = {
    .threads = 1, .max_connections = 100, .idle_seconds = 60, .keepalive_seconds = 15};
static struct loop loop = {.config = &config};
static struct replica replica;
static h2o_globalconf_t globalconf;

/* Argon2 takes its time; passwords.c is no parser. */
void passwords_hash(struct request *rq, const char *password, password_callback *callback)
{
    (void)password;
    callback(rq, "hash");
}

void passwords_verify(struct request *rq, const char *password, const char *hash,
                      password_callback *callback)
{
    (void)password;
    callback(rq, hash);
}

struct passwords *passwords_new(void)
{
    return NULL;
}

void passwords_stop(struct passwords *passwords)
{
    (void)passwords;
}

void passwords_free(struct passwords *passwords)
{
    (void)passwords;
}

void passwords_join(struct loop *of)
{
    (void)of;
}

void passwords_leave(struct loop *of)
{
    (void)of;
}

static void open_loop(void)
{
    struct key_ring *ring = NULL;
    log_init("fuzz", LOG_LEVEL_ERROR);
    (void)signal(SIGPIPE, SIG_IGN);
    FUZZ_ASSERT(secret_init(NULL) == 0 && (ring = key_ring_new_for_test("k1")) != NULL);
    config.key_ring = ring;
    replica_init(&replica, "http://localhost:1", "localhost:1", 1, key_ring_token_key(ring));
    h2o_config_init(&globalconf);
    globalconf.http1.upgrade_to_http2 = 1;
    h2o_hostconf_t *host =
        h2o_config_register_host(&globalconf, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    router_register(h2o_config_register_path(host, "/", 0));

    h2o_context_init(&loop.h2o, h2o_evloop_create(), &globalconf);
    loop.accept = (h2o_accept_ctx_t){.ctx = &loop.h2o, .hosts = globalconf.hosts};
    loop.self = &replica;
    loop.bus = bus_new(1);
    loop.log_ins = rate_table_new();
    loop.figures = loop.all_figures = figures_new(1);
    loop.board = gauges_board_new();
    loop.tokens = token_cache_new();
    loop.logs = log_hub_new(&loop);
    loop.waiters = run_waiters_new(&loop);
    loop.agents = agent_hub_new(&loop);
    FUZZ_ASSERT(db_pipe_open(loop.h2o.loop, "", &loop.db, NULL) == 0);
    loop.gauges = gauges_new(&loop, loop.board);
    loop.runs = run_batches_new(&loop);
    bus_join(loop.bus, &loop);
    loop.peers = peers_new(&loop);
}

static void choose_kind(const uint8_t *data, size_t n)
{
    static const char letters[] = "uphjsm";
    const uint8_t *at = memmem(data, n, "err_", 4);
    const char *letter = at != NULL && at + 4 < data + n ? strchr(letters, at[4]) : NULL;
    database_away_set_kind(letter != NULL && *letter != '\0' ? (enum token_kind)(letter - letters)
                                                             : TOKEN_KIND_USER);
}

static void put_input(struct buf *b, const uint8_t *data, size_t n)
{
    const uint8_t *end = data + n;
    const uint8_t *mark;
    while ((mark = memmem(data, (size_t)(end - data), PEER_MARK, strlen(PEER_MARK))) != NULL) {
        buf_add(b, data, (size_t)(mark - data));
        buf_add_text(b, replica.secret);
        data = mark + strlen(PEER_MARK);
    }
    buf_add(b, data, (size_t)(end - data));
}

/* What has come by now; true when something did. */
static bool take_output(int fd, struct buf *out)
{
    char bytes[16 << 10];
    ssize_t got;
    bool any = false;
    while ((got = read(fd, bytes, sizeof(bytes))) > 0) {
        buf_add(out, bytes, (size_t)got);
        any = true;
    }
    return any;
}

/* Until nothing happens any more. */
static void turn(int fd, struct buf *out)
{
    for (int turns = 0, quiet = 0; turns < TURNS_MAX && quiet < TURNS_QUIET; turns++) {
        (void)h2o_evloop_run(loop.h2o.loop, loop.requests > 0 ? 1 : 0);
        quiet = take_output(fd, out) ? 0 : quiet + 1;
    }
}

/* The value of a header of the answer at `head`, or NULL. */
static const char *header(const char *head, const char *end, const char *name)
{
    const char *at = memmem(head, (size_t)(end - head), name, strlen(name));
    return at != NULL ? at + strlen(name) : NULL;
}

/* One answer; the bytes it took, 0 when that cannot be told. */
static size_t check_answer(const char *bytes, size_t n)
{
    int64_t length;
    const char *end = memmem(bytes, n, "\r\n\r\n", 4);
    if (n < 12 || memcmp(bytes, "HTTP/1.", 7) != 0 || end == NULL)
        return 0;
    FUZZ_ASSERT(memcmp(bytes + 9, "500", 3) != 0);
    const char *text = header(bytes, end, "\r\ncontent-length: ");
    const char *type = header(bytes, end, "\r\ncontent-type: ");
    if (text == NULL ||
        parse_i64_n(text, strcspn(text, "\r"), 0, INT32_MAX, "length", &length, NULL) < 0 ||
        (size_t)length > n - (size_t)(end + 4 - bytes))
        return 0;
    if (type != NULL && length > 0 && strncmp(type, "application/json", 16) == 0) {
        json_t *doc = json_loadb(end + 4, (size_t)length, JSON_REJECT_DUPLICATES, NULL);
        FUZZ_ASSERT(doc != NULL);
        json_decref(doc);
    }
    return (size_t)(end + 4 - bytes) + (size_t)length;
}

static void check_answers(const struct buf *out, bool has_head)
{
    size_t used = 1;
    for (size_t at = 0; at < out->len && used > 0; at += used) {
        used = check_answer(out->data + at, out->len - at);
        if (has_head) /* of which nobody knows which answers have no body */
            break;
    }
}

static void talk(const struct buf *in)
{
    int ends[2];
    CLEANUP(buf_done) struct buf out;
    buf_init(&out, (size_t)64 << 20);
    FUZZ_ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    h2o_socket_t *socket = h2o_evloop_socket_create(loop.h2o.loop, ends[0], 0);
    connection_open(&loop, socket);
    h2o_accept(&loop.accept, socket);
    for (size_t at = 0; at < in->len;) {
        ssize_t put = send(ends[1], in->data + at, in->len - at, MSG_NOSIGNAL);
        if (put < 0 && loop.connections == 0)
            break;
        at += put > 0 ? (size_t)put : 0;
        turn(ends[1], &out);
        if (put <= 0)
            break; /* it does not read on while it answers */
    }
    turn(ends[1], &out);
    (void)close(ends[1]);
    for (int i = 0; i < TURNS_MAX && (loop.connections > 0 || loop.requests > 0); i++)
        (void)h2o_evloop_run(loop.h2o.loop, 1);
    FUZZ_ASSERT(loop.connections == 0 && loop.requests == 0);
    check_answers(&out, memmem(in->data, in->len, "HEAD", 4) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    CLEANUP(buf_done) struct buf in;
    buf_init(&in, INPUT_MAX_BYTES * 16);
    if (loop.bus == NULL)
        open_loop();
    if (n == 0 || n > INPUT_MAX_BYTES)
        return 0;
    choose_kind(data, n);
    put_input(&in, data, n);
    if (buf_ok(&in))
        talk(&in);
    return 0;
}
