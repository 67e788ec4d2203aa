/* SPDX-License-Identifier: Apache-2.0 */
#include "db/db_query.h"

#include <stdlib.h>

#include "base/log.h"

void query_list_init(struct query_list *list)
{
    *list = (struct query_list){.tail = &list->head};
}

void query_list_push(struct query_list *list, struct query *query)
{
    query->next = NULL;
    *list->tail = query;
    list->tail = &query->next;
    list->n++;
}

struct query *query_list_pop(struct query_list *list)
{
    struct query *query = list->head;
    if (query == NULL)
        return NULL;
    list->head = query->next;
    if (list->head == NULL)
        list->tail = &list->head;
    list->n--;
    return query;
}

void query_list_push_all_front(struct query_list *list, struct query_list *first)
{
    if (first->head == NULL)
        return;
    *first->tail = list->head;
    if (list->head == NULL)
        list->tail = first->tail;
    list->head = first->head;
    list->n += first->n;
    query_list_init(first);
}

void query_finish(struct query *query)
{
    if (query->callback != NULL) {
        bool failed = query->err.code != ERR_OK;
        query->callback(query->user, failed ? NULL : query->rows, failed ? &query->err : NULL);
    } else if (query->err.code != ERR_OK) {
        log_warn("db.statement_failed statement=%s error=\"%s\"", query->statement->name,
                 query->err.msg);
    }
    rows_free(query->rows);
    params_done(&query->params);
    params_done(&query->actor);
    free(query);
}
