/* SPDX-License-Identifier: Apache-2.0 */
#include "images/digest.h"

#include <sodium.h>

#include <string.h>

static const char prefix[] = "sha256:";

#define PREFIX_LEN (sizeof(prefix) - 1)

bool digest_is_valid(const char *text, size_t n)
{
    if (n != DIGEST_TEXT_BYTES - 1 || memcmp(text, prefix, PREFIX_LEN) != 0)
        return false;
    for (size_t i = PREFIX_LEN; i < n; i++)
        if (!(text[i] >= '0' && text[i] <= '9') && !(text[i] >= 'a' && text[i] <= 'f'))
            return false;
    return true;
}

const char *digest_hex(const char *digest)
{
    return digest + PREFIX_LEN;
}

void digest_format(const unsigned char *sha256, char *text)
{
    memcpy(text, prefix, PREFIX_LEN);
    (void)sodium_bin2hex(text + PREFIX_LEN, DIGEST_HEX_BYTES, sha256, crypto_hash_sha256_BYTES);
}

void digest_of(const void *bytes, size_t n, char *text)
{
    unsigned char sha256[crypto_hash_sha256_BYTES];
    (void)crypto_hash_sha256(sha256, bytes, n);
    digest_format(sha256, text);
}

int digest_check(const char *expected, const void *bytes, size_t n, const char *what, struct err *e)
{
    char actual[DIGEST_TEXT_BYTES];
    digest_of(bytes, n, actual);
    if (strcmp(expected, actual) != 0)
        return err_set(e, ERR_CONFLICT, "%s: digest is %.19s.. instead of %.19s..", what, actual,
                       expected);
    return 0;
}
