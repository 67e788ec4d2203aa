/* SPDX-License-Identifier: Apache-2.0 */
#include "images/reference.h"

#include "base/buf.h"
#include "images/digest.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

static const char default_host[] = "docker.io";
static const char official_path[] = "library/";

/* 255 as people write it; its one spelling may have official_path in front. */
#define NAME_MAX_BYTES (255 + sizeof(official_path) - 1)
#define TAG_MAX_BYTES 128

static bool is_lower_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_separator(char c)
{
    return c == '.' || c == '_' || c == '-';
}

/* Separators stand alone, except "__" and any run of '-'. */
static bool separators_are_valid(const char *at, size_t n)
{
    if (n == 1 || (n == 2 && memcmp(at, "__", 2) == 0))
        return true;
    for (size_t i = 0; i < n; i++)
        if (at[i] != '-')
            return false;
    return true;
}

static bool part_is_valid(const char *part, size_t n)
{
    if (n == 0 || !is_lower_alnum(part[0]) || !is_lower_alnum(part[n - 1]))
        return false;
    for (size_t i = 0; i < n;) {
        size_t run = 0;
        while (is_separator(part[i + run]))
            run++;
        if (run > 0 && !separators_are_valid(part + i, run))
            return false;
        if (run == 0 && !is_lower_alnum(part[i]))
            return false;
        i += run > 0 ? run : 1;
    }
    return true;
}

static bool name_is_valid(const char *name, size_t n)
{
    const char *end = name + n;
    for (;;) {
        const char *slash = memchr(name, '/', (size_t)(end - name));
        if (!part_is_valid(name, (size_t)((slash != NULL ? slash : end) - name)))
            return false;
        if (slash == NULL)
            return true;
        name = slash + 1;
    }
}

static bool tag_is_valid(const char *tag, size_t n)
{
    if (n == 0 || n > TAG_MAX_BYTES || tag[0] == '.' || tag[0] == '-')
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)tag[i]) && !is_separator(tag[i]))
            return false;
    return true;
}

static bool host_is_valid(const char *host, size_t n)
{
    if (n == 0 || host[0] == '-' || host[0] == '.')
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)host[i]) && strchr(".-:[]", host[i]) == NULL)
            return false;
    return true;
}

/* Length of the host at the start of `text`, 0 when it has none. */
static size_t host_length(const char *text)
{
    const char *slash = strchr(text, '/');
    if (slash == NULL)
        return 0;
    size_t n = (size_t)(slash - text);
    bool is_host = memchr(text, '.', n) != NULL || memchr(text, ':', n) != NULL ||
                   (n == strlen("localhost") && memcmp(text, "localhost", n) == 0);
    return is_host ? n : 0;
}

static int set_name(struct image_reference *ref, const char *name, size_t n, struct err *e)
{
    bool is_official = strcmp(ref->host, default_host) == 0 && memchr(name, '/', n) == NULL;
    const char *path = is_official ? official_path : "";
    if (strlen(path) + n > NAME_MAX_BYTES || !name_is_valid(name, n))
        return err_set(e, ERR_INVALID, "image name '%.*s' is not valid", (int)n, name);
    if (asprintf(&ref->name, "%s%.*s", path, (int)n, name) < 0) {
        ref->name = NULL;
        return err_errno(e, ENOMEM, "parse image reference");
    }
    return 0;
}

static int set_version(struct image_reference *ref, const char *tag, size_t tag_n,
                       const char *digest, struct err *e)
{
    if (tag != NULL && !tag_is_valid(tag, tag_n))
        return err_set(e, ERR_INVALID, "image tag '%.*s' is not valid", (int)tag_n, tag);
    if (digest != NULL && !digest_is_valid(digest, strlen(digest)))
        return err_set(e, ERR_INVALID, "image digest '%.80s' is not sha256: and 64 hex digits",
                       digest);

    char **into = digest != NULL ? &ref->digest : &ref->tag;
    if (digest != NULL)
        *into = strdup(digest);
    else
        *into = tag != NULL ? strndup(tag, tag_n) : strdup("latest");
    return *into != NULL ? 0 : err_errno(e, ENOMEM, "parse image reference");
}

int image_reference_parse(const char *text, const char *pin, struct image_reference *ret_ref,
                          struct err *e)
{
    CLEANUP(image_reference_done) struct image_reference ref = {0};
    size_t text_n = strlen(text);
    if (text_n == 0 || text_n > IMAGE_REFERENCE_MAX_BYTES)
        return err_set(e, ERR_INVALID, "image reference must have 1 to %d characters",
                       IMAGE_REFERENCE_MAX_BYTES);

    size_t host_n = host_length(text);
    if (host_n > 0 && !host_is_valid(text, host_n))
        return err_set(e, ERR_INVALID, "image host '%.*s' is not valid", (int)host_n, text);
    ref.host = host_n > 0 ? strndup(text, host_n) : strdup(default_host);
    if (ref.host == NULL)
        return err_errno(e, ENOMEM, "parse image reference");

    const char *name = text + (host_n > 0 ? host_n + 1 : 0);
    const char *at = strchr(name, '@');
    const char *end = at != NULL ? at : text + text_n;
    const char *colon = memchr(name, ':', (size_t)(end - name));
    const char *tag = colon != NULL ? colon + 1 : NULL;

    const char *digest = pin != NULL ? pin : at != NULL ? at + 1 : NULL;
    int rc = set_name(&ref, name, (size_t)((colon != NULL ? colon : end) - name), e);
    if (rc == 0)
        rc = set_version(&ref, tag, tag != NULL ? (size_t)(end - tag) : 0, digest, e);
    if (rc < 0)
        return rc;

    *ret_ref = ref;
    ref = (struct image_reference){0};
    return 0;
}

void image_reference_done(struct image_reference *ref)
{
    free(ref->host);
    free(ref->name);
    free(ref->tag);
    free(ref->digest);
    *ref = (struct image_reference){0};
}

const char *image_reference_version(const struct image_reference *ref)
{
    return ref->digest != NULL ? ref->digest : ref->tag;
}

char *image_reference_format(const struct image_reference *ref)
{
    if (ref->digest != NULL)
        return image_reference_format_pinned(ref, ref->digest);
    char *text = NULL;
    return asprintf(&text, "%s/%s:%s", ref->host, ref->name, ref->tag) < 0 ? NULL : text;
}

char *image_reference_format_pinned(const struct image_reference *ref, const char *digest)
{
    char *text = NULL;
    return asprintf(&text, "%s/%s@%s", ref->host, ref->name, digest) < 0 ? NULL : text;
}
