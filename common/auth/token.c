/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/token.h"

#include "auth/secret.h"

#include <sodium.h>

#include <string.h>

#define RANDOM_BYTES 32
#define PREFIX_CHARS 6

struct kind_row {
    char prefix[PREFIX_CHARS + 1];
    const char *name;
};

static const struct kind_row kinds[] = {
    [TOKEN_KIND_USER] = {"err_u_", "user"},
    [TOKEN_KIND_PROJECT] = {"err_p_", "project"},
    [TOKEN_KIND_HYPERVISOR] = {"err_h_", "hypervisor"},
    [TOKEN_KIND_JOIN] = {"err_j_", "join"},
    [TOKEN_KIND_SESSION] = {"err_s_", "session"},
    [TOKEN_KIND_METRICS] = {"err_m_", "metrics"},
};

_Static_assert(ARRAY_LEN(kinds) == TOKEN_KIND_COUNT, "a row for each kind");
_Static_assert(sodium_base64_ENCODED_LEN(RANDOM_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING) ==
                   TOKEN_TEXT_BYTES - PREFIX_CHARS,
               "the length of a token");
_Static_assert(TOKEN_KEY_BYTES == crypto_generichash_KEYBYTES &&
                   TOKEN_HASH_BYTES == crypto_generichash_BYTES,
               "BLAKE2b-256 with a 256-bit key");

static void make_text(enum token_kind kind, const unsigned char *random, char *text)
{
    memcpy(text, kinds[kind].prefix, PREFIX_CHARS);
    (void)sodium_bin2base64(text + PREFIX_CHARS, TOKEN_TEXT_BYTES - PREFIX_CHARS, random,
                            RANDOM_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void token_make(enum token_kind kind, char *text)
{
    unsigned char random[RANDOM_BYTES];
    randombytes_buf(random, sizeof(random));
    make_text(kind, random, text);
    secret_wipe(random, sizeof(random));
}

void token_make_of(enum token_kind kind, const unsigned char *key, const unsigned char *hash,
                   char *text)
{
    unsigned char seed[RANDOM_BYTES];
    (void)crypto_generichash(seed, sizeof(seed), hash, TOKEN_HASH_BYTES, key, TOKEN_KEY_BYTES);
    make_text(kind, seed, text);
    secret_wipe(seed, sizeof(seed));
}

/* Also refuses a last character with bits that no encoder sets, so a token has one spelling. */
static bool is_random_part(const char *text)
{
    unsigned char random[RANDOM_BYTES];
    size_t got = 0;
    const char *end = NULL;
    int r = sodium_base642bin(random, sizeof(random), text, TOKEN_TEXT_CHARS - PREFIX_CHARS, NULL,
                              &got, &end, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    secret_wipe(random, sizeof(random));
    return r == 0 && got == sizeof(random) && end == text + TOKEN_TEXT_CHARS - PREFIX_CHARS;
}

int token_parse(const char *text, size_t n, enum token_kind *ret_kind, struct err *e)
{
    for (size_t i = 0; n == TOKEN_TEXT_CHARS && i < ARRAY_LEN(kinds); i++) {
        if (memcmp(text, kinds[i].prefix, PREFIX_CHARS) == 0 &&
            is_random_part(text + PREFIX_CHARS)) {
            *ret_kind = (enum token_kind)i;
            return 0;
        }
    }
    return err_set(e, ERR_UNAUTHENTICATED, "not a token");
}

struct token_hash token_hash(const unsigned char *key, const char *text, size_t n)
{
    struct token_hash hash;
    (void)crypto_generichash(hash.bytes, sizeof(hash.bytes), (const unsigned char *)text, n, key,
                             TOKEN_KEY_BYTES);
    return hash;
}

bool token_hash_equal(const struct token_hash *a, const struct token_hash *b)
{
    return sodium_memcmp(a->bytes, b->bytes, TOKEN_HASH_BYTES) == 0;
}

const char *token_kind_name(enum token_kind kind)
{
    return kinds[kind].name;
}

int token_kind_from_name(const char *name, enum token_kind *ret_kind, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (strcmp(name, kinds[i].name) == 0) {
            *ret_kind = (enum token_kind)i;
            return 0;
        }
    }
    return err_set(e, ERR_INVALID, "token kind must be user, project, hypervisor, join or metrics");
}

void token_make_peer_secret(const unsigned char *key, char *text)
{
    static const char label[] = "errand peer secret 1";
    struct token_hash hash = token_hash(key, label, sizeof(label) - 1);
    (void)sodium_bin2base64(text, TOKEN_PEER_BYTES, hash.bytes, sizeof(hash.bytes),
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool token_is_peer_secret(const unsigned char *key, const char *text, size_t n)
{
    char secret[TOKEN_PEER_BYTES];
    token_make_peer_secret(key, secret);
    struct token_hash expected = token_hash(key, secret, strlen(secret));
    struct token_hash given = token_hash(key, text, n);
    return token_hash_equal(&expected, &given);
}
