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
