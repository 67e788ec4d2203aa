/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether an account may enter a directory is asked of the kernel, in a child that became it.
 */
#include "stack/account.h"

#include "complain.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int find_account(const char *name, struct account *ret_account)
{
    const struct passwd *entry = getpwnam(name);

    if (entry == NULL || entry->pw_uid == 0)
        return -1;
    *ret_account = (struct account){.uid = entry->pw_uid, .gid = entry->pw_gid};
    (void)snprintf(ret_account->name, sizeof(ret_account->name), "%s", name);
    return 0;
}

int account_service(struct account *ret_account)
{
    if (find_account("postgres", ret_account) == 0 || find_account("nobody", ret_account) == 0)
        return 0;
    return complain("neither the user 'postgres' nor 'nobody' exists");
}

static int parse_id(const char *variable, uid_t *ret_id)
{
    const char *text = getenv(variable);
    char *end;
    unsigned long id;

    if (text == NULL || text[0] < '0' || text[0] > '9')
        return -1;
    errno = 0;
    id = strtoul(text, &end, 10);
    if (*end != '\0' || errno != 0 || id >= (uid_t)-1)
        return -1;
    *ret_id = (uid_t)id;
    return 0;
}

void account_invoker(struct account *ret_account)
{
    const struct passwd *entry;

    *ret_account = (struct account){.uid = getuid(), .gid = getgid()};
    if (getuid() == 0 && (parse_id("SUDO_UID", &ret_account->uid) < 0 ||
                          parse_id("SUDO_GID", &ret_account->gid) < 0))
        *ret_account = (struct account){.uid = 0, .gid = 0};
    entry = getpwuid(ret_account->uid);
    (void)snprintf(ret_account->name, sizeof(ret_account->name), "%s",
                   entry == NULL ? "" : entry->pw_name);
}

int account_become(const struct account *account)
{
    if (setgroups(0, NULL) < 0 || setresgid(account->gid, account->gid, account->gid) < 0)
        return -1;
    return setresuid(account->uid, account->uid, account->uid);
}

int account_can_enter(const struct account *account, const char *directory)
{
    pid_t child = fork();
    int status = -1;

    if (child == 0)
        _exit(account_become(account) == 0 && access(directory, X_OK) == 0 ? 0 : 1);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
