/* SPDX-License-Identifier: Apache-2.0
 *
 * The files are the image's: read with a ceiling, never through NSS, and a line that makes no sense
 * is skipped. Source: runc, libcontainer/user, GetExecUser.
 */
#include "account.h"

#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define TABLE_MAX_BYTES ((size_t)1 << 20)
#define NAME_MAX_BYTES 256
#define FIELDS_MAX 8

/* passwd: name:password:uid:gid:gecos:home:shell; group: name:password:gid:members */
enum { FIELD_NAME = 0, FIELD_ID = 2, FIELD_GID = 3, FIELD_MEMBERS = 3, FIELD_HOME = 5 };

static void copy_cut(char *to, size_t size, const char *from)
{
    size_t n = strnlen(from, size - 1);
    memcpy(to, from, n);
    to[n] = '\0';
}

/* A whole file with a NUL behind it; "" when there is none. O_NONBLOCK: it may be a fifo. */
static char *table_read(const char *path)
{
    char *text = calloc(1, TABLE_MAX_BYTES + 1);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    if (text == NULL || fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        if (fd >= 0)
            (void)close(fd);
        return text;
    }
    for (size_t n = 0; n < TABLE_MAX_BYTES;) {
        ssize_t got = read(fd, text + n, TABLE_MAX_BYTES - n);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    (void)close(fd);
    return text;
}

/* Split the line at `*at` in place; `*at` moves to the next. Returns the number of fields. */
static size_t next_line(char **at, char **fields)
{
    char *line = *at;
    char *end = line + strcspn(line, "\n");
    *at = *end == '\0' ? end : end + 1;
    *end = '\0';

    size_t n = 0;
    while (n < FIELDS_MAX && line != NULL)
        fields[n++] = strsep(&line, ":");
    return n;
}

static bool parse_id(const char *text, uint32_t *ret_id)
{
    uint64_t value = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (uint64_t)(*text - '0');
        if (value >= UINT32_MAX) /* (uid_t)-1 means "leave it" to the kernel */
            return false;
    }
    *ret_id = (uint32_t)value;
    return true;
}

static bool member_of(char *members, const char *name)
{
    char *member;
    while ((member = strsep(&members, ",")) != NULL) {
        if (strcmp(member, name) == 0)
            return true;
    }
    return false;
}

/* Fill in what passwd knows; `name` gets the account's name there, or "". */
static bool passwd_lookup(const char *user, bool by_id, struct account *account, char *name)
{
    char *at = table_read("/etc/passwd");
    char *fields[FIELDS_MAX];
    while (at != NULL && *at != '\0') {
        uint32_t uid;
        uint32_t gid;
        size_t n = next_line(&at, fields);
        if (n <= FIELD_HOME || !parse_id(fields[FIELD_ID], &uid) ||
            !parse_id(fields[FIELD_GID], &gid) || strlen(fields[FIELD_NAME]) >= NAME_MAX_BYTES)
            continue;
        if (by_id ? uid != account->uid : strcmp(fields[FIELD_NAME], user) != 0)
            continue;
        account->uid = uid;
        account->gid = gid;
        copy_cut(account->home, sizeof(account->home), fields[FIELD_HOME]);
        copy_cut(name, NAME_MAX_BYTES, fields[FIELD_NAME]);
        return true;
    }
    return false;
}

static bool group_lookup(const char *group, gid_t *ret_gid)
{
    char *at = table_read("/etc/group");
    char *fields[FIELDS_MAX];
    while (at != NULL && *at != '\0') {
        uint32_t gid;
        if (next_line(&at, fields) <= FIELD_ID || strcmp(fields[FIELD_NAME], group) != 0 ||
            !parse_id(fields[FIELD_ID], &gid))
            continue;
        *ret_gid = gid;
        return true;
    }
    return false;
}

static void add_supplementary(const char *name, struct account *account)
{
    char *at = table_read("/etc/group");
    char *fields[FIELDS_MAX];
    while (at != NULL && *at != '\0' && account->n_groups < ACCOUNT_GROUPS_MAX) {
        uint32_t gid;
        if (next_line(&at, fields) > FIELD_MEMBERS && parse_id(fields[FIELD_ID], &gid) &&
            member_of(fields[FIELD_MEMBERS], name))
            account->groups[account->n_groups++] = gid;
    }
}

int account_find(const char *user, struct account *ret_account, const char **ret_problem)
{
    char who[NAME_MAX_BYTES];
    char name[NAME_MAX_BYTES] = "";
    copy_cut(who, sizeof(who), *user == '\0' ? "0" : user);
    char *group = who;
    (void)strsep(&group, ":");

    struct account account = {.home = "/"};
    bool by_id = parse_id(who, &account.uid);
    if (!passwd_lookup(who, by_id, &account, name) && !by_id) {
        *ret_problem = "user is not in the image's /etc/passwd";
        return -1;
    }
    if (group == NULL) {
        if (name[0] != '\0')
            add_supplementary(name, &account);
    } else if (!parse_id(group, &account.gid) && !group_lookup(group, &account.gid)) {
        *ret_problem = "group is not in the image's /etc/group";
        return -1;
    }
    *ret_account = account;
    return 0;
}

int account_forbid_capabilities(void)
{
    for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++) {
        if (prctl(PR_CAPBSET_DROP, capability) < 0)
            return -1;
    }
    return 0;
}

int account_become(const struct account *account)
{
    if (setgroups(account->n_groups, account->groups) < 0 ||
        setresgid(account->gid, account->gid, account->gid) < 0 ||
        setresuid(account->uid, account->uid, account->uid) < 0)
        return -1;
    return 0;
}
