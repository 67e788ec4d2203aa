/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs in a container and tries to do what a container should not: `prober [NAME...]` prints a line
 * for each attempt, "name: allowed" or "name: EPERM". Static, for it runs in strangers' images.
 *
 * An attempt that is allowed on a machine that has no sandbox must do no harm there: it opens and
 * does not write, or asks for what cannot be.
 */
#include "attempt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int is_chosen(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0)
            return 1;
    }
    return argc == 1;
}

static void try_all(const struct attempt *attempts, int argc, char **argv)
{
    for (; attempts->name != NULL; attempts++) {
        if (!is_chosen(attempts->name, argc, argv))
            continue;
        int errnum = attempts->make();
        const char *how = errnum == 0 ? "allowed" : strerrorname_np(errnum);
        (void)printf("%s: %s\n", attempts->name, how == NULL ? "refused" : how);
        (void)fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    if (strcmp(argv[0], "prober-setuid") == 0)
        return geteuid() == 0 ? 0 : EPERM;
    try_all(kernel_attempts, argc, argv);
    try_all(file_attempts, argc, argv);
    try_all(process_attempts, argc, argv);
    return 0;
}
