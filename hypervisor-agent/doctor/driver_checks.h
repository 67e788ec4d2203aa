/* SPDX-License-Identifier: Apache-2.0
 *
 * What other drivers than oci need of the machine.
 */
#ifndef ERRAND_DOCTOR_DRIVER_CHECKS_H
#define ERRAND_DOCTOR_DRIVER_CHECKS_H

#include "doctor/findings.h"
#include "driver_kind.h"
#include "service/settings.h"

/* What the settings ask for. */
enum driver_kind driver_checks_kind(const struct settings *settings);

/* For DRIVER_DOCKER and DRIVER_PROCESS; nothing otherwise. */
void driver_checks_run(const struct settings *settings, struct findings *findings);

#endif
