/* SPDX-License-Identifier: Apache-2.0
 *
 * Words that are looked for in lines, as bytes. Thread-safe.
 */
#ifndef ERRAND_API_LOG_WORDS_H
#define ERRAND_API_LOG_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct log_words {
    const char *text;  /* borrowed, not empty; NULL: whatever there is */
    bool ignores_case; /* A-Z are a-z; other letters are as they are */
};

bool log_words_are_in(const struct log_words *words, const char *line, size_t n);

#endif
