/* SPDX-License-Identifier: Apache-2.0
 *
 * Log entries of the HTTP interface as the bytes the container wrote.
 */
#ifndef ERRAND_SDK_LOG_LINE_H
#define ERRAND_SDK_LOG_LINE_H

#include <errand/log.h>

#include "json_scan.h"

struct errand_log_entry {
    errand_log_line line; /* texts borrowed from the bytes that were read */
    int64_t gap_first_id; /* the entry stands for lines from here to its id; 0 = for itself */
};

/* Non-zero ends the reading, and is its result. */
typedef int errand_log_entry_handler(const struct errand_log_entry *entry, void *user);

/* Read {"id","ts","stream","msg"|"msg_base64","partial"?,"gap"?}, which is next. ERRAND_E_INTERNAL
 * for an entry that makes no sense. */
int errand_log_entry_read(struct errand_json *json, struct errand_log_entry *ret_entry,
                          errand_error *error);

/* Read {"logs":[entry, ...], "meta":{...}}. Entries are handed on as they are met, also when what
 * follows makes no sense. `ret_meta` may be NULL, else it is left alone where there is none. */
int errand_log_entries_read(struct errand_json *json, errand_log_entry_handler *handler, void *user,
                            struct errand_json *ret_meta, errand_error *error);

#endif
