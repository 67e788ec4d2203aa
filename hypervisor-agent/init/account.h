/* SPDX-License-Identifier: Apache-2.0
 *
 * Who the command runs as: "uid", "uid:gid", "name" or "name:group", looked up in the container's
 * own /etc/passwd and /etc/group by Docker's rules.
 */
#ifndef ERRAND_INIT_ACCOUNT_H
#define ERRAND_INIT_ACCOUNT_H

#include <stddef.h>
#include <sys/types.h>

#define ACCOUNT_GROUPS_MAX 64
#define ACCOUNT_HOME_BYTES 512

struct account {
    uid_t uid;
    gid_t gid;
    gid_t groups[ACCOUNT_GROUPS_MAX]; /* supplementary; none when a group was named */
    size_t n_groups;
    char home[ACCOUNT_HOME_BYTES]; /* "/" when the account is not in passwd */
};

/* "" means root. 0, or -1 with `*ret_problem` a fixed sentence: a name or group that is not there.
 */
int account_find(const char *user, struct account *ret_account, const char **ret_problem);

/* No program executed from now on has any capability, whoever owns it. Needs CAP_SETPCAP. 0, or -1
 * with errno. */
int account_forbid_capabilities(void);

/* Become it, for good. Needs CAP_SETUID and CAP_SETGID. 0, or -1 with errno. */
int account_become(const struct account *account);

#endif
