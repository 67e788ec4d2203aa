/* SPDX-License-Identifier: Apache-2.0
 *
 * Log entries as the SDK reads them, in place, beside what jansson makes of the same bytes: where
 * those are JSON of the right shape, both see the same lines; on anything else the SDK only must
 * not step outside of them.
 */
#include "fuzz/fuzz.h"

#include <jansson.h>
#include <string.h>

#include "log_line.h"

#define LARGEST_ID 9007199254740991

struct lines {
    const json_t *wanted; /* the array, or NULL: only look */
    size_t n;
};

static void compare(const json_t *entry, const errand_log_line *line)
{
    const json_t *text = json_object_get(entry, "msg");
    const json_t *time = json_object_get(entry, "ts");
    size_t n = json_string_length(text);

    FUZZ_ASSERT(line->id == json_integer_value(json_object_get(entry, "id")));
    FUZZ_ASSERT(time == NULL || strcmp(line->time, json_string_value(time)) == 0);
    FUZZ_ASSERT(line->partial == json_is_true(json_object_get(entry, "partial")));
    if (text == NULL)
        return;
    FUZZ_ASSERT(line->n_bytes == n);
    FUZZ_ASSERT(memcmp(line->bytes, json_string_value(text), n + 1) == 0);
}

static int on_entry(const struct errand_log_entry *entry, void *user)
{
    struct lines *lines = user;

    FUZZ_ASSERT(entry->line.id > 0);
    FUZZ_ASSERT(entry->line.bytes[entry->line.n_bytes] == '\0');
    if (lines->wanted != NULL)
        compare(json_array_get(lines->wanted, lines->n), &entry->line);
    lines->n++;
    return 0;
}

static int is_base64(const json_t *value)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *text = json_string_value(value);
    size_t n = json_string_length(value);
    size_t n_digits;

    if (text == NULL || n % 4 != 0)
        return 0;
    n_digits = strspn(text, digits);
    return n_digits == n || (n - n_digits <= 2 && strspn(text + n_digits, "=") == n - n_digits);
}

/* As the interface describes it; what is not is refused or defaulted, and nobody minds which. */
static int is_entry(const json_t *entry)
{
    const json_t *id = json_object_get(entry, "id");
    const json_t *time = json_object_get(entry, "ts");
    const json_t *stream = json_object_get(entry, "stream");
    const json_t *text = json_object_get(entry, "msg");
    const json_t *base64 = json_object_get(entry, "msg_base64");

    return json_is_integer(id) && json_integer_value(id) > 0 &&
           json_integer_value(id) <= LARGEST_ID && (time == NULL || json_is_string(time)) &&
           (stream == NULL || json_is_string(stream)) && json_object_get(entry, "gap") == NULL &&
           (text == NULL ? is_base64(base64) : json_is_string(text) && base64 == NULL);
}

static const json_t *well_formed(const json_t *answer)
{
    const json_t *logs = json_object_get(answer, "logs");
    const json_t *entry;
    size_t i;

    if (!json_is_array(logs))
        return NULL;
    json_array_foreach(logs, i, entry)
    {
        if (!is_entry(entry))
            return NULL;
    }
    return logs;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    json_t *answer =
        json_loadb((const char *)data, n, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
    struct lines lines = {.wanted = well_formed(answer)};
    struct errand_json meta = {NULL, NULL};
    struct errand_json json;
    char *copy = malloc(n + 1);
    int r;

    FUZZ_ASSERT(copy != NULL);
    memcpy(copy, data, n);
    copy[n] = '\0';
    json.at = copy;
    json.end = copy + n;
    r = errand_log_entries_read(&json, on_entry, &lines, &meta, NULL);
    if (lines.wanted != NULL) {
        FUZZ_ASSERT(r == 0);
        FUZZ_ASSERT(lines.n == json_array_size(lines.wanted));
        FUZZ_ASSERT((meta.at != NULL) == (json_object_get(answer, "meta") != NULL));
    }
    json_decref(answer);
    free(copy);
    return 0;
}
