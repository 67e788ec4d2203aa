/* SPDX-License-Identifier: Apache-2.0 */
#include "agent_config.h"

#include "base/file.h"
#include "doctor/doctor.h"
#include "engine/engine_info.h"
#include "host_facts.h"
#include "host_network.h"
#include "setting_checks.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct setting table[] = {
    {.name = "api_url",
     .kind = SETTING_STRING,
     .help = "where the API listens, http(s)://host:port (required)"},
    {.name = "api_ca_file",
     .kind = SETTING_PATH,
     .help = "PEM file of the authority to trust for the API; default: the machine's"},
    {.name = "join_token_file",
     .kind = SETTING_STRING,
     .help = "file with a join token; needed at the first start only"},
    {.name = "data_dir",
     .kind = SETTING_PATH,
     .fallback = "/var/lib/errand-agent",
     .help = "directory for images, runs and this hypervisor's identity"},
    {.name = "name", .kind = SETTING_STRING, .help = "of this hypervisor (default: host name)"},
    {.name = "region", .kind = SETTING_STRING, .fallback = "local", .help = "slug of its region"},
    {.name = "labels",
     .kind = SETTING_STRING,
     .help =
         "key=value, comma between them: what runs can ask of a hypervisor; told when it joins"},
    {.name = "mem_total_mb",
     .kind = SETTING_INT,
     .fallback = "0",
     .max = INT32_MAX,
     .help = "MB of memory for runs; 0 = the host's less a reserve"},
    {.name = "cpu",
     .kind = SETTING_INT,
     .fallback = "0",
     .max = 65536,
     .help = "cores for runs; 0 = the host's"},
    {.name = "driver",
     .kind = SETTING_CHOICE,
     .fallback = "oci",
     .choices = "oci|docker|process",
     .help = "what runs containers: crun or runc; Docker or Podman; nothing (development only)"},
    {.name = "docker_socket",
     .kind = SETTING_PATH,
     .fallback = "/var/run/docker.sock",
     .help = "with driver docker: Unix socket of Docker, or of Podman's system service"},
    {.name = "allow_process_driver",
     .kind = SETTING_BOOL,
     .fallback = "false",
     .help = "driver process runs commands as processes of this machine, in no sandbox: say so"},
    {.name = "runtime",
     .kind = SETTING_STRING,
     .fallback = "auto",
     .help = "path of crun or runc; auto = the first of them on PATH"},
    {.name = "start_timeout_seconds",
     .kind = SETTING_INT,
     .fallback = "60",
     .min = 1,
     .max = 3600,
     .help = "what the runtime may take to start a container"},
    {.name = "heartbeat_seconds",
     .kind = SETTING_INT,
     .fallback = "5",
     .min = 1,
     .max = 60,
     .help = "how often it says that it is there; the scheduler's lost_after_seconds is at least"
             " twice that and three seconds more"},
    {.name = "usage_seconds",
     .kind = SETTING_INT,
     .fallback = "5",
     .min = 1,
     .max = 3600,
     .help = "how often the processor time and memory of young runs are sampled"},
    {.name = "pool_seconds",
     .kind = SETTING_INT,
     .fallback = "900",
     .min = 1,
     .max = 86400,
     .help = "how long a sandbox of a warm pool waits for a run before another takes its place"},
    {.name = "pool_max",
     .kind = SETTING_INT,
     .fallback = "100",
     .max = 1000,
     .help = "sandboxes of warm pools that may wait on this machine; 0 = none"},
    {.name = "shim", .kind = SETTING_STRING, .help = "path of errand-shim (default: as installed)"},
    {.name = "init", .kind = SETTING_STRING, .help = "path of errand-init (default: as installed)"},
    {.name = "insecure_registries",
     .kind = SETTING_STRING,
     .help = "registries that speak plain http, host:port, comma between them; loopback ones may"},
    {.name = "network_bridge",
     .kind = SETTING_STRING,
     .fallback = "errand0",
     .help = "name of the bridge that containers are connected to; none = make no such network"},
    {.name = "network_subnet",
     .kind = SETTING_STRING,
     .fallback = "10.213.0.0/16",
     .help = "IPv4 addresses of containers on this machine; nothing else may use them"},
    {.name = "registry_ca",
     .kind = SETTING_PATH,
     .help = "file of PEM certificates that registries may have, beside the system's"},
    {.name = "disk_floor_mb",
     .kind = SETTING_INT,
     .fallback = "1024",
     .max = INT32_MAX,
     .help = "MB of the disk that images leave free; unused images go when less than twice is"},
    {.name = "image_cache_max_mb",
     .kind = SETTING_INT,
     .fallback = "0",
     .max = INT32_MAX,
     .help = "MB that images may take; unused ones go above it; 0 = no ceiling"},
    {.name = "layer_max_mb",
     .kind = SETTING_INT,
     .fallback = "65536",
     .min = 1,
     .max = INT32_MAX,
     .help = "MB that one layer of an image may unpack to"},
    {.name = "disk_limit_mb",
     .kind = SETTING_INT,
     .fallback = "10240",
     .max = INT32_MAX,
     .help = "MB that one run may write to its file system; it is killed above; 0 = no ceiling"},
    {.name = "log_level",
     .kind = SETTING_CHOICE,
     .fallback = "info",
     .choices = "error|warn|info|debug",
     .help = "least severity that is logged"},
};

