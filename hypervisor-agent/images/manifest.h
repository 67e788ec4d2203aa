/* SPDX-License-Identifier: Apache-2.0
 *
 * Image manifests (Docker v2 schema 2, OCI) and the indexes above them (Docker manifest list, OCI
 * image index). Everything here is a stranger's bytes.
 */
#ifndef ERRAND_IMAGES_MANIFEST_H
#define ERRAND_IMAGES_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "images/digest.h"
#include "images/platform.h"

#define MANIFEST_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define MANIFEST_LAYERS_MAX 128

/* The value of the Accept header that asks for all kinds we read. */
extern const char manifest_accept[];

struct blob {
    char digest[DIGEST_TEXT_BYTES];
    int64_t size_bytes;
};

struct manifest {
    struct blob config;
    struct blob *layers; /* owned; lowest first */
    size_t layers_n;
};

/* True for an index: choose from it, fetch what was chosen. */
int manifest_is_index(const char *text, size_t n, bool *ret_is_index, struct err *e) MUST_USE;

/* ERR_INVALID when malformed; also for schema 1. */
int manifest_parse(const char *text, size_t n, struct manifest *ret_manifest,
                   struct err *e) MUST_USE;
void manifest_done(struct manifest *m);

/* The entry of an index that suits `machine` best; of equals the first. ERR_NOT_FOUND when none
 * does: the message lists what there is. */
int manifest_choose(const char *text, size_t n, const struct platform *machine,
                    struct blob *ret_entry, struct err *e) MUST_USE;

#endif
