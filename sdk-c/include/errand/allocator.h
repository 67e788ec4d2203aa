/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a client's memory comes from.
 *
 * It is used for the client, for what its calls gather (answers, lines, events), and for the
 * objects it gives. Two libraries below have one allocator for the whole process, which is the
 * program's to set: jansson (the fields of runs and runners; json_set_alloc_funcs) and libcurl
 * (connections; curl_global_init_mem). Lines of a log, followed or read, are decoded without
 * either.
 */
#ifndef ERRAND_ALLOCATOR_H
#define ERRAND_ALLOCATOR_H

#include <stddef.h>

/* All three must be set. They are called on whatever thread uses or frees what they gave. */
typedef struct errand_allocator {
    void *(*allocate)(size_t n, void *user); /* NULL when there is none; n is never 0 */
    void *(*reallocate)(void *memory, size_t n, void *user); /* as realloc(); memory may be NULL */
    void (*release)(void *memory, void *user);               /* memory is never NULL */
    void *user;
} errand_allocator;

#endif
