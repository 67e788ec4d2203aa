/* SPDX-License-Identifier: Apache-2.0
 *
 * The agent's settings, with the defaults that depend on this machine filled in.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_AGENT_CONFIG_H
#define ERRAND_HYPERVISOR_AGENT_AGENT_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "driver_kind.h"
#include "service/settings.h"

extern const struct settings_program agent_settings;

struct agent_config {
    const char *api_url;     /* borrowed from the settings, as are the next ones */
    const char *api_ca_file; /* NULL: trust what the machine trusts */
    const char *join_token_file;
    const char *region;
    const char *labels; /* "key=value,key=value", or NULL */
    const char *insecure_registries;
    const char *network_bridge; /* NULL = no container network is wanted */
    const char *network_subnet; /* valid (subnet.h) */
    enum driver_kind driver;
    const char *engine_socket; /* absolute; NULL but for DRIVER_DOCKER */
    bool has_engine_groups;    /* the engine puts containers below control groups of ours */
    char *data_dir;            /* owned, absolute, as are the next ones */
    char *name;
    char *runtime; /* but for DRIVER_OCI only a word: "docker", "podman", "process" */
    char *shim;
    char *init;
    char *registry_ca_pem; /* owned; NULL: the system's certificates only */
    int64_t disk_floor_bytes;
    int64_t image_cache_max_bytes; /* 0 = no ceiling */
    int64_t layer_max_bytes;
    int64_t disk_limit_bytes; /* 0 = no ceiling */
    uint32_t mem_total_mb;
    uint32_t start_timeout_seconds;
    uint32_t heartbeat_seconds;
    uint32_t usage_seconds;
    uint32_t pool_seconds; /* a sandbox waits for a run before it is replaced */
    uint32_t pool_max;     /* sandboxes that wait; 0 = none */
    double cpu;
};

/* Errors:  ERR_INVALID, ERR_NOT_FOUND  a setting, by name and with what to do */
int agent_config_make(const struct settings *settings, struct agent_config *ret_config,
                      struct err *e) MUST_USE;
void agent_config_done(struct agent_config *config);

#endif