const struct settings_program agent_settings = {
    .name = "errand-agent",
    .summary = "runs containers on this machine for errand-api",
    .commands = DOCTOR_HELP,
    .table = table,
    .table_n = ARRAY_LEN(table),
};

static int copy(const char *text, char **ret_copy, struct err *e)
{
    *ret_copy = strdup(text);
    return *ret_copy != NULL ? 0 : err_errno(e, ENOMEM, "settings");
}

/* The file that setting `name` gives. */
static int find_program(const struct settings *s, const char *name, char **ret_path, struct err *e)
{
    const char *path = settings_text(s, name);
    struct stat st;
    if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || access(path, X_OK) < 0)
        return settings_refuse(s, name, e, "must be the path of a program that can be run");
    *ret_path = realpath(path, NULL);
    return *ret_path != NULL ? 0 : err_errno(e, errno, "%s '%s'", name, path);
}

static int make_data_dir(const struct settings *s, struct agent_config *c, struct err *e)
{
    const char *path = settings_text(s, "data_dir");
    struct err why;
    if (dir_make(path, 0700, &why) < 0)
        return settings_refuse(s, "data_dir", e,
                               "must be a directory, or one that can be made (%s)", why.msg);
    c->data_dir = realpath(path, NULL);
    if (c->data_dir == NULL || access(c->data_dir, W_OK | X_OK) < 0)
        return settings_refuse(s, "data_dir", e, "must be a directory that may be written to");
    return 0;
}

static int find_beside(const struct settings *s, const char *setting, const char *program,
                       char **ret_path, struct err *e)
{
    static const char *const folders[] = {"", "../libexec/errand/"}; /* built; installed */
    char path[PATH_MAX];
    const char *given = settings_text(s, setting);
    if (given != NULL && given[0] != '\0')
        return find_program(s, setting, ret_path, e);

    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (n < 0)
        return err_errno(e, errno, "find %s", program);
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    size_t room = sizeof(path) - (size_t)(slash + 1 - path);
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        if ((size_t)snprintf(slash + 1, room, "%s%s", folders[i], program) >= room)
            return err_set(e, ERR_INVALID, "find %s: path too long", program);
        if (access(path, X_OK) == 0)
            return (*ret_path = realpath(path, NULL)) != NULL ? 0 : err_errno(e, errno, "%s", path);
    }
    return err_set(e, ERR_NOT_FOUND,
                   "%s is neither beside errand-agent nor in ../libexec/errand; give its path as "
                   "--%s",
                   program, setting);
}

static int find_runtime(const struct settings *s, struct agent_config *c, struct err *e)
{
    static const char *const names[] = {"crun", "runc", NULL};
    const char *given = settings_text(s, "runtime");
    if (strcmp(given, "auto") != 0)
        return find_program(s, "runtime", &c->runtime, e);
    int rc = host_facts_find_program(names, &c->runtime, e);
    return rc < 0 ? err_wrap(e, "runtime (install one, or give its path)") : rc;
}

static int find_engine(const struct settings *s, struct agent_config *c, struct err *e)
{
    struct engine_info info;
    c->engine_socket = settings_text(s, "docker_socket");
    if (c->engine_socket[0] != '/')
        return settings_refuse(s, "docker_socket", e, "must be an absolute path");
    if (engine_info_get(c->engine_socket, &info, e) < 0)
        return err_wrap(e, "docker_socket (start the engine, or give its socket's path)");
    c->has_engine_groups = info.has_parents;
    return copy(info.is_podman ? "podman" : "docker", &c->runtime, e);
}

