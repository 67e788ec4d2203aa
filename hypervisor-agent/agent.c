/* SPDX-License-Identifier: Apache-2.0 */
#include "agent.h"

#include "assignment_stream.h"
#include "base/log.h"
#include "drivers/driver.h"
#include "drivers/seccomp_compile.h"
#include "engine_leftovers.h"
#include "enrollment.h"
#include "heartbeat.h"
#include "host_network.h"
#include "leftovers.h"
#include "run_lock.h"
#include "service/process.h"
#include "supervisor.h"
#include "timer.h"
#include "usage_sampler.h"
#include "warm_pins.h"
#include "warm_pool.h"

#include <uv.h>

#include <errno.h>
#include <limits.h>
#include <string.h>

#define DRAIN_MS 700
#define DRAIN_BOXES_MS 5000 /* what nobody waits for, but would be left behind */
#define DRAIN_CHECK_MS 20

struct agent {
    struct uv_loop_s *loop;
    const struct agent_config *config;
    int lock_fd;
    char wake_path[PATH_MAX];
    char boxes_path[PATH_MAX];
    char seccomp_paths[RUN_SANDBOX_COUNT][PATH_MAX];
    char cgroup_parent[LEFTOVERS_PARENT_BYTES];

    /* In the order they are made; each uses only those above it, and all are owned. */
    struct identity *identity;
    struct control_client *client;
    struct layer_store *layers;
    struct image_store *images;
    struct image_cache *cache;
    struct image_puller *puller;
    struct event_outbox *outbox;
    struct launcher launcher;
    struct warm_pool *pool;
    struct warm_pins *pins;
    struct log_shipper *shipper;
    struct run_table *runs;
    struct leftovers *leftovers;
    struct engine_leftovers *engine_leftovers; /* NULL without an engine */
    struct lease_keeper leases;
    struct usage_sampler *sampler; /* NULL while draining, as are heartbeat and stream */
    struct heartbeat *heartbeat;   /* NULL while draining, as is the stream */
    struct supervisor *supervisor;
    struct wake_socket *wake;
    struct assignment_stream *stream;
    struct enrollment *enrollment;

    struct timer *drain; /* runs while draining */
    uint32_t drained_ms;
    int exit_status;
};

static void on_event_answer(void *ctx, enum agent_event_type type, struct id run_id,
                            uint32_t attempt, bool ok, const char *code)
{
    struct agent *agent = ctx;
    (void)code;
    if (type != AGENT_EVENT_HEARTBEAT)
        supervisor_take_answer(agent->supervisor, type, run_id, attempt, ok);
    else if (ok)
        lease_keeper_contact(&agent->leases, event_outbox_sent_us(agent->outbox));
}

static void on_log_acked(void *ctx, struct log_source *source)
{
    struct agent *agent = ctx;
    supervisor_take_log_ack(agent->supervisor, source);
}

static void on_log_stale(void *ctx, struct log_source *source)
{
    struct agent *agent = ctx;
    supervisor_take_log_refusal(agent->supervisor, source);
}

static void on_wake(void *ctx, enum wake_event event, struct id run_id, uint32_t attempt)
{
    struct agent *agent = ctx;
    if (event == WAKE_READY)
        warm_pool_wake(agent->pool, run_id);
    else
        supervisor_take_wake(agent->supervisor, event, run_id, attempt);
}

static void on_line(void *ctx, struct assignment_line *line)
{
    struct agent *agent = ctx;
    if (line->type == ASSIGNMENT_LINE_WARM)
        warm_pins_take(agent->pins, line->warm, line->warm_n);
    else
        supervisor_take_line(agent->supervisor, line);
}

static void on_change(void *ctx)
{
    struct agent *agent = ctx;
    if (agent->heartbeat != NULL)
        heartbeat_change(agent->heartbeat);
}

static int path_in(const struct agent *agent, const char *name, char *path, struct err *e)
{
    int n = snprintf(path, PATH_MAX, "%s/%s", agent->config->data_dir, name);
    if (n < 0 || n >= PATH_MAX)
        return err_set(e, ERR_INVALID, "data_dir is too long");
    return 0;
}

static int compile_profile(struct agent *agent, enum run_sandbox sandbox, struct err *e)
{
    char name[64];
    char *path = agent->seccomp_paths[sandbox];
    if (snprintf(name, sizeof(name), "seccomp-%s.bpf", run_sandbox_name(sandbox)) < 0)
        name[0] = '\0';
    int rc = path_in(agent, name, path, e);
    return rc < 0 ? rc : seccomp_compile(sandbox, path, e);
}

