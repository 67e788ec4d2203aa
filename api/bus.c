/* SPDX-License-Identifier: Apache-2.0
 *
 * A message is one small allocation a loop; the receiving loop frees it.
 */
#include "bus.h"

#include <string.h>

#include "agents/agent_hub.h"
#include "bus_start.h"
#include "logs/log_hub.h"
#include "peers.h"
#include "runs/run_waiters.h"

static const char *const channels[] = {
    [BUS_QUEUE] = "errand_queue",     [BUS_RUN] = "errand_run",
    [BUS_LOG] = "errand_log",         [BUS_HYPERVISOR] = "errand_hypervisor",
    [BUS_FLEET] = "errand_fleet",     [BUS_WARM] = "errand_warm",
    [BUS_REPLICA] = "errand_replica",
};
_Static_assert(sizeof(channels) / sizeof(channels[0]) == BUS_TOPIC_COUNT, "a channel a topic");

/* what other processes say; the queue and the fleet are the scheduler's business */
#define ACCESS_CHANNEL "errand_access" /* said by triggers of the database */
static const char *const heard[] = {"errand_run",  "errand_log",     "errand_hypervisor",
                                    "errand_warm", "errand_replica", ACCESS_CHANNEL};

struct bus_message {
    h2o_multithread_message_t super;
    enum bus_topic topic; /* BUS_TOPIC_COUNT: `pull` or `lines` of the run `id` */
    struct id id;
    struct pull_progress pull;
    struct log_passing lines; /* when it has bytes; they are behind the message */
};

struct bus_seat {
    struct loop *loop;
    h2o_multithread_receiver_t receiver;
    _Atomic int session; /* the loop's at the database; 0 = not yet */
};

struct bus {
    struct bus_seat *seats;
    unsigned n;
    _Atomic unsigned access_epoch;
    _Atomic int ear; /* the session that listens; 0 = nobody listens */
};

const char *bus_channel(enum bus_topic topic)
{
    return channels[topic];
}

static void deliver(struct loop *loop, enum bus_topic topic, struct id id)
{
    switch (topic) {
    case BUS_RUN:
        log_hub_on_run(loop->logs, id);
        run_waiters_on_run(loop->waiters, id);
        break;
    case BUS_LOG:
        log_hub_on_run(loop->logs, id);
        break;
    case BUS_HYPERVISOR:
        agent_hub_on_hypervisor(loop->agents, id);
        break;
    case BUS_WARM:
        agent_hub_on_warm(loop->agents, id);
        break;
    case BUS_REPLICA:
        peers_look(loop->peers);
        break;
    case BUS_QUEUE:
    case BUS_FLEET:
    case BUS_TOPIC_COUNT:
        break;
    }
}

unsigned bus_access_epoch(struct bus *bus)
{
    return bus->ear != 0 ? bus->access_epoch : ++bus->access_epoch;
}

void bus_forget_access(struct bus *bus)
{
    bus->access_epoch++;
}

static struct bus_message *take_message(h2o_linklist_t *messages)
{
    if (h2o_linklist_is_empty(messages))
        return NULL;
    struct bus_message *message =
        H2O_STRUCT_FROM_MEMBER(struct bus_message, super.link, messages->next);
    h2o_linklist_unlink(&message->super.link);
    return message;
}

static void on_messages(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages)
{
    struct bus_seat *seat = H2O_STRUCT_FROM_MEMBER(struct bus_seat, receiver, receiver);
    struct bus_message *message;
    while ((message = take_message(messages)) != NULL) {
        if (message->lines.n > 0)
            log_hub_on_lines(seat->loop->logs, message->id, &message->lines);
        else if (message->topic == BUS_TOPIC_COUNT)
            log_hub_on_pull(seat->loop->logs, message->id, message->pull);
        else
            deliver(seat->loop, message->topic, message->id);
        free(message);
    }
}

