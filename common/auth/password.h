/* SPDX-License-Identifier: Apache-2.0
 *
 * Passwords as Argon2id hashes in the usual text form. Takes tens of milliseconds and 64 MiB.
 */
#ifndef ERRAND_AUTH_PASSWORD_H
#define ERRAND_AUTH_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

#define PASSWORD_HASH_BYTES 128

/* A fresh hash into `ret_hash` (PASSWORD_HASH_BYTES, NUL-terminated); false out of memory. */
bool password_hash(const char *password, size_t n, char *ret_hash);

/* `hash` NULL takes as long and is never right. */
bool password_verify(const char *password, size_t n, const char *hash);

#endif
