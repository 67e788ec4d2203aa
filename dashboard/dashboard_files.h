/* SPDX-License-Identifier: Apache-2.0
 *
 * The dashboard as it was built: a table that build.mjs writes.
 */
#ifndef ERRAND_DASHBOARD_DASHBOARD_FILES_H
#define ERRAND_DASHBOARD_DASHBOARD_FILES_H

#include <stdbool.h>
#include <stddef.h>

enum dashboard_coding { DASHBOARD_PLAIN, DASHBOARD_BROTLI, DASHBOARD_GZIP, DASHBOARD_CODING_COUNT };

struct dashboard_file {
    const char *path; /* "/assets/main-ABCD1234.js" */
    const char *content_type;
    const char *etag;  /* quoted; of the plain bytes */
    bool is_immutable; /* its name changes with its content */
    struct {
        const unsigned char *bytes;
        size_t n;
    } codings[DASHBOARD_CODING_COUNT];
};

extern const struct dashboard_file dashboard_files[];
extern const size_t dashboard_files_n; /* 0 when built without the dashboard */

#endif
