/* SPDX-License-Identifier: Apache-2.0
 *
 * A registry and its token service, answering as they like: each input is a row of answers, in the
 * place of images/http_fetch.c. An answer is two bytes of length, one that tells the status, a line
 * for WWW-Authenticate, and the body. Credentials go nowhere but to whom a challenge names, and
 * only as the header; what comes of manifests, indexes and configurations is fit to be used.
 */
#include "fuzz/fuzz.h"

#include "base/utf8.h"
#include "images/http_fetch.h"
#include "images/image_config.h"
#include "images/manifest.h"
#include "images/registry.h"

static const uint8_t *script;
static size_t script_n;

struct http_session {
    int asked;
};

struct http_session *http_session_new(void)
{
    return calloc(1, sizeof(struct http_session));
}

void http_session_free(struct http_session *session)
{
    free(session);
}

void http_session_freep(struct http_session **session)
{
    free(*session);
}

int http_sink_buf(void *ctx, const char *bytes, size_t n, struct err *e)
{
    buf_add(ctx, bytes, n);
    return buf_ok(ctx) ? 0 : err_set(e, ERR_LIMIT, "larger than it may be");
}

void http_add_escaped(struct buf *b, const char *text)
{
    for (; *text != '\0'; text++)
        buf_printf(b, "%%%02X", (unsigned char)*text);
}

/* The next answer's bytes. */
static size_t take_answer(const uint8_t **ret_bytes)
{
    if (script_n < 3)
        return 0;
    size_t n = (size_t)script[0] << 8 | script[1];
    n = n < script_n - 2 ? n : script_n - 2;
    *ret_bytes = script + 2;
    script += 2 + n;
    script_n -= 2 + n;
    return n;
}

/* libcurl takes no other protocols: http_fetch.c tells it so. */
static bool is_taken(const struct http_fetch *fetch)
{
    return strncmp(fetch->url, "https://", 8) == 0 ||
           (fetch->plain_http && strncmp(fetch->url, "http://", 7) == 0);
}

static void check_request(const struct http_fetch *fetch)
{
    FUZZ_ASSERT(strstr(fetch->url, "secret") == NULL);
    if (fetch->authorization != NULL)
        FUZZ_ASSERT(strpbrk(fetch->authorization, "\r\n") == NULL);
}

int http_session_get(struct http_session *session, const struct http_fetch *fetch,
                     struct http_answer *ret_answer, struct err *e)
{
    static const long statuses[] = {200, 401, 403, 404, 429, 500, 307, 400};
    const uint8_t *bytes = NULL;
    size_t n = take_answer(&bytes);
    check_request(fetch);
    FUZZ_ASSERT(session->asked++ < 10);
    *ret_answer = (struct http_answer){0};
    if (n == 0 || !is_taken(fetch))
        return err_set(e, ERR_UNAVAILABLE, "no answer");
    const uint8_t *line = bytes + 1;
    const uint8_t *end = memchr(line, '\n', n - 1);
    size_t line_n = end != NULL ? (size_t)(end - line) : n - 1;
    const char *body = (const char *)line + line_n + (end != NULL);
    size_t body_n = n - 1 - line_n - (end != NULL);
    ret_answer->status = statuses[bytes[0] % 8];
    if (line_n < sizeof(ret_answer->challenge))
        memcpy(ret_answer->challenge, line, line_n);
    if (ret_answer->status == 200)
        return fetch->sink(fetch->sink_ctx, body, body_n, e);
    size_t text_n = body_n < sizeof(ret_answer->error_text) ? body_n : 255;
    memcpy(ret_answer->error_text, body, text_n);
    return 0;
}

static void try_manifest(const char *text, size_t n)
{
    static const struct platform machine = {"linux", "amd64", "v2"};
    struct manifest m;
    struct blob blob;
    struct image_config config;
    struct image_config same;
    struct err e;
    bool is_index;
    int known = manifest_is_index(text, n, &is_index, &e);
    if (manifest_parse(text, n, &m, &e) == 0) {
        FUZZ_ASSERT(known == 0 && m.layers_n >= 1 && m.layers_n <= MANIFEST_LAYERS_MAX);
        for (size_t i = 0; i < m.layers_n; i++)
            FUZZ_ASSERT(digest_is_valid(m.layers[i].digest, strlen(m.layers[i].digest)) &&
                        m.layers[i].size_bytes >= 0);
        manifest_done(&m);
    }
    if (manifest_choose(text, n, &machine, &blob, &e) == 0)
        FUZZ_ASSERT(is_index && digest_is_valid(blob.digest, strlen(blob.digest)));
    else
        FUZZ_ASSERT(utf8_is_valid(e.msg, strlen(e.msg)));
    for (size_t layers = 0; layers < 3; layers++) {
        if (image_config_parse(text, n, layers, &machine, &config, &e) < 0)
            continue;
        CLEANUP(buf_done) struct buf record;
        buf_init(&record, IMAGE_CONFIG_MAX_BYTES * 8);
        buf_add_text(&record, "{\"rootfs\":{\"diff_ids\":[]},\"config\":");
        image_config_put(&record, &config);
        buf_add_char(&record, '}');
        FUZZ_ASSERT(image_config_parse(buf_text(&record), record.len, 0, &machine, &same, &e) == 0);
        FUZZ_ASSERT(same.env.n == config.env.n && same.cmd.n == config.cmd.n);
        image_config_done(&same);
        image_config_done(&config);
    }
}

static void try_registry(const struct registry_login *login, const char *insecure)
{
    static const atomic_bool cancel;
    const struct registry_rules rules = {.insecure_hosts = insecure};
    struct image_reference ref;
    struct err e;
    CLEANUP(buf_done) struct buf body;
    buf_init(&body, MANIFEST_MAX_BYTES);
    FUZZ_ASSERT(image_reference_parse("r.example.com/a/tool:1", NULL, &ref, NULL) == 0);
    struct registry *registry = registry_new(&ref, &rules, login, &cancel);
    FUZZ_ASSERT(registry != NULL);
    if (registry_get_manifest(registry, "1", &body, &e) == 0)
        try_manifest(buf_text(&body), body.len);
    else
        FUZZ_ASSERT(strstr(e.msg, "secret") == NULL && utf8_is_valid(e.msg, strlen(e.msg)));
    FUZZ_ASSERT(login->username != NULL || !registry_is_private(registry));
    registry_free(registry);
    image_reference_done(&ref);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static char username[] = "robot";
    static char password[] = "secret";
    static const struct registry_login anonymous;
    const struct registry_login known = {.username = username, .password = password};
    if (memmem(data, n, password, strlen(password)) != NULL)
        return 0; /* it would say it itself */
    for (int round = 0; round < 4; round++) {
        script = data;
        script_n = n;
        try_registry(round % 2 == 0 ? &anonymous : &known, round < 2 ? NULL : "r.example.com");
    }
    try_manifest((const char *)data, n);
    return 0;
}