static int find_driver(const struct settings *s, struct agent_config *c, struct err *e)
{
    const char *name = settings_text(s, "driver");
    for (int kind = 0; kind < DRIVER_COUNT; kind++)
        if (strcmp(name, driver_kind_names[kind]) == 0)
            c->driver = (enum driver_kind)kind;
    switch (c->driver) {
    case DRIVER_DOCKER:
        return find_engine(s, c, e);
    case DRIVER_PROCESS:
        if (!settings_bool(s, "allow_process_driver"))
            return settings_refuse(s, "driver", e,
                                   "is no sandbox: any run may do to this machine what the agent "
                                   "may; set allow_process_driver=true if that is wanted");
        return copy("process", &c->runtime, e);
    case DRIVER_OCI:
    case DRIVER_COUNT:
        break;
    }
    return find_runtime(s, c, e);
}

static int find_name(const struct settings *s, struct agent_config *c, struct err *e)
{
    char host[HOST_NAME_MAX + 1];
    const char *given = settings_text(s, "name");
    if (given != NULL && given[0] != '\0')
        return copy(given, &c->name, e);
    if (gethostname(host, sizeof(host)) < 0)
        return err_errno(e, errno, "host name");
    host[sizeof(host) - 1] = '\0';
    return copy(host, &c->name, e);
}

static int find_network(const struct settings *s, struct agent_config *c, struct err *e)
{
    struct subnet subnet;
    const char *bridge = settings_text(s, "network_bridge");
    c->network_subnet = settings_text(s, "network_subnet");
    struct err why;
    if (subnet_parse(c->network_subnet, &subnet, &why) < 0)
        return settings_refuse(s, "network_subnet", e, "%s", why.msg);
    if (!host_network_name_is_valid(bridge))
        return settings_refuse(s, "network_bridge", e, "must be 1 to 15 of a-z, 0-9, - and _");
    c->network_bridge = strcmp(bridge, "none") == 0 ? NULL : bridge;
    return 0;
}

/* The file is read again by libcurl, for each connection. */
static int check_api_ca(const struct settings *s, struct err *e)
{
    CLEANUP(freep) char *pem = NULL;
    return setting_checks_read_pem(s, "api_ca_file", &pem, e);
}

static int measure(const struct settings *s, struct agent_config *c, struct err *e)
{
    int64_t cpu = settings_int(s, "cpu");
    c->cpu = cpu != 0 ? (double)cpu : host_facts_cpu();
    c->mem_total_mb = (uint32_t)settings_int(s, "mem_total_mb");
    c->pool_seconds = (uint32_t)settings_int(s, "pool_seconds");
    c->pool_max = (uint32_t)settings_int(s, "pool_max");
    c->heartbeat_seconds = (uint32_t)settings_int(s, "heartbeat_seconds");
    c->usage_seconds = (uint32_t)settings_int(s, "usage_seconds");
    c->start_timeout_seconds = (uint32_t)settings_int(s, "start_timeout_seconds");
    return c->mem_total_mb != 0 ? 0 : host_facts_memory_mb(&c->mem_total_mb, e);
}

int agent_config_make(const struct settings *s, struct agent_config *ret_config, struct err *e)
{
    CLEANUP(agent_config_done)
    struct agent_config c = {
        .api_url = settings_text(s, "api_url"),
        .api_ca_file = settings_text(s, "api_ca_file"),
        .join_token_file = settings_text(s, "join_token_file"),
        .region = settings_text(s, "region"),
        .labels = settings_text(s, "labels"),
        .insecure_registries = settings_text(s, "insecure_registries"),
        .disk_floor_bytes = settings_int(s, "disk_floor_mb") << 20,
        .image_cache_max_bytes = settings_int(s, "image_cache_max_mb") << 20,
        .layer_max_bytes = settings_int(s, "layer_max_mb") << 20,
        .disk_limit_bytes = settings_int(s, "disk_limit_mb") << 20,
    };
    int rc = setting_checks_run(s, e);
    if (rc == 0)
        rc = check_api_ca(s, e);
    if (rc == 0)
        rc = find_name(s, &c, e);
    if (rc == 0)
        rc = find_network(s, &c, e);
    if (rc == 0)
        rc = setting_checks_read_pem(s, "registry_ca", &c.registry_ca_pem, e);
    if (rc == 0)
        rc = measure(s, &c, e);
    if (rc == 0)
        rc = find_driver(s, &c, e);
    if (rc == 0)
        rc = find_beside(s, "shim", "errand-shim", &c.shim, e);
    if (rc == 0)
        rc = find_beside(s, "init", "errand-init", &c.init, e);
    if (rc == 0)
        rc = make_data_dir(s, &c, e);
    if (rc < 0)
        return rc;
    *ret_config = c;
    c = (struct agent_config){0};
    return 0;
}

void agent_config_done(struct agent_config *c)
{
    free(c->data_dir);
    free(c->name);
    free(c->runtime);
    free(c->shim);
    free(c->init);
    free(c->registry_ca_pem);
    *c = (struct agent_config){0};
}