static void send_copies(struct bus *bus, const struct bus_message *message)
{
    for (unsigned i = 0; i < bus->n; i++) {
        struct bus_message *copy = h2o_mem_alloc(sizeof(*copy) + message->lines.n);
        *copy = *message;
        if (message->lines.n > 0)
            copy->lines.bytes = memcpy(copy + 1, message->lines.bytes, message->lines.n);
        h2o_multithread_send_message(&bus->seats[i].receiver, &copy->super);
    }
}

static void send_all(struct bus *bus, enum bus_topic topic, struct id id)
{
    send_copies(bus, &(struct bus_message){.topic = topic, .id = id});
}

void bus_publish_pull(struct loop *loop, struct id run, struct pull_progress pull)
{
    send_copies(loop->bus,
                &(struct bus_message){.topic = BUS_TOPIC_COUNT, .id = run, .pull = pull});
}

void bus_publish_lines(struct loop *loop, struct id run, const struct log_passing *lines)
{
    send_copies(loop->bus,
                &(struct bus_message){.topic = BUS_TOPIC_COUNT, .id = run, .lines = *lines});
}

void bus_publish(struct loop *loop, enum bus_topic topic, struct id id)
{
    char text[ID_TEXT_BYTES];
    bool is_ours = topic == BUS_RUN || topic == BUS_LOG || topic == BUS_HYPERVISOR;
    if (is_ours)
        send_all(loop->bus, topic, id);
    db_pipe_notify(loop->db, channels[topic], id_is_nil(id) ? "" : id_format(id, text));
}

/* What this process published has reached its loops already. */
static bool is_own(const struct bus *bus, int session)
{
    for (unsigned i = 0; i < bus->n; i++) {
        if (bus->seats[i].session == session)
            return true;
    }
    return false;
}

static void on_notice(void *user, const char *channel, const char *payload, int session)
{
    struct id id;
    if (strcmp(channel, ACCESS_CHANNEL) == 0)
        bus_forget_access(user);
    if (is_own(user, session) || id_parse(payload, strlen(payload), &id, NULL) < 0)
        return;
    for (enum bus_topic topic = 0; topic < BUS_TOPIC_COUNT; topic++) {
        if (strcmp(channel, channels[topic]) == 0)
            send_all(user, topic, id);
    }
}

static void on_gap(void *user)
{
    bus_forget_access(user);
    send_all(user, BUS_RUN, (struct id){0});
    send_all(user, BUS_HYPERVISOR, (struct id){0});
    send_all(user, BUS_WARM, (struct id){0});
    send_all(user, BUS_REPLICA, (struct id){0});
}

struct bus *bus_new(unsigned loops)
{
    struct bus *bus = h2o_mem_alloc(sizeof(*bus));
    *bus = (struct bus){.n = loops};
    bus->seats = h2o_mem_alloc(loops * sizeof(*bus->seats));
    memset(bus->seats, 0, loops * sizeof(*bus->seats));
    return bus;
}

void bus_free(struct bus *bus)
{
    if (bus == NULL)
        return;
    free(bus->seats);
    free(bus);
}

void bus_join(struct bus *bus, struct loop *loop)
{
    struct bus_seat *seat = &bus->seats[loop->index];
    seat->loop = loop;
    h2o_multithread_register_receiver(loop->h2o.queue, &seat->receiver, on_messages);
}

void bus_leave(struct bus *bus, struct loop *loop)
{
    struct bus_seat *seat = &bus->seats[loop->index];
    struct bus_message *unread;
    while ((unread = take_message(&seat->receiver._messages)) != NULL)
        free(unread);
    h2o_multithread_unregister_receiver(loop->h2o.queue, &seat->receiver);
}

void bus_speak(struct bus *bus, struct loop *loop)
{
    db_pipe_report_session(loop->db, &bus->seats[loop->index].session);
}

void bus_hear(struct bus *bus, struct db_pipe *pipe)
{
    db_pipe_report_session(pipe, &bus->ear);
    db_pipe_listen(pipe, heard, sizeof(heard) / sizeof(heard[0]), on_notice, on_gap, bus);
}
