/* SPDX-License-Identifier: Apache-2.0
 *
 * The statements go out together and are answered in order; each answer is written behind the one
 * before.
 */
#include "metrics/gauges.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"

#include "db/db_pipe.h"
#include "loop.h"
#include "metrics/installation.h"
#include "metrics/series.h"

#define TEXT_BYTES_MAX (8u << 20)

struct gauges_board {
    pthread_mutex_t mutex; /* held for a copy */
    struct buf text;
    int64_t began_us;       /* monotonic; when reading it began */
    int64_t valid_until_us; /* monotonic */
};

struct gauges {
    struct loop *loop;
    struct gauges_board *board;
    struct db_pipe *pipe; /* NULL until somebody asks */
    struct buf text;      /* of the board */
    struct buf next;      /* being read */
    struct gauges_wait *waiting;
    size_t outstanding;
    bool failed;
    int64_t began_us; /* monotonic */
};

struct gauges_board *gauges_board_new(void)
{
    struct gauges_board *board = h2o_mem_alloc(sizeof(*board));
    *board = (struct gauges_board){.began_us = 0};
    (void)pthread_mutex_init(&board->mutex, NULL);
    buf_init(&board->text, TEXT_BYTES_MAX);
    return board;
}

void gauges_board_free(struct gauges_board *board)
{
    if (board == NULL)
        return;
    (void)pthread_mutex_destroy(&board->mutex);
    buf_done(&board->text);
    free(board);
}

/* Unless somebody began later and was faster. */
static void board_put(struct gauges_board *board, const struct gauges *gauges, int64_t keep_us)
{
    (void)pthread_mutex_lock(&board->mutex);
    if (gauges->began_us > board->began_us) {
        buf_clear(&board->text);
        buf_add(&board->text, gauges->next.data, gauges->next.len);
        board->began_us = gauges->began_us;
        board->valid_until_us = clock_mono_us() + keep_us;
    }
    (void)pthread_mutex_unlock(&board->mutex);
}

/* False when it is too old; the text is there in any case. */
static bool board_get(struct gauges_board *board, struct buf *ret_text)
{
    buf_clear(ret_text);
    (void)pthread_mutex_lock(&board->mutex);
    if (board->text.len > 0)
        buf_add(ret_text, board->text.data, board->text.len);
    bool is_fresh = board->valid_until_us > clock_mono_us();
    (void)pthread_mutex_unlock(&board->mutex);
    return is_fresh;
}

struct gauges *gauges_new(struct loop *loop, struct gauges_board *board)
{
    struct gauges *gauges = h2o_mem_alloc(sizeof(*gauges));
    *gauges = (struct gauges){.loop = loop, .board = board};
    buf_init(&gauges->text, TEXT_BYTES_MAX);
    buf_init(&gauges->next, TEXT_BYTES_MAX);
    return gauges;
}

void gauges_free(struct gauges *gauges)
{
    if (gauges == NULL)
        return;
    gauges->waiting = NULL;
    db_pipe_close(gauges->pipe);
    buf_done(&gauges->text);
    buf_done(&gauges->next);
    free(gauges);
}

static void answer_all(struct gauges *gauges)
{
    struct gauges_wait *wait = TAKE_PTR(gauges->waiting);
    while (wait != NULL) {
        struct gauges_wait *next = wait->next;
        wait->callback(wait->user, &gauges->text);
        wait = next;
    }
}

static void finish(struct gauges *gauges)
{
    int64_t keep_us = (clock_mono_us() - gauges->began_us) * GAUGES_SHARE;
    if (keep_us < GAUGES_KEEP_MS * CLOCK_US_PER_MS || gauges->failed)
        keep_us = GAUGES_KEEP_MS * CLOCK_US_PER_MS;
    if (keep_us > GAUGES_KEEP_MAX_MS * CLOCK_US_PER_MS)
        keep_us = GAUGES_KEEP_MAX_MS * CLOCK_US_PER_MS;

    if (gauges->failed)
        buf_clear(&gauges->next);
    series_family(&gauges->next, "errand_database_up", "gauge",
                  "Whether the database answered this replica.");
    series_int(&gauges->next, "errand_database_up", NULL, !gauges->failed);
    board_put(gauges->board, gauges, keep_us);
    (void)board_get(gauges->board, &gauges->text);
    answer_all(gauges);
}

static void on_rows(void *user, const struct rows *rows, const struct err *err,
                    void (*put)(struct buf *b, const struct rows *rows))
{
    struct gauges *gauges = user;
    gauges->failed |= err != NULL;
    if (err != NULL)
        log_debug("metrics.incomplete error=\"%s\"", err->msg);
    else
        put(&gauges->next, rows);
    if (--gauges->outstanding == 0)
        finish(gauges);
}

static void on_queue(void *user, const struct rows *rows, const struct err *err)
{
    on_rows(user, rows, err, installation_put_queue);
}

static void on_hypervisors(void *user, const struct rows *rows, const struct err *err)
{
    on_rows(user, rows, err, installation_put_hypervisors);
}

static void on_whole(void *user, const struct rows *rows, const struct err *err)
{
    on_rows(user, rows, err, installation_put_whole);
}

static void on_counters(void *user, const struct rows *rows, const struct err *err)
{
    on_rows(user, rows, err, installation_put_counters);
}

static void read_all(struct gauges *gauges)
{
    static const struct {
        const struct statement *statement;
        db_pipe_callback *callback;
    } reads[] = {
        {&gauge_store_queue, on_queue},
        {&gauge_store_hypervisors, on_hypervisors},
        {&gauge_store_whole, on_whole},
        {&counter_store_list, on_counters},
    };

    buf_clear(&gauges->next);
    gauges->failed = false;
    gauges->began_us = clock_mono_us();
    gauges->outstanding = ARRAY_LEN(reads);
    for (size_t i = 0; i < ARRAY_LEN(reads); i++)
        db_pipe_run(gauges->pipe, reads[i].statement, NULL, reads[i].callback, gauges);
}

static bool is_open(struct gauges *gauges)
{
    struct err e;
    if (gauges->pipe == NULL &&
        db_pipe_open(gauges->loop->h2o.loop, gauges->loop->config->database_url, &gauges->pipe,
                     &e) < 0)
        log_error("db.connect_failed error=\"%s\"", e.msg);
    if (gauges->pipe != NULL)
        db_pipe_count(gauges->pipe, gauges->loop->figures);
    return gauges->pipe != NULL;
}

void gauges_ask(struct gauges *gauges, struct gauges_wait *wait)
{
    if (board_get(gauges->board, &gauges->text) || !is_open(gauges)) {
        wait->callback(wait->user, &gauges->text);
        return;
    }
    wait->next = gauges->waiting;
    gauges->waiting = wait;
    if (gauges->outstanding == 0)
        read_all(gauges);
}
