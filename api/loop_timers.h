/* SPDX-License-Identifier: Apache-2.0
 *
 * h2o counts its timers by the wall clock. When that is set back, those that are running would wait
 * for it to be again where it was: the API would not write its statements, connect to its database
 * or beat its streams for as long.
 */
#ifndef ERRAND_API_LOOP_TIMERS_H
#define ERRAND_API_LOOP_TIMERS_H

#include <stdint.h>

#include <h2o.h>

/* Between two turns of the loop: if its clock has gone back, every running timer begins anew.
 *
 * In:   seen_ms   what the loop's clock was at the last call; set for the next
 */
void loop_timers_mend(h2o_loop_t *loop, uint64_t *seen_ms);

#endif
