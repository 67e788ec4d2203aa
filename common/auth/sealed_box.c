/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/sealed_box.h"

#include "auth/key_file.h"

#include <sodium.h>

_Static_assert(SEALED_BOX_KEY_BYTES == crypto_box_PUBLICKEYBYTES &&
                   SEALED_BOX_KEY_BYTES == crypto_box_SECRETKEYBYTES &&
                   SEALED_BOX_OVERHEAD == crypto_box_SEALBYTES,
               "the sizes promised to callers");

struct sealed_box_keys {
    unsigned char public_key[SEALED_BOX_KEY_BYTES];
    struct secret *private_key; /* owned */
};

void sealed_box_keys_free(struct sealed_box_keys *keys)
{
    if (keys == NULL)
        return;
    secret_free(keys->private_key);
    free(keys);
}

void sealed_box_keys_freep(struct sealed_box_keys **keys)
{
    sealed_box_keys_free(*keys);
}

static int create_missing(const char *path, struct err *e)
{
    CLEANUP(secret_freep) struct secret *fresh = secret_random(SEALED_BOX_KEY_BYTES);
    if (fresh == NULL)
        return err_set(e, ERR_INTERNAL, "make a key: out of memory");
    bool created = false;
    return key_file_create(path, secret_bytes(fresh), secret_len(fresh), &created, e);
}

static int read_or_create(const char *path, struct secret **ret_key, struct err *e)
{
    int r = key_file_read(path, SEALED_BOX_KEY_BYTES, ret_key, e);
    if (r != ERR_NOT_FOUND)
        return r;
    r = create_missing(path, e);
    return r < 0 ? r : key_file_read(path, SEALED_BOX_KEY_BYTES, ret_key, e);
}

int sealed_box_keys_open(const char *path, struct sealed_box_keys **ret_keys, struct err *e)
{
    CLEANUP(sealed_box_keys_freep) struct sealed_box_keys *keys = calloc(1, sizeof(*keys));
    if (keys == NULL)
        return err_set(e, ERR_INTERNAL, "open key pair: out of memory");

    int r = read_or_create(path, &keys->private_key, e);
    if (r < 0)
        return err_wrap(e, "key pair");
    if (secret_len(keys->private_key) != SEALED_BOX_KEY_BYTES ||
        crypto_scalarmult_base(keys->public_key, secret_bytes(keys->private_key)) != 0)
        return err_set(e, ERR_INVALID, "key pair %s is not a private key of %d bytes", path,
                       SEALED_BOX_KEY_BYTES);
    *ret_keys = TAKE_PTR(keys);
    return 0;
}

const unsigned char *sealed_box_public_key(const struct sealed_box_keys *keys)
{
    return keys->public_key;
}

int sealed_box_seal(const unsigned char *public_key, const void *message, size_t n,
                    struct buf *ret_sealed, struct err *e)
{
    unsigned char *sealed = (unsigned char *)buf_reserve(ret_sealed, n + SEALED_BOX_OVERHEAD);
    if (sealed == NULL)
        return err_set(e, ERR_LIMIT, "seal a message: it does not fit");
    if (crypto_box_seal(sealed, message, n, public_key) != 0)
        return err_set(e, ERR_INVALID, "seal a message: not a usable public key");
    buf_advance(ret_sealed, n + SEALED_BOX_OVERHEAD);
    return 0;
}

int sealed_box_open(const struct sealed_box_keys *keys, const unsigned char *sealed, size_t n,
                    struct secret **ret_message, struct err *e)
{
    if (n < SEALED_BOX_OVERHEAD)
        return err_set(e, ERR_DENIED, "sealed message is cut short");
    CLEANUP(secret_freep) struct secret *message = secret_new(n - SEALED_BOX_OVERHEAD);
    if (message == NULL)
        return err_set(e, ERR_INTERNAL, "open a sealed message: out of memory");
    if (crypto_box_seal_open(secret_bytes_mut(message), sealed, n, keys->public_key,
                             secret_bytes(keys->private_key)) != 0)
        return err_set(e, ERR_DENIED, "sealed message was altered or is for another key");
    *ret_message = TAKE_PTR(message);
    return 0;
}
