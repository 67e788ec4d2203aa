/* SPDX-License-Identifier: Apache-2.0
 *
 * The plaintext is built in memory that is big enough from the start: a buffer that grew would
 * leave copies behind.
 */
#include "runners/sealed_env.h"

#include <string.h>

#include "auth/env_cipher.h"
#include "auth/sealed_box.h"
#include "auth/secret.h"
#include "base/utf8.h"
#include "model/limits.h"

#define JSON_GROWTH 6 /* a control character becomes six */
#define JSON_AROUND 6 /* quotes, colon, comma */

static void wipe(struct buf *plain)
{
    if (plain->data != NULL)
        secret_wipe(plain->data, plain->cap);
    buf_done(plain);
}

/* Room for all of it as JSON. */
static size_t bound_of(const struct run_work *work)
{
    const unsigned char *env = work->env;
    size_t env_n = work->env_n;
    size_t bound = 2;
    struct env_item item;
    while (env_item_next(&env, &env_n, &item))
        bound += JSON_GROWTH * (item.key_n + item.value_n) + JSON_AROUND;
    return bound;
}

static int put_value(struct buf *plain, const struct key_ring *ring, const struct env_place *place,
                     const struct env_item *item, struct err *e)
{
    CLEANUP(secret_freep) struct secret *value = NULL;
    int r = env_cipher_decrypt(ring, place, item->value, item->value_n, &value, e);
    if (r < 0)
        return r;
    const char *text = (const char *)secret_bytes(value);
    size_t n = secret_len(value);
    if (!utf8_is_valid(text, n))
        return err_set(e, ERR_INVALID, "the value is no text");
    buf_add_json_string(plain, text, n);
    return 0;
}

static int put_item(struct buf *plain, const struct key_ring *ring, const struct run_work *work,
                    const struct env_item *item, struct err *e)
{
    char key[LIMIT_ENV_KEY_MAX + 1];
    if (item->key_n >= sizeof(key))
        return err_set(e, ERR_INVALID, "the name of an environment variable is too long");
    memcpy(key, item->key, item->key_n);
    key[item->key_n] = '\0';

    if (plain->len > 1)
        buf_add_char(plain, ',');
    buf_add_json_string(plain, key, item->key_n);
    buf_add_char(plain, ':');
    struct env_place place = {.project = work->project, .owner = item->owner, .env_key = key};
    int r = put_value(plain, ring, &place, item, e);
    return r < 0 ? err_wrap(e, "environment variable %s", key) : 0;
}

static int put_all(struct buf *plain, const struct key_ring *ring, const struct run_work *work,
                   struct err *e)
{
    const unsigned char *env = work->env;
    size_t env_n = work->env_n;
    struct env_item item;
    if (buf_reserve(plain, plain->max_bytes) == NULL)
        return err_set(e, ERR_INTERNAL, "environment: out of memory");
    buf_add_char(plain, '{');
    while (env_item_next(&env, &env_n, &item)) {
        int r = put_item(plain, ring, work, &item, e);
        if (r < 0)
            return r;
    }
    buf_add_char(plain, '}');
    return 0;
}

int sealed_env_put(struct buf *b, const struct key_ring *ring, const struct run_work *work,
                   struct err *e)
{
    CLEANUP(wipe) struct buf plain;
    CLEANUP(buf_done) struct buf sealed;
    buf_init(&plain, bound_of(work));
    buf_init(&sealed, plain.max_bytes + SEALED_BOX_OVERHEAD);

    int r = put_all(&plain, ring, work, e);
    if (r == 0)
        r = sealed_box_seal(work->public_key, plain.data, plain.len, &sealed, e);
    if (r < 0)
        return r;
    buf_add_base64(b, sealed.data, sealed.len);
    return buf_ok(b) ? 0 : err_set(e, ERR_LIMIT, "the environment is too large");
}
