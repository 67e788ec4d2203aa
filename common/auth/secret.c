/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/secret.h"

#include <sodium.h>

#include <string.h>

struct secret {
    unsigned char *bytes; /* sodium_malloc */
    size_t n;
};

int secret_init(struct err *e)
{
    if (sodium_init() < 0)
        return err_set(e, ERR_INTERNAL, "start libsodium: no source of randomness");
    return 0;
}

struct secret *secret_new(size_t n)
{
    struct secret *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return NULL;
    s->bytes = sodium_malloc(n);
    if (s->bytes == NULL) {
        free(s);
        return NULL;
    }
    s->n = n;
    sodium_memzero(s->bytes, n);
    return s;
}

struct secret *secret_copy(const void *bytes, size_t n)
{
    struct secret *s = secret_new(n);
    if (s != NULL && n > 0)
        memcpy(s->bytes, bytes, n);
    return s;
}

struct secret *secret_random(size_t n)
{
    struct secret *s = secret_new(n);
    if (s != NULL)
        randombytes_buf(s->bytes, n);
    return s;
}

void secret_free(struct secret *s)
{
    if (s == NULL)
        return;
    sodium_free(s->bytes); /* zeroes */
    free(s);
}

void secret_freep(struct secret **s)
{
    secret_free(*s);
}

size_t secret_len(const struct secret *s)
{
    return s->n;
}

const unsigned char *secret_bytes(const struct secret *s)
{
    return s->bytes;
}

unsigned char *secret_bytes_mut(struct secret *s)
{
    return s->bytes;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
    return a->n == b->n && sodium_memcmp(a->bytes, b->bytes, a->n) == 0;
}

void secret_wipe(void *bytes, size_t n)
{
    sodium_memzero(bytes, n);
}
