/* SPDX-License-Identifier: Apache-2.0
 *
 * What a runner's image is called: a name without a host is meant at the runner's container
 * registry. For statements that have `runners r` and, perhaps none, `container_registries c`.
 */
#ifndef ERRAND_STORE_IMAGE_NAME_H
#define ERRAND_STORE_IMAGE_NAME_H

#define IMAGE_OF_RUNNER                                                                            \
    "CASE WHEN c.hostname IS NULL OR r.image_name ~ '^([^/]*[.:][^/]*|localhost)/' THEN ''"        \
    "  ELSE c.hostname || '/' END || r.image_name || ':' || r.image_tag"

#endif
