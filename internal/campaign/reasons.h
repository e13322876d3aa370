/* reasons.h - words of the plan: actions and reasons (WORDS 4.1). Numbers are never reused. */
#ifndef XFELX_CAMPAIGN_REASONS_H
#define XFELX_CAMPAIGN_REASONS_H

#include <stdbool.h>

#define ACTION_TABLE(X)                                                                                      \
    X(NONE, 1, "none", "nothing to do")                                                                      \
    X(WAIT, 2, "wait", "will be looked at again in the next cycle")                                          \
    X(REFUSE, 3, "refuse", "cannot be started as it is")                                                     \
    X(ASK, 4, "ask", "waits for a person's yes")                                                             \
    X(SUBMIT, 5, "submit", "starts a job")                                                                   \
    X(CANCEL, 6, "cancel", "ends a live attempt")

/* In the order in which they are looked for; the action that each belongs to stands in its row. */
#define WHY_TABLE(X)                                                                                         \
    X(DONE, 1, NONE, "done", "all its frames have an outcome")                                               \
    X(LIVE, 2, NONE, "live", "an attempt waits or runs")                                                     \
    X(CANCELLED, 3, NONE, "cancelled", "a person cancelled it")                                              \
    X(TRIES_USED, 4, NONE, "tries_used", "failed, and is not tried again by itself")                         \
    X(LATER, 5, WAIT, "later", "its next try has a time")                                                    \
    X(IGNORED, 6, NONE, "ignored", "the run is ignored")                                                     \
    X(TRIAL_OFF, 7, NONE, "trial_off", "the trial is not active")                                            \
    X(RUNGROUP_OFF, 8, NONE, "rungroup_off", "the rungroup is not active, or not for this trial")            \
    X(NOT_IN_RUNGROUP, 9, NONE, "not_in_rungroup", "the run is outside the rungroup")                        \
    X(REPLACED, 34, NONE, "replaced", "the full job is done")                                                \
    X(DATASET_OFF, 33, NONE, "dataset_off", "no active dataset has it in its newest version")                \
    X(ONGOING, 10, WAIT, "ongoing", "the run is being taken")                                                \
    X(TRANSFERRING, 11, WAIT, "transferring", "its files are not all here")                                  \
    X(EMPTY, 12, WAIT, "empty", "the run has no files")                                                      \
    X(VANISHED, 13, WAIT, "vanished", "the run's files are gone")                                            \
    X(UNREADABLE, 14, NONE, "unreadable", "the format cannot be read yet")                                   \
    X(BAD_INPUT, 15, REFUSE, "bad_input", "mask, geometry, reference or frame cannot be opened")             \
    X(TASK_BEFORE, 16, WAIT, "task_before", "the task before it is not done")                                \
    X(NOT_PUBLISHED, 17, WAIT, "not_published", "the task before it has not published its files")            \
    X(QUIET, 18, WAIT, "quiet", "a merge waits for quiet, or for more new runs")                             \
    X(GOAL, 19, NONE, "goal", "the goal is reached")                                                         \
    X(MAX_QUEUED, 20, WAIT, "max_queued", "as many jobs as allowed are alive")                               \
    X(SITE_DOWN, 21, WAIT, "site_down", "the scheduler does not answer")                                     \
    X(RATE, 22, WAIT, "rate", "as many submissions as allowed in this cycle")                                \
    X(MANY, 23, ASK, "many", "more new jobs than are started without asking")                                \
    X(NEW_RUN, 24, SUBMIT, "new_run", "the run is new")                                                      \
    X(NEW_TRIAL, 25, SUBMIT, "new_trial", "the trial is new")                                                \
    X(NEW_RUNGROUP, 26, SUBMIT, "new_rungroup", "the rungroup is new for this trial")                        \
    X(NEW_TASK, 27, SUBMIT, "new_task", "the task's input is ready")                                         \
    X(PREVIEW, 35, SUBMIT, "preview", "a first look at a share of the frames")                               \
    X(RETRY, 28, SUBMIT, "retry", "failed, tried again")                                                     \
    X(RESUME, 29, SUBMIT, "resume", "was interrupted, goes on")                                              \
    X(NEW_VERSION, 30, SUBMIT, "new_version", "the dataset has new input")                                   \
    X(ASKED, 31, CANCEL, "asked", "a person asked")                                                          \
    X(BLOCKED_ACTION, 32, CANCEL, "blocked_action", "waits for what cannot come by itself")

#define X(name, number, word, text) ACTION_##name = number,
enum action_kind { ACTION_TABLE(X) ACTION_END };
#undef X
#define X(name, number, action, word, text) WHY_##name = number,
enum action_reason { WHY_TABLE(X) WHY_END = 36 };
#undef X

/* One row of a table; number 0 with word "?" for a number that is none. */
struct reason_row {
    int number;
    const char *word, *text;
    enum action_kind action;
};

const char *action_word(int action);
const struct reason_row *reason_row(int reason);

#endif
