/* SPDX-License-Identifier: Apache-2.0
 *
 * Stop a waiting call from outside: from another thread, or from a signal handler.
 */
#ifndef ERRAND_CANCELER_H
#define ERRAND_CANCELER_H

#include <errand/error.h>

ERRAND_BEGIN_DECLS

typedef struct errand_canceler errand_canceler;

/* Takes two file descriptors. Free with errand_canceler_free. */
ERRAND_API int errand_canceler_new(errand_canceler **ret_canceler, errand_error *error);

/* Not before every call using it has returned. NULL is allowed. */
ERRAND_API void errand_canceler_free(errand_canceler *canceler);

/* Every call using it, now or later, ends as soon as it can. Any thread, any number of times,
 * async-signal-safe. A canceler is not used again after this: make a new one. */
ERRAND_API void errand_canceler_cancel(errand_canceler *canceler);

ERRAND_END_DECLS

#endif
