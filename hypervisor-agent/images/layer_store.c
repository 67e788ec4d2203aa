/* SPDX-License-Identifier: Apache-2.0 */
#include "images/layer_store.h"

#include "base/file.h"
#include "images/digest.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define CANCEL_CHECK_MS 250

/* A layer that some thread is making. */
struct claim {
    char digest[DIGEST_TEXT_BYTES];
    struct claim *next;
};

struct layer_store {
    char *dir;      /* owned */
    char *unpacker; /* owned */
    pthread_mutex_t lock;
    pthread_cond_t released;
    struct claim *claims; /* owned; under the lock */
};

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
            rc = dir_remove(path, e);
        }
    }
    (void)closedir(dir);
    return rc;
}

int layer_store_open(const char *dir, const char *unpacker, struct layer_store **ret_store,
                     struct err *e)
{
    int rc = dir_make(dir, 0700, e);
    if (rc == 0)
        rc = remove_leftovers(dir, e);
    if (rc < 0)
        return rc;

    struct layer_store *store = calloc(1, sizeof(*store));
    if (store == NULL)
        return err_errno(e, ENOMEM, "open layer store");
    (void)pthread_mutex_init(&store->lock, NULL);
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&store->released, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    store->dir = strdup(dir);
    store->unpacker = strdup(unpacker);
    if (store->dir == NULL || store->unpacker == NULL) {
        layer_store_close(store);
        return err_errno(e, ENOMEM, "open layer store");
    }
    *ret_store = store;
    return 0;
}

void layer_store_close(struct layer_store *store)
{
    if (store == NULL)
        return;
    (void)pthread_cond_destroy(&store->released);
    (void)pthread_mutex_destroy(&store->lock);
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

static struct claim **find_claim(struct layer_store *store, const char *digest)
{
    struct claim **at = &store->claims;
    while (*at != NULL && strcmp((*at)->digest, digest) != 0)
        at = &(*at)->next;
    return at;
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
    (void)pthread_cond_timedwait(&store->released, &store->lock, &until);
}

int layer_store_claim(struct layer_store *store, const char *digest, const atomic_bool *cancel,
                      enum layer_claim *ret_claim, struct err *e)
{
    struct claim *claim = calloc(1, sizeof(*claim));
    if (claim == NULL)
        return err_errno(e, ENOMEM, "claim layer");
    memcpy(claim->digest, digest, sizeof(claim->digest));

    (void)pthread_mutex_lock(&store->lock);
    while (*find_claim(store, digest) != NULL && !atomic_load(cancel))
        wait_a_while(store);
    if (atomic_load(cancel)) {
        *ret_claim = LAYER_CLAIM_CANCELED;
    } else if (layer_store_has(store, digest)) {
        *ret_claim = LAYER_CLAIM_PRESENT;
    } else {
        *ret_claim = LAYER_CLAIM_MINE;
        claim->next = store->claims;
        store->claims = TAKE_PTR(claim);
    }
    (void)pthread_mutex_unlock(&store->lock);
    free(claim);
    return 0;
}

void layer_store_release(struct layer_store *store, const char *digest)
{
    (void)pthread_mutex_lock(&store->lock);
    struct claim **at = find_claim(store, digest);
    struct claim *claim = *at;
    if (claim != NULL)
        *at = claim->next;
    (void)pthread_cond_broadcast(&store->released);
    (void)pthread_mutex_unlock(&store->lock);
    free(claim);
}
