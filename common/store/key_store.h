/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything that is encrypted at rest, so that it can be encrypted anew. What stands where a value
 * belongs is part of what decrypts it (auth/env_cipher.h).
 */
#ifndef ERRAND_STORE_KEY_STORE_H
#define ERRAND_STORE_KEY_STORE_H

#include "base/id.h"
#include "store/db.h"

#define KEY_STORE_PAGE 500

struct encrypted_value {
    struct id row; /* with env_key: which row */
    struct id project;
    struct id owner;
    const char *env_key; /* borrowed from the rows */
    const void *blob;
    size_t blob_n;
};

/* The tables that hold such values. */
struct key_store_table {
    const struct statement *list;
    const struct statement *update;
};
extern const struct key_store_table key_store_tables[];
extern const size_t key_store_tables_n;

/* Values that are not under the key `key_id`, in the order of row and env_key, after `after`. */
void key_store_list_params(struct params *p, const char *key_id, struct id after_row,
                           const char *after_env_key);
void key_store_read(const struct rows *rows, int row, struct encrypted_value *ret_value);

/* Some of all values, the newest of each table, to see whether they can be read. No parameters. */
extern const struct statement key_store_sample;

/* Replaces the blob if it still is what was read. */
void key_store_update_params(struct params *p, const struct encrypted_value *value,
                             const void *blob, size_t blob_n);

/* One row: the oldest transaction in progress, and the next one to come. */
extern const struct statement key_store_transactions;
void key_store_transactions_read(const struct rows *rows, int64_t *ret_oldest, int64_t *ret_next);

#endif
