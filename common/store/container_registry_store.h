/* SPDX-License-Identifier: Apache-2.0
 *
 * The container registries of projects; passwords come and go encrypted.
 */
#ifndef ERRAND_STORE_CONTAINER_REGISTRY_STORE_H
#define ERRAND_STORE_CONTAINER_REGISTRY_STORE_H

#include "model/container_registry.h"
#include "store/db.h"
#include "store/page_rows.h"

/* For statements that join `container_registries c`. */
#define CONTAINER_REGISTRY_COLUMNS                                                                 \
    ", c.id, c.project_id, c.status, c.registry_type, c.name, c.hostname, c.username, c.password," \
    " c.ca_pem, c.insecure, c.region_id, c.created_at, c.updated_at"
#define CONTAINER_REGISTRY_COLUMN_COUNT 13

/* From the columns that begin at `column`; the nil id when there is none. */
void container_registry_store_read(const struct rows *rows, int row, int column,
                                   struct container_registry *ret_registry);

/* Of the statements below objects begin at column 1. */

/* A page (page_rows.h) of the project's registries, newest first. */
extern const struct statement container_registry_store_list;
void container_registry_store_list_params(struct params *p, struct id project,
                                          struct page_window window);

/* One row, or none. */
extern const struct statement container_registry_store_get;
void container_registry_store_get_params(struct params *p, struct id project, struct id registry);

/* One row; none when there is no such region (nil: the default one). */
extern const struct statement container_registry_store_insert;
void container_registry_store_insert_params(struct params *p,
                                            const struct container_registry *registry);

/* Write it over what was read with `updated_at_us`. No row: it is gone or was changed meanwhile, or
 * there is no such region. */
extern const struct statement container_registry_store_update;
void container_registry_store_update_params(struct params *p,
                                            const struct container_registry *registry);

/* Delete it unless a runner uses it or a run that is not final does. One row. */
extern const struct statement container_registry_store_delete;
void container_registry_store_delete_params(struct params *p, struct id project,
                                            struct id registry);

enum container_registry_deletion {
    CONTAINER_REGISTRY_DELETED,
    CONTAINER_REGISTRY_IN_USE,
    CONTAINER_REGISTRY_MISSING,
};
enum container_registry_deletion container_registry_store_delete_read(const struct rows *rows);

#endif
