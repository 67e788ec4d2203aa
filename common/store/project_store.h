/* SPDX-License-Identifier: Apache-2.0
 *
 * Projects: what everything else belongs to.
 */
#ifndef ERRAND_STORE_PROJECT_STORE_H
#define ERRAND_STORE_PROJECT_STORE_H

#include "base/id.h"
#include "store/db.h"
#include "store/page_rows.h"

#define PROJECT_NO_QUOTA 0

struct project {
    struct id id;
    const char *name;      /* borrowed from where it was read */
    int64_t max_open_runs; /* this and the other quotas: PROJECT_NO_QUOTA is none */
    int64_t max_memory_mb;
    int64_t max_runs_per_day;
    int64_t max_log_bytes_per_run;
    int64_t created_at_us;
    int64_t updated_at_us;
};

/* Whose projects: all, those a user is a member of, or the one of a project token. */
struct project_viewer {
    struct id user;
    bool sees_all;
    struct id project;
};

/* A page (page_rows.h) by name. */
extern const struct statement project_store_list;
void project_store_list_params(struct params *p, struct project_viewer viewer,
                               struct page_window window);
void project_store_read(const struct rows *rows, int row, struct project *ret_project);

/* One row, or none. */
extern const struct statement project_store_get;
void project_store_get_params(struct params *p, struct project_viewer viewer, struct id project);

/* One row: the project; made now, or before with the same id. ERR_CONFLICT: the name is taken. */
extern const struct statement project_store_create;
void project_store_create_params(struct params *p, const struct project *project);

/* Write it over what was read; no row: it is gone or was changed meanwhile. ERR_CONFLICT: the name
 * is taken. */
extern const struct statement project_store_update;
void project_store_update_params(struct params *p, const struct project *project);

/* Rows: what went. ERR_CONFLICT: something belongs to it. */
extern const struct statement project_store_delete;
void project_store_delete_params(struct params *p, struct id project);

#endif
