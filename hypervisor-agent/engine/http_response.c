/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/http_response.h"

#include "base/parse.h"

#include <string.h>
#include <strings.h>

#define CHUNK_SIZE_DIGITS_MAX 15
#define STATUS_SWITCHING 101
#define STATUS_NO_CONTENT 204
#define STATUS_NOT_MODIFIED 304

void http_response_init(struct http_response *response)
{
    response->part = HTTP_PART_STATUS;
    response->status = 0;
    response->left = 0;
    response->is_chunked = false;
    response->has_length = false;
    response->length = 0;
    response->head_n = 0;
    response->line_n = 0;
}

bool http_response_has_head(const struct http_response *response)
{
    return response->part > HTTP_PART_HEADER;
}

bool http_response_is_done(const struct http_response *response)
{
    return response->part == HTTP_PART_DONE;
}

static int take_status(struct http_response *response, struct err *e)
{
    int64_t status;
    const char *line = response->line;
    if (response->line_n < 12 || memcmp(line, "HTTP/1.", 7) != 0 || line[8] != ' ' ||
        (response->line_n > 12 && line[12] != ' ') ||
        parse_i64_n(line + 9, 3, 100, 599, "status", &status, NULL) < 0)
        return err_set(e, ERR_INVALID, "the answer is no HTTP/1.1");
    response->status = (int)status;
    response->part = HTTP_PART_HEADER;
    return 0;
}

/* Whether the line is the header `name`; then its value, without the blanks around it. */
static bool header_is(const struct http_response *response, const char *name,
                      const char **ret_value, size_t *ret_n)
{
    size_t name_n = strlen(name);
    if (response->line_n <= name_n || response->line[name_n] != ':' ||
        strncasecmp(response->line, name, name_n) != 0)
        return false;
    const char *value = response->line + name_n + 1;
    const char *end = response->line + response->line_n;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *ret_value = value;
    *ret_n = (size_t)(end - value);
    return true;
}

static int take_header(struct http_response *response, struct err *e)
{
    const char *value;
    size_t n;
    int64_t length;
    if (header_is(response, "Transfer-Encoding", &value, &n)) {
        if (n != 7 || strncasecmp(value, "chunked", n) != 0)
            return err_set(e, ERR_INVALID, "the answer has an unknown transfer encoding");
        response->is_chunked = true;
    } else if (header_is(response, "Content-Length", &value, &n)) {
        if (parse_i64_n(value, n, 0, INT64_MAX, "Content-Length", &length, e) < 0)
            return ERR_INVALID;
        if (response->has_length && response->length != (uint64_t)length)
            return err_set(e, ERR_INVALID, "the answer has two lengths");
        response->has_length = true;
        response->length = (uint64_t)length;
    }
    return 0;
}

static void begin_body(struct http_response *response)
{
    if (response->status < 200 && response->status != STATUS_SWITCHING) {
        size_t head_n = response->head_n;
        http_response_init(response);
        response->head_n = head_n;
    } else if (response->status == STATUS_NO_CONTENT || response->status == STATUS_NOT_MODIFIED) {
        response->part = HTTP_PART_DONE;
    } else if (response->is_chunked) {
        response->part = HTTP_PART_CHUNK_SIZE;
    } else if (response->has_length && response->status != STATUS_SWITCHING) {
        response->left = response->length;
        response->part = response->left > 0 ? HTTP_PART_BODY_LENGTH : HTTP_PART_DONE;
    } else {
        response->part = HTTP_PART_BODY_TO_END;
    }
}

static int hex_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int take_chunk_size(struct http_response *response, struct err *e)
{
    uint64_t size = 0;
    size_t digits = 0;
    while (digits < response->line_n && hex_of(response->line[digits]) >= 0) {
        if (digits == CHUNK_SIZE_DIGITS_MAX)
            return err_set(e, ERR_INVALID, "the answer has a chunk that is too large");
        size = size * 16 + (uint64_t)hex_of(response->line[digits]);
        digits++;
    }
    int next = digits < response->line_n ? response->line[digits] : ';';
    if (digits == 0 || (next != ';' && next != ' ' && next != '\t'))
        return err_set(e, ERR_INVALID, "the answer has a chunk without size");
    response->left = size;
    response->part = size > 0 ? HTTP_PART_CHUNK : HTTP_PART_TRAILER;
    response->head_n = 0;
    return 0;
}

