/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rows.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "store/db.h"
#include "store/db_result.h"
#include "store/pg_format.h"

static const PGresult *result_of(const struct rows *rows)
{
    return (const PGresult *)rows;
}

static const char *cell(const struct rows *rows, int row, int column, size_t expected_bytes)
{
    const PGresult *result = result_of(rows);
    assert((size_t)PQgetlength(result, row, column) == expected_bytes);
    return PQgetvalue(result, row, column);
}

static uint32_t read_be32(const char *bytes)
{
    uint32_t wire;
    memcpy(&wire, bytes, sizeof(wire));
    return be32toh(wire);
}

static uint64_t read_be64(const char *bytes)
{
    uint64_t wire;
    memcpy(&wire, bytes, sizeof(wire));
    return be64toh(wire);
}

void rows_free(struct rows *rows)
{
    PQclear((PGresult *)rows);
}

void rows_freep(struct rows **rows)
{
    rows_free(*rows);
}

int rows_count(const struct rows *rows)
{
    return PQntuples(result_of(rows));
}

int64_t rows_affected(const struct rows *rows)
{
    /* libpq takes a mutable result here but only reads it */
    const char *text = PQcmdTuples((PGresult *)(uintptr_t)rows);
    int64_t n = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        n = n * 10 + (*text - '0');
    return n;
}

bool row_is_null(const struct rows *rows, int row, int column)
{
    return PQgetisnull(result_of(rows), row, column) != 0;
}

int64_t row_i64(const struct rows *rows, int row, int column, int64_t if_null)
{
    if (row_is_null(rows, row, column))
        return if_null;

    const char *bytes = PQgetvalue(result_of(rows), row, column);
    switch (PQgetlength(result_of(rows), row, column)) {
    case 2:
        return (int16_t)((unsigned char)bytes[0] << 8 | (unsigned char)bytes[1]);
    case 4:
        return (int32_t)read_be32(bytes);
    case 8:
        return (int64_t)read_be64(bytes);
    default:
        assert(false && "an integer column has 2, 4 or 8 bytes");
        return if_null;
    }
}

bool row_bool(const struct rows *rows, int row, int column)
{
    return !row_is_null(rows, row, column) && cell(rows, row, column, 1)[0] != 0;
}

struct id row_id(const struct rows *rows, int row, int column)
{
    struct id id = {0};
    if (!row_is_null(rows, row, column))
        memcpy(id.bytes, cell(rows, row, column, sizeof(id.bytes)), sizeof(id.bytes));
    return id;
}

int64_t row_time_us(const struct rows *rows, int row, int column)
{
    if (row_is_null(rows, row, column))
        return 0;
    return (int64_t)read_be64(cell(rows, row, column, 8)) + PG_EPOCH_US;
}

const char *row_text(const struct rows *rows, int row, int column)
{
    if (row_is_null(rows, row, column))
        return NULL;
    return PQgetvalue(result_of(rows), row, column);
}

const void *row_bytes(const struct rows *rows, int row, int column, size_t *ret_n)
{
    *ret_n = (size_t)PQgetlength(result_of(rows), row, column);
    return PQgetvalue(result_of(rows), row, column);
}

/* Wire form: dimensions, has-null flag, element oid, then per dimension length and lower bound,
 * then (length, bytes) per element. */
char **row_text_array(const struct rows *rows, int row, int column, size_t *ret_n)
{
    *ret_n = 0;
    size_t total = (size_t)PQgetlength(result_of(rows), row, column);
    const char *bytes = PQgetvalue(result_of(rows), row, column);
    if (row_is_null(rows, row, column) || read_be32(bytes) == 0)
        return NULL;
    assert(read_be32(bytes) == 1 && read_be32(bytes + 8) == PG_OID_TEXT);

    size_t n = read_be32(bytes + 12);
    const char *in = bytes + 20;
    char **items = malloc(n * sizeof(char *) + (total - 20) + n);
    if (items == NULL)
        return NULL;

    char *out = (char *)(items + n);
    for (size_t i = 0; i < n; i++) {
        size_t len = read_be32(in);
        memcpy(out, in + 4, len);
        out[len] = '\0';
        items[i] = out;
        out += len + 1;
        in += 4 + len;
    }
    *ret_n = n;
    return items;
}
