/* SPDX-License-Identifier: Apache-2.0
 *
 * The caller's three functions, or the C library's.
 */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

static int has_own(const errand_allocator *allocator)
{
    return allocator != NULL && allocator->allocate != NULL;
}

void *errand_memory_get(const errand_allocator *allocator, size_t n)
{
    void *memory;

    if (!has_own(allocator))
        return calloc(1, n);
    memory = allocator->allocate(n, allocator->user);
    if (memory != NULL)
        memset(memory, 0, n);
    return memory;
}

void *errand_memory_resize(const errand_allocator *allocator, void *memory, size_t n)
{
    return has_own(allocator) ? allocator->reallocate(memory, n, allocator->user)
                              : realloc(memory, n);
}

char *errand_memory_copy(const errand_allocator *allocator, const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = errand_memory_get(allocator, n);

    return copy == NULL ? NULL : memcpy(copy, text, n);
}

void errand_memory_release(const errand_allocator *allocator, void *memory)
{
    if (memory == NULL)
        return;
    if (has_own(allocator))
        allocator->release(memory, allocator->user);
    else
        free(memory);
}
