/* mosaic.h - mosaicity and domain size of a still from the Δψ of its indexed spots (Sauter et al. 2014, Acta
 * Cryst. D70, 3299, appendix B; ALGORITHMS 4.5), and the volume of reciprocal space they make visible.
 */
#ifndef XFELX_KERNELS_MOSAIC_H
#define XFELX_KERNELS_MOSAIC_H

#include <stdbool.h>
#include <stddef.h>

struct mosaic {
    double half_mosaicity_deg, domain_size; /* Å; widened for prediction as DIALS does: × 1.4 and / 1.4 */
    double full_ml, domain_ml;              /* radians, Å: the maximum of the likelihood itself */
};

/* Bytes of work memory, 8-byte aligned. */
size_t mosaic_work_size(size_t n);

/* Estimate from n spots: d (Å) and Δψ (radians) each. min_domain: smallest domain size to start from (Å;
 * DIALS: three times the cube root of the cell volume). false: fewer than 3 spots or numbers that are not
 * finite; out is then zero. */
bool mosaic_estimate(const double *d, const double *delpsi, size_t n, double min_domain, struct mosaic *out,
                     void *work);

/* Half the volume of reciprocal space (1/Å³) in which nodes are predicted, to resolution d_min (Å): what
 * DIALS compares with indexing.stills.ewald_proximal_volume_max. */
double mosaic_proximal_volume(double wavelength, double d_min, double full_mosaicity, double domain_size);

#endif
