/* overview.h - roll-ups of many jobs added up, for status, report and pages. Part of the store's face: store.h includes it. Lists a row a
 * job and minutes: tally.h; one job with all its figures: store_jobs.
 *
 * Only roll-ups are read, by their keys; never frames. Everything takes a set of jobs: those of a trial (its row), or with
 * trial 0 and jobs NULL all of them, in one statement; else it is a statement a job.
 */
#ifndef XFELX_STORE_OVERVIEW_H
#define XFELX_STORE_OVERVIEW_H

#include "base/base.h"
#include "model/model.h"
#include "store/making.h"

struct store;

struct store_jobs_of {
    const int64_t *jobs;
    size_t n;
    int64_t trial; /* with jobs NULL */
};

/* What all writers of the jobs counted. Times in UTC ns, 0: none. */
struct store_totals {
    uint64_t frames, by_outcome[8], by_reason[REASON_END], lattices, reflections;
    uint64_t multi, saturated; /* frames with several lattices, with saturated spots */
    uint64_t duplicates;       /* found twice */
    uint64_t ice, ice_hits;    /* frames, hits with ice or salt */
    uint64_t n_ring, solvent;  /* frames whose ring ratio is known; of them with solvent */
    int64_t first_t, last_t;   /* when the first and the newest frame were done */
    int64_t frame_t;           /* exposure of the newest, or when it was done */
};
bool store_read_totals(struct store *s, struct store_jobs_of jobs, struct store_totals *out,
                       struct error *err);

/* Kinds of histograms; STORE_HIST_STAGE + i: times of stage i, in bins of powers of two of 0.1 ms (total and peak in 0.1 ms). */
enum store_hist_kind {
    STORE_HIST_CELL = 1, /* 1 … 6: a b c α β γ of the free cells, Å and degrees */
    STORE_HIST_RES = 7,  /* 1/d² of lattices, 1/Å² */
    STORE_HIST_EVIDENCE, /* log10 */
    STORE_HIST_RMSD,     /* px */
    STORE_HIST_DX,       /* detector shifts of lattices, px */
    STORE_HIST_DY,
    STORE_HIST_ENERGY, /* eV */
    STORE_HIST_RING,   /* I(2θ high)/I(2θ low) of frames */
    STORE_HIST_LENGTH, /* median length of a frame's spots, px */
    STORE_HIST_STAGE = 20,
    STORE_HIST_END = STORE_HIST_STAGE + STAGE_MAX
};
struct store_hist {
    int kind;
    uint64_t n, under, over; /* all, below the lowest bin, above the highest */
    double total, peak, lo, step;
    size_t n_bins;
    uint64_t *bins;
};
/* By kind; jobs of trials with other cells have other bounds: a row for each. */
bool store_read_hists(struct store *s, struct store_jobs_of jobs, struct arena *a, struct store_hist **rows,
                      size_t *n, struct error *err);

/* An even sample of the lattices, at most 10,000 a writer: the same ones whoever asks, by their hash. NaN: not known. */
struct store_sampled {
    double cell[6], res_a, rmsd_px;
    int64_t job;
    float dir[3][3]; /* a*, b*, c* in the laboratory, of length 1; 0 0 0: not known */
};
bool store_read_sample(struct store *s, struct store_jobs_of jobs, struct arena *a,
                       struct store_sampled **rows, size_t *n, struct error *err);

/* Value at the given share (0 … 1) of the sorted values, linear between two of them; NaN for none: medians of cells everywhere. */
double store_percentile(const double *sorted, size_t n, double share);

/* What a rank of an attempt did. */
struct store_rank {
    int64_t job, attempt, first_t, last_t; /* of its frames */
    uint32_t no, writer;                   /* number of the attempt; rank */
    uint64_t frames, failed;
    double stage_ms[STAGE_MAX]; /* sums */
    char host[256];
};
/* By attempt and rank. */
bool store_read_ranks(struct store *s, struct store_jobs_of jobs, struct arena *a, struct store_rank **rows,
                      size_t *n, struct error *err);

/* How the machinery is: a statement each. */
struct store_health {
    int64_t now; /* by the database's clock */
    int64_t schema;
    uint64_t pending, live; /* rows in journals that the live attempts have not stored yet; live attempts */
    int64_t lag;            /* the greatest time from a result to its row, of live attempts; ns */
    int64_t lease_renewed, lease_expires; /* of the acting watcher; 0: nobody */
    char lease_owner[256];
    const char *kind;     /* sqlite, mariadb, mysql */
    const char *watching; /* how its tasks fare (cycle/tasks.h): JSON; "": never one */
};
bool store_read_health(struct store *s, struct arena *a, struct store_health *out, struct error *err);

/* What happened, the newest first: level 1 all, 2 warnings too, 3 errors alone. */
bool store_newest_events(struct store *s, int level, size_t limit, struct arena *a, struct store_event **rows,
                         size_t *n, struct error *err);

#endif
