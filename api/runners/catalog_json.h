/* SPDX-License-Identifier: Apache-2.0
 *
 * Regions and instance types in answers.
 */
#ifndef ERRAND_API_CATALOG_JSON_H
#define ERRAND_API_CATALOG_JSON_H

#include <jansson.h>

#include "base/buf.h"
#include "model/catalog.h"

/* As the member `name` of an object (http/object.h). */
void region_put(struct buf *b, const char *name, const struct region *region);
void instance_type_put(struct buf *b, const char *name, const struct instance_type *type);

json_t *region_json(const struct region *region);
json_t *instance_type_json(const struct instance_type *type);

#endif
