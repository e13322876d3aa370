/* alarm.h - the limits of alarms as the settings say. */
#ifndef XFELX_CMD_ALARM_H
#define XFELX_CMD_ALARM_H

#include "param/param.h"
#include "report/report.h"

/* xfelx.alarm.* of the settings, in the arena; None: NaN, that alarm is not given. */
const struct alarm_limits *alarm_limits(struct arena *a, const struct params *p);

#endif
