/* SPDX-License-Identifier: Apache-2.0 */
#include "setting_checks.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "model/label.h"
#include "model/limits.h"

#include <curl/curl.h>

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define PEM_MAX_BYTES ((size_t)4 << 20)

static bool has_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;
    curl_free(text);
    return has;
}

static bool is_api_url(const char *text)
{
    if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0)
        return false;
    CURLU *url = curl_url();
    bool is = url != NULL && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
              !has_part(url, CURLUPART_USER) && !has_part(url, CURLUPART_QUERY) &&
              !has_part(url, CURLUPART_FRAGMENT);
    curl_url_cleanup(url);
    return is;
}

static bool is_slug(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return n > 0 && n < 64 && text[n] == '\0';
}

static bool is_name(const char *text)
{
    size_t n = strlen(text);
    if (!utf8_is_valid(text, n) || utf8_length(text, n) > LIMIT_HYPERVISOR_NAME_MAX)
        return false;
    for (size_t i = 0; i < n; i++)
        if (iscntrl((unsigned char)text[i]))
            return false;
    return true;
}

typedef bool item_fn(const char *item, size_t n);

static bool is_label(const char *item, size_t n)
{
    const char *equals = memchr(item, '=', n);
    size_t key_n = equals == NULL ? 0 : (size_t)(equals - item);
    return equals != NULL && label_key_is_valid(item, key_n) &&
           label_value_is_valid(equals + 1, n - key_n - 1);
}

/* HOST or HOST:PORT */
static bool is_registry(const char *item, size_t n)
{
    int64_t port;
    const char *colon = memchr(item, ':', n);
    size_t host_n = colon == NULL ? n : (size_t)(colon - item);
    if (host_n == 0 || memchr(item, '/', n) != NULL || memchr(item, ' ', n) != NULL)
        return false;
    return colon == NULL ||
           parse_i64_n(colon + 1, n - host_n - 1, 1, UINT16_MAX, "port", &port, NULL) == 0;
}

/* NULL and "" are an empty list. */
static bool each_is(const char *list, item_fn *is)
{
    while (list != NULL && *list != '\0') {
        size_t n = strcspn(list, ",");
        if (!is(list, n))
            return false;
        list += n + (list[n] == ',');
    }
    return true;
}

/* Of a list of labels: no key twice, and no more than the API takes. */
static bool are_few_and_different(const char *list)
{
    size_t count = 0;
    for (const char *at = list; at != NULL && *at != '\0'; count++) {
        size_t key_n = strcspn(at, "=") + 1;
        const char *next = at + strcspn(at, ",");
        for (const char *other = next; *other != '\0'; other += strcspn(other, ",")) {
            other++;
            if (strncmp(at, other, key_n) == 0)
                return false;
        }
        at = next + (*next == ',');
    }
    return count <= LIMIT_LABELS;
}

int setting_checks_run(const struct settings *s, struct err *e)
{
    int r = settings_require(s, "api_url", e);
    if (r < 0)
        return r;
    if (!is_api_url(settings_text(s, "api_url")))
        return settings_refuse(s, "api_url", e, "must be http://HOST:PORT or https://HOST");
    const char *name = settings_text(s, "name");
    if (name != NULL && !is_name(name))
        return settings_refuse(s, "name", e, "must be one line of at most %d characters",
                               LIMIT_HYPERVISOR_NAME_MAX);
    if (!is_slug(settings_text(s, "region")))
        return settings_refuse(s, "region", e, "must be the slug of a region, of a-z, 0-9 and -");
    if (!each_is(settings_text(s, "labels"), is_label))
        return settings_refuse(s, "labels", e,
                               "must be key=value, with a comma between them; keys are letters, "
                               "digits and . _ / - between them");
    if (!are_few_and_different(settings_text(s, "labels")))
        return settings_refuse(s, "labels", e, "must be at most %d, each key once", LIMIT_LABELS);
    if (!each_is(settings_text(s, "insecure_registries"), is_registry))
        return settings_refuse(s, "insecure_registries", e,
                               "must be HOST:PORT, with a comma between them");
    return 0;
}

int setting_checks_read_pem(const struct settings *s, const char *name, char **ret_pem,
                            struct err *e)
{
    const char *path = settings_text(s, name);
    if (path == NULL || path[0] == '\0') {
        *ret_pem = NULL;
        return 0;
    }
    CLEANUP(buf_done) struct buf text;
    struct err why;
    buf_init(&text, PEM_MAX_BYTES);
    if (file_read(path, &text, &why) < 0)
        return settings_refuse(s, name, e, "must be a readable file of PEM certificates (%.100s)",
                               why.msg);
    CLEANUP(freep) char *pem = buf_take(&text);
    if (pem == NULL || strstr(pem, "-----BEGIN CERTIFICATE-----") == NULL)
        return settings_refuse(s, name, e, "must hold PEM certificates: it holds none");
    *ret_pem = TAKE_PTR(pem);
    return 0;
}
