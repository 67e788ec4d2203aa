/* SPDX-License-Identifier: Apache-2.0
 *
 * What this machine has for containers. Most is tried out, not looked up.
 */
#ifndef ERRAND_DOCTOR_HOST_CHECKS_H
#define ERRAND_DOCTOR_HOST_CHECKS_H

#include "doctor/findings.h"
#include "service/settings.h"

void host_checks_run(const struct settings *settings, struct findings *findings);

#endif
