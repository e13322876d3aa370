/* lattice_free_fit.c - one lattice without a cell against the spots: refinement with all nine parameters, its evidence over all
 * lattices there could be, and its relatives of index 2 and 3.
 *
 * Prior of a lattice (ALGORITHMS_LATTICE 4): each basis vector uniform in a ball of 500 Å. With M → (1 + F) M, dM = V³ d⁹F and, F
 * = [ω]× + E, d⁹F = 8 dω dE; each lattice is met 48 times (order and signs). A cell twice as large pays ln 2 for each spot it
 * explains and one half as large loses half of the spots: doubled and halved cells need no rule of their own.
 */
#include "kernels/lattice_free_internal.h"

#include "kernels/geometry.h"

#include <string.h>

static const double PI = 3.14159265358979323846, LN10 = 2.302585092994045684;
static const double TWO_PI_3_2 = 15.749609945722419; /* (2π)^(3/2) */
static const double LONGEST = 500;                   /* Å, radius of the prior's balls */
static const double PULL = 0.02; /* strain of one step, that an ill-determined one stays small */
static const double NODE = 0.05; /* a node moved further (relative) is another node */

/* One robust step in rotation, shift and strain, none of them known beforehand but the shift. */
static void step(const struct noise *noise, const struct point *points, size_t n, double cut, struct guess *g)
{
    double h[PARAMETERS * PARAMETERS] = {0}, x[PARAMETERS] = {0}, a[9];
    if (!lattice_reciprocal(g->m, a))
        return;
    for (size_t i = 0; i < n; i++) {
        int32_t hkl[3];
        double p[3], r[3];
        if (!point_nearest(g, a, &points[i], hkl, p, r))
            continue;
        struct weights w = point_weights(noise, &points[i]);
        double f = 1 - weighted_square(w, &points[i], r) / (cut * cut);
        if (f > 0)
            point_accumulate(h, x, PARAMETERS, f, w, &points[i], p, r);
    }
    double weight = 1 / (noise->shift_px * noise->shift_px);
    for (int k = 0; k < PARAMETERS; k++)
        h[k * PARAMETERS + k] += k < 3 ? 1 : k < 5 ? weight : (k < 8 ? 1 : 2) / (PULL * PULL);
    for (int k = 0; k < 2; k++)
        x[3 + k] -= weight * g->shift[k];
    if (!cholesky_solve(h, x, PARAMETERS, PARAMETERS))
        return;
    for (int k = 0; k < 2; k++)
        g->shift[k] += x[3 + k];
    double turn[9], strain[9] = {1 - x[5], -x[8], -x[9], -x[8], 1 - x[6], -x[10], -x[9], -x[10], 1 - x[7]};
    lattice_rotation(x, turn);
    mat3_mul(turn, strain, strain);
    mat3_mul(strain, g->m, g->m);
}

void free_refine(const struct noise *noise, const struct point *points, size_t n, struct guess *g)
{
    lattice_reduce(g->m, NULL);
    size_t few = n < 100 ? n : 100;
    double across = noise->sigma_px * points[few / 2].across, longest[3] = {g->m[2], g->m[5], g->m[8]},
           cut = fmax(6, 0.25 / (vec3_length(longest) * across)); /* a quarter of the way to the next node */
    g->shift[0] = g->shift[1] = 0;
    step(noise, points, few, cut, g);
    step(noise, points, few, fmax(6, 0.6 * cut), g);
    step(noise, points, n, 6, g);
    step(noise, points, n, 5, g);
    step(noise, points, n, 5, g);
    lattice_reduce(g->m, NULL);
    free_evidence(noise, points, n, g, NULL);
}

/* Covariance of the strains: their block of the inverse of the normal matrix, times χ²/ν where that is above 1. */
static void covariance(const double h[PARAMETERS * PARAMETERS], double factor, double cov[36])
{
    for (int a = 0; a < 6; a++) {
        double copy[PARAMETERS * PARAMETERS], e[PARAMETERS] = {0};
        memcpy(copy, h, sizeof copy);
        e[5 + a] = 1;
        if (!cholesky_solve(copy, e, PARAMETERS, PARAMETERS))
            return;
        for (int b = 0; b < 6; b++)
            cov[6 * b + a] = factor * e[5 + b];
    }
    for (int a = 0; a < 6; a++)
        for (int b = 0; b < a; b++)
            cov[6 * a + b] = cov[6 * b + a];
}

