/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes the secrets out of one stream: every byte that belongs to a form of a secret (secret_set.h)
 * goes, and "***" stands where they were, once for those that overlap. What comes out does not
 * depend on how the stream was cut into reads.
 *
 * The start of a form at the end of what was read is held back until more shows what it is. Forms
 * have no line break, so a line that has ended is never held. What is held and does not go on for a
 * while is let out by masker_flush(): as "***" when it is half of a form or more, and at least
 * SECRET_MIN_BYTES; as it is when it is less. What follows is still seen as the rest of it: when
 * the form becomes whole, its rest is masked.
 */
#ifndef ERRAND_SHIM_MASKER_H
#define ERRAND_SHIM_MASKER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "shim/secret_set.h"

#define MASKER_READ_BYTES ((size_t)64 * 1024)

/* The bytes live until the call returns. */
typedef void masker_emit(void *ctx, const char *bytes, size_t n);

struct masker {
    const struct secret_set *set; /* borrowed */
    char *data;                   /* owned; wiped */
    size_t room;
    size_t n;
    size_t out;     /* how much of it has come out or was masked */
    bool is_masked; /* the last of that was masked */
    masker_emit *emit;
    void *ctx;
};

int masker_init(struct masker *masker, const struct secret_set *set, masker_emit *emit, void *ctx,
                struct err *e) MUST_USE;
void masker_done(struct masker *masker);

/* Where to put the next bytes, and how many fit: at least MASKER_READ_BYTES. */
char *masker_room(struct masker *masker, size_t *ret_n);

/* `n` bytes were put there. */
void masker_take(struct masker *masker, size_t n);

/* Bytes wait for what comes after them. */
bool masker_is_holding(const struct masker *masker);

/* Let out what is held: nothing came for a while, or nothing will. */
void masker_flush(struct masker *masker);

#endif
