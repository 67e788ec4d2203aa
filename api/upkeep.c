/* SPDX-License-Identifier: Apache-2.0 */
#include "upkeep.h"

#include "store/fleet_store.h"
#include "store/token_store.h"
#include "store/usage_store.h"

#define FIRST_MS 500
#define EVERY_MS (5 * 60 * 1000)

struct upkeep {
    struct loop *loop;
    h2o_timeout_t timer;
    h2o_timeout_entry_t entry;
};

static void set(struct upkeep *upkeep)
{
    h2o_timeout_link(upkeep->loop->h2o.loop, &upkeep->timer, &upkeep->entry);
}

/* Set again from here and not by on_due: h2o would take it for due at once. */
static void on_done(void *user, const struct rows *rows, const struct err *err)
{
    struct upkeep *upkeep = user;
    (void)rows;
    (void)err; /* tried again */
    upkeep->timer.timeout = EVERY_MS;
    set(upkeep);
}

static void on_due(h2o_timeout_entry_t *entry)
{
    struct upkeep *upkeep = H2O_STRUCT_FROM_MEMBER(struct upkeep, entry, entry);
    db_pipe_run(upkeep->loop->db, &token_store_forget, NULL, NULL, NULL);
    db_pipe_run(upkeep->loop->db, &fleet_store_sample, NULL, NULL, NULL);
    db_pipe_run(upkeep->loop->db, &usage_store_close, NULL, on_done, upkeep);
}

struct upkeep *upkeep_new(struct loop *loop)
{
    struct upkeep *upkeep = h2o_mem_alloc(sizeof(*upkeep));
    *upkeep = (struct upkeep){.loop = loop, .entry = {.cb = on_due}};
    h2o_timeout_init(loop->h2o.loop, &upkeep->timer, FIRST_MS);
    set(upkeep);
    return upkeep;
}

void upkeep_free(struct upkeep *upkeep)
{
    if (upkeep == NULL)
        return;
    h2o_timeout_unlink(&upkeep->entry);
    h2o_timeout_dispose(upkeep->loop->h2o.loop, &upkeep->timer);
    free(upkeep);
}
