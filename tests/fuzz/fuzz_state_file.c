/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that processes keep between two lives of theirs, with any content: the key ring (first byte
 * 0), an agent's key and credential (1), its pins (2), a record of an image (3). They are taken, or
 * refused with an error; what was taken, kept again, is taken as the same.
 */
#include "fuzz/fuzz.h"

#include "auth/key_ring.h"
#include "base/file.h"
#include "base/log.h"
#include "identity.h"
#include "images/image_store.h"
#include "warm_pins.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#define A16 "aaaaaaaaaaaaaaaa"

static char dir[] = "/dev/shm/errand-fuzz-XXXXXX";
/* what a record may name */
static const char present_layer[] = "sha256:" A16 A16 A16 A16;

static uv_loop_t loop;
static struct layer_store *layers;

static void path_of(const char *name, char path[256])
{
    FUZZ_ASSERT(snprintf(path, 256, "%s/%s", dir, name) < 256);
}

static void put_file(const char *name, const uint8_t *data, size_t n)
{
    char path[256];
    path_of(name, path);
    FILE *out = fopen(path, "we");
    FUZZ_ASSERT(out != NULL && fchmod(fileno(out), 0600) == 0);
    FUZZ_ASSERT(n == 0 || fwrite(data, n, 1, out) == 1);
    FUZZ_ASSERT(fclose(out) == 0);
}

static void try_key_ring(const uint8_t *data, size_t n)
{
    char path[256];
    struct key_ring *ring = NULL;
    struct key_ring *same = NULL;
    put_file("ring", data, n);
    path_of("ring", path);
    if (key_ring_load(path, &ring, NULL) < 0)
        return;
    size_t keys = key_ring_count(ring);
    const char *current = key_ring_current_id(ring);
    FUZZ_ASSERT(keys >= 1 && keys <= KEY_RING_KEYS_MAX);
    FUZZ_ASSERT(key_ring_key(ring, current, strlen(current)) != NULL);
    FUZZ_ASSERT(key_ring_save(ring, path, NULL) == 0 && key_ring_load(path, &same, NULL) == 0);
    FUZZ_ASSERT(key_ring_count(same) == keys && strcmp(key_ring_current_id(same), current) == 0 &&
                memcmp(key_ring_token_key(ring), key_ring_token_key(same), KEY_RING_KEY_BYTES) ==
                    0);
    if (key_ring_reload(same, path, NULL) == 0)
        FUZZ_ASSERT(key_ring_count(same) == keys);
    (void)key_ring_newest_is_current(ring);
    key_ring_free(ring);
    key_ring_free(same);
}

static void try_identity(const uint8_t *data, size_t n)
{
    struct identity *identity = NULL;
    size_t key_n = n > 0 ? data[0] % 40 : 0;
    key_n = key_n < n ? key_n : n;
    put_file("key", data, key_n);
    put_file("credential", data + key_n, n - key_n);
    if (identity_open(dir, &identity, NULL) < 0)
        return;
    const char *credential = identity_credential(identity);
    FUZZ_ASSERT(key_n == 32 && identity_public_key(identity) != NULL);
    FUZZ_ASSERT(credential == NULL || (strlen(credential) < IDENTITY_CREDENTIAL_BYTES &&
                                       strpbrk(credential, "\r\n") == NULL));
    identity_free(identity);
}

static void try_pins(const uint8_t *data, size_t n)
{
    const struct warm_pins_parts parts = {.loop = &loop, .data_dir = dir};
    struct warm_pins *pins = NULL;
    put_file("pins.json", data, n);
    FUZZ_ASSERT(warm_pins_open(&parts, &pins, NULL) == 0);
    warm_pins_close(pins);
    (void)uv_run(&loop, UV_RUN_NOWAIT);
}

/* What cannot be read is removed. */
static void try_image(const uint8_t *data, size_t n)
{
    struct image_store *store = NULL;
    char path[256];
    struct err e;
    put_file("images/record.json", data, n);
    path_of("images", path);
    FUZZ_ASSERT(image_store_open(path, layers, &store, &e) == 0);
    for (size_t i = 0; i < image_store_count(store); i++)
        FUZZ_ASSERT(image_store_find(store, image_store_at(store, i)->reference) != NULL);
    image_store_close(store);
    FUZZ_ASSERT(dir_remove(path, &e) == 0 && mkdir(path, 0700) == 0);
}

static void leave(void)
{
    IGNORE(dir_remove(dir, NULL));
}

static void prepare(void)
{
    char path[256];
    struct err e;
    log_init("fuzz", LOG_LEVEL_ERROR);
    FUZZ_ASSERT(mkdtemp(dir) != NULL && atexit(leave) == 0);
    path_of("images", path);
    FUZZ_ASSERT(mkdir(path, 0700) == 0 && uv_loop_init(&loop) == 0 && secret_init(&e) == 0);
    path_of("layers", path);
    const struct layer_store_options options = {.dir = path, .unpacker = "/bin/false"};
    FUZZ_ASSERT(layer_store_open(&options, &layers, &e) == 0);
    CLEANUP(freep) char *layer = layer_store_path(layers, present_layer);
    FUZZ_ASSERT(layer != NULL && mkdir(layer, 0700) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static void (*const kinds[])(const uint8_t *, size_t) = {try_key_ring, try_identity, try_pins,
                                                             try_image};
    if (layers == NULL)
        prepare();
    if (n > 0)
        kinds[data[0] % 4](data + 1, n - 1);
    return 0;
}
