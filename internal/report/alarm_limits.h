/* alarm_limits.h - from where on an alarm stands: the settings xfelx.alarm.* (REPORT 1.2), one number each.
 *
 * NaN: that alarm is not given. A row is X(name of the setting and of the member, value of SCIENCE 24).
 */
#ifndef XFELX_REPORT_ALARM_LIMITS_H
#define XFELX_REPORT_ALARM_LIMITS_H

// clang-format off
#define ALARM_LIMIT_TABLE(X)                                                                                          \
    X(no_frames, 60)      /* s without a frame while a run is being taken */                                          \
    X(stale, 30)          /* s, age of the newest number */                                                           \
    X(jet, 1.0 / 3)       /* hit rate, as a share of the median of the hour's minutes … */                            \
    X(jet_minutes, 2)     /* … for so long */                                                                         \
    X(geometry, 2.576)    /* deviations: of the intervals of indexing rates that must be apart; 99 % */               \
    X(beam_centre, 0.5)   /* px */                                                                                    \
    X(saturation, 0.05)   /* share of the hits */                                                                     \
    X(ice, 0.10)          /* share of the hits */                                                                     \
    X(failures, 0.01)     /* share of the frames */                                                                   \
    X(backlog, 600)       /* s from the exposure to the result */                                                     \
    X(disk, 0.05)         /* share that is free */                                                                    \
    X(database, 30)       /* s from the result to its row */                                                          \
    X(watch, 600)         /* s without a watcher */                                                                   \
    X(minutes, 10)        /* minutes of data that are "now"; the hour before them is what is usual */                 \
    X(min_frames, 50)     /* from fewer nothing is said */
// clang-format on

#define X(name, usual) double name;
struct alarm_limits {
    ALARM_LIMIT_TABLE(X)
};
#undef X

extern const struct alarm_limits alarm_limits_usual; /* those of SCIENCE 24 */

#endif
