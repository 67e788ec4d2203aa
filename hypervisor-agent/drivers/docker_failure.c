/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/docker_failure.h"

#include "base/defer.h"
#include "base/utf8.h"

#include <errno.h>
#include <string.h>

#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND 127

bool docker_failure_of_start(const char *message, int32_t *ret_exit_code)
{
    static const struct {
        const char *words;
        int32_t exit_code;
    } known[] = {
        {"executable file not found", EXIT_NOT_FOUND},
        {"executable file `", EXIT_NOT_FOUND},
        {"no such file or directory", EXIT_NOT_FOUND},
        {"unable to find user", EXIT_NOT_EXECUTABLE},
        {"unable to find group", EXIT_NOT_EXECUTABLE},
        {"no matching entries in", EXIT_NOT_EXECUTABLE},
        {"permission denied", EXIT_NOT_EXECUTABLE},
        {"not a directory", EXIT_NOT_EXECUTABLE},
        {"exec format error", EXIT_NOT_EXECUTABLE},
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strcasestr(message, known[i].words) != NULL) {
            *ret_exit_code = known[i].exit_code;
            return true;
        }
    }
    return false;
}

static bool begins_with(const char *words, size_t n, const char *prefix)
{
    size_t prefix_n = strlen(prefix);
    return n >= prefix_n && memcmp(words, prefix, prefix_n) == 0;
}

/* [FATAL tini (7)] exec nope failed: No such file or directory
 * ERROR (catatonit:7): failed to exec pid1: No such file or directory */
bool docker_failure_of_init(const char *words, size_t n, char *text, size_t size,
                            int32_t *ret_exit_code)
{
    static const char tini[] = "[FATAL tini (";
    static const char tini_exec[] = " failed: ";
    static const char catatonit[] = "ERROR (catatonit:";
    static const char catatonit_exec[] = "): failed to exec pid1: ";
    bool is_tini = begins_with(words, n, tini);
    const char *marker = is_tini ? tini_exec : catatonit_exec;
    if (n == 0 || memchr(words, '\n', n) != words + n - 1 ||
        (!is_tini && !begins_with(words, n, catatonit)))
        return false;

    const char *at = memmem(words, n, marker, strlen(marker));
    if (at == NULL)
        return false;
    at += strlen(marker);
    size_t text_n = (size_t)(words + n - 1 - at);
    if (!utf8_is_valid(at, text_n))
        return false;
    text_n = text_n < size ? text_n : utf8_floor(at, size - 1, text_n);
    memcpy(text, at, text_n);
    text[text_n] = '\0';
    *ret_exit_code = strcmp(text, strerror(ENOENT)) == 0 ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
    return true;
}
