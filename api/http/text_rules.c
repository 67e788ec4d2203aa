/* SPDX-License-Identifier: Apache-2.0
 *
 * Source of the image rules: distribution/reference, "Grammar", as of its version 3.
 */
#include "http/text_rules.h"

#include <stdbool.h>
#include <string.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* Every one of the first `n` characters is in `set`. */
static bool all_in(const char *text, size_t n, const char *set)
{
    return strspn(text, set) >= n;
}

const char *text_rule_one_line(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c < 0x20 || *c == 0x7f)
            return "must not hold control characters";
    }
    return NULL;
}

/* host[:port]: letters and digits with '.' and '-' between them. */
static bool is_host(const char *text, size_t n)
{
    const char *colon = memchr(text, ':', n);
    size_t host_n = colon != NULL ? (size_t)(colon - text) : n;
    if (host_n == 0 || !all_in(text, host_n, LOWER UPPER DIGITS ".-") ||
        strchr(".-", text[0]) != NULL || strchr(".-", text[host_n - 1]) != NULL)
        return false;
    if (colon == NULL)
        return true;
    size_t port_n = n - host_n - 1;
    return port_n >= 1 && port_n <= 5 && all_in(colon + 1, port_n, DIGITS);
}

/* How many characters at the start of `text` separate two parts of a path component: '.', '_',
 * '__' or any number of '-'. */
static size_t separator_length(const char *text)
{
    if (text[0] == '.')
        return 1;
    if (text[0] == '_')
        return text[1] == '_' ? 2 : 1;
    return strspn(text, "-");
}

/* [a-z0-9]+ joined by separators. */
static bool is_component(const char *text, size_t n)
{
    size_t at = 0;
    for (;;) {
        size_t word = strspn(text + at, LOWER DIGITS);
        if (word == 0)
            return false;
        at += word;
        if (at >= n)
            return at == n;
        at += separator_length(text + at);
        if (at >= n || separator_length(text + at) > 0)
            return false;
    }
}

static bool is_path(const char *text)
{
    for (;;) {
        size_t n = strcspn(text, "/");
        if (!is_component(text, n))
            return false;
        if (text[n] == '\0')
            return true;
        text += n + 1;
    }
}

/* So it is told from the first part of a path. */
static bool reads_as_host(const char *text, size_t n)
{
    static const char local[] = "localhost";
    return memchr(text, '.', n) != NULL || memchr(text, ':', n) != NULL ||
           (n == sizeof(local) - 1 && memcmp(text, local, n) == 0);
}

const char *text_rule_image_name(const char *text)
{
    size_t n = strcspn(text, "/");
    bool has_host = text[n] == '/' && reads_as_host(text, n);
    if (has_host ? is_host(text, n) && is_path(text + n + 1) : is_path(text))
        return NULL;
    return "must be an image's name such as ghcr.io/acme/report, without tag or digest";
}

const char *text_rule_image_tag(const char *text)
{
    if (strspn(text, LOWER UPPER DIGITS "_.-") == strlen(text) && strchr(".-", text[0]) == NULL)
        return NULL;
    return "must be letters, digits, '_', '.' and '-', beginning with none of the last two";
}

const char *text_rule_image_digest(const char *text)
{
    static const char prefix[] = "sha256:";
    size_t prefix_n = sizeof(prefix) - 1;
    if (strncmp(text, prefix, prefix_n) == 0 && strlen(text + prefix_n) == 64 &&
        strspn(text + prefix_n, DIGITS "abcdef") == 64)
        return NULL;
    return "must be sha256: and 64 lower-case hex digits";
}

/* At most 9 digits, so that it fits any uid_t. */
static size_t number_length(const char *text)
{
    size_t n = strspn(text, DIGITS);
    return n <= 9 ? n : 0;
}

const char *text_rule_user(const char *text)
{
    size_t uid = number_length(text);
    size_t gid = text[uid] == ':' ? number_length(text + uid + 1) : 0;
    if (uid > 0 && (text[uid] == '\0' || (gid > 0 && text[uid + 1 + gid] == '\0')))
        return NULL;
    return "must be a numeric uid or uid:gid";
}

const char *text_rule_env_key(const char *text)
{
    if (text[0] != '\0' && strchr(DIGITS, text[0]) == NULL &&
        strspn(text, LOWER UPPER DIGITS "_") == strlen(text))
        return NULL;
    return "must be letters, digits and '_', not beginning with a digit";
}

const char *text_rule_registry_host(const char *text)
{
    return reads_as_host(text, strlen(text)) && is_host(text, strlen(text))
               ? NULL
               : "must be a host as image names have it, such as registry.example.com:5000";
}

const char *text_rule_username(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++)
        if (*c < 0x20 || *c == 0x7f || *c == ':')
            return "must not hold a colon or control characters";
    return NULL;
}

const char *text_rule_email(const char *text)
{
    const char *at = strrchr(text, '@');
    bool fits = at != NULL && at > text && at[1] != '\0' && strpbrk(text, " \t\r\n<>\",;") == NULL;
    return fits ? text_rule_one_line(text) : "must be an email address";
}

const char *text_rule_slug(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    bool fits = text[0] != '\0' && text[0] != '-' && text[strspn(text, letters)] == '\0';
    return fits ? NULL : "must be lower-case letters, digits and hyphens";
}
