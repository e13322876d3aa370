/* tally.h - sums of the roll-ups for lists and plots of many jobs: a number of statements that does not depend on how many. Part of the
 * store's face; store.h includes it. One job with all its figures: store_job. */
#ifndef XFELX_STORE_TALLY_H
#define XFELX_STORE_TALLY_H

#include "base/base.h"

struct store;

/* What became of the frames of a job. hits, indexed as WORDS 2 has them. res_a: from the mean of 1/d² over its lattices; NaN: none. */
struct store_tally {
    int64_t job, run, trial; /* rows */
    uint64_t frames, failed, hits, indexed, integrated, lattices, multi;
    int64_t frame_t; /* of its newest frame; 0: none */
    double res_a;
    bool preview; /* of a share of the frames that the run's full job has too (SCIENCE 22): in no sum */
};

/* Those that are no previews, in place; how many. */
size_t store_tallies_full(struct store_tally *rows, size_t n);

/* All jobs that have frames, by number. In the arena. */
bool store_tallies(struct store *s, struct arena *a, struct store_tally **rows, size_t *n, struct error *err);
/* The same without res_a (NaN), for which the histograms have to be read: half of the time. */
bool store_tally_counts(struct store *s, struct arena *a, struct store_tally **rows, size_t *n,
                        struct error *err);

/* Those of one run, by its key. */
bool store_run_tallies(struct store *s, int64_t run, struct arena *a, struct store_tally **rows, size_t *n,
                       struct error *err);

/* Those of the jobs first … last. */
bool store_job_tallies(struct store *s, int64_t first, int64_t last, struct arena *a,
                       struct store_tally **rows, size_t *n, struct error *err);

/* What came in during a minute (of the exposures, or else of the records), over all jobs. spots_*: frames by log2 of their strong spots,
 * hits that were not indexed and indexed ones; res_bins: lattices by 1/d² from 0 to 1 Å⁻². */
enum { TALLY_SPOT_BINS = 16, TALLY_RES_BINS = 24 };
struct store_minute {
    int64_t minute; /* since 1970 */
    uint64_t frames, failed, hits, indexed, integrated, lattices, multi, saturated;
    uint64_t ice, ice_hits;          /* frames, hits with ice or salt */
    uint64_t n_ring, solvent;        /* frames whose ring ratio is known; of them with solvent */
    uint64_t n_len;                  /* frames whose spots' length is known */
    double sum_ring, sum_len;        /* of these; px */
    double res_a;                    /* as above */
    double dx_sum, dy_sum, dxy2_sum; /* detector shifts of its lattices, px; sum of dx² + dy² */
    uint32_t spots_hit[TALLY_SPOT_BINS], spots_idx[TALLY_SPOT_BINS], res_bins[TALLY_RES_BINS];
};

/* The minutes first … first + n - 1, each a row, zero where nothing came; n at most a week. Only writers that wrote since then are read.
 * job 0: of all jobs. */
enum { TALLY_MINUTES = 7 * 1440 };
bool store_minutes(struct store *s, int64_t job, int64_t first, size_t n, struct store_minute *rows,
                   struct error *err);
/* Of the jobs of one trial (its row). */
bool store_trial_minutes(struct store *s, int64_t trial, int64_t first, size_t n, struct store_minute *rows,
                         struct error *err);

#endif
