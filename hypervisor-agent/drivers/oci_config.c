/* SPDX-License-Identifier: Apache-2.0
 *
 * The constant parts stand here as JSON text; they are what an auditor wants to read in one place.
 */
#include "drivers/oci_config.h"

#include "drivers/isolation.h"
#include "drivers/rootfs.h"
#include "drivers/seccomp_profile.h"
#include "init/init_protocol.h"
#include "wire/field.h"

#include <inttypes.h>
#include <stdint.h>
#include <sys/resource.h>

#define SHM_DEFAULT_BYTES (UINT64_C(64) << 20)
#define OPEN_FILES_SOFT 1024
#define OPEN_FILES_HARD 524288

static const char process_text[] = "{\"terminal\":false,\"user\":{\"uid\":0,\"gid\":0},"
                                   "\"cwd\":\"/\",\"args\":[\"" INIT_PATH "\"],\"env\":[],"
                                   "\"oomScoreAdj\":0";

static const char system_mounts[] =
    "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\","
    "\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},"
    "{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
    "\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},"
    "{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\","
    "\"options\":[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid=5\"]}"
    ","
    "{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\","
    "\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},"
    "{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\","
    "\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]},"
    "{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\","
    "\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"relatime\",\"ro\"]}";

static const char namespaces[] =
    "[{\"type\":\"pid\"},{\"type\":\"mount\"},{\"type\":\"uts\"},{\"type\":\"ipc\"},"
    "{\"type\":\"network\"},{\"type\":\"cgroup\"}";

static const char masked_paths[] =
    "[\"/proc/asound\",\"/proc/acpi\",\"/proc/interrupts\",\"/proc/kcore\",\"/proc/keys\","
    "\"/proc/latency_stats\",\"/proc/timer_list\",\"/proc/timer_stats\",\"/proc/sched_debug\","
    "\"/proc/scsi\",\"/sys/firmware\",\"/sys/devices/virtual/powercap\"]";

static const char readonly_paths[] =
    "[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\",\"/proc/sysrq-trigger\"]";

/* Raising a hard limit takes CAP_SYS_RESOURCE, which an agent inside a container may lack. */
static void put_open_files(struct buf *b)
{
    struct rlimit own = {.rlim_max = OPEN_FILES_SOFT};
    (void)getrlimit(RLIMIT_NOFILE, &own);
    rlim_t hard = own.rlim_max < OPEN_FILES_HARD ? own.rlim_max : OPEN_FILES_HARD;
    rlim_t soft = hard < OPEN_FILES_SOFT ? hard : OPEN_FILES_SOFT;

    field_put_key(b, "rlimits");
    buf_printf(b,
               "[{\"type\":\"RLIMIT_NOFILE\",\"soft\":%ju,\"hard\":%ju},"
               "{\"type\":\"RLIMIT_CORE\",\"soft\":0,\"hard\":0}]",
               (uintmax_t)soft, (uintmax_t)hard);
}

static void put_process(struct buf *b, const struct isolation *isolation)
{
    static const char *const sets[] = {"bounding", "effective", "permitted"};
    field_put_key(b, "process");
    buf_add_text(b, process_text);
    field_put_bool(b, "noNewPrivileges", isolation->no_new_privileges);
    field_put_key(b, "capabilities");
    buf_add_text(b, "{\"inheritable\":[],\"ambient\":[]");
    for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
        field_put_key(b, sets[i]);
        buf_add_text(b, isolation->capabilities);
    }
    buf_add_char(b, '}');
    put_open_files(b);
    buf_add_char(b, '}');
}

static void put_bind(struct buf *b, const char *destination, const char *source,
                     const char *options)
{
    field_put_separator(b);
    buf_add_char(b, '{');
    field_put_text(b, "destination", destination);
    field_put_text(b, "type", "bind");
    field_put_text(b, "source", source);
    field_put_key(b, "options");
    buf_add_text(b, options);
    buf_add_char(b, '}');
}

static void put_mounts(struct buf *b, const struct run_spec *spec, bool bind_etc)
{
    static const char file[] = "[\"bind\",\"rprivate\",\"nosuid\",\"nodev\"]";
    static const char program[] = "[\"bind\",\"rprivate\",\"ro\",\"nosuid\",\"nodev\"]";
    uint64_t shm = spec->shm_size_bytes == 0 ? SHM_DEFAULT_BYTES : spec->shm_size_bytes;

    field_put_key(b, "mounts");
    buf_add_char(b, '[');
    buf_add_text(b, system_mounts);
    buf_printf(b,
               ",{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\",\"options\":"
               "[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=%" PRIu64 "\"]}",
               shm);
    if (bind_etc) {
        put_bind(b, "/etc/hosts", ROOTFS_HOSTS, file);
        put_bind(b, "/etc/hostname", ROOTFS_HOSTNAME, file);
        put_bind(b, "/etc/resolv.conf", ROOTFS_RESOLV_CONF, file);
    }
    put_bind(b, INIT_PATH, isolation_of(spec->sandbox)->user_namespace ? ROOTFS_INIT : spec->init,
             program);
    buf_add_char(b, ']');
}

static void put_namespaces(struct buf *b, const struct run_spec *spec)
{
    static const char *const maps[] = {"uidMappings", "gidMappings"};
    bool has_users = isolation_of(spec->sandbox)->user_namespace;
    field_put_key(b, "namespaces");
    buf_add_text(b, namespaces);
    buf_add_text(b, has_users ? ",{\"type\":\"user\"}]" : "]");
    for (size_t i = 0; has_users && i < ARRAY_LEN(maps); i++) {
        field_put_key(b, maps[i]);
        buf_printf(b, "[{\"containerID\":0,\"hostID\":%" PRIu32 ",\"size\":%" PRIu32 "}]",
                   isolation_first_id(spec->run), ISOLATION_IDS);
    }
}

static void put_linux(struct buf *b, const struct oci_config *config)
{
    field_put_key(b, "linux");
    buf_add_char(b, '{');
    field_put_text(b, "cgroupsPath", config->spec->cgroup);
    put_namespaces(b, config->spec);
    field_put_key(b, "maskedPaths");
    buf_add_text(b, masked_paths);
    field_put_key(b, "readonlyPaths");
    buf_add_text(b, readonly_paths);
    if (config->seccomp_program == NULL) {
        field_put_key(b, "seccomp");
        seccomp_profile_put_json(b, config->spec->sandbox);
    }
    buf_add_char(b, '}');
}

static void put_annotations(struct buf *b, const struct oci_config *config)
{
    if (config->seccomp_program == NULL)
        return;
    field_put_key(b, "annotations");
    buf_add_text(b, "{\"run.oci.seccomp_bpf_data\":\"");
    buf_add_base64(b, config->seccomp_program->data, config->seccomp_program->len);
    buf_add_text(b, "\"}");
}

void oci_config_put(struct buf *b, const struct oci_config *config)
{
    buf_add_char(b, '{');
    field_put_text(b, "ociVersion", "1.0.2");
    put_process(b, isolation_of(config->spec->sandbox));
    field_put_key(b, "root");
    buf_printf(b, "{\"path\":\"%s\",\"readonly\":%s}", ROOTFS_DIR,
               config->spec->read_only ? "true" : "false");
    field_put_text(b, "hostname", config->hostname);
    put_mounts(b, config->spec, config->bind_etc);
    put_linux(b, config);
    put_annotations(b, config);
    buf_add_char(b, '}');
}
