/* lattice.h - algebra of unit cells and lattices for the kernels: bases, centring, reduction, metric
 * symmetry, strain.
 *
 * A basis is double[9], row-major, its columns the real-space vectors a, b, c in Å; A is the reciprocal
 * basis, its columns a*, b*, c* in 1/Å: A = (basis⁻¹)ᵀ, q = A·h, h = basisᵀ·q. An integer change of basis is
 * int8_t[9], new = old·P, and indices follow as h_new = Pᵀ·h_old. All functions are pure; outputs may be
 * inputs where nothing else is said.
 */
#ifndef XFELX_KERNELS_LATTICE_H
#define XFELX_KERNELS_LATTICE_H

#include "kernels/types.h"

/* Standard basis of a cell (a b c Å, α β γ degrees): a along x, b in the xy plane, right-handed. false:
 * impossible cell (not finite, a length outside 1 … 20000 Å, an angle outside 5 … 175°, or angles that do not
 * close). */
bool lattice_basis(const double cell[6], double basis[9]);

/* Cell of any right- or left-handed basis. */
void lattice_cell(const double basis[9], double cell[6]);

/* Inverse transpose: basis → A, A → basis. false: singular. */
bool lattice_reciprocal(const double m[9], double out[9]);

/* Do two bases span one lattice: is each vector of x a whole combination of those of y, within a share of them? */
bool lattice_is_same(const double x[9], const double y[9], double share);

void lattice_change(const double m[9], const int8_t p[9], double out[9]); /* out = m·P */
void lattice_metric(const double m[9], double g[9]);                      /* g = mᵀ·m */

/* Primitive basis of a centred one: centring P A B C I F, or R for obverse hexagonal axes. `to` (may be NULL)
 * receives the columns of the primitive basis in units of the conventional one. false: no such letter. */
bool lattice_primitive(char centring, const double basis[9], double out[9], double to[9]);

/* Minkowski-reduce a basis: the three shortest vectors that span the lattice, by length, right-handed.
 * Bounded number of steps. Fills the integer change from the input (det ±1) unless NULL. */
void lattice_reduce(double basis[9], int32_t change[9]);

enum { LATTICE_ROTATIONS = 24 };

/* Largest relative change of a metric under P: max |(PᵀGP)ij - Gij| / sqrt(Gii Gjj). */
double lattice_metric_change(const double g[9], const int8_t p[9]);

/* Changes of basis with entries -1, 0, 1 and determinant +1 whose metric change is in [lo, hi), at most cap,
 * in a fixed order with the identity first (when lo ≤ 0). For a reduced basis and hi small these are all
 * rotations of the lattice. Returns how many there are (may exceed cap). */
size_t lattice_operations(const double g[9], double lo, double hi, int8_t (*p)[9], size_t cap);

/* Average a metric over a group of basis changes. */
void lattice_symmetrise(const double g[9], const int8_t (*p)[9], size_t n, double out[9]);

/* Basis for the symmetric strains that a group leaves possible. basis: real basis whose metric obeys the
 * group; p: the group as changes of that basis. strain[k] (k < returned number, 1 … 6): symmetric matrices in
 * the frame of `basis`, orthonormal in the sense tr(Si Sj) = δij. */
size_t lattice_strains(const double basis[9], const int8_t (*p)[9], size_t n, double strain[6][9]);

/* Proper rotation nearest to m (m = rotation × small strain): Gram-Schmidt free, by the polar decomposition.
 * false: m is singular or left-handed. */
bool lattice_nearest_rotation(const double m[9], double rotation[9]);

/* Rotation by |w| radians about w. */
void lattice_rotation(const double w[3], double rotation[9]);

/* Angle of a rotation matrix, radians, 0 … π. */
double lattice_rotation_angle(const double rotation[9]);

/* Solve the positive definite n×n system H x = g (row-major with rows of `stride`, lower triangle used) in
 * place: H becomes its Cholesky factor, g the solution. false: not positive definite. */
bool cholesky_solve(double *h, double *g, int n, int stride);

/* Solve for another g with the factor that cholesky_solve left. */
void cholesky_apply(const double *factor, double *g, int n, int stride);

/* ln det H, from the factor that cholesky_solve left. */
double cholesky_log_det(const double *factor, int n, int stride);

#endif
