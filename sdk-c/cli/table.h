/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows in columns that fit the terminal. On a pipe nothing is cut.
 */
#ifndef ERRAND_CLI_TABLE_H
#define ERRAND_CLI_TABLE_H

#include <stddef.h>

#define TABLE_COLUMNS_MAX 8

struct table {
    const char *const *titles; /* n_columns texts; borrowed */
    size_t n_columns;
    size_t elastic; /* the column that is cut when the line is too long */
    char **cells;   /* owned texts, row after row */
    size_t n_cells;
    size_t capacity;
};

void table_init(struct table *table, const char *const *titles, size_t n_columns, size_t elastic);
void table_done(struct table *table);

/* The next cell, left to right. Newlines and tabs are shown as a space, other control
 * characters as '?'. */
void table_add(struct table *table, const char *text);

/* Print titles and rows; nothing but the titles when there are no rows. */
void table_print(const struct table *table);

#endif
