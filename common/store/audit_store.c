/* SPDX-License-Identifier: Apache-2.0 */
#include "store/audit_store.h"

#define ACTOR_MAX_BYTES 4096

static const char sql_actor[] = "SELECT set_config('errand.actor', $1, true)";

static const char sql_note[] =
    "INSERT INTO audit_events (id, at, project_id, actor, action, after)"
    " SELECT uuid_v7(now()), now(), (who.actor ->> 'project_id')::uuid, who.actor, $1, $2::jsonb"
    " FROM (SELECT audit_actor()) who(actor)";

/* Without a project: the whole installation, in the order of the primary key. */
static const char sql_list[] =
    "SELECT id, at, project_id, actor::text, action, object_id, before::text, after::text"
    " FROM audit_events WHERE ($1::uuid IS NULL OR project_id = $1)"
    "  AND ($2::uuid IS NULL OR id < $2) AND ($3::text IS NULL OR action = $3)"
    "  AND ($4::uuid IS NULL OR object_id = $4)"
    "  AND ($5::timestamptz IS NULL OR at >= $5) AND ($6::timestamptz IS NULL OR at < $6)"
    " ORDER BY id DESC LIMIT $7::bigint";

const struct statement audit_store_actor = {"audit_actor", sql_actor, .repeatable = true};
const struct statement audit_store_note = {"audit_note", sql_note, .repeatable = true};
const struct statement audit_store_list = {"audit_list", sql_list, .repeatable = true};

void audit_store_actor_params(struct params *p, const char *actor)
{
    params_init(p, ACTOR_MAX_BYTES);
    params_add_text(p, actor);
}

void audit_store_note_params(struct params *p, const char *action, const char *detail)
{
    params_init(p, ACTOR_MAX_BYTES);
    params_add_text(p, action);
    params_add_text(p, detail);
}

void audit_store_list_params(struct params *p, const struct audit_filter *filter)
{
    params_init(p, 1024);
    params_add_id_or_null(p, filter->project);
    params_add_id_or_null(p, filter->before);
    params_add_text(p, filter->action);
    params_add_id_or_null(p, filter->object);
    params_add_time_or_null(p, filter->since_us);
    params_add_time_or_null(p, filter->until_us);
    params_add_i64(p, filter->limit);
}

void audit_store_read(const struct rows *rows, int row, struct audit_event *ret_event)
{
    *ret_event = (struct audit_event){
        .id = row_id(rows, row, 0),
        .at_us = row_time_us(rows, row, 1),
        .project = row_id(rows, row, 2),
        .actor = row_text(rows, row, 3),
        .action = row_text(rows, row, 4),
        .object = row_id(rows, row, 5),
        .before = row_text(rows, row, 6),
        .after = row_text(rows, row, 7),
    };
}
