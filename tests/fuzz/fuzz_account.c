/* SPDX-License-Identifier: Apache-2.0
 *
 * A user as an image names one, and the image's own /etc/passwd and /etc/group: "user\0passwd\0
 * group". Files are opened in memory (open is wrapped), and what is allocated until exec is given
 * back (calloc is).
 */
#include "fuzz/fuzz.h"

#include "init/account.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#define KEPT_MAX 16

static struct {
    bool is_on;
    void *memory[KEPT_MAX];
    size_t n;
} kept;

static struct {
    const char *text;
    size_t n;
} files[2];

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

void *__wrap_calloc(size_t n, size_t size)
{
    void *memory = __real_calloc(n, size);
    if (kept.is_on && kept.n < KEPT_MAX)
        kept.memory[kept.n++] = memory;
    return memory;
}

int __wrap_open(const char *path, int flags, ...)
{
    if (!kept.is_on)
        return __real_open(path, flags);
    size_t i = strcmp(path, "/etc/passwd") == 0 ? 0 : 1;
    int fd = memfd_create("table", MFD_CLOEXEC);
    FUZZ_ASSERT(fd >= 0 && write(fd, files[i].text, files[i].n) == (ssize_t)files[i].n);
    FUZZ_ASSERT(lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

static bool is_number(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static void check(const char *user, const struct account *account)
{
    FUZZ_ASSERT(account->n_groups <= ACCOUNT_GROUPS_MAX);
    FUZZ_ASSERT(account->uid != (uid_t)-1 && account->gid != (gid_t)-1);
    FUZZ_ASSERT(memchr(account->home, '\0', sizeof(account->home)) != NULL);
    FUZZ_ASSERT(strchr(user, ':') == NULL || account->n_groups == 0);
    if (is_number(user) && strlen(user) < 10)
        FUZZ_ASSERT(account->uid == (uid_t)strtoul(user, NULL, 10));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct account account;
    const char *problem = NULL;
    char *text = fuzz_text(data, n);
    const char *user = text;
    const char *at = text + strlen(user);
    for (size_t i = 0; i < 2; i++) {
        at += at < text + n;
        files[i].text = at;
        files[i].n = i == 0 ? strlen(at) : (size_t)(text + n - at);
        at += files[i].n;
    }
    kept.is_on = true;
    int r = account_find(user, &account, &problem);
    kept.is_on = false;
    if (r == 0)
        check(user, &account);
    else
        FUZZ_ASSERT(problem != NULL);
    while (kept.n > 0)
        free(kept.memory[--kept.n]);
    free(text);
    return 0;
}
