/* SPDX-License-Identifier: Apache-2.0
 *
 * Directories of a local stack.
 */
#include "stack/places.h"

#include "complain.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_STATE "/var/lib/errand"
/* The longest socket below is agent/runs/<36>/<attempt>/control.sock, and 107 bytes are allowed. */
#define LONGEST_STATE 42

const char *places_data(const struct places *places, const char *name, char ret_path[PLACE_BYTES])
{
    (void)snprintf(ret_path, PLACE_BYTES, "%s/%s", places->data, name);
    return ret_path;
}

const char *places_state(const struct places *places, const char *name, char ret_path[PLACE_BYTES])
{
    (void)snprintf(ret_path, PLACE_BYTES, "%s/%s", places->state, name);
    return ret_path;
}

/* 0, or -1 when it does not fit. */
static int copy_path(char *to, size_t n_to, const char *from)
{
    size_t n = strlen(from);

    if (n >= n_to)
        return -1;
    memcpy(to, from, n + 1);
    return 0;
}

/* Make a directory for `owner` unless it is there. 0, or -1 with errno. */
static int make_directory(const char *path, mode_t mode, uid_t owner, gid_t group)
{
    if (mkdir(path, mode) < 0)
        return errno == EEXIST ? 0 : -1;
    return chown(path, owner, group);
}

/* Those above it too. */
static int make_directories(const char *path, mode_t mode, uid_t owner, gid_t group)
{
    char copy[PLACE_BYTES];

    (void)snprintf(copy, sizeof(copy), "%s", path);
    for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (make_directory(copy, 0755, owner, group) < 0)
            return -1;
        *slash = '/';
    }
    return make_directory(copy, mode, owner, group);
}

/* One that is there is given to `owner`, too. */
static int make_owned(const char *path, mode_t mode, uid_t owner, gid_t group)
{
    if (make_directories(path, mode, owner, group) < 0 || chown(path, owner, group) < 0 ||
        chmod(path, mode) < 0)
        return complain_errno("make %s", path);
    return 0;
}

static const char *default_data(char ret_path[PLACE_BYTES])
{
    const char *home = getenv("HOME");

    if (access(".errand", F_OK) == 0 ||
        (access("sdk-c", F_OK) == 0 && access("CMakePresets.json", F_OK) == 0))
        return ".errand";
    (void)snprintf(ret_path, PLACE_BYTES, "%s/.local/state/errand", home == NULL ? "" : home);
    return ret_path;
}

/* Without a link in what exists of it; what does not exist yet is appended as it is. */
static int resolve(const char *path, char ret_path[PATH_MAX])
{
    char parent[PATH_MAX];
    char *slash;

    if (realpath(path, ret_path) != NULL)
        return 0;
    if (errno != ENOENT || strlen(path) >= sizeof(parent) - 2)
        return -1;
    (void)snprintf(parent, sizeof(parent), "%s%s", path[0] == '/' ? "" : "./", path);
    while (parent[1] != '\0' && parent[strlen(parent) - 1] == '/')
        parent[strlen(parent) - 1] = '\0';
    slash = strrchr(parent, '/');
    if (slash == parent) {
        (void)snprintf(ret_path, PATH_MAX, "%s", parent);
        return 0;
    }
    *slash = '\0';
    if (resolve(parent, ret_path) < 0)
        return -1;
    (void)snprintf(ret_path + strlen(ret_path), PATH_MAX - strlen(ret_path), "/%s", slash + 1);
    return 0;
}

int places_find(const struct arguments *arguments, struct places *ret_places)
{
    const char *given = arguments_value(arguments, "data");
    char fallback[PLACE_BYTES];
    char resolved[PATH_MAX];
    char link[PLACE_BYTES];

    if (given == NULL)
        given = default_data(fallback);
    if (given[0] == '\0')
        return complain("--data is empty");
    if (resolve(given, resolved) < 0)
        return complain_errno("%s", given);
    if (copy_path(ret_places->data, sizeof(ret_places->data), resolved) < 0)
        return complain("--data is too long: %s", resolved);
    if (realpath(places_data(ret_places, "state", link), resolved) == NULL ||
        copy_path(ret_places->state, sizeof(ret_places->state), resolved) < 0)
        ret_places->state[0] = '\0';
    return 0;
}

/* FNV-1a: a short name for a path, the same one every time. */
static uint64_t path_hash(const char *path)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (; *path != '\0'; path++)
        hash = (hash ^ (unsigned char)*path) * UINT64_C(0x100000001b3);
    return hash;
}

/* Choose where the state is and leave DIR/state to say so. */
static int choose_state(struct places *places, const struct account *service)
{
    char link[PLACE_BYTES];

    (void)places_data(places, "state", link);
    if (strlen(link) <= LONGEST_STATE && account_can_enter(service, places->data))
        return copy_path(places->state, sizeof(places->state), link);
    (void)snprintf(places->state, sizeof(places->state), SYSTEM_STATE "/%016" PRIx64,
                   path_hash(places->data));
    if (make_directories(places->state, 0711, 0, 0) < 0)
        return complain_errno("make %s", places->state);
    if (unlink(link) < 0 && errno != ENOENT)
        return complain_errno("replace %s", link);
    return symlink(places->state, link) < 0 ? complain_errno("make %s", link) : 0;
}

int places_make(struct places *places, const struct account *service, const struct account *invoker)
{
    char path[PLACE_BYTES];
    struct stat existing;
    int r = 0;

    /* A directory that was there keeps its owner. */
    if (stat(places->data, &existing) < 0)
        r = make_owned(places->data, 0755, invoker->uid, invoker->gid);
    if (r == 0)
        r = make_owned(places_data(places, "log", path), 0755, invoker->uid, invoker->gid);
    if (r == 0)
        r = make_owned(places_data(places, "pid", path), 0755, invoker->uid, invoker->gid);
    if (r == 0 && places->state[0] == '\0')
        r = choose_state(places, service);
    if (r == 0)
        r = make_owned(places->state, 0711, 0, 0);
    if (r == 0)
        r = make_owned(places_state(places, "run", path), 0711, service->uid, service->gid);
    if (r == 0)
        r = make_owned(places_state(places, "keys", path), 0700, service->uid, service->gid);
    if (r == 0)
        r = make_owned(places_state(places, "agent", path), 0711, 0, 0);
    return r;
}

int places_lock(const struct places *places)
{
    char path[PLACE_BYTES];
    int fd = open(places_data(places, "lock", path), O_RDWR | O_CREAT | O_CLOEXEC, 0644);

    if (fd < 0 || flock(fd, LOCK_EX) < 0) {
        (void)complain_errno("lock %s", path);
        if (fd >= 0)
            (void)close(fd);
        return -1;
    }
    return fd;
}
