/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists come in pages.
 *
 *     errand_page_options want = ERRAND_PAGE_OPTIONS_INIT;
 *     do {
 *         if (errand_runner_list(client, &want, &page, &error) < 0)
 *             return -1;
 *         ... errand_runner_page_at(page, i) ...
 *         want.page = errand_runner_page_next(page);
 *         errand_runner_page_free(page);
 *     } while (want.page != 0);
 */
#ifndef ERRAND_PAGE_H
#define ERRAND_PAGE_H

#include <stddef.h>

#include <errand/export.h>

typedef struct errand_page_options {
    size_t struct_size; /* set by ERRAND_PAGE_OPTIONS_INIT */
    unsigned page;      /* 1..; default 1 */
    unsigned per_page;  /* 10..100; default 10 */
} errand_page_options;

#define ERRAND_PAGE_OPTIONS_INIT                                                                   \
    {                                                                                              \
        sizeof(errand_page_options), 0, 0                                                          \
    }

#endif
