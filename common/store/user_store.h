/* SPDX-License-Identifier: Apache-2.0
 *
 * Users. A password comes and goes as its Argon2id hash (api/access/passwords.h).
 */
#ifndef ERRAND_STORE_USER_STORE_H
#define ERRAND_STORE_USER_STORE_H

#include "base/id.h"
#include "store/db.h"
#include "store/page_rows.h"

struct user {
    struct id id;
    const char *email; /* lower case, or NULL; texts are borrowed from where they were read */
    const char *name;
    const char *password_hash; /* or NULL */
    bool is_admin;             /* of the installation */
    const char *status;        /* "active", "disabled" */
    int64_t created_at_us;
    int64_t updated_at_us;
};

/* A page (page_rows.h), oldest first. */
extern const struct statement user_store_list;
void user_store_list_params(struct params *p, struct page_window window);
void user_store_read(const struct rows *rows, int row, struct user *ret_user);

/* One row, or none. */
extern const struct statement user_store_get;
void user_store_get_params(struct params *p, struct id user);
extern const struct statement user_store_find; /* by `email`, in any case */
void user_store_find_params(struct params *p, const char *email);

/* One row: the user; made now, or before with the same id. ERR_CONFLICT: the email is taken. */
extern const struct statement user_store_create;
void user_store_create_params(struct params *p, const struct user *user);

/* Write it over what was read; no row: it is gone or was changed meanwhile. ERR_CONFLICT: the email
 * is taken. */
extern const struct statement user_store_update;
void user_store_update_params(struct params *p, const struct user *user);

/* Rows: what went. */
extern const struct statement user_store_delete;
void user_store_delete_params(struct params *p, struct id user);

#endif
