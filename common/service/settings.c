/* SPDX-License-Identifier: Apache-2.0
 *
 * The sources are read strongest first, and a value once there stays; checking comes last, so that
 * only what counts is checked. Called from main() only, before any thread.
 */
#include "service/settings.h"

#include "base/parse.h"
#include "service/process.h"
#include "service/settings_file.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#define NAME_BYTES 64

enum source {
    SOURCE_NONE,
    SOURCE_FLAG,
    SOURCE_ENVIRONMENT,
    SOURCE_FILE,
    SOURCE_FALLBACK,
};

struct value {
    enum source source;
    char *text;     /* owned; NULL = not set */
    char *where;    /* owned; "--threads", "ERRAND_THREADS", "/etc/errand/api.conf:3" */
    int64_t number; /* INT, BYTES, BOOL */
};

struct settings {
    const struct settings_program *program;
    struct value *values; /* owned; one for each row of the table */
    char *config_path;    /* owned; NULL = none */
    const char **words;   /* owned array of borrowed argv strings */
    size_t words_n;
    enum settings_ask ask;
};

static void value_done(struct value *value)
{
    if (value->text != NULL)
        explicit_bzero(value->text, strlen(value->text));
    free(value->text);
    free(value->where);
}

void settings_free(struct settings *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; s->values != NULL && i < s->program->table_n; i++)
        value_done(&s->values[i]);
    free(s->values);
    free(s->config_path);
    free(s->words);
    free(s);
}

void settings_freep(struct settings **s)
{
    settings_free(*s);
}

static int out_of_memory(struct err *e)
{
    return err_set(e, ERR_INTERNAL, "read settings: out of memory");
}

/* Row of the table, table_n when there is none. */
static size_t find_row(const struct settings *s, const char *name)
{
    size_t i = 0;
    while (i < s->program->table_n && strcmp(s->program->table[i].name, name) != 0)
        i++;
    return i;
}

/* A stronger source keeps what it set; within one source the last word counts. */
static int assign(struct settings *s, size_t row, enum source source, const char *where,
                  const char *text, struct err *e)
{
    struct value *value = &s->values[row];
    if (value->source != SOURCE_NONE && value->source < source)
        return 0;

    struct value fresh = {.source = source, .text = strdup(text), .where = strdup(where)};
    if (fresh.text == NULL || fresh.where == NULL) {
        value_done(&fresh);
        return out_of_memory(e);
    }
    value_done(value);
    *value = fresh;
    return 0;
}

/* --- flags --- */

struct flag {
    char name[NAME_BYTES]; /* hyphens as underscores */
    const char *value;     /* behind '='; NULL = none */
};

/* False when `arg` is no flag. A name too long for the table is cut and so unknown. */
static bool split_flag(const char *arg, struct flag *ret_flag)
{
    if (strcmp(arg, "-h") == 0)
        arg = "--help";
    if (arg[0] != '-' || arg[1] == '\0')
        return false;

    const char *name = arg + strspn(arg, "-");
    size_t n = strcspn(name, "=");
    size_t kept = n < NAME_BYTES ? n : NAME_BYTES - 1;
    for (size_t i = 0; i < kept; i++)
        ret_flag->name[i] = name[i];
    for (size_t i = 0; i < kept; i++)
        if (name[i] == '-')
            ret_flag->name[i] = '_';
    ret_flag->name[kept] = '\0';
    ret_flag->value = name[n] == '=' ? name + n + 1 : NULL;
    return true;
}

struct args {
    char *const *argv;
    int argc;
    int at; /* the argument being read */
};

/* The flag's value: behind '=', or the next argument. */
static int flag_value(struct args *args, const struct flag *flag, const char **ret_value,
                      struct err *e)
{
    const char *value = flag->value;
    if (value == NULL && args->at + 1 < args->argc)
        value = args->argv[++args->at];
    if (value == NULL)
        return err_set(e, ERR_INVALID, "--%s needs a value", flag->name);
    *ret_value = value;
    return 0;
}

static int read_config_flag(struct settings *s, struct args *args, const struct flag *flag,
                            struct err *e)
{
    const char *path = NULL;
    int r = flag_value(args, flag, &path, e);
    if (r < 0)
        return r;
    free(s->config_path);
    s->config_path = strdup(path);
    return s->config_path == NULL ? out_of_memory(e) : 0;
}

static int read_setting_flag(struct settings *s, struct args *args, const struct flag *flag,
                             size_t row, struct err *e)
{
    const char *text = flag->value;
    if (text == NULL && s->program->table[row].kind == SETTING_BOOL) {
        text = "true";
    } else {
        int r = flag_value(args, flag, &text, e);
        if (r < 0)
            return r;
    }

    char where[NAME_BYTES + 2];
    (void)snprintf(where, sizeof(where), "--%s", flag->name);
    return assign(s, row, SOURCE_FLAG, where, text, e);
}

