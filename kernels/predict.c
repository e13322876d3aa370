/* predict.c - prediction of stills. The formulas are those of DIALS' StillsRayPredictor, written so that s1 and Δψ
 * agree to rounding; the enumeration is ours: |Δψ| ≤ ψ bounds how far f(q) = q² + 2 q·s0 (zero on the sphere) is from
 * zero, and along a row of nodes q = p + l c* f is a quadratic in l, so the l worth looking at form at most two short
 * intervals. */
#include "kernels/predict.h"

#include "kernels/geometry_panel.h"
#include "kernels/sort.h"
#include "kernels/geometry.h"

#include <math.h>

#define RADIANS (3.14159265358979323846 / 180)

bool predict_ray(const double A[9], const struct beam_vector *beam, const int32_t hkl[3], double s1[3],
                 double *delpsi)
{
    double h[3] = {hkl[0], hkl[1], hkl[2]}, q[3], s0[3], e1[3], c0[3], q0[3], q1[3], r[3];
    mat3_vec(A, h, q);
    for (int i = 0; i < 3; i++) {
        s0[i] = -beam->direction[i]; /* unit */
        q0[i] = q[i];
    }
    double qq = vec3_dot(q, q), a = 0.5 * qq * beam->wavelength, bb = qq - a * a;
    if (!(qq > 0) || !(bb > 0) || !vec3_norm(q0, q0))
        return false;
    vec3_cross(q, s0, e1);
    if (!(vec3_length(e1) > 1e-12 * sqrt(qq)) || !vec3_norm(e1, e1)) /* on the beam: no plane to turn in */
        return false;
    vec3_cross(s0, e1, c0);
    vec3_cross(q0, e1, q1);
    if (!vec3_norm(c0, c0) || !vec3_norm(q1, q1))
        return false;
    double b = sqrt(bb);
    for (int i = 0; i < 3; i++) {
        r[i] = b * c0[i] - a * s0[i];
        s1[i] = s0[i] / beam->wavelength + r[i];
    }
    *delpsi = -atan2(vec3_dot(r, q1), vec3_dot(r, q0));
    if (!vec3_norm(s1, s1))
        return false;
    for (int i = 0; i < 3; i++)
        s1[i] /= beam->wavelength;
    return isfinite(*delpsi);
}

static bool has_envelope(const struct lattice *l)
{
    return l->domain_size_ang > 0 || l->half_mosaicity_deg > 0;
}

double predict_envelope(const struct lattice *l, double d)
{
    if (!has_envelope(l))
        return PREDICT_DEFAULT_ENVELOPE;
    double size = l->domain_size_ang > 0 ? d / l->domain_size_ang : 0;
    return size + l->half_mosaicity_deg * RADIANS / 2;
}

double predict_reach(const struct predict_params *params, const struct lattice *l, double d)
{
    if (!(params->widen > 0) || !has_envelope(l))
        return predict_envelope(l, d) * fmax(params->widen, 1);
    double size = l->domain_size_ang > 0 ? d / l->domain_size_ang : 0;
    return params->widen * (size + l->half_mosaicity_deg * RADIANS);
}

double predict_sigma_psi(const struct lattice *l, double d)
{
    if (!has_envelope(l))
        return PREDICT_DEFAULT_ENVELOPE / sqrt(3);
    double size = l->domain_size_ang > 0 ? d / (2 * l->domain_size_ang) : 0;
    return hypot(l->half_mosaicity_deg * RADIANS, size) / sqrt(3);
}

bool predict_absent(const struct symop *ops, size_t n_ops, const int32_t hkl[3])
{
    for (size_t i = 0; i < n_ops; i++) {
        const int8_t *r = ops[i].r, *t = ops[i].t;
        bool same = true;
        for (int j = 0; j < 3 && same; j++)
            same = (int64_t)hkl[0] * r[j] + (int64_t)hkl[1] * r[3 + j] + (int64_t)hkl[2] * r[6 + j] == hkl[j];
        if (same && ((int64_t)hkl[0] * t[0] + (int64_t)hkl[1] * t[1] + (int64_t)hkl[2] * t[2]) % 12 != 0)
            return true;
    }
    return false;
}

double predict_d_min(const struct view *view)
{
    double largest = 0;
    for (size_t i = 0; i < view->n_panels; i++)
        for (int corner = 0; corner < 4; corner++) {
            const struct panel *p = &view->panels[i];
            double px[2] = {corner & 1 ? p->n_fast : 0, corner & 2 ? p->n_slow : 0}, lab[3];
            panel_pixel_to_point(p, px, lab);
            double inverse = point_inverse_d(view->beam, lab);
            if (inverse > largest)
                largest = inverse;
        }
    return largest > 0 ? 1 / largest : 0;
}

