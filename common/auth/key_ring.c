/* SPDX-License-Identifier: Apache-2.0
 *
 * All keys of a ring lie in one block of guarded memory; the rows only point into it. The file's
 * text passes through jansson's strings, which are wiped when they are freed only as far as we
 * hold them, so the ring is loaded once, before the process serves anybody.
 */
#include "auth/key_ring.h"

#include "auth/key_file.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/parse.h"

#include <jansson.h>
#include <sodium.h>

#include <string.h>

#define FILE_MAX_BYTES 16384
#define KEY_BASE64_BYTES 45 /* 44 characters and NUL */

struct key_row {
    char id[KEY_RING_ID_MAX + 1];
};

struct key_ring {
    struct secret *keys; /* owned; token key first, then one for each row */
    struct key_row rows[KEY_RING_KEYS_MAX];
    /* only ever grow resp. move on, after what they point to is whole (key_ring_reload) */
    _Atomic size_t rows_n;
    _Atomic size_t current;
};

static unsigned char *row_key(const struct key_ring *ring, size_t row)
{
    return secret_bytes_mut(ring->keys) + (row + 1) * KEY_RING_KEY_BYTES;
}

static struct key_ring *ring_new(void)
{
    CLEANUP(key_ring_freep) struct key_ring *ring = calloc(1, sizeof(*ring));
    if (ring == NULL)
        return NULL;
    ring->keys = secret_new((KEY_RING_KEYS_MAX + 1) * KEY_RING_KEY_BYTES);
    return ring->keys == NULL ? NULL : TAKE_PTR(ring);
}

void key_ring_free(struct key_ring *ring)
{
    if (ring == NULL)
        return;
    secret_free(ring->keys);
    free(ring);
}

void key_ring_freep(struct key_ring **ring)
{
    key_ring_free(*ring);
}

static bool id_is_valid(const char *id)
{
    size_t n = strlen(id);
    return n >= 1 && n <= KEY_RING_ID_MAX &&
           strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_-") == n;
}

