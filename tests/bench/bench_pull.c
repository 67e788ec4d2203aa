/* SPDX-License-Identifier: Apache-2.0
 *
 * bench_pull DIR REFERENCE: pull one image into an empty store below DIR, with the agent's own
 * code. This program is its own unpacker. Needs root.
 */
#include "images/image_pull.h"
#include "images/layer_unpack.h"

#include <curl/curl.h>

#include <stdio.h>
#include <stdlib.h>

static int pull(const char *dir, const char *text, struct err *e)
{
    struct image_pull pull = {0};
    struct image *image = NULL;
    bool is_private = false;
    const struct layer_store_options options = {.dir = dir,
                                                .unpacker = "/proc/self/exe",
                                                .limits = {.max_bytes = LAYER_UNPACKED_MAX_BYTES}};
    int rc = layer_store_open(&options, &pull.layers, e);
    if (rc == 0)
        rc = image_reference_parse(text, NULL, &pull.ref, e);
    if (rc == 0)
        rc = image_pull_run(&pull, &image, &is_private, e);
    if (rc == 0)
        image_pull_drop_layers(&pull, image);
    image_free(image);
    image_pull_done(&pull);
    layer_store_close(pull.layers);
    return rc;
}

int main(int argc, char **argv)
{
    struct err e;
    if (layer_unpack_is_asked(argc, argv))
        layer_unpack_main(argv);
    if (argc != 3) {
        (void)fprintf(stderr, "usage: bench_pull DIR REFERENCE\n");
        return 2;
    }
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    if (pull(argv[1], argv[2], &e) < 0) {
        (void)fprintf(stderr, "bench_pull: %s\n", e.msg);
        return 1;
    }
    return 0;
}
