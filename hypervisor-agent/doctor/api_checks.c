/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens are tried with requests that change nothing: no events, and a registration without a name.
 * The API looks at the token first.
 */
#include "doctor/api_checks.h"

#include "base/clock.h"
#include "base/file.h"
#include "model/limits.h"

#include <curl/curl.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TIMEOUT_S 10L
#define TOKEN_MAX_BYTES 256
#define SKEW_WARN_S 5
#define SKEW_FAIL_S 60

struct answer {
    long status;    /* of HTTP */
    int64_t at_us;  /* ours, in the middle of the exchange */
    int64_t date_s; /* theirs; 0 = not told */
};

static size_t discard(char *bytes, size_t size, size_t n, void *ctx)
{
    (void)bytes, (void)ctx;
    return size * n;
}

static size_t on_header(char *bytes, size_t size, size_t n, void *ctx)
{
    static const char name[] = "date:";
    struct answer *answer = ctx;
    char line[128] = "";
    if (size * n < sizeof(line))
        memcpy(line, bytes, size * n);
    if (strncasecmp(line, name, sizeof(name) - 1) == 0) {
        time_t date = curl_getdate(line + sizeof(name) - 1, NULL);
        answer->date_s = date > 0 ? (int64_t)date : 0;
    }
    return size * n;
}

static void set_options(CURL *easy, const struct settings *settings, const char *url,
                        struct answer *answer, char *problem)
{
    const char *ca_file = settings_text(settings, "api_ca_file");
    if (ca_file != NULL && ca_file[0] != '\0')
        (void)curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    (void)curl_easy_setopt(easy, CURLOPT_URL, url);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT, TIMEOUT_S);
    (void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "errand-agent/" ERRAND_VERSION_TEXT);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, answer);
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, problem);
}

static int perform(CURL *easy, const char *problem, struct answer *answer, struct err *e)
{
    int64_t before_us = clock_now_us();
    CURLcode code = curl_easy_perform(easy);
    if (code != CURLE_OK)
        return err_set(e, ERR_UNAVAILABLE, "%s",
                       problem[0] != '\0' ? problem : curl_easy_strerror(code));
    answer->at_us = before_us + (clock_now_us() - before_us) / 2;
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer->status);
    return 0;
}

