/* shots.h - all frames of one job in their order, each in a few numbers: for plots along a run. Part of the store's face; store.h
 * includes it.
 *
 * Read by the job's key, frames and lattices in one walk each; the cost is that of the job's rows (100,000 frames: 0.1 s).
 */
#ifndef XFELX_STORE_SHOTS_H
#define XFELX_STORE_SHOTS_H

#include "base/base.h"

struct store;

/* place: number of the frame among all of the run, files in order; what has no row yet leaves a gap. dx_px, dy_px: where its lattices
 * put the beam beside where the recipe has it (mean of those accepted). NaN: not known. */
struct store_shot {
    uint64_t place;
    uint32_t source, frame, flags, n_strong;
    uint8_t outcome, reason, n_lattice;
    int64_t done_t, event_t; /* event_t 0: the time of the exposure is not known */
    float res_a, energy_ev, distance_mm, dx_px, dy_px;
    float ring, len_px; /* I(2θ high)/I(2θ low); median length of its spots */
};

/* In the arena, by place. total: frames of the run as far as its files are known, at least the last place + 1. */
bool store_shots(struct store *s, int64_t job, struct arena *a, struct store_shot **rows, size_t *n,
                 uint64_t *total, struct error *err);

/* The parameters that a job's frames were worked on with: its trial's, and what its rungroup lays over them. In the arena; "": none. */
bool store_job_phil(struct store *s, int64_t job, struct arena *a, const char **trial, const char **rungroup,
                    struct error *err);

#endif
