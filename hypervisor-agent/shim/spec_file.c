/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/spec_file.h"

#include "base/buf.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES ((size_t)64 * 1024)

static int read_all(int fd, struct buf *b, struct err *e)
{
    for (;;) {
        char *to = buf_reserve(b, READ_BYTES);
        if (to == NULL)
            return err_set(e, ERR_LIMIT, "run spec is larger than %zu bytes", b->max_bytes);
        ssize_t got = read(fd, to, READ_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(e, errno, "read the run spec");
        if (got == 0)
            return 0;
        buf_advance(b, (size_t)got);
    }
}

int spec_file_read(int fd, struct run_spec *ret_spec, struct err *e)
{
    CLEANUP(buf_done) struct buf text;
    buf_init(&text, RUN_SPEC_MAX_BYTES + READ_BYTES);
    int r = read_all(fd, &text, e);
    if (r == 0)
        r = run_spec_decode(text.data == NULL ? "" : text.data, text.len, ret_spec, e);
    if (text.data != NULL)
        explicit_bzero(text.data, text.cap);
    return r;
}
