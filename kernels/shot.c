/* shot.c - see shot.h. */
#include "kernels/shot.h"

#include "kernels/geometry.h"
#include "kernels/geometry_panel.h"
#include "kernels/index_internal.h"

#include <string.h>

static const double LARGEST_TURN = 0.02; /* radians a step: beyond it the nodes are others */
static const double SMALLEST_TURN = 2e-7;

void shot_prior(const struct index_cell *cell, double sigma, double common, double prior[36])
{
    double t[6], share = common > 0 ? common * common / (sigma * sigma + 3 * common * common) : 0;
    memset(prior, 0, 36 * sizeof *prior);
    if (!(sigma > 0))
        return;
    for (size_t k = 0; k < cell->n_strains; k++)
        t[k] = cell->strain[k][0] + cell->strain[k][4] + cell->strain[k][8];
    for (size_t a = 0; a < cell->n_strains; a++)
        for (size_t b = 0; b < cell->n_strains; b++)
            prior[6 * a + b] = ((a == b) - share * t[a] * t[b]) / (sigma * sigma);
}

void shot_matrix(const struct shot *s, double A[9])
{
    double e[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1}, b0[9];
    for (size_t k = 0; k < s->cell->n_strains; k++)
        for (int i = 0; i < 9; i++)
            e[i] += s->strain[k] * s->cell->strain[k][i];
    lattice_reciprocal(s->cell->conventional, b0);
    mat3_mul(e, b0, A);
    mat3_mul(s->u, A, A);
}

double shot_mean_strain(const struct shot *s)
{
    double sum = 0;
    for (size_t k = 0; k < s->cell->n_strains; k++)
        sum += s->strain[k] * (s->cell->strain[k][0] + s->cell->strain[k][4] + s->cell->strain[k][8]);
    return -sum / 3; /* strains are those of reciprocal space */
}

bool shot_start(struct shot *s, const double A[9])
{
    double basis[9], x[9], t[9], e[9];
    mat3_transpose(s->cell->conventional, basis); /* B0⁻¹ */
    mat3_mul(A, basis, x);
    if (!lattice_nearest_rotation(x, s->u))
        return false;
    mat3_transpose(s->u, t);
    mat3_mul(t, x, e);
    for (size_t k = 0; k < s->cell->n_strains; k++) {
        s->strain[k] = 0;
        for (int i = 0; i < 9; i++)
            s->strain[k] += s->cell->strain[k][i] * (e[i] - (i % 4 == 0));
    }
    return true;
}

static double kappa(const struct run_noise *noise, double q)
{
    double a = noise->kappa1 * q * noise->kappa1 * q;
    return a > 0 ? a / (noise->kappa0 * noise->kappa0 + a) : 0;
}

double shot_ray(const struct run_noise *noise, const struct beam_vector *beam, const double q[3],
                double s1[3], double tan[3], double direction[3])
{
    double length = vec3_length(q), s[3];
    vec3_add_scaled(q, -1 / beam->wavelength, beam->direction, s);
    double epsilon = vec3_length(s) - 1 / beam->wavelength, k = kappa(noise, length);
    vec3_norm(s, direction);
    double sine = vec3_dot(q, direction) / length, f = k > 0 ? k * sine / (1 - k * sine * sine) : 0;
    for (int j = 0; j < 3; j++) {
        tan[j] = f * (q[j] / length - sine * direction[j]);
        s1[j] = s[j] + epsilon * tan[j];
    }
    return epsilon;
}

void shot_prepare(const struct shot *s, struct shot_frame *f)
{
    double b0[9];
    shot_matrix(s, f->A);
    lattice_reciprocal(s->cell->conventional, b0);
    for (size_t k = 0; k < s->cell->n_strains; k++) {
        mat3_mul(s->cell->strain[k], b0, f->strained[k]);
        mat3_mul(s->u, f->strained[k], f->strained[k]);
    }
}

