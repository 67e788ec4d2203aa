/* SPDX-License-Identifier: Apache-2.0
 *
 * Projects: what everything a user makes belongs to.
 */
#ifndef ERRAND_STORE_PROJECT_STORE_H
#define ERRAND_STORE_PROJECT_STORE_H

#include "base/id.h"
#include "store/db.h"

/* One row, the project's id; or none. */
extern const struct statement project_store_find;
void project_store_find_params(struct params *p, struct id project);

#endif
