/* SPDX-License-Identifier: Apache-2.0
 *
 * A runner's policy of trying again: what may be written of it.
 */
#ifndef ERRAND_API_RETRY_FIELDS_H
#define ERRAND_API_RETRY_FIELDS_H

#include "http/fields.h"

/* Read the object `retry` of a body. Returns it as JSON text with every member that has a default,
 * as long as `f` lives; NULL when there are problems with it. */
const char *retry_fields_read(struct fields *f, json_t *retry);

#endif
