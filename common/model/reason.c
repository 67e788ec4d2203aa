/* SPDX-License-Identifier: Apache-2.0 */
#include "model/reason.h"

#include <string.h>

#define REASON_NAME(name, wire) wire,

static const char *const termination_names[] = {TERMINATION_REASON_TABLE(REASON_NAME)};

static const char *const pending_names[] = {PENDING_REASON_TABLE(REASON_NAME)};

const char *termination_reason_name(enum termination_reason reason)
{
    return termination_names[reason];
}

int termination_reason_parse(const char *name, enum termination_reason *ret_reason, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(termination_names); i++) {
        if (strcmp(name, termination_names[i]) == 0) {
            *ret_reason = (enum termination_reason)i;
            return 0;
        }
    }
    return err_set(e, ERR_INVALID, "'%.32s' is not a termination reason", name);
}

const char *pending_reason_name(enum pending_reason reason)
{
    return pending_names[reason];
}