static int keep_word(struct settings *s, const char *word, struct err *e)
{
    if (s->program->commands == NULL)
        return err_set(e, ERR_INVALID, "unexpected argument '%.80s'; see --help", word);
    s->words[s->words_n++] = word;
    return 0;
}

static int read_arg(struct settings *s, struct args *args, struct err *e)
{
    const char *arg = args->argv[args->at];
    struct flag flag;
    if (!split_flag(arg, &flag))
        return keep_word(s, arg, e);

    if (strcmp(flag.name, "help") == 0 || strcmp(flag.name, "version") == 0) {
        s->ask = flag.name[0] == 'h' ? SETTINGS_ASK_HELP : SETTINGS_ASK_VERSION;
        return 0;
    }
    if (strcmp(flag.name, "config") == 0)
        return read_config_flag(s, args, &flag, e);

    size_t row = find_row(s, flag.name);
    if (row < s->program->table_n)
        return read_setting_flag(s, args, &flag, row, e);
    if (s->words_n > 0)
        return keep_word(s, arg, e);
    return err_set(e, ERR_INVALID, "unknown flag --%s; see --help", flag.name);
}

static int read_flags(struct settings *s, int argc, char *const *argv, struct err *e)
{
    struct args args = {.argv = argv, .argc = argc};
    bool flags_ended = false;
    int r = 0;
    for (args.at = 1; r == 0 && s->ask == SETTINGS_ASK_NOTHING && args.at < argc; args.at++) {
        if (flags_ended)
            r = keep_word(s, argv[args.at], e);
        else if (strcmp(argv[args.at], "--") == 0)
            flags_ended = true;
        else
            r = read_arg(s, &args, e);
    }
    return r;
}

/* --- environment, file, fallbacks --- */

static const char *environment_name(const char *name, char *text)
{
    int n = snprintf(text, NAME_BYTES + 8, "ERRAND_%s", name);
    for (int i = 0; i < n; i++)
        text[i] = (char)toupper((unsigned char)text[i]);
    return text;
}

static int read_environment(struct settings *s, struct err *e)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < s->program->table_n; i++) {
        char name[NAME_BYTES + 8];
        const char *text = getenv(environment_name(s->program->table[i].name, name));
        if (text != NULL && text[0] != '\0')
            r = assign(s, i, SOURCE_ENVIRONMENT, name, text, e);
    }
    return r;
}

static int on_file_line(void *ctx, const char *name, const char *value, const char *where,
                        struct err *e)
{
    struct settings *s = ctx;
    size_t row = find_row(s, name);
    if (row == s->program->table_n)
        return err_set(e, ERR_INVALID, "%s: unknown setting '%.60s'; see --help", where, name);
    return value[0] == '\0' ? 0 : assign(s, row, SOURCE_FILE, where, value, e);
}

static int read_config_file(struct settings *s, struct err *e)
{
    const char *path = s->config_path != NULL ? s->config_path : getenv("ERRAND_CONFIG");
    if (path == NULL || path[0] == '\0')
        return 0;
    int r = settings_file_read(path, on_file_line, s, e);
    return r < 0 ? err_wrap(e, "configuration file") : 0;
}

static int read_fallbacks(struct settings *s, struct err *e)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < s->program->table_n; i++) {
        const char *text = s->program->table[i].fallback;
        if (text != NULL)
            r = assign(s, i, SOURCE_FALLBACK, "default", text, e);
    }
    return r;
}

/* --- checks --- */

static bool is_choice(const char *choices, const char *text)
{
    size_t n = strlen(text);
    for (const char *at = choices; *at != '\0'; at += strspn(at, "|")) {
        size_t len = strcspn(at, "|");
        if (len == n && memcmp(at, text, n) == 0)
            return true;
        at += len;
    }
    return false;
}

static int check_text(const struct setting *setting, struct value *value, struct err *e)
{
    bool flag;
    int r = 0;
    switch (setting->kind) {
    case SETTING_STRING:
        return 0;
    case SETTING_PATH:
        return value->text[0] != '\0'
                   ? 0
                   : err_set(e, ERR_INVALID, "%s must not be empty", setting->name);
    case SETTING_CHOICE:
        return is_choice(setting->choices, value->text)
                   ? 0
                   : err_set(e, ERR_INVALID, "%s must be one of %s, not '%.40s'", setting->name,
                             setting->choices, value->text);
    case SETTING_INT:
        return parse_i64(value->text, setting->min, setting->max, setting->name, &value->number, e);
    case SETTING_BYTES:
        return parse_bytes(value->text, setting->min, setting->max, setting->name, &value->number,
                           e);
    case SETTING_BOOL:
        r = parse_bool(value->text, setting->name, &flag, e);
        value->number = r == 0 && flag;
    }
    return r;
}

