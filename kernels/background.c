/* background.c - planes under reflections. Box coordinates are centred before fitting, so that the 3 × 3 normal
 * matrices are well conditioned; results are turned back to the box's corner. */
#include "kernels/background.h"

#include <math.h>
#include <string.h>

/* ---- symmetric 3 × 3 ---- */

/* Inverse of the symmetric matrix m (00 01 02 11 12 22). false: singular beyond use. */
static bool invert(const double m[6], double inv[6])
{
    double a = m[3] * m[5] - m[4] * m[4], b = m[2] * m[4] - m[1] * m[5], c = m[1] * m[4] - m[2] * m[3];
    double det = m[0] * a + m[1] * b + m[2] * c;
    if (!(fabs(det) > 1e-12 * fabs(m[0] * m[3] * m[5])) || !isfinite(det))
        return false;
    inv[0] = a / det;
    inv[1] = b / det;
    inv[2] = c / det;
    inv[3] = (m[0] * m[5] - m[2] * m[2]) / det;
    inv[4] = (m[1] * m[2] - m[0] * m[4]) / det;
    inv[5] = (m[0] * m[3] - m[1] * m[1]) / det;
    return true;
}

static void times(const double m[6], const double v[3], double out[3])
{
    out[0] = m[0] * v[0] + m[1] * v[1] + m[2] * v[2];
    out[1] = m[1] * v[0] + m[3] * v[1] + m[4] * v[2];
    out[2] = m[2] * v[0] + m[4] * v[1] + m[5] * v[2];
}

/* Normal equations of a weighted plane in centred coordinates. */
struct normal {
    double m[6], y[3];
    int32_t n;
};

static void normal_add(struct normal *s, double w, double x, double y, double value)
{
    s->m[0] += w;
    s->m[1] += w * x;
    s->m[2] += w * y;
    s->m[3] += w * x * x;
    s->m[4] += w * x * y;
    s->m[5] += w * y * y;
    s->y[0] += w * value;
    s->y[1] += w * value * x;
    s->y[2] += w * value * y;
    s->n++;
}

/* Plane through the pixels with use == 1, centred coordinates. */
static bool plane_through(const float *values, const uint8_t *use, int32_t width, int32_t height, double cx,
                          double cy, double b[3])
{
    struct normal s = {.n = 0};
    double inv[6];
    for (int32_t j = 0, k = 0; j < height; j++)
        for (int32_t i = 0; i < width; i++, k++)
            if (use[k] == 1)
                normal_add(&s, 1, i + 0.5 - cx, j + 0.5 - cy, (double)values[k]);
    if (s.n < 4 || !invert(s.m, inv))
        return false;
    times(inv, s.y, b);
    return true;
}

/* b of centred coordinates → b and covariance of box coordinates. */
static void uncentre(struct background *out, const double b[3], const double cov[6], double cx, double cy)
{
    out->b[0] = b[0] - b[1] * cx - b[2] * cy;
    out->b[1] = b[1];
    out->b[2] = b[2];
    double c01 = cov[1] - cx * cov[3] - cy * cov[4], c02 = cov[2] - cx * cov[4] - cy * cov[5];
    out->covariance[0] = cov[0] - cx * cov[1] - cy * cov[2] - cx * c01 - cy * c02;
    out->covariance[1] = c01;
    out->covariance[2] = c02;
    out->covariance[3] = cov[3];
    out->covariance[4] = cov[4];
    out->covariance[5] = cov[5];
}

/* mean, mse, dispersion, n_used of the pixels with use == 1. */
static void describe(const float *values, const uint8_t *use, int32_t width, int32_t height,
                     struct background *out)
{
    double mean = 0, squares = 0, mse = 0;
    int32_t n = 0;
    for (int32_t j = 0, k = 0; j < height; j++)
        for (int32_t i = 0; i < width; i++, k++) {
            if (use[k] != 1)
                continue;
            double v = (double)values[k], off = v - mean, residual = v - background_at(out, i + 0.5, j + 0.5);
            mean += off / ++n;
            squares += off * (v - mean);
            mse += residual * residual;
        }
    out->n_used = n;
    out->mean = mean;
    out->mse = n ? mse / n : 0;
    out->dispersion = n > 1 && mean > 0 ? squares / (n - 1) / mean : 0;
}

/* ---- DIALS ---- */

