/* cell_run_internal.h - what the files cell_run*.c share. Others include kernels/cell_run.h.
 *
 * Strains are six numbers xx yy zz xy xz yz in the frame of the run's cell C: a along x, b in the xy plane.
 */
#ifndef XFELX_KERNELS_CELL_RUN_INTERNAL_H
#define XFELX_KERNELS_CELL_RUN_INTERNAL_H

#include "kernels/bravais.h"
#include "kernels/cell_run.h"

enum { SETTINGS = 64 };

/* A still's basis in one of the settings in which it may be the run's cell. */
struct setting {
    double m[9];
    double cov[36];    /* of its strains, in the frame of m: a along x, b in xy */
    double strain[6];  /* against C */
    double weight[36]; /* inverse of cov and scatter */
    double share;      /* probability of the setting */
};

struct member {
    size_t n;
    struct setting setting[SETTINGS];
};

/* A hypothesis: the run's cell under a group, and how the crystals scatter. */
struct fit {
    double c[9];       /* basis in the standard frame, obeys the group */
    double tau, kappa; /* scatter of each strain, of the common scale; 0: not started */
    double cost;       /* -2 ln evidence */
};

/* The upper triangular basis of a metric. */
void run_frame(const double metric[9], double c[9]);

/* Strain of a basis against C. */
void run_strain(const double m[9], const double c[9], double e[6]);

/* Covariance in the laboratory seen in the frame of m. */
void run_turn(const double m[9], const double cov[36], double out[36]);

/* Fit a group from a metric on: 20 rounds of expectation maximisation. */
void run_fit(struct member *members, size_t n, const struct lattice_group *g, const double metric[9],
             struct fit *f);

#endif
