/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/findings.h"

#include "wire/field.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#define NAME_COLUMN 16

static const char *const level_names[] = {
    [FINDING_OK] = "ok",
    [FINDING_WARN] = "warn",
    [FINDING_FAIL] = "fail",
};

/* Programs whose words are cited may say anything. */
static void clean(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || (unsigned char)*text >= 0x7f)
            *text = ' ';
    }
}

void findings_add(struct findings *findings, const char *name, enum finding_level level,
                  const char *fix, const char *fmt, ...)
{
    assert(findings->n < FINDINGS_MAX);
    struct finding *finding = &findings->items[findings->n++];
    *finding = (struct finding){.name = name, .level = level, .fix = fix};
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(finding->found, sizeof(finding->found), fmt, args);
    va_end(args);
    clean(finding->found);
}

void findings_judge(struct findings *findings, const char *name, int r, const struct err *e,
                    const char *found, enum finding_level level, const char *fix)
{
    if (r == 0)
        findings_add(findings, name, FINDING_OK, NULL, "%s", found);
    else
        findings_add(findings, name, level, fix, "%s", e->msg);
}

bool findings_are_good(const struct findings *findings)
{
    for (size_t i = 0; i < findings->n; i++) {
        if (findings->items[i].level == FINDING_FAIL)
            return false;
    }
    return true;
}

void findings_print(const struct findings *findings, FILE *out)
{
    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *finding = &findings->items[i];
        (void)fprintf(out, "%-4s  %-*s %s\n", level_names[finding->level], NAME_COLUMN,
                      finding->name, finding->found);
        if (finding->fix != NULL)
            (void)fprintf(out, "      %-*s -> %s\n", NAME_COLUMN, "", finding->fix);
    }
}

void findings_put_json(const struct findings *findings, struct buf *out)
{
    buf_add_char(out, '{');
    field_put_bool(out, "ok", findings_are_good(findings));
    field_put_key(out, "checks");
    buf_add_char(out, '[');
    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *finding = &findings->items[i];
        field_put_separator(out);
        buf_add_char(out, '{');
        field_put_text(out, "name", finding->name);
        field_put_text(out, "status", level_names[finding->level]);
        field_put_text(out, "found", finding->found);
        field_put_text(out, "fix", finding->fix);
        buf_add_char(out, '}');
    }
    buf_add_text(out, "]}\n");
}
