/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/seccomp_compile.h"

#include "base/file.h"
#include "drivers/seccomp_profile.h"

#include <seccomp.h>

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A classic BPF program has at most 4096 instructions of 8 bytes. */
#define PROGRAM_MAX_BYTES ((size_t)4096 * 8)

#define CALL_NAME_BYTES 64

/* Level 2: a binary tree over the call's number instead of a list. */
#define OPTIMIZE_TREE 2

static void filter_freep(scmp_filter_ctx *filter)
{
    if (*filter != NULL)
        seccomp_release(*filter);
}

static uint32_t action_of(enum seccomp_action action)
{
    if (action == SECCOMP_ALLOW)
        return SCMP_ACT_ALLOW;
    return action == SECCOMP_EPERM ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_ERRNO(ENOSYS);
}

static int add_call(scmp_filter_ctx filter, const struct seccomp_rule *rule, int call)
{
    struct scmp_arg_cmp test = {.arg = 0};
    switch (rule->test) {
    case SECCOMP_ALWAYS:
        return seccomp_rule_add_array(filter, action_of(rule->action), call, 0, NULL);
    case SECCOMP_EQUAL:
        test.op = SCMP_CMP_EQ;
        test.datum_a = rule->value;
        break;
    case SECCOMP_NOT_EQUAL:
        test.op = SCMP_CMP_NE;
        test.datum_a = rule->value;
        break;
    case SECCOMP_MASK_CLEAR:
        test.op = SCMP_CMP_MASKED_EQ;
        test.datum_a = rule->value;
        test.datum_b = 0;
        break;
    }
    return seccomp_rule_add_array(filter, action_of(rule->action), call, 1, &test);
}

static int add_rule(scmp_filter_ctx filter, const struct seccomp_rule *rule, struct err *e)
{
    char name[CALL_NAME_BYTES];
    for (const char *at = rule->names; *at != '\0'; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        assert(n < sizeof(name));
        memcpy(name, at, n);
        name[n] = '\0';
        at += n;

        int call = seccomp_syscall_resolve_name(name);
        if (call == __NR_SCMP_ERROR)
            continue;
        int r = add_call(filter, rule, call);
        if (r < 0 && r != -EEXIST)
            return err_errno(e, -r, "compile the seccomp rule of %s", name);
    }
    return 0;
}

/* Old binaries of the same machine family run in containers as they do under Docker; untrusted ones
 * find no second way into the kernel, and are killed. */
static int add_architectures(scmp_filter_ctx filter, struct err *e)
{
    static const uint32_t families[][3] = {
        {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32},
        {SCMP_ARCH_AARCH64, SCMP_ARCH_ARM, SCMP_ARCH_ARM},
    };
    for (size_t i = 0; i < ARRAY_LEN(families); i++) {
        if (families[i][0] != seccomp_arch_native())
            continue;
        for (size_t j = 1; j < ARRAY_LEN(families[i]); j++) {
            int r = seccomp_arch_add(filter, families[i][j]);
            if (r < 0 && r != -EEXIST)
                return err_errno(e, -r, "compile the seccomp profile");
        }
    }
    return 0;
}

static int export(scmp_filter_ctx filter, struct buf *program, struct err *e)
{
    CLEANUP(fd_closep) int fd = memfd_create("seccomp", MFD_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "compile the seccomp profile");
    int r = seccomp_export_bpf(filter, fd);
    if (r < 0)
        return err_errno(e, -r, "compile the seccomp profile");

    char *at = buf_reserve(program, PROGRAM_MAX_BYTES);
    ssize_t got = at == NULL ? -1 : pread(fd, at, PROGRAM_MAX_BYTES, 0);
    if (got <= 0)
        return err_errno(e, at == NULL ? ENOMEM : errno, "compile the seccomp profile");
    buf_advance(program, (size_t)got);
    return 0;
}

int seccomp_compile(enum run_sandbox sandbox, const char *path, struct err *e)
{
    CLEANUP(filter_freep) scmp_filter_ctx filter = seccomp_init(action_of(SECCOMP_DEFAULT_ACTION));
    CLEANUP(buf_done) struct buf program;
    buf_init(&program, PROGRAM_MAX_BYTES);
    if (filter == NULL)
        return err_set(e, ERR_UNAVAILABLE, "compile the seccomp profile: out of memory");

    int r = sandbox == RUN_SANDBOX_UNTRUSTED ? 0 : add_architectures(filter, e);
    size_t n;
    const struct seccomp_rule *rules = seccomp_profile_rules(sandbox, &n);
    for (size_t i = 0; r == 0 && i < n; i++)
        r = add_rule(filter, &rules[i], e);
    if (r < 0)
        return r;

    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, OPTIMIZE_TREE);
    r = export(filter, &program, e);
    if (r < 0)
        return r;
    return file_replace(path, program.data, program.len, 0600, e);
}
