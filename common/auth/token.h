/* SPDX-License-Identifier: Apache-2.0
 *
 * Bearer tokens: a prefix that tells the kind and 32 random bytes in unpadded base64url. Only a
 * keyed hash is stored; the token itself is shown once.
 */
#ifndef ERRAND_AUTH_TOKEN_H
#define ERRAND_AUTH_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define TOKEN_TEXT_CHARS 49 /* "err_u_" and 43 of base64url */
#define TOKEN_TEXT_BYTES (TOKEN_TEXT_CHARS + 1)
#define TOKEN_HASH_BYTES 32
#define TOKEN_KEY_BYTES 32

enum token_kind {
    TOKEN_KIND_USER,       /* err_u_ */
    TOKEN_KIND_PROJECT,    /* err_p_ */
    TOKEN_KIND_HYPERVISOR, /* err_h_ credential of an agent */
    TOKEN_KIND_JOIN,       /* err_j_ lets a new agent register */
    TOKEN_KIND_SESSION,    /* err_s_ a user's log-in, in a cookie */
    TOKEN_KIND_METRICS,    /* err_m_ reads /metrics and nothing else */
    TOKEN_KIND_COUNT,
};

struct token_hash {
    unsigned char bytes[TOKEN_HASH_BYTES];
};

/* A new token into `text` (TOKEN_TEXT_BYTES, NUL-terminated); wipe it when it has been shown. */
void token_make(enum token_kind kind, char *text);

/* The token that `key` (as for token_hash) and `hash` (TOKEN_HASH_BYTES) make: the same each time.
 */
void token_make_of(enum token_kind kind, const unsigned char *key, const unsigned char *hash,
                   char *text);

/* Kind of a token of the right shape: prefix, length, alphabet. `text` need not end in NUL.
 * Errors: ERR_UNAUTHENTICATED, without the text in the message. */
int token_parse(const char *text, size_t n, enum token_kind *ret_kind, struct err *e) MUST_USE;

/* BLAKE2b-256 of the whole text under `key` (TOKEN_KEY_BYTES, key_ring_token_key()). */
struct token_hash token_hash(const unsigned char *key, const char *text, size_t n);

/* In constant time. */
bool token_hash_equal(const struct token_hash *a, const struct token_hash *b);

/* What processes with the same key ring say to each other: TOKEN_PEER_BYTES with the NUL. */
#define TOKEN_PEER_BYTES 44
void token_make_peer_secret(const unsigned char *key, char *text);

/* Whether `text` is that, in constant time. */
bool token_is_peer_secret(const unsigned char *key, const char *text, size_t n);

/* "user", "project", "hypervisor", "join", "session", "metrics". */
const char *token_kind_name(enum token_kind kind);
int token_kind_from_name(const char *name, enum token_kind *ret_kind, struct err *e) MUST_USE;

#endif
