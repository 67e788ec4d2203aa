/* SPDX-License-Identifier: Apache-2.0
 *
 * After a shim that died: kill and remove what it left, keep its log, and say how the run ended.
 */
#ifndef ERRAND_SHIM_REAP_H
#define ERRAND_SHIM_REAP_H

#include "base/err.h"

/* In the working directory, which is the run dir `run_dir` (".../<run>/<attempt>"), whose lock is
 * held. Writes an exit record with reason internal, unless the shim had come so far as to write
 * one. May be repeated. */
int reap_run(const char *run_dir, struct err *e) MUST_USE;

#endif
