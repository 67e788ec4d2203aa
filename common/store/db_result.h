/* SPDX-License-Identifier: Apache-2.0
 *
 * What both executors need of libpq: `struct rows` is a PGresult, and SQLSTATE maps to one of our
 * codes in one table. Only files that talk to libpq include this.
 */
#ifndef ERRAND_STORE_DB_RESULT_H
#define ERRAND_STORE_DB_RESULT_H

#include <libpq-fe.h>

#include "base/err.h"
#include "store/rows.h"

static inline struct rows *rows_of_result(PGresult *result)
{
    return (struct rows *)result;
}

/* Record why `result` failed. `what` names the statement. NULL result: the connection was lost with
 * the answer outstanding (UNCERTAIN). */
int db_result_error(const PGresult *result, const char *what, struct err *e);

#endif
