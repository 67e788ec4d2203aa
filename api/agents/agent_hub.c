/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/agent_hub.h"

#include "wire/assignment_line.h"

#include "agents/agent_link.h"
#include "loop.h"

#define BEAT_MS 10000
#define RETRY_MS 1000

static void wake(struct watch *watch)
{
    watch->on_change(watch);
}

static void on_retry(h2o_timeout_entry_t *entry)
{
    struct agent_hub *hub = H2O_STRUCT_FROM_MEMBER(struct agent_hub, retry_entry, entry);
    watch_each(hub->links, wake);
}

static struct blob *ping_new(void)
{
    struct buf b;
    buf_init(&b, 64);
    assignment_line_put_ping(&b);
    return blob_take(&b);
}

struct agent_hub *agent_hub_new(struct loop *loop)
{
    struct agent_hub *hub = h2o_mem_alloc(sizeof(*hub));
    *hub = (struct agent_hub){
        .loop = loop,
        .links = watch_table_new(),
        .retry_entry = {.cb = on_retry},
        .ping = ping_new(),
    };
    h2o_timeout_init(loop->h2o.loop, &hub->beat, BEAT_MS);
    h2o_timeout_init(loop->h2o.loop, &hub->retry, RETRY_MS);
    return hub;
}

void agent_hub_free(struct agent_hub *hub)
{
    if (hub == NULL)
        return;
    agent_hub_drain(hub);
    h2o_timeout_unlink(&hub->retry_entry);
    h2o_timeout_dispose(hub->loop->h2o.loop, &hub->retry);
    h2o_timeout_dispose(hub->loop->h2o.loop, &hub->beat);
    watch_table_free(hub->links);
    blob_unref(hub->ping);
    free(hub);
}

void agent_hub_on_hypervisor(struct agent_hub *hub, struct id hypervisor)
{
    if (id_is_nil(hypervisor))
        watch_each(hub->links, wake);
    else
        watch_changed(hub->links, hypervisor);
}

void agent_hub_on_warm(struct agent_hub *hub, struct id hypervisor)
{
    if (id_is_nil(hypervisor)) {
        watch_each(hub->links, agent_link_look_at_pins);
        return;
    }
    struct watch *link = watch_find(hub->links, hypervisor);
    if (link != NULL)
        agent_link_look_at_pins(link);
}

void agent_hub_drain(struct agent_hub *hub)
{
    watch_each(hub->links, agent_link_drain);
}
