/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings.h"

#include "base/file.h"
#include "support/test.h"

#include <string.h>

static const struct setting table[] = {
    {.name = "listen", .kind = SETTING_STRING, .fallback = "127.0.0.1:8080", .help = "address"},
    {.name = "database_url",
     .kind = SETTING_STRING,
     .help = "libpq connection string",
     .secret = true},
    {.name = "threads", .kind = SETTING_INT, .fallback = "0", .max = 256, .help = "0 = cores"},
    {.name = "log_level",
     .kind = SETTING_CHOICE,
     .fallback = "info",
     .choices = "error|warn|info|debug",
     .help = "how much to log"},
    {.name = "cache_bytes",
     .kind = SETTING_BYTES,
     .fallback = "1M",
     .max = INT64_MAX,
     .help = "size of the cache"},
    {.name = "verbose", .kind = SETTING_BOOL, .fallback = "false", .help = "say more"},
    {.name = "key_ring", .kind = SETTING_PATH, .help = "file of keys"},
    {.name = "pin", .kind = SETTING_INT, .max = 9999, .help = "a secret number", .secret = true},
};

static const struct settings_program program = {
    .name = "errand-test",
    .summary = "nothing",
    .commands = "  token create --kind=KIND\n        make a token\n",
    .table = table,
    .table_n = ARRAY_LEN(table),
};

static const char *const variables[] = {"ERRAND_LISTEN", "ERRAND_THREADS", "ERRAND_CONFIG",
                                        "ERRAND_DATABASE_URL", "ERRAND_PIN"};

static int clear_environment(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(variables); i++)
        (void)unsetenv(variables[i]);
    return 0;
}

/* main() gets its arguments without const; nothing writes to them. */
static int load(const struct settings_program *prog, const char *const *args,
                struct settings **ret_settings, struct err *e)
{
    int n = 0;
    while (args[n] != NULL)
        n++;
    return settings_load(prog, n, (char *const *)(uintptr_t)args, ret_settings, e);
}

#define LOAD(settings, e, ...)                                                                     \
    load(&program, (const char *const[]){"errand-test", __VA_ARGS__, NULL}, (settings), (e))

#define ASSERT_REFUSED(text, ...)                                                                  \
    do {                                                                                           \
        struct settings *none = NULL;                                                              \
        struct err why;                                                                            \
        assert_int_equal(LOAD(&none, &why, __VA_ARGS__), ERR_INVALID);                             \
        assert_string_equal(why.msg, text);                                                        \
        assert_null(none);                                                                         \
    } while (0)

/* A configuration file with this text; `path` has 32 bytes. */
static void write_config(char *path, const char *text)
{
    struct err e;
    memcpy(path, "/tmp/errand-settings-XXXXXX", 28);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    ASSERT_OK(file_replace(path, text, strlen(text), 0600, &e), e);
}

static void test_load__fallbacks_hold_when_nothing_is_given(void **state)
{
    (void)state;
    struct err e;
    CLEANUP(settings_freep) struct settings *s = NULL;
    ASSERT_OK(load(&program, (const char *const[]){"errand-test", NULL}, &s, &e), e);
    assert_string_equal(settings_text(s, "listen"), "127.0.0.1:8080");
    assert_int_equal(settings_int(s, "cache_bytes"), 1 << 20);
    assert_false(settings_bool(s, "verbose"));
    assert_null(settings_text(s, "key_ring"));
    assert_false(settings_is_set(s, "key_ring"));
    assert_int_equal(settings_asked(s), SETTINGS_ASK_NOTHING);
    assert_null(settings_word(s, 0));
}

static void test_load__flags_in_all_spellings(void **state)
{
    (void)state;
    struct err e;
    CLEANUP(settings_freep) struct settings *s = NULL;
    ASSERT_OK(LOAD(&s, &e, "--listen=[::1]:80=x", "--threads", "3", "--cache-bytes", "2K",
                   "--verbose", "--log_level=debug", "--threads=4"),
              e);
    assert_string_equal(settings_text(s, "listen"), "[::1]:80=x");
    assert_int_equal(settings_int(s, "threads"), 4);
    assert_int_equal(settings_int(s, "cache_bytes"), 2048);
    assert_true(settings_bool(s, "verbose"));
    assert_string_equal(settings_text(s, "log_level"), "debug");
}

