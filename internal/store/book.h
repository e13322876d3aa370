/* book.h - what persons and pages change, and the lists they look at: runs, tags, trials, rungroups, tasks, datasets, jobs, notes,
 * requests. Part of the store's face: store.h includes it. What the watcher writes: campaign.h.
 *
 * Each change is one transaction with a row of the audit in it (who, by which way, what stood there, what stands there now); what
 * changes nothing leaves none. Texts are UTF-8 (others are ERROR_USAGE: nothing is kept in another form than it was given), numbers are
 * checked, and ERROR_USAGE always means that nothing was changed.
 *
 * Lists are in the arena, in the order in which they are shown, and cost a number of statements that does not depend on the rows.
 */
#ifndef XFELX_STORE_BOOK_H
#define XFELX_STORE_BOOK_H

#include "base/base.h"
#include "store/job_may.h"
#include "store/snapshot.h"

struct store;

enum store_via { STORE_VIA_COMMAND = 1, STORE_VIA_WEB, STORE_VIA_WATCH, STORE_VIA_IMPORT };

/* Who changes it: a user's name, and how. */
struct store_by {
    const char *who;
    enum store_via via;
};

/* Limits, in characters. */
enum { BOOK_NAME = 128, BOOK_TEXT = 65536 };

/* How many jobs are in each state (by enum job_state). */
struct store_job_counts {
    uint32_t by[JOB_STATE_END];
};

/* ---- numbers that people type ---- */

/* "12-15,20" in any number of words: sorted, none twice. ERROR_USAGE; what: "run", for messages. */
struct store_range {
    int64_t first, last;
};
bool store_ranges(const char *const *words, size_t n_words, const char *what, struct arena *a,
                  struct store_range **out, size_t *n, struct error *err);

/* Runs by the numbers that lists show ("12-15,20"), "12#7" (the run of number 12 whose row is 7: two runs may have one number), or a
 * name, whole. Each once, by number. ERROR_USAGE: a word that names none, or a number that several runs have. In a range they all
 * count, and numbers that no run has are left out. */
bool store_find_runs(struct store *s, const char *const *words, size_t n_words, struct arena *a,
                     int64_t **ids, size_t *n, struct error *err);

/* ---- runs ---- */

struct store_run_row {
    int64_t id, ord, num; /* num -1: none */
    bool shared;          /* its number is that of another one too: show "ord#id" */
    const char *name, *path, *facility, *why, *comment;
    enum run_state state;
    int64_t state_t, seen_t, begin_t, end_t; /* 0: not known */
    uint32_t n_files, n_here;
    int64_t bytes, bytes_here, n_frames; /* n_frames -1: not known */
    bool readable, ignored;
    const char **tags;
    size_t n_tags;
    double rate; /* bytes a second of the last look, while it is being transferred; else 0 */
    struct store_job_counts jobs;
    uint32_t n_notes;
};

/* Which: NULL and 0 mean any. One id costs the rows of one run, whatever else there is. */
struct store_run_filter {
    const char *tag, *facility;
    int state; /* enum run_state */
    const int64_t *ids;
    size_t n_ids;
    bool ignored_only;
    size_t newest; /* only so many, those of the greatest numbers; 0: all */
};
bool store_runs(struct store *s, const struct store_run_filter *f, struct arena *a,
                struct store_run_row **rows, size_t *n, struct error *err);

/* The runs before and after one in the order of their numbers: "12", or "12#7" where two have one; "": there is none. In the arena. */
bool store_run_neighbours(struct store *s, int64_t id, struct arena *a, const char **before,
                          const char **after, struct error *err);

struct store_source_row {
    uint32_t no;
    const char *path, *format; /* "": not known */
    int64_t size, n_frames;    /* -1: not known */
    int64_t modified_t;        /* with n_frames: what the file was when a job opened it */
    bool here;
};
bool store_run_sources(struct store *s, int64_t run, struct arena *a, struct store_source_row **rows,
                       size_t *n, struct error *err);

/* Closed runs of which files are not here, the newest first; those that are ignored left out. In the arena. */
bool store_runs_missing(struct store *s, struct arena *a, int64_t **runs, size_t *n, struct error *err);

/* changed: rows that were not so before; may be NULL. */
bool store_run_comment(struct store *s, const struct store_by *by, const int64_t *runs, size_t n,
                       const char *text, size_t *changed, struct error *err);
bool store_run_ignore(struct store *s, const struct store_by *by, const int64_t *runs, size_t n, bool ignored,
                      size_t *changed, struct error *err);