static int take_data_dir(struct agent *agent, struct err *e)
{
    int rc = run_lock_take(agent->config->data_dir, &agent->lock_fd, e);
    if (rc == ERR_CONFLICT)
        return err_set(e, ERR_CONFLICT, "another errand-agent uses %s", agent->config->data_dir);
    if (rc == 0)
        rc = path_in(agent, "agent.sock", agent->wake_path, e);
    if (rc == 0)
        rc = path_in(agent, "boxes", agent->boxes_path, e);
    bool is_oci = agent->config->driver == DRIVER_OCI;
    for (int i = 0; rc == 0 && is_oci && i < RUN_SANDBOX_COUNT; i++)
        rc = compile_profile(agent, (enum run_sandbox)i, e);
    return rc < 0 ? rc : identity_open(agent->config->data_dir, &agent->identity, e);
}

/* A run that is here may be using its layers, and so may one that a pin is for. */
static bool is_image_needed(void *ctx, const struct image *image)
{
    const struct agent *agent = ctx;
    const struct run *run = agent->runs != NULL ? run_table_first(agent->runs) : NULL;
    for (; run != NULL; run = run->next)
        if (strcmp(run->image_digest, image->digest) == 0)
            return true;
    return agent->pins != NULL && warm_pins_need(agent->pins, image);
}

static int open_stores(struct agent *agent, struct err *e)
{
    char path[PATH_MAX];
    const struct agent_config *config = agent->config;
    const struct layer_store_options layers = {
        .dir = path,
        .unpacker = "/proc/self/exe",
        .limits = {.max_bytes = config->layer_max_bytes, .floor_bytes = config->disk_floor_bytes}};
    int rc = path_in(agent, "layers", path, e);
    if (rc == 0)
        rc = layer_store_open(&layers, &agent->layers, e);
    if (rc == 0)
        rc = path_in(agent, "images", path, e);
    return rc < 0 ? rc : image_store_open(path, agent->layers, &agent->images, e);
}

static int make_images(struct agent *agent, struct err *e)
{
    const struct agent_config *config = agent->config;
    int rc = open_stores(agent, e);
    if (rc < 0)
        return rc;
    const struct image_cache_options cache = {.loop = agent->loop,
                                              .layers = agent->layers,
                                              .images = agent->images,
                                              .floor_bytes = config->disk_floor_bytes,
                                              .max_bytes = config->image_cache_max_bytes,
                                              .is_needed = is_image_needed,
                                              .ctx = agent};
    /* what an engine keeps is not ours to remove */
    bool has_cache = config->engine_socket == NULL;
    agent->cache = has_cache ? image_cache_new(&cache) : NULL;
    const struct image_puller_options puller = {
        .loop = agent->loop,
        .layers = agent->layers,
        .images = agent->images,
        .cache = agent->cache,
        .rules = {.insecure_hosts = config->insecure_registries, .ca_pem = config->registry_ca_pem},
        .engine = config->engine_socket};
    agent->puller = agent->cache != NULL || !has_cache ? image_puller_new(&puller) : NULL;
    return agent->puller != NULL ? 0 : err_errno(e, ENOMEM, "images");
}

static int make_links(struct agent *agent, struct err *e)
{
    const struct log_shipper_callbacks shipper = {
        .on_acked = on_log_acked, .on_stale = on_log_stale, .ctx = agent};
    int rc = control_client_new(agent->loop, agent->config->api_url, agent->config->api_ca_file,
                                &agent->client, e);
    if (rc < 0)
        return rc;
    agent->outbox = event_outbox_new(agent->loop, agent->client, on_event_answer, agent);
    agent->shipper = log_shipper_new(agent->loop, agent->client, &shipper);
    agent->stream = assignment_stream_new(agent->loop, agent->client, on_line, agent);
    if (agent->outbox == NULL || agent->shipper == NULL || agent->stream == NULL)
        return err_errno(e, ENOMEM, "links to the API");
    return 0;
}

static bool has_groups(const struct agent_config *config)
{
    return config->driver != DRIVER_DOCKER || config->has_engine_groups;
}

static int make_engine_leftovers(struct agent *agent, struct err *e)
{
    const struct engine_leftovers_parts parts = {.loop = agent->loop,
                                                 .runs = agent->runs,
                                                 .socket = agent->config->engine_socket,
                                                 .data_dir = agent->config->data_dir};
    if (parts.socket == NULL)
        return 0;
    agent->engine_leftovers = engine_leftovers_new(&parts);
    return agent->engine_leftovers != NULL ? 0 : err_errno(e, ENOMEM, "runs");
}

