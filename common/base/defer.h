/* SPDX-License-Identifier: Apache-2.0
 *
 * Scope-bound cleanup and visible moves of ownership (gcc and clang).
 */
#ifndef ERRAND_BASE_DEFER_H
#define ERRAND_BASE_DEFER_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Call `fn(&variable)` when the variable leaves its scope. `fn` accepts what the variable was
 * initialised to, so an early return is always correct. */
#define CLEANUP(fn) __attribute__((cleanup(fn), unused))

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

/* Move out: the expression yields the old value, the variable becomes empty. */
#define TAKE_PTR(p)                                                                                \
    __extension__({                                                                                \
        __typeof__(p) take_ptr_ = (p);                                                             \
        (p) = NULL;                                                                                \
        take_ptr_;                                                                                 \
    })
#define TAKE_FD(fd)                                                                                \
    __extension__({                                                                                \
        int take_fd_ = (fd);                                                                       \
        (fd) = -1;                                                                                 \
        take_fd_;                                                                                  \
    })

/* Where a MUST_USE result is rightly ignored: gcc does not take a cast to void for an answer. */
#define IGNORE(call)                                                                               \
    do {                                                                                           \
        __typeof__(call) ignored_ = (call);                                                        \
        (void)ignored_;                                                                            \
    } while (0)

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* For `CLEANUP(freep) char *text = NULL;` and any other malloc'ed pointer. */
static inline void freep(void *pointer_to_pointer)
{
    free(*(void **)pointer_to_pointer);
}

static inline void fd_closep(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static inline void file_closep(FILE **file)
{
    if (*file != NULL)
        (void)fclose(*file);
}

#endif
