/* SPDX-License-Identifier: Apache-2.0
 *
 * Members of a project and their roles (model/access.h).
 */
#ifndef ERRAND_STORE_MEMBER_STORE_H
#define ERRAND_STORE_MEMBER_STORE_H

#include "base/id.h"
#include "store/db.h"
#include "store/page_rows.h"

struct member {
    struct id user;
    const char *email; /* or NULL; texts are borrowed from where they were read */
    const char *name;
    const char *role;
    int64_t created_at_us;
    int64_t updated_at_us;
};

/* A page (page_rows.h). */
extern const struct statement member_store_list;
void member_store_list_params(struct params *p, struct id project, struct page_window window);
void member_store_read(const struct rows *rows, int row, struct member *ret_member);

/* Make the user, named by id or email, a member, or change its role. One row: the member; none:
 * there is no such user. */
extern const struct statement member_store_put;
void member_store_put_params(struct params *p, struct id project, const struct member *member);

/* Change the role. One row, or none: no such member. */
extern const struct statement member_store_update;
void member_store_update_params(struct params *p, struct id project, const struct member *member);

/* Rows: who went. */
extern const struct statement member_store_delete;
void member_store_delete_params(struct params *p, struct id project, struct id user);

#endif
