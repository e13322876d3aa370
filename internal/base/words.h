/* words.h - numbers of run, job and attempt states, of how attempts end (WORDS 3, 4), and of kinds of tasks. Stored; never
 * reused. */
#ifndef XFELX_BASE_WORDS_H
#define XFELX_BASE_WORDS_H

#include <stdbool.h>

#define RUN_STATE_TABLE(X)                                                                                   \
    X(ONGOING, 1, "ongoing", "not closed, or still growing")                                                 \
    X(TRANSFERRING, 2, "transferring", "closed, not all its files here")                                     \
    X(PRESENT, 3, "present", "closed, all its files here and stable")                                        \
    X(EMPTY, 4, "empty", "closed without files for a while")                                                 \
    X(VANISHED, 5, "vanished", "was listed, is not any more; kept")

#define JOB_STATE_TABLE(X)                                                                                   \
    X(DONE, 1, "done", "final outcomes = expected frames")                                                   \
    X(RUNNING, 2, "running", "a live attempt works on it")                                                   \
    X(QUEUED, 3, "queued", "a live attempt waits")                                                           \
    X(CANCELLED, 4, "cancelled", "a person cancelled it")                                                    \
    X(FAILED, 5, "failed", "tries used up or a permanent reason")                                            \
    X(AGAIN, 6, "again", "ended before the end; the same command goes on")                                   \
    X(WAITING, 7, "waiting", "inputs not ready")                                                             \
    X(READY, 8, "ready", "will be submitted in the next cycle")

#define ATTEMPT_STATE_TABLE(X)                                                                               \
    X(CLAIMED, 1, "claimed", "row exists, scheduler not yet called")                                         \
    X(SUBMITTING, 2, "submitting", "scheduler called, its answer not stored")                                \
    X(QUEUED, 3, "queued", "waiting")                                                                        \
    X(BLOCKED, 4, "blocked", "waiting for what cannot come by itself")                                       \
    X(STARTING, 5, "starting", "prolog, stage-in")                                                           \
    X(RUNNING, 6, "running", "")                                                                             \
    X(SUSPENDED, 7, "suspended", "stopped by the scheduler or a person")                                     \
    X(ENDING, 8, "ending", "epilog, stage-out")                                                              \
    X(ENDED, 9, "ended", "with its end kind")                                                                \
    X(UNKNOWN, 10, "unknown", "asked for and found nowhere, not for long")                                   \
    X(LOST, 11, "lost", "its process is gone without a word")

#define END_KIND_TABLE(X)                                                                                    \
    X(NONE, 0, "none", "not ended")                                                                          \
    X(OK, 1, "ok", "")                                                                                       \
    X(EXIT, 2, "exit", "ended with an error")                                                                \
    X(SIGNAL, 3, "signal", "killed by a signal")                                                             \
    X(TIMEOUT, 4, "timeout", "reached its time limit")                                                       \
    X(MEMORY, 5, "memory", "took more memory than it was given")                                             \
    X(NODE, 6, "node", "its host or process died")                                                           \
    X(PREEMPTED, 7, "preempted", "gave way to another job")                                                  \
    X(CANCELLED, 8, "cancelled", "")                                                                         \
    X(LAUNCH, 9, "launch", "never started: output path, work folder, shell")                                 \
    X(DEADLINE, 10, "deadline", "could not end before its deadline")                                         \
    X(REQUEUED, 11, "requeued", "the scheduler runs it again under the same id")                             \
    X(UNFINISHED, 12, "unfinished", "stopped in good order before the end")                                  \
    X(SUPERSEDED, 13, "superseded", "its lease had gone to another attempt")                                 \
    X(OTHER, 14, "other", "")

/* run: one job a run; dataset: one job a version of a dataset. */
#define TASK_KIND_TABLE(X)                                                                                   \
    X(INDEXING, 1, "indexing", false, "find, index and integrate: the trial itself")                         \
    X(REFINE, 2, "refine", false, "refine the lattices of a run together")                                   \
    X(SCALE, 3, "scale", false, "scale a run")                                                               \
    X(SCRIPT, 4, "script", false, "a command of your own on a run")                                          \
    X(MERGE, 5, "merge", true, "merge the runs of a dataset")                                                \
    X(PHENIX, 6, "phenix", true, "what follows a merge")                                                     \
    X(SCRIPT_ALL, 7, "script_all", true, "a command of your own on a dataset")

#define X(name, number, word, text) RUN_##name = number,
enum run_state { RUN_STATE_TABLE(X) RUN_STATE_END };
#undef X
#define X(name, number, word, text) JOB_##name = number,
enum job_state { JOB_STATE_TABLE(X) JOB_STATE_END };
#undef X
#define X(name, number, word, text) ATTEMPT_##name = number,
enum attempt_state { ATTEMPT_STATE_TABLE(X) ATTEMPT_STATE_END };
#undef X
#define X(name, number, word, text) END_##name = number,
enum end_kind { END_KIND_TABLE(X) END_KIND_END };
#undef X
#define X(name, number, word, dataset, text) TASK_##name = number,
enum task_kind { TASK_KIND_TABLE(X) TASK_KIND_END };
#undef X

const char *run_state_word(int state); /* "?" for a number that is none; likewise below */
const char *job_state_word(int state);
const char *attempt_state_word(int state);
const char *end_kind_word(int kind);

struct task_kind_row {
    int number;
    const char *word, *text;
    bool per_dataset;
};

const struct task_kind_row *task_kind_row(int kind);
int task_kind_find(const char *word); /* 0: none */

#endif