static void weights(const struct run_noise *noise, const double cov[3], double w[3])
{
    double scale = noise->scale * noise->scale, floor = noise->floor_px * noise->floor_px;
    double a = scale * cov[0] + floor, b = scale * cov[1] + floor, c = scale * cov[2],
           k = 1 / (a * b - c * c);
    vec3_set(w, b * k, a * k, -c * k);
}

/* The part of a row that needs no derivatives. */
static bool residuals(const struct run_noise *noise, const struct shot *s, const double A[9],
                      const struct shot_spot *spot, struct shot_row *row, double q[3], double tan[3],
                      double direction[3])
{
    const struct panel *p = &s->panels[spot->panel];
    double h[3] = {spot->hkl[0], spot->hkl[1], spot->hkl[2]}, mm[2];
    mat3_vec(A, h, q);
    row->q = vec3_length(q);
    if (!(row->q > 0))
        return false;
    row->residual[2] = -shot_ray(noise, &s->beam, q, row->s1, tan, direction);
    if (!panel_ray_to_mm(p, row->s1, mm))
        return false;
    row->residual[0] = (spot->mm[0] - mm[0]) / p->pixel_fast;
    row->residual[1] = (spot->mm[1] - mm[1]) / p->pixel_slow;
    row->sigma_e = hypot(noise->sigma_e0, noise->sigma_e1 * row->q);
    weights(noise, spot->cov, row->w);
    return true;
}

bool shot_row(const struct run_noise *noise, const struct shot *s, const struct shot_frame *f,
              const struct shot_spot *spot, struct shot_row *row)
{
    const struct panel *p = &s->panels[spot->panel];
    double q[3], tan[3], direction[3], normal[3];
    if (!residuals(noise, s, f->A, spot, row, q, tan, direction))
        return false;
    double h[3] = {spot->hkl[0], spot->hkl[1], spot->hkl[2]};
    vec3_cross(p->fast, p->slow, normal);
    double towards = vec3_dot(row->s1, normal), distance = vec3_dot(p->origin, normal),
           kf = vec3_dot(row->s1, p->fast) / towards, ks = vec3_dot(row->s1, p->slow) / towards;
    for (size_t c = 0; c < 3 + s->cell->n_strains; c++) {
        double dq[3], ds[3], axis[3] = {c == 0, c == 1, c == 2};
        if (c < 3)
            vec3_cross(axis, q, dq);
        else
            mat3_vec(f->strained[c - 3], h, dq);
        double de = vec3_dot(direction, dq); /* terms ∝ ε dq are left out: below 0.4 % of a derivative */
        vec3_add_scaled(dq, de, tan, ds);
        double dw = vec3_dot(ds, normal);
        row->d[0][c] = distance / towards * (vec3_dot(ds, p->fast) - kf * dw) / p->pixel_fast;
        row->d[1][c] = distance / towards * (vec3_dot(ds, p->slow) - ks * dw) / p->pixel_slow;
        row->d[2][c] = de;
    }
    return true;
}

/* Nearest node of every spot: through the reduced basis, so that nodes which a centring forbids are none. */
static void assign(struct shot *s, const double A[9])
{
    const struct index_cell *c = s->cell;
    double basis[9], back[9], reduced[9];
    if (!lattice_reciprocal(A, basis) || !mat3_inverse(c->to_conventional, back))
        return;
    mat3_mul(basis, back, reduced);
    for (size_t i = 0; i < s->n; i++) {
        struct shot_spot *spot = &s->spots[i];
        double lab[3], q[3], h[3], out[3];
        panel_mm_to_point(&s->panels[spot->panel], spot->mm, lab);
        vec3_norm(lab, lab);
        for (int k = 0; k < 3; k++)
            q[k] = (lab[k] + s->beam.direction[k]) / s->beam.wavelength;
        mat3_tvec(reduced, q, h);
        for (int k = 0; k < 3; k++)
            h[k] = nearest_integer(h[k]);
        mat3_tvec(c->to_conventional, h, out);
        for (int k = 0; k < 3; k++)
            spot->hkl[k] = fabs(out[k]) < 1e6 ? (int32_t)nearest_integer(out[k]) : 0;
    }
}

