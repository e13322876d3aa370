/* snapshot.h - what the plan knows: the campaign's rows at one moment (STORE 3).
 *
 * Rows may come in any order. Ids are those of the store, > 0; 0 = absent. Texts and arrays belong to the caller. NULL texts
 * are allowed where a field says so.
 */
#ifndef XFELX_STORE_SNAPSHOT_H
#define XFELX_STORE_SNAPSHOT_H

#include "base/base.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct campaign_run {
    int64_t id, ord; /* ord: the run's number, else its place in order of first sight */
    const char *name;
    enum run_state state;
    uint32_t n_files, n_here;
    bool readable, ignored;
    const char *why_unreadable; /* NULL: not known */
};

struct campaign_trial {
    int64_t id;
    uint32_t num;
    bool active;
    const char *bad_input; /* mask, geometry … that could not be opened, with its error; NULL: none */
    int preview;           /* per cent of the frames that preview jobs look at; 0: it has none */
};

struct campaign_rungroup {
    int64_t id, first_ord, last_ord;
    bool open; /* no last run: every later run belongs to it */
    bool active;
    const char *bad_input; /* as above */
};

/* A run that belongs to a rungroup whatever its number (include), or does not. */
struct campaign_exception {
    int64_t rungroup, run;
    bool include;
};

struct campaign_use { /* a rungroup of a trial */
    int64_t trial, rungroup;
    bool active;
    bool
        opened; /* the files that its jobs read were opened just now: then this counts, not what the rows say */
    bool own;   /* when opened: the rungroup has parameters of its own */
    const char *bad_input; /* what was found; NULL: all are well */
};

/* A run whose jobs read other files than those of other runs do (calibrations by label), and what is wrong with them; by trial, rungroup,
 * run. Found just now, like that of a use; nothing of it is stored. */
struct campaign_bad_run {
    int64_t trial, rungroup, run;
    const char *why;
};

struct campaign_run_tag {
    int64_t run, tag;
};

struct campaign_task {
    int64_t rev; /* id of the revision */
    const char *name;
    int kind; /* TASK_… */
};

struct campaign_dataset {
    int64_t id;
    const char *name;
    bool all; /* runs with all its tags; else with any */
    bool active;
    uint64_t goal; /* lattices; 0: none */
};

struct campaign_dataset_tag {
    int64_t dataset, tag;
};

struct campaign_dataset_task {
    int64_t dataset, rev;
    uint32_t pos;
};

struct campaign_version {
    int64_t id, dataset;
    uint32_t version;
};

struct campaign_input {
    int64_t version, job;
};

/* The identity of a job; 0 = absent. task_rev 0: the trial itself (indexing). version CAMPAIGN_PREVIEW: a preview of the trial on the run,
 * a version of its own that no dataset has (SCIENCE 22). */
enum { CAMPAIGN_PREVIEW = -1 };
struct campaign_key {
    int64_t trial, rungroup, run, task_rev, version;
};

struct campaign_job {
    int64_t id;
    struct campaign_key key;
    uint64_t n_expected, n_final,
        n_lattices;           /* frames listed, frames with a final outcome, accepted lattices */
    bool outputs;             /* a task without frames: what it should make is there */
    bool published;           /* its files are there for the next task */
    bool cancelled;           /* by a person, */
    const char *cancelled_by; /* NULL: not known */
    uint32_t n_tries;         /* number of its last attempt */
    enum job_state state;     /* as its row has it: what pages show. The plan never looks at it, */
    int64_t retry_t;          /* nor at this */
    int64_t state_t;          /* since when its state is what it is */
    int64_t forgiven_t;       /* a person asked for a retry then: what ended before does not count */
};

/* Those of a job of frames that is done need not be there. */
struct campaign_attempt {
    int64_t id, job;
    uint32_t no; /* 1, 2 … of its job */
    bool live;
    enum attempt_state state;
    enum end_kind end_kind;
    int exit_code;
    bool transient;     /* END_LAUNCH: the text is of a kind that passes */
    uint64_t n_new;     /* final outcomes that it brought */
    const char *reason; /* the scheduler's or the program's text; NULL: none */
    int64_t since_t;    /* when its present state began, */
    int64_t end_t;      /* when it ended; 0: it has not */
};

struct snapshot {
    int64_t now;
    const struct campaign_run *runs;
    const struct campaign_trial *trials;
    const struct campaign_rungroup *rungroups;
    const struct campaign_exception *exceptions;
    const struct campaign_use *uses;
    const struct campaign_bad_run *bad_runs;
    const struct campaign_run_tag *run_tags;
    const struct campaign_task *tasks;
    const struct campaign_dataset *datasets;
    const struct campaign_dataset_tag *dataset_tags;
    const struct campaign_dataset_task *dataset_tasks;
    const struct campaign_version *versions;
    const struct campaign_input *inputs;
    const struct campaign_job *jobs;
    const struct campaign_attempt *attempts;
    size_t n_runs, n_trials, n_rungroups, n_exceptions, n_uses, n_run_tags, n_tasks, n_datasets,
        n_dataset_tags;
    size_t n_dataset_tasks, n_versions, n_inputs, n_jobs, n_attempts, n_bad_runs;
};

#endif
