/* SPDX-License-Identifier: Apache-2.0
 *
 * What to do with one entry of a layer's tar. Part of `errand-agent --unpack`: everything here
 * acts on the root directory of this (confined) process.
 */
#ifndef ERRAND_IMAGES_LAYER_ENTRY_H
#define ERRAND_IMAGES_LAYER_ENTRY_H

#include <stdbool.h>

#include "base/err.h"

struct archive_entry;

enum layer_entry_kind {
    LAYER_ENTRY_KEEP, /* to be written under its (cleaned) name */
    LAYER_ENTRY_DONE, /* was a whiteout, or is left out */
};

/* Clean the entry's names, attributes and type; carry out whiteouts.
 *
 * Errors:  ERR_INVALID  a name that is absolute after cleaning, holds "..", or is none
 *          errno's      a whiteout could not be made
 */
int layer_entry_prepare(struct archive_entry *entry, enum layer_entry_kind *ret_kind,
                        struct err *e) MUST_USE;

/* After the entry was written: a directory that took the place of a whiteout hides what is below it
 * in lower layers. */
int layer_entry_settle(struct archive_entry *entry, struct err *e) MUST_USE;

/* `path` relative and without "." parts, in place. False when it holds "..". */
bool layer_path_clean(char *path);

#endif