/* How soon a ray s1 meets the plane of a panel: 1/t of origin·n = t·(s1·n). Larger is nearer; ≤ 0: never. */
static double nearness(const struct panel *p, const double s1[3])
{
    double n[3];
    vec3_cross(p->fast, p->slow, n);
    return vec3_dot(n, s1) / vec3_dot(n, p->origin);
}

bool predict_impact(const struct view *view, const double s1[3], uint32_t *panel, double mm[2], double px[2])
{
    double best = 0;
    for (size_t i = 0; i < view->n_panels; i++) {
        const struct panel *p = &view->panels[i];
        double near = nearness(p, s1), at[2];
        if (!(near > best) || !panel_ray_to_mm(p, s1, at))
            continue;
        if (!(at[0] >= 0 && at[1] >= 0 && at[0] < p->n_fast * p->pixel_fast &&
              at[1] < p->n_slow * p->pixel_slow))
            continue;
        best = near;
        *panel = (uint32_t)i;
        mm[0] = at[0];
        mm[1] = at[1];
    }
    if (!(best > 0))
        return false;
    panel_mm_to_pixel(&view->panels[*panel], mm, px);
    return true;
}

/* ---- enumeration ---- */

/* l with a l² + 2 b l + c ≤ 0, as a closed interval of doubles; false: none. */
static bool interval_below(double a, double b, double c, double *from, double *to)
{
    double disc = b * b - a * c;
    if (!(disc >= 0) || !(a > 0))
        return false;
    double root = sqrt(disc);
    *from = (-b - root) / a;
    *to = (-b + root) / a;
    return true;
}

/* Two closed intervals of integers; empty when from > to. */
struct rows_of_l {
    int32_t from[2], to[2];
};

static int32_t clamp_index(double x)
{
    if (!(x > -PREDICT_MAX_INDEX))
        return -PREDICT_MAX_INDEX;
    return x < PREDICT_MAX_INDEX ? (int32_t)x : PREDICT_MAX_INDEX;
}

/* The l of row p + l c whose nodes have |q| ≤ q_max and |q² + 2 q·s0| ≤ width; a little more, never less. */
static struct rows_of_l row_intervals(const double p[3], const double c[3], const double s0[3], double q_max,
                                      double width)
{
    struct rows_of_l rows = {{1, 1}, {0, 0}};
    double cc = vec3_dot(c, c), pc = vec3_dot(p, c), pp = vec3_dot(p, p), b = pc + vec3_dot(c, s0),
           f0 = pp + 2 * vec3_dot(p, s0);
    double q_from, q_to, out_from, out_to, in_from, in_to;
    if (!interval_below(cc, pc, pp - q_max * q_max, &q_from, &q_to) ||
        !interval_below(cc, b, f0 - width, &out_from, &out_to))
        return rows;
    double from = fmax(q_from, out_from), to = fmin(q_to, out_to);
    const double slack = 1e-6; /* rounding of the roots; every node found is tested exactly */
    if (!interval_below(cc, b, f0 + width, &in_from, &in_to) || in_to - in_from < 1) {
        rows.from[0] = clamp_index(ceil(from - slack));
        rows.to[0] = clamp_index(floor(to + slack));
        return rows;
    }
    /* Between the two intervals lie the nodes well inside the sphere. */
    rows.from[0] = clamp_index(ceil(from - slack));
    rows.to[0] = clamp_index(floor(fmin(to, in_from) + slack));
    rows.from[1] = clamp_index(ceil(fmax(from, in_to) - slack));
    rows.to[1] = clamp_index(floor(to + slack));
    if (rows.from[1] <= rows.to[0]) /* met by the slack: no node twice */
        rows.from[1] = rows.to[0] + 1;
    return rows;
}

_Static_assert(sizeof(struct reflection) <= SORT_MAX_SIZE, "rows must be sortable");

struct search {
    const struct view *view;
    const struct lattice *lattice;
    const struct symop *ops;
    size_t n_ops;
    uint32_t number;
    double d_min, d_max;
    const struct predict_params *params;
};

/* Exact test of one node; fills *row when the detector sees it. */
static bool see_node(const struct search *s, const int32_t hkl[3], struct reflection *row)
{
    double h[3] = {hkl[0], hkl[1], hkl[2]}, q[3], s1[3], mm[2], px[2], delpsi;
    uint32_t panel;
    mat3_vec(s->lattice->A, h, q);
    double d = 1 / vec3_length(q);
    if (!(d >= s->d_min) || d > s->d_max)
        return false;
    if (!predict_ray(s->lattice->A, s->view->beam, hkl, s1, &delpsi) ||
        !(fabs(delpsi) < predict_reach(s->params, s->lattice, d)))
        return false;
    if (predict_absent(s->ops, s->n_ops, hkl) || !predict_impact(s->view, s1, &panel, mm, px))
        return false;
    double z = delpsi / predict_sigma_psi(s->lattice, d);
    *row = (struct reflection){.hkl = {hkl[0], hkl[1], hkl[2]},
                               .panel = panel,
                               .flags = REFL_PREDICTED,
                               .lattice = s->number,
                               .spot = -1,
                               .s1 = {s1[0], s1[1], s1[2]},
                               .cal_px = {px[0], px[1]},
                               .cal_mm = {mm[0], mm[1]},
                               .delpsi = delpsi,
                               .d = d,
                               .partiality = exp(-0.5 * z * z)};
    return true;
}

