/* SPDX-License-Identifier: Apache-2.0
 *
 * The shipper with real spools, and an API that is this file.
 */
#include "support/test.h"

#include "base/clock.h"
#include "base/file.h"
#include "log_shipper.h"
#include "logs/log_frame.h"
#include "shim/spool_segment.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#define SOURCES_MAX 600
#define PACE_US (LOG_SHIPPER_PACE_MS * CLOCK_US_PER_MS)

struct place {
    char dir[64];
    struct log_source source;
    int lines;
};

static struct {
    uv_loop_t loop;
    struct log_shipper *shipper;
    char dir[32];
    struct place *places; /* owned */
    size_t n;
    /* the request that is on its way */
    struct buf body;
    control_done_fn *done;
    void *ctx;
    unsigned posts;
} world;

/* what the shipper is given for the API */

struct control_call {
    char unused;
};

static struct control_call the_call;

struct control_call *control_client_post(struct control_client *client, const char *path,
                                         const char *content_type, struct buf *body,
                                         control_done_fn *done, void *ctx)
{
    (void)client;
    (void)path;
    (void)content_type;
    assert_null(world.done);
    world.body = *body;
    buf_init(body, body->max_bytes);
    world.done = done;
    world.ctx = ctx;
    world.posts++;
    return &the_call;
}

void control_call_cancel(struct control_call *call)
{
    (void)call;
    world.done = NULL;
}

static void wait_post(void)
{
    while (world.done == NULL)
        (void)uv_run(&world.loop, UV_RUN_ONCE);
}

static struct place *place_of(struct id run)
{
    for (size_t i = 0; i < world.n; i++) {
        if (id_equal(world.places[i].source.run_id, run))
            return &world.places[i];
    }
    fail_msg("a frame of a stranger");
    return NULL;
}

/* Everything in the request is stored. Returns how many frames it had; `visit` sees each. */
static size_t answer(void (*visit)(struct place *place, const struct log_frame *frame))
{
    CLEANUP(buf_done) struct buf said;
    struct buf body = world.body;
    size_t frames = 0;
    struct err e;
    wait_post();
    body = world.body;
    buf_init(&said, 1 << 20);
    buf_add_text(&said, "{\"acks\":[");
    for (size_t at = 0; at < body.len; frames++) {
        struct log_frame frame;
        size_t used;
        ASSERT_OK(log_frame_parse(body.data + at, body.len - at, &frame, &used, &e), e);
        if (visit != NULL)
            visit(place_of(frame.run_id), &frame);
        buf_printf(&said, "%s{\"run\":\"%s\",\"attempt\":1,\"last_id\":%llu}",
                   frames > 0 ? "," : "", ID_TEXT(frame.run_id),
                   (unsigned long long)(frame.chunk.first_id + frame.chunk.n_lines - 1));
        at += used;
    }
    buf_add_text(&said, "]}");
    control_done_fn *done = world.done;
    world.done = NULL;
    buf_done(&body);
    done(world.ctx,
         &(struct control_reply){.status = 200, .body = buf_text(&said), .body_n = said.len});
    return frames;
}

static void ignore(void *ctx, struct log_source *source)
{
    (void)ctx;
    (void)source;
}

static int set_up(void **state)
{
    (void)state;
    memset(&world, 0, sizeof(world));
    (void)snprintf(world.dir, sizeof(world.dir), "/tmp/errand-ship-XXXXXX");
    world.places = calloc(SOURCES_MAX, sizeof(*world.places));
    if (mkdtemp(world.dir) == NULL || world.places == NULL || uv_loop_init(&world.loop) != 0)
        return -1;
    world.shipper = log_shipper_new(
        &world.loop, NULL, &(struct log_shipper_callbacks){.on_acked = ignore, .on_stale = ignore});
    return world.shipper != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    struct err e;
    if (world.done != NULL)
        buf_done(&world.body);
    log_shipper_free(world.shipper);
    (void)uv_run(&world.loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < world.n; i++)
        log_source_done(&world.places[i].source);
    free(world.places);
    return uv_loop_close(&world.loop) == 0 ? dir_remove(world.dir, &e) : -1;
}

