/* SPDX-License-Identifier: Apache-2.0
 *
 * v1 takes rules as text; v2 a program that the kernel asks at each opening.
 * Source: Documentation/admin-guide/cgroup-v1/devices.rst, cgroup-v2.rst and
 * include/uapi/linux/bpf.h (struct bpf_cgroup_dev_ctx) of the kernel.
 */
#include "drivers/cgroup_devices.h"

#include "drivers/cgroup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ANY_MINOR (-1)

static const struct device {
    int major;
    int minor;
} openable[] = {
    {1, 3},           /* null */
    {1, 5},           /* zero */
    {1, 7},           /* full */
    {1, 8},           /* random */
    {1, 9},           /* urandom */
    {5, 0},           /* tty */
    {5, 1},           /* console */
    {5, 2},           /* ptmx */
    {136, ANY_MINOR}, /* pts */
};

static int write_rules(const char *path, struct err *e)
{
    int r = cgroup_file_set("devices", path, "devices.deny", "a", e);
    if (r == 0)
        r = cgroup_file_set("devices", path, "devices.allow", "c *:* m", e);
    if (r == 0)
        r = cgroup_file_set("devices", path, "devices.allow", "b *:* m", e);
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(openable); i++) {
        char minor[12] = "*";
        char rule[32];
        if (openable[i].minor != ANY_MINOR)
            (void)snprintf(minor, sizeof(minor), "%d", openable[i].minor);
        (void)snprintf(rule, sizeof(rule), "c %d:%s rwm", openable[i].major, minor);
        r = cgroup_file_set("devices", path, "devices.allow", rule, e);
    }
    return r;
}

/* The program: registers 2 to 5 are type, access, major, minor; what it returns is allowed or not.
 */
#define REGISTER_CONTEXT 1
#define REGISTER_TYPE 2
#define REGISTER_ACCESS 3
#define REGISTER_MAJOR 4
#define REGISTER_MINOR 5

#define LOAD(register_, field)                                                                     \
    {                                                                                              \
        .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = (register_), .src_reg = REGISTER_CONTEXT,    \
        .off = offsetof(struct bpf_cgroup_dev_ctx, field)                                          \
    }
#define WITH(operation, register_, number)                                                         \
    {                                                                                              \
        .code = BPF_ALU64 | (operation) | BPF_K, .dst_reg = (register_), .imm = (number)           \
    }
#define SKIP_UNLESS(register_, number, instructions)                                               \
    {                                                                                              \
        .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = (register_), .off = (instructions),          \
        .imm = (number)                                                                            \
    }
#define RETURN_IS(allowed) WITH(BPF_MOV, 0, allowed)
#define RETURN                                                                                     \
    {                                                                                              \
        .code = BPF_JMP | BPF_EXIT                                                                 \
    }

#define PROLOGUE_MAX 16
#define PER_DEVICE 4

static size_t write_program(struct bpf_insn *program)
{
    static const struct bpf_insn prologue[] = {
        LOAD(REGISTER_TYPE, access_type),
        LOAD(REGISTER_ACCESS, access_type),
        WITH(BPF_AND, REGISTER_TYPE, 0xffff),
        WITH(BPF_RSH, REGISTER_ACCESS, 16),
        WITH(BPF_AND, REGISTER_ACCESS, BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE),
        RETURN_IS(1),
        SKIP_UNLESS(REGISTER_ACCESS, 0, 1),
        RETURN,
        LOAD(REGISTER_MAJOR, major),
        LOAD(REGISTER_MINOR, minor),
    };
    static const struct bpf_insn no_characters[] = {
        /* a block device: none may be opened */
        {.code = BPF_JMP | BPF_JEQ | BPF_K,
         .dst_reg = REGISTER_TYPE,
         .off = 2,
         .imm = BPF_DEVCG_DEV_CHAR},
        RETURN_IS(0),
        RETURN,
    };
    static const struct bpf_insn epilogue[] = {RETURN_IS(0), RETURN};
    size_t n = 0;
    memcpy(program, prologue, sizeof(prologue));
    n += ARRAY_LEN(prologue);
    memcpy(program + n, no_characters, sizeof(no_characters));
    n += ARRAY_LEN(no_characters);
    for (size_t i = 0; i < ARRAY_LEN(openable); i++) {
        bool any = openable[i].minor == ANY_MINOR;
        program[n++] = (struct bpf_insn)SKIP_UNLESS(REGISTER_MAJOR, openable[i].major, any ? 1 : 2);
        if (!any)
            program[n++] = (struct bpf_insn)SKIP_UNLESS(REGISTER_MINOR, openable[i].minor, 1);
        program[n++] = (struct bpf_insn)RETURN;
    }
    memcpy(program + n, epilogue, sizeof(epilogue));
    return n + ARRAY_LEN(epilogue);
}

static int bpf(enum bpf_cmd command, union bpf_attr *attr)
{
    return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int load_program(void)
{
    struct bpf_insn program[PROLOGUE_MAX + PER_DEVICE * ARRAY_LEN(openable)];
    static const char license[] = "Apache-2.0";
    union bpf_attr attr;
    memset(&attr, 0, sizeof(attr));
    attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attr.expected_attach_type = BPF_CGROUP_DEVICE;
    attr.insn_cnt = (uint32_t)write_program(program);
    attr.insns = (uint64_t)(uintptr_t)program;
    attr.license = (uint64_t)(uintptr_t)license;
    return bpf(BPF_PROG_LOAD, &attr);
}

static int attach_program(const char *path, struct err *e)
{
    CLEANUP(fd_closep) int group = cgroup_file_open("", path, ".", O_RDONLY | O_DIRECTORY);
    CLEANUP(fd_closep) int program = group < 0 ? -1 : load_program();
    union bpf_attr attr;
    memset(&attr, 0, sizeof(attr));
    attr.target_fd = (uint32_t)group;
    attr.attach_bpf_fd = (uint32_t)program;
    attr.attach_type = BPF_CGROUP_DEVICE;
    attr.attach_flags = BPF_F_ALLOW_MULTI;
    if (program < 0 || bpf(BPF_PROG_ATTACH, &attr) < 0)
        return err_errno(e, errno, "restrict devices");
    return 0;
}

int cgroup_devices_restrict(enum cgroup_layout layout, const char *path, struct err *e)
{
    return layout == CGROUP_V2 ? attach_program(path, e) : write_rules(path, e);
}
