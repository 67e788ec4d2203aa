/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/address_lease.h"

#include "base/file.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define PATH_BYTES (sizeof(ADDRESS_LEASE_DIR) + 1 + ADDRESS_LEASE_NAME_BYTES)
#define OWNER_BYTES 128

static int lease_path(const char *bridge, uint32_t address, char path[PATH_BYTES])
{
    char text[INET_ADDRSTRLEN];
    int n = snprintf(path, PATH_BYTES, ADDRESS_LEASE_DIR "/%s/%s", bridge,
                     subnet_address_text(address, text));
    return n > 0 && (size_t)n < PATH_BYTES ? 0 : -1;
}

int address_lease_make_dir(const char *bridge, struct err *e)
{
    char path[PATH_BYTES];
    int n = snprintf(path, sizeof(path), ADDRESS_LEASE_DIR "/%s", bridge);
    if (n < 0 || (size_t)n >= sizeof(path))
        return err_set(e, ERR_INVALID, "the bridge's name is too long");
    return dir_make(path, 0700, e);
}

/* Where to begin looking: anywhere, for then the first try nearly always hits, and an address is
 * not used again while what its last holder left is still vanishing. */
static uint32_t begin(uint32_t size)
{
    uint32_t random = 0;
    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
        random = (uint32_t)getpid();
    return random % size;
}

int address_lease_take(const char *bridge, const struct subnet *subnet, const char *owner,
                       struct address_lease *ret_lease, struct err *e)
{
    char path[PATH_BYTES];
    struct address_lease lease = {.address = 0};
    size_t n = strlen(bridge);
    uint32_t size = subnet_size(subnet);
    uint32_t first = begin(size);
    if (n >= sizeof(lease.bridge))
        return err_set(e, ERR_INVALID, "the bridge's name is too long");
    memcpy(lease.bridge, bridge, n);
    for (uint32_t i = 0; i < size; i++) {
        lease.address = subnet_address(subnet, (first + i) % size);
        if (lease_path(bridge, lease.address, path) == 0 && symlink(owner, path) == 0) {
            *ret_lease = lease;
            return 0;
        }
        if (errno != EEXIST)
            return err_errno(e, errno, "take an address of %s", bridge);
    }
    return err_set(e, ERR_LIMIT, "all %u addresses of %s are taken", size, bridge);
}

static bool is_of(int dir_fd, const char *name, const char *owner)
{
    char text[OWNER_BYTES];
    ssize_t n = readlinkat(dir_fd, name, text, sizeof(text));
    return n > 0 && (size_t)n == strlen(owner) && memcmp(text, owner, (size_t)n) == 0;
}

static bool find_at(const char *bridge, const char *owner, struct address_lease *ret_lease)
{
    char path[PATH_BYTES];
    struct in_addr address;
    bool found = false;
    int n = snprintf(path, sizeof(path), ADDRESS_LEASE_DIR "/%.*s", IFNAMSIZ - 1, bridge);
    DIR *dir = n < 0 ? NULL : opendir(path);
    const struct dirent *entry;
    while (!found && dir != NULL && (entry = readdir(dir)) != NULL)
        found = inet_pton(AF_INET, entry->d_name, &address) == 1 &&
                is_of(dirfd(dir), entry->d_name, owner);
    if (dir != NULL)
        (void)closedir(dir);
    if (!found)
        return false;
    n = snprintf(ret_lease->bridge, sizeof(ret_lease->bridge), "%.*s", IFNAMSIZ - 1, bridge);
    ret_lease->address = n < 0 ? 0 : ntohl(address.s_addr);
    return true;
}

void address_lease_find(const char *owner, struct address_lease *ret_lease)
{
    bool found = false;
    DIR *dir = opendir(ADDRESS_LEASE_DIR);
    const struct dirent *entry;
    ret_lease->address = 0;
    while (!found && dir != NULL && (entry = readdir(dir)) != NULL)
        found = entry->d_name[0] != '.' && find_at(entry->d_name, owner, ret_lease);
    if (dir != NULL)
        (void)closedir(dir);
}

void address_lease_release(struct address_lease *lease)
{
    char path[PATH_BYTES];
    if (lease->address != 0 && lease_path(lease->bridge, lease->address, path) == 0)
        (void)unlink(path);
    lease->address = 0;
}
