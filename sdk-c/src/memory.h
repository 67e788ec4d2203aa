/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory from the client's allocator. An `allocator` may be NULL in all of these: the C library's.
 */
#ifndef ERRAND_SDK_MEMORY_H
#define ERRAND_SDK_MEMORY_H

#include <errand/allocator.h>

/* Zeroed; NULL when there is none. */
void *errand_memory_get(const errand_allocator *allocator, size_t n);

void *errand_memory_resize(const errand_allocator *allocator, void *memory, size_t n);

char *errand_memory_copy(const errand_allocator *allocator, const char *text);

/* NULL is allowed. */
void errand_memory_release(const errand_allocator *allocator, void *memory);

#endif
