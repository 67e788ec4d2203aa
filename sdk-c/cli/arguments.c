/* SPDX-License-Identifier: Apache-2.0
 *
 * --name=value, --name value, -xvalue, -x value; "--" ends flags and words.
 */
#include "arguments.h"

#include "complain.h"
#include "near_name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct flag *flag_at(const struct command *command, size_t i)
{
    if (i < command->n_flags)
        return &command->flags[i];
    i -= command->n_flags;
    return i < n_common_flags ? &common_flags[i] : NULL;
}

static const struct flag *find_long(const struct command *command, const char *name, size_t n)
{
    const struct flag *flag;

    for (size_t i = 0; (flag = flag_at(command, i)) != NULL; i++) {
        if (strlen(flag->name) == n && memcmp(flag->name, name, n) == 0)
            return flag;
    }
    return NULL;
}

static const struct flag *find_short(const struct command *command, char letter)
{
    const struct flag *flag;

    for (size_t i = 0; (flag = flag_at(command, i)) != NULL; i++) {
        if (flag->letter != 0 && flag->letter == letter)
            return flag;
    }
    return NULL;
}

static int complain_unknown_flag(const struct command *command, const char *given)
{
    struct near_name near = near_name_of(given + strspn(given, "-"));
    const struct flag *flag;

    for (size_t i = 0; (flag = flag_at(command, i)) != NULL; i++)
        near_name_offer(&near, flag->name);
    if (near.best != NULL)
        return complain("%s: unknown flag '%s'; did you mean '--%s'?", command->name, given,
                        near.best);
    return complain("%s: unknown flag '%s'; see 'errand %s --help'", command->name, given,
                    command->name);
}

/* One flag at argv[*i], which moves on when the value is the next argument. */
static int parse_flag(struct arguments *arguments, int argc, char **argv, int *i)
{
    const char *given = argv[*i];
    int is_long = given[1] == '-';
    const char *equals = is_long ? strchr(given, '=') : NULL;
    size_t n = equals != NULL ? (size_t)(equals - given) - 2 : strlen(given) - 2;
    const struct flag *flag = is_long ? find_long(arguments->command, given + 2, n)
                                      : find_short(arguments->command, given[1]);
    const char *value = equals != NULL ? equals + 1 : NULL;

    if (flag == NULL)
        return complain_unknown_flag(arguments->command, given);
    if (!is_long && given[2] != '\0')
        value = given + 2;
    if (flag->value == NULL && value != NULL)
        return complain("%s: --%s takes no value", arguments->command->name, flag->name);
    if (flag->value != NULL && value == NULL) {
        if (*i + 1 == argc)
            return complain("%s: --%s needs a value: --%s %s", arguments->command->name, flag->name,
                            flag->name, flag->value);
        value = argv[++*i];
    }
    arguments->flags[arguments->n_flags++] = (struct given_flag){flag, value};
    return 0;
}

static int check_words(const struct arguments *arguments)
{
    const struct command *command = arguments->command;

    if (arguments_has(arguments, "help"))
        return 0;
    if (arguments->n_words < command->min_words)
        return complain("usage: errand %s %s", command->name, command->synopsis);
    if (arguments->n_words > command->max_words)
        return complain("%s: unexpected word '%s'%s", command->name,
                        arguments->words[command->max_words],
                        command->takes_rest ? "; the container's arguments come after '--'" : "");
    if (arguments->has_rest && !command->takes_rest)
        return complain("%s: takes nothing after '--'", command->name);
    return 0;
}

int arguments_parse(const struct command *command, int argc, char **argv,
                    struct arguments *ret_arguments)
{
    size_t n = (size_t)argc + 1;
    int r = 0;

    *ret_arguments = (struct arguments){.command = command,
                                        .flags = calloc(n, sizeof(struct given_flag)),
                                        .words = calloc(n, sizeof(char *))};
    if (ret_arguments->flags == NULL || ret_arguments->words == NULL)
        return complain("out of memory");

    for (int i = 0; r == 0 && i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            ret_arguments->has_rest = 1;
            ret_arguments->rest = (const char *const *)(argv + i + 1);
            ret_arguments->n_rest = (size_t)(argc - i - 1);
            break;
        }
        if (argv[i][0] == '-' && argv[i][1] != '\0')
            r = parse_flag(ret_arguments, argc, argv, &i);
        else
            ret_arguments->words[ret_arguments->n_words++] = argv[i];
    }
    return r == 0 ? check_words(ret_arguments) : r;
}

void arguments_done(struct arguments *arguments)
{
    free(arguments->flags);
    free(arguments->words);
}

int arguments_has(const struct arguments *arguments, const char *name)
{
    for (size_t i = 0; i < arguments->n_flags; i++) {
        if (strcmp(arguments->flags[i].flag->name, name) == 0)
            return 1;
    }
    return 0;
}

const char *arguments_value(const struct arguments *arguments, const char *name)
{
    for (size_t i = arguments->n_flags; i > 0; i--) {
        if (strcmp(arguments->flags[i - 1].flag->name, name) == 0)
            return arguments->flags[i - 1].value;
    }
    return NULL;
}

const char *arguments_nth(const struct arguments *arguments, const char *name, size_t i)
{
    for (size_t k = 0; k < arguments->n_flags; k++) {
        if (strcmp(arguments->flags[k].flag->name, name) == 0 && i-- == 0)
            return arguments->flags[k].value;
    }
    return NULL;
}

int arguments_number(const struct arguments *arguments, const char *name, unsigned min,
                     unsigned max, unsigned fallback, unsigned *ret_number)
{
    const char *text = arguments_value(arguments, name);
    unsigned long number;
    char *end;

    *ret_number = fallback;
    if (text == NULL)
        return 0;
    errno = 0;
    number = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number < min ||
        number > max)
        return complain("%s: --%s is '%s', but must be a number from %u to %u",
                        arguments->command->name, name, text, min, max);
    *ret_number = (unsigned)number;
    return 0;
}