static void fill_launcher(struct agent *agent)
{
    const struct agent_config *config = agent->config;
    bool is_oci = config->driver == DRIVER_OCI;
    agent->launcher =
        (struct launcher){.loop = agent->loop,
                          .identity = agent->identity,
                          .layers = agent->layers,
                          .shim = config->shim,
                          .init = config->init,
                          .driver = config->driver,
                          .engine_socket = config->engine_socket,
                          .runtime = is_oci ? config->runtime : NULL,
                          .wake_socket = agent->wake_path,
                          .disk_bytes = (uint64_t)config->disk_limit_bytes,
                          .boxes_dir = agent->boxes_path,
                          .cgroup_parent = has_groups(config) ? agent->cgroup_parent : NULL,
                          .start_timeout_seconds = config->start_timeout_seconds};
    for (int i = 0; is_oci && i < RUN_SANDBOX_COUNT; i++)
        agent->launcher.seccomp_bpf[i] = agent->seccomp_paths[i];
    leftovers_name_parent(config->data_dir, agent->cgroup_parent);
}

static int make_pins(struct agent *agent, struct err *e)
{
    const struct agent_config *config = agent->config;
    bool can_wait = (driver_of(config->driver)->abilities & DRIVER_CAN(WAIT)) != 0;
    const struct warm_pool_parts pool = {.launcher = &agent->launcher,
                                         .images = agent->images,
                                         .seconds = config->pool_seconds,
                                         .max = can_wait ? config->pool_max : 0};
    fill_launcher(agent);
    int rc = warm_pool_new(&pool, &agent->pool, e);
    if (rc < 0)
        return rc;
    const struct warm_pins_parts parts = {.loop = agent->loop,
                                          .data_dir = config->data_dir,
                                          .identity = agent->identity,
                                          .images = agent->images,
                                          .puller = agent->puller,
                                          .outbox = agent->outbox,
                                          .pool = agent->pool};
    return warm_pins_open(&parts, &agent->pins, e);
}

static bool is_box(void *ctx, const char *name)
{
    const struct agent *agent = ctx;
    return warm_pool_knows(agent->pool, name);
}

static int make_leftovers(struct agent *agent, struct err *e)
{
    const struct leftovers_parts parts = {.loop = agent->loop,
                                          .runs = agent->runs,
                                          .parent = agent->cgroup_parent,
                                          .is_box = is_box,
                                          .ctx = agent};
    int rc = leftovers_new(&parts, &agent->leftovers, e);
    return rc < 0 ? rc : make_engine_leftovers(agent, e);
}

static int make_supervisor(struct agent *agent, struct err *e)
{
    const struct agent_config *config = agent->config;
    agent->runs = run_table_new();
    if (agent->runs == NULL)
        return err_errno(e, ENOMEM, "runs");
    int rc = make_leftovers(agent, e);
    const struct usage_sampler_parts samples = {.loop = agent->loop,
                                                .runs = agent->runs,
                                                .outbox = agent->outbox,
                                                .cgroup_parent = agent->cgroup_parent,
                                                .interval_seconds = config->usage_seconds};
    if (rc == 0)
        rc = usage_sampler_new(&samples, &agent->sampler, e);
    if (rc < 0)
        return rc;
    lease_keeper_init(&agent->leases, agent->runs);
    const struct heartbeat_parts beats = {.loop = agent->loop,
                                          .outbox = agent->outbox,
                                          .runs = agent->runs,
                                          .images = agent->images,
                                          .data_dir = config->data_dir,
                                          .interval_seconds = config->heartbeat_seconds,
                                          .mem_total_mb = config->mem_total_mb};
    const struct supervisor_parts parts = {.data_dir = config->data_dir,
                                           .runs = agent->runs,
                                           .launcher = &agent->launcher,
                                           .images = agent->images,
                                           .puller = agent->puller,
                                           .outbox = agent->outbox,
                                           .shipper = agent->shipper,
                                           .leases = &agent->leases,
                                           .pool = agent->pool,
                                           .on_change = on_change,
                                           .ctx = agent};
    agent->heartbeat = heartbeat_new(&beats);
    agent->supervisor = supervisor_new(&parts);
    if (agent->heartbeat == NULL || agent->supervisor == NULL)
        return err_errno(e, ENOMEM, "runs");
    return 0;
}

/* Without a network the agent still runs what asks for none. */
static void make_network(struct agent *agent)
{
    struct err e;
    struct subnet subnet;
    const char *bridge = agent->config->network_bridge;
    const char *text = agent->config->network_subnet;
    if (bridge == NULL || agent->config->driver != DRIVER_OCI)
        return;
    if (subnet_parse(text, &subnet, &e) < 0 || host_network_make(bridge, &subnet, &e) < 0) {
        log_warn("network.unavailable bridge=%s subnet=%s error=\"%s\"", bridge, text, e.msg);
        return;
    }
    agent->launcher.bridge = bridge;
    agent->launcher.subnet = text;
    log_info("network.ready bridge=%s subnet=%s", bridge, text);
}

