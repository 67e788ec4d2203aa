/* SPDX-License-Identifier: Apache-2.0
 *
 * Which system calls a container may make.
 *
 * The default sandbox's policy is Docker's default
 * (https://docs.docker.com/engine/security/seccomp/) for its default set of capabilities: everyday
 * calls are allowed; what administers, traces other users' processes, makes namespaces or mounts is
 * refused with EPERM. Two choices differ: calls that nobody has thought about answer ENOSYS instead
 * of EPERM, so that a newer libc falls back, and io_uring is out, as in newer Docker.
 *
 * Untrusted: without tracing, device nodes, chroot, and sockets but for UNIX, IPv4, IPv6 and
 * netlink. Trusted: with namespaces and mounts, for which the container has to make a user
 * namespace first; with NUMA policy and with what reaches into other processes.
 */
#ifndef ERRAND_DRIVERS_SECCOMP_PROFILE_H
#define ERRAND_DRIVERS_SECCOMP_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "run_spec.h"

enum seccomp_action {
    SECCOMP_ALLOW,
    SECCOMP_EPERM,
    SECCOMP_ENOSYS,
};

enum seccomp_test {
    SECCOMP_ALWAYS,
    SECCOMP_EQUAL,      /* argument == value */
    SECCOMP_NOT_EQUAL,  /* argument != value */
    SECCOMP_MASK_CLEAR, /* (argument & value) == 0 */
};

struct seccomp_rule {
    enum seccomp_action action;
    enum seccomp_test test; /* of the call's first argument */
    uint64_t value;
    const char *names; /* separated by blanks; those unknown here are skipped */
};

/* What no rule names. */
#define SECCOMP_DEFAULT_ACTION SECCOMP_ENOSYS

/* The rules of a sandbox; `*ret_n` of them, no two with the same action and test for one call. */
const struct seccomp_rule *seccomp_profile_rules(enum run_sandbox sandbox, size_t *ret_n);

/* Append the profile as the value of config.json's `linux.seccomp`. */
void seccomp_profile_put_json(struct buf *b, enum run_sandbox sandbox);

#endif
