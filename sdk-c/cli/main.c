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

#define LEADING_MAX 16

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

/* How many arguments at the front are flags of every command, with their values. */
static int leading_flags(int argc, char **argv)
{
    int n = 0;

    while (n < argc && strncmp(argv[n], "--", 2) == 0 && argv[n][2] != '\0') {
        const struct flag *found = NULL;

        for (size_t i = 0; i < n_common_flags; i++) {
            if (strncmp(argv[n] + 2, common_flags[i].name, strlen(common_flags[i].name)) == 0)
                found = &common_flags[i];
        }
        if (found == NULL)
            break;
        n += found->value != NULL && strchr(argv[n], '=') == NULL ? 2 : 1;
    }
    return n < argc ? n : 0;
}

/* "--url U runs -n 5" as "runs --url U -n 5": flags may come before the command. */
static void move_flags_back(char **argv, int n_flags, int n_words)
{
    char *moved[LEADING_MAX];

    memcpy(moved, argv, (size_t)n_flags * sizeof(*argv));
    memmove(argv, argv + n_flags, (size_t)n_words * sizeof(*argv));
    memcpy(argv + n_words, moved, (size_t)n_flags * sizeof(*argv));
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
    int n_flags;
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
    n_flags = leading_flags(argc, argv);
    if (n_flags > LEADING_MAX)
        n_flags = 0;
    command = command_find(argc - n_flags, argv + n_flags, &n_words);
    if (command == NULL)
        return complain_unknown(argc - n_flags, argv + n_flags);
    move_flags_back(argv, n_flags, n_words);
    return run(command, argc - n_words, argv + n_words);
}
