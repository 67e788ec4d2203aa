/* SPDX-License-Identifier: Apache-2.0
 *
 * `errand-agent doctor [--json]`: says what this machine has and lacks to run containers for
 * Errand, and how to mend it, with the settings the agent would have. Changes nothing, and may run
 * beside an agent.
 */
#ifndef ERRAND_DOCTOR_DOCTOR_H
#define ERRAND_DOCTOR_DOCTOR_H

#include "service/settings.h"

#define DOCTOR_HELP "  doctor [--json]   say what this machine has and lacks, and how to mend it\n"

/* The program's exit code: 0, 1 when something has to be mended, 2 when it was called wrongly. */
int doctor_main(const struct settings *settings);

#endif
