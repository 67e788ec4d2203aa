/* SPDX-License-Identifier: Apache-2.0
 *
 * Passwords as Argon2id hashes. One hash takes tens of milliseconds and 64 MiB on purpose, so a
 * thread of its own makes them, one after another, and no loop waits.
 */
#ifndef ERRAND_API_PASSWORDS_H
#define ERRAND_API_PASSWORDS_H

#include "http/request.h"

#define PASSWORD_MIN_BYTES 10
#define PASSWORD_MAX_BYTES 1024

struct passwords;

/* Starts the thread. */
struct passwords *passwords_new(void);

/* Drops what waits and ends the thread; before the loops close. NULL is allowed. */
void passwords_stop(struct passwords *passwords);
void passwords_free(struct passwords *passwords);

/* Around a loop's life, on its thread. */
void passwords_join(struct loop *loop);
void passwords_leave(struct loop *loop);

/* On the request's loop. `hash` is NULL when the password is not the right one or the hash could
 * not be made. */
typedef void password_callback(struct request *rq, const char *hash);

/* Asynchronous; `password` is copied and wiped after use. Answers 503 itself, without a callback,
 * when too many wait. */
void passwords_hash(struct request *rq, const char *password, password_callback *callback);

/* `hash` NULL takes as long and is never right. */
void passwords_verify(struct request *rq, const char *password, const char *hash,
                      password_callback *callback);

#endif
