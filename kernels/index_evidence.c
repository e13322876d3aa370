/* index_evidence.c - one lattice against the spots: robust linear steps, and the evidence that it is not
 * chance.
 *
 * Residual of a spot: r = q - A h - shift, split along the ray (excitation) and across it (what the detector
 * measures): d² = |r⊥|²/σt² + r∥²/σe² (ALGORITHMS 3.2). A step is linear in rotation, shift and strain: A ←
 * (1 + [ω]× + E) A (3.3). The prior of the strain is about the known cell itself, not about the last step, so
 * that steps cannot creep away from it.
 */
#include "kernels/index_internal.h"

#include "kernels/geometry.h"

#include <string.h>

static const double LN10 = 2.302585092994045684, PI = 3.14159265358979323846;
static const double TWO_PI_3_2 = 15.749609945722419;  /* (2π)^(3/2) */
static const double NEAR_VOLUME = 113.09733552923255; /* of the ellipsoid of 3 sigma: 4π/3 · 27 */

/* Rows of the residual's derivative; p = A h. */
static void derivatives(const struct point *spot, const double p[3], double j[PARAMETERS][3])
{
    const double rows[PARAMETERS][3] = {{0, -p[2], p[1]},
                                        {p[2], 0, -p[0]},
                                        {-p[1], p[0], 0},
                                        {0},
                                        {0},
                                        {p[0], 0, 0},
                                        {0, p[1], 0},
                                        {0, 0, p[2]},
                                        {p[1], p[0], 0},
                                        {p[2], 0, p[0]},
                                        {0, p[2], p[1]}};
    memcpy(j, rows, sizeof rows);
    memcpy(j[3], spot->shift[0], sizeof j[3]);
    memcpy(j[4], spot->shift[1], sizeof j[4]);
}

static double excitation_sigma(const struct noise *noise, const struct point *spot)
{
    double e1 = noise->sigma_e1 * spot->length;
    return sqrt(noise->sigma_e0 * noise->sigma_e0 + e1 * e1);
}

bool point_nearest(const struct guess *g, const double a[9], const struct point *spot, int32_t h[3],
                   double p[3], double r[3])
{
    double q[3], hf[3];
    for (int i = 0; i < 3; i++)
        q[i] = spot->q[i] - g->shift[0] * spot->shift[0][i] - g->shift[1] * spot->shift[1][i];
    for (int i = 0; i < 3; i++) {
        hf[i] = nearest_integer(g->m[i] * q[0] + g->m[3 + i] * q[1] + g->m[6 + i] * q[2]);
        if (!(fabs(hf[i]) < 1e6))
            return false;
        h[i] = (int32_t)hf[i];
    }
    mat3_vec(a, hf, p);
    for (int i = 0; i < 3; i++)
        r[i] = q[i] - p[i];
    return h[0] != 0 || h[1] != 0 || h[2] != 0;
}

struct weights point_weights(const struct noise *noise, const struct point *spot)
{
    double t = noise->sigma_px * spot->across, e = excitation_sigma(noise, spot);
    return (struct weights){1 / (t * t), 1 / (e * e)};
}

double weighted_square(struct weights w, const struct point *spot, const double r[3])
{
    double along = vec3_dot(r, spot->s);
    return (vec3_dot(r, r) - along * along) * w.across + along * along * w.along;
}

double guess_distance(const struct noise *noise, const struct guess *g, const double a[9],
                      const struct point *spot, int32_t h[3])
{
    double p[3], r[3];
    if (!point_nearest(g, a, spot, h, p, r))
        return INFINITY;
    return weighted_square(point_weights(noise, spot), spot, r);
}

