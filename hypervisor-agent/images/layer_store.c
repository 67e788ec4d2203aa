/* SPDX-License-Identifier: Apache-2.0 */
#include "images/layer_store.h"

#include "base/file.h"
#include "base/parse.h"
#include "images/digest.h"
#include "images/layer_unpack.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define CANCEL_CHECK_MS 250
#define REMOVE_TRIES 100
#define REMOVE_PAUSE_MS 10

/* A layer that some thread makes or that somebody holds; there is none without either. */
struct use {
    char digest[DIGEST_TEXT_BYTES];
    bool is_being_made;
    unsigned holds;
    struct use *next;
};

struct layer_store {
    char *dir;      /* owned */
    char *unpacker; /* owned */
    struct layer_limits limits;
    pthread_mutex_t lock;
    pthread_cond_t settled;
    struct use *uses;   /* owned; under the lock */
    unsigned taken_out; /* counts, for names; under the lock */
};

/* The unpacker of an agent that was killed may write for another moment. */
static int remove_leftover(const char *path, struct err *e)
{
    int rc = dir_remove(path, e);
    for (int tries = 1; rc < 0 && tries < REMOVE_TRIES; tries++) {
        struct timespec pause = {.tv_nsec = REMOVE_PAUSE_MS * 1000000L};
        (void)nanosleep(&pause, NULL);
        rc = dir_remove(path, e);
    }
    return rc;
}

static int remove_leftovers(const char *dir_path, struct err *e)
{
    DIR *dir = opendir(dir_path);
    if (dir == NULL)
        return err_errno(e, errno, "open %s", dir_path);
    int rc = 0;
    const struct dirent *entry;
    while (rc == 0 && (entry = readdir(dir)) != NULL) {
        CLEANUP(freep) char *path = NULL;
        if (strncmp(entry->d_name, "tmp-", 4) != 0)
            continue;
        if (asprintf(&path, "%s/%s", dir_path, entry->d_name) < 0) {
            path = NULL;
            rc = err_errno(e, ENOMEM, "clean %s", dir_path);
        } else {
            rc = remove_leftover(path, e);
        }
    }
    (void)closedir(dir);
    return rc;
}

static struct layer_store *store_new(const struct layer_store_options *options)
{
    struct layer_store *store = calloc(1, sizeof(*store));
    if (store == NULL)
        return NULL;
    pthread_condattr_t attributes;
    (void)pthread_mutex_init(&store->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&store->settled, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    store->limits = options->limits;
    store->dir = strdup(options->dir);
    store->unpacker = strdup(options->unpacker);
    if (store->dir != NULL && store->unpacker != NULL)
        return store;
    layer_store_close(store);
    return NULL;
}

int layer_store_open(const struct layer_store_options *options, struct layer_store **ret_store,
                     struct err *e)
{
    int rc = dir_make(options->dir, 0700, e);
    if (rc == 0)
        rc = remove_leftovers(options->dir, e);
    if (rc < 0)
        return rc;
    struct layer_store *store = store_new(options);
    if (store == NULL)
        return err_errno(e, ENOMEM, "open layer store");
    *ret_store = store;
    return 0;
}

void layer_store_close(struct layer_store *store)
{
    if (store == NULL)
        return;
    (void)pthread_cond_destroy(&store->settled);
    (void)pthread_mutex_destroy(&store->lock);
    while (store->uses != NULL) {
        struct use *use = store->uses;
        store->uses = use->next;
        free(use);
    }
    free(store->dir);
    free(store->unpacker);
    free(store);
}

const char *layer_store_dir(const struct layer_store *store)
{
    return store->dir;
}

const char *layer_store_unpacker(const struct layer_store *store)
{
    return store->unpacker;
}

const struct layer_limits *layer_store_limits(const struct layer_store *store)
{
    return &store->limits;
}

char *layer_store_path(const struct layer_store *store, const char *digest)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", store->dir, digest_hex(digest)) < 0 ? NULL : path;
}

