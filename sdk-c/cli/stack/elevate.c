/* SPDX-License-Identifier: Apache-2.0
 *
 * sudo is asked for a password only where there is a terminal to type it on.
 */
#include "stack/elevate.h"

#include "complain.h"
#include "stack/programs.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 32

static int sudo_needs_password(void)
{
    pid_t child = fork();
    int status = -1;

    if (child == 0) {
        (void)!freopen("/dev/null", "w", stderr);
        (void)execlp("sudo", "sudo", "-n", "true", (char *)NULL);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0)
        return 1;
    return status != 0;
}

/* "--name", and "--name" "value": what the user gave, DIR excepted, which is now absolute. */
static size_t repeat_flags(const struct arguments *arguments, char texts[][PLACE_BYTES], size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < arguments->n_flags && n < max; i++) {
        const struct given_flag *given = &arguments->flags[i];

        if (strcmp(given->flag->name, "data") != 0)
            (void)snprintf(texts[n++], PLACE_BYTES, "--%s%s%s", given->flag->name,
                           given->value == NULL ? "" : "=",
                           given->value == NULL ? "" : given->value);
    }
    return n;
}

int elevate(const struct arguments *arguments, const struct places *places)
{
    static char self[PATH_MAX];
    static char command[64];
    static char data_flag[] = "--data";
    static char data[PLACE_BYTES];
    static char flags[ARGUMENTS_MAX - 8][PLACE_BYTES];
    static char sudo[] = "sudo";
    static char dashes[] = "--";
    char *argv[ARGUMENTS_MAX] = {sudo, dashes, self, command, data_flag, data};
    size_t n_flags;

    if (geteuid() == 0)
        return 0;
    if (program_self(self) != 0)
        return EXIT_OURS;
    if (!isatty(STDIN_FILENO) && sudo_needs_password())
        return complain("%s needs root, to run containers: no sudo here without a password, and "
                        "no terminal to ask for it; run it as root",
                        arguments->command->name);
    (void)snprintf(command, sizeof(command), "%s", arguments->command->name);
    (void)snprintf(data, sizeof(data), "%s", places->data);
    n_flags = repeat_flags(arguments, flags, ARGUMENTS_MAX - 8);
    for (size_t i = 0; i < n_flags; i++)
        argv[6 + i] = flags[i];
    (void)execvp("sudo", argv);
    return complain_errno("%s needs root, to run containers, and sudo cannot be run",
                          arguments->command->name);
}
