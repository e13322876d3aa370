/* roll.h - what pages read instead of frames: counts, minutes, histograms and a sample of lattices of one writer of one
 * attempt (STORE 3.1, invariant R). Arithmetic alone; tables: roll_rows.h. Private to store/.
 *
 * Everything in a roll is a function of the set of frames that were added, not of their order, so that it can be made again
 * from their rows. Bounds of histograms are fixed, so that rows of several writers can be added.
 */
#ifndef XFELX_STORE_ROLL_H
#define XFELX_STORE_ROLL_H

#include "model/model.h"

/* A lattice, and a frame, as rows hold them: NaN where a column is NULL. */
struct roll_lattice {
    uint32_t lattice, n_integrated;
    double cell[6], free_cell[6]; /* free_cell[0] 0: not known */
    double A[9];
    double evidence, rmsd_px, res_a, dx_px, dy_px;
    uint8_t ident[16];
};

struct roll_frame {
    uint32_t source, frame;
    int outcome, reason;
    uint32_t flags, n_strong;
    int64_t t_done, t_event; /* t_event INT64_MIN: NULL */
    double ev_used, res_a, ring, len_px;
    uint16_t stages[STAGE_MAX]; /* 0.1 ms */
    uint32_t n_lattices;
    const struct roll_lattice *lattices;
};

enum { ROLL_SPOT_BINS = 16, ROLL_RES_BINS = 24, ROLL_STAGE_BINS = 24, ROLL_SAMPLE_MAX = 10000 };

/* The hot row: written with every batch. */
struct roll_hot {
    int64_t frames, by_outcome[7]; /* by number of the outcome; 0 unused */
    int64_t lattices, multi, reflections, sat, duplicates;
    int64_t ice, ice_hits, n_ring, solvent; /* n_ring: frames whose ring ratio is known */
    int64_t t_first, t_last, t_frame;       /* 0: none */
    uint32_t reasons[REASON_END];
};

struct roll_minute {
    uint32_t minute, frames, hits, indexed, integrated, indexed_below, failed, lattices, multi, sat, n_res;
    uint32_t ice, ice_hits, n_ring, solvent, n_len;
    double sum_s2, dx_sum, dy_sum, dxy2_sum, sum_ring, sum_len;
    uint32_t spots_hit[ROLL_SPOT_BINS], spots_idx[ROLL_SPOT_BINS], res_bins[ROLL_RES_BINS];
    bool dirty; /* not yet in its table */
};

/* kind: roll_hist.kind. */
struct roll_hist {
    int kind;
    int64_t n;
    double total, peak, lo, step;
    uint32_t under, over, n_bins;
    uint32_t *bins;
    bool dirty;
};
/* hists[0 … ROLL_FIXED - 1] are kinds 1 …, those behind them kinds ROLL_KIND_STAGE … */
enum { ROLL_FIXED = 14, ROLL_KINDS = ROLL_FIXED + STAGE_MAX, ROLL_KIND_STAGE = 20 };

struct roll_sampled {
    int64_t hash;
    uint32_t source, frame, lattice;
    float cell[6], res_a, rmsd_px; /* NaN: NULL */
    int64_t t_event;
    uint8_t dir[18];
    bool dirty;
};

struct roll {
    int64_t attempt;
    uint32_t writer;
    int64_t token, pos, seq;
    struct roll_hot hot;
    struct roll_minute *minutes; /* by minute */
    size_t n_minutes, minutes_room;
    struct roll_hist hists[ROLL_KINDS];
    struct roll_sampled *sample;
    size_t n_sample, sample_room;
    int level;
    bool level_rose;      /* rows of the table do not fit any more */
    int64_t slow_written; /* monotonic ns; 0: never */
    bool slow_dirty;
    bool writing; /* its slow rows are in the transaction that is going on */
    bool stale;   /* to be read from its rows before it is used */
};

/* An empty roll with its histograms. cell: the trial's cell, NULL: unknown. false: no memory. */
bool roll_make(struct roll *r, const double *cell);
void roll_free(struct roll *r);

/* Add a frame to the hot row, and to all the rest. The second cannot fail for want of memory but by ending the program. */
void roll_hot_add(struct roll_hot *h, const struct roll_frame *f);
void roll_slow_add(struct roll *r, const struct roll_frame *f);

/* First 63 bits of SHA-256 of an identifier. */
int64_t roll_hash(const uint8_t ident[16]);

#endif
