/* SPDX-License-Identifier: Apache-2.0
 *
 * A configuration file, and words of a command line, one a line behind a line "--": what an agent
 * takes of them, the API can read when it registers, and its values are within their ranges. No
 * complaint shows a secret.
 */
#include "fuzz/fuzz.h"

#include "agent_config.h"
#include "base/file.h"
#include "base/utf8.h"
#include "service/settings.h"
#include "service/settings_file.h"
#include "setting_checks.h"
#include "subnet.h"
#include "wire/registration.h"

#include "http/fields.h"

#include <unistd.h>

#define WORDS_MAX 32

static const struct setting table[] = {
    {.name = "listen", .kind = SETTING_STRING, .fallback = "x", .help = "h"},
    {.name = "hidden", .kind = SETTING_INT, .min = 7, .max = 9, .secret = true, .help = "h"},
    {.name = "threads", .kind = SETTING_INT, .fallback = "0", .max = 256, .help = "h"},
    {.name = "log_level", .kind = SETTING_CHOICE, .choices = "warn|info", .help = "h"},
    {.name = "cache_bytes", .kind = SETTING_BYTES, .min = 1024, .max = 4096, .help = "h"},
    {.name = "verbose", .kind = SETTING_BOOL, .help = "h"},
    {.name = "key_ring", .kind = SETTING_PATH, .help = "h"},
};

static const struct settings_program program = {.name = "fuzz",
                                                .summary = "s",
                                                .commands = "  do\n",
                                                .table = table,
                                                .table_n = ARRAY_LEN(table)};

static char path[] = "/dev/shm/errand-fuzz-XXXXXX";

static void leave(void)
{
    (void)unlink(path);
}

static void check_table(const struct settings *s)
{
    int64_t bytes = settings_int(s, "cache_bytes");
    FUZZ_ASSERT(settings_int(s, "threads") >= 0 && settings_int(s, "threads") <= 256);
    FUZZ_ASSERT(!settings_is_set(s, "cache_bytes") || (bytes >= 1024 && bytes <= 4096));
    FUZZ_ASSERT(!settings_is_set(s, "key_ring") || settings_text(s, "key_ring")[0] != '\0');
    (void)settings_bool(s, "verbose");
    (void)settings_word(s, 0);
    (void)settings_word_flag(s, "kind");
}

/* As api/agents/agent_register.c reads them. */
static void check_labels(json_t *labels)
{
    static const struct field field = {.name = "labels", .kind = FIELD_LABELS};
    const char *text = NULL;
    CLEANUP(fields_done) struct fields fields;
    json_t *body = json_pack("{s:O}", "labels", labels);
    fields_init(&fields);
    fields_read(&fields, "", body, &field, 1, &text);
    FUZZ_ASSERT(!problems_any(&fields.problems) && text != NULL);
    json_decref(body);
}

/* As enrollment.c makes it of the settings. */
static void check_registration(const struct settings *s)
{
    struct registration r = {.name = settings_text(s, "name"),
                             .region = settings_text(s, "region"),
                             .cpu = 1,
                             .mem_total_mb = 1,
                             .version = "1",
                             .labels = settings_text(s, "labels")};
    struct registration same;
    struct err e;
    CLEANUP(buf_done) struct buf text;
    buf_init(&text, (size_t)1 << 20);
    r.name = r.name != NULL ? r.name : "host";
    registration_put(&text, &r);
    FUZZ_ASSERT(registration_parse(buf_text(&text), text.len, &same, &e) == 0);
    FUZZ_ASSERT(strcmp(same.name, r.name) == 0 && strcmp(same.region, r.region) == 0);
    check_labels(json_object_get(same.doc, "labels"));
    registration_done(&same);
}

static void try_program(const struct settings_program *of, int argc, char *const *argv)
{
    CLEANUP(settings_freep) struct settings *s = NULL;
    struct err e;
    if (settings_load(of, argc, argv, &s, &e) < 0) {
        FUZZ_ASSERT(e.msg[0] != '\0' && utf8_is_valid(e.msg, strlen(e.msg)));
        return;
    }
    if (settings_asked(s) != SETTINGS_ASK_NOTHING)
        return;
    if (of == &program)
        check_table(s);
    else if (setting_checks_run(s, &e) == 0)
        check_registration(s);
}

static int on_line(void *ctx, const char *name, const char *value, const char *where, struct err *e)
{
    (void)ctx;
    (void)e;
    FUZZ_ASSERT(name[0] != '\0' && where[0] != '\0' && strchr(value, '\n') == NULL);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static char name[] = "fuzz";
    static char flag[] = "--config";
    char *argv[WORDS_MAX + 1] = {name, flag, path};
    int argc = 3;
    struct err e;
    if (path[sizeof(path) - 2] == 'X') {
        int fd = mkstemp(path);
        FUZZ_ASSERT(fd >= 0 && close(fd) == 0 && atexit(leave) == 0);
    }
    char *text = fuzz_text(data, n);
    char *words = strstr(text, "--\n");
    size_t file_n = words != NULL ? (size_t)(words - text) : n;
    FUZZ_ASSERT(truncate(path, 0) == 0);
    FILE *out = fopen(path, "we");
    FUZZ_ASSERT(out != NULL && (file_n == 0 || fwrite(text, file_n, 1, out) == 1));
    FUZZ_ASSERT(fclose(out) == 0);
    words = words != NULL ? words + 3 : NULL;
    while (words != NULL && argc < WORDS_MAX)
        argv[argc++] = strsep(&words, "\n");
    IGNORE(settings_file_read(path, on_line, NULL, &e));
    try_program(&program, argc, argv);
    try_program(&agent_settings, argc, argv);
    free(text);
    return 0;
}
