/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/reap.h"

#include "base/clock.h"
#include "base/parse.h"
#include "drivers/driver.h"
#include "shim/control.h"
#include "shim/spool_recovery.h"
#include "shim/tidy.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The last two names of the path are the run and the attempt. */
static int identify(const char *run_dir, struct run_status *ret_status, struct err *e)
{
    const char *end = run_dir + strlen(run_dir);
    while (end > run_dir && end[-1] == '/')
        end--;
    const char *attempt = memrchr(run_dir, '/', (size_t)(end - run_dir));
    if (attempt == NULL)
        return err_set(e, ERR_INVALID, "%s does not end in <run>/<attempt>", run_dir);
    const char *run = memrchr(run_dir, '/', (size_t)(attempt - run_dir));
    run = run == NULL ? run_dir : run + 1;

    int64_t number;
    struct run_status status = {.state = RUN_STATUS_CREATED};
    int r =
        parse_i64_n(attempt + 1, (size_t)(end - attempt - 1), 1, UINT32_MAX, "attempt", &number, e);
    if (r == 0)
        r = id_parse(run, (size_t)(attempt - run), &status.run, e);
    if (r < 0)
        return err_wrap(e, "%s does not end in <run>/<attempt>", run_dir);
    status.attempt = (uint32_t)number;
    *ret_status = status;
    return 0;
}

static int write_record(const struct run_status *status, struct err *e)
{
    struct exit_record record = {
        .run = status->run,
        .attempt = status->attempt,
        .reason = TERMINATION_INTERNAL,
        .exit_code = -1,
        .message = "the process that watched over the run died",
        .started_at_us = status->started_at_us,
        .finished_at_us = clock_now_us(),
    };
    int r = spool_recover(&record.last_line, &record.log_bytes, e);
    if (r < 0)
        return r;
    r = exit_record_write(".", &record, e);
    int tidied = tidy_run_dir(r == 0 ? e : NULL);
    return r < 0 ? exit_record_write(".", &record, e) : tidied;
}

int reap_run(const char *run_dir, struct err *e)
{
    struct run_status status;
    struct exit_record record;
    int r = run_status_read(".", &status, e);
    bool made_nothing = r == ERR_NOT_FOUND;
    if (r < 0)
        r = identify(run_dir, &status, e);
    if (r == 0 && !made_nothing)
        r = tidy_sandbox(driver_of(status.driver), NULL, &status, e);
    if (r < 0)
        return r;
    (void)unlink(CONTROL_SOCKET);
    if (status.attempt == RUN_SPEC_BOX) /* nobody's: there is no run to tell of */
        return tidy_run_dir(e);
    if (exit_record_read(".", &record, NULL) == 0)
        return tidy_run_dir(e);
    return write_record(&status, e);
}
