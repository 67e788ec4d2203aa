/* SPDX-License-Identifier: Apache-2.0
 *
 * How a secret may look in a log: as it is, and as the encodings that programs print make it.
 *
 * A value of several lines is taken line by line, and as a whole where an encoding leaves no line
 * break in it. No form has a line break, and none is shorter than SECRET_MIN_BYTES: what is shorter
 * is no secret, for it would be found everywhere.
 *
 *   raw      the line
 *   base64   at each of the three places it can have in what is encoded with it, standard and
 *            URL-safe, with and without padding, and broken into lines of 76 and 64
 *   URL      percent-encoded: all that is reserved, as encodeURIComponent does, as forms do (space
 *            is +), with / left alone; upper and lower case
 *   JSON     escaped: as little as needed, ASCII only, safe for HTML, / as \/
 */
#ifndef ERRAND_SHIM_SECRET_FORMS_H
#define ERRAND_SHIM_SECRET_FORMS_H

#include <stddef.h>

#include "base/err.h"

#define SECRET_MIN_BYTES 6

/* Take one form; the bytes are wiped after the call. The same form may come more than once. */
typedef int secret_form_fn(void *ctx, const char *form, size_t n, struct err *e);

/* Tell every form of `value`. Stops at the first error of `take` and returns it. */
int secret_forms_each(const char *value, size_t n, secret_form_fn *take, void *ctx,
                      struct err *e) MUST_USE;

#endif
