/* SPDX-License-Identifier: Apache-2.0
 *
 * errand: finds the command, hands it its arguments.
 */
#include "arguments.h"
#include "command.h"
#include "complain.h"
#include "complete.h"
#include "help.h"
#include "near_name.h"

#include <errand/version.h>

#include <stdio.h>
#include <string.h>

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
    if (strcmp(argv[0], "__complete") == 0)
        return complete(argc - 1, argv + 1);
    command = command_find(argc, argv, &n_words);
    if (command == NULL)
        return complain_unknown(argc, argv);
    return run(command, argc - n_words, argv + n_words);
}
