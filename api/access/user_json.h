/* SPDX-License-Identifier: Apache-2.0
 *
 * A user in answers.
 */
#ifndef ERRAND_API_USER_JSON_H
#define ERRAND_API_USER_JSON_H

#include <jansson.h>

#include "store/user_store.h"

json_t *user_json(const struct user *user);

#endif
