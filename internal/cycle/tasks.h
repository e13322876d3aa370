/* tasks.h - the watcher's tasks as rows of a table: when each is due, how it fares. Pure but for the text.
 *
 * What fares is kept in the store under the word "watch" and shown by status:
 *     {"host": …, "pid": …, "t": ns, "tasks": [{"name": …, "good_t": ns, "failed_t": ns, "failures": n, "text": …, "error": …}]}
 * failures: in a row, 0 after a good one; error stays until the next good one.
 */
#ifndef XFELX_CYCLE_TASKS_H
#define XFELX_CYCLE_TASKS_H

#include "base/base.h"

#define CYCLE_TASKS(X)                                                                                       \
    X(OBSERVE, "observe", "looks at the facility")                                                           \
    X(FETCH, "fetch", "brings files here")                                                                   \
    X(POLL, "poll", "asks the scheduler")                                                                    \
    X(REQUESTS, "requests", "does what pages ask for")                                                       \
    X(ACT, "act", "decides and submits")                                                                     \
    X(LABELS, "labels", "joins labels to frames that came")                                                  \
    X(ALARMS, "alarms", "writes down which alarms stand")                                                    \
    X(HOOKS, "hooks", "tells people's programs")
#define X(name, word, text) CYCLE_TASK_##name,
enum cycle_task { CYCLE_TASKS(X) CYCLE_TASK_END };
#undef X
const char *cycle_task_word(enum cycle_task t);

struct cycle_fare {
    int64_t good_t, failed_t;
    uint32_t failures; /* in a row */
    uint64_t all;      /* failures ever, of this process */
    char text[256];    /* what it did last */
    char error[1024];  /* of the last failure; "" after a good one */
    int64_t due;       /* by the monotonic clock, ns */
};

/* The task that is due first, and in how many seconds (0: now). */
enum cycle_task cycle_next(const struct cycle_fare fares[CYCLE_TASK_END], int64_t now, double *seconds);

/* It went well, or not; next time in so many seconds. */
void cycle_went_well(struct cycle_fare *f, int64_t t, int64_t now, double seconds, const char *text);
void cycle_went_wrong(struct cycle_fare *f, int64_t t, int64_t now, double seconds, const struct error *err);

/* To JSON, and back (what is not understood is left as it is): a watcher from cron goes on counting. */
void cycle_fares_write(const struct cycle_fare fares[CYCLE_TASK_END], const char *host, int64_t pid,
                       int64_t t, struct str *out);
void cycle_fares_read(const char *text, struct cycle_fare fares[CYCLE_TASK_END]);

#endif
