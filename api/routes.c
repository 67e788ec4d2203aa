/* SPDX-License-Identifier: Apache-2.0 */
#include "route.h"

#include "agent_assignments.h"
#include "agent_events.h"
#include "agent_logs.h"
#include "agent_register.h"
#include "health.h"
#include "run_logs.h"

const struct route routes[] = {
    {"GET", "/healthz", ACCESS_PUBLIC, health_alive, NULL},
    {"GET", "/readyz", ACCESS_PUBLIC, health_ready, NULL},
    {"GET", "/openapi.json", ACCESS_PUBLIC, health_openapi, NULL},

    {"GET", "/v1/runs/:id/logs", ACCESS_PROJECT, run_logs_list, RUN_LOGS_LIST_QUERY},
    {"GET", "/v1/runs/:id/logs/stream", ACCESS_PROJECT, run_logs_stream, RUN_LOGS_STREAM_QUERY},
    {"GET", "/v1/runners/:id/runs/:id/logs", ACCESS_PROJECT, run_logs_list, RUN_LOGS_LIST_QUERY},
    {"GET", "/v1/runners/:id/runs/:id/logs/stream", ACCESS_PROJECT, run_logs_stream,
     RUN_LOGS_STREAM_QUERY},

    {"POST", "/agent/v1/register", ACCESS_JOIN, agent_register, NULL},
    {"GET", "/agent/v1/assignments", ACCESS_HYPERVISOR, agent_assignments, NULL},
    {"POST", "/agent/v1/events", ACCESS_HYPERVISOR, agent_events, NULL},
    {"POST", "/agent/v1/logs", ACCESS_HYPERVISOR, agent_logs, NULL},
};

const size_t routes_n = sizeof(routes) / sizeof(routes[0]);
