/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/doctor.h"

#include "doctor/api_checks.h"
#include "doctor/host_checks.h"

#include <string.h>

#define REPORT_MAX_BYTES ((size_t)64 * 1024)

static int print_json(const struct findings *findings)
{
    CLEANUP(buf_done) struct buf text;
    buf_init(&text, REPORT_MAX_BYTES);
    findings_put_json(findings, &text);
    return buf_ok(&text) && fwrite(text.data, 1, text.len, stdout) == text.len ? 0 : -1;
}

int doctor_main(const struct settings *settings)
{
    struct findings findings = {.n = 0};
    const char *word = settings_word(settings, 0);
    const char *flag = settings_word(settings, 1);
    bool json = flag != NULL && strcmp(flag, "--json") == 0;
    if (strcmp(word, "doctor") != 0 || (flag != NULL && !json) ||
        settings_word(settings, 2) != NULL) {
        (void)fprintf(stderr, "errand-agent: the only command is: doctor [--json]\n");
        return 2;
    }
    host_checks_run(settings, &findings);
    api_checks_run(settings, &findings);
    if (!json)
        findings_print(&findings, stdout);
    else if (print_json(&findings) < 0)
        return 1;
    return findings_are_good(&findings) ? 0 : 1;
}
