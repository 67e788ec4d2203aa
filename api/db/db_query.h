/* SPDX-License-Identifier: Apache-2.0
 *
 * One statement on its way through a pipe (db_pipe.c), and lists of them.
 */
#ifndef ERRAND_API_DB_QUERY_H
#define ERRAND_API_DB_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/db.h"

#include "db/db_pipe.h"

struct query {
    struct query *next;
    const struct statement *statement;
    struct params params;
    db_pipe_callback *callback;
    void *user;
    int64_t queued_us;   /* monotonic */
    struct params actor; /* of audit_store_actor; `n` 0 when nobody is to be named */
    int commands;        /* sent for it whose results are not all here; its own is the last */
    bool has_result;     /* of the command that is being read */
    bool prepares;       /* one of the commands is a PREPARE */
    bool is_joined;      /* in one transaction with the next one */
    bool is_solo;        /* its group failed: alone this time */
    struct rows *rows;
    struct err err;
};

struct query_list {
    struct query *head;
    struct query **tail;
    size_t n;
};

void query_list_init(struct query_list *list);
void query_list_push(struct query_list *list, struct query *query);

/* NULL when the list is empty. */
struct query *query_list_pop(struct query_list *list);

/* Move all of `first` in front of `list`; `first` is empty then. */
void query_list_push_all_front(struct query_list *list, struct query_list *first);

/* Call back with what came and free it. */
void query_finish(struct query *query);

#endif
