/* SPDX-License-Identifier: Apache-2.0
 *
 * What can be known to be wrong with the settings before anything is started.
 */
#ifndef ERRAND_API_START_CHECKS_H
#define ERRAND_API_START_CHECKS_H

#include "service/settings.h"

/* For whatever talks to the database. ERR_INVALID */
int start_check_database(const struct settings *settings, struct err *e) MUST_USE;

/* For serving: the database, and all that needs no file to be read. ERR_INVALID */
int start_check_serving(const struct settings *settings, struct err *e) MUST_USE;

/* After a file named by setting `name` could not be used; `e` says why. Returns ERR_INVALID. */
int start_refuse_file(const struct settings *settings, const char *name, const char *fix,
                      struct err *e) MUST_USE;

#endif
