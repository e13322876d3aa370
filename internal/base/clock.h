/* clock.h - time: int64 nanoseconds UTC for what is stored, a monotonic clock for what is measured. */
#ifndef XFELX_BASE_CLOCK_H
#define XFELX_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_now(void);       /* UTC nanoseconds since 1970 */
int64_t clock_monotonic(void); /* nanoseconds of a clock that never goes back */
double clock_cpu(void);        /* CPU seconds (user + system) of this process so far */

/* "2026-01-31T12:00:00Z"; out holds 32 bytes. Returns out. */
char *clock_text(int64_t ns, char out[32]);

#endif
