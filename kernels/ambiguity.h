/* ambiguity.h - ways to index a crystal that its lattice does not tell apart (SCIENCE 9): rotations of the lattice that are none of
 * the crystal's. Positions of spots are the same under each; intensities are not.
 *
 * A change of basis P (new = old·P, real numbers: of a centred lattice's basis it need not be whole) gives hkl' = Pᵀ·hkl and
 * A' = A·P⁻ᵀ; what is indexed stays indexed, with whole numbers.
 */
#ifndef XFELX_KERNELS_AMBIGUITY_H
#define XFELX_KERNELS_AMBIGUITY_H

#include "kernels/index.h"

enum { AMBIGUITY_MAX = 23 };

struct ambiguity {
    size_t n;
    double change[AMBIGUITY_MAX][9]; /* one of each coset, without the crystal's own */
};

/* The operators for a cell and the rotations of its space group (as in struct known_cell; improper and double ones do no harm, none
 * at all: no operators, since then the lattice's symmetry was taken for the crystal's). Rotations that keep the symmetrised cell
 * exactly count; axes that are equal by chance only nearly are told apart by the cell itself (SCIENCE 7.4). */
void ambiguity_find(const struct index_cell *cell, const int8_t (*rotations)[9], size_t n,
                    struct ambiguity *out);

void ambiguity_index(const double change[9], const int32_t hkl[3],
                     int32_t out[3]);                      /* out = Pᵀ·hkl, rounded */
bool ambiguity_apply(const double change[9], double A[9]); /* A·P⁻ᵀ; false: singular */

/* Pearson's correlation of n pairs; NAN when n < 3 or either side does not vary. */
double ambiguity_correlation(const double *x, const double *y, size_t n);

/* By how many standard errors correlation a of n pairs exceeds b of as many (Fisher's z, as if the two were independent: of the
 * same intensities they are nearly so). */
double ambiguity_lead(double a, double b, size_t n);

#endif