bool layer_store_has(const struct layer_store *store, const char *digest)
{
    CLEANUP(freep) char *path = layer_store_path(store, digest);
    struct stat st;
    return path != NULL && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int64_t layer_store_bytes(const struct layer_store *store, const char *digest)
{
    char text[24];
    int64_t bytes = 0;
    CLEANUP(freep) char *path = layer_store_path(store, digest);
    ssize_t n = path == NULL ? -1 : lgetxattr(path, LAYER_BYTES_ATTRIBUTE, text, sizeof(text));
    if (n <= 0 || parse_i64_n(text, (size_t)n, 0, INT64_MAX, "bytes", &bytes, NULL) < 0)
        return 0;
    return bytes;
}

static struct use **find_use(struct layer_store *store, const char *digest)
{
    struct use **at = &store->uses;
    while (*at != NULL && strcmp((*at)->digest, digest) != 0)
        at = &(*at)->next;
    return at;
}

static bool is_being_made(struct layer_store *store, const char *digest)
{
    const struct use *use = *find_use(store, digest);
    return use != NULL && use->is_being_made;
}

static void forget_unless_used(struct use **at)
{
    struct use *use = *at;
    if (use == NULL || use->is_being_made || use->holds > 0)
        return;
    *at = use->next;
    free(use);
}

static void wait_a_while(struct layer_store *store)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += CANCEL_CHECK_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    (void)pthread_cond_timedwait(&store->settled, &store->lock, &until);
}

/* The use of this layer, which is `fresh` when it had none. */
static struct use *use_of(struct layer_store *store, const char *digest, struct use **fresh)
{
    struct use **at = find_use(store, digest);
    if (*at == NULL)
        *at = TAKE_PTR(*fresh);
    return *at;
}

int layer_store_claim(struct layer_store *store, const char *digest, const atomic_bool *cancel,
                      enum layer_claim *ret_claim, struct err *e)
{
    CLEANUP(freep) struct use *fresh = calloc(1, sizeof(*fresh));
    if (fresh == NULL)
        return err_errno(e, ENOMEM, "claim layer");
    memcpy(fresh->digest, digest, sizeof(fresh->digest));

    (void)pthread_mutex_lock(&store->lock);
    while (is_being_made(store, digest) && !atomic_load(cancel))
        wait_a_while(store);
    if (atomic_load(cancel)) {
        *ret_claim = LAYER_CLAIM_CANCELED;
    } else if (layer_store_has(store, digest)) {
        *ret_claim = LAYER_CLAIM_PRESENT;
        use_of(store, digest, &fresh)->holds++;
    } else {
        *ret_claim = LAYER_CLAIM_MINE;
        use_of(store, digest, &fresh)->is_being_made = true;
    }
    (void)pthread_mutex_unlock(&store->lock);
    return 0;
}

void layer_store_settle(struct layer_store *store, const char *digest, bool is_made)
{
    (void)pthread_mutex_lock(&store->lock);
    struct use **at = find_use(store, digest);
    if (*at != NULL) {
        (*at)->is_being_made = false;
        (*at)->holds += is_made;
        forget_unless_used(at);
    }
    (void)pthread_cond_broadcast(&store->settled);
    (void)pthread_mutex_unlock(&store->lock);
}

void layer_store_drop(struct layer_store *store, const char *digest)
{
    (void)pthread_mutex_lock(&store->lock);
    struct use **at = find_use(store, digest);
    if (*at != NULL && (*at)->holds > 0) {
        (*at)->holds--;
        forget_unless_used(at);
    }
    (void)pthread_mutex_unlock(&store->lock);
}

char *layer_store_take_out(struct layer_store *store, const char *digest)
{
    CLEANUP(freep) char *path = layer_store_path(store, digest);
    CLEANUP(freep) char *gone = NULL;
    bool is_out = false;
    (void)pthread_mutex_lock(&store->lock);
    if (asprintf(&gone, "%s/tmp-gone-%u-%u", store->dir, (unsigned)getpid(), store->taken_out++) <
        0)
        gone = NULL;
    if (path != NULL && gone != NULL && *find_use(store, digest) == NULL)
        is_out = rename(path, gone) == 0;
    (void)pthread_mutex_unlock(&store->lock);
    return is_out ? TAKE_PTR(gone) : NULL;
}

int layer_store_each(const struct layer_store *store, void (*visit)(void *ctx, const char *digest),
                     void *ctx, struct err *e)
{
    DIR *dir = opendir(store->dir);
    if (dir == NULL)
        return err_errno(e, errno, "open %s", store->dir);
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        char digest[sizeof("sha256:") + NAME_MAX];
        (void)snprintf(digest, sizeof(digest), "sha256:%s", entry->d_name);
        if (digest_is_valid(digest, strlen(digest)))
            visit(ctx, digest);
    }
    (void)closedir(dir);
    return 0;
}