/* How much each spot is better explained by the lattice than by chance. */
static double listen(const struct noise *noise, const struct point *points, size_t n, const struct guess *g,
                     const double a[9], double volume, struct saying *said)
{
    double explained = 0;
    for (size_t i = 0; i < n; i++) {
        double p[3], r[3];
        struct weights w = point_weights(noise, &points[i]);
        said[i].ratio = 0;
        if (!point_nearest(g, a, &points[i], said[i].h, p, r))
            continue;
        said[i].d2 = weighted_square(w, &points[i], r);
        said[i].ratio = exp(-0.5 * said[i].d2) * w.across * sqrt(w.along) / (TWO_PI_3_2 * volume);
        explained += said[i].d2 < 9;
        one_spot_a_node(noise, points, said, i);
    }
    return explained;
}

void free_evidence(const struct noise *noise, const struct point *points, size_t n, struct guess *g,
                   double cov[36])
{
    static const double SHARE[4] = {0.15, 0.4, 0.7, 0.95}; /* of the spots that belong to the lattice */
    double h[PARAMETERS * PARAMETERS] = {0}, none[PARAMETERS] = {0}, a[9], sum[4] = {0},
                          volume = fabs(mat3_det(g->m)), chi2 = 0, members = 0;
    struct saying said[FREE_MAX_SPOTS];
    g->evidence = -99;
    g->explained = 0;
    if (n > FREE_MAX_SPOTS || !lattice_reciprocal(g->m, a))
        return;
    g->explained = listen(noise, points, n, g, a, volume, said);
    for (size_t i = 0; i < n; i++) {
        double ratio = said[i].ratio, member = SHARE[2] * ratio / (1 - SHARE[2] + SHARE[2] * ratio), p[3],
               r[3];
        int32_t hkl[3];
        for (int k = 0; k < 4; k++)
            sum[k] += log(1 - SHARE[k] + SHARE[k] * ratio);
        if (member < 1e-3 || !point_nearest(g, a, &points[i], hkl, p, r))
            continue;
        chi2 += member * said[i].d2;
        members += member;
        point_accumulate(h, NULL, PARAMETERS, member, point_weights(noise, &points[i]), &points[i], p, r);
    }
    double weight = 1 / (noise->shift_px * noise->shift_px);
    for (int k = 0; k < PARAMETERS; k++)
        h[k * PARAMETERS + k] += k == 3 || k == 4 ? weight : 1 / (NODE * NODE);
    if (cov)
        covariance(h, members > 4 ? fmax(1, chi2 / (3 * members - PARAMETERS)) : 1, cov);
    if (!cholesky_solve(h, none, PARAMETERS, PARAMETERS))
        return;
    double largest = fmax(fmax(sum[0], sum[1]), fmax(sum[2], sum[3])), mean = 0,
           shift2 = g->shift[0] * g->shift[0] + g->shift[1] * g->shift[1];
    for (int k = 0; k < 4; k++)
        mean += exp(sum[k] - largest) / 4;
    double ln = largest + log(mean) - 0.5 * weight * shift2 + log(weight) -
                0.5 * cholesky_log_det(h, PARAMETERS, PARAMETERS) + 4.5 * log(2 * PI) + log(8) +
                3 * log(volume) - 3 * log(4 * PI / 3 * LONGEST * LONGEST * LONGEST) + log(48);
    if (isfinite(ln))
        g->evidence = ln / LN10;
}

/* Hermite forms of index n: basis vector k becomes n-fold (or an n-th), after a shear along the others that is told by u and v. */
static void relative(const double m[9], int n, bool larger, int k, int u, int v, double out[9])
{
    int i = k == 2 ? 0 : k + 1, j = 3 - k - i;
    memcpy(out, m, 9 * sizeof *out);
    for (int r = 0; r < 3; r++) {
        const double *row = m + 3 * r;
        if (larger) {
            out[3 * r + k] = n * row[k];
            out[3 * r + i] = row[i] + u * row[k];
            out[3 * r + j] = row[j] + v * row[k];
        } else
            out[3 * r + k] = (row[k] + u * row[i] + v * row[j]) / n;
    }
}

size_t free_relatives(const double m[9], double (*out)[9])
{
    size_t made = 0;
    for (int n = 2; n <= 3; n++)
        for (int larger = 0; larger < 2; larger++)
            for (int k = 0; k < 3; k++)
                for (int u = 0; u < (k < 2 ? n : 1); u++)
                    for (int v = 0; v < (k == 0 ? n : 1); v++)
                        relative(m, n, larger, k, u, v, out[made++]);
    return made;
}
