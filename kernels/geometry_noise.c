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

static const double MEDIAN = 0.6745; /* of |x| of a normal distribution */

/* Is the median of |residual|/sigma of the precise half (weak false) or the other larger than MEDIAN? Counted, not sorted. */
static bool median_is_large(const struct sample *s, double middle, bool weak, double scale, double floor)
{
    struct cursor c = {0};
    size_t n = 0, smaller = 0;
    for (const struct shot_spot *spot; (spot = next(s, &c));) {
        if ((size_of(spot) > middle) != weak)
            continue;
        for (int k = 0; k < 2; k++) {
            double variance = scale * scale * spot->cov[k] + floor * floor;
            smaller += spot->residual[k] * spot->residual[k] <= MEDIAN * MEDIAN * variance;
            n++;
        }
    }
    return n && 2 * smaller <= n;
}

/* The value in lo … hi at which the median is that of a normal distribution; it falls with either. */
static double fitting(const struct sample *s, double middle, bool weak, const struct run_noise *noise,
                      double lo, double hi)
{
    for (int i = 0; i < 18; i++) {
        double mid = sqrt(lo * hi);
        if (median_is_large(s, middle, weak, weak ? mid : noise->scale, weak ? noise->floor_px : mid))
            lo = mid;
        else
            hi = mid;
    }
    return sqrt(lo * hi);
}

/* -2 log likelihood of the excitation errors. square: [n × 2] q², ε². Logarithms of products of CHUNK variances, which are
 * 1e-10 at least. */
static double misfit(const double *square, size_t n, double s0, double s1)
{
    enum { CHUNK = 16 };
    double sum = 0;
    for (size_t i = 0; i < n;) {
        double product = 1;
        for (size_t end = n - i < CHUNK ? n : i + CHUNK; i < end; i++) {
            double v = s0 * s0 + s1 * s1 * square[2 * i];
            product *= v;
            sum += fmin(square[2 * i + 1] / v, FAR);
        }
        sum += log(product);
    }
    return sum;
}

static const double E_LEAST[2] = {5e-5, 1e-5}, E_MOST[2] = {3e-3, 6e-3};

/* The likeliest widths: on a coarse grid, then ever finer about the best. */
static void fit_excitation(const double *square, size_t n, double e[2])
{
    double best = INFINITY, step[2] = {1.7, 2.4};
    for (double s0 = E_LEAST[0]; s0 < E_MOST[0]; s0 *= step[0])
        for (double s1 = E_LEAST[1]; s1 < E_MOST[1]; s1 *= step[1]) {
            double m = misfit(square, n, s0, s1);
            if (m < best) {
                best = m;
                e[0] = s0;
                e[1] = s1;
            }
        }
    for (int level = 0; level < 5; level++) {
        double middle[2] = {e[0], e[1]};
        for (int k = 0; k < 2; k++)
            step[k] = sqrt(step[k]);
        for (int i = 0; i < 9; i++) {
            double s0 = middle[0] * pow(step[0], i % 3 - 1), s1 = middle[1] * pow(step[1], i / 3 - 1);
            if (i == 4 || s0 < E_LEAST[0] || s1 < E_LEAST[1] || s0 > E_MOST[0] || s1 > E_MOST[1])
                continue;
            double m = misfit(square, n, s0, s1);
            if (m < best) {
                best = m;
                e[0] = s0;
                e[1] = s1;
            }
        }
    }
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
    double middle = work[n / 2];
    noise->scale = fmax(1, noise->scale);
    for (int turn = 0; turn < 3; turn++) {
        noise->floor_px = fitting(&s, middle, false, noise, LEAST_FLOOR, MOST_FLOOR);
        noise->scale = fmax(1, fitting(&s, middle, true, noise, 0.5, MOST_SCALE));
    }
    double *square = work, e[2] = {noise->sigma_e0, noise->sigma_e1};
    c = (struct cursor){0};
    n = 0;
    for (const struct shot_spot *spot; n < GEOMETRY_NOISE_SPOTS && (spot = next(&s, &c)); n++) {
        square[2 * n] = spot->q * spot->q;
        square[2 * n + 1] = spot->residual[2] * spot->residual[2];
    }
    fit_excitation(square, n, e);
    noise->sigma_e0 = e[0];
    noise->sigma_e1 = e[1];
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
