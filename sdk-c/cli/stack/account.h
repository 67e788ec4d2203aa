/* SPDX-License-Identifier: Apache-2.0
 *
 * Who runs what: root the agent, an unprivileged account the rest; the invoking user owns what is
 * meant to be read.
 */
#ifndef ERRAND_CLI_STACK_ACCOUNT_H
#define ERRAND_CLI_STACK_ACCOUNT_H

#include <sys/types.h>

#define ACCOUNT_NAME_BYTES 64

struct account {
    uid_t uid;
    gid_t gid;
    char name[ACCOUNT_NAME_BYTES];
};

/* `postgres` where it exists, else `nobody`. 0, or EXIT_OURS after complaining. */
int account_service(struct account *ret_account);

/* The user behind sudo, else the caller. */
void account_invoker(struct account *ret_account);

/* Give up root for good: groups, group, user. 0, or -1 with errno. Async-signal-safe. */
int account_become(const struct account *account);

/* Whether the account may enter `directory` and every one above it. */
int account_can_enter(const struct account *account, const char *directory);

#endif
