/* lattice.c - algebra of unit cells and lattices. Everything is small and dense: plain double, no iteration
 * without a bound. */
#include "kernels/lattice.h"

#include "kernels/geometry.h"

#include <math.h>
#include <string.h>

static const double DEGREE = 3.14159265358979323846 / 180;

static void column(const double m[9], int j, double v[3])
{
    for (int i = 0; i < 3; i++)
        v[i] = m[3 * i + j];
}

/* ---- bases and cells */

bool lattice_basis(const double cell[6], double basis[9])
{
    for (int i = 0; i < 3; i++)
        if (!(cell[i] >= 1 && cell[i] <= 20000) || !(cell[i + 3] >= 5 && cell[i + 3] <= 175))
            return false;
    double cosine[3];
    for (int i = 0; i < 3; i++)
        cosine[i] = cell[i + 3] == 90 ? 0 : cos(cell[i + 3] * DEGREE); /* right angles exactly right */
    double sing = cell[5] == 90 ? 1 : sin(cell[5] * DEGREE);
    double x = cosine[1], y = (cosine[0] - cosine[1] * cosine[2]) / sing, zz = 1 - x * x - y * y;
    if (!(zz > 1e-6))
        return false;
    double out[9] = {cell[0], cell[1] * cosine[2], cell[2] * x, 0, cell[1] * sing, cell[2] * y, 0,
                     0,       cell[2] * sqrt(zz)};
    memcpy(basis, out, sizeof out);
    return true;
}

void lattice_cell(const double basis[9], double cell[6])
{
    double v[3][3], length[3];
    for (int i = 0; i < 3; i++) {
        column(basis, i, v[i]);
        length[i] = vec3_length(v[i]);
    }
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3, k = (i + 2) % 3;
        double w[3];
        vec3_cross(v[j], v[k], w);
        cell[i] = length[i];
        cell[i + 3] = atan2(vec3_length(w), vec3_dot(v[j], v[k])) / DEGREE;
    }
}

bool lattice_reciprocal(const double m[9], double out[9])
{
    double d = mat3_det(m), t[9];
    if (!(fabs(d) > 0) || !isfinite(1 / d))
        return false;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            int i1 = (i + 1) % 3, i2 = (i + 2) % 3, j1 = (j + 1) % 3, j2 = (j + 2) % 3;
            t[3 * i + j] = (m[3 * i1 + j1] * m[3 * i2 + j2] - m[3 * i1 + j2] * m[3 * i2 + j1]) / d;
        }
    memcpy(out, t, sizeof t);
    return true;
}

bool lattice_is_same(const double x[9], const double y[9], double share)
{
    double a[9], change[9];
    if (!lattice_reciprocal(y, a))
        return false;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            double v = a[i] * x[j] + a[3 + i] * x[3 + j] + a[6 + i] * x[6 + j];
            change[3 * i + j] = rint(v);
            if (!(fabs(v - change[3 * i + j]) <= share))
                return false;
        }
    return fabs(fabs(mat3_det(change)) - 1) < 0.5; /* whole numbers: 1 or not */
}

void lattice_change(const double m[9], const int8_t p[9], double out[9])
{
    double t[9];
    for (int i = 0; i < 9; i++)
        t[i] = p[i];
    mat3_mul(m, t, out);
}

void lattice_metric(const double m[9], double g[9])
{
    double t[9];
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            t[3 * i + j] = m[i] * m[j] + m[3 + i] * m[3 + j] + m[6 + i] * m[6 + j];
    memcpy(g, t, sizeof t);
}

bool lattice_primitive(char centring, const double basis[9], double out[9], double to[9])
{
    static const struct {
        char letter;
        double columns[9];
    } TABLE[] = {
        // clang-format off
        {'P', {1, 0, 0,      0, 1, 0,      0, 0, 1}},
        {'A', {1, 0, 0,      0, 1, 0.5,    0, 0, 0.5}},
        {'B', {1, 0, 0.5,    0, 1, 0,      0, 0, 0.5}},
        {'C', {1, 0.5, 0,    0, 0.5, 0,    0, 0, 1}},
        {'I', {1, 0, 0.5,    0, 1, 0.5,    0, 0, 0.5}},
        {'F', {0, 0.5, 0.5,  0.5, 0, 0.5,  0.5, 0.5, 0}},
        {'R', {2 / 3., -1 / 3., -1 / 3.,  1 / 3., 1 / 3., -2 / 3.,  1 / 3., 1 / 3., 1 / 3.}}, /* obverse */
        // clang-format on
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
        if (TABLE[i].letter != centring)
            continue;
        mat3_mul(basis, TABLE[i].columns, out);
        if (to)
            memcpy(to, TABLE[i].columns, sizeof TABLE[i].columns);
        return true;
    }
    return false;
}

/* ---- reduction */

