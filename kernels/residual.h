/* residual.h - where spots lie beside where their lattice has them, added up by panel: is each panel where the geometry says?
 *
 * A residual is calculated - observed, as DIALS has it, in pixels along the panel's axes: where the panel really is, seen from where the
 * geometry has it. All sums are of whole numbers, so that they are the same in whatever order, by whatever threads and ranks spots are
 * added. Two sets are kept apart: `used`, the rows of the indexed table, and `seen`, all that have an index within RESIDUAL_WINDOW: spots
 * of a panel that has moved by many sigmas are outliers of the refinement, and would tell nothing about the very panel.
 */
#ifndef XFELX_KERNELS_RESIDUAL_H
#define XFELX_KERNELS_RESIDUAL_H

#include "kernels/index.h"
#include "kernels/types.h"

/* One spot. */
struct residual {
    uint32_t panel, lattice, spot;
    bool used;             /* it is in the indexed table */
    double move[2];        /* px along fast and slow */
    double radial, across; /* px: away from the beam, and across that (about the direction to the source) */
    double delpsi, d;      /* rad, Å */
};

enum { RESIDUAL_WINDOW = 8, RESIDUAL_BINS = 128, RESIDUAL_SHELLS = 64 };
#define RESIDUAL_PX 1024.0                     /* units of a pixel */
#define RESIDUAL_RAD 16777216.0                /* units of a radian */
#define RESIDUAL_SHELL (1.0 / RESIDUAL_SHELLS) /* 1/Å², a step of 1/d²; what lies beyond the last is in it */

/* Sums of a panel, in units above and their squares. Of a lattice with n spots seen here, whose sums are sx, sy: NN Σ n², CXX Σ sx²,
 * CYY Σ sy², CXN Σ sx n, CYN Σ sy n, from which the error of a mean follows that knows that spots of one shot belong together. */
// clang-format off
enum residual_sum {
    RESIDUAL_SEEN, RESIDUAL_FAR, RESIDUAL_LATTICES,
    RESIDUAL_X, RESIDUAL_Y, RESIDUAL_XX, RESIDUAL_YY,
    RESIDUAL_NN, RESIDUAL_CXX, RESIDUAL_CYY, RESIDUAL_CXN, RESIDUAL_CYN,
    RESIDUAL_USED, RESIDUAL_UX, RESIDUAL_UY, RESIDUAL_UXX, RESIDUAL_UYY,
    RESIDUAL_UR, RESIDUAL_URR, RESIDUAL_UT, RESIDUAL_UTT, /* radial, across */
    RESIDUAL_SUMS
};
// clang-format on
struct residual_panel {
    int64_t sums[RESIDUAL_SUMS];
    uint32_t bins[2][RESIDUAL_BINS]; /* seen, along fast and slow, from -RESIDUAL_WINDOW on */
};

/* Δψ of spots used, by resolution. */
struct residual_shell {
    int64_t n, sum, squares;
};

/* The residuals of a refined lattice, by panel. As refine_rows; out has room for n. Returns how many. */
size_t residual_rows(const struct panel *panels, const struct beam_vector *beam, const struct ray *rays,
                     size_t n, const int32_t *owner, const int32_t (*hkl)[3], uint32_t number,
                     const double A[9], const uint8_t *used, struct residual *out);

/* Add rows, those of a lattice together and by panel, as residual_rows gives them. shells: RESIDUAL_SHELLS. */
void residual_add(const struct residual *rows, size_t n, struct residual_panel *panels, size_t n_panels,
                  struct residual_shell *shells);

/* Add what others counted. */
void residual_add_panels(struct residual_panel *to, const struct residual_panel *from, size_t n);
void residual_add_shells(struct residual_shell *to, const struct residual_shell *from);

#endif
