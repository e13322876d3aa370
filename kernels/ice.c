/* ice.c - ice and salt; see ice.h. */
#include "kernels/ice.h"

#include <math.h>

static const double on_width = 0.008, side_from = 0.011, side_to = 0.028;
static const double contrast_least = 0.05, sigmas_least = 5, ring_sigmas = 2, chance_most = -4, denser = 2;
enum { CELL_LEAST = 12 };  /* pixels of a sector of a band, for its mean to be used */
enum { AREA_LEAST = 100 }; /* pixels of a band, for its ring to be seen */
enum { RINGS_LEAST = 2 };  /* one ring alone may be anything */

/* 1/d² = A (h² + hk + k²) + C l² of a hexagonal cell, A = 4/3a², and A (h² + k² + l²) of a cubic one. Rings that touch another (ice 200, 112,
 * 201) are left out, and salt's 111 and 311, which are weak. */
static const struct {
    double a, c; /* Å; c 0: cubic */
    int hkl[ICE_RINGS][3];
    size_t n;
} substances[SUBSTANCES] = {
    [SUBSTANCE_ICE] = {4.498, 7.338, {{1, 0, 0}, {0, 0, 2}, {1, 0, 1}, {1, 0, 2}, {1, 1, 0}, {1, 0, 3}}, 6},
    [SUBSTANCE_SALT] = {5.640, 0, {{2, 0, 0}, {2, 2, 0}, {2, 2, 2}, {4, 2, 0}}, 4},
};

size_t ice_spacings(enum substance what, double d[ICE_RINGS])
{
    double a2 = substances[what].a * substances[what].a, c = substances[what].c;
    for (size_t i = 0; i < substances[what].n; i++) {
        const int *m = substances[what].hkl[i];
        double s2 = c > 0 ? 4.0 / 3 / a2 * (m[0] * m[0] + m[0] * m[1] + m[1] * m[1]) + m[2] * m[2] / (c * c)
                          : (m[0] * m[0] + m[1] * m[1] + m[2] * m[2]) / a2;
        d[i] = 1 / sqrt(s2);
    }
    return substances[what].n;
}

void ice_bands(enum substance what, double wavelength, struct ring_bands *bands)
{
    static const double edges[3][2] = {
        {1 - side_to, 1 - side_from}, {1 - on_width, 1 + on_width}, {1 + side_from, 1 + side_to}};
    double d[ICE_RINGS];
    size_t n = ice_spacings(what, d);
    bands->n = 3 * n;
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < 3; k++) {
            double lo = edges[k][0] * wavelength / d[i], hi = edges[k][1] * wavelength / d[i];
            bands->lo[3 * i + (size_t)k] = lo * lo;
            bands->hi[3 * i + (size_t)k] = hi * hi;
        }
}

/* ---- light ---- */

/* Differences (on - sides) of the sectors in which all three bands are seen, by the ring's median of the sides; 0: it is not seen. */
static size_t differences(const struct ring_cell bands[3][RINGS_SECTORS], double out[RINGS_SECTORS])
{
    double sides[RINGS_SECTORS];
    size_t n = 0;
    for (size_t s = 0; s < RINGS_SECTORS; s++) {
        const struct ring_cell *below = &bands[0][s], *on = &bands[1][s], *above = &bands[2][s];
        if (below->n < CELL_LEAST || on->n < CELL_LEAST || above->n < CELL_LEAST)
            continue;
        sides[n] = (below->sum / below->n + above->sum / above->n) / 2;
        out[n] = on->sum / on->n - sides[n];
        n += isfinite(out[n]) != 0; /* which may be any number */
    }
    double scale = rings_median_of(sides, n);
    if (!(scale > 0))
        return 0;
    for (size_t i = 0; i < n; i++)
        out[i] /= scale;
    return n;
}

/* Median, and how many of its standard errors it is above 0. Of a normal distribution the error of a median is 1.2533 σ/√n, and σ is
 * 1.4826 times the median deviation. */
