/* SPDX-License-Identifier: Apache-2.0 */
#include "images/image_pull.h"

#include "base/backoff.h"
#include "images/layer_writer.h"
#include "images/manifest.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define TRIES_MAX 4
#define RETRY_FIRST_MS 200
#define RETRY_MAX_MS 2000
#define CANCEL_CHECK_MS 100

/* What one try of a step is given; steps that fail with ERR_UNAVAILABLE are tried again. */
struct step {
    struct image_pull *pull;
    struct registry *registry;
    const char *version; /* manifests */
    struct buf *body;
    const struct blob *blob; /* configuration and layers */
};

typedef int step_fn(struct step *step, struct err *e);

static void sleep_ms(const struct image_pull *pull, uint32_t ms)
{
    for (uint32_t slept = 0; slept < ms && !atomic_load(&pull->watch.cancel);
         slept += CANCEL_CHECK_MS) {
        struct timespec pause = {.tv_nsec = CANCEL_CHECK_MS * 1000000L};
        (void)nanosleep(&pause, NULL);
    }
}

static int try_step(step_fn *fn, struct step *step, struct err *e)
{
    struct backoff backoff;
    backoff_init(&backoff, RETRY_FIRST_MS, RETRY_MAX_MS);
    for (int tries = 1;; tries++) {
        int rc = fn(step, e);
        if (rc != ERR_UNAVAILABLE || tries == TRIES_MAX || atomic_load(&step->pull->watch.cancel))
            return rc;
        sleep_ms(step->pull, backoff_next_ms(&backoff));
    }
}

static int get_manifest(struct step *step, struct err *e)
{
    buf_clear(step->body);
    return registry_get_manifest(step->registry, step->version, step->body, e);
}

static int get_config(struct step *step, struct err *e)
{
    buf_clear(step->body);
    return registry_get_blob(step->registry, step->blob->digest, http_sink_buf, step->body, e);
}

/* Fetch the manifest `version` into `body`, verified when it is a digest. */
static int fetch_manifest(struct image_pull *pull, struct registry *registry, const char *version,
                          struct buf *body, struct err *e)
{
    struct step step = {.pull = pull, .registry = registry, .version = version, .body = body};
    int rc = try_step(get_manifest, &step, e);
    if (rc < 0)
        return rc;
    if (digest_is_valid(version, strlen(version)))
        return digest_check(version, body->data, body->len, "manifest", e);
    return 0;
}

/* Follow an index to the manifest for this machine; `ret_digest` is what the reference stands for.
 */
static int resolve(struct image_pull *pull, struct registry *registry, char *ret_digest,
                   struct manifest *ret_manifest, struct err *e)
{
    CLEANUP(buf_done) struct buf body;
    bool is_index = false;
    struct blob chosen;

    buf_init(&body, MANIFEST_MAX_BYTES);
    int rc = fetch_manifest(pull, registry, image_reference_version(&pull->ref), &body, e);
    if (rc == 0)
        rc = manifest_is_index(body.data, body.len, &is_index, e);
    if (rc < 0)
        return rc;
    digest_of(body.data, body.len, ret_digest);
    if (is_index) {
        rc = manifest_choose(body.data, body.len, manifest_host_arch(), &chosen, e);
        if (rc == 0)
            rc = fetch_manifest(pull, registry, chosen.digest, &body, e);
        if (rc < 0)
            return rc;
    }
    return manifest_parse(body.data, body.len, ret_manifest, e);
}

static int fetch_config(struct image_pull *pull, struct registry *registry,
                        const struct manifest *m, struct image_config *ret_config, struct err *e)
{
    CLEANUP(buf_done) struct buf body;
    buf_init(&body, IMAGE_CONFIG_MAX_BYTES);
    struct step step = {.pull = pull, .registry = registry, .body = &body, .blob = &m->config};
    int rc = try_step(get_config, &step, e);
    if (rc == 0)
        rc = digest_check(m->config.digest, body.data, body.len, "image configuration", e);
    if (rc < 0)
        return rc;
    return image_config_parse(body.data, body.len, m->layers_n, ret_config, e);
}

