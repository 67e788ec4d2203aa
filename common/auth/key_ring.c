/* SPDX-License-Identifier: Apache-2.0
 *
 * All keys of a ring lie in one block of guarded memory; the rows only point into it. The file's
 * text passes through jansson's strings, which are wiped when they are freed only as far as we
 * hold them, so the ring is loaded once, before the process serves anybody.
 */
#include "auth/key_ring.h"

#include "auth/key_file.h"

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
    size_t rows_n;
    size_t current;
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
    memcpy(ring->rows[ring->rows_n++].id, id, strlen(id) + 1);
    return 0;
}

static int find_row(const struct key_ring *ring, const char *id, size_t n, size_t *ret_row)
{
    for (size_t i = 0; i < ring->rows_n; i++) {
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
    if (current == NULL || find_row(ring, current, strlen(current), &ring->current) < 0)
        return err_set(e, ERR_INVALID, "'current' is not the id of one of 'keys'");
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
    return ring->rows[ring->current].id;
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
