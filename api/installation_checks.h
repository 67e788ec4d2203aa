/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /v1/checks: what is wrong with the installation, for `errand doctor`.
 */
#ifndef ERRAND_API_INSTALLATION_CHECKS_H
#define ERRAND_API_INSTALLATION_CHECKS_H

#include "http/request.h"

void installation_checks_get(struct request *rq);

#endif
