/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings of a program, driven by one table.
 *
 * A program lists its settings once; from that list come the flags, the environment variables, the
 * keys of the configuration file, the checks and the text of --help. For a setting `mem_total_mb`:
 *
 *     --mem_total_mb=512, --mem-total-mb 512     strongest
 *     ERRAND_MEM_TOTAL_MB=512                    (empty counts as not set)
 *     mem_total_mb = 512                         a line in the file of --config or ERRAND_CONFIG
 *     .fallback                                  weakest
 *
 * A bool may stand alone as a flag: --verbose is --verbose=true. `--` ends the flags. Words that
 * are no flags are the program's subcommand; unknown flags are refused before the first word and
 * left to the subcommand after it.
 *
 * Getters take the name as written in the table and a name or kind that is not there is a bug of
 * the program (assert). What they return lives as long as the settings.
 */
#ifndef ERRAND_SERVICE_SETTINGS_H
#define ERRAND_SERVICE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

enum setting_kind {
    SETTING_STRING,
    SETTING_PATH,   /* a string that is not empty */
    SETTING_CHOICE, /* one of `choices` */
    SETTING_INT,
    SETTING_BYTES, /* "64K", "2G" */
    SETTING_BOOL,
};

struct setting {
    const char *name; /* lower snake; "config", "help" and "version" are taken */
    enum setting_kind kind;
    const char *fallback; /* in the form a user would write; NULL = not set */
    int64_t min;          /* INT and BYTES; both ends belong to the range */
    int64_t max;
    const char *choices; /* CHOICE: "error|warn|info|debug" */
    const char *help;    /* one line, unit included */
    bool secret;         /* its value appears in no message */
};

struct settings_program {
    const char *name;     /* "errand-api" */
    const char *summary;  /* one line */
    const char *commands; /* lines for --help, two spaces in front; NULL = takes no words */
    const struct setting *table;
    size_t table_n;
};

struct settings;

enum settings_ask {
    SETTINGS_ASK_NOTHING,
    SETTINGS_ASK_HELP,
    SETTINGS_ASK_VERSION,
};

/* Read all sources and check every value. `program` and `argv` are borrowed for the life of the
 * result; nothing in `argv` is changed. After --help or --version nothing else is read or checked.
 *
 * Out:     ret_settings  free with settings_free
 * Errors:  ERR_INVALID   names the setting, where it came from, its value and what it must be
 *          ERR_NOT_FOUND, ERR_DENIED  the configuration file
 */
int settings_load(const struct settings_program *program, int argc, char *const *argv,
                  struct settings **ret_settings, struct err *e) MUST_USE;

/* For main(): the same, but answers --help and --version (exit 0) and a failure (one line on
 * stderr, exit 2) by itself. */
struct settings *settings_load_or_exit(const struct settings_program *program, int argc,
                                       char *const *argv);

void settings_free(struct settings *s);
void settings_freep(struct settings **s);

enum settings_ask settings_asked(const struct settings *s);
void settings_print_help(const struct settings_program *program, FILE *out);

/* STRING, PATH and CHOICE; NULL when not set. */
const char *settings_text(const struct settings *s, const char *name);

/* INT and BYTES; 0 when not set. */
int64_t settings_int(const struct settings *s, const char *name);

bool settings_bool(const struct settings *s, const char *name);

/* False when neither given nor having a fallback. */
bool settings_is_set(const struct settings *s, const char *name);

/* ERR_INVALID with the three ways to give it when `name` is not set or empty. */
int settings_require(const struct settings *s, const char *name, struct err *e) MUST_USE;

/* A value that is wrong for a reason only the program knows. The message has where it came from,
 * the name, the value (unless it is secret) and `fmt`, which says what it must be: "must be ...".
 * Returns ERR_INVALID. */
int settings_refuse(const struct settings *s, const char *name, struct err *e, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* The i-th word left for the subcommand ("token", "create", "--kind", "user"), NULL past the end.
 */
const char *settings_word(const struct settings *s, size_t i);

/* Value of the subcommand's own flag: "user" for `kind` in the example above, also from
 * "--kind=user"; NULL when it is not there. */
const char *settings_word_flag(const struct settings *s, const char *name);

#endif
