/* mosaic.c - mosaicity and domain size by maximum likelihood.
 *
 * The model of Sauter et al. (2014): a node is seen while |Δψ| < ψm(d) = (η + α d)/2, η the full mosaicity, α
 * = 2/D; a soft box of that half width is the likelihood (their appendix B, steepness 10). Where the estimate
 * starts (a straight line through the largest |Δψ| in bins of resolution) and how the result is widened are
 * those of DIALS, so that predictions agree.
 */
#include "kernels/mosaic.h"
#include "kernels/sort.h"

#include <math.h>
#include <string.h>

static const double DEGREE = 3.14159265358979323846 / 180;
static const double STEEP = 10;                        /* of the box's edges: a soft switch */
static const double EXPANSION = 1.4;                   /* of the envelope, for prediction */
static const double ETA_MIN = 1e-6, ETA_MAX = 0.3;     /* radians */
static const double DOMAIN_MIN = 10, DOMAIN_MAX = 1e7; /* Å */

struct excursion {
    double d, psi;
};

size_t mosaic_work_size(size_t n)
{
    return n * sizeof(struct excursion);
}

/* Low angles first; equal ones by excursion. */
static int compare(const void *pa, const void *pb)
{
    const struct excursion *a = pa, *b = pb;
    if (a->d != b->d)
        return a->d > b->d ? -1 : 1;
    return a->psi < b->psi ? -1 : a->psi > b->psi;
}

/* Line |Δψ|max = slope · d + intercept over bins of equal numbers of spots. */
static bool envelope(const struct excursion *e, size_t n, double *slope, double *intercept)
{
    size_t bins = n / 25 > 3 ? n / 25 : 3;
    bins = bins < 50 ? bins : 50;
    size_t size = n / bins;
    double sx = 0, sxx = 0, sy = 0, sxy = 0, m = (double)bins;
    for (size_t b = 0; b < bins; b++) {
        double d = 0, largest = 0;
        for (size_t i = b * size; i < (b + 1) * size; i++) {
            d += e[i].d / (double)size;
            largest = fmax(largest, fabs(e[i].psi));
        }
        sx += d;
        sxx += d * d;
        sy += largest;
        sxy += d * largest;
    }
    double det = m * sxx - sx * sx;
    if (!(det > 1e-12 * m * sxx))
        return false;
    *slope = (m * sxy - sx * sy) / det;
    *intercept = (sxx * sy - sx * sxy) / det;
    return true;
}