bool background_plane_dials(const float *values, uint8_t *use, int32_t width, int32_t height, double n_sigma,
                            int32_t min_pixels, struct background *out)
{
    double b[3], zero[6] = {0};
    /* The outlier test's centre is that of DIALS: pixel (width/2, height/2), integer division, whose index is
     * 0. */
    double cx = width / 2 + 0.5, cy = height / 2 + 0.5;
    *out = (struct background){.n_used = 0};
    bool fitted = plane_through(values, use, width, height, cx, cy, b);
    double limit = n_sigma * sqrt(fabs(b[0]));
    for (int32_t j = 0, k = 0; fitted && j < height; j++)
        for (int32_t i = 0; i < width; i++, k++)
            if (use[k])
                use[k] =
                    fabs((double)values[k] - (b[0] + b[1] * (i + 0.5 - cx) + b[2] * (j + 0.5 - cy))) > limit
                        ? 2
                        : 1;
    fitted = fitted && plane_through(values, use, width, height, cx, cy, b);
    if (fitted)
        uncentre(out, b, zero, cx, cy);
    describe(values, use, width, height, out);
    return fitted && out->n_used >= min_pixels && out->n_used > 1 && out->mean >= 0;
}

/* ---- limits ---- */

static double normal_cdf(double x)
{
    return 0.5 * erfc(-x * 0.70710678118654752440);
}

static double normal_pdf(double x)
{
    return 0.39894228040143267794 * exp(-0.5 * x * x);
}

enum { COUNTS_MAX = 512 }; /* > m + 12 sqrt(m) + 20 at the end of the table */

/* Poisson probabilities of 0 … n - 1 for mean m; returns n. */
static int poisson_terms(double m, double *p)
{
    int n = (int)(m + 12 * sqrt(m) + 20);
    if (n > COUNTS_MAX)
        n = COUNTS_MAX;
    p[0] = exp(-m);
    for (int k = 1; k < n; k++)
        p[k] = p[k - 1] * m / k;
    return n;
}

/* P(v < x) of Poisson + normal(0, rho), rho > 0. */
static double mixed_cdf(const double *p, int n, double rho, double x)
{
    double sum = 0;
    for (int k = 0; k < n; k++)
        if (p[k] > 1e-12)
            sum += p[k] * normal_cdf((x - k) / rho);
    return sum;
}

static double mixed_quantile(const double *p, int n, double rho, double want)
{
    double a = -8 * rho, b = n + 8 * rho;
    for (int i = 0; i < 30; i++) {
        double x = 0.5 * (a + b);
        if (mixed_cdf(p, n, rho, x) < want)
            a = x;
        else
            b = x;
    }
    return 0.5 * (a + b);
}

/* Largest lo with P(v < lo) ≤ alpha, smallest hi with P(v > hi) ≤ alpha, for whole counts. */
static void count_limits(const double *p, int n, double alpha, double *lo, double *hi)
{
    double below = 0, above = 0;
    int from = 0, to = n - 1;
    while (from < n - 1 && below + p[from] <= alpha)
        below += p[from++];
    while (to > from && above + p[to] <= alpha)
        above += p[to--];
    *lo = from;
    *hi = to;
}

static double kept_mean(const double *p, int n, double rho, double lo, double hi)
{
    double weight = 0, sum = 0;
    for (int k = 0; k < n; k++) {
        if (rho > 0) {
            double a = (lo - k) / rho, b = (hi - k) / rho, in = normal_cdf(b) - normal_cdf(a);
            weight += p[k] * in;
            sum += p[k] * (k * in + rho * (normal_pdf(a) - normal_pdf(b)));
        } else if (k >= lo && k <= hi) {
            weight += p[k];
            sum += p[k] * k;
        }
    }
    return weight > 0 ? sum / weight : 0;
}

void background_limits_init(struct background_limits *t, double rho, double alpha)
{
    double p[COUNTS_MAX];
    t->rho = rho;
    t->alpha = alpha;
    for (int i = 0; i < BACKGROUND_TABLE; i++) {
        double root = i * BACKGROUND_STEP, m = root * root;
        int n = poisson_terms(m, p);
        if (rho > 0) {
            t->lo[i] = mixed_quantile(p, n, rho, alpha);
            t->hi[i] = mixed_quantile(p, n, rho, 1 - alpha);
        } else {
            count_limits(p, n, alpha, &t->lo[i], &t->hi[i]);
        }
        t->bias[i] = kept_mean(p, n, rho, t->lo[i], t->hi[i]) - m;
    }
}