/* Put a tag on, or take it off. make: a tag that is not there is made. */
bool store_run_tag(struct store *s, const struct store_by *by, const int64_t *runs, size_t n, const char *tag,
                   bool on, bool make, size_t *changed, struct error *err);

/* ---- tags ---- */

struct store_tag_row {
    int64_t id, colour; /* 0xRRGGBB; -1: none */
    const char *name, *comment;
    bool automatic; /* every new run gets it */
    uint32_t n_runs, n_datasets;
};
bool store_tags(struct store *s, struct arena *a, struct store_tag_row **rows, size_t *n, struct error *err);

/* What is to be; NULL, -1: as it stands (for a new one: none). colour -2: none. */
struct store_tag_edit {
    const char *name, *comment;
    int64_t colour;
    int automatic;
};
bool store_tag_add(struct store *s, const struct store_by *by, const struct store_tag_edit *tag,
                   struct error *err);
bool store_tag_edit(struct store *s, const struct store_by *by, const char *name,
                    const struct store_tag_edit *edit, struct error *err);
/* Off all runs, and gone. ERROR_USAGE while a dataset is made of it. */
bool store_tag_remove(struct store *s, const struct store_by *by, const char *name, struct error *err);

/* ---- trials: never changed but for comment and active ---- */

struct store_trial_row {
    int64_t id, created_t;
    uint32_t num;
    uint8_t recipe_hash[32];
    const char *phil, *comment, *who, *bad_input; /* bad_input "": none */
    double percent, d_min;                        /* NaN: not given */
    int preview;                                  /* per cent of the frames; 0: none */
    bool active, used;
    const int64_t *rungroups; /* those in use by it */
    size_t n_rungroups;
    struct store_job_counts jobs; /* of the trial itself, not of tasks */
};
bool store_trials(struct store *s, struct arena *a, struct store_trial_row **rows, size_t *n,
                  struct error *err);

struct store_trial_new {
    const uint8_t *recipe_hash;             /* 32 bytes */
    const char *phil, *comment, *bad_input; /* all parameters; NULL: none */
    double percent, d_min;                  /* NaN: not given */
    bool active;
    const int64_t *rungroups;
    size_t n_rungroups;
};
/* The next number. ERROR_USAGE: a trial with this recipe is there (its number is said), a rungroup that is not. */
bool store_trial_add(struct store *s, const struct store_by *by, const struct store_trial_new *trial,
                     uint32_t *num, struct error *err);
bool store_trial_comment(struct store *s, const struct store_by *by, uint32_t num, const char *text,
                         struct error *err);
bool store_trial_active(struct store *s, const struct store_by *by, const uint32_t *nums, size_t n,
                        bool active, size_t *changed, struct error *err);

/* Preview jobs of so many per cent of the frames (1 to 100; 0: none), of every run of its rungroups, whether it is active or not. Jobs that
 * are there stay. */
bool store_trial_preview(struct store *s, const struct store_by *by, const uint32_t *nums, size_t n,
                         int percent, size_t *changed, struct error *err);

/* ---- rungroups: a stretch of beam time with its own parameters ---- */

struct store_group_use {
    uint32_t trial;
    bool active;
};
struct store_group_exception {
    int64_t run, ord;
    bool include;
};
struct store_group_row {
    int64_t id, first, last, created_t; /* numbers of runs; last -1: open, every later run belongs to it */
    const char *phil, *comment, *who, *bad_input;
    bool active, used; /* used: it has jobs */
    struct store_group_use *uses;
    struct store_group_exception *exceptions;
    size_t n_uses, n_exceptions;
    uint32_t n_runs; /* that belong to it now */
    struct store_job_counts jobs;
};
bool store_groups(struct store *s, struct arena *a, struct store_group_row **rows, size_t *n,
                  struct error *err);

/* A new rungroup; for edits, what is to be changed. */
enum { BOOK_KEEP = -2 }; /* as it stands */
struct store_group_edit {
    int64_t first, last;                    /* last -1: open */
    const char *phil, *comment, *bad_input; /* NULL: as they stand, or none; bad_input goes with phil */
    const uint32_t *trials; /* add: that use it; edit: in which the new one takes its place (none: all) */
    size_t n_trials;
    const int64_t *include, *exclude, *plain; /* runs in, out, and as their numbers say */
    size_t n_include, n_exclude, n_plain;
};
bool store_group_add(struct store *s, const struct store_by *by, const struct store_group_edit *group,
                     int64_t *id, struct error *err);
