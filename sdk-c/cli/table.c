/* SPDX-License-Identifier: Apache-2.0
 *
 * Width is counted in code points: close enough for names, images and commands.
 */
#include "table.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GAP 2
#define NARROWEST 10

void table_init(struct table *table, const char *const *titles, size_t n_columns, size_t elastic)
{
    *table = (struct table){.titles = titles, .n_columns = n_columns, .elastic = elastic};
}

void table_done(struct table *table)
{
    for (size_t i = 0; i < table->n_cells; i++)
        free(table->cells[i]);
    free(table->cells);
}

void table_add(struct table *table, const char *text)
{
    char *cell = strdup(text);

    if (table->n_cells == table->capacity) {
        size_t capacity = table->capacity == 0 ? 64 : 2 * table->capacity;
        char **cells = realloc(table->cells, capacity * sizeof(*cells));

        if (cells == NULL) {
            free(cell);
            return;
        }
        table->cells = cells;
        table->capacity = capacity;
    }
    if (cell == NULL)
        return;
    for (char *c = cell; *c != '\0'; c++) {
        if (*c == '\n' || *c == '\t')
            *c = ' ';
        else if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    }
    table->cells[table->n_cells++] = cell;
}

static int starts_code_point(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

static size_t text_width(const char *text)
{
    size_t width = 0;

    for (; *text != '\0'; text++)
        width += (size_t)starts_code_point(*text);
    return width;
}

/* Columns of the terminal on standard output; 0 when it is none. */
static size_t terminal_width(void)
{
    struct winsize size;

    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
        return 0;
    return size.ws_col;
}

static void measure(const struct table *table, size_t *ret_widths)
{
    size_t total = 0;
    size_t room = terminal_width();
    size_t *elastic = &ret_widths[table->elastic];

    for (size_t i = 0; i < table->n_columns; i++)
        ret_widths[i] = text_width(table->titles[i]);
    for (size_t i = 0; i < table->n_cells; i++) {
        size_t width = text_width(table->cells[i]);

        if (width > ret_widths[i % table->n_columns])
            ret_widths[i % table->n_columns] = width;
    }
    for (size_t i = 0; i < table->n_columns; i++)
        total += ret_widths[i] + (i > 0 ? GAP : 0);
    if (room > 0 && total > room) {
        size_t over = total - room;

        *elastic = *elastic > over + NARROWEST ? *elastic - over : NARROWEST;
    }
}

struct colour {
    const char *word;
    const char *code;
};

/* What the states of things look like on a terminal. */
static const struct colour colours[] = {
    {"succeeded", "32"}, {"ready", "32"},    {"running", "36"}, {"pending", "33"},
    {"failed", "31"},    {"lost", "31"},     {"stopped", "31"}, {"canceled", "35"},
    {"draining", "33"},  {"cordoned", "33"},
};

static const char *colour_of(const char *text)
{
    const char *unwanted = getenv("NO_COLOR");

    if (!isatty(STDOUT_FILENO) || (unwanted != NULL && unwanted[0] != '\0'))
        return NULL;
    for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++) {
        if (strcmp(colours[i].word, text) == 0)
            return colours[i].code;
    }
    return NULL;
}

/* At most `width` code points, the last an ellipsis when some are left out; padded unless last. */
static void print_cell(const char *text, size_t width, int is_last)
{
    size_t wanted = text_width(text);
    size_t shown = wanted > width ? width - 1 : wanted;
    const char *colour = colour_of(text);
    const char *end = text;

    for (size_t n = 0; *end != '\0'; end++) {
        if (starts_code_point(*end) && n++ == shown)
            break;
    }
    if (colour != NULL)
        (void)printf("\033[%sm", colour);
    (void)fwrite(text, 1, (size_t)(end - text), stdout);
    if (colour != NULL)
        (void)fputs("\033[0m", stdout);
    if (wanted > width) {
        (void)fputs("\xe2\x80\xa6", stdout);
        shown++;
    }
    if (is_last)
        (void)fputc('\n', stdout);
    else
        (void)printf("%*s", (int)(width - shown + GAP), "");
}

void table_print(const struct table *table)
{
    size_t widths[TABLE_COLUMNS_MAX];
    size_t n = table->n_columns;

    assert(n > 0 && n <= TABLE_COLUMNS_MAX);
    measure(table, widths);
    for (size_t i = 0; i < n; i++)
        print_cell(table->titles[i], widths[i], i + 1 == n);
    for (size_t i = 0; i < table->n_cells; i++)
        print_cell(table->cells[i], widths[i % n], (i + 1) % n == 0);
}