/* ---- maximum likelihood ---- */

/* Limits and bias for a background of m photons: from the table, above its end those of a normal
 * distribution. */
static void limits_at(const struct background_limits *t, double m, double *lo, double *hi, double *bias)
{
    double at = sqrt(m > 0 ? m : 0) / BACKGROUND_STEP + 0.5;
    if (at < BACKGROUND_TABLE) {
        int i = (int)at;
        *lo = t->lo[i];
        *hi = t->hi[i];
        *bias = t->bias[i];
        return;
    }
    double wide = 3.0902 * sqrt(m + t->rho * t->rho); /* P = 1e-3 a side */
    *lo = m - wide;
    *hi = m + wide;
    *bias = 0;
}

/* Values to be looked at again and again, side by side where they fit. */
enum { CLOSE = 1024 };

/* How many of the values in use are not above a limit. */
static int32_t count_below(const float *values, const uint8_t *use, size_t size, double limit)
{
    int32_t below = 0;
    for (size_t k = 0; k < size; k++)
        below += use[k] && (double)values[k] <= limit;
    return below;
}

static int32_t count_close(const float *close, int32_t n, double limit)
{
    int32_t below = 0;
    for (int32_t k = 0; k < n; k++)
        below += (double)close[k] <= limit;
    return below;
}

double background_median(const float *values, const uint8_t *use, size_t size, int32_t n)
{
    float close[CLOSE];
    int32_t n_close = 0;
    double lo = INFINITY, hi = -INFINITY;
    for (size_t k = 0; k < size; k++)
        if (use[k]) {
            double v = (double)values[k];
            lo = v < lo ? v : lo;
            hi = v > hi ? v : hi;
            if (n_close < CLOSE)
                close[n_close] = values[k];
            n_close++;
        }
    for (int round = 0; round < 40 && hi - lo > 1e-3 * (fabs(lo) + fabs(hi)); round++) {
        double middle = 0.5 * (lo + hi);
        int32_t below =
            n_close <= CLOSE ? count_close(close, n_close, middle) : count_below(values, use, size, middle);
        if (2 * below >= n)
            hi = middle;
        else
            lo = middle;
    }
    return 0.5 * (lo + hi);
}

/* Middle half of the values, as a standard deviation: half of them lie within this of the middle, over
 * 0.6745. */
static double robust_sigma(const float *values, const uint8_t *use, size_t size, int32_t n, double middle)
{
    double lo = 0, hi = 0;
    for (size_t k = 0; k < size; k++)
        if (use[k] && fabs((double)values[k] - middle) > hi)
            hi = fabs((double)values[k] - middle);
    for (int round = 0; round < 40 && hi - lo > 1e-3 * hi; round++) {
        double wide = 0.5 * (lo + hi);
        int32_t within = 0;
        for (size_t k = 0; k < size; k++)
            within += use[k] && fabs((double)values[k] - middle) <= wide;
        if (2 * within >= n)
            hi = wide;
        else
            lo = wide;
    }
    if (hi > 0)
        return hi / 0.6745;
    double squares = 0; /* more than half of the values are the same: few counts in nothing */
    for (size_t k = 0; k < size; k++)
        if (use[k])
            squares += ((double)values[k] - middle) * ((double)values[k] - middle);
    return sqrt(squares / n);
}

struct fit {
    double b[3], cov[6]; /* centred; photons in the Poisson form */
    double cx, cy;
    bool plane;
};

static double fit_at(const struct fit *f, double x, double y)
{
    return f->b[0] + f->b[1] * (x - f->cx) + f->b[2] * (y - f->cy);
}

/* Solve the round's equations; false when they have no solution. */
static bool fit_solve(struct fit *f, const struct normal *s)
{
    memset(f->cov, 0, sizeof f->cov);
    if (!(s->m[0] > 0))
        return false;
    if (!f->plane) {
        f->b[0] = s->y[0] / s->m[0];
        f->cov[0] = 1 / s->m[0];
        return true;
    }
    if (!invert(s->m, f->cov))
        return false;
    times(f->cov, s->y, f->b);
    return true;
}

/* One round of iteratively reweighted least squares for Poisson counts of `scale` photons a unit: pixels
 * beyond the limits at their own expected background are set aside, the bias that this does to the mean is
 * taken back. */