static void work(struct agent *agent)
{
    struct err e;
    int rc = supervisor_adopt(agent->supervisor, &e);
    if (rc < 0)
        log_error("runs.unadopted error=\"%s\"", e.msg);
    if (rc == ERR_CONFLICT) {
        agent->exit_status = 1;
        uv_stop(agent->loop);
        return;
    }
    warm_pool_start(agent->pool);
    leftovers_start(agent->leftovers);
    if (agent->engine_leftovers != NULL)
        engine_leftovers_start(agent->engine_leftovers);
    usage_sampler_start(agent->sampler);
    heartbeat_start(agent->heartbeat);
    assignment_stream_connect(agent->stream);
    if (process_notify("READY=1", &e) < 0)
        log_warn("supervisor.unnotified error=\"%s\"", e.msg);
}

static void on_enrolled(void *ctx)
{
    struct agent *agent = ctx;
    enrollment_free(agent->enrollment);
    agent->enrollment = NULL;
    work(agent);
}

static void on_refused(void *ctx, const char *why)
{
    struct agent *agent = ctx;
    log_error("hypervisor.refused error=\"%s\"", why);
    agent->exit_status = 2;
    uv_stop(agent->loop);
}

static int begin(struct agent *agent, struct err *e)
{
    const struct enrollment_callbacks callbacks = {
        .on_enrolled = on_enrolled, .on_refused = on_refused, .ctx = agent};
    const char *credential = identity_credential(agent->identity);
    if (credential == NULL)
        return enrollment_start(agent->loop, agent->config, agent->client, agent->identity,
                                &callbacks, &agent->enrollment, e);
    int rc = control_client_set_bearer(agent->client, credential, e);
    if (rc == 0)
        work(agent);
    return rc;
}

static void on_drain_check(void *ctx)
{
    struct agent *agent = ctx;
    agent->drained_ms += DRAIN_CHECK_MS;
    bool is_told = event_outbox_is_empty(agent->outbox) && log_shipper_is_idle(agent->shipper);
    bool is_empty = warm_pool_is_empty(agent->pool);
    if ((is_told || agent->drained_ms >= DRAIN_MS) &&
        (is_empty || agent->drained_ms >= DRAIN_BOXES_MS))
        uv_stop(agent->loop);
}

int agent_start(struct uv_loop_s *loop, const struct agent_config *config, struct agent **ret_agent,
                struct err *e)
{
    struct agent *agent = calloc(1, sizeof(*agent));
    if (agent == NULL)
        return err_errno(e, ENOMEM, "agent");
    agent->loop = loop;
    agent->config = config;
    agent->lock_fd = -1;
    agent->drain = timer_new(loop, on_drain_check, agent);
    int rc = agent->drain != NULL ? take_data_dir(agent, e) : err_errno(e, ENOMEM, "agent");
    if (rc == 0)
        rc = make_images(agent, e);
    if (rc == 0)
        rc = make_links(agent, e);
    if (rc == 0)
        rc = make_pins(agent, e);
    if (rc == 0)
        rc = make_supervisor(agent, e);
    if (rc == 0)
        make_network(agent);
    if (rc == 0)
        rc = wake_socket_open(loop, agent->wake_path, on_wake, agent, &agent->wake, e);
    if (rc == 0)
        rc = begin(agent, e);
    if (rc < 0) {
        agent_free(agent);
        return rc;
    }
    *ret_agent = agent;
    return 0;
}

void agent_drain(struct agent *agent)
{
    if (timer_is_running(agent->drain))
        return;
    assignment_stream_free(agent->stream);
    agent->stream = NULL;
    heartbeat_free(agent->heartbeat);
    agent->heartbeat = NULL;
    usage_sampler_free(agent->sampler);
    agent->sampler = NULL;
    warm_pool_drain(agent->pool);
    timer_start_repeating(agent->drain, DRAIN_CHECK_MS);
}

int agent_exit_status(const struct agent *agent)
{
    return agent->exit_status;
}

void agent_free(struct agent *agent)
{
    if (agent == NULL)
        return;
    enrollment_free(agent->enrollment);
    assignment_stream_free(agent->stream);
    wake_socket_close(agent->wake);
    supervisor_free(agent->supervisor);
    heartbeat_free(agent->heartbeat);
    usage_sampler_free(agent->sampler);
    leftovers_free(agent->leftovers);
    engine_leftovers_free(agent->engine_leftovers);
    run_table_free(agent->runs);
    agent->runs = NULL;
    log_shipper_free(agent->shipper);
    event_outbox_free(agent->outbox);
    warm_pins_close(agent->pins);
    agent->pins = NULL;
    warm_pool_free(agent->pool);
    image_puller_free(agent->puller);
    image_cache_free(agent->cache);
    image_store_close(agent->images);
    layer_store_close(agent->layers);
    control_client_free(agent->client);
    identity_free(agent->identity);
    timer_free(agent->drain);
    fd_closep(&agent->lock_fd);
    free(agent);
}
