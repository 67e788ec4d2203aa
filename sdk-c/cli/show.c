/* SPDX-License-Identifier: Apache-2.0
 *
 * Text for table cells and JSON output.
 */
#include "show.h"

#include "complain.h"

#include <stdio.h>
#include <string.h>

int show_json(char *json)
{
    int r = json == NULL ? complain("out of memory") : 0;

    if (json != NULL)
        (void)puts(json);
    errand_free(json);
    return r;
}

static int needs_quotes(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=./:,@%^";

    return *word == '\0' || strspn(word, plain) != strlen(word);
}

/* Append as much as fits; *used counts on beyond the end. */
static void append(char *text, size_t n, size_t *used, const char *more)
{
    size_t n_more = strlen(more);

    if (*used < n)
        (void)snprintf(text + *used, n - *used, "%s", more);
    *used += n_more;
}

/* As a shell would need it: 'it'\''s'. */
static void append_word(char *text, size_t n, size_t *used, const char *word)
{
    if (!needs_quotes(word)) {
        append(text, n, used, word);
        return;
    }
    append(text, n, used, "'");
    for (; *word != '\0'; word++) {
        const char one[] = {*word, '\0'};

        append(text, n, used, *word == '\'' ? "'\\''" : one);
    }
    append(text, n, used, "'");
}

void show_process(char *ret_text, size_t n, const char *command, size_t argc,
                  const char *(*arg)(const void *object, size_t i), const void *object)
{
    size_t used = 0;

    ret_text[0] = '\0';
    append(ret_text, n, &used, command + strspn(command, " \t\r\n"));
    for (size_t i = 0; i < argc; i++) {
        append(ret_text, n, &used, i == 0 ? "" : " ");
        append_word(ret_text, n, &used, arg(object, i));
    }
}

void show_exit(char *ret_text, size_t n, const errand_run *run)
{
    int code;

    if (errand_run_exit_code(run, &code))
        (void)snprintf(ret_text, n, "%d", code);
    else
        (void)snprintf(ret_text, n, "%s", "");
}
