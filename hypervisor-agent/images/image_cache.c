/* SPDX-License-Identifier: Apache-2.0 */
#include "images/image_cache.h"

#include "base/file.h"
#include "base/log.h"
#include "images/digest.h"
#include "timer.h"

#include <uv.h>

#include <string.h>
#include <sys/statvfs.h>

#define LOOK_INTERVAL_MS 60000

/* A layer while it is decided what goes. */
struct candidate {
    char digest[DIGEST_TEXT_BYTES];
    int64_t bytes;
    unsigned images; /* that need it */
    bool is_out;
};

struct survey {
    struct image_cache *cache;
    struct candidate *layers; /* owned; by digest */
    size_t n;
    size_t room;
    bool is_incomplete; /* out of memory */
    int64_t total_bytes;
    int64_t free_bytes; /* of the disk, counting what is about to be deleted */
    int64_t goal_bytes; /* to be free */
    struct deletion *deletion;
};

/* Directories on their way out, in a worker thread. Outlives the cache. */
struct deletion {
    uv_work_t work;
    struct image_cache *cache; /* NULL once that is gone */
    struct text_list paths;
};

struct waiter {
    void (*on_room)(void *ctx);
    void *ctx;
    struct waiter *next;
};

struct image_cache {
    struct image_cache_options options;
    struct timer *interval;    /* owned */
    struct timer *soon;        /* owned; tells waiters */
    struct deletion *deletion; /* under way, or NULL */
    struct waiter *waiters;    /* owned */
    int64_t wanted_bytes;      /* by waiters that the deletion under way came too early for */
};

static void look(struct image_cache *cache, int64_t wanted_bytes);

static void on_interval(void *ctx)
{
    image_cache_look(ctx);
}

static void on_soon(void *ctx)
{
    struct image_cache *cache = ctx;
    struct waiter *waiters = TAKE_PTR(cache->waiters);
    while (waiters != NULL) {
        struct waiter *waiter = waiters;
        waiters = waiter->next;
        waiter->on_room(waiter->ctx);
        free(waiter);
    }
}

struct image_cache *image_cache_new(const struct image_cache_options *options)
{
    struct image_cache *cache = calloc(1, sizeof(*cache));
    if (cache == NULL)
        return NULL;
    cache->options = *options;
    cache->interval = timer_new(options->loop, on_interval, cache);
    cache->soon = timer_new(options->loop, on_soon, cache);
    if (cache->interval == NULL || cache->soon == NULL) {
        image_cache_free(cache);
        return NULL;
    }
    timer_start_repeating(cache->interval, LOOK_INTERVAL_MS);
    return cache;
}

void image_cache_free(struct image_cache *cache)
{
    if (cache == NULL)
        return;
    if (cache->deletion != NULL)
        cache->deletion->cache = NULL;
    on_soon(cache);
    timer_free(cache->interval);
    timer_free(cache->soon);
    free(cache);
}

/* what is here */

static int by_digest(const void *a, const void *b)
{
    return strcmp(((const struct candidate *)a)->digest, ((const struct candidate *)b)->digest);
}

static void add_layer(void *ctx, const char *digest)
{
    struct survey *s = ctx;
    if (s->n == s->room) {
        size_t room = s->room > 0 ? 2 * s->room : 64;
        struct candidate *layers = reallocarray(s->layers, room, sizeof(*layers));
        if (layers == NULL) {
            s->is_incomplete = true;
            return;
        }
        s->layers = layers;
        s->room = room;
    }
    struct candidate *layer = &s->layers[s->n++];
    *layer = (struct candidate){.bytes = layer_store_bytes(s->cache->options.layers, digest)};
    memcpy(layer->digest, digest, sizeof(layer->digest));
    s->total_bytes += layer->bytes;
}

static struct candidate *find_layer(const struct survey *s, const char *digest)
{
    struct candidate key;
    if (s->n == 0)
        return NULL;
    memcpy(key.digest, digest, sizeof(key.digest));
    return bsearch(&key, s->layers, s->n, sizeof(*s->layers), by_digest);
}

static void count_images(const struct survey *s)
{
    const struct image_store *images = s->cache->options.images;
    for (size_t i = 0; i < image_store_count(images); i++) {
        const struct image *image = image_store_at(images, i);
        for (size_t k = 0; k < image->layers.n; k++) {
            struct candidate *layer = find_layer(s, image->layers.items[k]);
            if (layer != NULL)
                layer->images++;
        }
    }
}

static int64_t disk_free(const struct image_cache *cache)
{
    struct statvfs fs;
    if (statvfs(layer_store_dir(cache->options.layers), &fs) < 0)
        return INT64_MAX;
    return (int64_t)(fs.f_bavail * fs.f_frsize);
}

static bool is_pressed(const struct survey *s)
{
    int64_t max_bytes = s->cache->options.max_bytes;
    return s->free_bytes < s->goal_bytes || (max_bytes > 0 && s->total_bytes > max_bytes);
}

/* what goes */