/* Column i -= k · column j, in the basis and in the record of the change. */
static void subtract(double m[9], int32_t change[9], int i, int j, double k)
{
    for (int r = 0; r < 3; r++) {
        m[3 * r + i] -= k * m[3 * r + j];
        change[3 * r + i] -= (int32_t)k * change[3 * r + j];
    }
}

static void swap_columns(double m[9], int32_t change[9], int i, int j)
{
    for (int r = 0; r < 3; r++) {
        double t = m[3 * r + i];
        m[3 * r + i] = m[3 * r + j];
        m[3 * r + j] = t;
        int32_t u = change[3 * r + i];
        change[3 * r + i] = change[3 * r + j];
        change[3 * r + j] = u;
    }
}

static double length2(const double m[9], int j)
{
    return m[j] * m[j] + m[3 + j] * m[3 + j] + m[6 + j] * m[6 + j];
}

/* One round: pairwise reduction, then the third vector against ± a ± b. True when something became shorter.
 * The factor keeps rounding from exchanging equal lengths for ever. */
static bool reduce_round(double m[9], int32_t change[9])
{
    static const double SHORTER = 1 - 1e-9;
    bool changed = false;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            if (i == j)
                continue;
            double vi[3], vj[3];
            column(m, i, vi);
            column(m, j, vj);
            double k = rint(vec3_dot(vi, vj) / vec3_dot(vj, vj) * SHORTER);
            if (k != 0 && fabs(k) < 1e6) {
                subtract(m, change, i, j, k);
                changed = true;
            }
        }
    for (int i = 0; i < 3; i++)
        for (int signs = 0; signs < 4; signs++) {
            int j = (i + 1) % 3, k = (i + 2) % 3;
            double a = signs & 1 ? -1 : 1, b = signs & 2 ? -1 : 1, t = 0;
            for (int r = 0; r < 3; r++) {
                double v = m[3 * r + i] - a * m[3 * r + j] - b * m[3 * r + k];
                t += v * v;
            }
            if (t < length2(m, i) * SHORTER) {
                subtract(m, change, i, j, a);
                subtract(m, change, i, k, b);
                changed = true;
            }
        }
    return changed;
}

void lattice_reduce(double basis[9], int32_t change[9])
{
    int32_t local[9];
    int32_t *c = change ? change : local;
    for (int i = 0; i < 9; i++)
        c[i] = i % 4 == 0;
    for (int round = 0; round < 200 && reduce_round(basis, c); round++)
        ;
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2 - i; j++)
            if (length2(basis, j) > length2(basis, j + 1) * (1 + 1e-12))
                swap_columns(basis, c, j, j + 1);
    if (mat3_det(basis) < 0)
        for (int i = 0; i < 9; i++) {
            basis[i] = -basis[i];
            c[i] = -c[i];
        }
}

/* ---- symmetry of the metric */

static void metric_after(const double g[9], const int8_t p[9], double out[9])
{
    double t[9];
    lattice_change(g, p, t);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            out[3 * i + j] = p[i] * t[j] + p[3 + i] * t[3 + j] + p[6 + i] * t[6 + j];
}

double lattice_metric_change(const double g[9], const int8_t p[9])
{
    double t[9], worst = 0;
    metric_after(g, p, t);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            worst = fmax(worst, fabs(t[3 * i + j] - g[3 * i + j]) / sqrt(g[4 * i] * g[4 * j]));
    return worst;
}

static int determinant_of(const int8_t p[9])
{
    return p[0] * (p[4] * p[8] - p[5] * p[7]) - p[1] * (p[3] * p[8] - p[5] * p[6]) +
           p[2] * (p[3] * p[7] - p[4] * p[6]);
}