/* GET, or POST of `body` with the token. */
static int ask(const struct settings *settings, const char *path, const char *token,
               const char *body, struct answer *ret_answer, struct err *e)
{
    char url[2048];
    char bearer[TOKEN_MAX_BYTES + 32];
    char problem[CURL_ERROR_SIZE] = "";
    const char *base = settings_text(settings, "api_url");
    size_t n = strlen(base);
    CURL *easy = curl_easy_init();
    struct curl_slist *headers = NULL;
    if (easy == NULL)
        return err_errno(e, ENOMEM, "ask the API");
    *ret_answer = (struct answer){.status = 0};
    (void)snprintf(url, sizeof(url), "%.*s%s", (int)(n > 0 && base[n - 1] == '/' ? n - 1 : n), base,
                   path);
    set_options(easy, settings, url, ret_answer, problem);
    if (token != NULL) {
        (void)snprintf(bearer, sizeof(bearer), "Authorization: Bearer %s", token);
        headers = curl_slist_append(headers, bearer);
        headers = curl_slist_append(headers, "Content-Type: application/json");
        (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
        explicit_bzero(bearer, sizeof(bearer));
    }
    int r = perform(easy, problem, ret_answer, e);
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
    return r;
}

static bool check_reachable(const struct settings *settings, struct findings *findings,
                            struct answer *ret_answer)
{
    static const char fix[] =
        "start errand-api, or correct api_url and api_ca_file; agents connect "
        "out, so look at firewalls and proxies on the way";
    struct err e;
    const char *url = settings_text(settings, "api_url");
    if (url == NULL || url[0] == '\0') {
        findings_add(findings, "api", FINDING_FAIL, "give --api_url=http(s)://host:port",
                     "api_url is not set");
        return false;
    }
    if (ask(settings, "/healthz", NULL, NULL, ret_answer, &e) < 0) {
        findings_add(findings, "api", FINDING_FAIL, fix, "%s: %s", url, e.msg);
        return false;
    }
    if (ret_answer->status != 200) {
        findings_add(findings, "api", FINDING_FAIL, fix, "%s answers with HTTP status %ld", url,
                     ret_answer->status);
        return false;
    }
    findings_add(findings, "api", FINDING_OK, NULL, "%s answers", url);
    return true;
}

static void check_clock(const struct answer *answer, struct findings *findings)
{
    static const char fix[] = "set both clocks by NTP: timedatectl set-ntp true";
    if (answer->date_s == 0) {
        findings_add(findings, "clock", FINDING_WARN, NULL, "the API does not tell the time");
        return;
    }
    /* they tell whole seconds, cut off */
    int64_t skew = answer->at_us / CLOCK_US_PER_S - answer->date_s;
    int64_t off = skew < 0 ? -skew : skew;
    enum finding_level level = off > SKEW_FAIL_S   ? FINDING_FAIL
                               : off > SKEW_WARN_S ? FINDING_WARN
                                                   : FINDING_OK;
    findings_add(findings, "clock", level, level == FINDING_OK ? NULL : fix, "%lld s %s the API's",
                 (long long)off, skew < 0 ? "behind" : "ahead of");
}

/* The text of a file with one token, or NULL. Free it. */
static char *read_token(const char *path)
{
    CLEANUP(buf_done) struct buf text;
    buf_init(&text, TOKEN_MAX_BYTES);
    if (path == NULL || path[0] == '\0' || file_read(path, &text, NULL) < 0 || text.len == 0)
        return NULL;
    char *token = strndup(text.data, strcspn(buf_text(&text), " \r\n"));
    explicit_bzero(text.data, text.len);
    return token;
}

static void free_token(char *token)
{
    if (token != NULL)
        explicit_bzero(token, strlen(token));
    free(token);
}

static void check_token(const struct settings *settings, struct findings *findings,
                        const char *name, const char *token, const char *path, const char *body,
                        const char *fix)
{
    struct err e;
    struct answer answer;
    if (ask(settings, path, token, body, &answer, &e) < 0)
        findings_add(findings, name, FINDING_FAIL, fix, "%s", e.msg);
    else if (answer.status == 401 || answer.status == 403)
        findings_add(findings, name, FINDING_FAIL, fix, "the API refuses it (HTTP status %ld)",
                     answer.status);
    else if (answer.status >= 500)
        findings_add(findings, name, FINDING_WARN, "look at the API's log",
                     "the API cannot say (HTTP status %ld)", answer.status);
    else
        findings_add(findings, name, FINDING_OK, NULL, "the API accepts it");
}

static void check_tokens(const struct settings *settings, struct findings *findings)
{
    static const char join_fix[] =
        "make a new one with \"errand-api token create --kind join\" and give its file as "
        "--join_token_file";
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/credential", settings_text(settings, "data_dir"));
    char *credential = read_token(path);
    char *join = read_token(settings_text(settings, "join_token_file"));
    if (credential != NULL)
        check_token(settings, findings, "credential", credential, "/agent/v1/events",
                    "{\"events\":[]}",
                    "remove the file \"credential\" from data_dir and start with a join token");
    if (join != NULL && credential == NULL)
        check_token(settings, findings, "join token", join, "/agent/v1/register", "{}", join_fix);
    if (join == NULL && credential == NULL)
        findings_add(findings, "credential", FINDING_FAIL, join_fix,
                     "not registered yet, and no join token given");
    free_token(credential);
    free_token(join);
}

void api_checks_run(const struct settings *settings, struct findings *findings)
{
    struct answer answer;
    if (!check_reachable(settings, findings, &answer))
        return;
    check_clock(&answer, findings);
    check_tokens(settings, findings);
}
