/* SPDX-License-Identifier: Apache-2.0
 *
 * What agent and shim leave each other: specs, how a run ended, what a shim says of itself (a file,
 * so through one). The first byte says which. What was understood, written again, is understood as
 * the same.
 */
#include "fuzz/fuzz.h"

#include "base/file.h"
#include "base/utf8.h"
#include "exit_record.h"
#include "run_file.h"
#include "run_spec.h"
#include "run_status.h"

#include <unistd.h>

static char run_dir[] = "/dev/shm/errand-fuzz-XXXXXX";

static bool rewrite_spec(const char *text, size_t n, struct buf *out)
{
    CLEANUP(run_spec_done) struct run_spec spec;
    run_spec_init(&spec);
    if (run_spec_decode(text, n, &spec, NULL) < 0)
        return false;
    FUZZ_ASSERT(spec.attempt == RUN_SPEC_BOX ? spec.wait_seconds > 0 : spec.argv.n > 0);
    FUZZ_ASSERT(spec.stop_signal >= 1 && spec.stop_signal <= 64);
    FUZZ_ASSERT(run_spec_fits(&spec, &spec));
    FUZZ_ASSERT(run_spec_encode(&spec, out, NULL) == 0);
    return true;
}

static bool rewrite_exit(const char *text, size_t n, struct buf *out)
{
    struct exit_record record;
    if (exit_record_decode(text, n, &record, NULL) < 0)
        return false;
    FUZZ_ASSERT(utf8_is_valid(record.message, strlen(record.message)));
    FUZZ_ASSERT(record.exit_code >= -1 && record.exit_code <= 255);
    exit_record_encode(&record, out);
    return true;
}

static bool rewrite_status(const char *text, size_t n, struct buf *out)
{
    struct run_status status;
    struct err e;
    FUZZ_ASSERT(run_file_replace(run_dir, RUN_STATUS_FILE, text, n, &e) == 0);
    if (run_status_read(run_dir, &status, &e) < 0)
        return false;
    FUZZ_ASSERT(status.state < RUN_STATUS_COUNT && status.pid > 0);
    FUZZ_ASSERT(run_status_write(run_dir, &status, &e) == 0);
    FUZZ_ASSERT(run_file_read(run_dir, RUN_STATUS_FILE, out, &e) == 0);
    return true;
}

static void leave(void)
{
    IGNORE(dir_remove(run_dir, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static bool (*const kinds[])(const char *, size_t, struct buf *) = {rewrite_spec, rewrite_exit,
                                                                        rewrite_status};
    static bool is_open;
    CLEANUP(buf_done) struct buf text;
    CLEANUP(buf_done) struct buf again;
    buf_init(&text, RUN_SPEC_MAX_BYTES);
    buf_init(&again, RUN_SPEC_MAX_BYTES);
    if (!is_open) {
        FUZZ_ASSERT(mkdtemp(run_dir) != NULL && atexit(leave) == 0);
        is_open = true;
    }
    if (n == 0)
        return 0;
    bool (*rewrite)(const char *, size_t, struct buf *) = kinds[data[0] % 3];
    if (!rewrite((const char *)data + 1, n - 1, &text))
        return 0;
    FUZZ_ASSERT(rewrite(buf_text(&text), text.len, &again));
    FUZZ_ASSERT(text.len == again.len && memcmp(text.data, again.data, text.len) == 0);
    return 0;
}
