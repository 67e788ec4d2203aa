/* SPDX-License-Identifier: Apache-2.0
 *
 * What somebody must do now and then: close the days that are over, forget sessions that are. Each
 * API does it on its first loop; all of it may be done by several at once.
 */
#ifndef ERRAND_API_UPKEEP_H
#define ERRAND_API_UPKEEP_H

#include "loop.h"

struct upkeep;

/* Begins soon and goes on. */
struct upkeep *upkeep_new(struct loop *loop);
void upkeep_free(struct upkeep *upkeep);

#endif
