/* geometry_noise.c - what a run's residuals are like (ALGORITHMS_GEOMETRY 2.3).
 *
 * The floor of positions is read from the spots that counting makes precise, its scale from the others, by medians; the widths of the
 * excitation error by maximum likelihood on a grid. At most GEOMETRY_NOISE_SPOTS spots are looked at, evenly taken. */
#include "kernels/geometry_refine.h"

#include "kernels/sort.h"

#include <math.h>

static const double LEAST_FLOOR = 0.005, MOST_FLOOR = 1; /* px */
static const double MOST_SCALE = 3;
static const double FAR = 12; /* ε²/σ²: more says nothing more */

struct sample {
    const struct shot *stills;
    size_t n, step; /* every step-th spot */
};

static struct sample sample_of(const struct shot *stills, size_t n)
{
    size_t inside = 0;
    for (size_t k = 0; k < n; k++)
        inside += stills[k].inside;
    return (struct sample){stills, n, 1 + inside / GEOMETRY_NOISE_SPOTS};
}

/* Call for each spot of the sample: the next one after (*k, *i), NULL at the end. */
struct cursor {
    size_t still, spot, seen;
};
static const struct shot_spot *next(const struct sample *s, struct cursor *c)
{
    for (; c->still < s->n; c->still++, c->spot = 0)
        while (c->spot < s->stills[c->still].n) {
            const struct shot_spot *spot = &s->stills[c->still].spots[c->spot++];
            if (spot->weight > 0 && c->seen++ % s->step == 0)
                return spot;
        }
    return NULL;
}

static double size_of(const struct shot_spot *spot)
{
    return spot->cov[0] + spot->cov[1];
}

/* Median of |residual|/sigma of the precise half (weak false) or the other. */
static double median_ratio(const struct sample *s, double middle, bool weak, double scale, double floor,
                           double *work)
{
    struct cursor c = {0};
    size_t n = 0;
    for (const struct shot_spot *spot; n + 2 <= 2 * GEOMETRY_NOISE_SPOTS && (spot = next(s, &c));) {
        if ((size_of(spot) > middle) != weak)
            continue;
        for (int k = 0; k < 2; k++)
            work[n++] = fabs(spot->residual[k]) / hypot(scale * sqrt(spot->cov[k]), floor);
    }
    if (n == 0)
        return 0.6745;
    sort_doubles(work, n);
    return work[n / 2];
}

/* The value in lo … hi at which the median is that of a normal distribution; it falls with either. */
static double fitting(const struct sample *s, double middle, bool weak, const struct run_noise *noise,
                      double lo, double hi, double *work)
{
    for (int i = 0; i < 18; i++) {
        double mid = sqrt(lo * hi), m = median_ratio(s, middle, weak, weak ? mid : noise->scale,
                                                     weak ? noise->floor_px : mid, work);
        if (m > 0.6745)
            lo = mid;
        else
            hi = mid;
    }
    return sqrt(lo * hi);
}

static double misfit(const struct sample *s, double s0, double s1)
{
    struct cursor c = {0};
    double sum = 0;
    for (const struct shot_spot *spot; (spot = next(s, &c));) {
        double v = s0 * s0 + s1 * s1 * spot->q * spot->q;
        sum += 0.5 * log(v) + 0.5 * fmin(spot->residual[2] * spot->residual[2] / v, FAR);
    }
    return sum;
}

void geometry_noise(const struct shot *stills, size_t n_stills, struct run_noise *noise, double *work)
{
    struct sample s = sample_of(stills, n_stills);
    struct cursor c = {0};
    size_t n = 0;
    for (const struct shot_spot *spot; n < GEOMETRY_NOISE_SPOTS && (spot = next(&s, &c));)
        work[n++] = size_of(spot);
    if (n < 50)
        return;
    sort_doubles(work, n);
    double middle = work[n / 2], best = INFINITY;
    noise->scale = fmax(1, noise->scale);
    for (int turn = 0; turn < 3; turn++) {
        noise->floor_px = fitting(&s, middle, false, noise, LEAST_FLOOR, MOST_FLOOR, work);
        noise->scale = fmax(1, fitting(&s, middle, true, noise, 0.5, MOST_SCALE, work));
    }
    double e0 = noise->sigma_e0, e1 = noise->sigma_e1;
    for (double s0 = 5e-5; s0 < 3e-3; s0 *= 1.15)
        for (double s1 = 1e-5; s1 < 6e-3; s1 *= 1.3) {
            double m = misfit(&s, s0, s1);
            if (m < best) {
                best = m;
                e0 = s0;
                e1 = s1;
            }
        }
    noise->sigma_e0 = e0;
    noise->sigma_e1 = e1;
}

double geometry_rms(const struct shot *stills, size_t n_stills, double *work)
{
    size_t n = 0, all = 0, seen = 0;
    for (size_t k = 0; k < n_stills; k++)
        all += stills[k].n;
    for (size_t k = 0; k < n_stills; k++)
        for (size_t i = 0; i < stills[k].n && n < 2 * GEOMETRY_NOISE_SPOTS; i++) {
            const struct shot_spot *spot = &stills[k].spots[i];
            if (spot->q > 0 && seen++ % (1 + all / (2 * GEOMETRY_NOISE_SPOTS)) == 0)
                work[n++] = hypot(spot->residual[0], spot->residual[1]);
        }
    if (n == 0)
        return 0;
    sort_doubles(work, n);
    return work[n / 2] / 1.1774; /* median of the Rayleigh distribution */
}
