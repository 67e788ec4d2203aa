/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens, by the hash of their text.
 */
#ifndef ERRAND_STORE_TOKEN_STORE_H
#define ERRAND_STORE_TOKEN_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/id.h"
#include "store/db.h"
#include "store/page_rows.h"

#define TOKEN_STORE_HASH_BYTES 32

/* Who asks, and where. Texts are borrowed from the rows. */
struct token_row {
    struct id id;
    const char *kind;
    const char *name;
    struct id project;    /* nil: none was named, or it is none of theirs */
    struct id hypervisor; /* nil but for hypervisor tokens */
    struct id user;       /* nil but for user tokens and sessions */
    unsigned scopes;      /* of the token */
    bool is_admin;        /* of the installation */
    const char *role;     /* in the project; NULL: none */
};

/* One row or none: a token that exists and has not expired, of a user that is active. A user acts
 * in `project`, or when that is nil in the token's, or the first that it is a member of. */
extern const struct statement token_store_find;
void token_store_find_params(struct params *p, const unsigned char *hash, struct id project);
void token_store_read(const struct rows *rows, int row, struct token_row *ret_row);

/* For the command line. `kind` is "user", "project", "join" or "metrics"; a user token is the
 * built-in operator's, a project token is of the first project. */
extern const struct statement token_store_insert;
void token_store_insert_params(struct params *p, struct id id, const char *kind,
                               const unsigned char *hash, const char *name);

/* A token as its owner sees it. */
struct token_info {
    struct id id;
    const char *kind;
    const char *name;
    struct id project;
    struct id user;
    unsigned scopes;
    int64_t created_at_us;
    int64_t expires_at_us; /* 0: never */
};

/* Whose tokens: a user's own, a project's, or those that let agents register. */
struct token_owner {
    struct id user;    /* nil: no user's */
    struct id project; /* nil: no project's */
    bool joins;
};

/* A page (page_rows.h), newest first. */
extern const struct statement token_store_list;
void token_store_list_params(struct params *p, struct token_owner owner, struct page_window window);
void token_store_read_info(const struct rows *rows, int row, struct token_info *ret_info);

/* One row: the token; made now, or before with the same id. */
extern const struct statement token_store_create;
void token_store_create_params(struct params *p, const struct token_info *info,
                               const unsigned char *hash);

/* Rows: what went, so that none means that there was none. */
extern const struct statement token_store_delete;
void token_store_delete_params(struct params *p, struct token_owner owner, struct id token);

/* The tokens of kind "metrics" with this name go. */
extern const struct statement token_store_drop_metrics;
void token_store_drop_metrics_params(struct params *p, const char *name);

/* Rows: what went. */
extern const struct statement token_store_end_session;
void token_store_end_session_params(struct params *p, struct id session);

/* Forget sessions that are over. No parameters. */
extern const struct statement token_store_forget;

/* End a user's sessions but `keep`. */
extern const struct statement token_store_end_sessions;
void token_store_end_sessions_params(struct params *p, struct id user, struct id keep);

#endif
