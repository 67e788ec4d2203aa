/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether the API can be reached, whether it knows this machine, and what it says the time is.
 */
#ifndef ERRAND_DOCTOR_API_CHECKS_H
#define ERRAND_DOCTOR_API_CHECKS_H

#include "doctor/findings.h"
#include "service/settings.h"

void api_checks_run(const struct settings *settings, struct findings *findings);

#endif
