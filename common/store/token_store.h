/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens, by the hash of their text.
 */
#ifndef ERRAND_STORE_TOKEN_STORE_H
#define ERRAND_STORE_TOKEN_STORE_H

#include <stddef.h>

#include "base/id.h"
#include "store/db.h"

#define TOKEN_STORE_HASH_BYTES 32

/* One row or none: a token that exists and has not expired. */
struct token_row {
    struct id id;
    const char *kind;     /* borrowed from the rows */
    const char *name;     /* borrowed */
    struct id project;    /* nil for hypervisor and join tokens */
    struct id hypervisor; /* nil but for hypervisor tokens */
};

extern const struct statement token_store_find;
void token_store_find_params(struct params *p, const unsigned char *hash);
void token_store_read(const struct rows *rows, int row, struct token_row *ret_row);

/* `kind` is "user", "project" or "join"; user and project tokens get the default project. */
extern const struct statement token_store_insert;
void token_store_insert_params(struct params *p, struct id id, const char *kind,
                               const unsigned char *hash, const char *name);

#endif
