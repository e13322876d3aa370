/* cell_run_fit.c - mean cell of a run under a group of rotations, by expectation maximisation over the settings of each still and
 * the scatter of the crystals.
 *
 * Scatter: T = τ² diag(1, 1, 1, ½, ½, ½) + κ² s sᵀ, s = (1, 1, 1, 0, 0, 0). The common scale (hydration, wavelength, distance) is
 * larger than the rest and must be its own parameter: otherwise shears are used to explain lengths. Both by maximum likelihood:
 * moments are drawn to the badly determined directions.
 */
#include "kernels/cell_run_internal.h"

#include "kernels/geometry.h"

#include <string.h>

enum { ROUNDS = 20 };
static const double PI = 3.14159265358979323846;
static const double FORBIDDEN = 0.01; /* prior of a strain that a symmetry forbids */
static const double COMMON = 0.0003;  /* error that all stills share */
static const double FLOOR = 1e-4;     /* of tau and kappa */
static const double START_TAU = 0.0007, START_KAPPA = 0.001;
static const int ROW[6] = {0, 1, 2, 0, 0, 1}, COLUMN[6] = {0, 1, 2, 1, 2, 2};

/* Share of tau² that a strain has: a shear of a matrix element is half. */
static double part(int k)
{
    return k < 3 ? 1 : 0.5;
}

void run_frame(const double g[9], double c[9])
{
    double a = sqrt(g[0]), bx = g[1] / a, cx = g[2] / a, by = sqrt(g[4] - bx * bx),
           cy = (g[5] - bx * cx) / by, out[9] = {a, bx, cx, 0, by, cy, 0, 0, sqrt(g[8] - cx * cx - cy * cy)};
    memcpy(c, out, sizeof out);
}

void run_strain(const double m[9], const double c[9], double e[6])
{
    double a[9], g[9];
    lattice_metric(m, g);
    if (!lattice_reciprocal(c, a))
        memset(a, 0, sizeof a);
    for (int k = 0; k < 6; k++) { /* ½ (C⁻ᵀ G C⁻¹ − 1) */
        double v = 0;
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                v += a[3 * ROW[k] + i] * g[3 * i + j] * a[3 * COLUMN[k] + j];
        e[k] = 0.5 * (v - (k < 3));
    }
}

void run_turn(const double m[9], const double cov[36], double out[36])
{
    double a[3] = {m[0], m[3], m[6]}, b[3] = {m[1], m[4], m[7]}, u[3][3], turn[36], t[36] = {0},
           sum[36] = {0};
    vec3_norm(a, u[0]);
    vec3_cross(a, b, u[2]);
    vec3_norm(u[2], u[2]);
    vec3_cross(u[2], u[0], u[1]);
    for (int k = 0; k < 6; k++) /* component k of Uᵀ E U for the unit strain n */
        for (int n = 0; n < 6; n++) {
            int i = ROW[n], j = COLUMN[n];
            turn[6 * k + n] = u[ROW[k]][i] * u[COLUMN[k]][j] + (n > 2 ? u[ROW[k]][j] * u[COLUMN[k]][i] : 0);
        }
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 6; j++)
            for (int k = 0; k < 6; k++)
                t[6 * i + j] += turn[6 * i + k] * cov[6 * k + j];
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 6; j++)
            for (int k = 0; k < 6; k++)
                sum[6 * i + j] += t[6 * i + k] * turn[6 * j + k];
    memcpy(out, sum, sizeof sum);
}

/* Inverse of a symmetric positive 6 × 6 matrix; returns ln of its determinant. */
static double invert(const double a[36], double out[36])
{
    double l[36], none[6] = {0}, log_det;
    memcpy(l, a, sizeof l);
    if (!cholesky_solve(l, none, 6, 6)) { /* not a covariance: says nothing */
        memset(out, 0, 36 * sizeof *out);
        return 1e9;
    }
    log_det = cholesky_log_det(l, 6, 6);
    for (int c = 0; c < 6; c++) {
        double b[6] = {0};
        b[c] = 1;
        for (int i = c; i < 6; i++) {
            for (int k = c; k < i; k++)
                b[i] -= l[6 * i + k] * b[k];
            b[i] /= l[7 * i];
        }
        for (int i = 5; i >= 0; i--) {
            for (int k = i + 1; k < 6; k++)
                b[i] -= l[6 * k + i] * b[k];
            b[i] /= l[7 * i];
        }
        for (int r = 0; r < 6; r++)
            out[6 * r + c] = b[r];
    }
    return log_det;
}

static void add_scatter(double cov[36], double tau2, double kappa2)
{
    for (int a = 0; a < 6; a++) {
        cov[7 * a] += tau2 * part(a);
        for (int b = 0; a < 3 && b < 3; b++)
            cov[6 * a + b] += kappa2;
    }
}

/* Sums of a round. */
struct sums {
    double information[36], pull[6]; /* Σ rW, Σ rWε */
    double tau2, kappa2, log_likelihood;
};

