/* SPDX-License-Identifier: Apache-2.0
 *
 * What an operator does with errand-api besides serving: migrate, keys init and rotate, token
 * create and delete.
 */
#ifndef ERRAND_API_COMMANDS_H
#define ERRAND_API_COMMANDS_H

#include "base/err.h"
#include "service/settings.h"

/* The lines of --help. */
#define COMMANDS_HELP                                                                              \
    "  (none)                             serve\n"                                                 \
    "  migrate                            bring the database up to this version\n"                 \
    "  keys init                          make the key ring unless it is there\n"                  \
    "  keys rotate                        a new key for all that is encrypted, while serving\n"    \
    "  token create --kind KIND [--name]  print a new token; KIND: user, project, join, metrics\n" \
    "  token create --kind KIND --from F  take the token in file F, unless known; print nothing\n" \
    "  token delete --name NAME           the metrics tokens of that name are valid no more\n"

/* Run the command that the words name. ERR_INVALID for one that does not exist. */
int commands_run(const struct settings *settings, struct err *e) MUST_USE;

#endif
