/* SPDX-License-Identifier: Apache-2.0
 *
 * Who did what. Changes are recorded by triggers of the database (migrations/0003_audit.sql); what
 * is no change of a row is added here.
 */
#ifndef ERRAND_STORE_AUDIT_STORE_H
#define ERRAND_STORE_AUDIT_STORE_H

#include "base/id.h"
#include "store/db.h"

/* In front of a statement, in its transaction: `actor` (JSON) is who did it. */
extern const struct statement audit_store_actor;
void audit_store_actor_params(struct params *p, const char *actor);

/* Something that left no row, such as a refused log-in. `detail` is JSON or NULL. */
extern const struct statement audit_store_note;
void audit_store_note_params(struct params *p, const char *action, const char *detail);

struct audit_event {
    struct id id;
    int64_t at_us;
    struct id project; /* nil: of the installation */
    const char *actor; /* JSON object; texts are borrowed from the rows */
    const char *action;
    struct id object;   /* nil: none */
    const char *before; /* JSON object or NULL */
    const char *after;
};

/* Which events; what is nil, NULL or 0 does not matter. */
struct audit_filter {
    struct id project;
    struct id before; /* only older ones than this */
    const char *action;
    struct id object;
    int64_t since_us;
    int64_t until_us;
    int64_t limit;
};

/* Newest first. */
extern const struct statement audit_store_list;
void audit_store_list_params(struct params *p, const struct audit_filter *filter);
void audit_store_read(const struct rows *rows, int row, struct audit_event *ret_event);

#endif
