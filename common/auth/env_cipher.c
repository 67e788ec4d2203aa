/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/env_cipher.h"

#include <sodium.h>

#include <string.h>

#define VERSION 1
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES

static const char domain[] = "errand-env"; /* its NUL belongs to the associated data */

#define ASSOCIATED_MAX (sizeof(domain) + 2 * sizeof(struct id) + ENV_CIPHER_KEY_MAX)

_Static_assert(NONCE_BYTES == 24 && TAG_BYTES == 16, "the layout of the blob");
_Static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == KEY_RING_KEY_BYTES,
               "the ring's keys");

struct associated {
    unsigned char bytes[ASSOCIATED_MAX];
    size_t n;
};

static int associated_fill(struct associated *data, const struct env_place *place, struct err *e)
{
    size_t key_n = strlen(place->env_key);
    if (key_n > ENV_CIPHER_KEY_MAX)
        return err_set(e, ERR_INVALID, "env key is longer than %d bytes", ENV_CIPHER_KEY_MAX);

    unsigned char *at = data->bytes;
    memcpy(at, domain, sizeof(domain));
    at += sizeof(domain);
    memcpy(at, place->project.bytes, sizeof(place->project.bytes));
    at += sizeof(place->project.bytes);
    memcpy(at, place->owner.bytes, sizeof(place->owner.bytes));
    at += sizeof(place->owner.bytes);
    memcpy(at, place->env_key, key_n);
    data->n = (size_t)(at - data->bytes) + key_n;
    return 0;
}

int env_cipher_encrypt(const struct key_ring *ring, const struct env_place *place,
                       const void *value, size_t n, struct buf *ret_blob, struct err *e)
{
    struct associated data;
    int r = associated_fill(&data, place, e);
    if (r < 0)
        return r;

    const char *id = key_ring_current_id(ring);
    size_t id_n = strlen(id);
    size_t head_n = 2 + id_n + NONCE_BYTES;
    unsigned char *blob = (unsigned char *)buf_reserve(ret_blob, head_n + n + TAG_BYTES);
    if (blob == NULL)
        return err_set(e, ERR_LIMIT, "encrypt an env value: it does not fit");

    blob[0] = VERSION;
    blob[1] = (unsigned char)id_n;
    memcpy(blob + 2, id, id_n);
    unsigned char *nonce = blob + 2 + id_n;
    randombytes_buf(nonce, NONCE_BYTES);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(blob + head_n, NULL, value, n, data.bytes,
                                                     data.n, NULL, nonce,
                                                     key_ring_key(ring, id, id_n));
    buf_advance(ret_blob, head_n + n + TAG_BYTES);
    return 0;
}

/* A blob taken apart; pointers into it. */
struct blob_parts {
    const char *id;
    size_t id_n;
    const unsigned char *nonce;
    const unsigned char *sealed;
    size_t sealed_n; /* at least TAG_BYTES */
};

static int blob_split(const unsigned char *blob, size_t n, struct blob_parts *parts, struct err *e)
{
    if (n < 2 || blob[0] != VERSION)
        return err_set(e, ERR_INVALID, "encrypted env value is of an unknown version");
    size_t head_n = 2 + (size_t)blob[1] + NONCE_BYTES;
    if (n < head_n + TAG_BYTES)
        return err_set(e, ERR_INVALID, "encrypted env value is cut short");

    *parts = (struct blob_parts){
        .id = (const char *)blob + 2,
        .id_n = blob[1],
        .nonce = blob + 2 + blob[1],
        .sealed = blob + head_n,
        .sealed_n = n - head_n,
    };
    return 0;
}

int env_cipher_decrypt(const struct key_ring *ring, const struct env_place *place,
                       const unsigned char *blob, size_t n, struct secret **ret_value,
                       struct err *e)
{
    struct associated data;
    struct blob_parts parts = {0};
    int r = associated_fill(&data, place, e);
    if (r == 0)
        r = blob_split(blob, n, &parts, e);
    if (r < 0)
        return r;

    const unsigned char *key = key_ring_key(ring, parts.id, parts.id_n);
    if (key == NULL)
        return err_set(e, ERR_NOT_FOUND, "the key ring lacks the key of an encrypted env value");

    CLEANUP(secret_freep) struct secret *value = secret_new(parts.sealed_n - TAG_BYTES);
    if (value == NULL)
        return err_set(e, ERR_INTERNAL, "decrypt an env value: out of memory");
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(secret_bytes_mut(value), NULL, NULL,
                                                   parts.sealed, parts.sealed_n, data.bytes, data.n,
                                                   parts.nonce, key) != 0)
        return err_set(e, ERR_DENIED, "encrypted env value was altered or belongs elsewhere");
    *ret_value = TAKE_PTR(value);
    return 0;
}
