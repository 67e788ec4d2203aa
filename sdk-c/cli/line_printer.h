/* SPDX-License-Identifier: Apache-2.0
 *
 * A run's lines where they belong: stdout to stdout, stderr to stderr, Errand's own words to stderr
 * with a mark. Bytes come out as the container wrote them.
 */
#ifndef ERRAND_CLI_LINE_PRINTER_H
#define ERRAND_CLI_LINE_PRINTER_H

#include <errand/log.h>

#include <stdio.h>

struct line_printer {
    int as_json;                          /* one JSON object a line, all on stdout */
    int with_times;                       /* each line begins with its time */
    FILE *last;                           /* where the last line went; NULL before the first */
    int inside[ERRAND_STREAM_SYSTEM + 1]; /* by stream: the last piece had no newline */
};

void line_printer_init(struct line_printer *printer, int as_json, int with_times);

/* 0, or -1 with errno when the output is closed or full. Buffered. */
int line_printer_print(struct line_printer *printer, const errand_log_line *line);

/* What was printed reaches its reader. 0, or -1 with errno. */
int line_printer_flush(void);

#endif
