/* cycle.h - one cycle of the slow flow: observe, decide, act (ARCHITECTURE 5). Who asks for it: xfelx watch, xfelx submit.
 *
 * Thin: what exists is told by facility/, what should happen by campaign/, how schedulers are talked to by batch/, what is kept by
 * store/. Every step looks at the world anew and leaves nothing behind that the next one needs: it may die anywhere, and the next
 * cycle, of the same or of another process, goes on.
 *
 *     cycle_open        settings → a cycle
 *     cycle_observe     runs as the facility shows them → store
 *     cycle_poll        what became of live attempts → store
 *     cycle_requests    what pages ask for → done
 *     cycle_plan        snapshot → actions
 *     cycle_act         actions → scheduler and store
 *     hooks_start …     events → commands and addresses of people (hooks.h)
 *     tasks.h           which of these is due, how each fares
 */
#ifndef XFELX_CYCLE_CYCLE_H
#define XFELX_CYCLE_CYCLE_H

#include "base/base.h"
#include "batch/batch.h"
#include "campaign/campaign.h"
#include "cycle/hooks.h"
#include "cycle/calibs.h"
#include "cycle/tasks.h"
#include "facility/facility.h"
#include "param/param.h"
#include "store/store.h"

/* What a cycle needs; made by cycle_open, then changed by who has better.
 *
 * folder      of the campaign's results (OUT), absolute
 * program     this program's file, which jobs get a copy of; version: its text for attempts
 * database    "NAME=value" for the environment of jobs: which database they write to; ends with NULL
 * dry         nothing is submitted and no script is written (dry_run)
 * readable    opens the first and the last frame of a run: false with the reason in words. NULL: not looked at
 * inputs      opens what the parameters of a job (PHIL) name: geometry, reference, masks. false with the reason in words. NULL: not opened
 * pause       wait so long between two submissions, doing meanwhile what cannot wait; false: stop acting. NULL: sleep
 */
struct cycle {
    struct arena *arena;
    const struct params *params;
    struct store *store;
    struct facility_settings facility;
    struct policy policy;
    struct batch_site site;
    const char *scheduler, *folder, *program, *version;
    const char *const *database;
    double rate;   /* submissions a second, after the first ten */
    int64_t grace; /* ns: submit.grace */
    bool dry;
    uint32_t noted; /* sum of the notes of the last look, which are said once */
    bool (*readable)(void *arg, const char *const *files, size_t n, char *why, size_t room);
    bool (*inputs)(void *arg, const char *phil, char *why, size_t room);
    bool (*pause)(void *arg, double seconds);
    void *arg;
};

/* All that the settings say. ERROR_USAGE: one that cannot be, no output_folder. */
bool cycle_open(const struct params *p, struct store *s, struct arena *a, struct cycle *out,
                struct error *err);

/* What a cycle did, in numbers; steps add to it. */
struct cycle_report {
    size_t n_runs, n_new, n_changed;                   /* observe */
    size_t n_live, n_ended, n_lost, n_adopted;         /* poll */
    size_t n_submitted, n_refused, n_unclear, n_taken; /* act; taken: another one had claimed it */
    size_t n_requests;                                 /* requests of pages that were answered */
    size_t n_cancelled, n_waiting;                     /* waiting: more was to be submitted than may be now */
    size_t n_bad;                                      /* jobs that wait for files that cannot be opened */
    size_t n_coming;                                   /* runs that wait for frames or files still to come */
    char first[512]; /* what went wrong first with an attempt, one line; "": nothing */
    uint64_t n_ask;  /* new jobs that wait for a person's yes: more than submit.confirm_above */
    char limit[512]; /* why submitting stopped; "": it did not */
};

/* Look at the facility once and store what changed. class: what the facility's answer allows (facility_wait); may be NULL. */
bool cycle_observe(struct cycle *c, enum net_class *class, struct cycle_report *r, struct error *err);

/* Ask what became of the live attempts: their own records first, then the scheduler, once for all of them; then, by name, for those
 * whose submission was never answered. A scheduler that does not answer is an error, after what the records say was stored. Of merges that
 * are done their figures are taken in (merges.h). */
bool cycle_poll(struct cycle *c, struct cycle_report *r, struct error *err);

/* Do what pages asked for and cannot do themselves (requests.h). */
bool cycle_requests(struct cycle *c, struct cycle_report *r, struct error *err);

/* Start a process that brings files here which are not, where the settings say so and none runs. n_missing: runs that lack some (at most
 * 1000). Its log is OUT/.xfelx/fetch.log. */
bool cycle_fetch(struct cycle *c, size_t *n_missing, bool *begun, struct error *err);

/* Read the store and decide; files of what would be submitted are opened before (WORDS 4.1: bad_input). Everything lives in the arena a. */
struct cycle_plan {
    struct snapshot snapshot;
    struct action *actions;
    size_t n;
    struct uses_labelled *labelled; /* uses_calibs.h */
    size_t n_labelled;
};
bool cycle_plan(struct cycle *c, struct arena *a, struct cycle_plan *out, struct error *err);

/* Submit and cancel what the plan says, store the states of jobs. One attempt that fails never stops the others; an error is what
 * stopped all of them (the store, the disk, a scheduler that is down). */
bool cycle_act(struct cycle *c, const struct cycle_plan *plan, struct cycle_report *r, struct error *err);

/* A job script as it would be made for any indexing job, to see whether one can be. */
bool cycle_sample_script(struct cycle *c, struct str *out, struct error *err);

/* Submit a job of two ranks on one node that runs this program with the arguments (ends with NULL), and wait for its end, at most so many
 * seconds; then it is cancelled (ERROR_BUSY: it did not run in time). says: what it wrote to its log. false also when it failed. Nothing
 * of it reaches the store; its files in OUT/.xfelx/rehearsal are taken away when all went well. */
bool cycle_rehearse(struct cycle *c, const char *const *arguments, double seconds, struct str *says,
                    struct error *err);

/* The job script of one action, as it would be submitted; nothing is written. */
bool cycle_script(struct cycle *c, const struct action *x, struct str *out, struct error *err);

#endif