/* ln(1 + e^x) without overflow. */
static double softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static double sigmoid(double x)
{
    return x > 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

/* -ln likelihood at x = (ln α, ln η), its gradient and Hessian (xx, xy, yy) unless NULL. */
static double target(const struct excursion *e, size_t n, const double x[2], double gradient[2],
                     double hessian[3])
{
    double alpha = exp(x[0]), eta = exp(x[1]), sum = 0;
    if (gradient)
        gradient[0] = gradient[1] = hessian[0] = hessian[1] = hessian[2] = 0;
    for (size_t i = 0; i < n; i++) {
        double width = 0.5 * (alpha * e[i].d + eta), r = e[i].psi / width, a = STEEP * (1 + r),
               b = STEEP * (1 - r);
        sum += log(2 * width) + softplus(a) + softplus(b) - 2 * softplus(STEEP);
        if (!gradient)
            continue;
        double sa = sigmoid(a), sb = sigmoid(b), s = sa - sb, ds = STEEP * (sa * (1 - sa) + sb * (1 - sb));
        double first = (1 - STEEP * r * s) / width; /* by width */
        double second = (-1 + 2 * STEEP * r * s + STEEP * r * r * ds) / (width * width);
        double wa = 0.5 * alpha * e[i].d,
               we = 0.5 * eta; /* width by ln α, ln η; each its own derivative again */
        gradient[0] += first * wa;
        gradient[1] += first * we;
        hessian[0] += second * wa * wa + first * wa;
        hessian[1] += second * wa * we;
        hessian[2] += second * we * we + first * we;
    }
    return sum;
}

static double clamp(double x, double lo, double hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

/* Levenberg-damped Newton inside the bounds. */
static void maximise(const struct excursion *e, size_t n, double x[2])
{
    const double lo[2] = {log(2 / DOMAIN_MAX), log(ETA_MIN)}, hi[2] = {log(2 / DOMAIN_MIN), log(ETA_MAX)};
    double damping = 1, g[2], h[3], now = target(e, n, x, g, h);
    for (int step = 0; step < 200; step++) {
        double scale = fabs(h[0]) + fabs(h[2]) + 1e-9, a = h[0] + damping * scale, c = h[2] + damping * scale,
               det = a * c - h[1] * h[1];
        if (!(det > 0) || !(a > 0)) {
            damping *= 4;
            continue;
        }
        double try[2] = {x[0] - (c * g[0] - h[1] * g[1]) / det, x[1] - (a * g[1] - h[1] * g[0]) / det};
        for (int k = 0; k < 2; k++) /* at most a factor of e a step: the surface is far from a parabola */
            try[k] = clamp(clamp(try[k], x[k] - 1, x[k] + 1), lo[k], hi[k]);
        double then = target(e, n, try, NULL, NULL);
        if (!(then < now)) {
            damping *= 4;
            if (damping > 1e12)
                return;
            continue;
        }
        double gain = now - then;
        memcpy(x, try, sizeof try);
        now = target(e, n, x, g, h);
        damping *= 0.25;
        if (gain < 1e-7)
            return;
    }
}

bool mosaic_estimate(const double *d, const double *delpsi, size_t n, double min_domain, struct mosaic *out,
                     void *work)
{
    struct excursion *e = work;
    double slope, intercept;
    *out = (struct mosaic){0};
    if (n < 3)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!(d[i] > 0) || !isfinite(d[i]) || !isfinite(delpsi[i]))
            return false;
        e[i] = (struct excursion){d[i], delpsi[i]};
    }
    sort_heap(e, n, sizeof *e, compare);
    if (!envelope(e, n, &slope, &intercept)) {
        slope = 0;
        intercept = 0;
        for (size_t i = 0; i < n; i++)
            intercept = fmax(intercept, fabs(e[i].psi));
    }
    double domain = slope > 0 ? 1 / (2 * slope) : 0; /* a falling envelope says nothing: the smallest */
    domain = clamp(domain > min_domain ? domain : min_domain, DOMAIN_MIN, DOMAIN_MAX);
    double x[2] = {log(2 / domain), log(clamp(fabs(2 * intercept), ETA_MIN, ETA_MAX))};
    maximise(e, n, x);
    out->full_ml = exp(x[1]);
    out->domain_ml = 2 / exp(x[0]);
    out->half_mosaicity_deg = EXPANSION * out->full_ml / (2 * DEGREE);
    out->domain_size = out->domain_ml / EXPANSION;
    return true;
}

double mosaic_proximal_volume(double wavelength, double d_min, double full_mosaicity, double domain_size)
{
    enum { TERMS = 100 };
    static const double PI = 3.14159265358979323846;
    double sine = wavelength / (2 * d_min), outer = 2 * asin(sine < 1 ? sine : 1), radius = 1 / wavelength;
    double shell = PI * 2 / 3 * (1 - cos(outer)), thick = radius + 1 / domain_size, sum = 0;
    for (int i = 0; i < TERMS; i++) {
        double phi = i * outer / TERMS, wide = thick + full_mosaicity * radius * sin(phi) / 2;
        sum += (wide * wide * wide - thick * thick * thick) * sin(phi) * outer / TERMS;
    }
    return shell * (thick * thick * thick - radius * radius * radius) + PI * 2 / 3 * sum;
}