/* Which runs belong to it, and its comment, are changed in place. Other parameters too while it has no jobs; of a used one a copy with
 * the new ones is made, which takes its place in trials. id_now: of the one that has the change. */
bool store_group_edit(struct store *s, const struct store_by *by, int64_t id,
                      const struct store_group_edit *edit, int64_t *id_now, struct error *err);
bool store_group_active(struct store *s, const struct store_by *by, const int64_t *ids, size_t n, bool active,
                        size_t *changed, struct error *err);
/* Is it used by a trial? */
bool store_group_use(struct store *s, const struct store_by *by, const int64_t *ids, size_t n, uint32_t trial,
                     bool on, size_t *changed, struct error *err);

/* ---- tasks: what follows a trial; revisions never change once they have jobs ---- */

struct store_task_row { /* a revision; those of a task follow each other, the newest last */
    int64_t task, rev_id, created_t;
    uint32_t rev;
    const char *name, *phil, *resources, *who;
    int kind;
    bool used, newest;
    const char **datasets; /* that have it */
    size_t n_datasets;
};
bool store_tasks(struct store *s, struct arena *a, struct store_task_row **rows, size_t *n,
                 struct error *err);

struct store_task_new {
    const char *name, *phil, *resources; /* phil: PHIL, or the command of a script; revise: NULL: as before */
    int kind;                            /* enum task_kind, not indexing */
};
bool store_task_add(struct store *s, const struct store_by *by, const struct store_task_new *task,
                    int64_t *rev_id, struct error *err);
/* In place while the newest revision is used by no job, else the next one. everywhere: datasets that have an older one get it. */
bool store_task_revise(struct store *s, const struct store_by *by, const struct store_task_new *task,
                       bool everywhere, uint32_t *rev, struct error *err);

/* ---- datasets: tags and what is done with their runs, in order ---- */

struct store_dataset_task {
    const char *name;
    uint32_t rev;
    int kind;
    int64_t rev_id;
};
struct store_dataset_version {
    int64_t id, created_t;
    uint32_t version, n_inputs;
    struct store_job_counts jobs;
};
struct store_dataset_row {
    int64_t id;
    const char *name, *comment;
    bool all, active; /* all: runs with all its tags, else with any */
    uint64_t goal;    /* lattices; 0: none */
    const char **tags;
    struct store_dataset_task *tasks;
    struct store_dataset_version *versions;
    size_t n_tags, n_tasks, n_versions;
    uint32_t n_runs;
};
bool store_datasets(struct store *s, struct arena *a, struct store_dataset_row **rows, size_t *n,
                    struct error *err);

/* What is to be; NULL and -1: as it stands (new: none, any, active). Names of tasks mean their newest revision, "NAME:2" the second. */
struct store_dataset_edit {
    const char *name, *comment;
    int all, active;
    int64_t goal;
    const char *const *tags, *const *tasks; /* NULL: as they stand */
    size_t n_tags, n_tasks;
};
bool store_dataset_add(struct store *s, const struct store_by *by, const struct store_dataset_edit *d,
                       struct error *err);
bool store_dataset_edit(struct store *s, const struct store_by *by, const char *name,
                        const struct store_dataset_edit *d, struct error *err);

/* ---- jobs ---- */

struct store_book_attempt {
    int64_t id, submit_t, start_t, end_t; /* 0: not yet */
    uint32_t no, n_ranks, n_threads;
    bool live;
    enum attempt_state state;
    enum end_kind end;
    int exit_code, exit_signal; /* -1: not known */
    const char *name, *scheduler, *sched_id, *raw, *reason, *host, *program, *log_path;
};
struct store_book_job {
    int64_t id;
    struct campaign_key key;
    int64_t run_ord;                                          /* 0: no run */
    uint32_t trial, task_rev, version;                        /* numbers; 0: none */
    const char *run, *task, *dataset, *folder, *cancelled_by; /* names; "": none */
    enum job_state state;
    int64_t state_t, retry_t, created_t, forgiven_t; /* 0: none */
    int64_t n_expected, n_final, n_lattices;
    uint32_t n_tries;
    bool cancelled, published, preview;
    const char *stale; /* why its results are older than a calibration; "": they are not, or nobody asked */
    struct store_book_attempt *attempts; /* by number; lists: only the last */
    size_t n_attempts;
};

