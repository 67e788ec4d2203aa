/* SPDX-License-Identifier: Apache-2.0
 *
 * Two columns, the left one as wide as its widest entry.
 */
#include "help.h"

#include <string.h>

static int left_text(const struct flag *flag, char *ret_text, size_t n)
{
    char letter[5] = "    ";

    if (flag->letter != 0)
        (void)snprintf(letter, sizeof(letter), "-%c, ", flag->letter);
    return snprintf(ret_text, n, "%s--%s%s%s", letter, flag->name, flag->value == NULL ? "" : " ",
                    flag->value == NULL ? "" : flag->value);
}

static void print_flags(FILE *out, const char *title, const struct flag *flags, size_t n)
{
    char left[64];
    int width = 0;

    if (n == 0)
        return;
    (void)fprintf(out, "\n%s:\n", title);
    for (size_t i = 0; i < n; i++) {
        int w = left_text(&flags[i], left, sizeof(left));

        width = w > width ? w : width;
    }
    for (size_t i = 0; i < n; i++) {
        (void)left_text(&flags[i], left, sizeof(left));
        (void)fprintf(out, "  %-*s  %s\n", width, left, flags[i].help);
    }
}

void help_print_all(FILE *out)
{
    int width = 0;

    (void)fputs("errand: runs containers on demand\n\n"
                "usage: errand COMMAND [flags]\n\ncommands:\n",
                out);
    for (size_t i = 0; i < n_commands; i++) {
        int w = (int)strlen(commands[i]->name);

        width = w > width ? w : width;
    }
    for (size_t i = 0; i < n_commands; i++)
        (void)fprintf(out, "  %-*s  %s\n", width, commands[i]->name, commands[i]->summary);
    print_flags(out, "flags of every command", common_flags, n_common_flags);
    (void)fputs(
        "\nThe server is ERRAND_URL, the token ERRAND_TOKEN, the project ERRAND_PROJECT, the\n"
        "authority to trust for https ERRAND_CA_FILE.\n"
        "Where they are not set: the local stack's file .errand/env, else 'errand login'.\n"
        "Exit status: 0, or 125 for a failure of errand itself; 'errand run' exits with\n"
        "the container's own.\n",
        out);
}

void help_print(FILE *out, const struct command *command)
{
    (void)fprintf(out, "errand %s: %s\n\nusage: errand %s %s\n", command->name, command->summary,
                  command->name, command->synopsis);
    if (command->details != NULL)
        (void)fprintf(out, "\n%s\n", command->details);
    print_flags(out, "flags", command->flags, command->n_flags);
    print_flags(out, "flags of every command", common_flags, n_common_flags);
    if (command->exit_status != NULL)
        (void)fprintf(out, "\nexit status:\n%s\n", command->exit_status);
    if (command->examples != NULL)
        (void)fprintf(out, "\nexamples:\n%s\n", command->examples);
}
