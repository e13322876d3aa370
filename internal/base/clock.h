/* clock.h - time: int64 nanoseconds UTC for what is stored, a monotonic clock for what is measured. */
#ifndef XFELX_BASE_CLOCK_H
#define XFELX_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

int64_t clock_now(void);       /* UTC nanoseconds since 1970 */
int64_t clock_monotonic(void); /* nanoseconds of a clock that never goes back */
double clock_cpu(void);        /* CPU seconds (user + system) of this process so far */

/* "2026-01-31T12:00:00Z"; out holds 32 bytes. Returns out. */
char *clock_text(int64_t ns, char out[32]);

/* A time as people and programs write it, without rounding: "2026-01-31T12:00:00.25Z" (or a blank for the T; +01:00 for the Z, UTC without
 * one; the time or its seconds may be missing), or a decimal number of units since 1970 (unit_ns 1000000000: seconds). false: it is none. */
bool clock_read(const char *text, int64_t unit_ns, int64_t *ns);

#endif
