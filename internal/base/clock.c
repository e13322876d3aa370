/* clock.c - time; see clock.h. */
#include "base/clock.h"

#include <sys/resource.h>
#include <time.h>

#define SECOND INT64_C(1000000000)

static int64_t read_clock(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return t.tv_sec * SECOND + t.tv_nsec;
}

int64_t clock_now(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double clock_cpu(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

char *clock_text(int64_t ns, char out[32])
{
    time_t seconds = ns / SECOND - (ns % SECOND < 0); /* towards the past, also before 1970 */
    struct tm t;
    gmtime_r(&seconds, &t);
    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &t);
    return out;
}

/* ---- times in text ---- */

/* Exactly n digits; *text behind them. */
static bool digits(const char **text, int n, int64_t *out)
{
    *out = 0;
    for (; n > 0; n--, ++*text) {
        if (**text < '0' || **text > '9')
            return false;
        *out = 10 * *out + (**text - '0');
    }
    return true;
}

/* ".25" of a unit, as far as a ns goes. */
static void fraction(const char **text, int64_t unit_ns, int64_t *ns)
{
    int64_t part = unit_ns;
    *ns = 0;
    if (**text != '.')
        return;
    for (++*text; **text >= '0' && **text <= '9'; ++*text) {
        part /= 10;
        *ns += part * (**text - '0');
    }
}

static bool read_number(const char *text, int64_t unit_ns, int64_t *ns)
{
    int64_t whole = 0, part, sign = *text == '-' ? -1 : 1;
    text += *text == '-';
    if (*text < '0' || *text > '9')
        return false;
    for (; *text >= '0' && *text <= '9'; text++)
        if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, *text - '0', &whole))
            return false;
    fraction(&text, unit_ns, &part);
    return !*text && !__builtin_mul_overflow(whole, unit_ns, ns) && !__builtin_add_overflow(*ns, part, ns) &&
           !__builtin_mul_overflow(*ns, sign, ns);
}

/* Days since 1970 of a date of the Gregorian calendar (H. Hinnant, chrono-compatible date algorithms). */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400, of_era = year - 400 * era;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return 146097 * era + 365 * of_era + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* "", "Z", "+01:00", "-0730": in seconds. */
static bool zone(const char *text, int64_t *seconds)
{
    int64_t hours, minutes, sign = *text == '-' ? -1 : 1;
    *seconds = 0;
    if (!*text || (*text == 'Z' && !text[1]))
        return true;
    if (*text != '+' && *text != '-')
        return false;
    text++;
    if (!digits(&text, 2, &hours))
        return false;
    text += *text == ':';
    if (!digits(&text, 2, &minutes) || *text || hours > 14 || minutes > 59)
        return false;
    *seconds = sign * (3600 * hours + 60 * minutes);
    return true;
}

bool clock_read(const char *text, int64_t unit_ns, int64_t *ns)
{
    const int64_t second = 1000000000;
    static const int64_t lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t year, month, day, hour = 0, minute = 0, seconds = 0, part = 0, off;
    const char *p = text;
    if (!digits(&p, 4, &year) || *p != '-')
        return read_number(text, unit_ns, ns);
    p++;
    if (!digits(&p, 2, &month) || *p++ != '-' || !digits(&p, 2, &day) || year < 1900 || year > 2200 ||
        month < 1 || month > 12 || day < 1 || day > lengths[month - 1])
        return false;
    if (*p == 'T' || *p == ' ') {
        p++;
        if (!digits(&p, 2, &hour) || *p++ != ':' || !digits(&p, 2, &minute) || hour > 23 || minute > 59)
            return false;
        if (*p == ':') {
            p++;
            if (!digits(&p, 2, &seconds) || seconds > 60)
                return false;
            fraction(&p, second, &part);
        }
    }
    if (!zone(p, &off))
        return false;
    *ns = (86400 * days_of(year, month, day) + 3600 * hour + 60 * minute + seconds - off) * second + part;
    return true;
}
