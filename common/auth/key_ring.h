/* SPDX-License-Identifier: Apache-2.0
 *
 * The key ring file: the keys that encrypt env values, by id, and the key that tokens are hashed
 * with. Whoever has this file and the database has everything, so it is refused when others than
 * its owner may read it.
 *
 *     {"version":1,"current":"k1","token_key":"<base64, 32 bytes>","keys":{"k1":"<base64, 32
 * bytes>"}}
 *
 * Any thread may read it, also while one thread reloads it: keys are only added.
 */
#ifndef ERRAND_AUTH_KEY_RING_H
#define ERRAND_AUTH_KEY_RING_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/secret.h"
#include "base/err.h"

#define KEY_RING_KEY_BYTES 32
#define KEY_RING_ID_MAX 32 /* characters, [a-z0-9_-] */
#define KEY_RING_KEYS_MAX 64

struct key_ring;

/* Out:     ret_ring  free with key_ring_free
 * Errors:  ERR_NOT_FOUND  no such file
 *          ERR_DENIED     group or others have any right on it, or it is not ours; says the fix
 *          ERR_INVALID    not a key ring */
int key_ring_load(const char *path, struct key_ring **ret_ring, struct err *e) MUST_USE;

/* Write a new ring with one fresh key, mode 0600, unless the file exists: then it is only checked,
 * as key_ring_load() does. `ret_created` may be NULL. */
int key_ring_create(const char *path, bool *ret_created, struct err *e) MUST_USE;

/* Learn the keys that `path` has by now, and which of them is current. Keys that went from the file
 * are known until the process ends. One thread at a time. On failure the ring is as it was, or
 * knows more keys. */
int key_ring_reload(struct key_ring *ring, const char *path, struct err *e) MUST_USE;

/* For rotation (api/access/key_rotation.h), on a ring of one's own. Keys are "k1", "k2", ...: the
 * newest has the highest number. */
size_t key_ring_count(const struct key_ring *ring);
bool key_ring_newest_is_current(const struct key_ring *ring);
int key_ring_add(struct key_ring *ring, struct err *e) MUST_USE; /* a fresh key, not current yet */
void key_ring_use_newest(struct key_ring *ring);
void key_ring_keep_current(struct key_ring *ring); /* and forget all others */
int key_ring_save(const struct key_ring *ring, const char *path, struct err *e) MUST_USE;

/* For tests: a ring in memory with the key `id`. NULL out of memory. */
struct key_ring *key_ring_new_for_test(const char *id);

void key_ring_free(struct key_ring *ring);
void key_ring_freep(struct key_ring **ring);

/* Id of the key new values are encrypted with. */
const char *key_ring_current_id(const struct key_ring *ring);

/* KEY_RING_KEY_BYTES bytes; NULL when the ring has no key of this id. `id` need not end in NUL. */
const unsigned char *key_ring_key(const struct key_ring *ring, const char *id, size_t id_n);

/* KEY_RING_KEY_BYTES bytes, for token_hash(). */
const unsigned char *key_ring_token_key(const struct key_ring *ring);

#endif
