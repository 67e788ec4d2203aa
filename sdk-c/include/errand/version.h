/* SPDX-License-Identifier: Apache-2.0
 *
 * The version compiled against, and the version running.
 */
#ifndef ERRAND_VERSION_H
#define ERRAND_VERSION_H

#include <errand/export.h>

#define ERRAND_VERSION_MAJOR 0
#define ERRAND_VERSION_MINOR 1
#define ERRAND_VERSION_PATCH 0
#define ERRAND_VERSION "0.1.0"

ERRAND_BEGIN_DECLS

/* The library's own version, "0.1.0". Static storage. */
ERRAND_API const char *errand_version(void);

ERRAND_END_DECLS

#endif