static int check_values(struct settings *s, struct err *e)
{
    for (size_t i = 0; i < s->program->table_n; i++) {
        const struct setting *setting = &s->program->table[i];
        struct value *value = &s->values[i];
        if (value->text == NULL || check_text(setting, value, e) == 0)
            continue;
        if (setting->secret)
            return err_set(e, ERR_INVALID, "%s: %s is not valid (value not shown)", value->where,
                           setting->name);
        return err_wrap(e, "%s", value->where);
    }
    return 0;
}

/* --- public --- */

static struct settings *settings_new(const struct settings_program *program, int argc)
{
    CLEANUP(settings_freep) struct settings *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return NULL;
    s->program = program;
    s->values = calloc(program->table_n + 1, sizeof(*s->values));
    s->words = calloc((size_t)argc + 1, sizeof(*s->words));
    if (s->values == NULL || s->words == NULL)
        return NULL;
    return TAKE_PTR(s);
}

int settings_load(const struct settings_program *program, int argc, char *const *argv,
                  struct settings **ret_settings, struct err *e)
{
    CLEANUP(settings_freep) struct settings *s = settings_new(program, argc);
    if (s == NULL)
        return out_of_memory(e);

    int r = read_flags(s, argc, argv, e);
    if (r == 0 && s->ask == SETTINGS_ASK_NOTHING) {
        r = read_environment(s, e);
        if (r == 0)
            r = read_config_file(s, e);
        if (r == 0)
            r = read_fallbacks(s, e);
        if (r == 0)
            r = check_values(s, e);
    }
    if (r < 0)
        return r;
    *ret_settings = TAKE_PTR(s);
    return 0;
}

struct settings *settings_load_or_exit(const struct settings_program *program, int argc,
                                       char *const *argv)
{
    struct err e;
    struct settings *s;
    if (settings_load(program, argc, argv, &s, &e) < 0) {
        fprintf(stderr, "%s: %s\n", program->name, e.msg);
        exit(2);
    }
    if (s->ask == SETTINGS_ASK_NOTHING)
        return s;

    if (s->ask == SETTINGS_ASK_HELP)
        settings_print_help(program, stdout);
    else
        printf("%s %s\n", program->name, process_version);
    settings_free(s);
    exit(fflush(stdout) == 0 ? 0 : 1);
}

enum settings_ask settings_asked(const struct settings *s)
{
    return s->ask;
}

static const struct value *get(const struct settings *s, const char *name, unsigned kinds)
{
    size_t row = find_row(s, name);
    assert(row < s->program->table_n && "a name of the settings table");
    assert((kinds >> s->program->table[row].kind & 1) == 1 && "a getter of the setting's kind");
    return &s->values[row];
}

const char *settings_text(const struct settings *s, const char *name)
{
    return get(s, name, 1U << SETTING_STRING | 1U << SETTING_PATH | 1U << SETTING_CHOICE)->text;
}

int64_t settings_int(const struct settings *s, const char *name)
{
    return get(s, name, 1U << SETTING_INT | 1U << SETTING_BYTES)->number;
}

bool settings_bool(const struct settings *s, const char *name)
{
    return get(s, name, 1U << SETTING_BOOL)->number != 0;
}

bool settings_is_set(const struct settings *s, const char *name)
{
    return get(s, name, ~0U)->text != NULL;
}

int settings_require(const struct settings *s, const char *name, struct err *e)
{
    const char *text = get(s, name, ~0U)->text;
    if (text != NULL && text[0] != '\0')
        return 0;
    char variable[NAME_BYTES + 8];
    return err_set(e, ERR_INVALID, "%s is not set: give --%s, %s or a line in the --config file",
                   name, name, environment_name(name, variable));
}

int settings_refuse(const struct settings *s, const char *name, struct err *e, const char *fmt, ...)
{
    const struct value *value = get(s, name, ~0U);
    bool is_shown = !s->program->table[find_row(s, name)].secret;
    char why[ERR_MESSAGE_BYTES];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(why, sizeof(why), fmt, args);
    va_end(args);
    if (n < 0)
        why[0] = '\0';
    const char *where = value->where != NULL ? value->where : "default";
    const char *text = value->text != NULL ? value->text : "";
    return is_shown ? err_set(e, ERR_INVALID, "%s: %s '%.80s' %s", where, name, text, why)
                    : err_set(e, ERR_INVALID, "%s: %s (value not shown) %s", where, name, why);
}

const char *settings_word(const struct settings *s, size_t i)
{
    return i < s->words_n ? s->words[i] : NULL;
}

const char *settings_word_flag(const struct settings *s, const char *name)
{
    for (size_t i = 0; i < s->words_n; i++) {
        struct flag flag;
        if (split_flag(s->words[i], &flag) && strcmp(flag.name, name) == 0)
            return flag.value != NULL ? flag.value : settings_word(s, i + 1);
    }
    return NULL;
}
