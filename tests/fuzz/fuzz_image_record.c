/* SPDX-License-Identifier: Apache-2.0
 *
 * The record of an image on disk, as a crash or a hand may leave it: what was understood, written
 * again, is understood as the same.
 */
#include "fuzz/fuzz.h"

#include "images/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    CLEANUP(image_freep) struct image *image = NULL;
    CLEANUP(image_freep) struct image *same = NULL;
    CLEANUP(image_freep) struct image *copy = NULL;
    CLEANUP(buf_done) struct buf text;
    CLEANUP(buf_done) struct buf again;
    buf_init(&text, IMAGE_RECORD_MAX_BYTES);
    buf_init(&again, IMAGE_RECORD_MAX_BYTES);
    if (n > IMAGE_RECORD_MAX_BYTES / 8 || image_parse((const char *)data, n, &image, NULL) < 0)
        return 0;
    for (size_t i = 0; i < image->layers.n; i++)
        FUZZ_ASSERT(digest_is_valid(image->layers.items[i], strlen(image->layers.items[i])));
    image_put(&text, image);
    FUZZ_ASSERT(image_parse(buf_text(&text), text.len, &same, NULL) == 0);
    image_put(&again, same);
    FUZZ_ASSERT(text.len == again.len && memcmp(text.data, again.data, text.len) == 0);
    FUZZ_ASSERT(image_copy(image, "a/b:c", &copy, NULL) == 0);
    FUZZ_ASSERT(image_open_as(copy, image, NULL) == 0);
    FUZZ_ASSERT(copy->is_public == image->is_public);
    return 0;
}
