/* SPDX-License-Identifier: Apache-2.0
 *
 * errand-scheduler: settings, log, signals, run.
 */
#include <string.h>

#include "base/log.h"
#include "service/process.h"
#include "service/settings.h"
#include "store/conninfo.h"

#include "scheduler.h"

static const struct setting settings_table[] = {
    {.name = "database_url",
     .kind = SETTING_STRING,
     .secret = true,
     .help = "libpq connection string of the role errand_scheduler"},
    {.name = "log_level",
     .kind = SETTING_CHOICE,
     .fallback = "info",
     .choices = "error|warn|info|debug",
     .help = "least serious messages to log"},
    {.name = "lost_after_seconds",
     .kind = SETTING_INT,
     .fallback = "30",
     .min = 1,
     .max = 86400,
     .help = "silence after which a hypervisor is lost and what it had not started is placed anew"},
    {.name = "lost_grace_seconds",
     .kind = SETTING_INT,
     .fallback = "120",
     .min = 0,
     .max = 86400,
     .help = "further silence after which its running runs have failed"},
    {.name = "log_retention_days",
     .kind = SETTING_INT,
     .fallback = "30",
     .min = 0,
     .max = 36500,
     .help = "days after a run was triggered that its log is kept; 0 = for ever"},
    {.name = "placement",
     .kind = SETTING_CHOICE,
     .fallback = "pack",
     .choices = "pack|spread",
     .help = "pack: where the least memory is left over; spread: where the most is free"},
    {.name = "cpu_overcommit_percent",
     .kind = SETTING_INT,
     .fallback = "800",
     .min = 100,
     .max = 100000,
     .help = "how much of a hypervisor's cores its runs may want together"},
    {.name = "hold_after_seconds",
     .kind = SETTING_INT,
     .fallback = "60",
     .min = 1,
     .max = 86400,
     .help = "waiting time after which a hypervisor is kept free for a run that fits nowhere"},
};

static const struct settings_program program = {
    .name = "errand-scheduler",
    .summary = "gives pending runs to hypervisors",
    .table = settings_table,
    .table_n = ARRAY_LEN(settings_table),
};

static int check_database(const struct settings *settings, struct err *e)
{
    int r = settings_require(settings, "database_url", e);
    if (r < 0)
        return r;
    const char *problem = conninfo_problem(settings_text(settings, "database_url"));
    return problem == NULL ? 0 : settings_refuse(settings, "database_url", e, "%s", problem);
}

static int start(const struct settings *settings, int *ret_signal_fd, struct err *e)
{
    enum log_level level;
    int r = log_level_parse(settings_text(settings, "log_level"), &level, e);
    if (r < 0)
        return r;
    log_init(program.name, level);

    /* libpq would wait for ever for a server that does not answer, and signals with it */
    (void)setenv("PGCONNECT_TIMEOUT", "5", 0);
    return process_signals_open(false, ret_signal_fd, e);
}

int main(int argc, char **argv)
{
    struct err e;
    struct watchdog watchdog;
    CLEANUP(fd_closep) int signal_fd = -1;
    CLEANUP(settings_freep) struct settings *settings = settings_load_or_exit(&program, argc, argv);
    int r = check_database(settings, &e);
    if (r < 0) {
        fprintf(stderr, "%s: %s\n", program.name, e.msg);
        return 2;
    }
    r = process_init(&e);
    if (r == 0)
        r = start(settings, &signal_fd, &e);
    if (r < 0) {
        fprintf(stderr, "%s: %s\n", program.name, e.msg);
        return 1;
    }

    watchdog_init(&watchdog);
    log_info("scheduler.started version=%s", process_version);
    scheduler_run(&(struct scheduler_options){
        .database_url = settings_text(settings, "database_url"),
        .lost_after_s = settings_int(settings, "lost_after_seconds"),
        .lost_grace_s = settings_int(settings, "lost_grace_seconds"),
        .log_days = settings_int(settings, "log_retention_days"),
        .hold_after_s = settings_int(settings, "hold_after_seconds"),
        .policy = {.spread = strcmp(settings_text(settings, "placement"), "spread") == 0,
                   .cpu_percent = settings_int(settings, "cpu_overcommit_percent")},
        .signal_fd = signal_fd,
        .watchdog = &watchdog,
    });
    (void)process_notify(PROCESS_STOPPING, NULL);
    log_info("scheduler.stopped");
    return 0;
}
