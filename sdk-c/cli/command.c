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
    {"json", 0, NULL, "print JSON: an object, or of lists an object a line"},
    {"quiet", 'q', NULL, "print ids only, or nothing; failures are told all the same"},
    {"help", 'h', NULL, "print this"},
};
const size_t n_common_flags = N_FLAGS(common_flags);

const char plain_exit_status[] = "  0    it is done\n"
                                 "  125  it is not; the reason is on standard error";

const struct command *const commands[] = {
    &up_command,
    &down_command,
    &status_command,
    &runner_create_command,
    &runner_list_command,
    &runner_show_command,
    &runner_edit_command,
    &runner_delete_command,
    &runner_warmup_command,
    &apply_command,
    &run_command,
    &runs_command,
    &show_command,
    &logs_command,
    &stop_command,
    &env_set_command,
    &env_list_command,
    &env_rm_command,
    &doctor_command,
    &top_command,
    &hypervisors_command,
    &hypervisors_cordon_command,
    &hypervisors_uncordon_command,
    &hypervisors_drain_command,
    &tokens_command,
    &tokens_create_command,
    &tokens_delete_command,
    &login_command,
    &logout_command,
    &context_list_command,
    &context_use_command,
    &call_command,
    &completion_command,
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

/* The longest name wins: "tokens create" is not "tokens" with a word behind it. */
const struct command *command_find(int argc, char **argv, int *ret_words)
{
    const struct command *found = NULL;

    *ret_words = 0;
    for (size_t i = 0; i < n_commands; i++) {
        int n = words_named(commands[i], argc, argv);

        if (n > *ret_words) {
            *ret_words = n;
            found = commands[i];
        }
    }
    return found;
}
