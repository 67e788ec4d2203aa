/* SPDX-License-Identifier: Apache-2.0
 *
 * Which statements a session has prepared. Statements live for ever, so their address is their
 * identity.
 */
#ifndef ERRAND_STORE_PREPARED_SET_H
#define ERRAND_STORE_PREPARED_SET_H

#include <stdbool.h>

struct statement;

#define PREPARED_SET_SLOTS 256 /* a power of two, well above the statements of one program */

struct prepared_set {
    const struct statement *slots[PREPARED_SET_SLOTS];
};

bool prepared_set_has(const struct prepared_set *set, const struct statement *statement);
void prepared_set_add(struct prepared_set *set, const struct statement *statement);

/* After the session is lost. */
void prepared_set_clear(struct prepared_set *set);

#endif
