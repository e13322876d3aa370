/* overview.h - the whole at one glance: is it working, as well as before, and must somebody do something (SCIENCE 24, UI 3.1).
 *
 * Pure: everything is a function of what the store told (struct overview_sources) and of the limits of alarms; the terminal, the
 * JSON of `status` and the pages show the same numbers.
 */
#ifndef XFELX_REPORT_OVERVIEW_H
#define XFELX_REPORT_OVERVIEW_H

#include "report/alarm_limits.h"
#include "report/report.h"

/* What is looked at. Arrays may be NULL with n 0. Frames of two trials are never added: totals, live, minutes, hists and the tallies that
 * they are compared with are of `trial` alone.
 *
 * trial    NULL: there is none yet
 * minutes  of the exposures, one after the other without gaps; the last holds the newest frame
 * live     sums over the jobs of the trial that are running
 * hists    of the trial's newest jobs (OVERVIEW_JOBS) that have frames: times of stages
 * energy   mean photon energy of the frames of the trial's newest job [0], and of the one before [1]
 * disk     share of the disk with the results that is free, and its bytes; NaN: not known
 * limits   of alarms; NULL: alarm_limits_usual
 */
struct overview_sources {
    int64_t now;
    const struct store_trial_row *trial, *trials;
    const struct store_group_row *groups;
    struct store_totals totals, live;
    const struct store_minute *minutes;
    const struct store_book_job *jobs;
    const struct store_tally *tallies; /* of all trials, by job */
    const struct store_run_row *runs;
    const struct store_dataset_row *datasets;
    const struct store_hist *hists;
    const struct store_event *errors; /* the newest first */
    const struct store_audit *audits; /* likewise */
    const struct store_alarm *log;    /* of alarms, those that stand first */
    size_t n_trials, n_groups, n_minutes, n_jobs, n_tallies, n_runs, n_datasets, n_hists, n_errors, n_audits,
        n_log;
    struct store_health health;
    const char *stages[STAGE_MAX]; /* their names (pipeline.h); NULL: "stage 3" is said */
    struct overview_energy {
        uint64_t n;
        double mean_ev; /* NaN: of none */
    } energy[2];
    const struct coverage *coverages; /* of each dataset; NULL: not read */
    double disk_free, disk_bytes;
    const struct alarm_limits *limits;
};

enum { OVERVIEW_MINUTES = 180, OVERVIEW_NOW = 10 /* minutes that are "now" */, OVERVIEW_JOBS = 32 };

/* trial    its number; 0: the newest active one that has frames, else the newest that has, else the newest
 * minutes  how many; 0: OVERVIEW_MINUTES, which are read in any case (alarms look at an hour)
 * folder   with the results, to see how full its disk is; NULL: not looked at
 * stages   [n_stages] their names; NULL: none
 * limits   of alarms; NULL: the usual ones. Not copied */
struct overview_asked {
    uint32_t trial;
    size_t minutes;
    const char *folder;
    const char *const *stages;
    size_t n_stages;
    const struct alarm_limits *limits;
};

/* Read all of it: a number of statements that depends only on how many jobs are running. Jobs that say they are running, but whose process
 * on this machine is no more, are told as to be tried again. ERROR_USAGE: there is no such trial. */
bool overview_read(struct store *s, const struct overview_asked *asked, struct arena *a,
                   struct overview_sources *out, struct error *err);

/* The trial that is meant when nobody says which (above); NULL: there is none. */
const struct store_trial_row *overview_trial(const struct store_trial_row *trials, size_t n_trials,
                                             const struct store_tally *tallies, size_t n_tallies);

/* A thing that somebody has to do something about. kind: WORDS 4.2; with: what changed with it, "": nothing did. since 0: it is not in the
 * log yet. */
struct overview_alarm {
    const char *kind, *text, *hint, *with;
    int64_t id, since, acked;
};

/* The alarms that stand; none about frames from fewer than 50 of them, or when nothing is running. In the arena. */
const struct overview_alarm *overview_alarms(const struct overview_sources *in, struct arena *a, size_t *n);

/* What an alarm asks for when it stands, for the log too; NULL: no such kind. */
const char *overview_alarm_hint(const char *kind);

/* Write down in the store which alarms stand (store/alarm.h). */
struct standing;
bool overview_note(struct store *s, const struct standing *o, struct arena *a, size_t *on, size_t *off,
                   struct error *err);
/* Does the log that was read have just these kinds? */
bool overview_is_noted(const struct standing *o);

/* Now against usual (SCIENCE 24): a quantity in the newest two minutes, and its median over the minutes of the hour before. Intervals are of
 * 99 %: of a share Wilson's, of a median the order statistics', of other values ± 2.58 deviations of minutes. changed: they are apart, of
 * enough frames. unit "%": values are shares (0 … 1). NaN: not known. */
struct overview_usual {
    const char *key, *words, *unit;
    double now, now_lo, now_hi, usual, usual_lo, usual_hi;
    bool changed;
};
enum { OVERVIEW_USUALS = 12, OVERVIEW_FEW = 50 /* frames: from fewer nothing is said */ };
/* Into out[OVERVIEW_USUALS]; returns how many. Pure. */
size_t overview_usuals(const struct overview_sources *in, struct overview_usual *out);