void point_accumulate(double h[PARAMETERS * PARAMETERS], double *gradient, int n, double factor,
                      struct weights w, const struct point *spot, const double p[3], const double r[3])
{
    double j[PARAMETERS][3], extra = w.along - w.across;
    derivatives(spot, p, j);
    for (int a = 0; a < n; a++) {
        double along = vec3_dot(j[a], spot->s), wj[3];
        for (int i = 0; i < 3; i++)
            wj[i] = factor * (w.across * j[a][i] + extra * along * spot->s[i]);
        for (int b = 0; b <= a; b++)
            h[a * PARAMETERS + b] += vec3_dot(wj, j[b]);
        if (gradient)
            gradient[a] += vec3_dot(wj, r);
    }
}

/* Strain of A in the lab frame (xx yy zz xy xz yz) against the rigid cell, and the rotation that was taken out. */
static bool strain_of(const struct index_cell *cell, const double m[9], double e[6], double rotation[9])
{
    static const int PLACE[6] = {0, 4, 8, 1, 2, 5};
    double inverse[9], t[9], x[9], s[9];
    if (!lattice_reciprocal(cell->reduced, t))
        return false;
    for (int i = 0; i < 9; i++)
        inverse[i] = t[i % 3 * 3 + i / 3];
    mat3_mul(m, inverse, x);
    if (!lattice_nearest_rotation(x, rotation))
        return false;
    for (int i = 0; i < 9; i++)
        t[i] = rotation[i % 3 * 3 + i / 3];
    mat3_mul(x, t, s);
    for (int k = 0; k < 6; k++)
        e[k] = (k < 3) - s[PLACE[k]]; /* A shrinks where the basis grows */
    return true;
}

/* Precision (inverse covariance) of the strain's prior in the lab frame: one width for what the lattice system allows, a
 * narrower one for what breaks it. Returns ln of its determinant. */
static double strain_prior(const struct index_cell *cell, const struct noise *noise, const double rotation[9],
                           double p[6][6])
{
    static const int PLACE[6] = {0, 4, 8, 1, 2, 5};
    double allowed = 1 / (noise->strain * noise->strain), breaking = 1 / (noise->breaking * noise->breaking),
           back[9];
    for (int i = 0; i < 9; i++)
        back[i] = rotation[i % 3 * 3 + i / 3];
    for (int a = 0; a < 6; a++)
        for (int b = 0; b < 6; b++)
            p[a][b] = a != b ? 0 : a < 3 ? breaking : 2 * breaking;
    for (size_t k = 0; k < cell->n_strains; k++) {
        double s[9], v[6];
        mat3_mul(rotation, cell->strain_reduced[k], s);
        mat3_mul(s, back, s);
        for (int a = 0; a < 6; a++)
            v[a] = (a < 3 ? 1 : 2) * s[PLACE[a]];
        for (int a = 0; a < 6; a++)
            for (int b = 0; b < 6; b++)
                p[a][b] += (allowed - breaking) * v[a] * v[b];
    }
    /* A common strain s adds s to xx, yy and zz: covariance + common² 1 1ᵀ over these three (Sherman & Morrison). */
    double common = noise->common * noise->common * allowed, lost = common * allowed / (1 + 3 * common);
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++)
            p[a][b] -= lost;
    double n = (double)cell->n_strains;
    return n * log(allowed) + (6 - n) * log(breaking) + 3 * log(2) - log(1 + 3 * common);
}

/* What is known of shift and strain, added to the normal matrix and, unless NULL, its pull to the gradient. Returns ln det of
 * the priors' precision minus their χ². */
