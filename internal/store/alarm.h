/* alarm.h - the log of alarms: what somebody was called for, since when, until when. Part of the store's face; store.h includes it.
 *
 * Which alarms stand is decided elsewhere (report/overview.h); here it is written down. One that clears itself stays in the log. Whoever
 * looks may write it down, any number of them at once: there is one row of a kind that stands, and one that comes back within two minutes
 * goes on with its row, so that a figure at its threshold does not fill the log.
 */
#ifndef XFELX_STORE_ALARM_H
#define XFELX_STORE_ALARM_H

#include "base/base.h"

struct store;

/* What stands now: kind (WORDS 4.2), in a sentence, and what changed with it ("": nothing). */
struct store_alarm_now {
    const char *kind, *text, *with;
};

/* Write down that just these n stand: new rows with an event alarm_on, ends with an event alarm_off; texts of those that stood before are
 * brought up to date. on, off: how many; may be NULL. One transaction; none when nothing changed. */
bool store_alarms_note(struct store *s, const struct store_alarm_now *now, size_t n, size_t *on, size_t *off,
                       struct error *err);

/* Times in ns; until 0: it stands; acked 0: nobody has said that he saw it. */
struct store_alarm {
    int64_t id, since, until, acked;
    const char *kind, *text, *with, *who;
};

/* Those that stand first, then the newest; at most `limit`. In the arena. */
bool store_alarms(struct store *s, size_t limit, struct arena *a, struct store_alarm **rows, size_t *n,
                  struct error *err);

#endif
