/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line of one command: flags in any place, words, and what follows "--".
 */
#ifndef ERRAND_CLI_ARGUMENTS_H
#define ERRAND_CLI_ARGUMENTS_H

#include <stddef.h>

#include "command.h"

struct given_flag {
    const struct flag *flag;
    const char *value; /* NULL for a switch */
};

struct arguments {
    const struct command *command;
    struct given_flag *flags; /* owned; values borrowed from argv */
    size_t n_flags;
    const char **words; /* owned array, borrowed texts */
    size_t n_words;
    const char *const *rest; /* after "--"; borrowed */
    size_t n_rest;
    int has_rest; /* "--" was there, even with nothing behind it */
};

/* Parse what follows the command's name. 0, or EXIT_OURS after saying what is wrong. Borrows argv.
 * Free with arguments_done, also after a failure. */
int arguments_parse(const struct command *command, int argc, char **argv,
                    struct arguments *ret_arguments);

void arguments_done(struct arguments *arguments);

int arguments_has(const struct arguments *arguments, const char *name);

/* The last value given, or NULL. */
const char *arguments_value(const struct arguments *arguments, const char *name);

/* The i-th value given, in order, or NULL: for flags that may be repeated. */
const char *arguments_nth(const struct arguments *arguments, const char *name, size_t i);

/* A whole number in min..max; `fallback` when the flag is not there. 0, or EXIT_OURS after
 * complaining. */
int arguments_number(const struct arguments *arguments, const char *name, unsigned min,
                     unsigned max, unsigned fallback, unsigned *ret_number);

#endif
