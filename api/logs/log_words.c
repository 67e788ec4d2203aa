/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/log_words.h"

#include <string.h>

static unsigned char lower(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

static bool begins_with(const char *line, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (lower(line[i]) != lower(text[i]))
            return false;
    }
    return true;
}

static bool are_in_any_case(const char *text, size_t text_n, const char *line, size_t n)
{
    unsigned char first = lower(text[0]);
    for (size_t i = 0; i + text_n <= n; i++) {
        if (lower(line[i]) == first && begins_with(line + i, text, text_n))
            return true;
    }
    return false;
}

bool log_words_are_in(const struct log_words *words, const char *line, size_t n)
{
    if (words->text == NULL)
        return true;
    size_t text_n = strlen(words->text);
    if (words->ignores_case)
        return are_in_any_case(words->text, text_n, line, n);
    return memmem(line, n, words->text, text_n) != NULL;
}