static double add_prior(const struct index_cell *cell, const struct noise *noise, const struct guess *g,
                        int n_parameters, const double e[6], const double rotation[9],
                        double h[PARAMETERS * PARAMETERS], double *gradient)
{
    double weight = 1 / (noise->shift_px * noise->shift_px), sum = 2 * log(weight), p[6][6];
    for (int k = 0; k < 3; k++)
        h[k * PARAMETERS + k] += 1; /* 1 radian: keeps an empty match solvable, nothing more */
    for (int k = 3; k < n_parameters && k < 5; k++) {
        h[k * PARAMETERS + k] += weight;
        sum -= weight * g->shift[k - 3] * g->shift[k - 3];
        if (gradient)
            gradient[k] -= weight * g->shift[k - 3];
    }
    if (n_parameters < PARAMETERS)
        return sum;
    sum += strain_prior(cell, noise, rotation, p);
    for (int a = 0; a < 6; a++)
        for (int b = 0; b < 6; b++) {
            sum -= p[a][b] * e[a] * e[b];
            if (b <= a)
                h[(5 + a) * PARAMETERS + 5 + b] += p[a][b];
            if (gradient)
                gradient[5 + a] -= p[a][b] * e[b];
        }
    return sum;
}

double guess_step(const struct index_cell *cell, const struct noise *noise, const struct point *points,
                  size_t n, int n_parameters, double cut, struct guess *g)
{
    double h[PARAMETERS * PARAMETERS] = {0}, x[PARAMETERS] = {0}, a[9], e[6] = {0}, rotation[9], score = 0;
    if (!lattice_reciprocal(g->m, a) || (n_parameters > 5 && !strain_of(cell, g->m, e, rotation)))
        return 0;
    for (size_t i = 0; i < n; i++) {
        int32_t hkl[3];
        double p[3], r[3];
        if (!point_nearest(g, a, &points[i], hkl, p, r))
            continue;
        struct weights w = point_weights(noise, &points[i]);
        double f = 1 - weighted_square(w, &points[i], r) / (cut * cut);
        if (f <= 0)
            continue;
        score += f;
        point_accumulate(h, x, n_parameters, f, w, &points[i], p, r);
    }
    add_prior(cell, noise, g, n_parameters, e, rotation, h, x);
    if (!cholesky_solve(h, x, n_parameters, PARAMETERS))
        return score;
    for (int k = 3; k < n_parameters && k < 5; k++)
        g->shift[k - 3] += x[k];
    if (n_parameters < PARAMETERS)
        memset(x + 5, 0, 6 * sizeof *x);
    double turn[9], strain[9] = {1 - x[5], -x[8], -x[9], -x[8], 1 - x[6], -x[10], -x[9], -x[10], 1 - x[7]};
    lattice_rotation(x, turn);
    mat3_mul(turn, strain, strain);
    mat3_mul(strain, g->m, g->m);
    return score;
}

void guess_rigid(const struct index_cell *cell, double m[9])
{
    double e1[3] = {m[0], m[3], m[6]}, b[3] = {m[1], m[4], m[7]}, e2[3], e3[3];
    vec3_cross(e1, b, e3);
    if (!vec3_norm(e1, e1) || !vec3_norm(e3, e3))
        return;
    vec3_cross(e3, e1, e2);
    double rotation[9] = {e1[0], e2[0], e3[0], e1[1], e2[1], e3[1], e1[2], e2[2], e3[2]};
    mat3_mul(rotation, cell->reduced, m);
}

/* Points of one node have nearly the same length, and they are sorted by it. */
void one_spot_a_node(const struct noise *noise, const struct point *points, struct saying *said, size_t i)
{
    double window = 10 * (noise->sigma_px * points[i].across + excitation_sigma(noise, &points[i]));
    for (size_t k = i; k-- > 0 && points[k].length > points[i].length - window && said[i].ratio > 0;) {
        if (memcmp(said[k].h, said[i].h, sizeof said[i].h) != 0 || said[k].ratio == 0)
            continue;
        said[said[k].ratio < said[i].ratio ? k : i].ratio = 0;
    }
}