/* Shares of the settings of a still; its log likelihood, the setting summed over. */
static double weigh(struct member *m, const struct fit *f)
{
    double value[SETTINGS], top = -INFINITY, sum = 0;
    if (m->n == 0)
        return 0;
    for (size_t c = 0; c < m->n; c++) {
        struct setting *s = &m->setting[c];
        double cov[36], chi2 = 0;
        run_strain(s->m, f->c, s->strain);
        memcpy(cov, s->cov, sizeof cov);
        add_scatter(cov, f->tau * f->tau, f->kappa * f->kappa);
        double log_det = invert(cov, s->weight);
        for (int a = 0; a < 6; a++)
            for (int b = 0; b < 6; b++)
                chi2 += s->strain[a] * s->weight[6 * a + b] * s->strain[b];
        value[c] = -0.5 * (chi2 + log_det);
        top = fmax(top, value[c]);
    }
    for (size_t c = 0; c < m->n; c++)
        sum += m->setting[c].share = exp(value[c] - top);
    for (size_t c = 0; c < m->n; c++)
        m->setting[c].share /= sum;
    return top + log(sum) - 3 * log(2 * PI);
}

static void add_setting(const struct setting *s, const struct fit *f, struct sums *x)
{
    double y[6] = {0}, tau2 = f->tau * f->tau, kappa2 = f->kappa * f->kappa, trace = 0, square = 0,
           common = 0, common_weight = 0;
    for (int a = 0; a < 6; a++) {
        for (int b = 0; b < 6; b++) {
            x->information[6 * a + b] += s->share * s->weight[6 * a + b];
            y[a] += s->weight[6 * a + b] * s->strain[b];
            common_weight += a < 3 && b < 3 ? s->weight[6 * a + b] : 0;
        }
        x->pull[a] += s->share * y[a];
        trace += part(a) * s->weight[7 * a];
        square += part(a) * y[a] * y[a];
        common += a < 3 ? y[a] : 0;
    }
    x->tau2 += s->share * (tau2 * tau2 * (square - trace) + 6 * tau2);
    x->kappa2 += s->share * (kappa2 * kappa2 * (common * common - common_weight) + kappa2);
}

static void expect(struct member *members, size_t n, const struct fit *f, struct sums *x)
{
    memset(x, 0, sizeof *x);
    for (size_t i = 0; i < n; i++) {
        x->log_likelihood += weigh(&members[i], f);
        for (size_t c = 0; c < members[i].n; c++)
            if (members[i].setting[c].share >= 1e-6)
                add_setting(&members[i].setting[c], f, x);
    }
}

/* C ← (1 + δ) C; the metric of that. */
static void maximise(const struct sums *x, size_t n, struct fit *f, double metric[9])
{
    double inverse[36], e[6] = {0};
    invert(x->information, inverse);
    for (int a = 0; a < 6; a++)
        for (int b = 0; b < 6; b++)
            e[a] += inverse[6 * a + b] * x->pull[b];
    double grow[9] = {1 + e[0], e[3], e[4], e[3], 1 + e[1], e[5], e[4], e[5], 1 + e[2]}, c[9];
    mat3_mul(grow, f->c, c);
    lattice_metric(c, metric);
    f->tau = fmax(FLOOR, sqrt(fmax(0, x->tau2 / (6 * (double)n))));
    f->kappa = fmax(FLOOR, sqrt(fmax(0, x->kappa2 / (double)n)));
}

/* The error common to all stills is integrated out; each free parameter pays its prior over its error. */
static double cost_of(const struct sums *x, uint32_t n_free)
{
    double wide[36], inverse[36], gain = 0, variance = 0;
    memcpy(wide, x->information, sizeof wide);
    for (int a = 0; a < 6; a++)
        wide[7 * a] += 1 / (COMMON * COMMON);
    double log_det = invert(wide, inverse) + 12 * log(COMMON);
    for (int a = 0; a < 6; a++)
        for (int b = 0; b < 6; b++)
            gain += x->pull[a] * inverse[6 * a + b] * x->pull[b];
    invert(x->information, inverse);
    for (int a = 0; a < 6; a++)
        variance += inverse[7 * a] / 6;
    return -2 * x->log_likelihood - gain + log_det +
           n_free * log(FORBIDDEN * FORBIDDEN / (variance + COMMON * COMMON));
}

void run_fit(struct member *members, size_t n, const struct lattice_group *g, const double metric[9],
             struct fit *f)
{
    struct sums x;
    double mean[9];
    memcpy(mean, metric, sizeof mean);
    if (!(f->tau > 0)) {
        f->tau = START_TAU;
        f->kappa = START_KAPPA;
    }
    for (int round = 0; round < ROUNDS; round++) {
        lattice_symmetrise(mean, (const int8_t(*)[9])g->op, g->n, mean);
        run_frame(mean, f->c);
        expect(members, n, f, &x);
        if (round < ROUNDS - 1)
            maximise(&x, n, f, mean);
    }
    f->cost = cost_of(&x, g->free);
}
