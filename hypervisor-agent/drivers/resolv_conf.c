/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/resolv_conf.h"

#include "base/err.h"
#include "base/file.h"

#include <arpa/inet.h>
#include <string.h>

#define FILE_MAX_BYTES ((size_t)16 * 1024)
#define BLANKS " \t"

static const char *const places[] = {
    "/etc/resolv.conf",
    "/run/systemd/resolve/resolv.conf",
};

/* Whether the line is `word` and something; `*ret_value` is where that begins. */
static bool begins_with(const char *line, const char *word, const char **ret_value)
{
    size_t n = strlen(word);
    if (strncmp(line, word, n) != 0 || strspn(line + n, BLANKS) == 0)
        return false;
    *ret_value = line + n + strspn(line + n, BLANKS);
    return true;
}

static bool is_reachable(const char *server)
{
    char text[INET_ADDRSTRLEN] = "";
    struct in_addr in;
    size_t n = strcspn(server, BLANKS "\r");
    if (n >= sizeof(text))
        return false;
    memcpy(text, server, n);
    if (inet_pton(AF_INET, text, &in) != 1)
        return false;
    uint32_t address = ntohl(in.s_addr);
    return address != 0 && address >> 24 != 127 && address >> 16 != 0xa9fe;
}

static size_t filter_line(const char *line, struct buf *out)
{
    const char *value;
    bool is_server = begins_with(line, "nameserver", &value);
    if (is_server ? !is_reachable(value)
                  : !begins_with(line, "search", &value) && !begins_with(line, "domain", &value) &&
                        !begins_with(line, "options", &value))
        return 0;
    buf_printf(out, "%s\n", line);
    return is_server ? 1 : 0;
}

size_t resolv_conf_filter(const char *text, size_t n, struct buf *out)
{
    char line[256];
    size_t servers = 0;
    for (size_t at = 0, length; at < n; at += length + 1) {
        const char *end = memchr(text + at, '\n', n - at);
        length = end == NULL ? n - at : (size_t)(end - text) - at;
        if (length >= sizeof(line))
            continue;
        memcpy(line, text + at, length);
        line[length] = '\0';
        servers += filter_line(line, out);
    }
    return servers;
}

void resolv_conf_put(struct buf *out)
{
    CLEANUP(buf_done) struct buf text;
    size_t before = out->len;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        buf_init(&text, FILE_MAX_BYTES);
        if (file_read(places[i], &text, NULL) == 0 &&
            resolv_conf_filter(text.data, text.len, out) > 0)
            return;
        out->len = before;
        buf_done(&text);
    }
    buf_add_text(out, "# this machine names no name server that a container can reach\n");
}
