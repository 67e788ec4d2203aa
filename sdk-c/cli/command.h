/* SPDX-License-Identifier: Apache-2.0
 *
 * A command of the errand program: what --help says about it, and what runs it.
 */
#ifndef ERRAND_CLI_COMMAND_H
#define ERRAND_CLI_COMMAND_H

#include <stddef.h>

/* Exit status of errand's own failures, so that `errand run` leaves every other to the container.
 */
#define EXIT_OURS 125

struct arguments;

struct flag {
    const char *name;  /* long form, without dashes */
    char letter;       /* short form, or 0 */
    const char *value; /* what --help calls its value; NULL = a switch */
    const char *help;  /* one line */
};

struct command {
    const char *name;        /* "run", or two words: "runner create" */
    const char *synopsis;    /* what follows the name: "RUNNER [flags] [-- ARG...]" */
    const char *summary;     /* one line */
    const char *details;     /* paragraphs for its own --help, or NULL */
    const char *examples;    /* indented lines, or NULL */
    const char *exit_status; /* indented lines; NULL = plain_exit_status */
    const struct flag *flags;
    size_t n_flags;
    size_t min_words; /* words beside the name and the flags */
    size_t max_words;
    int takes_rest; /* allows "-- ARG..." */
    int (*run)(const struct arguments *arguments);
};

#define N_FLAGS(table) (sizeof(table) / sizeof((table)[0]))

/* Flags that every command has. */
extern const struct flag common_flags[];
extern const size_t n_common_flags;

/* What most commands exit with, in indented lines. */
extern const char plain_exit_status[];

/* All commands, in the order of --help. */
extern const struct command *const commands[];
extern const size_t n_commands;

/* The command that the first words name, and how many they are; NULL when there is none. */
const struct command *command_find(int argc, char **argv, int *ret_words);

extern const struct command up_command;
extern const struct command down_command;
extern const struct command status_command;
extern const struct command runner_create_command;
extern const struct command runner_list_command;
extern const struct command runner_show_command;
extern const struct command runner_edit_command;
extern const struct command runner_delete_command;
extern const struct command runner_warmup_command;
extern const struct command run_command;
extern const struct command runs_command;
extern const struct command show_command;
extern const struct command logs_command;
extern const struct command stop_command;
extern const struct command env_set_command;
extern const struct command env_list_command;
extern const struct command env_rm_command;
extern const struct command apply_command;
extern const struct command doctor_command;
extern const struct command top_command;
extern const struct command hypervisors_command;
extern const struct command hypervisors_cordon_command;
extern const struct command hypervisors_uncordon_command;
extern const struct command hypervisors_drain_command;
extern const struct command tokens_command;
extern const struct command tokens_create_command;
extern const struct command tokens_delete_command;
extern const struct command call_command;
extern const struct command completion_command;
extern const struct command login_command;
extern const struct command logout_command;
extern const struct command context_list_command;
extern const struct command context_use_command;

#endif