size_t shot_assess(const struct run_noise *noise, struct shot *s, double cut)
{
    double A[9];
    shot_matrix(s, A);
    if (s->reassign)
        assign(s, A);
    s->inside = 0;
    for (size_t i = 0; i < s->n; i++) {
        struct shot_spot *spot = &s->spots[i];
        struct shot_row row;
        double q[3], tan[3], direction[3];
        spot->weight = spot->q = 0;
        if ((!spot->hkl[0] && !spot->hkl[1] && !spot->hkl[2]) ||
            !residuals(noise, s, A, spot, &row, q, tan, direction))
            continue;
        const double *r = row.residual, *w = row.w;
        double e = r[2] / row.sigma_e,
               d2 = w[0] * r[0] * r[0] + w[1] * r[1] * r[1] + 2 * w[2] * r[0] * r[1] + e * e;
        memcpy(spot->residual, r, sizeof spot->residual);
        spot->q = row.q;
        if (d2 < cut * cut) {
            spot->weight = 1 - d2 / (cut * cut);
            s->inside++;
        }
    }
    return s->inside;
}

int shot_normal(const struct run_noise *noise, const struct shot *s, bool full, double *h, double *g)
{
    int n = 3 + (int)s->cell->n_strains;
    struct shot_frame frame;
    shot_prepare(s, &frame);
    memset(h, 0, SHOT_PARAMETERS * SHOT_PARAMETERS * sizeof *h);
    memset(g, 0, SHOT_PARAMETERS * sizeof *g);
    for (size_t i = 0; i < s->n; i++) {
        struct shot_row row;
        double weight = s->spots[i].weight;
        if (!(weight > 0) || !shot_row(noise, s, &frame, &s->spots[i], &row))
            continue;
        double we = 1 / (row.sigma_e * row.sigma_e), *w = row.w, count = full ? 1 : weight;
        for (int a = 0; a < n; a++) {
            double u = w[0] * row.d[0][a] + w[2] * row.d[1][a], v = w[2] * row.d[0][a] + w[1] * row.d[1][a],
                   e = we * row.d[2][a];
            g[a] += weight * (u * row.residual[0] + v * row.residual[1] + e * row.residual[2]);
            for (int b = 0; b <= a; b++)
                h[a * SHOT_PARAMETERS + b] += count * (u * row.d[0][b] + v * row.d[1][b] + e * row.d[2][b]);
        }
    }
    for (int a = 0; a < 3; a++) /* a turn that no spot sees stays */
        h[a * SHOT_PARAMETERS + a] += 1;
    for (int a = 3; a < n; a++)
        for (int b = 3; b < n; b++) {
            if (b <= a)
                h[a * SHOT_PARAMETERS + b] += s->prior[6 * (a - 3) + b - 3];
            g[a] -= s->prior[6 * (a - 3) + b - 3] * s->strain[b - 3];
        }
    return n;
}

bool shot_refine(const struct run_noise *noise, struct shot *s, double cut, int steps)
{
    for (int i = 0; i < steps; i++) {
        double h[SHOT_PARAMETERS * SHOT_PARAMETERS], g[SHOT_PARAMETERS], turn[9];
        shot_assess(noise, s, cut);
        int n = shot_normal(noise, s, false, h, g);
        if (!cholesky_solve(h, g, n, SHOT_PARAMETERS))
            return false;
        double by = vec3_length(g), k = by > LARGEST_TURN ? LARGEST_TURN / by : 1, largest = by;
        if (!isfinite(by))
            return false;
        vec3_scale(g, k, g);
        lattice_rotation(g, turn);
        mat3_mul(turn, s->u, s->u);
        for (int a = 3; a < n; a++) {
            s->strain[a - 3] += g[a] * k;
            largest = fmax(largest, fabs(g[a]));
        }
        if (largest < SMALLEST_TURN)
            break;
    }
    shot_assess(noise, s, cut);
    return true;
}