size_t lattice_operations(const double g[9], double lo, double hi, int8_t (*p)[9], size_t cap)
{
    static const int8_t IDENTITY[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    size_t n = 0;
    if (lo <= 0 && hi > 0) {
        if (n < cap)
            memcpy(p[n], IDENTITY, sizeof IDENTITY);
        n++;
    }
    for (int code = 0; code < 19683; code++) { /* 3^9 */
        int8_t t[9];
        for (int i = 0, x = code; i < 9; i++, x /= 3)
            t[i] = (int8_t)(x % 3 - 1);
        if (determinant_of(t) != 1 || memcmp(t, IDENTITY, sizeof t) == 0)
            continue;
        double change = lattice_metric_change(g, t);
        if (change < lo || change >= hi)
            continue;
        if (n < cap)
            memcpy(p[n], t, sizeof t);
        n++;
    }
    return n;
}

void lattice_symmetrise(const double g[9], const int8_t (*p)[9], size_t n, double out[9])
{
    double sum[9] = {0}, t[9];
    for (size_t k = 0; k < n; k++) {
        metric_after(g, p[k], t);
        for (int i = 0; i < 9; i++)
            sum[i] += t[i];
    }
    for (int i = 0; i < 9; i++)
        out[i] = n ? sum[i] / (double)n : g[i];
}

/* Average of RᵀER over the group, R = basis · P · basis⁻¹. */
static void average_strain(const double basis[9], const double inverse_t[9], const int8_t (*p)[9], size_t n,
                           const double e[9], double out[9])
{
    double sum[9] = {0}, inverse[9], r[9], t[9], rt[9];
    for (int i = 0; i < 9; i++)
        inverse[i] = inverse_t[i % 3 * 3 + i / 3];
    for (size_t k = 0; k < n; k++) {
        lattice_change(basis, p[k], r);
        mat3_mul(r, inverse, r);
        for (int i = 0; i < 9; i++)
            rt[i] = r[i % 3 * 3 + i / 3];
        mat3_mul(e, r, t);
        mat3_mul(rt, t, t);
        for (int i = 0; i < 9; i++)
            sum[i] += t[i] / (double)n;
    }
    memcpy(out, sum, sizeof sum);
}

size_t lattice_strains(const double basis[9], const int8_t (*p)[9], size_t n, double strain[6][9])
{
    static const int PAIR[6][2] = {{0, 0}, {1, 1}, {2, 2}, {0, 1}, {0, 2}, {1, 2}};
    double inverse_t[9];
    size_t found = 0;
    if (n == 0 || !lattice_reciprocal(basis, inverse_t))
        return 0;
    for (int seed = 0; seed < 6; seed++) {
        double e[9] = {0}, s[9], norm = 0;
        e[3 * PAIR[seed][0] + PAIR[seed][1]] = e[3 * PAIR[seed][1] + PAIR[seed][0]] = 1;
        average_strain(basis, inverse_t, p, n, e, s);
        for (size_t k = 0; k < found; k++) { /* Gram-Schmidt against those already there */
            double overlap = 0;
            for (int i = 0; i < 9; i++)
                overlap += s[i] * strain[k][i];
            for (int i = 0; i < 9; i++)
                s[i] -= overlap * strain[k][i];
        }
        for (int i = 0; i < 9; i++)
            norm += s[i] * s[i];
        if (norm < 1e-6)
            continue;
        for (int i = 0; i < 9; i++)
            strain[found][i] = s[i] / sqrt(norm);
        found++;
    }
    return found;
}

/* ---- rotations */

bool lattice_nearest_rotation(const double m[9], double rotation[9])
{
    double x[9], y[9];
    if (!(mat3_det(m) > 0))
        return false;
    memcpy(x, m, sizeof x);
    for (int step = 0; step < 50; step++) { /* Newton for the polar factor: 5 steps near a rotation */
        double change = 0;
        if (!lattice_reciprocal(x, y))
            return false;
        for (int i = 0; i < 9; i++) {
            double next = 0.5 * (x[i] + y[i]);
            change = fmax(change, fabs(next - x[i]));
            x[i] = next;
        }
        if (change < 1e-15)
            break;
    }
    memcpy(rotation, x, sizeof x);
    return isfinite(mat3_det(x));
}

void lattice_rotation(const double w[3], double rotation[9])
{
    double angle = vec3_length(w), s = 1, c = 0.5; /* limits of sin a / a and (1 - cos a)/a² */
    if (angle > 1e-8) {
        double half = sin(angle / 2);
        s = sin(angle) / angle;
        c = 2 * half * half / (angle * angle);
    }
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            rotation[3 * i + j] = (i == j) * cos(angle) + c * w[i] * w[j];
    rotation[1] -= s * w[2];
    rotation[2] += s * w[1];
    rotation[3] += s * w[2];
    rotation[5] -= s * w[0];
    rotation[6] -= s * w[1];
    rotation[7] += s * w[0];
}

double lattice_rotation_angle(const double r[9])
{
    double v[3] = {r[7] - r[5], r[2] - r[6], r[3] - r[1]};
    return atan2(vec3_length(v), r[0] + r[4] + r[8] - 1);
}

/* ---- small positive definite systems */

void cholesky_apply(const double *factor, double *g, int n, int stride)
{
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < i; k++)
            g[i] -= factor[i * stride + k] * g[k];
        g[i] /= factor[i * stride + i];
    }
    for (int i = n - 1; i >= 0; i--) {
        for (int k = i + 1; k < n; k++)
            g[i] -= factor[k * stride + i] * g[k];
        g[i] /= factor[i * stride + i];
    }
}

bool cholesky_solve(double *h, double *g, int n, int stride)
{
    for (int j = 0; j < n; j++) {
        for (int k = 0; k < j; k++)
            for (int i = j; i < n; i++)
                h[i * stride + j] -= h[i * stride + k] * h[j * stride + k];
        double d = h[j * stride + j];
        if (!(d > 0) || !isfinite(d))
            return false;
        d = 1 / sqrt(d);
        for (int i = j; i < n; i++)
            h[i * stride + j] *= d;
    }
    cholesky_apply(h, g, n, stride);
    return true;
}

double cholesky_log_det(const double *factor, int n, int stride)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += 2 * log(factor[i * stride + i]);
    return sum;
}
