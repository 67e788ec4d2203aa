/* SPDX-License-Identifier: Apache-2.0
 *
 * What client.h says about threads, under ThreadSanitizer (threads.sh): a client for each thread,
 * objects that wander, cancelers used from elsewhere, an allocator that all share.
 */
#include "support/test.h"

#include "fake_api.h"

#include <errand/errand.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 4
#define LINES 3000
#define ROUNDS 3

/* Lines in pieces, cut off once on the way; then, for a run that never ends, silence. */
static void serve(int fd, const struct fake_request *request, void *user)
{
    long after = fake_query(request, "after_id", 0);
    int *cuts = user;
    char text[160];

    if (strstr(request->target, "/logs/stream") == NULL) {
        fake_answer(fd, 200, "",
                    "{\"run\":{\"id\":\"r\",\"status\":\"running\",\"argv\":[\"a\"]}}");
        return;
    }
    fake_stream(fd);
    for (long id = after + 1; id <= LINES; id++) {
        (void)snprintf(text, sizeof(text),
                       "event: log\ndata: {\"id\":%ld,\"ts\":\"t\",\"stream\":\"stdout\","
                       "\"msg\":\"line \\u00e4 %ld\"}\n\n",
                       id, id);
        fake_write_text(fd, text);
        if (id == LINES / 2 && (*cuts)++ % 2 == 0)
            return;
    }
    if (strstr(request->target, "endless") != NULL)
        fake_wait_closed(fd);
    else
        fake_write_text(fd, "event: state\ndata: {\"status\":\"succeeded\",\"exit_code\":0,"
                            "\"last_id\":3000}\n\n");
}

/* All threads take from it and give back to it, as a program's own allocator would be used. */
static atomic_long out;

static void *counted_allocate(size_t n, void *user)
{
    (void)user;
    atomic_fetch_add(&out, 1);
    return malloc(n);
}

static void *counted_reallocate(void *memory, size_t n, void *user)
{
    (void)user;
    atomic_fetch_add(&out, memory == NULL);
    return realloc(memory, n);
}

static void counted_release(void *memory, void *user)
{
    (void)user;
    atomic_fetch_sub(&out, 1);
    free(memory);
}

struct worker {
    pthread_t thread;
    const char *run_id;
    errand_canceler *canceler; /* shared by all, or NULL */
    atomic_long *seen;         /* lines, over all workers */
    long lines;
    int wrong;
    int end;
    errand_run *run; /* made here, read and freed by somebody else */
};

static int on_line(const errand_log_line *line, void *user)
{
    struct worker *worker = user;

    worker->wrong |= line->id != ++worker->lines || line->n_bytes < 8;
    atomic_fetch_add(worker->seen, 1);
    return 0;
}

static void *work(void *user)
{
    const errand_allocator allocator = {counted_allocate, counted_reallocate, counted_release,
                                        NULL};
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    errand_follow_options follow = ERRAND_FOLLOW_OPTIONS_INIT;
    struct worker *worker = user;
    int cuts = 0;
    struct fake_api *api = fake_api_start(serve, &cuts);
    errand_client *client = NULL;
    errand_error error;

    options.url = fake_api_url(api);
    options.allocator = &allocator;
    follow.on_line = on_line;
    follow.user = worker;
    follow.canceler = worker->canceler;
    follow.first_delay_ms = 1;
    worker->wrong |= errand_client_new(&options, &client, &error) != 0;
    worker->wrong |= errand_run_get(client, "r", &worker->run, &error) != 0;
    worker->end = errand_follow(client, worker->run_id, &follow, NULL, &error);
    errand_client_free(client);
    (void)fake_api_stop(api);
    return NULL;
}

static void start_all(struct worker workers[THREADS], const char *run_id, errand_canceler *canceler,
                      atomic_long *seen)
{
    memset(workers, 0, THREADS * sizeof(workers[0]));
    for (size_t i = 0; i < THREADS; i++) {
        workers[i].run_id = run_id;
        workers[i].canceler = canceler;
        workers[i].seen = seen;
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
}

/* Each worker's run is read and freed here, in a thread that is not its client's. */
static void join_all(struct worker workers[THREADS], int end)
{
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        assert_false(workers[i].wrong);
        assert_int_equal(workers[i].end, end);
        assert_int_equal(workers[i].lines, LINES);
        assert_string_equal(errand_run_arg(workers[i].run, 0), "a");
        errand_run_free(workers[i].run);
    }
    assert_int_equal(atomic_load(&out), 0);
}

static void test_threads__each_with_its_client_follow_at_once(void **state)
{
    struct worker workers[THREADS];
    atomic_long seen = 0;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        start_all(workers, "r", NULL, &seen);
        join_all(workers, ERRAND_END_FINISHED);
    }
}

static void test_threads__one_canceler_ends_the_follows_of_all(void **state)
{
    struct worker workers[THREADS];
    errand_canceler *canceler = NULL;
    errand_error error;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        atomic_long seen = 0;

        assert_int_equal(errand_canceler_new(&canceler, &error), 0);
        start_all(workers, "endless", canceler, &seen);
        while (atomic_load(&seen) < (long)THREADS * LINES)
            (void)usleep(1000);
        errand_canceler_cancel(canceler);
        join_all(workers, ERRAND_END_CANCELED);
        errand_canceler_free(canceler);
    }
}

/* Used the moment the follow begins, or before: it must not be missed. */
static void test_threads__a_canceler_used_early_is_seen(void **state)
{
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    errand_follow_options follow = ERRAND_FOLLOW_OPTIONS_INIT;
    int cuts = 1;
    struct fake_api *api = fake_api_start(serve, &cuts);
    errand_client *client = NULL;
    errand_error error;

    (void)state;
    options.url = fake_api_url(api);
    assert_int_equal(errand_client_new(&options, &client, &error), 0);
    assert_int_equal(errand_canceler_new(&follow.canceler, &error), 0);
    errand_canceler_cancel(follow.canceler);
    errand_canceler_cancel(follow.canceler);
    assert_int_equal(errand_follow(client, "endless", &follow, NULL, &error), ERRAND_END_CANCELED);
    errand_canceler_free(follow.canceler);
    errand_client_free(client);
    (void)fake_api_stop(api);
}

TEST_MAIN(cmocka_unit_test(test_threads__each_with_its_client_follow_at_once),
          cmocka_unit_test(test_threads__one_canceler_ends_the_follows_of_all),
          cmocka_unit_test(test_threads__a_canceler_used_early_is_seen))
