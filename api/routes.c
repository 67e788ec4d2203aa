/* SPDX-License-Identifier: Apache-2.0 */
#include "http/route.h"

#include "access/audit_events.h"
#include "access/project_members.h"
#include "access/projects.h"
#include "access/session.h"
#include "access/tokens.h"
#include "access/users.h"
#include "agents/agent_assignments.h"
#include "agents/agent_events.h"
#include "agents/agent_logs.h"
#include "agents/agent_register.h"
#include "agents/hypervisors.h"
#include "health.h"
#include "installation_checks.h"
#include "logs/log_query.h"
#include "logs/run_logs.h"
#include "metrics/metrics.h"
#include "peers.h"
#include "runners/catalog.h"
#include "runners/container_registries.h"
#include "runners/env_variables.h"
#include "runners/runner_warmup.h"
#include "runners/runners.h"
#include "runs/run_activity.h"
#include "runs/run_attempts.h"
#include "runs/run_rerun.h"
#include "runs/run_trace.h"
#include "runs/run_trigger.h"
#include "runs/run_usage.h"
#include "runs/runs.h"
#include "runs/usage.h"

const struct route routes[] = {
    {"GET", "/healthz", ACCESS_PUBLIC, health_alive, NULL},
    {"GET", "/readyz", ACCESS_PUBLIC, health_ready, NULL},
    {"GET", "/metrics", ACCESS_METRICS, metrics_get, NULL},
    {"GET", "/openapi.json", ACCESS_PUBLIC, health_openapi, NULL},
    {"GET", "/docs", ACCESS_PUBLIC, health_docs, NULL},
    {"GET", "/docs.css", ACCESS_PUBLIC, health_docs_style, NULL},

    {"GET", "/v1/runners", ACCESS_READ, runners_list, QUERY_BY_HANDLER},
    {"POST", "/v1/runners", ACCESS_WRITE, runners_create, NULL},
    {"GET", "/v1/runners/:id", ACCESS_READ, runners_get, NULL},
    {"PATCH", "/v1/runners/:id", ACCESS_WRITE, runners_update, NULL},
    {"DELETE", "/v1/runners/:id", ACCESS_WRITE, runners_delete, NULL},
    {"POST", "/v1/runners/:id/warmup", ACCESS_RUN, runner_warmup, NULL},

    {"GET", "/v1/runners/:id/env_variables", ACCESS_READ, env_variables_list, QUERY_BY_HANDLER},
    {"POST", "/v1/runners/:id/env_variables", ACCESS_ENV, env_variables_create, NULL},
    {"PATCH", "/v1/runners/:id/env_variables/:id", ACCESS_ENV, env_variables_update, NULL},
    {"DELETE", "/v1/runners/:id/env_variables/:id", ACCESS_ENV, env_variables_delete, NULL},

    {"GET", "/v1/runners/:id/runs", ACCESS_READ, runs_list_of_runner, QUERY_BY_HANDLER},
    {"POST", "/v1/runners/:id/runs", ACCESS_RUN, run_trigger, QUERY_BY_HANDLER},
    {"GET", "/v1/runners/:id/runs/:id", ACCESS_READ, runs_get, NULL},
    {"GET", "/v1/runners/:id/runs/:id/attempts", ACCESS_READ, run_attempts_list, NULL},
    {"POST", "/v1/runners/:id/runs/:id/stop", ACCESS_RUN, runs_stop, NULL},
    {"POST", "/v1/runners/:id/runs/:id/rerun", ACCESS_RUN, run_rerun, NULL},
    {"GET", "/v1/runners/:id/runs/:id/usage", ACCESS_READ, run_usage_list, NULL},
    {"GET", "/v1/runs/:id/usage", ACCESS_READ, run_usage_list, NULL},
    {"GET", "/v1/runs/:id/trace", ACCESS_READ, run_trace_get, NULL},
    {"GET", "/v1/runners/:id/runs/:id/trace", ACCESS_READ, run_trace_get, NULL},
    {"GET", "/v1/runs", ACCESS_READ, runs_list, QUERY_BY_HANDLER},
    {"GET", "/v1/runs/:id", ACCESS_READ, runs_get, NULL},
    {"GET", "/v1/runs/:id/attempts", ACCESS_READ, run_attempts_list, NULL},
    {"POST", "/v1/runs/:id/stop", ACCESS_RUN, runs_stop, NULL},
    {"POST", "/v1/runs/:id/rerun", ACCESS_RUN, run_rerun, NULL},

    {"GET", "/v1/container_registries", ACCESS_READ, container_registries_list, QUERY_BY_HANDLER},
    {"POST", "/v1/container_registries", ACCESS_WRITE, container_registries_create, NULL},
    {"GET", "/v1/container_registries/:id", ACCESS_READ, container_registries_get, NULL},
    {"PATCH", "/v1/container_registries/:id", ACCESS_WRITE, container_registries_update, NULL},
    {"DELETE", "/v1/container_registries/:id", ACCESS_WRITE, container_registries_delete, NULL},

    {"GET", "/v1/regions", ACCESS_READ, catalog_list_regions, QUERY_BY_HANDLER},
    {"GET", "/v1/instance_types", ACCESS_READ, catalog_list_instance_types, QUERY_BY_HANDLER},
    {"GET", "/v1/hypervisors", ACCESS_ADMIN, hypervisors_list, QUERY_BY_HANDLER},
    {"GET", "/v1/hypervisors/:id", ACCESS_ADMIN, hypervisors_get, NULL},
    {"GET", "/v1/hypervisors/:id/history", ACCESS_ADMIN, hypervisors_history, NULL},
    {"DELETE", "/v1/hypervisors/:id", ACCESS_ADMIN, hypervisors_delete, NULL},
    {"POST", "/v1/hypervisors/:id/cordon", ACCESS_ADMIN, hypervisors_cordon, NULL},
    {"POST", "/v1/hypervisors/:id/drain", ACCESS_ADMIN, hypervisors_drain, NULL},
    {"POST", "/v1/hypervisors/:id/uncordon", ACCESS_ADMIN, hypervisors_uncordon, NULL},

    {"GET", "/v1/runs/:id/logs", ACCESS_READ, run_logs_list, LOG_QUERY_PARAMS},
    {"DELETE", "/v1/runs/:id/logs", ACCESS_WRITE, run_logs_delete, NULL},
    {"GET", "/v1/runs/:id/logs/stream", ACCESS_READ, run_logs_stream, RUN_LOGS_STREAM_QUERY},
    {"GET", "/v1/runners/:id/runs/:id/logs", ACCESS_READ, run_logs_list, LOG_QUERY_PARAMS},
    {"DELETE", "/v1/runners/:id/runs/:id/logs", ACCESS_WRITE, run_logs_delete, NULL},
    {"GET", "/v1/runners/:id/runs/:id/logs/stream", ACCESS_READ, run_logs_stream,
     RUN_LOGS_STREAM_QUERY},

    {"POST", "/internal/v1/lines", ACCESS_PUBLIC, peers_take_lines, NULL},

    {"GET", "/v1/session", ACCESS_SELF, session_get, NULL},
    {"POST", "/v1/session", ACCESS_PUBLIC, session_create, NULL},
    {"PUT", "/v1/session", ACCESS_SELF, session_keep, NULL},
    {"DELETE", "/v1/session", ACCESS_SELF, session_delete, NULL},
    {"GET", "/v1/projects", ACCESS_SELF, projects_list, QUERY_BY_HANDLER},
    {"POST", "/v1/projects", ACCESS_ADMIN, projects_create, NULL},
    {"GET", "/v1/projects/:id", ACCESS_SELF, projects_get, NULL},
    {"PATCH", "/v1/projects/:id", ACCESS_ADMIN, projects_update, NULL},
    {"DELETE", "/v1/projects/:id", ACCESS_ADMIN, projects_delete, NULL},
    {"GET", "/v1/members", ACCESS_READ, project_members_list, QUERY_BY_HANDLER},
    {"POST", "/v1/members", ACCESS_MANAGE, project_members_add, NULL},
    {"PATCH", "/v1/members/:id", ACCESS_MANAGE, project_members_update, NULL},
    {"DELETE", "/v1/members/:id", ACCESS_MANAGE, project_members_remove, NULL},
    {"GET", "/v1/users", ACCESS_ADMIN, users_list, QUERY_BY_HANDLER},
    {"POST", "/v1/users", ACCESS_ADMIN, users_create, NULL},
    {"GET", "/v1/users/:id", ACCESS_SELF, users_get, NULL},
    {"PATCH", "/v1/users/:id", ACCESS_SELF, users_update, NULL},
    {"DELETE", "/v1/users/:id", ACCESS_ADMIN, users_delete, NULL},
    {"GET", "/v1/tokens", ACCESS_SELF, tokens_list, QUERY_BY_HANDLER},
    {"POST", "/v1/tokens", ACCESS_SELF, tokens_create, NULL},
    {"DELETE", "/v1/tokens/:id", ACCESS_SELF, tokens_delete, NULL},
    {"GET", "/v1/hypervisor_tokens", ACCESS_ADMIN, join_tokens_list, QUERY_BY_HANDLER},
    {"POST", "/v1/hypervisor_tokens", ACCESS_ADMIN, join_tokens_create, NULL},
    {"DELETE", "/v1/hypervisor_tokens/:id", ACCESS_ADMIN, join_tokens_delete, NULL},
    {"GET", "/v1/checks", ACCESS_ADMIN, installation_checks_get, NULL},
    {"GET", "/v1/audit_events", ACCESS_MANAGE, audit_events_list, QUERY_BY_HANDLER},
    {"GET", "/v1/runner_activity", ACCESS_READ, run_activity_list, QUERY_BY_HANDLER},
    {"GET", "/v1/usage", ACCESS_READ, usage_list, QUERY_BY_HANDLER},

    {"POST", "/agent/v1/register", ACCESS_JOIN, agent_register, NULL},
    {"GET", "/agent/v1/assignments", ACCESS_HYPERVISOR, agent_assignments, NULL},
    {"POST", "/agent/v1/events", ACCESS_HYPERVISOR, agent_events, NULL},
    {"POST", "/agent/v1/logs", ACCESS_HYPERVISOR, agent_logs, NULL},
};

const size_t routes_n = sizeof(routes) / sizeof(routes[0]);
