/* SPDX-License-Identifier: Apache-2.0
 *
 * The database of a store test: empty, its own, gone afterwards (tests/support/with_database.sh).
 */
#ifndef ERRAND_TESTS_SUPPORT_TEST_DATABASE_H
#define ERRAND_TESTS_SUPPORT_TEST_DATABASE_H

#include <stdlib.h>

#include "store/db.h"
#include "store/migrate.h"
#include "support/test.h"

static inline const char *test_database_url(void)
{
    const char *url = getenv("ERRAND_TEST_DATABASE");
    if (url == NULL)
        fail_msg("ERRAND_TEST_DATABASE is not set; run this through ctest");
    return url;
}

/* A session on it. */
static inline struct db *test_database_open(void)
{
    struct db *db = NULL;
    struct err e = {0};
    ASSERT_OK(db_open(test_database_url(), "test", &db, &e), e);
    return db;
}

/* The same with the schema in place. */
static inline struct db *test_database_migrated(void)
{
    struct db *db = test_database_open();
    struct err e = {0};
    int applied = 0;
    ASSERT_OK(migrate_apply(db, &applied, &e), e);
    return db;
}

#endif