static bool decode_key(const json_t *value, unsigned char *key)
{
    const char *text = json_string_value(value);
    size_t n = json_string_length(value);
    size_t got = 0;
    const char *end = NULL;
    return text != NULL &&
           sodium_base642bin(key, KEY_RING_KEY_BYTES, text, n, NULL, &got, &end,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           got == KEY_RING_KEY_BYTES && end == text + n;
}

static int add_row(struct key_ring *ring, const char *id, const json_t *value, struct err *e)
{
    if (!id_is_valid(id))
        return err_set(e, ERR_INVALID, "a key id has 1 to %d characters of a-z, 0-9, '_' and '-'",
                       KEY_RING_ID_MAX);
    if (ring->rows_n == KEY_RING_KEYS_MAX)
        return err_set(e, ERR_INVALID, "more than %d keys", KEY_RING_KEYS_MAX);
    if (!decode_key(value, row_key(ring, ring->rows_n)))
        return err_set(e, ERR_INVALID, "key '%s' is not %d bytes in base64", id,
                       KEY_RING_KEY_BYTES);
    memcpy(ring->rows[ring->rows_n].id, id, strlen(id) + 1);
    ring->rows_n++;
    return 0;
}

static int find_row(const struct key_ring *ring, const char *id, size_t n, size_t *ret_row)
{
    size_t rows_n = ring->rows_n;
    for (size_t i = 0; i < rows_n; i++) {
        if (strlen(ring->rows[i].id) == n && memcmp(ring->rows[i].id, id, n) == 0) {
            *ret_row = i;
            return 0;
        }
    }
    return -1;
}

static int fill(struct key_ring *ring, json_t *root, struct err *e)
{
    if (json_integer_value(json_object_get(root, "version")) != 1)
        return err_set(e, ERR_INVALID, "'version' is not 1");
    if (!decode_key(json_object_get(root, "token_key"), secret_bytes_mut(ring->keys)))
        return err_set(e, ERR_INVALID, "'token_key' is not %d bytes in base64", KEY_RING_KEY_BYTES);

    const char *id;
    json_t *value;
    json_object_foreach(json_object_get(root, "keys"), id, value)
    {
        int r = add_row(ring, id, value, e);
        if (r < 0)
            return r;
    }

    const char *current = json_string_value(json_object_get(root, "current"));
    size_t row;
    if (current == NULL || find_row(ring, current, strlen(current), &row) < 0)
        return err_set(e, ERR_INVALID, "'current' is not the id of one of 'keys'");
    ring->current = row;
    return 0;
}

static void wipe_string(json_t *value)
{
    if (json_is_string(value)) {
        union {
            const char *in;
            void *out;
        } text = {.in = json_string_value(value)};
        sodium_memzero(text.out, json_string_length(value));
    }
}

static void wipe_document(json_t *root)
{
    const char *id;
    json_t *value;
    wipe_string(json_object_get(root, "token_key"));
    json_object_foreach(json_object_get(root, "keys"), id, value) wipe_string(value);
    json_decref(root);
}

int key_ring_load(const char *path, struct key_ring **ret_ring, struct err *e)
{
    CLEANUP(secret_freep) struct secret *content = NULL;
    int r = key_file_read(path, FILE_MAX_BYTES, &content, e);
    if (r < 0)
        return err_wrap(e, "key ring");

    CLEANUP(key_ring_freep) struct key_ring *ring = ring_new();
    if (ring == NULL)
        return err_set(e, ERR_INTERNAL, "load key ring: out of memory");

    json_t *root = json_loadb((const char *)secret_bytes(content), secret_len(content),
                              JSON_REJECT_DUPLICATES, NULL);
    if (root == NULL)
        return err_set(e, ERR_INVALID, "key ring %s is not JSON", path);
    r = fill(ring, root, e);
    wipe_document(root);
    if (r < 0)
        return err_wrap(e, "key ring %s", path);
    *ret_ring = TAKE_PTR(ring);
    return 0;
}

static void encode_random_key(char *text)
{
    unsigned char key[KEY_RING_KEY_BYTES];
    randombytes_buf(key, sizeof(key));
    (void)sodium_bin2base64(text, KEY_BASE64_BYTES, key, sizeof(key),
                            sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(key, sizeof(key));
}

int key_ring_create(const char *path, bool *ret_created, struct err *e)
{
    char token_key[KEY_BASE64_BYTES];
    char key[KEY_BASE64_BYTES];
    char text[256];
    encode_random_key(token_key);
    encode_random_key(key);
    int n = snprintf(
        text, sizeof(text),
        "{\"version\":1,\"current\":\"k1\",\"token_key\":\"%s\",\"keys\":{\"k1\":\"%s\"}}\n",
        token_key, key);

    bool created = false;
    int r = key_file_create(path, text, (size_t)n, &created, e);
    sodium_memzero(token_key, sizeof(token_key));
    sodium_memzero(key, sizeof(key));
    sodium_memzero(text, sizeof(text));
    if (r < 0)
        return err_wrap(e, "key ring");

    CLEANUP(key_ring_freep) struct key_ring *check = NULL;
    r = key_ring_load(path, &check, e);
    if (r == 0 && ret_created != NULL)
        *ret_created = created;
    return r;
}

int key_ring_reload(struct key_ring *ring, const char *path, struct err *e)
{
    CLEANUP(key_ring_freep) struct key_ring *fresh = NULL;
    int r = key_ring_load(path, &fresh, e);
    if (r < 0)
        return r;
    if (sodium_memcmp(key_ring_token_key(fresh), key_ring_token_key(ring), KEY_RING_KEY_BYTES) != 0)
        return err_set(e, ERR_INVALID, "key ring %s: another token key needs a restart", path);

    size_t row;
    for (size_t i = 0; i < fresh->rows_n; i++) {
        const char *id = fresh->rows[i].id;
        if (find_row(ring, id, strlen(id), &row) == 0)
            continue;
        if (ring->rows_n == KEY_RING_KEYS_MAX)
            return err_set(e, ERR_LIMIT, "more than %d keys since the start", KEY_RING_KEYS_MAX);
        const size_t next = ring->rows_n;
        memcpy(row_key(ring, next), row_key(fresh, i), KEY_RING_KEY_BYTES);
        memcpy(ring->rows[next].id, id, sizeof(ring->rows[0].id));
        ring->rows_n = next + 1;
    }
    const char *current = key_ring_current_id(fresh);
    if (find_row(ring, current, strlen(current), &row) == 0)
        ring->current = row;
    return 0;
}

/* "k7" for 7; 0 for ids of another form */
static unsigned long id_number(const char *id)
{
    int64_t number;
    if (id[0] != 'k' || parse_i64(id + 1, 1, 1000000, "key id", &number, NULL) < 0)
        return 0;
    return (unsigned long)number;
}

static size_t newest_row(const struct key_ring *ring)
{
    size_t newest = 0;
    for (size_t i = 1; i < ring->rows_n; i++) {
        if (id_number(ring->rows[i].id) > id_number(ring->rows[newest].id))
            newest = i;
    }
    return newest;
}

size_t key_ring_count(const struct key_ring *ring)
{
    return ring->rows_n;
}

bool key_ring_newest_is_current(const struct key_ring *ring)
{
    return newest_row(ring) == ring->current;
}

int key_ring_add(struct key_ring *ring, struct err *e)
{
    size_t row = ring->rows_n;
    if (row == KEY_RING_KEYS_MAX)
        return err_set(e, ERR_LIMIT, "more than %d keys", KEY_RING_KEYS_MAX);
    randombytes_buf(row_key(ring, row), KEY_RING_KEY_BYTES);
    (void)snprintf(ring->rows[row].id, sizeof(ring->rows[row].id), "k%lu",
                   id_number(ring->rows[newest_row(ring)].id) + 1);
    ring->rows_n++;
    return 0;
}

void key_ring_use_newest(struct key_ring *ring)
{
    ring->current = newest_row(ring);
}

void key_ring_keep_current(struct key_ring *ring)
{
    size_t current = ring->current;
    memmove(row_key(ring, 0), row_key(ring, current), KEY_RING_KEY_BYTES);
    ring->rows[0] = ring->rows[current];
    ring->current = 0;
    ring->rows_n = 1;
    sodium_memzero(row_key(ring, 1), (KEY_RING_KEYS_MAX - 1) * KEY_RING_KEY_BYTES);
}

static void put_key(struct buf *b, const unsigned char *key)
{
    char text[KEY_BASE64_BYTES];
    (void)sodium_bin2base64(text, sizeof(text), key, KEY_RING_KEY_BYTES,
                            sodium_base64_VARIANT_ORIGINAL);
    buf_printf(b, "\"%s\"", text);
    sodium_memzero(text, sizeof(text));
}

int key_ring_save(const struct key_ring *ring, const char *path, struct err *e)
{
    struct buf b;
    buf_init(&b, FILE_MAX_BYTES);
    if (buf_reserve(&b, FILE_MAX_BYTES / 2) == NULL) /* it must not move: it is wiped below */
        return err_set(e, ERR_INTERNAL, "save key ring: out of memory");
    buf_printf(&b, "{\"version\":1,\"current\":\"%s\",\"token_key\":", key_ring_current_id(ring));
    put_key(&b, secret_bytes(ring->keys));
    buf_add_text(&b, ",\"keys\":{");
    for (size_t i = 0; i < ring->rows_n; i++) {
        buf_printf(&b, "%s\"%s\":", i > 0 ? "," : "", ring->rows[i].id);
        put_key(&b, row_key(ring, i));
    }
    buf_add_text(&b, "}}\n");
    int r = buf_ok(&b) ? file_replace(path, b.data, b.len, 0600, e)
                       : err_set(e, ERR_LIMIT, "key ring %s becomes too large", path);
    if (b.data != NULL)
        sodium_memzero(b.data, b.len);
    buf_done(&b);
    return r < 0 ? err_wrap(e, "key ring") : 0;
}

struct key_ring *key_ring_new_for_test(const char *id)
{
    CLEANUP(key_ring_freep) struct key_ring *ring = ring_new();
    if (ring == NULL || !id_is_valid(id))
        return NULL;
    memcpy(ring->rows[0].id, id, strlen(id) + 1);
    ring->rows_n = 1;
    randombytes_buf(secret_bytes_mut(ring->keys), secret_len(ring->keys));
    return TAKE_PTR(ring);
}

const char *key_ring_current_id(const struct key_ring *ring)
{
    /* gcc 12 reads an atomic that stands in brackets as if it were none */
    const size_t current = ring->current;
    return ring->rows[current].id;
}

const unsigned char *key_ring_key(const struct key_ring *ring, const char *id, size_t id_n)
{
    size_t row;
    return find_row(ring, id, id_n, &row) == 0 ? row_key(ring, row) : NULL;
}

const unsigned char *key_ring_token_key(const struct key_ring *ring)
{
    return secret_bytes(ring->keys);
}
