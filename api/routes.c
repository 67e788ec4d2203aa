/* SPDX-License-Identifier: Apache-2.0 */
#include "route.h"

#include "agent_assignments.h"
#include "agent_events.h"
#include "agent_logs.h"
#include "agent_register.h"
#include "catalog.h"
#include "container_registries.h"
#include "env_variables.h"
#include "health.h"
#include "hypervisors.h"
#include "log_query.h"
#include "peers.h"
#include "run_attempts.h"
#include "run_logs.h"
#include "run_trigger.h"
#include "runners.h"
#include "runs.h"

const struct route routes[] = {
    {"GET", "/healthz", ACCESS_PUBLIC, health_alive, NULL},
    {"GET", "/readyz", ACCESS_PUBLIC, health_ready, NULL},
    {"GET", "/openapi.json", ACCESS_PUBLIC, health_openapi, NULL},

    {"GET", "/v1/runners", ACCESS_PROJECT, runners_list, QUERY_BY_HANDLER},
    {"POST", "/v1/runners", ACCESS_PROJECT, runners_create, NULL},
    {"GET", "/v1/runners/:id", ACCESS_PROJECT, runners_get, NULL},
    {"PATCH", "/v1/runners/:id", ACCESS_PROJECT, runners_update, NULL},
    {"DELETE", "/v1/runners/:id", ACCESS_PROJECT, runners_delete, NULL},

    {"GET", "/v1/runners/:id/env_variables", ACCESS_PROJECT, env_variables_list, QUERY_BY_HANDLER},
    {"POST", "/v1/runners/:id/env_variables", ACCESS_PROJECT, env_variables_create, NULL},
    {"PATCH", "/v1/runners/:id/env_variables/:id", ACCESS_PROJECT, env_variables_update, NULL},
    {"DELETE", "/v1/runners/:id/env_variables/:id", ACCESS_PROJECT, env_variables_delete, NULL},

    {"GET", "/v1/runners/:id/runs", ACCESS_PROJECT, runs_list_of_runner, QUERY_BY_HANDLER},
    {"POST", "/v1/runners/:id/runs", ACCESS_PROJECT, run_trigger, QUERY_BY_HANDLER},
    {"GET", "/v1/runners/:id/runs/:id", ACCESS_PROJECT, runs_get, NULL},
    {"GET", "/v1/runners/:id/runs/:id/attempts", ACCESS_PROJECT, run_attempts_list, NULL},
    {"POST", "/v1/runners/:id/runs/:id/stop", ACCESS_PROJECT, runs_stop, NULL},
    {"GET", "/v1/runs", ACCESS_PROJECT, runs_list, QUERY_BY_HANDLER},
    {"GET", "/v1/runs/:id", ACCESS_PROJECT, runs_get, NULL},
    {"GET", "/v1/runs/:id/attempts", ACCESS_PROJECT, run_attempts_list, NULL},
    {"POST", "/v1/runs/:id/stop", ACCESS_PROJECT, runs_stop, NULL},

    {"GET", "/v1/container_registries", ACCESS_PROJECT, container_registries_list,
     QUERY_BY_HANDLER},
    {"POST", "/v1/container_registries", ACCESS_PROJECT, container_registries_create, NULL},
    {"GET", "/v1/container_registries/:id", ACCESS_PROJECT, container_registries_get, NULL},
    {"PATCH", "/v1/container_registries/:id", ACCESS_PROJECT, container_registries_update, NULL},
    {"DELETE", "/v1/container_registries/:id", ACCESS_PROJECT, container_registries_delete, NULL},

    {"GET", "/v1/regions", ACCESS_PROJECT, catalog_list_regions, QUERY_BY_HANDLER},
    {"GET", "/v1/instance_types", ACCESS_PROJECT, catalog_list_instance_types, QUERY_BY_HANDLER},
    {"GET", "/v1/hypervisors", ACCESS_ADMIN, hypervisors_list, QUERY_BY_HANDLER},
    {"GET", "/v1/hypervisors/:id", ACCESS_ADMIN, hypervisors_get, NULL},
    {"DELETE", "/v1/hypervisors/:id", ACCESS_ADMIN, hypervisors_delete, NULL},
    {"POST", "/v1/hypervisors/:id/cordon", ACCESS_ADMIN, hypervisors_cordon, NULL},
    {"POST", "/v1/hypervisors/:id/drain", ACCESS_ADMIN, hypervisors_drain, NULL},
    {"POST", "/v1/hypervisors/:id/uncordon", ACCESS_ADMIN, hypervisors_uncordon, NULL},

    {"GET", "/v1/runs/:id/logs", ACCESS_PROJECT, run_logs_list, LOG_QUERY_PARAMS},
    {"DELETE", "/v1/runs/:id/logs", ACCESS_PROJECT, run_logs_delete, NULL},
    {"GET", "/v1/runs/:id/logs/stream", ACCESS_PROJECT, run_logs_stream, RUN_LOGS_STREAM_QUERY},
    {"GET", "/v1/runners/:id/runs/:id/logs", ACCESS_PROJECT, run_logs_list, LOG_QUERY_PARAMS},
    {"DELETE", "/v1/runners/:id/runs/:id/logs", ACCESS_PROJECT, run_logs_delete, NULL},
    {"GET", "/v1/runners/:id/runs/:id/logs/stream", ACCESS_PROJECT, run_logs_stream,
     RUN_LOGS_STREAM_QUERY},

    {"POST", "/internal/v1/lines", ACCESS_PUBLIC, peers_take_lines, NULL},

    {"POST", "/agent/v1/register", ACCESS_JOIN, agent_register, NULL},
    {"GET", "/agent/v1/assignments", ACCESS_HYPERVISOR, agent_assignments, NULL},
    {"POST", "/agent/v1/events", ACCESS_HYPERVISOR, agent_events, NULL},
    {"POST", "/agent/v1/logs", ACCESS_HYPERVISOR, agent_logs, NULL},
};

const size_t routes_n = sizeof(routes) / sizeof(routes[0]);
