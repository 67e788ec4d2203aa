/* SPDX-License-Identifier: Apache-2.0 */
#include "store/idempotency_store.h"
#include "support/test_database.h"

static const unsigned char one_hash[IDEMPOTENCY_STORE_HASH_BYTES] = {1};
static const unsigned char other_hash[IDEMPOTENCY_STORE_HASH_BYTES] = {2};

static struct id default_project(void)
{
    struct id id;
    struct err e = {0};
    ASSERT_OK(id_parse("01900000-0000-7000-8000-000000000001", 36, &id, &e), e);
    return id;
}

static struct idempotency_claim claim(struct db *db, const char *key, const unsigned char *hash,
                                      struct id object)
{
    struct rows *rows = NULL;
    struct params p;
    struct err e = {0};
    struct idempotency_claim result;
    idempotency_store_claim_params(&p, default_project(), key, hash, object);
    ASSERT_OK(db_run(db, &idempotency_store_claim, &p, &rows, &e), e);
    idempotency_store_read(rows, &result);
    params_done(&p);
    rows_free(rows);
    return result;
}

static void age_all(struct db *db, const char *by)
{
    char sql[128];
    struct err e = {0};
    (void)snprintf(sql, sizeof(sql),
                   "UPDATE idempotency_keys SET created_at = created_at - interval '%s'", by);
    ASSERT_OK(db_run_script(db, sql, &e), e);
}

static int64_t forget(struct db *db, int64_t limit)
{
    struct rows *rows = NULL;
    struct params p;
    struct err e = {0};
    params_init(&p, 64);
    params_add_i64(&p, limit);
    ASSERT_OK(db_run(db, &idempotency_store_forget, &p, &rows, &e), e);
    int64_t gone = rows_affected(rows);
    params_done(&p);
    rows_free(rows);
    return gone;
}

static void test_idempotency_store__the_first_claim_stands_for_a_day(void **state)
{
    (void)state;
    struct db *db = test_database_migrated();
    struct id first = id_new();
    struct idempotency_claim c = claim(db, "a", one_hash, first);
    assert_true(c.is_new && c.is_same && id_equal(c.object, first));

    c = claim(db, "a", one_hash, id_new());
    assert_true(!c.is_new && c.is_same && id_equal(c.object, first));
    c = claim(db, "a", other_hash, id_new());
    assert_true(!c.is_new && !c.is_same && id_equal(c.object, first));

    age_all(db, "23 hours");
    c = claim(db, "a", one_hash, id_new());
    assert_true(!c.is_new && id_equal(c.object, first));
    age_all(db, "2 hours");
    struct id second = id_new();
    c = claim(db, "a", other_hash, second);
    assert_true(c.is_new && c.is_same && id_equal(c.object, second));
    c = claim(db, "a", other_hash, id_new());
    assert_true(id_equal(c.object, second));
    db_close(db);
}

static void test_idempotency_store_forget__takes_what_is_old_piece_by_piece(void **state)
{
    (void)state;
    struct db *db = test_database_migrated();
    struct err e = {0};
    ASSERT_OK(db_run_script(db, "DELETE FROM idempotency_keys", &e), e);
    char key[16];
    for (int i = 0; i < 5; i++) {
        (void)snprintf(key, sizeof(key), "old-%d", i);
        (void)claim(db, key, one_hash, id_new());
    }
    age_all(db, "25 hours");
    (void)claim(db, "young", one_hash, id_new());

    ASSERT_OK(db_run_script(db, "SET ROLE errand_scheduler", &e), e);
    assert_int_equal(forget(db, 3), 3);
    assert_int_equal(forget(db, 3), 2);
    assert_int_equal(forget(db, 3), 0);
    db_close(db);
}

TEST_MAIN(cmocka_unit_test(test_idempotency_store__the_first_claim_stands_for_a_day),
          cmocka_unit_test(test_idempotency_store_forget__takes_what_is_old_piece_by_piece))
