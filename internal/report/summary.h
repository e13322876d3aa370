/* summary.h - what a report says about a set of jobs: a run's, a tag's, a trial's, a dataset's, or all (UI 8).
 *
 * Read once, then written as text, CSV, JSON or a page of HTML that needs nothing else. All but summary_read are pure.
 */
#ifndef XFELX_REPORT_SUMMARY_H
#define XFELX_REPORT_SUMMARY_H

#include "report/report.h"

struct split;
struct summary_dataset;
struct weather;

/* Of a distribution: median and [16, 84] percentiles (SCIENCE 5); NaN: of nothing. */
struct spread {
    size_t n;
    double median, lo, hi;
};

/* Values that are not finite are left out; sorts them in place. */
struct spread spread_of(double *values, size_t n);

struct summary {
    const char *place;             /* the experiment, or the folder of its results; NULL: not known */
    const char *title;             /* of whom: "run 12" */
    const char *stages[STAGE_MAX]; /* their names (pipeline.h) */
    const char *phil;              /* parameters of the newest trial; "": none */
    const char *space_group;       /* of it; NULL: none was given */
    struct store_jobs_of of;
    struct store_totals totals;
    struct figures all;
    struct spread cell[6], res_a, rmsd_px;
    struct cell_forms forms;
    const struct split *split;             /* by the values of a label; NULL: by none */
    const struct summary_dataset *dataset; /* of a report of one; NULL: it is not */
    const struct weather *weather;         /* frame by frame; NULL: was not read */
    size_t weather_left;                   /* jobs whose frames were not */
    const struct store_hist *hists;
    const struct store_sampled *sample;
    const struct store_rank *ranks;
    const struct store_book_job *jobs; /* with all attempts */
    const struct store_tally *tallies; /* of jobs, by number; of others too */
    size_t n_hists, n_sample, n_ranks, n_jobs, n_tallies;
    int64_t now;
};

/* place, title, stages, space_group and split are the caller's. In the arena. */
bool summary_read(struct store *s, struct store_jobs_of of, struct arena *a, struct summary *out,
                  struct error *err);

/* How a rank spent its time: share of the threads' time from its first to its last frame that was spent on frames; NaN: not known. */
double rank_duty(const struct store_rank *r, uint32_t threads);

void summary_text(const struct summary *s, struct str *out);
void summary_csv(const struct summary *s, struct str *out);
void summary_cells(const struct summary *s,
                   struct str *out); /* CSV: a row a sampled lattice, with its form */
void summary_weather(const struct summary *s, struct str *out); /* what each rank did, and who was late */
void summary_json(const struct summary *s, struct str *out);
void summary_html(const struct summary *s, struct str *out); /* well-formed as XML too */

#endif
