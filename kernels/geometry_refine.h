/* geometry_refine.h - the detector's true place from many indexed stills (SCIENCE 14, 15; ALGORITHMS_GEOMETRY).
 *
 * Every still has its own orientation and cell; what they share is the place of the detector: a shift of the whole (lab x, y, z),
 * or besides a shift along fast and slow and a turn about its normal for each panel. The stills are eliminated one after the other
 * (Schur complement), so that cost and memory grow with their number only linearly. Between the passes the run's own noise is
 * found: floor and scale of positions, widths of the excitation, κ.
 *
 * The answer depends on the stills in the order given and on nothing else; callers sort them. Memory from the caller; pure.
 */
#ifndef XFELX_KERNELS_GEOMETRY_REFINE_H
#define XFELX_KERNELS_GEOMETRY_REFINE_H

#include "kernels/shot.h"

/* A correction of a detector: each panel is turned about its normal at its centre and shifted along its fast and slow axes; then all
 * are shifted in the lab. */
struct geometry_correction {
    double shift[3]; /* mm */
    double *panel;   /* [3 n_panels] mm, mm, rad; NULL: only the shift */
};
void geometry_correct(const struct geometry_correction *c, const struct panel *header, size_t n_panels,
                      struct panel *out);

enum { GEOMETRY_STILL_SPOTS = 12 }; /* stills with fewer spots inside do not vote */

/* Distinct detectors of the stills, which differ in little (distance): one correction for all. */
struct geometry_detector {
    const struct panel *header;
    struct panel *panels; /* the same, corrected: what stills point to */
};

struct geometry_run {
    struct geometry_detector *detectors;
    size_t n_detectors, n_panels;
    struct shot *stills;
    size_t n_stills;
};

/* What a solution is worth. Arrays of 3 or 3 + 3 n_panels numbers: shift, then panels. */
struct geometry_solution {
    struct run_noise noise;
    struct geometry_correction correction;
    double *sigma; /* larger of the formal one and the sandwich over stills; mm, rad */
    double half[2][3],
        half_sigma
            [3]; /* what each half of the stills (even, odd) would add to the shift; σ of the difference */
    double rms_before,
        rms_after;            /* px, robust, of positions against the header's geometry and the found one */
    double chi2_panels;       /* of the panels' parameters against none */
    size_t n_stills, n_spots; /* that voted */
    size_t n_panels_moved;
    int passes;
    bool converged;
};

/* Bytes of work memory, 16-byte aligned. */
size_t geometry_work_size(size_t n_stills, size_t n_panels, bool panels);

/* Solve. solution->correction in: where to start (shift; panels, zeros where nothing is known, or NULL), out: found; sigma [3 or 3 + 3 n_panels] and panel
 * [3 n_panels] are the caller's. Stills must be started; they end refined at the found geometry, with the run's noise.
 * panels: the panels move too; those with fewer than 100 spots stay where the whole goes.
 * false: nothing can be solved (no still votes, singular). */
bool geometry_solve(struct geometry_run *run, bool panels, struct geometry_solution *solution, void *work);

/* The run's noise from its stills' residuals (shot_assess was called); κ stays. Values remain as they are when there are fewer than
 * 50 spots. work: geometry_work_size. */
void geometry_noise(const struct shot *stills, size_t n, struct run_noise *noise, double *work);
enum { GEOMETRY_NOISE_SPOTS = 6000 }; /* looked at, at most */

/* Robust rms of the position residuals, px: from the median over all spots with a residual, inside the cut or not, so that it
 * does not depend on the cut. */
double geometry_rms(const struct shot *stills, size_t n, double *work);

#endif