static double median_sigmas(double *values, size_t n, double *median)
{
    double deviations[ICE_RINGS * RINGS_SECTORS];
    *median = rings_median_of(values, n);
    for (size_t i = 0; i < n; i++)
        deviations[i] = fabs(values[i] - *median);
    double error = 1.2533 * 1.4826 * rings_median_of(deviations, n) / sqrt((double)n);
    return error > 0 ? *median / error : 0;
}

void ice_judge_light(const struct ring_sums *sums, size_t n_rings, struct ice_light *out)
{
    double all[ICE_RINGS * RINGS_SECTORS];
    size_t n = 0;
    *out = (struct ice_light){.contrast = 0};
    for (size_t i = 0; i < n_rings && i < ICE_RINGS; i++) {
        double ring[RINGS_SECTORS], median;
        size_t seen = differences(&sums->cells[3 * i], ring);
        if (seen < 4) /* a spread needs some */
            continue;
        for (size_t k = 0; k < seen; k++)
            all[n++] = ring[k];
        double sigmas = median_sigmas(ring, seen, &median);
        out->rings++;
        out->up += sigmas >= ring_sigmas && median >= contrast_least;
    }
    out->known = out->rings >= RINGS_LEAST;
    if (!out->known)
        return;
    out->sigmas = median_sigmas(all, n, &out->contrast);
    out->stands = out->contrast >= contrast_least && out->sigmas >= sigmas_least && out->up >= RINGS_LEAST;
}

/* ---- spots ---- */

/* log10 of the chance of k or more of n, each with probability p: the terms from the k-th on, by their ratios. */
static double log10_tail(uint32_t k, uint32_t n, double p)
{
    if (k == 0 || !(p > 0 && p < 1))
        return 0;
    double log_term = k * log(p) + (n - k) * log1p(-p), sum = 1, term = 1;
    for (uint32_t i = 1; i <= k; i++)
        log_term += log((double)(n - k + i) / i);
    for (uint32_t i = k; i < n && term > 1e-12 * sum; i++) {
        term *= (double)(n - i) / (i + 1) * p / (1 - p);
        sum += term;
    }
    return fmin(0, (log_term + log(sum)) / log(10));
}

void ice_judge_spots(const uint32_t counts[RINGS_BANDS], const uint32_t area[RINGS_BANDS], size_t n_rings,
                     struct ice_spots *out)
{
    double area_on = 0, area_beside = 0;
    *out = (struct ice_spots){.on = 0};
    for (size_t i = 0; i < n_rings && i < ICE_RINGS; i++) {
        const uint32_t *a = area + 3 * i, *c = counts + 3 * i;
        if (a[0] < AREA_LEAST || a[1] < AREA_LEAST || a[2] < AREA_LEAST)
            continue;
        double beside = (double)a[0] + a[2];
        area_on += a[1], area_beside += beside;
        out->on += c[1], out->beside += c[0] + c[2];
        out->up += c[1] >= 2 && c[1] * beside > (double)(c[0] + c[2]) * a[1];
    }
    if (out->on == 0)
        return;
    out->log10_chance = log10_tail(out->on, out->on + out->beside, area_on / (area_on + area_beside));
    out->stands = out->log10_chance <= chance_most && out->up >= RINGS_LEAST &&
                  out->on * area_beside >= denser * out->beside * area_on;
}

/* ---- solvent ---- */

bool solvent_ratio(const struct ring_sums *sums, uint32_t least, double *ratio, double *low)
{
    struct ring_cell both[2][RINGS_SECTORS] = {0};
    uint32_t n[2] = {0, 0};
    size_t sectors;
    for (size_t s = 0; s < RINGS_SECTORS; s++)
        for (int k = 0; k < 2 && sums->cells[0][s].n >= CELL_LEAST && sums->cells[1][s].n >= CELL_LEAST;
             k++) {
            both[k][s] = sums->cells[k][s];
            n[k] += both[k][s].n;
        }
    if (n[0] < least || n[1] < least)
        return false;
    *low = rings_median(both[0], CELL_LEAST, &sectors);
    *ratio = rings_median(both[1], CELL_LEAST, &sectors) / *low;
    return *low > 0 && isfinite(*ratio) && *ratio > 0;
}
