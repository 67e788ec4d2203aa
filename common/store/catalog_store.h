/* SPDX-License-Identifier: Apache-2.0
 *
 * Regions and instance types: listed, found by id or slug, and joined to what refers to them.
 */
#ifndef ERRAND_STORE_CATALOG_STORE_H
#define ERRAND_STORE_CATALOG_STORE_H

#include "model/catalog.h"
#include "store/db.h"
#include "store/page_rows.h"

/* For statements that join `regions g` or `instance_types t`. */
#define CATALOG_REGION_COLUMNS ", g.id, g.status, g.name, g.slug"
#define CATALOG_REGION_COLUMN_COUNT 4
#define CATALOG_TYPE_COLUMNS                                                                       \
    ", t.id, t.name, t.slug, t.cpu_milli, t.memory_mb, t.gpu, t.price_second_nano"
#define CATALOG_TYPE_COLUMN_COUNT 7

/* From the columns that begin at `column`; texts are borrowed from the rows. */
void catalog_store_read_region(const struct rows *rows, int row, int column,
                               struct region *ret_region);
void catalog_store_read_type(const struct rows *rows, int row, int column,
                             struct instance_type *ret_type);

/* A page (page_rows.h) of regions by slug, of instance types from the smallest; objects begin at
 * column 1. */
extern const struct statement catalog_store_list_regions;
extern const struct statement catalog_store_list_types;
void catalog_store_list_params(struct params *p, struct page_window window);

/* A region and an instance type, each meant by its id or by its slug, or not meant at all, and a
 * container registry of the project. */
struct catalog_choice {
    struct id region_id;
    const char *region;
    struct id instance_type_id;
    const char *instance_type;
    struct id project;
    struct id container_registry_id;
};

struct catalog_found {
    struct id region; /* nil: not there, or not meant; as are the others */
    struct id instance_type;
    struct id container_registry;
    const char *registry_hostname; /* borrowed from the row */
};

/* One row. */
extern const struct statement catalog_store_find;
void catalog_store_find_params(struct params *p, const struct catalog_choice *choice);
void catalog_store_find_read(const struct rows *rows, struct catalog_found *ret_found);

#endif
