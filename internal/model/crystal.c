/* crystal.c - unit cells and the matrices that go with them, in the convention of cctbx.
 *
 * With C the orthogonalisation matrix (columns a, b, c; a along x, b in the xy plane), B =
 * transpose(inverse(C)): its columns a*, b*, c* make it lower triangular, c* along z. The same formula gives
 * the rows a, b, c of A⁻¹ from the columns of A: each basis is the cross products of the other over its
 * volume.
 */
#include "model/crystal.h"

#include "kernels/geometry.h"

#include <math.h>

#define DEGREE (M_PI / 180)

/* Dual basis of three vectors in rows: out_i · in_j = δij. false when they lie in a plane or are not finite.
 */
static bool basis_dual(const double in[9], double out[9])
{
    double dual[9];
    for (int i = 0; i < 3; i++)
        vec3_cross(in + 3 * ((i + 1) % 3), in + 3 * ((i + 2) % 3), dual + 3 * i);
    double volume = vec3_dot(in, dual);
    if (volume == 0 || !isfinite(1 / volume))
        return false;
    for (int i = 0; i < 9; i++)
        out[i] = dual[i] / volume;
    return true;
}

static void rows_to_columns(const double in[9], double out[9])
{
    for (int i = 0; i < 9; i++)
        out[i] = in[3 * (i % 3) + i / 3];
}

/* Square of the volume over (abc)², from the cosines of the angles. */
static double angle_factor(const double cell[6])
{
    double ca = cos(cell[3] * DEGREE), cb = cos(cell[4] * DEGREE), cg = cos(cell[5] * DEGREE);
    return 1 - ca * ca - cb * cb - cg * cg + 2 * ca * cb * cg;
}

static bool cell_possible(const double cell[6])
{
    for (int i = 0; i < 3; i++)
        if (!(cell[i] > 0) || !isfinite(cell[i]) || !(cell[i + 3] > 0 && cell[i + 3] < 180))
            return false;
    return angle_factor(cell) > 1e-12; /* below it the three axes lie in a plane but for rounding */
}

double cell_volume(const double cell[6])
{
    return cell_possible(cell) ? cell[0] * cell[1] * cell[2] * sqrt(angle_factor(cell)) : NAN;
}

bool cell_to_b(const double cell[6], double B[9])
{
    if (!cell_possible(cell))
        return false;
    double ca = cos(cell[3] * DEGREE), cb = cos(cell[4] * DEGREE), cg = cos(cell[5] * DEGREE);
    double sg = sin(cell[5] * DEGREE);
    double real[9] = {cell[0],
                      0,
                      0,
                      cell[1] * cg,
                      cell[1] * sg,
                      0,
                      cell[2] * cb,
                      cell[2] * (ca - cb * cg) / sg,
                      cell[2] * sqrt(angle_factor(cell)) / sg};
    double reciprocal[9];
    if (!basis_dual(real, reciprocal))
        return false;
    rows_to_columns(reciprocal, B);
    B[1] = B[2] = B[5] = 0; /* exactly: the cross products leave -0 */
    return true;
}

void cell_real_vectors(const double A[9], double abc[9])
{
    double reciprocal[9];
    rows_to_columns(A, reciprocal);
    if (!basis_dual(reciprocal, abc))
        for (int i = 0; i < 9; i++)
            abc[i] = NAN;
}

/* Angle in degrees between two vectors; atan2 keeps its digits near 0 and 180. */
static double angle_deg(const double a[3], const double b[3])
{
    double normal[3];
    vec3_cross(a, b, normal);
    return atan2(vec3_length(normal), vec3_dot(a, b)) / DEGREE;
}

void cell_from_a(const double A[9], double cell[6])
{
    double abc[9];
    cell_real_vectors(A, abc);
    for (int i = 0; i < 3; i++) {
        cell[i] = vec3_length(abc + 3 * i);
        cell[3 + i] = angle_deg(abc + 3 * ((i + 1) % 3), abc + 3 * ((i + 2) % 3));
    }
}
