/* refine.h - refine an indexed lattice of a still against its spots; make the rows of the indexed table
 * (ALGORITHMS 4). A worked example stands in kernels/index.h.
 *
 * Parameters: orientation (3) and the strains of the cell that the lattice system allows (1 … 6), with a prior
 * about the known cell. Residuals: X and Y on the panel and Δψ, the rotation that brings the node onto the Ewald
 * sphere, predicted as DIALS' StillsRayPredictor does (4.2), with analytic derivatives (4.7). The sigmas follow the
 * residuals' own robust spread; weights are robust (4.4); then everything beyond 3 sigma goes, and, as in DIALS,
 * what lies outside the envelope of mosaicity. Beam and detector stay as given.
 */
#ifndef XFELX_KERNELS_REFINE_H
#define XFELX_KERNELS_REFINE_H

#include "kernels/index.h"
#include "kernels/shot.h"
#include "kernels/types.h"

struct refine_params {
    double rmsd_min_px;   /* refuse above, √(x² + y²) (indexing.stills.rmsd_min_px), 2; 0: never */
    double volume_max;    /* refuse above (indexing.stills.ewald_proximal_volume_max), 0.0025; 0: never */
    double volume_d;      /* Å (indexing.stills.ewald_proximity_resolution_cutoff), 2 */
    double cell_sigma;    /* prior of each strain, 0.002; 0: no prior */
    double cell_common;   /* and of the strain that all axes share, on top: the run's own, 0 (SCIENCE 12) */
    bool reject_outliers; /* indexing.stills.candidate_outlier_rejection, true */
    double set_half_mosaicity_deg; /* > 0: instead of the estimate (set_mosaic_half_deg_value) */
    double set_domain_size;        /* Å, > 0: instead of the estimate (set_domain_size_ang_value) */
    double length_tolerance;       /* relative; refuse when the restrained cell leaves it, 0.1 */
    double angle_tolerance;        /* degrees, 5 */
    /* of the run, when the detector's place is known (geometry_refine.h): the last steps weigh every residual by it; NULL: the
     * sigmas follow the residuals' spread */
    const struct run_noise *noise;
};
void refine_params_default(struct refine_params *p);

/* Numbers of WORDS 2. */
enum refine_reason {
    REFINE_OK = 0,
    REFINE_CELL_OFF = 12,
    REFINE_RMSD = 13,
    REFINE_VOLUME = 14,
    REFINE_FEW_INDEXED = 15,
    REFINE_FAILED = 16
};

/* Position and Δψ that a node A·h is predicted at; false: it has no ray that meets the panel (also h = 0).
 * s1[3] has length 1/λ. mm on the panel. delpsi radians. */
bool refine_predict(const struct panel *panel, const struct beam_vector *beam, const double A[9],
                    const int32_t hkl[3], double s1[3], double mm[2], double *delpsi);

/* The same with derivatives: for parameter k with dA[k] = dA/dp, d[k] = dX/dp, dY/dp (mm), dΔψ/dp (rad). */
bool refine_predict_derivatives(const struct panel *panel, const struct beam_vector *beam, const double A[9],
                                const int32_t hkl[3], size_t n_parameters, const double (*dA)[9],
                                double s1[3], double mm[2], double *delpsi, double (*d)[3]);

/* Bytes of work memory (64-byte aligned) for n rays. */
size_t refine_work_size(size_t n);

/* Refine lattice `number` of a frame.
 *
 * cell              the prepared cell it was indexed with
 * rays, owner, hkl  as index_frame left them: the rays with owner[i] == number are used
 * lattice           in: A. Out: A, cell (restrained), free_cell, free_cov, rmsd_x, rmsd_y, rmsd_psi, half_mosaicity_deg,
 *                   domain_size_ang, n_indexed (spots used), reason, LATTICE_CELL_OUTLIER among the flags
 * used              out, [n]: 1 used in refinement, 2 rejected as outlier, 0 of another lattice
 *
 * Returns REFINE_OK or why the lattice is refused; it is filled as far as possible all the same. free_cell is the
 * cell with the prior off, from the same spots; equal to cell when fewer than two spots a parameter are left. */
enum refine_reason refine_lattice(const struct refine_params *p, const struct index_cell *cell,
                                  const struct panel *panels, const struct beam_vector *beam,
                                  const struct ray *rays, size_t n, const int32_t *owner,
                                  const int32_t (*hkl)[3], uint32_t number, struct lattice *lattice,
                                  uint8_t *used, void *work);

/* Rows of the indexed table of a lattice: the spots used, by panel, then h, k, l, with flags 45 (FORMATS 2.3).
 * spots: the list the rays were made from. out has room for lattice->n_indexed rows. Returns the number written. */
size_t refine_rows(const struct panel *panels, const struct beam_vector *beam, const struct spot *spots,
                   const struct ray *rays, size_t n, const int32_t *owner, const int32_t (*hkl)[3],
                   uint32_t number, const struct lattice *lattice, const uint8_t *used,
                   struct reflection *out);

#endif
