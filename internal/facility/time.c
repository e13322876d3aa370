/* time.c - times as the run table writes them. */
#include "facility/facility.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool number(const char **at, int digits, int *out)
{
    *out = 0;
    for (int i = 0; i < digits; i++, ++*at) {
        if (**at < '0' || **at > '9')
            return false;
        *out = *out * 10 + (**at - '0');
    }
    return true;
}

/* Days since 1970-01-01 of a date of the Gregorian calendar (Hinnant, days_from_civil). */
static int64_t days(int y, int m, int d)
{
    y -= m <= 2;
    int64_t era = y / 400, of_era = y - era * 400, of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool zone(const char *at, int *minutes)
{
    int h = 0, m = 0, sign = *at == '-' ? -1 : 1;
    *minutes = 0;
    if (!*at || strcmp(at, "Z") == 0)
        return true;
    if (*at != '+' && *at != '-')
        return false;
    at++;
    if (!number(&at, 2, &h))
        return false;
    at += *at == ':';
    if (*at && !number(&at, 2, &m))
        return false;
    *minutes = sign * (h * 60 + m);
    return !*at && h < 24 && m < 60;
}

bool facility_time(const char *text, int64_t *ns)
{
    int y, mo, d, h, mi, s, off;
    double seconds;
    const char *at = text;
    if (!number(&at, 4, &y) || *at != '-') {
        if (!str_to_double(text, &seconds) || !(fabs(seconds) < 9e9))
            return false;
        *ns = (int64_t)(seconds * 1000) * 1000000;
        return true;
    }
    at++;
    if (!number(&at, 2, &mo) || *at++ != '-' || !number(&at, 2, &d) || (*at != 'T' && *at != ' ') ||
        !number((at++, &at), 2, &h) || *at++ != ':' || !number(&at, 2, &mi) || *at++ != ':' ||
        !number(&at, 2, &s))
        return false;
    int64_t fraction = 0, unit = 100000000;
    if (*at == '.')
        for (at++; *at >= '0' && *at <= '9'; at++, unit /= 10)
            fraction += (*at - '0') * unit;
    if (!zone(at, &off) || y < 1970 || y > 2200 || mo < 1 || mo > 12 || d < 1 || d > 31 || h > 23 ||
        mi > 59 || s > 60)
        return false;
    *ns = ((days(y, mo, d) * 24 + h) * 60 + mi - off) * 60000000000 + s * 1000000000LL + fraction;
    return true;
}
