/* coverage.c - completeness and multiplicity against the number of lattices; see coverage.h. */
#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* COUNT_MOST: points of the reciprocal lattice that are looked at one by one: some 50 ms. */
enum { COUNT_MOST = 2000000, INDEX_MOST = 2000, SEARCH_STEPS = 60 };
#define PI 3.14159265358979323846
#define BINGHAM_999 20.52 /* χ² of 5 degrees of freedom */

/* ---- counting ---- */

/* h·R of operator i. */
static void turned(const struct space_group *g, int i, const int32_t h[3], int32_t out[3])
{
    const int8_t *r = g->ops[i].r;
    for (int k = 0; k < 3; k++)
        out[k] = h[0] * r[k] + h[1] * r[3 + k] + h[2] * r[6 + k];
}

/* Equivalents of a reflection, Friedel mates among them; 0: systematically absent. */
static unsigned orbit_of(const struct space_group *g, const int32_t h[3])
{
    unsigned same = 0;
    for (int i = 0; i < g->n_ops; i++) {
        int32_t v[3];
        turned(g, i, h, v);
        bool plus = v[0] == h[0] && v[1] == h[1] && v[2] == h[2];
        const int8_t *t = g->ops[i].t;
        if (plus && (h[0] * t[0] + h[1] * t[1] + h[2] * t[2]) % 12 != 0)
            return 0;
        same += plus;
        same += v[0] == -h[0] && v[1] == -h[1] && v[2] == -h[2];
    }
    return same ? 2u * g->n_ops / same : 0;
}

/* Present points are as many as the lattice without centring has. */
static void count_by_volume(const double cell[6], const struct space_group *g, double s_lo, double s_hi,
                            double orbits[COVERAGE_ORBITS])
{
    /* present by any translation, on no element of symmetry */
    const int32_t general[3] = {7 * 12, 13 * 12, 31 * 12};
    unsigned size = orbit_of(g, general), centring = 0;
    for (int i = 0; i < g->n_ops; i++) {
        int32_t v[3];
        turned(g, i, general, v);
        centring += memcmp(v, general, sizeof v) == 0;
    }
    if (size && size < COVERAGE_ORBITS && centring)
        orbits[size] = 4 * PI / 3 * (pow(s_hi, 3) - pow(s_lo, 3)) * cell_volume(cell) / centring / size;
}

bool coverage_count(const double cell[6], const struct space_group *g, double d_max, double d_min,
                    double orbits[COVERAGE_ORBITS])
{
    double B[9], lo = 1 / d_max, hi = 1 / d_min;
    memset(orbits, 0, COVERAGE_ORBITS * sizeof *orbits);
    if (!g->n_ops || !(d_min > 0) || !(d_max > d_min) || !cell_to_b(cell, B))
        return false;
    if (4 * PI / 3 * pow(hi, 3) * cell_volume(cell) > COUNT_MOST || cell[0] * hi > INDEX_MOST ||
        cell[1] * hi > INDEX_MOST || cell[2] * hi > INDEX_MOST) {
        count_by_volume(cell, g, lo, hi, orbits);
        return false;
    }
    int32_t top[3]; /* |h| ≤ a / d */
    for (int i = 0; i < 3; i++)
        top[i] = (int32_t)floor(cell[i] * hi);
    for (int32_t h = -top[0]; h <= top[0]; h++)
        for (int32_t k = -top[1]; k <= top[1]; k++)
            for (int32_t l = -top[2]; l <= top[2]; l++) {
                const int32_t hkl[3] = {h, k, l};
                double x = B[0] * h, y = B[3] * h + B[4] * k, z = B[6] * h + B[7] * k + B[8] * l;
                double s2 = x * x + y * y + z * z;
                unsigned o = s2 > lo * lo && s2 <= hi * hi ? orbit_of(g, hkl) : 0;
                if (o < COVERAGE_ORBITS)
                    orbits[o]++;
            }
    orbits[0] = 0;
    for (unsigned o = 1; o < COVERAGE_ORBITS; o++)
        orbits[o] /= o;
    return true;
}

/* ---- what a lattice brings ---- */