/* As job_may asks for it. */
struct job_standing store_book_standing(const struct store_book_job *j);
struct store_job_filter {
    int state;     /* enum job_state; 0: any */
    int64_t trial; /* its number; -1: any */
    int64_t group; /* 0: any */
    const int64_t *runs;
    size_t n_runs;
    const struct store_range *jobs; /* by number */
    size_t n_jobs;
    bool all_attempts;
    bool stale;    /* find out which are stale (calib.h) */
    size_t newest; /* 0: all */
};
bool store_book_jobs(struct store *s, const struct store_job_filter *f, struct arena *a,
                     struct store_book_job **rows, size_t *n, struct error *err);

/* Cancel: nothing starts it any more; a live attempt is ended by the watcher's next cycle. */
bool store_job_cancel(struct store *s, const struct store_by *by, const int64_t *jobs, size_t n,
                      size_t *changed, struct error *err);
/* Retry: what ended before is forgiven, and a cancellation withdrawn. */
bool store_job_retry(struct store *s, const struct store_by *by, const int64_t *jobs, size_t n,
                     size_t *changed, struct error *err);
/* The rows of its frames go, and it is cancelled: store_job_retry does it anew. Its files are the caller's business, and go after
 * the rows. ERROR_USAGE while an attempt is alive. */
bool store_job_delete(struct store *s, const struct store_by *by, int64_t job, struct error *err);

/* ---- log book and audit ---- */

enum store_note_kind { NOTE_RUN = 1, NOTE_JOB, NOTE_DATASET, NOTE_SHIFT };
struct store_note {
    int64_t id, t, target; /* a shift's: 0 */
    enum store_note_kind kind;
    const char *who, *body;
};
bool store_note_add(struct store *s, const struct store_by *by, enum store_note_kind kind, int64_t target,
                    const char *text, struct error *err);
/* target 0: of all; the newest first, at most `limit`. */
bool store_notes(struct store *s, enum store_note_kind kind, int64_t target, size_t limit, struct arena *a,
                 struct store_note **rows, size_t *n, struct error *err);

/* An alarm (alarm.h) was seen by this person; once. ERROR_USAGE: there is none of this number. */
bool store_alarm_seen(struct store *s, const struct store_by *by, int64_t alarm, struct error *err);

struct store_audit {
    int64_t id, t;
    int via;
    const char *who, *verb, *target, *was, *becomes;
};
/* target "run 12": of it alone; NULL: all. The newest first. */
bool store_audits(struct store *s, const char *target, size_t limit, struct arena *a,
                  struct store_audit **rows, size_t *n, struct error *err);

/* ---- requests: what a page asks for ---- */

enum store_request_state { REQUEST_ASKED, REQUEST_TAKEN, REQUEST_DONE, REQUEST_REFUSED };
struct store_request {
    int64_t id, t, taken_t, done_t;
    enum store_request_state state;
    const char *who, *verb, *args, *answer; /* args: JSON; answer "": none yet */
};

/* A verb of STORE 7.6 with its arguments. fields: "runs! tag! comment": "!" = must be given; runs and jobs are texts as people type them
 * ("12-15,20"), lists of texts, or numbers. */
struct store_verb {
    const char *name, *fields, *help;
    bool
        rows_only; /* done at once (but a rungroup's "phil", which has to be checked first); else the watcher's next cycle does it */
};
const struct store_verb *store_verb_at(size_t i); /* NULL: behind the last */

/* Ask: ukey (16 bytes) makes the same request twice one. A verb of rows is done in the same transaction, and out says with what answer;
 * one that is refused is kept as refused. ERROR_USAGE: no such verb, or arguments that it does not have; nothing is kept. */
bool store_request(struct store *s, const struct store_by *by, const uint8_t ukey[16], const char *verb,
                   const char *args, struct arena *a, struct store_request *out, struct error *err);
bool store_request_read(struct store *s, const uint8_t ukey[16], struct arena *a, struct store_request *out,
                        struct error *err);
/* Asked, or taken before `stale_t` by a watcher that has not answered; the oldest first. */
bool store_requests_open(struct store *s, int64_t stale_t, struct arena *a, struct store_request **rows,
                         size_t *n, struct error *err);
/* One takes it: false with *taken = false when another did. r: as store_requests_open gave it. */
bool store_request_take(struct store *s, const struct store_request *r, bool *taken, struct error *err);
bool store_request_answer(struct store *s, int64_t id, bool done, const char *answer, struct error *err);

#endif