static void test_load__flag_beats_environment_beats_file_beats_fallback(void **state)
{
    (void)state;
    struct err e;
    char path[32];
    write_config(path,
                 "# comment\n\n  threads = 7  \r\nlisten=file:1\nlog_level = warn\nverbose = yes");
    (void)setenv("ERRAND_LISTEN", "environment:1", 1);
    (void)setenv("ERRAND_THREADS", "8", 1);
    (void)setenv("ERRAND_CONFIG", path, 1);

    CLEANUP(settings_freep) struct settings *s = NULL;
    ASSERT_OK(LOAD(&s, &e, "--threads=9"), e);
    assert_int_equal(settings_int(s, "threads"), 9);
    assert_string_equal(settings_text(s, "listen"), "environment:1");
    assert_string_equal(settings_text(s, "log_level"), "warn");
    assert_true(settings_bool(s, "verbose"));
    assert_int_equal(settings_int(s, "cache_bytes"), 1 << 20);
    (void)unlink(path);
}

static void test_load__config_flag_beats_environment_and_empty_counts_as_unset(void **state)
{
    (void)state;
    struct err e;
    char path[32];
    write_config(path, "listen = file:1\nkey_ring =\n");
    (void)setenv("ERRAND_CONFIG", "/does/not/exist", 1);
    (void)setenv("ERRAND_LISTEN", "", 1);

    CLEANUP(settings_freep) struct settings *s = NULL;
    ASSERT_OK(LOAD(&s, &e, "--config", path), e);
    assert_string_equal(settings_text(s, "listen"), "file:1");
    assert_null(settings_text(s, "key_ring"));
    (void)unlink(path);
}

static void test_load__overridden_value_is_not_checked(void **state)
{
    (void)state;
    struct err e;
    (void)setenv("ERRAND_THREADS", "many", 1);
    CLEANUP(settings_freep) struct settings *s = NULL;
    ASSERT_OK(LOAD(&s, &e, "--threads=2"), e);
}

static void test_load__bad_values_name_source_setting_value_and_fix(void **state)
{
    (void)state;
    ASSERT_REFUSED("--threads: threads must be an integer between 0 and 256, not '257'",
                   "--threads=257");
    ASSERT_REFUSED("--log_level: log_level must be one of error|warn|info|debug, not 'inf'",
                   "--log-level", "inf");
    ASSERT_REFUSED("--verbose: verbose must be true or false, not 'perhaps'", "--verbose=perhaps");
    ASSERT_REFUSED("--key_ring: key_ring must not be empty", "--key_ring=");
    ASSERT_REFUSED("--threads needs a value", "--threads");
    ASSERT_REFUSED("unknown flag --colour; see --help", "--colour=red");

    (void)setenv("ERRAND_THREADS", "x", 1);
    ASSERT_REFUSED("ERRAND_THREADS: threads must be an integer between 0 and 256, not 'x'", "run");
}

static void test_load__bad_lines_of_the_file_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"listen = a\nthreads = x\n", "2: threads must be an integer between 0 and 256, not 'x'"},
        {"\ncolour = red\n", "2: unknown setting 'colour'; see --help"},
        {"listen\n", "1: expected name = value"},
        {"= a\n", "1: expected name = value"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char path[32];
        write_config(path, cases[i].text);
        struct err e;
        struct settings *s = NULL;
        assert_int_equal(LOAD(&s, &e, "--config", path), ERR_INVALID);
        assert_non_null(strstr(e.msg, path));
        assert_non_null(strstr(e.msg, cases[i].message));
        (void)unlink(path);
    }
}

static void test_load__missing_file_is_told(void **state)
{
    (void)state;
    struct err e;
    struct settings *s = NULL;
    assert_int_equal(LOAD(&s, &e, "--config=/does/not/exist"), ERR_NOT_FOUND);
    assert_non_null(strstr(e.msg, "/does/not/exist"));
}

static void test_load__secret_appears_in_no_message(void **state)
{
    (void)state;
    ASSERT_REFUSED("--pin: pin is not valid (value not shown)", "--pin=hunter2");
    (void)setenv("ERRAND_PIN", "hunter2", 1);
    ASSERT_REFUSED("ERRAND_PIN: pin is not valid (value not shown)", "run");
}

