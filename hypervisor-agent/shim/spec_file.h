/* SPDX-License-Identifier: Apache-2.0
 *
 * A run spec as it comes from the agent: on standard input, or as a descriptor that a box is sent.
 */
#ifndef ERRAND_SHIM_SPEC_FILE_H
#define ERRAND_SHIM_SPEC_FILE_H

#include "base/err.h"
#include "run_spec.h"

/* Read `fd` to its end into `ret_spec`, which was initialised. No copy of the text remains. */
int spec_file_read(int fd, struct run_spec *ret_spec, struct err *e) MUST_USE;

#endif