static bool poisson_round(struct fit *f, const struct background_limits *t, double scale, const float *values,
                          uint8_t *use, int32_t width, int32_t height, int32_t min_pixels)
{
    struct normal s = {.n = 0};
    /* a plane that dips below zero in a corner has no weight there */
    double least = fmax(0.2 * f->b[0], 1e-4);
    for (int32_t j = 0, k = 0; j < height; j++)
        for (int32_t i = 0; i < width; i++, k++) {
            if (!use[k])
                continue;
            double v = (double)values[k] * scale, lo, hi, bias;
            double at = fit_at(f, i + 0.5, j + 0.5),
                   expected = at > least ? at : least; /* fmax() is a call */
            limits_at(t, expected, &lo, &hi, &bias);
            use[k] = v >= lo - 1e-6 && v <= hi + 1e-6 ? 1 : 2;
            if (use[k] == 1)
                normal_add(&s, 1 / (expected + t->rho * t->rho), i + 0.5 - f->cx, j + 0.5 - f->cy, v - bias);
        }
    return s.n >= min_pixels && fit_solve(f, &s);
}

/* Wide, because few counts are skew: at 3.5 the mean of 0.5 photons loses 1 %, at 5 0.1 %. */
#define NORMAL_LIMIT 5

/* The same where the noise is not known: least squares, limits from the spread of the values themselves. */
static bool normal_round(struct fit *f, double *sigma, const float *values, uint8_t *use, int32_t width,
                         int32_t height, int32_t min_pixels)
{
    struct normal s = {.n = 0};
    double squares = 0, limit = NORMAL_LIMIT * *sigma;
    for (int32_t j = 0, k = 0; j < height; j++)
        for (int32_t i = 0; i < width; i++, k++) {
            if (!use[k])
                continue;
            double off = (double)values[k] - fit_at(f, i + 0.5, j + 0.5);
            use[k] = fabs(off) <= limit ? 1 : 2;
            if (use[k] == 1) {
                normal_add(&s, 1, i + 0.5 - f->cx, j + 0.5 - f->cy, (double)values[k]);
                squares += off * off;
            }
        }
    if (s.n < min_pixels || !fit_solve(f, &s))
        return false;
    double variance = squares / (s.n - (f->plane ? 3 : 1));
    *sigma = sqrt(variance);
    for (int i = 0; i < 6; i++)
        f->cov[i] *= variance;
    return true;
}

bool background_ml(const struct background_ml_params *p, const float *values, uint8_t *use, int32_t width,
                   int32_t height, struct background *out)
{
    enum { ROUNDS = 6 };
    size_t size = (size_t)width * (size_t)height;
    int32_t n = 0, min_pixels = p->min_pixels > 4 ? p->min_pixels : 4;
    *out = (struct background){.n_used = 0};
    for (size_t k = 0; k < size; k++)
        n += use[k] != 0;
    if (n < min_pixels)
        return false;
    struct fit f = {.cx = 0.5 * width, .cy = 0.5 * height, .plane = n >= p->plane_min};
    double scale = p->limits ? 1 / p->gain : 1, middle = background_median(values, use, size, n) * scale;
    double sigma = p->limits ? 0 : robust_sigma(values, use, size, n, middle);
    /* From above: started at 0, a nearly empty background would call each of its few counts an outlier. */
    f.b[0] = p->limits && middle < 10 ? fmax(middle, 0) + 1 : middle;
    bool fitted = false;
    for (int round = 0; round < ROUNDS; round++) {
        double before = f.b[0];
        fitted = p->limits ? poisson_round(&f, p->limits, scale, values, use, width, height, min_pixels)
                           : normal_round(&f, &sigma, values, use, width, height, min_pixels);
        if (!fitted || (round && fabs(f.b[0] - before) < 1e-4 * fabs(before)))
            break;
    }
    if (!fitted)
        return false;
    for (int i = 0; i < 3; i++)
        f.b[i] /= scale;
    for (int i = 0; i < 6; i++)
        f.cov[i] /= scale * scale;
    uncentre(out, f.b, f.cov, f.cx, f.cy);
    describe(values, use, width, height, out);
    out->noise_per_value = p->limits ? p->gain : 0;
    out->noise = p->limits ? p->gain * p->gain * p->limits->rho * p->limits->rho : sigma * sigma;
    return true;
}