struct layer_transfer {
    struct image_pull_watch *watch;
    struct layer_writer *writer;
    long long counted_bytes;
};

static int on_layer_bytes(void *ctx, const char *bytes, size_t n, struct err *e)
{
    struct layer_transfer *t = ctx;
    t->counted_bytes += (long long)n;
    (void)atomic_fetch_add(&t->watch->done_bytes, (long long)n);
    return layer_writer_put(t->writer, bytes, n, e);
}

static int get_layer(struct step *step, struct err *e)
{
    struct layer_store *layers = step->pull->layers;
    CLEANUP(layer_writer_freep) struct layer_writer *writer = NULL;
    CLEANUP(freep) char *path = layer_store_path(layers, step->blob->digest);
    if (path == NULL)
        return err_errno(e, ENOMEM, "pull layer");
    int rc = layer_writer_open(layer_store_dir(layers), layer_store_unpacker(layers), step->blob,
                               &step->pull->watch.cancel, &writer, e);
    if (rc < 0)
        return rc;

    struct layer_transfer t = {.watch = &step->pull->watch, .writer = writer};
    rc = registry_get_blob(step->registry, step->blob->digest, on_layer_bytes, &t, e);
    if (rc == 0)
        rc = layer_writer_finish(writer, path, e);
    if (rc < 0)
        (void)atomic_fetch_sub(&t.watch->done_bytes, t.counted_bytes);
    return rc;
}

static int ensure_layer(struct image_pull *pull, struct registry *registry, const struct blob *blob,
                        struct err *e)
{
    enum layer_claim claim = LAYER_CLAIM_PRESENT;
    int rc = layer_store_claim(pull->layers, blob->digest, &pull->watch.cancel, &claim, e);
    if (rc < 0)
        return rc;
    if (claim == LAYER_CLAIM_CANCELED)
        return err_set(e, ERR_UNAVAILABLE, "canceled");
    if (claim == LAYER_CLAIM_PRESENT) {
        (void)atomic_fetch_add(&pull->watch.done_bytes, blob->size_bytes);
        return 0;
    }
    struct step step = {.pull = pull, .registry = registry, .blob = blob};
    rc = try_step(get_layer, &step, e);
    layer_store_release(pull->layers, blob->digest);
    /* A manifest that names what its registry does not have is not a missing image. */
    if (rc == ERR_NOT_FOUND)
        return err_set(e, ERR_INVALID, "the registry lacks layer %.19s..", blob->digest);
    return rc;
}

static int ensure_layers(struct image_pull *pull, struct registry *registry,
                         const struct manifest *m, struct image *image, struct err *e)
{
    for (size_t i = 0; i < m->layers_n; i++)
        image->size_bytes += m->layers[i].size_bytes;
    atomic_store(&pull->watch.total_bytes, image->size_bytes);
    for (size_t i = 0; i < m->layers_n; i++) {
        int rc = ensure_layer(pull, registry, &m->layers[i], e);
        if (rc == 0)
            rc = text_list_add(&image->layers, m->layers[i].digest, e);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int image_pull_run(struct image_pull *pull, struct image **ret_image, struct err *e)
{
    char digest[DIGEST_TEXT_BYTES];
    CLEANUP(manifest_done) struct manifest m = {0};
    CLEANUP(image_freep) struct image *image = NULL;
    CLEANUP(freep) char *reference = image_reference_format(&pull->ref);
    CLEANUP(registry_freep)
    struct registry *registry =
        registry_new(&pull->ref, pull->insecure_hosts, &pull->credentials, &pull->watch.cancel);
    if (registry == NULL || reference == NULL)
        return err_errno(e, ENOMEM, "pull image");

    int rc = resolve(pull, registry, digest, &m, e);
    if (rc < 0)
        return rc;
    image = image_new(reference, digest);
    if (image == NULL)
        return err_errno(e, ENOMEM, "pull image");
    rc = fetch_config(pull, registry, &m, &image->config, e);
    if (rc == 0)
        rc = ensure_layers(pull, registry, &m, image, e);
    if (rc == 0)
        *ret_image = TAKE_PTR(image);
    return rc;
}