static int take_line(struct http_response *response, struct err *e)
{
    int r = 0;
    switch (response->part) {
    case HTTP_PART_STATUS:
        r = take_status(response, e);
        break;
    case HTTP_PART_HEADER:
        if (response->line_n == 0)
            begin_body(response);
        else
            r = take_header(response, e);
        break;
    case HTTP_PART_CHUNK_SIZE:
        r = take_chunk_size(response, e);
        break;
    case HTTP_PART_CHUNK_END:
        if (response->line_n > 0)
            return err_set(e, ERR_INVALID, "the answer has a chunk longer than its size");
        response->part = HTTP_PART_CHUNK_SIZE;
        break;
    case HTTP_PART_TRAILER:
        if (response->line_n == 0)
            response->part = HTTP_PART_DONE;
        break;
    case HTTP_PART_BODY_LENGTH:
    case HTTP_PART_BODY_TO_END:
    case HTTP_PART_CHUNK:
    case HTTP_PART_DONE:
        break;
    }
    response->line_n = 0;
    return r;
}

/* Up to and with the end of the line, or all there is. */
static int gather_line(struct http_response *response, const char *bytes, size_t n,
                       struct http_piece *piece, struct err *e)
{
    const char *newline = memchr(bytes, '\n', n);
    size_t taken = newline == NULL ? n : (size_t)(newline - bytes) + 1;
    size_t text_n = newline == NULL ? n : taken - 1;
    response->head_n += taken;
    if (text_n > sizeof(response->line) - response->line_n ||
        response->head_n > HTTP_HEAD_MAX_BYTES)
        return err_set(e, ERR_INVALID, "the answer's header is too long");
    memcpy(response->line + response->line_n, bytes, text_n);
    response->line_n += text_n;
    piece->taken += taken;
    if (newline == NULL)
        return 0;
    if (response->line_n > 0 && response->line[response->line_n - 1] == '\r')
        response->line_n--;
    return take_line(response, e);
}

static void take_body(struct http_response *response, const char *bytes, size_t n,
                      struct http_piece *piece)
{
    bool is_bounded = response->part != HTTP_PART_BODY_TO_END;
    piece->n = is_bounded && response->left < n ? (size_t)response->left : n;
    piece->body = bytes;
    piece->taken += piece->n;
    if (!is_bounded)
        return;
    response->left -= piece->n;
    if (response->left == 0)
        response->part = response->part == HTTP_PART_CHUNK ? HTTP_PART_CHUNK_END : HTTP_PART_DONE;
}

int http_response_take(struct http_response *response, const char *bytes, size_t n,
                       struct http_piece *ret_piece, struct err *e)
{
    struct http_piece piece = {.taken = 0};
    while (piece.taken < n && piece.n == 0 && response->part != HTTP_PART_DONE) {
        bool is_body = response->part == HTTP_PART_BODY_LENGTH ||
                       response->part == HTTP_PART_BODY_TO_END || response->part == HTTP_PART_CHUNK;
        int r = 0;
        if (is_body)
            take_body(response, bytes + piece.taken, n - piece.taken, &piece);
        else
            r = gather_line(response, bytes + piece.taken, n - piece.taken, &piece, e);
        if (r < 0)
            return r;
    }
    *ret_piece = piece;
    return 0;
}

int http_response_end(struct http_response *response, struct err *e)
{
    if (response->part == HTTP_PART_BODY_TO_END)
        response->part = HTTP_PART_DONE;
    if (response->part != HTTP_PART_DONE)
        return err_set(e, ERR_UNAVAILABLE, "the connection ended within the answer");
    return 0;
}