/* What a search has found so far. */
struct found {
    struct reflection *out;
    size_t n, capacity, tried;
};

/* Try the nodes of row (h, k); false when there were too many altogether. */
static bool try_row(const struct search *s, int32_t h, int32_t k, const struct rows_of_l *rows,
                    struct found *f)
{
    for (int part = 0; part < 2; part++)
        for (int32_t l = rows->from[part]; l <= rows->to[part]; l++) {
            struct reflection row;
            if (++f->tried > PREDICT_MAX_NODES)
                return false;
            if (!see_node(s, (int32_t[3]){h, k, l}, &row))
                continue;
            if (f->n < f->capacity)
                f->out[f->n] = row;
            f->n++;
        }
    return true;
}

static int by_panel_hkl(const void *left, const void *right)
{
    const struct reflection *a = left, *b = right;
    if (a->panel != b->panel)
        return a->panel < b->panel ? -1 : 1;
    for (int i = 0; i < 3; i++)
        if (a->hkl[i] != b->hkl[i])
            return a->hkl[i] < b->hkl[i] ? -1 : 1;
    return 0;
}

/* Largest index along real axis i, at most PREDICT_MAX_INDEX: |axis|/d_min; axes are rows of A⁻¹. */
static int32_t largest_index(const double A[9], int i, double d_min)
{
    double column[3][3], axis[3];
    for (int j = 0; j < 3; j++)
        for (int k = 0; k < 3; k++)
            column[j][k] = A[3 * k + j];
    vec3_cross(column[(i + 1) % 3], column[(i + 2) % 3], axis);
    double length = vec3_length(axis) / fabs(vec3_dot(column[i], axis));
    return clamp_index(floor(length / d_min + 1e-6));
}

size_t predict_lattice(const struct predict_params *params, const struct view *view,
                       const struct lattice *lattice, uint32_t number, const struct symop *ops, size_t n_ops,
                       struct reflection *out, size_t capacity)
{
    struct search s = {
        .view = view, .lattice = lattice, .ops = ops, .n_ops = n_ops, .number = number, .params = params};
    const double *A = lattice->A;
    double lambda = view->beam->wavelength, s0[3], a[3], b[3], c[3];
    for (int i = 0; i < 3; i++) {
        s0[i] = -view->beam->direction[i] / lambda;
        a[i] = A[3 * i];
        b[i] = A[3 * i + 1];
        c[i] = A[3 * i + 2];
    }
    double volume[3];
    vec3_cross(b, c, volume);
    s.d_min = params->d_min > 0 ? params->d_min : predict_d_min(view);
    s.d_max = params->d_max > 0 ? params->d_max : INFINITY;
    if (!(s.d_min > 0) || !(lambda > 0) || !(fabs(vec3_dot(a, volume)) > 0) || !isfinite(vec3_dot(a, volume)))
        return 0;
    if (s.d_min < lambda / 2) /* beyond the limiting sphere nothing diffracts */
        s.d_min = lambda / 2;

    /* |cos x − cos y| ≤ |x − y| gives |q² + 2 q·s0| ≤ 2 |q| ψ/λ, and |q| ψ(1/|q|) is largest at q_max. */
    double q_max = 1 / s.d_min,
           width = 2 / lambda * q_max * predict_reach(params, lattice, s.d_min) * (1 + 1e-9);
    int32_t h_max = largest_index(A, 0, s.d_min), k_max = largest_index(A, 1, s.d_min);
    struct found f = {.out = out, .capacity = capacity};
    for (int32_t h = -h_max; h <= h_max; h++)
        for (int32_t k = -k_max; k <= k_max; k++) {
            double p[3] = {h * a[0] + k * b[0], h * a[1] + k * b[1], h * a[2] + k * b[2]};
            struct rows_of_l rows = row_intervals(p, c, s0, q_max * (1 + 1e-12), width);
            if (!try_row(&s, h, k, &rows, &f))
                return 0;
        }
    sort_heap(out, f.n < capacity ? f.n : capacity, sizeof *out, by_panel_hkl);
    return f.n;
}
