/* job_may.c - see job_may.h. */
#include "store/job_may.h"

#define BIT(state) (1u << JOB_##state)

/* live    what becomes of the change while an attempt is alive: nothing, or something only until
 *         the job is cancelled, or only once it is
 * states  of jobs without a live attempt that it would change */
enum when { NEVER, UNTIL_CANCELLED, ONCE_CANCELLED };
static const struct {
    enum when live;
    unsigned states;
} rows[JOB_CHANGES] = {
    [JOB_CHANGE_CANCEL] = {UNTIL_CANCELLED,
                           BIT(RUNNING) | BIT(QUEUED) | BIT(FAILED) | BIT(AGAIN) | BIT(WAITING) | BIT(READY)},
    [JOB_CHANGE_RETRY] = {ONCE_CANCELLED,
                          BIT(RUNNING) | BIT(QUEUED) | BIT(CANCELLED) | BIT(FAILED) | BIT(AGAIN)},
    [JOB_CHANGE_DELETE] = {NEVER, ~0u},
};

bool job_may(enum job_change change, const struct job_standing *j)
{
    if (j->live)
        return rows[change].live == (j->cancelled ? ONCE_CANCELLED : UNTIL_CANCELLED);
    if (change == JOB_CHANGE_RETRY && j->cancelled && j->state != JOB_DONE)
        return true; /* withdrawn, whatever its row has been called since */
    return (rows[change].states & 1u << j->state) && !(change == JOB_CHANGE_CANCEL && j->cancelled);
}

const char *job_change_word(enum job_change change)
{
#define X(name, word) word,
    static const char *const words[] = {JOB_CHANGE_TABLE(X)};
#undef X
    return words[change];
}

void job_may_json(const struct job_standing *j, struct json_writer *w)
{
    json_array(w, "may", true);
    for (int c = 0; c < JOB_CHANGES; c++)
        if (job_may((enum job_change)c, j))
            json_put_text(w, NULL, job_change_word((enum job_change)c));
    json_end_array(w);
}
