/* SPDX-License-Identifier: Apache-2.0
 *
 * Regions and instance types in answers.
 */
#ifndef ERRAND_API_CATALOG_JSON_H
#define ERRAND_API_CATALOG_JSON_H

#include <jansson.h>

#include "model/catalog.h"

json_t *region_json(const struct region *region);
json_t *instance_type_json(const struct instance_type *type);

#endif
