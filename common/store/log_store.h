/* SPDX-License-Identifier: Apache-2.0
 *
 * Logs: chunks of many lines, appended without gap or overlap, read from any line on.
 *
 * `log_heads` says how far an attempt's log is stored; whoever moves it may insert the chunk, so
 * two writers of one run cannot both succeed.
 */
#ifndef ERRAND_STORE_LOG_STORE_H
#define ERRAND_STORE_LOG_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "model/reason.h"
#include "model/run_state.h"
#include "store/db.h"

/* Lines first_id..last_id of one attempt, appended whole or not at all. */
struct log_span {
    struct id run;
    int64_t attempt;
    int64_t first_id;
    int64_t last_id;
};

/* A part of a span that is stored as one row. */
struct log_chunk {
    int64_t span; /* number of its span, from 1 */
    int64_t first_id;
    int64_t last_id;
    struct params_bytes records;
    int64_t raw_bytes; /* of it unpacked */
};

/* Why lines of a log cannot be read. */
enum log_gap {
    LOG_GAP_NONE,
    LOG_GAP_LOST,      /* the hypervisor never sent them, or says that they are gone */
    LOG_GAP_DELETED,   /* somebody asked for it */
    LOG_GAP_EXPIRED,   /* retention took them */
    LOG_GAP_TRANSIENT, /* passed on to who followed, and not stored */
    LOG_GAP_COUNT
};

/* "lost", "deleted", "expired", "transient"; "" for none. */
const char *log_gap_name(enum log_gap gap);

enum log_verdict {
    LOG_STORED,
    LOG_NOT_STORED, /* `last_id` says what is: a repeat, an overlap or a gap */
    LOG_REFUSED,    /* another attempt's or hypervisor's, or beyond the end of a final run */
    LOG_NO_RUN,
};

struct log_append_result {
    enum log_verdict verdict;
    int64_t last_id;   /* stored up to here; 0 for none */
    bool is_transient; /* the lines are the caller's to pass on: they were counted, not stored */
};

/* Append spans in one transaction. A run is in one span only. Answers one row a span, in order. */
extern const struct statement log_store_append;
void log_store_append_params(struct params *p, struct id hypervisor, const struct log_span *spans,
                             size_t spans_n, const struct log_chunk *chunks, size_t chunks_n);
void log_store_read_append(const struct rows *rows, int row, struct log_append_result *ret_result);

/* Whether a run is the project's (and the runner's, unless that is nil): one row or none. */
extern const struct statement log_store_find;
void log_store_find_params(struct params *p, struct id project, struct id runner, struct id run);

/* What a follower must know of a run, as of one instant with the chunks beside it. */
struct log_run {
    enum run_state state;
    uint32_t attempt; /* the one whose log is read; 0 before the first */
    int64_t stored;   /* id (model/log_id.h) of its last stored line */
    int64_t end;      /* id of the log's last line; what is stored when nobody declared it */
    bool has_exit_code;
    int exit_code;
    enum termination_reason reason; /* of a final run */
    char hypervisor[64];            /* "" for none */
    enum log_gap hidden;            /* why lines 1..stored cannot be read; NONE: they can */
    bool is_given_up;               /* final, and lines stored+1..end did not come in time */
};

/* Whether every line there will ever be is stored, or nobody waits for the rest any more. */
bool log_run_is_complete(const struct log_run *run);

/* The run, and chunks from the line after `after_id` on until they hold `max_bytes` unpacked; at
 * least one chunk when there is such a line. `wait_s`: how long a log of a run that has ended may
 * make no progress before its missing lines are given up. No row: no such run. */
extern const struct statement log_store_follow;
void log_store_follow_params(struct params *p, struct id run, int64_t after_id, int64_t max_bytes,
                             int64_t wait_s);

/* Which lines a page shows. */
struct log_page {
    int64_t attempt;   /* of this one; 0: the latest */
    int64_t after_id;  /* only lines after it */
    int64_t before_id; /* only lines before it, the last `limit` of them; 0: no such bound */
    int64_t tail;      /* only the last so many; 0: all */
    int64_t limit;     /* at most so many */
    int64_t max_bytes; /* of chunks read, unpacked; at least one is */
    int64_t wait_s;    /* as above */
};

/* The same for one page of a project's run; `runner` may be nil. */
extern const struct statement log_store_page;
void log_store_page_params(struct params *p, struct id project, struct id runner, struct id run,
                           const struct log_page *page);

/* Of both reads: false when there is no such run. */
bool log_store_read_run(const struct rows *rows, struct log_run *ret_run);

/* Of both reads: the lines asked for are those after this one; the first chunk begins at or before
 * the first of them. */
int64_t log_store_after_id(const struct rows *rows);

/* Id of the first line of the first chunk; 0 when there is no chunk. */
int64_t log_store_first_id(const struct rows *rows);

/* Hide the log of a final run for good: one row, true when it is final; no row, no such run. The
 * chunks go with log_store_erase. */
extern const struct statement log_store_forget;
void log_store_forget_params(struct params *p, struct id project, struct id runner, struct id run);
extern const struct statement log_store_erase;
void log_store_erase_params(struct params *p, struct id run);

/* For whoever does retention: partitions for the next $1 days; away with those that ended $1 days
 * ago. Both answer how many. */
extern const struct statement log_store_make_partitions;
extern const struct statement log_store_drop_partitions;

#endif
