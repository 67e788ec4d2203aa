/* SPDX-License-Identifier: Apache-2.0 */
#include "images/http_fetch.h"

#include <curl/curl.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define CONNECT_TIMEOUT_S 10L
#define STALL_TIMEOUT_S 60L
#define REDIRECTS_MAX 5L
#define SYSTEM_CA_DIR "/etc/ssl/certs"

struct http_session {
    CURL *easy;
};

struct transfer {
    const struct http_fetch *fetch;
    CURL *easy;
    struct http_answer *answer;
    size_t error_n;
    int64_t skip; /* bytes in front of the offset that come nevertheless */
    int sink_rc;
    struct err sink_err;
};

struct http_session *http_session_new(void)
{
    struct http_session *session = calloc(1, sizeof(*session));
    if (session == NULL)
        return NULL;
    session->easy = curl_easy_init();
    if (session->easy == NULL) {
        free(session);
        return NULL;
    }
    return session;
}

void http_session_free(struct http_session *session)
{
    if (session == NULL)
        return;
    curl_easy_cleanup(session->easy);
    free(session);
}

void http_session_freep(struct http_session **session)
{
    http_session_free(*session);
}

/* Each answer of a chain of redirects and challenges starts anew. */
static size_t on_header(char *line, size_t size, size_t n, void *ctx)
{
    static const char name[] = "www-authenticate:";
    struct transfer *t = ctx;
    size_t name_n = sizeof(name) - 1;
    n *= size;
    if (n > 5 && memcmp(line, "HTTP/", 5) == 0) {
        t->answer->challenge[0] = '\0';
        t->skip = t->fetch->offset;
    }
    if (n > name_n && strncasecmp(line, name, name_n) == 0 && t->answer->challenge[0] == '\0') {
        size_t value_n = n - name_n;
        while (value_n > 0 && strchr("\r\n", line[name_n + value_n - 1]) != NULL)
            value_n--;
        if (value_n < sizeof(t->answer->challenge)) {
            memcpy(t->answer->challenge, line + name_n, value_n);
            t->answer->challenge[value_n] = '\0';
        }
    }
    return n;
}

static void keep_error_text(struct transfer *t, const char *bytes, size_t n)
{
    size_t room = sizeof(t->answer->error_text) - 1 - t->error_n;
    n = n < room ? n : room;
    for (size_t i = 0; i < n; i++) {
        bool is_printable = bytes[i] >= ' ' && bytes[i] <= '~';
        t->answer->error_text[t->error_n + i] = (char)(is_printable ? bytes[i] : ' ');
    }
    t->error_n += n;
    t->answer->error_text[t->error_n] = '\0';
}

static size_t on_body(char *bytes, size_t size, size_t n, void *ctx)
{
    struct transfer *t = ctx;
    long status = 0;
    n *= size;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    bool is_rest = status == 206 && t->fetch->offset > 0;
    if (status != 200 && !is_rest) {
        keep_error_text(t, bytes, n);
        return n;
    }
    size_t skipped = is_rest || t->skip == 0 ? 0 : (int64_t)n < t->skip ? n : (size_t)t->skip;
    t->skip -= (int64_t)skipped;
    if (skipped < n)
        t->sink_rc = t->fetch->sink(t->fetch->sink_ctx, bytes + skipped, n - skipped, &t->sink_err);
    return t->sink_rc < 0 ? 0 : n;
}

static int on_progress(void *ctx, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    const struct transfer *t = ctx;
    (void)down_total, (void)down, (void)up_total, (void)up;
    return t->fetch->cancel != NULL && atomic_load(t->fetch->cancel);
}

/* Link-local addresses are where clouds keep a machine's own credentials: no registry is there, but
 * a hostile one may redirect to them. */
