/* SPDX-License-Identifier: Apache-2.0 */
#include "images/image_store.h"

#include "base/clock.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* A record is written when it was last used, at most so often. */
#define TOUCH_INTERVAL_US (60 * CLOCK_US_PER_S)

static const char suffix[] = ".json";

struct image_store {
    char *dir; /* owned */
    const struct layer_store *layers;
    struct image **images; /* owned, and what they point to */
    size_t n;
};

static bool layers_are_present(const struct image_store *store, const struct image *image)
{
    for (size_t i = 0; i < image->layers.n; i++)
        if (!layer_store_has(store->layers, image->layers.items[i]))
            return false;
    return image->layers.n > 0;
}

static struct image **find(const struct image_store *store, const char *reference)
{
    for (size_t i = 0; i < store->n; i++)
        if (strcmp(store->images[i]->reference, reference) == 0)
            return &store->images[i];
    return NULL;
}

/* Takes over `image`. */
static int keep(struct image_store *store, struct image *image, struct err *e)
{
    struct image **same = find(store, image->reference);
    if (same != NULL) {
        image_free(*same);
        *same = image;
        return 0;
    }
    struct image **images = reallocarray(store->images, store->n + 1, sizeof(struct image *));
    if (images == NULL) {
        image_free(image);
        return err_errno(e, ENOMEM, "keep image");
    }
    store->images = images;
    store->images[store->n++] = image;
    return 0;
}

static int read_record(const char *path, struct image **ret_image, struct err *e)
{
    CLEANUP(buf_done) struct buf text;
    buf_init(&text, IMAGE_RECORD_MAX_BYTES);
    int rc = file_read(path, &text, e);
    return rc < 0 ? rc : image_parse(text.data, text.len, ret_image, e);
}

static int64_t time_of(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return 0;
    return st.st_mtim.tv_sec * CLOCK_US_PER_S + st.st_mtim.tv_nsec / 1000;
}

static int load_record(struct image_store *store, const char *path, struct err *e)
{
    struct image *image = NULL;
    if (read_record(path, &image, NULL) == 0 && layers_are_present(store, image)) {
        image->used_at_us = time_of(path);
        return keep(store, image, e);
    }
    image_free(image);
    (void)unlink(path);
    return 0;
}

static int load_all(struct image_store *store, struct err *e)
{
    DIR *dir = opendir(store->dir);
    if (dir == NULL)
        return err_errno(e, errno, "open %s", store->dir);
    int rc = 0;
    const struct dirent *entry;
    while (rc == 0 && (entry = readdir(dir)) != NULL) {
        CLEANUP(freep) char *path = NULL;
        if (entry->d_name[0] == '.')
            continue;
        if (asprintf(&path, "%s/%s", store->dir, entry->d_name) < 0) {
            path = NULL;
            rc = err_errno(e, ENOMEM, "read %s", store->dir);
        } else {
            rc = load_record(store, path, e);
        }
    }
    (void)closedir(dir);
    return rc;
}

int image_store_open(const char *dir, const struct layer_store *layers,
                     struct image_store **ret_store, struct err *e)
{
    int rc = dir_make(dir, 0700, e);
    if (rc < 0)
        return rc;
    struct image_store *store = calloc(1, sizeof(*store));
    if (store == NULL)
        return err_errno(e, ENOMEM, "open image store");
    store->layers = layers;
    store->dir = strdup(dir);
    rc = store->dir != NULL ? load_all(store, e) : err_errno(e, ENOMEM, "open image store");
    if (rc < 0) {
        image_store_close(store);
        return rc;
    }
    *ret_store = store;
    return 0;
}

void image_store_close(struct image_store *store)
{
    if (store == NULL)
        return;
    for (size_t i = 0; i < store->n; i++)
        image_free(store->images[i]);
    free(store->images);
    free(store->dir);
    free(store);
}

const struct image *image_store_find(const struct image_store *store, const char *reference)
{
    struct image **found = find(store, reference);
    return found != NULL ? *found : NULL;
}

static char *record_path(const struct image_store *store, const struct image *image)
{
    char name[DIGEST_TEXT_BYTES];
    char *path = NULL;
    digest_of(image->reference, strlen(image->reference), name);
    return asprintf(&path, "%s/%s%s", store->dir, digest_hex(name), suffix) < 0 ? NULL : path;
}

static int write_record(const struct image_store *store, const struct image *image, struct err *e)
{
    CLEANUP(freep) char *path = record_path(store, image);
    CLEANUP(buf_done) struct buf text;

    buf_init(&text, IMAGE_RECORD_MAX_BYTES);
    image_put(&text, image);
    if (!buf_ok(&text))
        return err_set(e, ERR_LIMIT, "the record of %.100s is too large", image->reference);
    if (path == NULL)
        return err_errno(e, ENOMEM, "write image record");
    return file_replace(path, text.data, text.len, 0600, e);
}

int image_store_add(struct image_store *store, struct image *image, struct err *e)
{
    const struct image *old = image_store_find(store, image->reference);
    int rc = 0;
    if (old != NULL && strcmp(old->digest, image->digest) == 0)
        rc = image_open_as(image, old, e);
    image->used_at_us = clock_now_us();
    if (rc == 0)
        rc = write_record(store, image, e);
    if (rc < 0) {
        image_free(image);
        return rc;
    }
    return keep(store, image, e);
}

static void touch(const struct image_store *store, struct image *image, int64_t now_us)
{
    CLEANUP(freep) char *path = record_path(store, image);
    image->used_at_us = now_us;
    if (path != NULL)
        (void)utimensat(AT_FDCWD, path, NULL, 0);
}

void image_store_touch(struct image_store *store, const char *digest)
{
    int64_t now_us = clock_now_us();
    for (size_t i = 0; i < store->n; i++) {
        struct image *image = store->images[i];
        if (strcmp(image->digest, digest) == 0 &&
            (now_us - image->used_at_us > TOUCH_INTERVAL_US || now_us < image->used_at_us))
            touch(store, image, now_us);
    }
}

size_t image_store_count(const struct image_store *store)
{
    return store->n;
}

const struct image *image_store_at(const struct image_store *store, size_t i)
{
    return store->images[i];
}

int image_store_remove(struct image_store *store, size_t i, struct err *e)
{
    CLEANUP(freep) char *path = record_path(store, store->images[i]);
    if (path == NULL)
        return err_errno(e, ENOMEM, "forget image");
    if (unlink(path) < 0 && errno != ENOENT)
        return err_errno(e, errno, "remove %s", path);
    image_free(store->images[i]);
    store->images[i] = store->images[--store->n];
    return 0;
}
