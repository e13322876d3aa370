/* alarm.c - the limits of alarms as the settings say. See alarm.h. */
#include "cmd/alarm.h"

#include <math.h>

const struct alarm_limits *alarm_limits(struct arena *a, const struct params *p)
{
    struct alarm_limits *out = arena_alloc(a, sizeof *out);
#define X(name, usual) .name = param_real(p, "xfelx.alarm." #name, NAN),
    *out = (struct alarm_limits){ALARM_LIMIT_TABLE(X)};
#undef X
    return out;
}
