/* SPDX-License-Identifier: Apache-2.0
 *
 * What is wrong with a request, all of it: sentences for people and the same by field for programs.
 * Hand both over with reply_if_problems().
 */
#ifndef ERRAND_API_PROBLEMS_H
#define ERRAND_API_PROBLEMS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/defer.h"

#define PROBLEMS_MAX 100 /* more are not listed */

struct problems {
    json_t *errors; /* ["Name must be between 3 and 50 characters"] */
    json_t *fields; /* {"name": ["must be between 3 and 50 characters"]} */
};

void problems_init(struct problems *p);
void problems_done(struct problems *p);

/* `field` is the name as sent, with a path for what is inside ("argv[3]"); what follows continues
 * the sentence that it begins: "must be ...". A very long name is cut. */
void problems_add(struct problems *p, const char *field, const char *fmt, ...) PRINTF_LIKE(3, 4);

bool problems_any(const struct problems *p);

/* Whether this very field has one. */
bool problems_has(const struct problems *p, const char *field);

#endif