/* Reflections of a lattice between two spacings: those of its own shells, evenly by volume within each. */
static double brought(const struct store_reach *r, double d_max, double d_min)
{
    double lo = REACH_SHELLS * pow(r->shell_d / d_max, 3), hi = REACH_SHELLS * pow(r->shell_d / d_min, 3),
           n = 0;
    for (int i = 0; i < REACH_SHELLS; i++)
        n += r->counts[i] * fmax(0, fmin(hi, i + 1) - fmax(lo, i));
    return n;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median_limit(const struct store_reach *rows, size_t n, struct arena *a)
{
    double *v = arena_array(a, n + 1, sizeof *v);
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        if (rows[i].res_a > 0)
            v[k++] = rows[i].res_a;
    qsort(v, k, sizeof *v, by_value);
    return store_percentile(v, k, 0.5);
}

/* Do the crystals lie evenly? Only axes without other equivalents can say it. */
static bool is_preferred(const struct store_reach *rows, size_t n, struct arena *a)
{
    struct store_sampled *s = arena_array(a, n + 1, sizeof *s);
    struct cell_pole *poles = arena_array(a, POLES_MOST, sizeof *poles);
    struct cell_forms forms;
    for (size_t i = 0; i < n; i++) {
        memcpy(s[i].cell, rows[i].cell, sizeof s[i].cell);
        memcpy(s[i].dir, rows[i].dir, sizeof s[i].dir);
    }
    forms_of(s, n, NAN, a, &forms);
    size_t n_poles = poles_of(s, n, &forms, poles);
    for (size_t i = 0; i < n_poles; i++)
        if (poles[i].bingham > BINGHAM_999)
            return true;
    return false;
}

static void median_cell(const struct store_reach *rows, size_t n, struct arena *a, double out[6])
{
    double *v = arena_array(a, n, sizeof *v);
    for (int c = 0; c < 6; c++) {
        for (size_t i = 0; i < n; i++)
            v[i] = rows[i].cell[c];
        qsort(v, n, sizeof *v, by_value);
        out[c] = store_percentile(v, n, 0.5);
    }
}

void coverage_of(const struct store_reach *rows, size_t n, const struct space_group *group, double d_min,
                 const char *d_from, struct arena *a, struct coverage *out)
{
    double cell[6], sum = 0, square = 0;
    *out = (struct coverage){.n_sample = n, .d_from = d_from, .why = "too few lattices"};
    if (n < COVERAGE_FEW)
        return;
    out->why = "the space group is not known";
    if (!group)
        return;
    out->group = group->hm;
    if (!(d_min > 0)) {
        d_min = median_limit(rows, n, a);
        out->d_from = "median limit of the lattices";
    }
    out->why = "no lattice has a limit of resolution";
    if (!(d_min > 0))
        return;
    out->d_min = d_min;
    out->d_max = d_min / cbrt(1 - 1.0 / REACH_SHELLS);
    median_cell(rows, n, a, cell);
    out->exact = coverage_count(cell, group, out->d_max, d_min, out->orbits);
    for (unsigned o = 1; o < COVERAGE_ORBITS; o++) {
        out->unique += out->orbits[o];
        out->all += o * out->orbits[o];
    }
    for (size_t i = 0; i < n; i++) {
        double m = brought(rows + i, out->d_max, d_min);
        sum += m;
        square += m * m;
    }
    out->per_lattice = sum / (double)n;
    out->error = sqrt(fmax(0, square / (double)n - out->per_lattice * out->per_lattice) / (double)(n - 1));
    out->why = !(out->unique > 0)        ? "its outer shell has no reflection"
               : !(out->per_lattice > 0) ? "no lattice has a reflection in the outer shell"
                                         : NULL;
    out->preferred = is_preferred(rows, n, a);
}

/* ---- the curve ---- */

/* P(N ≥ k), N ~ Poisson(x): from the terms below k, in logarithms, so that great x do not vanish too early. */
static double at_least(double x, unsigned k)
{
    double below = 0, term = -x;
    for (unsigned i = 0; i < k; i++) {
        below += exp(term);
        term += log(x) - log(i + 1.0);
    }
    return x > 0 ? fmax(0, 1 - below) : k == 0;
}

static double share_at(const struct coverage *c, double seen, unsigned k)
{
    double sum = 0;
    for (unsigned o = 1; o < COVERAGE_ORBITS; o++)
        if (c->orbits[o] > 0)
            sum += c->orbits[o] * at_least(seen * o / c->all, k);
    return sum / c->unique;
}

double coverage_share(const struct coverage *c, double n, unsigned k)
{
    return share_at(c, n * c->per_lattice, k);
}

double coverage_multiplicity(const struct coverage *c, double n)
{
    return n * c->per_lattice / c->unique;
}

void coverage_needed(const struct coverage *c, double share, unsigned k, double out[3])
{
    double lo = 0, hi = c->all; /* observations */
    while (share_at(c, hi, k) < share && hi < 1e15)
        hi *= 2;
    for (int i = 0; i < SEARCH_STEPS; i++) {
        double at = (lo + hi) / 2;
        *(share_at(c, at, k) < share ? &lo : &hi) = at;
    }
    double slow = c->per_lattice - 1.96 * c->error;
    out[0] = ceil(hi / c->per_lattice);
    out[1] = ceil(hi / (c->per_lattice + 1.96 * c->error));
    out[2] = slow > 0 ? ceil(hi / slow) : INFINITY;
}