static void test_load__words_and_their_flags_are_left(void **state)
{
    (void)state;
    struct err e;
    CLEANUP(settings_freep) struct settings *s = NULL;
    ASSERT_OK(LOAD(&s, &e, "--threads=1", "token", "create", "--kind", "user", "--listen=x:1",
                   "--note=a b", "--", "--verbose"),
              e);
    assert_string_equal(settings_text(s, "listen"), "x:1");
    assert_false(settings_bool(s, "verbose"));
    assert_string_equal(settings_word(s, 0), "token");
    assert_string_equal(settings_word(s, 1), "create");
    assert_string_equal(settings_word_flag(s, "kind"), "user");
    assert_string_equal(settings_word_flag(s, "note"), "a b");
    assert_null(settings_word_flag(s, "other"));
    assert_string_equal(settings_word(s, 5), "--verbose");
    assert_null(settings_word(s, 6));
}

static void test_load__words_are_refused_where_none_are_taken(void **state)
{
    (void)state;
    struct settings_program plain = program;
    plain.commands = NULL;
    struct err e;
    struct settings *s = NULL;
    assert_int_equal(load(&plain, (const char *const[]){"errand-test", "migrate", NULL}, &s, &e),
                     ERR_INVALID);
    assert_string_equal(e.msg, "unexpected argument 'migrate'; see --help");
}

static void test_load__help_and_version_win_over_what_is_wrong_behind_them(void **state)
{
    (void)state;
    struct err e;
    CLEANUP(settings_freep) struct settings *help = NULL;
    ASSERT_OK(LOAD(&help, &e, "token", "--help", "--colour"), e);
    assert_int_equal(settings_asked(help), SETTINGS_ASK_HELP);
    CLEANUP(settings_freep) struct settings *version = NULL;
    ASSERT_OK(LOAD(&version, &e, "--version"), e);
    assert_int_equal(settings_asked(version), SETTINGS_ASK_VERSION);
}

static void test_require__says_the_three_ways(void **state)
{
    (void)state;
    struct err e;
    CLEANUP(settings_freep) struct settings *s = NULL;
    ASSERT_OK(LOAD(&s, &e, "--key_ring=/k"), e);
    ASSERT_OK(settings_require(s, "key_ring", &e), e);
    assert_int_equal(settings_require(s, "database_url", &e), ERR_INVALID);
    assert_string_equal(e.msg, "database_url is not set: give --database_url, ERRAND_DATABASE_URL "
                               "or a line in the --config file");
}

static void test_print_help__names_every_setting_and_no_secret(void **state)
{
    (void)state;
    struct setting changed[ARRAY_LEN(table)];
    memcpy(changed, table, sizeof(table));
    changed[1].fallback = "password=hunter2";
    struct settings_program with_secret = program;
    with_secret.table = changed;

    char text[4096] = "";
    FILE *out = fmemopen(text, sizeof(text), "w");
    assert_non_null(out);
    settings_print_help(&with_secret, out);
    (void)fclose(out);
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        assert_non_null(strstr(text, table[i].name));
    assert_non_null(strstr(text, "(default 127.0.0.1:8080)"));
    assert_non_null(strstr(text, "token create"));
    assert_null(strstr(text, "hunter2"));
}

#define CASE(name) cmocka_unit_test_setup(name, clear_environment)

TEST_MAIN(CASE(test_load__fallbacks_hold_when_nothing_is_given),
          CASE(test_load__flags_in_all_spellings),
          CASE(test_load__flag_beats_environment_beats_file_beats_fallback),
          CASE(test_load__config_flag_beats_environment_and_empty_counts_as_unset),
          CASE(test_load__overridden_value_is_not_checked),
          CASE(test_load__bad_values_name_source_setting_value_and_fix),
          CASE(test_load__bad_lines_of_the_file_are_named), CASE(test_load__missing_file_is_told),
          CASE(test_load__secret_appears_in_no_message),
          CASE(test_load__words_and_their_flags_are_left),
          CASE(test_load__words_are_refused_where_none_are_taken),
          CASE(test_load__help_and_version_win_over_what_is_wrong_behind_them),
          CASE(test_require__says_the_three_ways),
          CASE(test_print_help__names_every_setting_and_no_secret))
