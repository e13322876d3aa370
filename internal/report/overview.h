/* overview.h - the whole at one glance: is it working, as well as before, and must somebody do something (SCIENCE 24, UI 3.1).
 *
 * Pure: everything is a function of what the store told (struct overview_sources) and of the thresholds in alarms.c; the terminal, the
 * JSON of `status` and the pages show the same numbers.
 */
#ifndef XFELX_REPORT_OVERVIEW_H
#define XFELX_REPORT_OVERVIEW_H

#include "report/report.h"

/* What is looked at. Arrays may be NULL with n 0.
 *
 * minutes  of the exposures, one after the other without gaps; the last holds the newest frame
 * live     sums over the jobs that are running
 * disk     share of the disk with the results that is free; NaN: not known
 */
struct overview_sources {
    int64_t now;
    struct store_totals totals, live;
    const struct store_minute *minutes;
    const struct store_book_job *jobs;
    const struct store_tally *tallies;
    const struct store_run_row *runs;
    const struct store_dataset_row *datasets;
    const struct store_hist *hists;
    const struct store_event *errors; /* the newest first */
    size_t n_minutes, n_jobs, n_tallies, n_runs, n_datasets, n_hists, n_errors;
    struct store_health health;
    const char *stages[STAGE_MAX]; /* their names (pipeline.h); NULL: "stage 3" is said */
    double disk_free;
};

enum { OVERVIEW_MINUTES = 180, OVERVIEW_NOW = 10 /* minutes that are "now" */ };

/* Read all of it: a number of statements that depends only on how many jobs are running. disk_free is left NaN, stages NULL. */
bool overview_read(struct store *s, struct arena *a, struct overview_sources *out, struct error *err);

/* A thing that somebody has to do something about. kind: WORDS 4.2. */
struct overview_alarm {
    const char *kind, *text, *hint;
};

/* The alarms that stand; none about frames from fewer than 50 of them, or when nothing is running. In the arena. */
const struct overview_alarm *overview_alarms(const struct overview_sources *in, struct arena *a, size_t *n);

struct overview_goal {
    const char *dataset;
    uint64_t have, goal;
    double left_s, left_lo_s,
        left_hi_s; /* at the present rate and its 95 % interval; NaN: not at this rate (more than a day) */
};

struct standing {
    const struct overview_sources *in;
    struct figures all;
    struct rate hit_now, indexed_now;                           /* of the newest ten minutes of data */
    double frames_hz, lattices_h, lattices_h_lo, lattices_h_hi; /* of these; NaN: no frames */
    double res_a[3]; /* of lattices: 25 %, 50 %, 75 % of them reach this or better; NaN: none */
    double age_s;    /* of the newest number; NaN: there is none */
    double behind_s; /* from the newest exposure to now while a job runs; NaN: none does */
    bool running;    /* a job */
    bool stale;      /* it runs, and its newest number is older than 60 s */
    uint32_t jobs_by[JOB_STATE_END];
    const struct store_run_row *run; /* of the newest frame; NULL: none */
    const struct overview_goal *goals;
    const struct overview_alarm *alarms;
    size_t n_goals, n_alarms;
    char finding[160]; /* in one sentence */
};

void overview_make(const struct overview_sources *in, struct arena *a, struct standing *out);

/* Does a run belong to a dataset by its tags? */
bool dataset_has_run(const struct store_dataset_row *d, const struct store_run_row *r);

/* Lattices that a dataset has so far, towards its goal. Of `in`, jobs and runs are looked at. The arena is for work. */
uint64_t dataset_lattices(const struct overview_sources *in, const struct store_dataset_row *d,
                          struct arena *a);

/* As members of an open object: all of STORE 10 but "jobs". experiment: a name for it. */
void overview_json(const struct standing *o, const char *experiment, struct json_writer *w);

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
