/* shot.h - one lattice on one frame, refined with the weights of its run (ALGORITHMS_GEOMETRY 2).
 *
 * A = U (1 + Σ e_k S_k) B0, as in refine.h. Residuals of a spot: X and Y (px) with the inverse of V = a² C + f² 1, C the
 * covariance of its centroid from counting; and the excitation error ε = |s0 + q| − 1/λ (1/Å) with σ² = σ0² + (σ1 q)². The
 * spot of a node is seen at the most probable point of the Ewald sphere for a node that is a Gaussian of width r along q and t
 * across: κ = 1 − r²/t², 0 for round nodes (the ray goes along s0 + q), 1 for the rotation model.
 *
 * kernels/geometry_refine.h solves what the frames of a run share on top of it. Memory from the caller; pure.
 */
#ifndef XFELX_KERNELS_SHOT_H
#define XFELX_KERNELS_SHOT_H

#include "kernels/index.h"
#include "kernels/types.h"

enum { SHOT_STRAINS = 6, SHOT_PARAMETERS = 3 + SHOT_STRAINS };

/* What the residuals of a run are like. κ(q) = (κ1 q)² / (κ0² + (κ1 q)²); κ1 = 0: round nodes; κ0 = 0: rotation. */
struct run_noise {
    double floor_px, scale;    /* f, a */
    double sigma_e0, sigma_e1; /* 1/Å; and as a share of |q| */
    double kappa0, kappa1;
};

struct shot_spot {
    double mm[2];  /* on its panel, parallax removed */
    double cov[3]; /* xx, yy, xy of the centroid, px² */
    uint32_t panel;
    int32_t hkl[3];     /* 0 0 0: none */
    double residual[3]; /* observed − calculated: px, px, 1/Å; set by shot_assess */
    double q;           /* 1/Å, of its node; 0: there is no residual */
    double weight;      /* 1 − d²/cut², 0 outside the cut */
};

struct shot {
    const struct index_cell *cell;
    const struct panel *panels;
    struct beam_vector beam;
    struct shot_spot *spots;
    size_t n;
    bool reassign;    /* take the nearest node of every spot anew at each step; false: hkl stay */
    double prior[36]; /* precision of the strains, n_strains square, rows of 6 */
    double u[9], strain[6];
    size_t inside; /* spots within the cut */
};

/* Prior of strains: each with sigma, and one that all axes share with sigma `common` on top. sigma 0: no prior. */
void shot_prior(const struct index_cell *cell, double sigma, double common, double prior[36]);

/* Orientation and strains nearest to A. false: A is none. */
bool shot_start(struct shot *s, const double A[9]);

/* How much larger than the given cell the still's is, mean of all directions (0.001: by 0.1 %). */
double shot_mean_strain(const struct shot *s);

/* A as it stands. */
void shot_matrix(const struct shot *s, double A[9]);

/* Where the node q of a still is seen: s1 (any length); tan = ∂s1/∂ε, direction = (s0 + q)/|s0 + q|. Returns ε. */
double shot_ray(const struct run_noise *noise, const struct beam_vector *beam, const double q[3],
                double s1[3], double tan[3], double direction[3]);

/* Rows of a spot: residuals and the derivatives of what is calculated by rotation and strains; and its ray, for the derivatives by
 * the detector. false: no ray meets the panel. */
struct shot_row {
    double residual[3], d[3][SHOT_PARAMETERS], s1[3], sigma_e, q;
    double w[3]; /* inverse of V: xx, yy, xy, 1/px² */
};
struct shot_frame { /* what the rows of a still have in common: shot_prepare */
    double A[9], strained[SHOT_STRAINS][9];
};
void shot_prepare(const struct shot *s, struct shot_frame *f);
bool shot_row(const struct run_noise *noise, const struct shot *s, const struct shot_frame *f,
              const struct shot_spot *spot, struct shot_row *row);

/* Residuals and weights of all spots; their hkl too with reassign. Returns how many are inside the cut. */
size_t shot_assess(const struct run_noise *noise, struct shot *s, double cut);

/* At most `steps` robust Gauss-Newton steps, until none turns by more than 2e-7. false: it cannot be solved. */
bool shot_refine(const struct run_noise *noise, struct shot *s, double cut, int steps);

/* Normal matrix (lower triangle, rows of SHOT_PARAMETERS, prior in it; every spot inside the cut counts fully, which is what their
 * covariance is made of: ALGORITHMS_GEOMETRY 6.4) and gradient (with weights) at the present place. Returns their size. */
int shot_normal(const struct run_noise *noise, const struct shot *s, bool full, double *h, double *g);

#endif
