/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of commands.
 */
#include "command.h"

#include <string.h>

const struct flag common_flags[] = {
    {"url", 0, "URL", "the server; default: ERRAND_URL"},
    {"token", 0, "TOKEN", "who asks; default: ERRAND_TOKEN"},
    {"context", 0, "NAME", "one that 'errand login' keeps; default: ERRAND_CONTEXT"},
    {"project", 0, "ID", "the project; default: ERRAND_PROJECT, else the token's"},
    {"ca-file", 0, "FILE", "PEM file of the authority to trust; default: ERRAND_CA_FILE"},
    {"json", 0, NULL, "print JSON"},
    {"help", 'h', NULL, "print this"},
};
const size_t n_common_flags = N_FLAGS(common_flags);

const struct command *const commands[] = {
    &up_command,          &down_command,         &status_command,        &runner_create_command,
    &runner_list_command, &runner_show_command,  &runner_delete_command, &run_command,
    &runs_command,        &logs_command,         &stop_command,          &env_set_command,
    &env_list_command,    &env_rm_command,       &completion_command,    &login_command,
    &logout_command,      &context_list_command, &context_use_command,
};
const size_t n_commands = sizeof(commands) / sizeof(commands[0]);

/* How many of the words name `command`: 0 when they do not. */
static int words_named(const struct command *command, int argc, char **argv)
{
    const char *name = command->name;
    const char *space = strchr(name, ' ');
    size_t n_first = space == NULL ? strlen(name) : (size_t)(space - name);

    if (argc < 1 || strlen(argv[0]) != n_first || memcmp(argv[0], name, n_first) != 0)
        return 0;
    if (space == NULL)
        return 1;
    return argc > 1 && strcmp(argv[1], space + 1) == 0 ? 2 : 0;
}

const struct command *command_find(int argc, char **argv, int *ret_words)
{
    for (size_t i = 0; i < n_commands; i++) {
        *ret_words = words_named(commands[i], argc, argv);
        if (*ret_words > 0)
            return commands[i];
    }
    return NULL;
}
