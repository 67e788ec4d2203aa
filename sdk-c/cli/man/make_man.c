/* SPDX-License-Identifier: Apache-2.0
 *
 * Write the manual pages errand(1) and errand-COMMAND(1) into a directory, from the tables that
 * --help prints. Part of the build: make_man DIR
 */
#include "command.h"

#include <errand/version.h>

#include <stdio.h>
#include <string.h>

/* A hyphen that is meant, a backslash, and a dot where a line begins. */
static void put_text(FILE *out, const char *text)
{
    int at_start = 1;

    for (; *text != '\0'; text++) {
        if (at_start && (*text == '.' || *text == '\''))
            (void)fputs("\\&", out);
        if (*text == '-')
            (void)fputs("\\-", out);
        else if (*text == '\\')
            (void)fputs("\\e", out);
        else
            (void)fputc(*text, out);
        at_start = *text == '\n';
    }
}

/* Text that is laid out: blank lines part paragraphs, indented lines stay as they are. */
static void put_paragraphs(FILE *out, const char *text)
{
    int is_fixed = 0;

    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        char line[256];
        int fixed = *text == ' ';

        if (fixed != is_fixed)
            (void)fputs(fixed ? ".nf\n" : ".fi\n", out);
        is_fixed = fixed;
        (void)snprintf(line, sizeof(line), "%.*s", (int)n, text);
        if (n == 0)
            (void)fputs(".PP", out);
        else
            put_text(out, line);
        (void)fputc('\n', out);
        text += n + (text[n] == '\n');
    }
    if (is_fixed)
        (void)fputs(".fi\n", out);
}

static void put_flags(FILE *out, const char *title, const struct flag *flags, size_t n)
{
    if (n > 0)
        (void)fprintf(out, ".SH %s\n", title);
    for (size_t i = 0; i < n; i++) {
        (void)fputs(".TP\n.BR ", out);
        if (flags[i].letter != 0)
            (void)fprintf(out, "\\-%c \", \" ", flags[i].letter);
        (void)fputs("\\-\\-", out);
        put_text(out, flags[i].name);
        if (flags[i].value != NULL)
            (void)fprintf(out, " \" \\fI%s\\fP\"", flags[i].value);
        (void)fputc('\n', out);
        put_text(out, flags[i].help);
        (void)fputc('\n', out);
    }
}

static void put_head(FILE *out, const char *page, const char *name, const char *summary)
{
    (void)fprintf(out, ".TH %s 1 \"\" \"Errand %s\" \"Errand\"\n.SH NAME\n", page,
                  errand_version());
    put_text(out, name);
    (void)fputs(" \\- ", out);
    put_text(out, summary);
    (void)fputs("\n.SH SYNOPSIS\n", out);
}

static void put_environment(FILE *out)
{
    (void)fputs(".SH ENVIRONMENT\n"
                ".TP\n.B ERRAND_URL\nthe server, http(s)://host:port\n"
                ".TP\n.B ERRAND_TOKEN\nwho asks\n"
                ".TP\n.B ERRAND_PROJECT\nthe project; default: the token's\n"
                ".TP\n.B ERRAND_CA_FILE\nPEM file of the authority to trust for https\n"
                ".TP\n.B ERRAND_CONTEXT\none that errand\\-login(1) keeps\n"
                ".PP\nWhere they are not set: the file \\fI.errand/env\\fP of a local stack, else\n"
                "the current context of \\fI~/.config/errand/config.json\\fP.\n",
                out);
}

/* "runner create" is described in errand-runner-create(1). */
static void page_name(const struct command *command, char ret_name[64])
{
    (void)snprintf(ret_name, 64, "errand-%s", command->name);
    for (char *space = ret_name; (space = strchr(space, ' ')) != NULL;)
        *space = '-';
}

static FILE *open_page(const char *dir, const char *name)
{
    char path[4096];
    FILE *out;

    (void)snprintf(path, sizeof(path), "%s/%s.1", dir, name);
    out = fopen(path, "we");
    if (out == NULL)
        perror(path);
    return out;
}

static int close_page(FILE *out)
{
    int failed = ferror(out);

    return fclose(out) != 0 || failed ? -1 : 0;
}

/* NULL: as every command. */
static void put_exit_status(FILE *out, const char *text)
{
    (void)fputs(".SH EXIT STATUS\n", out);
    put_paragraphs(out, text != NULL ? text : plain_exit_status);
}

/* The overview, and the commands whose first word is the same. */
static void put_see_also(FILE *out, const struct command *command)
{
    size_t n = strcspn(command->name, " ");

    (void)fputs(".SH SEE ALSO\n.BR errand (1)", out);
    for (size_t i = 0; i < n_commands; i++) {
        char name[64];

        if (commands[i] == command || strcspn(commands[i]->name, " ") != n ||
            strncmp(commands[i]->name, command->name, n) != 0)
            continue;
        page_name(commands[i], name);
        (void)fputs(",\n.BR ", out);
        put_text(out, name);
        (void)fputs(" (1)", out);
    }
    (void)fputc('\n', out);
}

static int write_command(const char *dir, const struct command *command)
{
    char name[64];
    FILE *out;

    page_name(command, name);
    out = open_page(dir, name);
    if (out == NULL)
        return -1;
    put_head(out, name, name, command->summary);
    (void)fprintf(out, ".B errand %s\n", command->name);
    put_text(out, command->synopsis);
    (void)fputs("\n.SH DESCRIPTION\n", out);
    put_paragraphs(out, command->details != NULL ? command->details : command->summary);
    put_flags(out, "OPTIONS", command->flags, command->n_flags);
    put_flags(out, "COMMON OPTIONS", common_flags, n_common_flags);
    if (command->examples != NULL) {
        (void)fputs(".SH EXAMPLES\n", out);
        put_paragraphs(out, command->examples);
    }
    put_exit_status(out, command->exit_status);
    put_environment(out);
    put_see_also(out, command);
    return close_page(out);
}

static int write_overview(const char *dir)
{
    FILE *out = open_page(dir, "errand");

    if (out == NULL)
        return -1;
    put_head(out, "errand", "errand", "run containers on demand");
    (void)fputs(
        ".B errand\n\\fICOMMAND\\fP [flags]\n.SH DESCRIPTION\n"
        "The command line of Errand: it starts runs of stored runners, follows their logs,\n"
        "and brings up a stack of its own on this machine.\n.SH COMMANDS\n",
        out);
    for (size_t i = 0; i < n_commands; i++) {
        char name[64];

        page_name(commands[i], name);
        (void)fputs(".TP\n.BR ", out);
        put_text(out, name);
        (void)fputs(" (1)\n", out);
        put_text(out, commands[i]->summary);
        (void)fputc('\n', out);
    }
    put_flags(out, "COMMON OPTIONS", common_flags, n_common_flags);
    put_exit_status(out, run_command.exit_status);
    put_environment(out);
    return close_page(out);
}

int main(int argc, char **argv)
{
    int r;

    if (argc != 2) {
        (void)fputs("usage: make_man DIR\n", stderr);
        return 2;
    }
    r = write_overview(argv[1]);
    for (size_t i = 0; r == 0 && i < n_commands; i++)
        r = write_command(argv[1], commands[i]);
    return r == 0 ? 0 : 1;
}
