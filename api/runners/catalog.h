/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /v1/regions and /v1/instance_types.
 */
#ifndef ERRAND_API_CATALOG_H
#define ERRAND_API_CATALOG_H

#include "http/request.h"

request_handler catalog_list_regions;
request_handler catalog_list_instance_types;

#endif
