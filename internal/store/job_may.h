/* job_may.h - what a person may do to a job as it is. One table for terminal, API and pages: what is offered is what is taken. */
#ifndef XFELX_STORE_JOB_MAY_H
#define XFELX_STORE_JOB_MAY_H

#include "base/base.h"

/* cancel  nothing starts it any more; what is alive of it is ended
 * retry   it is started again: what ended before is forgiven, a cancellation withdrawn
 * delete  the rows of its frames go, then its files */
#define JOB_CHANGE_TABLE(X)                                                                                  \
    X(CANCEL, "cancel")                                                                                      \
    X(RETRY, "retry")                                                                                        \
    X(DELETE, "delete")

#define X(name, word) JOB_CHANGE_##name,
enum job_change { JOB_CHANGE_TABLE(X) JOB_CHANGES };
#undef X

/* A job as far as that depends on it. live: an attempt is. */
struct job_standing {
    enum job_state state;
    bool live, cancelled;
};

/* Would it change something, and is it allowed? Pure. */
bool job_may(enum job_change change, const struct job_standing *j);

const char *job_change_word(enum job_change change);

/* "may": ["cancel", …] */
void job_may_json(const struct job_standing *j, struct json_writer *w);

#endif
