/* SPDX-License-Identifier: Apache-2.0
 *
 * Hypervisors: the machines that runs are placed on. For user tokens; changes are for admins.
 */
#ifndef ERRAND_HYPERVISOR_H
#define ERRAND_HYPERVISOR_H

#include <stddef.h>
#include <stdint.h>

#include <errand/client.h>
#include <errand/page.h>

ERRAND_BEGIN_DECLS

/* One hypervisor as the server described it; never changes. Getters return texts that live as long
 * as the hypervisor and are never NULL: what is not set is "". */
typedef struct errand_hypervisor errand_hypervisor;

typedef struct errand_hypervisor_page errand_hypervisor_page;

/* By name. `options` may be NULL. Free with errand_hypervisor_page_free. */
ERRAND_API int errand_hypervisor_list(errand_client *client, const errand_page_options *options,
                                      errand_hypervisor_page **ret_page, errand_error *error);

ERRAND_API size_t errand_hypervisor_page_count(const errand_hypervisor_page *page);
ERRAND_API size_t errand_hypervisor_page_total(const errand_hypervisor_page *page);
/* The number of the page after this one; 0 when this is the last. */
ERRAND_API unsigned errand_hypervisor_page_next(const errand_hypervisor_page *page);
/* Borrowed from the page; NULL when `i` is not below the count. */
ERRAND_API const errand_hypervisor *errand_hypervisor_page_at(const errand_hypervisor_page *page,
                                                              size_t i);
ERRAND_API void errand_hypervisor_page_free(errand_hypervisor_page *page);

/* Free with errand_hypervisor_free. */
ERRAND_API int errand_hypervisor_get(errand_client *client, const char *hypervisor_id,
                                     errand_hypervisor **ret_hypervisor, errand_error *error);

/* No new runs; those it has go on. `ret_hypervisor` may be NULL in these three. */
ERRAND_API int errand_hypervisor_cordon(errand_client *client, const char *hypervisor_id,
                                        errand_hypervisor **ret_hypervisor, errand_error *error);

/* The same, and says that it is to be emptied: with no runs left it can be removed. */
ERRAND_API int errand_hypervisor_drain(errand_client *client, const char *hypervisor_id,
                                       errand_hypervisor **ret_hypervisor, errand_error *error);

/* Takes runs again. */
ERRAND_API int errand_hypervisor_uncordon(errand_client *client, const char *hypervisor_id,
                                          errand_hypervisor **ret_hypervisor, errand_error *error);

ERRAND_API const char *errand_hypervisor_id(const errand_hypervisor *hypervisor);
ERRAND_API const char *errand_hypervisor_name(const errand_hypervisor *hypervisor);
/* "ready", "draining", "cordoned", "lost" */
ERRAND_API const char *errand_hypervisor_status(const errand_hypervisor *hypervisor);
ERRAND_API const char *errand_hypervisor_region(const errand_hypervisor *hypervisor); /* slug */
ERRAND_API double errand_hypervisor_cpu(const errand_hypervisor *hypervisor);         /* cores */
ERRAND_API int64_t errand_hypervisor_memory_mb(const errand_hypervisor *hypervisor);
ERRAND_API int64_t errand_hypervisor_memory_free_mb(const errand_hypervisor *hypervisor);
ERRAND_API int64_t errand_hypervisor_disk_free_bytes(const errand_hypervisor *hypervisor);
ERRAND_API unsigned errand_hypervisor_runs(const errand_hypervisor *hypervisor);
ERRAND_API const char *errand_hypervisor_version(const errand_hypervisor *hypervisor);
ERRAND_API const char *errand_hypervisor_last_seen_at(const errand_hypervisor *hypervisor);

/* The whole object as JSON, for what has no getter. Free with errand_free; NULL: out of memory. */
ERRAND_API char *errand_hypervisor_to_json(const errand_hypervisor *hypervisor);

ERRAND_API void errand_hypervisor_free(errand_hypervisor *hypervisor);

ERRAND_END_DECLS

#endif
