/* SPDX-License-Identifier: Apache-2.0 */
#include "access/key_rotation.h"

#include <inttypes.h>
#include <time.h>

#include "auth/env_cipher.h"
#include "base/log.h"
#include "model/limits.h"
#include "store/key_store.h"

#define BLOB_MAX_BYTES (LIMIT_REGISTRY_CA_BYTES + ENV_CIPHER_OVERHEAD_MAX)
#define LOOK_AGAIN_MS 100

static void pause_ms(int64_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&left, &left) < 0)
        continue; /* interrupted */
}

static int encrypt_anew(struct db *db, const struct key_ring *ring,
                        const struct key_store_table *table, const struct encrypted_value *value,
                        struct err *e)
{
    CLEANUP(secret_freep) struct secret *plain = NULL;
    CLEANUP(buf_done) struct buf blob;
    CLEANUP(params_done) struct params p;
    const struct env_place place = {value->project, value->owner, value->env_key};
    buf_init(&blob, BLOB_MAX_BYTES);
    params_init(&p, 0);

    int r = env_cipher_decrypt(ring, &place, value->blob, value->blob_n, &plain, e);
    if (r == 0)
        r = env_cipher_encrypt(ring, &place, secret_bytes(plain), secret_len(plain), &blob, e);
    if (r < 0)
        return err_wrap(e, "row %s", ID_TEXT(value->row));
    key_store_update_params(&p, value, blob.data, blob.len);
    return db_run(db, table->update, &p, NULL, e);
}

/* All of one table, page by page; adds to `*found`. */
static int sweep_table(struct db *db, const struct key_ring *ring,
                       const struct key_store_table *table, int64_t *found, struct err *e)
{
    struct encrypted_value value = {.env_key = ""};
    char after[ENV_CIPHER_KEY_MAX + 1] = "";
    for (;;) {
        CLEANUP(rows_freep) struct rows *rows = NULL;
        CLEANUP(params_done) struct params p;
        key_store_list_params(&p, key_ring_current_id(ring), value.row, after);
        int r = db_run(db, table->list, &p, &rows, e);
        if (r < 0)
            return r;
        int n = rows_count(rows);
        for (int i = 0; i < n; i++) {
            key_store_read(rows, i, &value);
            r = encrypt_anew(db, ring, table, &value, e);
            if (r < 0)
                return r;
        }
        *found += n;
        if (n < KEY_STORE_PAGE)
            return 0;
        (void)snprintf(after, sizeof(after), "%s", value.env_key);
    }
}

static int sweep(struct db *db, const struct key_ring *ring, int64_t *ret_found, struct err *e)
{
    *ret_found = 0;
    for (size_t i = 0; i < key_store_tables_n; i++) {
        int r = sweep_table(db, ring, &key_store_tables[i], ret_found, e);
        if (r < 0)
            return r;
    }
    return 0;
}

static int read_transactions(struct db *db, int64_t *ret_oldest, int64_t *ret_next, struct err *e)
{
    CLEANUP(rows_freep) struct rows *rows = NULL;
    int r = db_run(db, &key_store_transactions, NULL, &rows, e);
    if (r == 0)
        key_store_transactions_read(rows, ret_oldest, ret_next);
    return r;
}

/* Until every transaction that is in progress now has ended: it may hold a value it read before. */
static int outwait_others(struct db *db, struct err *e)
{
    int64_t oldest;
    int64_t next;
    int64_t until;
    int r = read_transactions(db, &oldest, &until, e);
    while (r == 0 && oldest < until) {
        pause_ms(LOOK_AGAIN_MS);
        r = read_transactions(db, &oldest, &next, e);
    }
    return r;
}

/* Until a sweep that began after everybody used the new key finds nothing. */
static int sweep_until_none(struct db *db, const struct key_ring *ring, struct err *e)
{
    int64_t found;
    int64_t all = 0;
    do {
        int r = outwait_others(db, e);
        if (r == 0)
            r = sweep(db, ring, &found, e);
        if (r < 0)
            return r;
        all += found;
    } while (found > 0);
    log_info("keys.rotated key=%s values=%" PRId64, key_ring_current_id(ring), all);
    return 0;
}

static int save_and_settle(const struct key_ring *ring, const char *path, int64_t settle_seconds,
                           struct err *e)
{
    int r = key_ring_save(ring, path, e);
    if (r == 0)
        pause_ms(settle_seconds * 1000);
    return r;
}

int key_rotation_run(struct db *db, const char *key_ring, int64_t settle_seconds, struct err *e)
{
    CLEANUP(key_ring_freep) struct key_ring *ring = NULL;
    int r = key_ring_load(key_ring, &ring, e);
    if (r < 0)
        return r;

    if (key_ring_count(ring) == 1) {
        r = key_ring_add(ring, e);
        if (r == 0)
            r = save_and_settle(ring, key_ring, settle_seconds, e);
    }
    if (r == 0 && !key_ring_newest_is_current(ring)) {
        key_ring_use_newest(ring);
        r = key_ring_save(ring, key_ring, e);
    }
    if (r < 0)
        return r;
    pause_ms(settle_seconds * 1000);
    r = sweep_until_none(db, ring, e);
    if (r < 0)
        return r;
    key_ring_keep_current(ring);
    return key_ring_save(ring, key_ring, e);
}
