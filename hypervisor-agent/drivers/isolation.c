/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/isolation.h"

#define FIRST_RANGE UINT32_C(0x70000000)
#define RANGES UINT32_C(4096)

#define DOCKERS_DEFAULT                                                                            \
    "\"CAP_CHOWN\",\"CAP_DAC_OVERRIDE\",\"CAP_FSETID\",\"CAP_FOWNER\",\"CAP_MKNOD\","              \
    "\"CAP_NET_RAW\",\"CAP_SETGID\",\"CAP_SETUID\",\"CAP_SETFCAP\",\"CAP_SETPCAP\","               \
    "\"CAP_NET_BIND_SERVICE\",\"CAP_SYS_CHROOT\",\"CAP_KILL\",\"CAP_AUDIT_WRITE\""

/* CAP_SYS_ADMIN is not among the trusted's: with it a container can mount the control groups of
 * cgroup v1 and have the kernel start programs on the machine. Nor is CAP_SYS_NICE: real-time
 * processes are not held by the processor limit. */
static const struct isolation table[] = {
    [RUN_SANDBOX_DEFAULT] =
        {
            .capabilities = "[" DOCKERS_DEFAULT "]",
            .no_new_privileges = true,
        },
    /* errand-init's own: to enter the working directory, to become the user, to signal it, and to
     * drop the rest for good */
    [RUN_SANDBOX_UNTRUSTED] =
        {
            .capabilities =
                "[\"CAP_DAC_OVERRIDE\",\"CAP_SETGID\",\"CAP_SETUID\",\"CAP_SETPCAP\",\"CAP_KILL\"]",
            .drops_capabilities = true,
            .no_new_privileges = true,
            .user_namespace = true,
        },
    [RUN_SANDBOX_TRUSTED] =
        {
            .capabilities = "[" DOCKERS_DEFAULT ",\"CAP_NET_ADMIN\",\"CAP_SYS_PTRACE\","
                            "\"CAP_IPC_LOCK\"]",
        },
};
_Static_assert(ARRAY_LEN(table) == RUN_SANDBOX_COUNT, "a row for each sandbox");

const struct isolation *isolation_of(enum run_sandbox sandbox)
{
    return &table[sandbox];
}

/* The last bytes of an id are random. */
uint32_t isolation_first_id(struct id run)
{
    uint32_t random = ((uint32_t)run.bytes[14] << 8) | run.bytes[15];
    return FIRST_RANGE + random % RANGES * ISOLATION_IDS;
}