/* "resolution 2.31 Å, usually 1.92": what of it changed, but for quantities whose keys begin with `but` (NULL: none), and what persons did and which run began
 * in the quarter of an hour before. In the arena; "": nothing. */
const char *overview_changes(const struct overview_sources *in, const char *but, struct arena *a);

/* One step of what became of frames: n of the step before, and how many were lost on the way by each reason. */
struct overview_step {
    const char *key, *words, *of; /* of: the step before */
    struct rate rate;             /* of the first: of itself */
    uint64_t lost[64];            /* by reason */
};
enum { OVERVIEW_STEPS = 5 }; /* frames, readable, hits, indexed, integrated */
void overview_funnel(const struct overview_sources *in, struct overview_step out[OVERVIEW_STEPS]);

struct overview_goal {
    const char *dataset;
    int64_t id;                /* its row */
    uint64_t have, goal;       /* lattices */
    uint64_t goal_lo, goal_hi; /* its 95 % interval where it is predicted; UINT64_MAX: no end */
    uint32_t trial;            /* whose lattices are counted */
    /* what the goal is predicted from: 95 % of the outer shell seen ten times; NULL: the dataset says it */
    const struct coverage *coverage;
    /* at the present rate and its 95 % interval; NaN: not at this rate (more than a day) */
    double left_s, left_lo_s, left_hi_s;
};

/* An active trial or rungroup that nothing is started of, for a file that it names cannot be used. */
struct overview_bad_input {
    bool group;
    int64_t number;
    const char *text, *hint;
};

/* Does somebody look after the campaign? A `watch --once` that cron starts holds no lease between its looks: OVERVIEW_WATCH_S long it
 * counts as there. */
enum overview_watch { WATCH_NEVER, WATCH_ACTS, WATCH_LOOKED, WATCH_NOBODY };
enum { OVERVIEW_WATCH_S = 300 };
enum overview_watch overview_watch(const struct overview_sources *in, double *age_s); /* NaN: never */

struct standing {
    const struct overview_sources *in;
    struct figures all;
    struct rate hit_now, indexed_now;                           /* of the newest ten minutes of data */
    double frames_hz, lattices_h, lattices_h_lo, lattices_h_hi; /* of these; NaN: no frames */
    double res_a[3]; /* of the lattices of the ten minutes: 25 %, 50 %, 75 % of them are worse; NaN: none */
    double mb_s;     /* of raw data, as the run's files have bytes a frame; NaN: not known */
    double age_s;    /* of the newest number; NaN: there is none */
    double behind_s; /* from the newest exposure to now while a job runs; NaN: none does */
    bool running;    /* a job */
    bool stale;      /* it runs, and its newest number is older than 60 s */
    uint32_t jobs_by[JOB_STATE_END];
    const struct store_run_row *run; /* of the newest frame; NULL: none */
    const struct overview_goal *goals;
    const struct overview_alarm *alarms;
    const struct overview_bad_input *bad_inputs;
    struct overview_usual usuals[OVERVIEW_USUALS];
    size_t n_goals, n_alarms, n_bad_inputs, n_usuals;
    char finding[160]; /* in one sentence */
};

void overview_make(const struct overview_sources *in, struct arena *a, struct standing *out);

/* Does a run belong to a dataset by its tags? */
bool dataset_has_run(const struct store_dataset_row *d, const struct store_run_row *r);

/* Number of the trial whose lattices datasets count: the highest that has jobs; 0: none. */
uint32_t dataset_trial(const struct overview_sources *in);

/* Lattices that a dataset has so far, towards its goal. Of `in`, jobs and runs are looked at. The arena is for work. */
uint64_t dataset_lattices(const struct overview_sources *in, const struct store_dataset_row *d,
                          struct arena *a);

/* As members of an open object: STORE 10 without its lists "runs" and "jobs", which grow with the experiment. The same bytes in
 * `xfelx status --json` and GET api/v1/overview. experiment: a name for it. minutes: of the series, the newest; 0: all there are. */
void overview_json(const struct standing *o, const char *experiment, size_t minutes, struct json_writer *w);

/* The list "runs", with the figures of the trial. */
void overview_json_runs(const struct standing *o, struct json_writer *w);

/* The log of alarms as the member "alarms": kind, text, with, hint, since, until, acked, who. */
void alarms_json(const struct store_alarm *rows, size_t n, struct json_writer *w);

/* {"k", "n", "p", "lo", "hi"}: how fractions are written (WEB 7). */
void rate_json(const struct rate *r, const char *key, struct json_writer *w);

/* The value below which a share of what a histogram counted lies, linear within its bins; NaN: it is empty, or that is outside its
 * bounds. For stages in ms. */
double hist_quantile(const struct store_hist *h, double share);

/* The minutes of the series in groups of `of`, for small plots: share (hits of readable frames, indexed of hits) or count a minute. */
enum series_kind { SERIES_FRAMES, SERIES_HIT_RATE, SERIES_INDEXING_RATE, SERIES_LATTICES, SERIES_RESOLUTION };
size_t overview_series(const struct overview_sources *in, enum series_kind kind, size_t of, double *out,
                       size_t room);

#endif
