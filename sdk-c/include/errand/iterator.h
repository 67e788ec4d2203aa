/* SPDX-License-Identifier: Apache-2.0
 *
 * All of a list, page after page, without seeing the pages.
 *
 *     errand_iterator *all;
 *     const errand_run *run;
 *     int r = errand_iterate_runs(client, NULL, NULL, &all, &error);
 *
 *     while (r == 0 && (r = errand_iterator_next_run(all, &run, &error)) > 0) {
 *         puts(errand_run_id(run));
 *         r = 0;
 *     }
 *     errand_iterator_free(all);
 */
#ifndef ERRAND_ITERATOR_H
#define ERRAND_ITERATOR_H

#include <errand/hypervisor.h>
#include <errand/run.h>
#include <errand/runner.h>

ERRAND_BEGIN_DECLS

/* Asks for a page when it needs one, through the client it was made with: it is used on that
 * client's thread, and freed before the client or after it. */
typedef struct errand_iterator errand_iterator;

/* These only prepare. Runs newest first, of one runner or of all when `runner_id` is NULL; `filter`
 * may be NULL. Runs are neither missed nor repeated while new ones are made.
 * Free with errand_iterator_free. */
ERRAND_API int errand_iterate_runs(errand_client *client, const char *runner_id,
                                   const errand_run_filter *filter, errand_iterator **ret_iterator,
                                   errand_error *error);
ERRAND_API int errand_iterate_runners(errand_client *client, errand_iterator **ret_iterator,
                                      errand_error *error);
ERRAND_API int errand_iterate_hypervisors(errand_client *client, errand_iterator **ret_iterator,
                                          errand_error *error);

/* The next one: 1 and it, borrowed until the next call; 0 when there are no more; or what asking
 * for a page failed with: then the same call may be made again.
 * ERRAND_E_INVALID for an iterator over something else. */
ERRAND_API int errand_iterator_next_run(errand_iterator *iterator, const errand_run **ret_run,
                                        errand_error *error);
ERRAND_API int errand_iterator_next_runner(errand_iterator *iterator,
                                           const errand_runner **ret_runner, errand_error *error);
ERRAND_API int errand_iterator_next_hypervisor(errand_iterator *iterator,
                                               const errand_hypervisor **ret_hypervisor,
                                               errand_error *error);

/* NULL is allowed. */
ERRAND_API void errand_iterator_free(errand_iterator *iterator);

ERRAND_END_DECLS

#endif
