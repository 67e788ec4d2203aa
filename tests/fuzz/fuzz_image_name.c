/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of images: "name\ntag\ndigest". What the API takes, agents can pull; and one spelling of a
 * reference stands for the same image.
 */
#include "fuzz/fuzz.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "images/digest.h"
#include "images/reference.h"
#include "images/registry.h"
#include "model/limits.h"

#include "http/text_rules.h"

static bool fits(const char *text, size_t max, const char *rule)
{
    size_t n = strlen(text);
    return rule == NULL && n > 0 && utf8_is_valid(text, n) && utf8_length(text, n) <= max;
}

/* The first part of `name` as text_rule_registry_host() wants one, so that credentials for it can
 * be said to be for this image. */
static void check_host(const char *name, const struct image_reference *ref)
{
    char host[LIMIT_IMAGE_NAME_MAX + 1];
    size_t n = strcspn(name, "/");
    if (name[n] == '\0')
        return;
    memcpy(host, name, n);
    host[n] = '\0';
    if (text_rule_registry_host(host) == NULL)
        FUZZ_ASSERT(strcmp(ref->host, host) == 0);
}

/* As the API puts a runner's image into an assignment. */
static void try_runner(const char *name, const char *tag, const char *digest)
{
    struct image_reference ref;
    struct err e;
    CLEANUP(buf_done) struct buf image;
    buf_init(&image, 1024);
    if (!fits(name, LIMIT_IMAGE_NAME_MAX, text_rule_image_name(name)) ||
        !fits(tag, LIMIT_IMAGE_TAG_MAX, text_rule_image_tag(tag)))
        return;
    bool is_pinned = text_rule_image_digest(digest) == NULL;
    FUZZ_ASSERT(is_pinned == digest_is_valid(digest, strlen(digest)));
    buf_printf(&image, "%s:%s", name, tag);
    FUZZ_ASSERT(image_reference_parse(buf_text(&image), is_pinned ? digest : NULL, &ref, &e) == 0);
    FUZZ_ASSERT(strcmp(image_reference_version(&ref), is_pinned ? digest : tag) == 0);
    check_host(name, &ref);
    image_reference_done(&ref);
}

static void try_reference(const char *text)
{
    struct image_reference ref;
    struct image_reference again;
    if (image_reference_parse(text, NULL, &ref, NULL) < 0)
        return;
    FUZZ_ASSERT((ref.tag == NULL) != (ref.digest == NULL));
    char *spelled = image_reference_format(&ref);
    FUZZ_ASSERT(spelled != NULL);
    if (strlen(spelled) <= IMAGE_REFERENCE_MAX_BYTES) {
        FUZZ_ASSERT(image_reference_parse(spelled, NULL, &again, NULL) == 0);
        FUZZ_ASSERT(strcmp(ref.host, again.host) == 0 && strcmp(ref.name, again.name) == 0);
        FUZZ_ASSERT(strcmp(image_reference_version(&ref), image_reference_version(&again)) == 0);
        image_reference_done(&again);
    }
    /* it becomes part of a URL's path, and of no other's */
    FUZZ_ASSERT(strstr(ref.name, "..") == NULL && strpbrk(ref.name, "?#%\\ @:") == NULL);
    FUZZ_ASSERT(strpbrk(ref.host, "?#%\\ @/") == NULL);
    (void)registry_host_is_loopback(ref.host);
    free(spelled);
    image_reference_done(&ref);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = fuzz_text(data, n);
    char *rest = text;
    const char *parts[3] = {"", "", ""};
    try_reference(text);
    for (size_t i = 0; i < 3 && rest != NULL; i++)
        parts[i] = strsep(&rest, "\n");
    try_reference(parts[0]);
    try_runner(parts[0], parts[1], parts[2]);
    free(text);
    return 0;
}