static bool is_link_local(const struct sockaddr *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof(v4));
        return (ntohl(v4.sin_addr.s_addr) & 0xffff0000) == 0xa9fe0000;
    }
    if (address->sa_family != AF_INET6)
        return false;
    memcpy(&v6, address, sizeof(v6));
    const uint8_t *b = v6.sin6_addr.s6_addr;
    return IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) && b[12] == 169 && b[13] == 254);
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)ctx, (void)purpose;
    if (is_link_local(&address->addr)) {
        errno = EACCES;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Beside the system's own, which libcurl looks up by directory as well. */
static void trust(CURL *easy, const char *ca_pem)
{
    if (ca_pem == NULL || ca_pem[0] == '\0')
        return;
    struct curl_blob blob = {
        .data = (void *)(uintptr_t)ca_pem, .len = strlen(ca_pem), .flags = CURL_BLOB_COPY};
    (void)curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
    (void)curl_easy_setopt(easy, CURLOPT_CAPATH, SYSTEM_CA_DIR);
}

static void configure(struct transfer *t, struct curl_slist *headers)
{
    CURL *easy = t->easy;
    const char *protocols = t->fetch->plain_http ? "http,https" : "https";
    curl_easy_reset(easy);
    (void)curl_easy_setopt(easy, CURLOPT_URL, t->fetch->url);
    (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols);
    (void)curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
    (void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, STALL_TIMEOUT_S);
    (void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "errand-agent/" ERRAND_VERSION_TEXT);
    (void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L * 1024);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    trust(easy, t->fetch->ca_pem);
    (void)curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    (void)curl_easy_setopt(easy, CURLOPT_XFERINFODATA, t);
}

static int add_header(struct curl_slist **headers, const char *name, const char *value)
{
    if (value == NULL)
        return 0;
    CLEANUP(freep) char *line = NULL;
    if (asprintf(&line, "%s: %s", name, value) < 0) {
        line = NULL;
        return -1;
    }
    struct curl_slist *more = curl_slist_append(*headers, line);
    if (more == NULL)
        return -1;
    *headers = more;
    return 0;
}

/* Another try will not help. */
static bool is_lasting(CURLcode rc)
{
    return rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CACERT_BADFILE ||
           rc == CURLE_UNSUPPORTED_PROTOCOL || rc == CURLE_URL_MALFORMAT;
}

static int perform(struct transfer *t, struct err *e)
{
    CURLcode rc = curl_easy_perform(t->easy);
    if (t->sink_rc < 0)
        return err_set(e, t->sink_err.code, "%s", t->sink_err.msg);
    if (rc == CURLE_ABORTED_BY_CALLBACK)
        return err_set(e, ERR_UNAVAILABLE, "canceled");
    if (rc != CURLE_OK)
        return err_set(e, is_lasting(rc) ? ERR_INVALID : ERR_UNAVAILABLE, "%s",
                       curl_easy_strerror(rc));
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &t->answer->status);
    if (t->answer->status == 206 && t->fetch->offset > 0)
        t->answer->status = 200;
    return 0;
}

int http_session_get(struct http_session *session, const struct http_fetch *fetch,
                     struct http_answer *ret_answer, struct err *e)
{
    struct transfer t = {.fetch = fetch, .easy = session->easy, .answer = ret_answer};
    struct curl_slist *headers = NULL;
    *ret_answer = (struct http_answer){0};

    char range[32] = "";
    if (fetch->offset > 0)
        (void)snprintf(range, sizeof(range), "bytes=%lld-", (long long)fetch->offset);
    int rc = ERR_UNAVAILABLE;
    if (add_header(&headers, "Accept", fetch->accept) < 0 ||
        add_header(&headers, "Authorization", fetch->authorization) < 0 ||
        add_header(&headers, "Range", range[0] != '\0' ? range : NULL) < 0) {
        rc = err_errno(e, ENOMEM, "prepare request");
    } else {
        configure(&t, headers);
        rc = perform(&t, e);
    }
    curl_easy_reset(session->easy);
    curl_slist_free_all(headers);
    return rc;
}

void http_add_escaped(struct buf *b, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || strchr("-._~", c) != NULL;
        if (is_plain)
            buf_add_char(b, (char)c);
        else
            buf_printf(b, "%%%c%c", hex[c >> 4], hex[c & 15]);
    }
}

int http_sink_buf(void *ctx, const char *bytes, size_t n, struct err *e)
{
    struct buf *b = ctx;
    buf_add(b, bytes, n);
    if (!buf_ok(b))
        return err_set(e, ERR_LIMIT, "answer is larger than %zu bytes", b->max_bytes);
    return 0;
}
