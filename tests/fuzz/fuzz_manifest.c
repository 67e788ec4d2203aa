/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that `errand` reads: those of `errand apply`, which are YAML or JSON, the lines of an env
 * file, the configuration. What is JSON reads the same as YAML does, where both can be read.
 */
#include "fuzz/fuzz.h"

#include "command.h"
#include "complain.h"
#include "config_file.h"
#include "env_file.h"
#include "env_pair.h"
#include "manifest.h"
#include "when.h"
#include "yaml_json.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/dev/shm/errand-fuzz-XXXXXX";
static char file[sizeof(dir) + 32];
static char config[sizeof(dir) + 32];

/* Nothing here has to survive anything. */
int __wrap_fsync(int fd);

int __wrap_fsync(int fd)
{
    return fd >= 0 ? 0 : -1;
}

/* What it says is not looked at. */
int complain(const char *format, ...)
{
    return format[0] != '\0' ? EXIT_OURS : EXIT_OURS + 1;
}

int complain_errno(const char *format, ...)
{
    return complain("%s", format);
}

static void leave(void)
{
    (void)unlink(file);
    (void)unlink(config);
    char *slash = strrchr(config, '/');
    if (slash != NULL)
        *slash = '\0';
    (void)rmdir(config);
    (void)rmdir(dir);
}

static void prepare(void)
{
    FUZZ_ASSERT(mkdtemp(dir) != NULL && setenv("XDG_CONFIG_HOME", dir, 1) == 0);
    (void)snprintf(file, sizeof(file), "%s/file", dir);
    (void)snprintf(config, sizeof(config), "%s/errand", dir);
    FUZZ_ASSERT(mkdir(config, 0700) == 0);
    (void)snprintf(config, sizeof(config), "%s/errand/config.json", dir);
    FUZZ_ASSERT(atexit(leave) == 0);
}

static void put_file(const char *path, const uint8_t *data, size_t n)
{
    FILE *out = fopen(path, "we");
    FUZZ_ASSERT(out != NULL && (n == 0 || fwrite(data, n, 1, out) == 1));
    FUZZ_ASSERT(fclose(out) == 0);
}

static void check_runner(json_t *runner)
{
    const char *name = json_string_value(json_object_get(runner, "name"));
    json_t *env = json_object_get(runner, "env");
    const char *key;
    json_t *value;
    struct manifest_env read;

    FUZZ_ASSERT(name != NULL && json_object_get(runner, "image") == NULL);
    FUZZ_ASSERT(env == NULL || json_is_object(env));
    json_object_foreach(env, key, value)
    {
        if (manifest_env_read(name, key, value, &read) == 0)
            FUZZ_ASSERT(read.value != NULL);
    }
}

static void try_manifest(void)
{
    json_t *runners = NULL;
    json_t *runner;
    size_t i;

    if (manifest_read(file, &runners) != 0)
        return;
    FUZZ_ASSERT(json_array_size(runners) > 0);
    json_array_foreach(runners, i, runner) check_runner(runner);
    json_decref(runners);
}

/* JSON is YAML but for numbers that would not come back as they were, and long keys. */
static void try_yaml(const char *text, size_t n)
{
    json_t *documents = NULL;
    int r = yaml_json_parse("file", text, n, &documents);
    char *dumped;
    json_t *again;

    if (r != 0)
        return;
    FUZZ_ASSERT(json_is_array(documents));
    dumped = json_dumps(documents, JSON_COMPACT);
    FUZZ_ASSERT(dumped != NULL);
    again = json_loads(dumped, JSON_REJECT_DUPLICATES, NULL);
    FUZZ_ASSERT(json_equal(again, documents));
    json_decref(again);
    json_decref(documents);
    free(dumped);
}

static void try_env_file(void)
{
    struct env_file lines;
    struct env_file same;

    if (env_file_read(file, &lines) < 0) {
        FUZZ_ASSERT(errno == EFBIG);
        env_file_done(&lines);
        return;
    }
    FUZZ_ASSERT(env_file_write(&lines, file, (uid_t)-1, (gid_t)-1) == 0);
    FUZZ_ASSERT(env_file_read(file, &same) == 0 && lines.n == same.n);
    for (size_t i = 0; i < lines.n; i++)
        FUZZ_ASSERT(strcmp(lines.lines[i], same.lines[i]) == 0);
    if (env_file_set(&same, "NAME", "value") == 0)
        FUZZ_ASSERT(strcmp(env_file_get(&same, "NAME"), "value") == 0);
    env_file_done(&lines);
    env_file_done(&same);
}

static void try_config(void)
{
    const struct config_context added = {.url = "http://a", .token = "t"};
    struct config_context read;
    json_t *doc = config_file_read();

    if (doc == NULL)
        return;
    (void)config_file_get(doc, config_file_current(doc), &read);
    FUZZ_ASSERT(config_file_set(doc, "new", &added) == 0);
    FUZZ_ASSERT(config_file_write(doc) == 0);
    json_decref(doc);
    doc = config_file_read();
    FUZZ_ASSERT(doc != NULL && config_file_get(doc, "new", &read) == 1);
    FUZZ_ASSERT(strcmp(read.url, "http://a") == 0 && read.project == NULL);
    json_decref(doc);
}

static void try_words(const char *text)
{
    struct env_pair pair;
    char time[WHEN_BYTES];

    if (env_pair_parse(text, &pair) == 0)
        FUZZ_ASSERT(strncmp(text, pair.key, strlen(pair.key)) == 0 && pair.value[-1] == '=');
    if (when_parse(text, time) == 0)
        FUZZ_ASSERT(strlen(time) == 24 && time[23] == 'Z');
    FUZZ_ASSERT(strlen(when_ago(text, time)) < WHEN_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = fuzz_text(data, n);

    if (file[0] == '\0')
        prepare();
    put_file(file, data, n);
    put_file(config, data, n);
    try_manifest();
    try_yaml(text, n);
    try_env_file();
    try_config();
    try_words(text);
    free(text);
    return 0;
}