static void drop_layer(struct survey *s, struct candidate *layer)
{
    if (layer->images > 0 || layer->is_out)
        return;
    CLEANUP(freep)
    char *path = layer_store_take_out(s->cache->options.layers, layer->digest);
    if (path == NULL)
        return;
    layer->is_out = true;
    s->total_bytes -= layer->bytes;
    s->free_bytes += layer->bytes;
    log_debug("layer.removed layer=%.19s bytes=%lld", layer->digest, (long long)layer->bytes);
    /* What cannot be remembered is deleted at the next start. */
    if (text_list_add(&s->deletion->paths, path, NULL) < 0)
        log_warn("layer.left path=%s", path);
}

/* The place of the image that was unused for longest; the count when all are needed. */
static size_t find_oldest(const struct image_cache *cache)
{
    const struct image_store *images = cache->options.images;
    size_t n = image_store_count(images);
    size_t oldest = n;
    for (size_t i = 0; i < n; i++) {
        const struct image *image = image_store_at(images, i);
        if (oldest < n && image->used_at_us >= image_store_at(images, oldest)->used_at_us)
            continue;
        if (!cache->options.is_needed(cache->options.ctx, image))
            oldest = i;
    }
    return oldest;
}

static bool forget_oldest(struct survey *s)
{
    struct image_store *images = s->cache->options.images;
    struct text_list layers = {0};
    struct err e;
    size_t oldest = find_oldest(s->cache);
    if (oldest == image_store_count(images))
        return false;

    const struct image *image = image_store_at(images, oldest);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < image->layers.n; i++)
        rc = text_list_add(&layers, image->layers.items[i], &e);
    if (rc == 0) {
        log_info("image.forgotten image=%s digest=%.19s", image->reference, image->digest);
        rc = image_store_remove(images, oldest, &e);
    }
    for (size_t i = 0; rc == 0 && i < layers.n; i++) {
        struct candidate *layer = find_layer(s, layers.items[i]);
        if (layer == NULL)
            continue;
        layer->images--;
        drop_layer(s, layer);
    }
    text_list_done(&layers);
    if (rc < 0)
        log_error("image.unforgotten error=\"%s\"", e.msg);
    return rc == 0;
}

static void relieve(struct survey *s)
{
    if (!is_pressed(s))
        return;
    for (size_t i = 0; i < s->n; i++)
        drop_layer(s, &s->layers[i]);
    while (is_pressed(s) && forget_oldest(s))
        continue;
}

/* deleting */

static void delete_paths(uv_work_t *work)
{
    const struct deletion *deletion = work->data;
    for (size_t i = 0; i < deletion->paths.n; i++) {
        struct err e;
        if (dir_remove(deletion->paths.items[i], &e) < 0)
            log_debug("layer.leftover error=\"%s\"", e.msg);
    }
}

static void after_deletion(uv_work_t *work, int status)
{
    struct deletion *deletion = work->data;
    struct image_cache *cache = deletion->cache;
    (void)status;
    text_list_done(&deletion->paths);
    free(deletion);
    if (cache == NULL)
        return;
    cache->deletion = NULL;
    int64_t wanted_bytes = cache->wanted_bytes;
    cache->wanted_bytes = 0;
    if (wanted_bytes > 0)
        look(cache, wanted_bytes);
    if (cache->deletion == NULL)
        timer_start(cache->soon, 0);
}

static void delete_later(struct image_cache *cache, struct deletion *deletion)
{
    deletion->cache = cache;
    deletion->work.data = deletion;
    cache->deletion = deletion;
    if (uv_queue_work(cache->options.loop, &deletion->work, delete_paths, after_deletion) != 0)
        after_deletion(&deletion->work, 0);
}

static void survey_done(struct survey *s)
{
    free(s->layers);
    if (s->deletion != NULL)
        text_list_done(&s->deletion->paths);
    free(s->deletion);
}

static void look(struct image_cache *cache, int64_t wanted_bytes)
{
    struct err e;
    CLEANUP(survey_done)
    struct survey s = {
        .cache = cache,
        .free_bytes = disk_free(cache),
        .goal_bytes = wanted_bytes > 0 ? cache->options.floor_bytes + wanted_bytes
                                       : 2 * cache->options.floor_bytes,
        .deletion = calloc(1, sizeof(*s.deletion)),
    };
    if (s.deletion == NULL)
        return;
    if (layer_store_each(cache->options.layers, add_layer, &s, &e) < 0) {
        log_error("cache.unseen error=\"%s\"", e.msg);
        return;
    }
    if (s.is_incomplete)
        return;
    if (s.n > 0)
        qsort(s.layers, s.n, sizeof(*s.layers), by_digest);
    count_images(&s);
    relieve(&s);
    if (s.deletion->paths.n > 0)
        delete_later(cache, TAKE_PTR(s.deletion));
}

void image_cache_look(struct image_cache *cache)
{
    if (cache->deletion == NULL)
        look(cache, 0);
}

bool image_cache_make_room(struct image_cache *cache, int64_t bytes, void (*on_room)(void *ctx),
                           void *ctx)
{
    struct waiter *waiter = calloc(1, sizeof(*waiter));
    if (waiter == NULL)
        return false;
    *waiter = (struct waiter){.on_room = on_room, .ctx = ctx, .next = cache->waiters};
    cache->waiters = waiter;
    if (cache->deletion != NULL) {
        cache->wanted_bytes = bytes > cache->wanted_bytes ? bytes : cache->wanted_bytes;
        return true;
    }
    look(cache, bytes);
    if (cache->deletion == NULL)
        timer_start(cache->soon, 0);
    return true;
}
