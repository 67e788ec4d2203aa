/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/driver_checks.h"

#include "engine/engine_info.h"

#include <string.h>

enum driver_kind driver_checks_kind(const struct settings *settings)
{
    const char *name = settings_text(settings, "driver");
    for (int kind = 0; kind < DRIVER_COUNT; kind++)
        if (strcmp(name, driver_kind_names[kind]) == 0)
            return (enum driver_kind)kind;
    return DRIVER_OCI;
}

static void check_engine(const struct settings *settings, struct findings *findings)
{
    struct engine_info info;
    struct err e;
    const char *socket = settings_text(settings, "docker_socket");
    if (engine_info_get(socket, &info, &e) < 0) {
        findings_add(findings, "engine", FINDING_FAIL,
                     "start Docker (systemctl start docker) or Podman (systemctl start "
                     "podman.socket), or give its socket as --docker_socket",
                     "%s", e.msg);
        return;
    }
    const char *name = info.is_podman ? "Podman" : "Docker";
    if (info.has_parents)
        findings_add(findings, "engine", FINDING_OK, NULL, "%s %s at %s", name, info.version,
                     socket);
    else
        findings_add(
            findings, "engine", FINDING_WARN,
            "to have them, let the engine use the cgroup driver cgroupfs",
            "%s %s at %s places control groups itself: no processor time and memory of runs", name,
            info.version, socket);
}

static void check_process(const struct settings *settings, struct findings *findings)
{
    if (settings_bool(settings, "allow_process_driver"))
        findings_add(findings, "driver", FINDING_WARN, "use driver oci but for development",
                     "runs are processes of this machine, in no sandbox");
    else
        findings_add(findings, "driver", FINDING_FAIL,
                     "set allow_process_driver=true if that is wanted",
                     "driver process runs commands in no sandbox");
}

void driver_checks_run(const struct settings *settings, struct findings *findings)
{
    switch (driver_checks_kind(settings)) {
    case DRIVER_DOCKER:
        check_engine(settings, findings);
        break;
    case DRIVER_PROCESS:
        check_process(settings, findings);
        break;
    case DRIVER_OCI:
    case DRIVER_COUNT:
        break;
    }
}