static void append(const struct place *place, const void *bytes, size_t n)
{
    char path[160];
    char name[SPOOL_SEGMENT_NAME_BYTES];
    spool_segment_name(1, name);
    (void)snprintf(path, sizeof(path), "%s/%s", place->dir, name);
    CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, bytes, n), n);
}

static struct place *new_place(void)
{
    unsigned char header[SPOOL_SEGMENT_HEADER_BYTES];
    struct place *place = &world.places[world.n++];
    (void)snprintf(place->dir, sizeof(place->dir), "%s/%zu", world.dir, world.n);
    assert_int_equal(mkdir(place->dir, 0700), 0);
    spool_segment_encode(&(struct spool_segment){.first_id = 1}, header);
    append(place, header, sizeof(header));
    log_source_init(&place->source, id_new(), 1, place->dir);
    log_shipper_add(world.shipper, &place->source);
    return place;
}

static void print_lines(struct place *place, int n)
{
    CLEANUP(buf_done) struct buf b;
    buf_init(&b, 1 << 26);
    for (int i = 0; i < n; i++) {
        char text[64];
        int len = snprintf(text, sizeof(text), "line %d %x", ++place->lines, rand());
        log_record_append(
            &b, &(struct log_record){
                    .ts_us = i, .stream = LOG_STREAM_STDOUT, .payload = text, .n = (size_t)len});
    }
    append(place, b.data, b.len);
    log_shipper_wake(world.shipper, &place->source);
}

static size_t served;

static void count_served(struct place *place, const struct log_frame *frame)
{
    (void)place;
    if (frame->chunk.first_id == 1)
        served++;
    else
        assert_int_equal(served, SOURCES_MAX);
}

static void test_ship__serves_each_of_many_before_any_again(void **state)
{
    (void)state;
    served = 0;
    for (int i = 0; i < SOURCES_MAX; i++)
        print_lines(new_place(), 1);
    for (int posts = 0; served < SOURCES_MAX; posts++) {
        assert_true(posts < 3);
        (void)answer(count_served);
        for (int i = 0; i < 20; i++) /* they have more to say, and wait their turn */
            print_lines(&world.places[i], 1);
    }
}

static struct place *wanted;
static bool was_seen;

static void look_for_wanted(struct place *place, const struct log_frame *frame)
{
    (void)frame;
    was_seen |= place == wanted;
}

static void test_ship__what_was_packed_ahead_takes_along_who_comes_later(void **state)
{
    (void)state;
    struct place *loud = new_place();
    wanted = new_place();
    was_seen = false;
    print_lines(loud, 100000);
    wait_post();
    for (int i = 0; i < 3; i++)
        (void)uv_run(&world.loop, UV_RUN_NOWAIT); /* the next one is packed */
    assert_true(loud->source.sent.last_id > loud->source.flying.last_id);
    print_lines(wanted, 1);
    assert_true(answer(look_for_wanted) > 1);
    assert_false(was_seen);
    assert_true(answer(look_for_wanted) > 1);
    assert_true(was_seen);
}

static void test_ship__small_requests_keep_their_distance_on_average(void **state)
{
    (void)state;
    struct place *place = new_place();
    int64_t from_us = clock_mono_us();
    for (int i = 0; i < 12; i++) {
        print_lines(place, 1);
        assert_int_equal(answer(NULL), 1);
    }
    assert_int_equal(world.posts, 12);
    assert_true(clock_mono_us() - from_us >= 7 * PACE_US);
}

static void test_ship__large_requests_leave_no_debt(void **state)
{
    (void)state;
    struct place *loud = new_place();
    struct place *quiet = new_place();
    print_lines(loud, 400000);
    while (loud->source.acked.last_id < 400000)
        (void)answer(NULL);
    assert_true(world.posts > 2 * 5);
    int64_t from_us = clock_mono_us();
    for (int i = 0; i < 3; i++) { /* the first may follow a large one at once */
        print_lines(quiet, 1);
        assert_int_equal(answer(NULL), 1);
    }
    assert_true(clock_mono_us() - from_us < 5 * PACE_US);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

TEST_MAIN(WITH_WORLD(test_ship__serves_each_of_many_before_any_again),
          WITH_WORLD(test_ship__what_was_packed_ahead_takes_along_who_comes_later),
          WITH_WORLD(test_ship__small_requests_keep_their_distance_on_average),
          WITH_WORLD(test_ship__large_requests_leave_no_debt))
