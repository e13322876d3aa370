/* strip.h - a job's frames along its run: what they showed in each of some hundred equal stretches (UI 3.3). Pure: a function of the
 * frames that the store told (store_shots).
 *
 * Of a long run a stretch holds many frames; then the least and the greatest of each number are kept with the frame that has it, so that
 * nothing that stands out is lost. Of a short one, or of a part of it, a stretch is one frame.
 */
#ifndef XFELX_REPORT_STRIP_H
#define XFELX_REPORT_STRIP_H

#include "store/store.h"

enum { STRIP_BINS_MOST = 2000 };

/* Frames as they are drawn: below the hit cut (indexed or not), hits that were not indexed, indexed hits. */
enum strip_class { STRIP_BLANK, STRIP_HIT, STRIP_INDEXED, STRIP_CLASSES };

/* Values of one kind in a stretch. n 0: none is known, the rest NaN. spread: standard deviation; NaN below two. lo_at, hi_at: numbers in
 * the list of shots. */
struct strip_value {
    uint64_t n;
    double mean, lo, hi, spread;
    size_t lo_at, hi_at;
};

struct strip_bin {
    uint64_t frames, failed, multi, saturated; /* that have a row; multi: with several lattices */
    uint64_t ice, n_ring, solvent;             /* with ice; whose ring ratio is known; of them with solvent */
    size_t first;                              /* of its shots; of none: where the next ones begin */
    struct strip_value strong[STRIP_CLASSES], res_a, energy_ev, distance_mm, dx_px, dy_px, ring, len_px;
};

/* A straight line through values against the frames' places, over all of the job: how far it goes from the first place to the last, with
 * the standard error. NaN below three values. */
struct strip_drift {
    uint64_t n;
    double mean, spread, drift, sigma;
};

struct strip {
    uint64_t from, to, step, total; /* places: [from, to) in stretches of step */
    struct strip_bin *bins;
    size_t n_bins;
    uint64_t frames, failed, hits, indexed, multi, saturated; /* of all of the job */
    uint64_t ice, ice_hits, n_ring, solvent;
    struct strip_drift dx_px, dy_px, energy_ev, distance_mm, ring, len_px;
};

/* shots by place; total: places of the run. from, to: cut to what there is; to 0: to the end. bins: at most so many (1 … STRIP_BINS_MOST).
 * O(n). Bins in the arena. */
void strip_of(const struct store_shot *shots, size_t n, uint64_t total, uint64_t from, uint64_t to,
              size_t bins, struct arena *a, struct strip *out);

enum strip_class strip_class_of(const struct store_shot *x);

#endif
