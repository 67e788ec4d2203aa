/* SPDX-License-Identifier: Apache-2.0
 *
 * Text for table cells and JSON output.
 */
#include "show.h"

#include "complain.h"

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

void show_process(char *ret_text, size_t n, const char *command, size_t argc,
                  const char *(*arg)(const void *object, size_t i), const void *object)
{
    size_t used = 0;

    (void)snprintf(ret_text, n, "%s", command);
    for (size_t i = 0; i < argc && used < n; i++) {
        const char *word = arg(object, i);
        const char *quote = needs_quotes(word) ? "'" : "";
        int added =
            snprintf(ret_text + used, n - used, "%s%s%s%s", i == 0 ? "" : " ", quote, word, quote);

        used += added < 0 ? n : (size_t)added;
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
