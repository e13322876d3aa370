/* refine_internal.h - what the files refine*.c share. Others include kernels/refine.h. */
#ifndef XFELX_KERNELS_REFINE_INTERNAL_H
#define XFELX_KERNELS_REFINE_INTERNAL_H

#include "kernels/index_internal.h"
#include "kernels/refine.h"

enum { MAX_PARAMETERS = 9, RESIDUALS = 3 };

/* A spot of the lattice: where it is, what was expected. */
struct match {
    uint32_t ray;
    bool predicted;
    bool outside;               /* of the envelope of mosaicity: an outlier for good */
    double residual[RESIDUALS]; /* X, Y mm, Δψ rad: calculated - observed */
    double sigma[RESIDUALS];    /* a priori; times the fit's scale */
    double d[MAX_PARAMETERS][RESIDUALS];
    double d2; /* Σ (residual/sigma)² */
};

struct fit {
    const struct index_cell *cell;
    const struct panel *panels;
    const struct beam_vector *beam;
    const struct ray *rays;
    const int32_t (*hkl)[3];
    struct match *match;
    size_t n;
    double *spread; /* [n] for medians */
    double b0[9], u[9], strain[6], A[9];
    double scale[2]; /* of position and Δψ sigmas */
    double prior;    /* 1/σ² of a strain; 0: none */
    double common;   /* share of it that a strain common to all axes is spared: κ²/(σ² + 3κ²) */
};

/* Is a match one of the lattice's own? */
bool fit_counts(const struct match *m);

/* Residuals and derivatives of all matches at the present model. */
void fit_evaluate(struct fit *f);

/* Normal matrix (rows of MAX_PARAMETERS, lower triangle) and gradient of the spots; a match counts with 1 - d²/cut², or, cut 0,
 * fully when fit_counts. The prior is not in it. Returns the number of parameters. */
int fit_normal(const struct fit *f, double cut, double h[MAX_PARAMETERS * MAX_PARAMETERS],
               double g[MAX_PARAMETERS]);

/* One Gauss-Newton step on them and the prior. false: singular, or a step that cannot be. */
bool fit_step(struct fit *f, double cut);

/* A of the known cell strained and turned as the fit says. */
void fit_model(const struct fit *f, const double strain[6], double A[9]);

/* Prior of the strains: precision matrix, n_strains square. */
void fit_prior(const struct fit *f, double p[6][6]);

/* The cell that the spots alone say, its covariance and whether it is an outlier (SCIENCE 13), into free_cell, free_cov and
 * flags of the lattice. The fit is left as it was. */
void refine_free_cell(struct fit *f, struct lattice *lattice);

#endif
