/* SPDX-License-Identifier: Apache-2.0
 *
 * The dashboard: its files, and its one page for every address that nothing else has.
 */
#ifndef ERRAND_API_PAGES_H
#define ERRAND_API_PAGES_H

#include "http/request.h"

/* Answer from the dashboard's files. False, and not answered, when the request's path is none of
 * them and it does not look like a browser that opens a page. */
bool pages_serve(struct request *rq);

#endif