void guess_evidence(const struct index_cell *cell, const struct noise *noise, const struct point *points,
                    size_t n, struct guess *g)
{
    static const double SHARE[3] = {0.4, 0.7, 0.95}; /* of the spots that belong to the lattice */
    double h[PARAMETERS * PARAMETERS] = {0}, none[PARAMETERS] = {0}, a[9], e[6], rotation[9], sum[3] = {0};
    struct saying said[SEARCHED];
    double inside = 0, by_chance = 0;
    g->explained = 0;
    g->evidence = -99;
    if (n > SEARCHED || !lattice_reciprocal(g->m, a) || !strain_of(cell, g->m, e, rotation))
        return;
    for (size_t i = 0; i < n; i++) {
        double p[3], r[3];
        struct weights w = point_weights(noise, &points[i]);
        said[i].ratio = 0;
        by_chance += fmin(0.99, NEAR_VOLUME * cell->volume / (w.across * sqrt(w.along)));
        if (!point_nearest(g, a, &points[i], said[i].h, p, r))
            continue;
        said[i].d2 = weighted_square(w, &points[i], r);
        said[i].ratio = exp(-0.5 * said[i].d2) * w.across * sqrt(w.along) / (TWO_PI_3_2 * cell->volume);
        one_spot_a_node(noise, points, said, i);
    }
    for (size_t i = 0; i < n; i++) {
        double ratio = said[i].ratio, p[3], r[3],
               member = SHARE[1] * ratio / (1 - SHARE[1] + SHARE[1] * ratio);
        int32_t hkl[3];
        for (int k = 0; k < 3; k++)
            sum[k] += log(1 - SHARE[k] + SHARE[k] * ratio);
        inside += ratio > 0 && said[i].d2 < 9;
        if (member >= 1e-3 && point_nearest(g, a, &points[i], hkl, p, r))
            point_accumulate(h, NULL, PARAMETERS, member, point_weights(noise, &points[i]), &points[i], p, r);
    }
    if (n > 0)
        g->explained = fmax(0, (inside - by_chance) / (1 - by_chance / (double)n));
    double known = add_prior(cell, noise, g, PARAMETERS, e, rotation, h, NULL);
    double largest = fmax(sum[0], fmax(sum[1], sum[2])), mean = 0;
    if (!cholesky_solve(h, none, PARAMETERS, PARAMETERS))
        return;
    for (int k = 0; k < 3; k++)
        mean += exp(sum[k] - largest) / 3;
    double ln = largest + log(mean) + 0.5 * known - 0.5 * cholesky_log_det(h, PARAMETERS, PARAMETERS) +
                1.5 * log(2 * PI) - log(8 * PI * PI) + log(cell->n_alike);
    if (isfinite(ln))
        g->evidence = ln / LN10 + noise->log_weight;
}

/* Rigid rotation and shift on the spots of low |q|, then everything on more and more spots: a cell that is
 * off by a per cent would give spots far out the wrong index if they came first. */
static void refine_under(const struct index_cell *cell, const struct noise *noise, const struct point *points,
                         size_t n, struct guess *g)
{
    static const size_t MORE[] = {64, 160, 400, 1000, SIZE_MAX};
    size_t few = n < MORE[0] ? n : MORE[0];
    for (int i = 0; i < 2; i++)
        guess_step(cell, noise, points, few, 5, 6, g);
    for (size_t i = 0; i < sizeof MORE / sizeof *MORE; i++) {
        bool all = MORE[i] >= n;
        guess_step(cell, noise, points, all ? n : MORE[i], PARAMETERS, 6, g);
        if (!all)
            continue;
        guess_step(cell, noise, points, n, PARAMETERS, 5, g);
        guess_step(cell, noise, points, n, PARAMETERS, 5, g);
        break;
    }
    guess_evidence(cell, noise, points, n, g);
}

void guess_finish(const struct index_cell *cell, const struct noise *noise, size_t n_noise,
                  const struct point *points, size_t n, struct guess *g)
{
    struct guess start = *g;
    g->evidence = -99;
    for (size_t k = 0; k < n_noise; k++) {
        struct guess t = start;
        t.noise = (uint32_t)k;
        refine_under(cell, &noise[k], points, n, &t);
        if (k == 0 || t.evidence > g->evidence)
            *g = t;
    }
}
