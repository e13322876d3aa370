/* ambiguity.c - cosets of the crystal's rotations in those of its lattice. */
#include "kernels/ambiguity.h"

#include "kernels/geometry.h"
#include "kernels/index_internal.h"

#include <math.h>
#include <string.h>

static void transpose(const double m[9], double out[9])
{
    double t[9];
    for (int i = 0; i < 9; i++)
        t[i] = m[i % 3 * 3 + i / 3];
    memcpy(out, t, sizeof t);
}

/* Is the change of basis a⁻¹·b a rotation of the crystal? */
static bool same_coset(const double a[9], const double b[9], const int8_t (*rotations)[9], size_t n)
{
    double inverse[9], c[9];
    if (!lattice_reciprocal(a, inverse))
        return false;
    transpose(inverse, inverse);
    mat3_mul(inverse, b, c);
    for (size_t k = 0; k < n; k++) {
        const int8_t *r = rotations[k];
        double sign = r[0] * (r[4] * r[8] - r[5] * r[7]) - r[1] * (r[3] * r[8] - r[5] * r[6]) +
                      r[2] * (r[3] * r[7] - r[4] * r[6]),
               worst = 0;
        for (int i = 0; i < 9; i++)
            worst = fmax(worst, fabs(c[i] - sign * r[i]));
        if (worst < 0.01)
            return true;
    }
    return false;
}

/* Of the changes of one coset the plainest is named: few terms, then each index from itself, then few signs. */
static double plainness(const double change[9])
{
    double sum = 0;
    for (int i = 0; i < 9; i++)
        sum -= 100 * fabs(change[i]);
    for (int i = 0; i < 3; i++)
        sum += 10 * fabs(change[4 * i]) + change[4 * i];
    return rint(sum * 1000); /* ties are ties */
}

void ambiguity_find(const struct index_cell *cell, const int8_t (*rotations)[9], size_t n,
                    struct ambiguity *out)
{
    static const double IDENTITY[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    double inverse[9];
    memset(out, 0, sizeof *out);
    if (n == 0 || !lattice_reciprocal(cell->to_conventional, inverse))
        return;
    transpose(inverse, inverse);
    for (size_t k = 0; k < cell->n_rotations; k++) {
        double p[9], change[9];
        for (int i = 0; i < 9; i++)
            p[i] = cell->rotation[k][i];
        mat3_mul(p, cell->to_conventional, change);
        mat3_mul(inverse, change, change);
        if (same_coset(IDENTITY, change, rotations, n))
            continue;
        size_t j = 0;
        while (j < out->n && !same_coset(out->change[j], change, rotations, n))
            j++;
        if (j == AMBIGUITY_MAX)
            continue;
        if (j == out->n || plainness(change) > plainness(out->change[j]))
            memcpy(out->change[j], change, sizeof change);
        out->n += j == out->n;
    }
}

void ambiguity_index(const double change[9], const int32_t hkl[3], int32_t out[3])
{
    int32_t t[3];
    for (int i = 0; i < 3; i++)
        t[i] = (int32_t)rint(change[i] * hkl[0] + change[3 + i] * hkl[1] + change[6 + i] * hkl[2]);
    memcpy(out, t, sizeof t);
}

bool ambiguity_apply(const double change[9], double A[9])
{
    double inverse_t[9];
    if (!lattice_reciprocal(change, inverse_t))
        return false;
    mat3_mul(A, inverse_t, A);
    return true;
}

double ambiguity_correlation(const double *x, const double *y, size_t n)
{
    double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
    for (size_t i = 0; i < n; i++) {
        mx += x[i] / (double)n;
        my += y[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
        xy += (x[i] - mx) * (y[i] - my);
    }
    return n >= 3 && xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : NAN;
}

static double fisher(double correlation)
{
    double c = fmax(-0.999999, fmin(0.999999, correlation));
    return 0.5 * log((1 + c) / (1 - c));
}

double ambiguity_lead(double a, double b, size_t n)
{
    return n > 3 ? (fisher(a) - fisher(b)) * sqrt(((double)n - 3) / 2) : 0;
}
