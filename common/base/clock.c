/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#define YEAR_1_US (INT64_C(-62135596800) * CLOCK_US_PER_S)
#define YEAR_10000_US (INT64_C(253402300800) * CLOCK_US_PER_S)

static _Atomic int64_t test_now_us = -1;

static int64_t read_clock(clockid_t id)
{
    struct timespec now;
    (void)clock_gettime(id, &now);
    return now.tv_sec * CLOCK_US_PER_S + now.tv_nsec / 1000;
}

int64_t clock_now_us(void)
{
    int64_t fixed = atomic_load_explicit(&test_now_us, memory_order_relaxed);
    return fixed >= 0 ? fixed : read_clock(CLOCK_REALTIME);
}

int64_t clock_mono_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void clock_set_for_test(int64_t at_us)
{
    atomic_store(&test_now_us, at_us);
}

/* Seconds since the epoch, and the fraction made positive for times before it. */
static void split_us(int64_t at_us, struct tm *ret_tm, int *ret_fraction_us)
{
    int64_t fraction = at_us % CLOCK_US_PER_S;
    if (fraction < 0)
        fraction += CLOCK_US_PER_S;
    time_t seconds = (time_t)((at_us - fraction) / CLOCK_US_PER_S);
    (void)gmtime_r(&seconds, ret_tm);
    *ret_fraction_us = (int)fraction;
}

static void put_digits(char *at, size_t digits, unsigned value)
{
    for (; digits > 0; value /= 10)
        at[--digits] = (char)('0' + value % 10);
}

/* The years 1970 to 9999, which is every line of a log, without libc's time zones and locales.
 * Source: "chrono-Compatible Low-Level Date Algorithms", H. Hinnant, civil_from_days */
static char *format_plain(int64_t at_us, size_t fraction_digits, unsigned fraction_unit_us,
                          char *text)
{
    unsigned fraction_us = (unsigned)(at_us % CLOCK_US_PER_S);
    int64_t seconds = at_us / CLOCK_US_PER_S;
    unsigned second = (unsigned)(seconds % 86400);
    unsigned days = (unsigned)(seconds / 86400) + 719468; /* since 0000-03-01 */
    unsigned era = days / 146097;
    unsigned day_of_era = days % 146097;
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned march_month = (5 * day_of_year + 2) / 153;
    unsigned month = march_month < 10 ? march_month + 3 : march_month - 9;

    memcpy(text, "0000-00-00T00:00:00.", 20);
    put_digits(text, 4, year_of_era + era * 400 + (month <= 2));
    put_digits(text + 5, 2, month);
    put_digits(text + 8, 2, day_of_year - (153 * march_month + 2) / 5 + 1);
    put_digits(text + 11, 2, second / 3600);
    put_digits(text + 14, 2, second / 60 % 60);
    put_digits(text + 17, 2, second % 60);
    put_digits(text + 20, fraction_digits, fraction_us / fraction_unit_us);
    memcpy(text + 20 + fraction_digits, "Z", 2);
    return text;
}

static char *format(int64_t at_us, int fraction_digits, int fraction_unit_us, char *text)
{
    struct tm tm;
    int fraction_us;
    if (at_us >= 0 && at_us < YEAR_10000_US)
        return format_plain(at_us, (size_t)fraction_digits, (unsigned)fraction_unit_us, text);
    split_us(at_us, &tm, &fraction_us);
    if (snprintf(text, CLOCK_TEXT_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d.%0*dZ", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, fraction_digits,
                 fraction_us / fraction_unit_us) < 0)
        text[0] = '\0';
    return text;
}

char *clock_format_ms(int64_t at_us, char *text)
{
    return format(at_us, 3, 1000, text);
}

char *clock_format_us(int64_t at_us, char *text)
{
    return format(at_us, 6, 1, text);
}

/* Exactly `digits` decimal digits; advances the cursor. */
static bool take_number(const char **cursor, int digits, int *ret_value)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        char c = (*cursor)[i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    *cursor += digits;
    *ret_value = value;
    return true;
}

static bool take_char(const char **cursor, char wanted)
{
    if (**cursor != wanted)
        return false;
    *cursor += 1;
    return true;
}

static bool take_fraction(const char **cursor, int64_t *ret_us)
{
    *ret_us = 0;
    if (!take_char(cursor, '.'))
        return true;

    int digits = 0;
    int64_t unit = CLOCK_US_PER_S / 10;
    for (; **cursor >= '0' && **cursor <= '9'; (*cursor)++, digits++) {
        *ret_us += (**cursor - '0') * unit;
        unit /= 10;
    }
    return digits >= 1 && digits <= 9;
}

static bool take_offset(const char **cursor, int *ret_seconds)
{
    *ret_seconds = 0;
    if (take_char(cursor, 'Z') || take_char(cursor, 'z'))
        return true;

    int sign = **cursor == '-' ? -1 : 1;
    int hours;
    int minutes;
    if (!take_char(cursor, '+') && !take_char(cursor, '-'))
        return false;
    if (!take_number(cursor, 2, &hours) || !take_char(cursor, ':') ||
        !take_number(cursor, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

static bool take_date_time(const char **cursor, struct tm *ret_tm)
{
    struct tm tm = {0};
    if (!take_number(cursor, 4, &tm.tm_year) || !take_char(cursor, '-') ||
        !take_number(cursor, 2, &tm.tm_mon) || !take_char(cursor, '-') ||
        !take_number(cursor, 2, &tm.tm_mday))
        return false;
    if (!take_char(cursor, 'T') && !take_char(cursor, 't') && !take_char(cursor, ' '))
        return false;
    if (!take_number(cursor, 2, &tm.tm_hour) || !take_char(cursor, ':') ||
        !take_number(cursor, 2, &tm.tm_min) || !take_char(cursor, ':') ||
        !take_number(cursor, 2, &tm.tm_sec))
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *ret_tm = tm;
    return true;
}

/* The instant, if there is one, in the years that can be written. */
static bool find_instant(const struct tm *tm, int64_t fraction_us, int offset_s, int64_t *ret_at_us)
{
    struct tm normal = *tm;
    time_t seconds = timegm(&normal);
    /* timegm turns the 31st of February into March; the text did not mean that */
    if (normal.tm_mon != tm->tm_mon || normal.tm_mday != tm->tm_mday ||
        normal.tm_hour != tm->tm_hour || normal.tm_min != tm->tm_min || normal.tm_sec != tm->tm_sec)
        return false;
    int64_t at_us = ((int64_t)seconds - offset_s) * CLOCK_US_PER_S + fraction_us;
    if (at_us < YEAR_1_US || at_us >= YEAR_10000_US)
        return false;
    *ret_at_us = at_us;
    return true;
}

int clock_parse(const char *text, int64_t *ret_at_us, struct err *e)
{
    const char *cursor = text;
    struct tm tm;
    int64_t fraction_us;
    int offset_s;
    bool shaped = take_date_time(&cursor, &tm) && take_fraction(&cursor, &fraction_us) &&
                  take_offset(&cursor, &offset_s) && *cursor == '\0';
    if (shaped && find_instant(&tm, fraction_us, offset_s, ret_at_us))
        return 0;
    return err_set(e, ERR_INVALID, "'%.40s' is not a time such as 2026-01-02T03:04:05Z", text);
}
