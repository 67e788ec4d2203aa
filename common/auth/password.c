/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/password.h"

#include <sodium.h>

_Static_assert(PASSWORD_HASH_BYTES == crypto_pwhash_STRBYTES, "the length of a hash");

/* of nobody's password, at our cost */
static const char nobodys[PASSWORD_HASH_BYTES] =
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZSBzYWx0IG9mIG91cg$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

bool password_hash(const char *password, size_t n, char *ret_hash)
{
    return crypto_pwhash_str_alg(ret_hash, password, n, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                 crypto_pwhash_MEMLIMIT_INTERACTIVE,
                                 crypto_pwhash_ALG_ARGON2ID13) == 0;
}

bool password_verify(const char *password, size_t n, const char *hash)
{
    bool is_right = crypto_pwhash_str_verify(hash != NULL ? hash : nobodys, password, n) == 0;
    return is_right && hash != NULL;
}
