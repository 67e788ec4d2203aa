/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading JSON where it lies, in one pass and without memory: for log lines, of which there may be
 * a million a second. Texts are unescaped in place, which never makes them longer.
 *
 * Takes everything that is JSON, and some things that are not (the server is trusted to send it):
 * numbers and skipped values are not looked at closely. Never reads or writes outside its bytes.
 */
#ifndef ERRAND_SDK_JSON_SCAN_H
#define ERRAND_SDK_JSON_SCAN_H

#include <stddef.h>
#include <stdint.h>

struct errand_json {
    char *at;
    char *end; /* a NUL is here */
};

struct errand_json_text {
    char *bytes; /* a NUL follows the last one */
    size_t n;
};

/* All of these return -1 for what is no JSON, or not what was asked for. */

/* Step over `c` ('{', '[', ':' ...) and blanks before it. */
int errand_json_take(struct errand_json *json, char c);

/* 1 when `c` is next, after blanks. */
int errand_json_is_next(struct errand_json *json, char c);

/* The next member of the object that was opened: 1 and its key, the value is next; 0 behind the
 * closing brace. *count is 0 before the first. */
int errand_json_member(struct errand_json *json, unsigned *count, struct errand_json_text *ret_key);

/* The next item of the array that was opened: 1, and it is next; 0 behind the closing bracket. */
int errand_json_item(struct errand_json *json, unsigned *count);

int errand_json_text(struct errand_json *json, struct errand_json_text *ret_text);
int errand_json_integer(struct errand_json *json, int64_t *ret_number);

/* Step over any value; nothing in it is changed. */
int errand_json_skip(struct errand_json *json);

/* 1 when nothing but blanks is left. */
int errand_json_is_over(struct errand_json *json);

int errand_json_text_is(const struct errand_json_text *text, const char *wanted);

#endif
