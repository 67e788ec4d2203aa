/* SPDX-License-Identifier: Apache-2.0
 *
 * Environment variables of runners; values come and go encrypted (auth/env_cipher.h). Everything
 * here needs the runner to be the project's and not deleted.
 */
#ifndef ERRAND_STORE_ENV_STORE_H
#define ERRAND_STORE_ENV_STORE_H

#include "model/env_variable.h"
#include "store/db.h"
#include "store/page_rows.h"

/* Whose variables. */
struct env_owner {
    struct id project;
    struct id runner;
};

/* The variable of a row of list, get, insert or update; text and bytes are borrowed from the rows.
 */
void env_store_read(const struct rows *rows, int row, struct env_variable *ret_variable);

/* A page (page_rows.h) by key; no row at all when there is no such runner. */
extern const struct statement env_store_list;
void env_store_list_params(struct params *p, struct env_owner owner, struct page_window window);

/* One row, or none. Also for delete, which answers the row that went. */
extern const struct statement env_store_get;
extern const struct statement env_store_delete;
void env_store_one_params(struct params *p, struct env_owner owner, struct id variable);

/* Needs id, key, blob and secret. */
extern const struct statement env_store_insert;
void env_store_insert_params(struct params *p, struct env_owner owner,
                             const struct env_variable *variable);

enum env_insertion {
    ENV_INSERTED, /* the variable is in row 0 */
    ENV_NO_RUNNER,
    ENV_KEY_TAKEN,
    ENV_TOO_MANY, /* LIMIT_ENV_VARIABLES */
};
enum env_insertion env_store_insert_read(const struct rows *rows);

/* Write key, blob and secret, if the stored blob still is `old_blob`. One row: as it is then; none:
 * it is gone or was changed meanwhile. ERR_CONFLICT: the key is taken. */
extern const struct statement env_store_update;
void env_store_update_params(struct params *p, struct env_owner owner,
                             const struct env_variable *variable, const void *old_blob,
                             size_t old_blob_n);

#endif
