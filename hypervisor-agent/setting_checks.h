/* SPDX-License-Identifier: Apache-2.0
 *
 * What can be known to be wrong with texts among the agent's settings before anything is started.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_SETTING_CHECKS_H
#define ERRAND_HYPERVISOR_AGENT_SETTING_CHECKS_H

#include "base/err.h"
#include "service/settings.h"

/* api_url, name, region, labels, insecure_registries. ERR_INVALID */
int setting_checks_run(const struct settings *settings, struct err *e) MUST_USE;

/* The PEM certificates of the file that setting `name` gives; owned; NULL when it gives none.
 * ERR_INVALID */
int setting_checks_read_pem(const struct settings *settings, const char *name, char **ret_pem,
                            struct err *e) MUST_USE;

#endif
