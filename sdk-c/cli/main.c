/* SPDX-License-Identifier: Apache-2.0
 *
 * errand: finds the command, hands it its arguments.
 */
#include "arguments.h"
#include "command.h"
#include "complain.h"
#include "help.h"
#include "near_name.h"

#include <errand/version.h>

#include <stdio.h>
#include <string.h>

const struct flag common_flags[] = {
    {"url", 0, "URL", "the server; default: ERRAND_URL"},
    {"token", 0, "TOKEN", "who asks; default: ERRAND_TOKEN"},
    {"project", 0, "ID", "the project; default: ERRAND_PROJECT, else the token's"},
    {"ca-file", 0, "FILE", "PEM file of the authority to trust; default: ERRAND_CA_FILE"},
    {"json", 0, NULL, "print JSON"},
    {"help", 'h', NULL, "print this"},
};
const size_t n_common_flags = N_FLAGS(common_flags);

const struct command *const commands[] = {
    &up_command,          &down_command,        &status_command,        &runner_create_command,
    &runner_list_command, &runner_show_command, &runner_delete_command, &run_command,
    &runs_command,        &logs_command,        &stop_command,          &env_set_command,
    &env_list_command,    &env_rm_command,
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

static const struct command *find_command(int argc, char **argv, int *ret_words)
{
    for (size_t i = 0; i < n_commands; i++) {
        *ret_words = words_named(commands[i], argc, argv);
        if (*ret_words > 0)
            return commands[i];
    }
    return NULL;
}

static int complain_unknown(int argc, char **argv)
{
    char typed[64];
    struct near_name near;

    (void)snprintf(typed, sizeof(typed), "%s%s%s", argv[0], argc > 1 ? " " : "",
                   argc > 1 ? argv[1] : "");
    near = near_name_of(typed);
    for (size_t i = 0; i < n_commands; i++)
        near_name_offer(&near, commands[i]->name);
    near.typed = argv[0];
    for (size_t i = 0; i < n_commands; i++)
        near_name_offer(&near, commands[i]->name);
    if (near.best != NULL)
        return complain("unknown command '%s'; did you mean '%s'?", typed, near.best);
    return complain("unknown command '%s'; 'errand --help' lists them", typed);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments;
    int r = arguments_parse(command, argc, argv, &arguments);

    if (r == 0 && arguments_has(&arguments, "help"))
        help_print(stdout, command);
    else if (r == 0)
        r = command->run(&arguments);
    arguments_done(&arguments);
    if (fflush(stdout) != 0 && r == 0)
        r = complain_errno("write to standard output");
    return r;
}

int main(int argc, char **argv)
{
    const struct command *command;
    int n_words;

    argc--;
    argv++;
    if (argc == 0) {
        help_print_all(stderr);
        return EXIT_OURS;
    }
    if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0 ||
        strcmp(argv[0], "help") == 0) {
        help_print_all(stdout);
        return 0;
    }
    if (strcmp(argv[0], "--version") == 0) {
        (void)printf("errand %s\n", errand_version());
        return 0;
    }
    command = find_command(argc, argv, &n_words);
    if (command == NULL)
        return complain_unknown(argc, argv);
    return run(command, argc - n_words, argv + n_words);
}
