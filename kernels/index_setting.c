/* index_setting.c - one lattice, many bases: which of them is written (SCIENCE 7).
 *
 * Bases that the lattice's own rotations exchange describe the same crystal: the orientation nearest to identity is taken.
 * Bases that nearly keep the cell (a ≈ c) describe different crystals that look alike: the likelier one is taken, and it is
 * said when the lead is small.
 */
#include "kernels/index_internal.h"

#include "kernels/geometry.h"

#include <math.h>
#include <string.h>

enum { ENOUGH = 400 };                 /* spots that decide a setting */
static const double UNDECIDED = 1.303; /* log10 of exp(6/2): a lead of less than 6 in χ² */

/* Integer change from setting i to setting j is an exact rotation of the lattice? */
static bool equivalent(const struct index_cell *cell, const int8_t from[9], const int8_t to[9])
{
    double a[9], b[9], t[9];
    for (int i = 0; i < 9; i++) {
        a[i] = from[i];
        b[i] = to[i];
    }
    if (!lattice_reciprocal(a, t))
        return false;
    for (int i = 0; i < 9; i++)
        a[i] = t[i % 3 * 3 + i / 3];
    mat3_mul(a, b, t);
    for (size_t k = 0; k < cell->n_rotations; k++) {
        double worst = 0;
        for (int i = 0; i < 9; i++)
            worst = fmax(worst, fabs(t[i] - cell->rotation[k][i]));
        if (worst < 0.1)
            return true;
    }
    return false;
}

bool setting_choose(const struct index_cell *cell, const struct noise *noise, const struct point *points,
                    size_t n, struct guess *g)
{
    static const int8_t SAME[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    size_t best = cell->n_settings; /* which means: as it is */
    struct guess as_is = *g, winner = *g;
    double evidence[MAX_SETTINGS + 1];
    bool undecided = false;
    if (cell->n_settings == 0)
        return false;
    n = n < ENOUGH ? n : ENOUGH;
    guess_evidence(cell, noise, points, n, &as_is);
    evidence[best] = as_is.evidence;
    for (size_t k = 0; k < cell->n_settings; k++) {
        struct guess other = *g;
        lattice_change(g->m, cell->setting[k], other.m);
        for (int step = 0; step < 3; step++)
            guess_step(cell, noise, points, n, PARAMETERS, 5, &other);
        guess_evidence(cell, noise, points, n, &other);
        evidence[k] = other.evidence;
        if (other.evidence > evidence[best]) {
            best = k;
            winner = other;
        }
    }
    const int8_t *won = best == cell->n_settings ? SAME : cell->setting[best];
    for (size_t k = 0; k <= cell->n_settings; k++) {
        const int8_t *other = k == cell->n_settings ? SAME : cell->setting[k];
        if (k != best && evidence[best] - evidence[k] < UNDECIDED && !equivalent(cell, won, other))
            undecided = true;
    }
    winner.evidence = g->evidence; /* that of all points */
    winner.explained = g->explained;
    *g = winner;
    return undecided;
}

void setting_standard(const struct index_cell *cell, const double reduced[9], double a[9], double index[9])
{
    double inverse_t[9], inverse[9], best_u[9] = {0}, best = 1e9;
    lattice_reciprocal(cell->conventional, inverse_t);
    for (int i = 0; i < 9; i++)
        inverse[i] = inverse_t[i % 3 * 3 + i / 3];
    for (size_t k = 0; k < cell->n_rotations; k++) {
        double p[9], change[9], m[9], x[9], u[9];
        for (int i = 0; i < 9; i++)
            p[i] = cell->rotation[k][i];
        mat3_mul(p, cell->to_conventional, change);
        mat3_mul(reduced, change, m);
        mat3_mul(m, inverse, x);
        if (!lattice_nearest_rotation(x, u))
            continue;
        double angle = lattice_rotation_angle(u);
        bool better = angle < best - 1e-9;
        if (!better && angle < best + 1e-9)
            for (int i = 0; i < 9; i++)
                if (fabs(u[i] - best_u[i]) > 1e-9) {
                    better = u[i] > best_u[i];
                    break;
                }
        if (!better)
            continue;
        best = angle;
        memcpy(best_u, u, sizeof u);
        lattice_reciprocal(m, a);
        for (int i = 0; i < 9; i++)
            index[i] = change[i % 3 * 3 + i / 3];
    }
}
