/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <stdio.h>
#include <string.h>

#include "auth/key_ring.h"
#include "auth/token.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "store/migrate.h"
#include "store/token_store.h"

#include "access/key_rotation.h"
#include "start_checks.h"

/* A token and a line break, with room to tell that there is more. */
#define TOKEN_FILE_MAX_BYTES 256

static int open_database(const struct settings *settings, struct db **ret_db, struct err *e)
{
    int r = start_check_database(settings, e);
    return r < 0 ? r : db_open(settings_text(settings, "database_url"), "errand-api", ret_db, e);
}

static int run_migrate(const struct settings *settings, struct err *e)
{
    CLEANUP(db_closep) struct db *db = NULL;
    int applied = 0;
    int r = open_database(settings, &db, e);
    if (r == 0)
        r = migrate_apply(db, &applied, e);
    if (r == 0)
        log_info("database.migrated version=%d applied=%d", migrate_version(), applied);
    return r;
}

static int run_keys_init(const struct settings *settings, struct err *e)
{
    int r = settings_require(settings, "key_ring", e);
    return r < 0 ? r : key_ring_create(settings_text(settings, "key_ring"), NULL, e);
}

static int run_keys_rotate(const struct settings *settings, struct err *e)
{
    CLEANUP(db_closep) struct db *db = NULL;
    int r = settings_require(settings, "key_ring", e);
    if (r == 0)
        r = open_database(settings, &db, e);
    return r < 0 ? r
                 : key_rotation_run(db, settings_text(settings, "key_ring"),
                                    settings_int(settings, "keys_settle_seconds"), e);
}

static int store_token(struct db *db, enum token_kind kind, const struct token_hash *hash,
                       const char *name, struct err *e)
{
    struct params p;
    token_store_insert_params(&p, id_new(), token_kind_name(kind), hash->bytes, name);
    int r = db_run(db, &token_store_insert, &p, NULL, e);
    params_done(&p);
    return r;
}

/* The token in a file, made elsewhere: by whoever sets up machines before the API is there. */
static int read_token(const char *path, enum token_kind wanted, char text[TOKEN_TEXT_BYTES],
                      struct err *e)
{
    CLEANUP(buf_done) struct buf content;
    buf_init(&content, TOKEN_FILE_MAX_BYTES);
    int r = file_read(path, &content, e);
    if (r < 0)
        return err_wrap(e, "--from");
    size_t n = content.len;
    while (n > 0 && strchr(" \r\n", content.data[n - 1]) != NULL)
        n--;
    enum token_kind kind;
    if (token_parse(content.data, n, &kind, NULL) < 0 || kind != wanted)
        r = err_set(e, ERR_INVALID, "--from '%.120s' must be a file with a %s token and no more",
                    path, token_kind_name(wanted));
    else
        memcpy(text, content.data, TOKEN_TEXT_CHARS);
    text[TOKEN_TEXT_CHARS] = '\0';
    explicit_bzero(content.data, content.len);
    return r;
}

static int run_token_create(const struct settings *settings, struct err *e)
{
    CLEANUP(db_closep) struct db *db = NULL;
    CLEANUP(key_ring_freep) struct key_ring *ring = NULL;
    const char *kind_name = settings_word_flag(settings, "kind");
    const char *name = settings_word_flag(settings, "name");
    enum token_kind kind;

    int r = token_kind_from_name(kind_name != NULL ? kind_name : "", &kind, e);
    if (r < 0 || kind == TOKEN_KIND_HYPERVISOR || kind == TOKEN_KIND_SESSION)
        return err_set(e, ERR_INVALID, "token create needs --kind user, project, join or metrics");
    r = settings_require(settings, "key_ring", e);
    if (r == 0)
        r = key_ring_load(settings_text(settings, "key_ring"), &ring, e);
    if (r == 0)
        r = open_database(settings, &db, e);
    if (r < 0)
        return r;

    char text[TOKEN_TEXT_BYTES];
    const char *from = settings_word_flag(settings, "from");
    if (from == NULL)
        token_make(kind, text);
    else
        r = read_token(from, kind, text, e);
    if (r < 0)
        return r;
    struct token_hash hash = token_hash(key_ring_token_key(ring), text, strlen(text));
    r = store_token(db, kind, &hash, name != NULL ? name : "", e);
    if (r == ERR_CONFLICT && from != NULL)
        r = 0; /* it is known already */
    if (r == 0 && from == NULL && (puts(text) < 0 || fflush(stdout) != 0))
        r = err_set(e, ERR_INTERNAL, "print the token: standard output is closed");
    explicit_bzero(text, sizeof(text));
    return r;
}

static int run_token_delete(const struct settings *settings, struct err *e)
{
    CLEANUP(db_closep) struct db *db = NULL;
    CLEANUP(rows_freep) struct rows *rows = NULL;
    CLEANUP(params_done) struct params p;
    const char *name = settings_word_flag(settings, "name");
    params_init(&p, 0);
    if (name == NULL)
        return err_set(e, ERR_INVALID, "token delete needs --name");
    int r = open_database(settings, &db, e);
    if (r < 0)
        return r;
    token_store_drop_metrics_params(&p, name);
    r = db_run(db, &token_store_drop_metrics, &p, &rows, e);
    if (r == 0 && rows_affected(rows) == 0)
        r = err_set(e, ERR_NOT_FOUND, "no metrics token is called '%.100s'", name);
    return r;
}

static const struct {
    const char *words[2];
    int (*run)(const struct settings *settings, struct err *e);
} commands[] = {
    {{"migrate", NULL}, run_migrate},        {{"keys", "init"}, run_keys_init},
    {{"keys", "rotate"}, run_keys_rotate},   {{"token", "create"}, run_token_create},
    {{"token", "delete"}, run_token_delete},
};

static bool word_is(const struct settings *settings, size_t i, const char *wanted)
{
    const char *word = settings_word(settings, i);
    return wanted == NULL || (word != NULL && strcmp(word, wanted) == 0);
}

int commands_run(const struct settings *settings, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (word_is(settings, 0, commands[i].words[0]) &&
            word_is(settings, 1, commands[i].words[1]))
            return commands[i].run(settings, e);
    }
    return err_set(e, ERR_INVALID, "unknown command '%.32s'; errand-api --help lists them",
                   settings_word(settings, 0));
}
