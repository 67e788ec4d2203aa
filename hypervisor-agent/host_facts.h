/* SPDX-License-Identifier: Apache-2.0
 *
 * What this machine has to offer.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_HOST_FACTS_H
#define ERRAND_HYPERVISOR_AGENT_HOST_FACTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* MemTotal less what the system and Errand itself need: a tenth, 256 MiB to 2 GiB. */
int host_facts_memory_mb(uint32_t *ret_mb, struct err *e) MUST_USE;

/* Cores this process may use. */
double host_facts_cpu(void);

/* Bytes free for an unprivileged user on the file system of `path`; 0 when unknown. */
int64_t host_facts_disk_free(const char *path);

/* Absolute path of the first of `names` (a NULL-terminated list) on PATH, or where
 * Debian has programs for root. Owned.
 * ERR_NOT_FOUND names them. */
int host_facts_find_program(const char *const *names, char **ret_path, struct err *e) MUST_USE;

#endif
