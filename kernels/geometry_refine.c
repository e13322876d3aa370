/* geometry_refine.c - see geometry_refine.h.
 *
 * Shared parameters: 0 … 2 the whole shift; then three a panel. With panels, x and y of the whole stay (they would be the panels'
 * mean) and only its z is free; a turn of all panels about the beam cannot be seen, because the crystals turn with it: one stiff row
 * holds it (ALGORITHMS_GEOMETRY 4). */
#include "kernels/geometry_refine.h"

#include "kernels/geometry.h"
#include "kernels/geometry_panel.h"
#include "kernels/lattice.h"

#include <string.h>

enum { PASSES = 6, PANEL_SPOTS = 100, SHARED = 6 /* columns that a spot sees */ };
static const struct run_noise WIDE = {
    .floor_px = 0.8, .scale = 1, .sigma_e0 = 5e-4, .sigma_e1 = 9e-4, .kappa0 = 1};
static const double HELD = 1e12;     /* precision of what is held, 1/mm² */
static const double PSI_SLOPE = 0.8; /* E ψ' of the robust weight at cut 5 */
static const double SETTLED = 0.1;   /* sigma: a step below ends */

/* ---- corrections */

void geometry_correct(const struct geometry_correction *c, const struct panel *header, size_t n,
                      struct panel *out)
{
    for (size_t i = 0; i < n; i++) {
        struct panel p = header[i];
        if (c->panel) {
            const double *d = c->panel + 3 * i, fast = 0.5 * p.n_fast * p.pixel_fast,
                         slow = 0.5 * p.n_slow * p.pixel_slow;
            double normal[3], centre[3], turn[9];
            vec3_cross(p.fast, p.slow, normal);
            for (int k = 0; k < 3; k++)
                centre[k] = p.origin[k] + (fast + d[0]) * p.fast[k] + (slow + d[1]) * p.slow[k];
            mat3_rotation(normal, d[2], turn);
            mat3_vec(turn, p.fast, p.fast);
            mat3_vec(turn, p.slow, p.slow);
            for (int k = 0; k < 3; k++)
                p.origin[k] = centre[k] - fast * p.fast[k] - slow * p.slow[k];
        }
        vec3_add(p.origin, c->shift, p.origin);
        out[i] = p;
    }
}

static void correct_all(struct geometry_run *run, const struct geometry_correction *c)
{
    for (size_t i = 0; i < run->n_detectors; i++)
        geometry_correct(c, run->detectors[i].header, run->n_panels, run->detectors[i].panels);
}

/* ---- memory */

struct solver {
    struct geometry_run *run;
    size_t n; /* shared parameters */
    bool panels;
    double *s[2], *t[2];      /* of the even and the odd stills: [n n], [n] */
    double *sum, *step, *row; /* [n n], [n], [n] */
    double *still;            /* [n_stills n] reduced gradients */
    double *cross;            /* [n SHOT_PARAMETERS] */
    double *kept;             /* [n_stills 15] orientation and strains, to go back to */
    size_t *count;            /* [n_panels] spots */
    double *noise;            /* [2 GEOMETRY_NOISE_SPOTS] */
};

static size_t shared(size_t n_panels, bool panels)
{
    return 3 + (panels ? 3 * n_panels : 0);
}

size_t geometry_work_size(size_t n_stills, size_t n_panels, bool panels)
{
    size_t n = shared(n_panels, panels);
    return sizeof(double) *
               (3 * n * n + 4 * n + n_stills * (n + 15) + n * SHOT_PARAMETERS + 2 * GEOMETRY_NOISE_SPOTS) +
           sizeof(size_t) * n_panels;
}

static struct solver solver_make(struct geometry_run *run, bool panels, void *work)
{
    struct solver v = {.run = run, .n = shared(run->n_panels, panels), .panels = panels};
    double *at = work;
    size_t n = v.n;
    for (int half = 0; half < 2; half++) {
        v.s[half] = at;
        v.t[half] = at + n * n;
        at += n * n + n;
    }
    v.sum = at;
    v.step = v.sum + n * n;
    v.row = v.step + n;
    v.still = v.row + n;
    v.cross = v.still + run->n_stills * n;
    v.kept = v.cross + n * SHOT_PARAMETERS;
    v.noise = v.kept + run->n_stills * 15;
    v.count = (size_t *)(void *)(v.noise + 2 * GEOMETRY_NOISE_SPOTS);
    return v;
}

/* ---- sums */

/* Derivatives of a spot's calculated X, Y (px) by the shared parameters it sees: column numbers and values. Returns how many. */
static int columns(const struct solver *v, const struct shot *s, const struct shot_spot *spot,
                   const struct shot_row *row, size_t at[SHARED], double d[2][SHARED])
{
    const struct panel *p = &s->panels[spot->panel];
    double normal[3];
    vec3_cross(p->fast, p->slow, normal);
    double towards = vec3_dot(row->s1, normal), kf = vec3_dot(row->s1, p->fast) / towards,
           ks = vec3_dot(row->s1, p->slow) / towards;
    int n = 0;
    for (int k = v->panels ? 2 : 0; k < 3; k++, n++) {
        at[n] = (size_t)k;
        d[0][n] = (normal[k] * kf - p->fast[k]) / p->pixel_fast;
        d[1][n] = (normal[k] * ks - p->slow[k]) / p->pixel_slow;
    }
    if (!v->panels)
        return n;
    double x = spot->mm[0] - row->residual[0] * p->pixel_fast - 0.5 * p->n_fast * p->pixel_fast,
           y = spot->mm[1] - row->residual[1] * p->pixel_slow - 0.5 * p->n_slow * p->pixel_slow;
    const double by[2][3] = {{-1, 0, y}, {0, -1, -x}};
    for (size_t k = 0; k < 3; k++, n++) {
        at[n] = 3 + 3 * spot->panel + k;
        d[0][n] = by[0][k] / p->pixel_fast;
        d[1][n] = by[1][k] / p->pixel_slow;
    }
    return n;
}

/* Add a spot to S, t and the cross terms with its still's own parameters. */
static void add_spot(struct solver *v, const struct shot *s, const struct shot_spot *spot,
                     const struct shot_row *row, int own, double *S, double *t)
{
    size_t at[SHARED] = {0};
    double d[2][SHARED] = {{0}};
    int n = columns(v, s, spot, row, at, d);
    const double *w = row->w;
    for (int a = 0; a < n; a++) {
        double x = w[0] * d[0][a] + w[2] * d[1][a], y = w[2] * d[0][a] + w[1] * d[1][a];
        t[at[a]] += spot->weight * (x * row->residual[0] + y * row->residual[1]);
        for (int b = 0; b <= a; b++)
            S[at[a] * v->n + at[b]] += x * d[0][b] + y * d[1][b];
        for (int c = 0; c < own; c++)
            v->cross[at[a] * SHOT_PARAMETERS + (size_t)c] += x * row->d[0][c] + y * row->d[1][c];
    }
}

/* A still's share of S and t, its own parameters eliminated; its reduced gradient into still[k]. */
static bool add_still(struct solver *v, const struct run_noise *noise, size_t k, size_t half)
{
    const struct shot *s = &v->run->stills[k];
    double h[SHOT_PARAMETERS * SHOT_PARAMETERS], g[SHOT_PARAMETERS], y[SHOT_PARAMETERS] = {0};
    double *S = v->s[half], *t = v->t[half], *mine = v->still + k * v->n;
    struct shot_frame frame;
    int own = shot_normal(noise, s, true, h, g);
    memset(v->cross, 0, v->n * SHOT_PARAMETERS * sizeof *v->cross);
    memset(mine, 0, v->n * sizeof *mine);
    memcpy(y, g, sizeof y);
    if (!cholesky_solve(h, y, own, SHOT_PARAMETERS))
        return false;
    shot_prepare(s, &frame);
    for (size_t i = 0; i < s->n; i++) {
        struct shot_row row;
        if (s->spots[i].weight > 0 && shot_row(noise, s, &frame, &s->spots[i], &row)) {
            add_spot(v, s, &s->spots[i], &row, own, S, mine);
            v->count[s->spots[i].panel]++;
        }
    }
    for (size_t a = 0; a < v->n; a++) {
        double u[SHOT_PARAMETERS];
        const double *c = v->cross + a * SHOT_PARAMETERS;
        memcpy(u, c, sizeof u);
        for (int i = 0; i < own; i++)
            mine[a] -= c[i] * y[i];
        t[a] += mine[a];
        cholesky_apply(h, u, own, SHOT_PARAMETERS);
        for (size_t b = 0; b <= a; b++)
            for (int i = 0; i < own; i++)
                S[a * v->n + b] -= v->cross[b * SHOT_PARAMETERS + (size_t)i] * u[i];
    }
    return true;
}

/* What cannot or shall not move: x and y of the whole and panels with few spots when panels move; the turn about the beam. */
static void hold(struct solver *v, double *S, const size_t *count)
{
    const struct shot *s = v->run->stills;
    const struct panel *panels = v->run->detectors[0].panels;
    double largest = 0, norm2 = 0, *g = v->row;
    if (!v->panels)
        return;
    for (size_t a = 0; a < v->n; a++)
        largest = fmax(largest, S[a * v->n + a]);
    memset(g, 0, v->n * sizeof *g);
    for (size_t p = 0; p < v->run->n_panels; p++) {
        const struct panel *q = panels + p;
        double centre[3], across[3], beam[3], normal[3];
        vec3_scale(s->beam.direction, -1, beam);
        panel_mm_to_point(q, (double[2]){0.5 * q->n_fast * q->pixel_fast, 0.5 * q->n_slow * q->pixel_slow},
                          centre);
        vec3_cross(beam, centre, across);
        vec3_cross(q->fast, q->slow, normal);
        if (count[p] < PANEL_SPOTS)
            continue;
        vec3_set(g + 3 + 3 * p, vec3_dot(across, q->fast), vec3_dot(across, q->slow), vec3_dot(normal, beam));
        for (size_t k = 0; k < 3; k++)
            norm2 += g[3 + 3 * p + k] * g[3 + 3 * p + k];
    }
    for (size_t a = 0; norm2 > 0 && a < v->n; a++)
        for (size_t b = 0; b <= a; b++)
            S[a * v->n + b] += 10 * largest * g[a] * g[b] / norm2;
    for (size_t a = 0; a < v->n; a++)
        if (a < 2 || (a >= 3 && count[(a - 3) / 3] < PANEL_SPOTS))
            S[a * v->n + a] += HELD;
}

static bool votes(const struct shot *s)
{
    return s->inside >= GEOMETRY_STILL_SPOTS;
}

/* Sums over all stills; the number that voted. */
static size_t collect(struct solver *v, const struct run_noise *noise, struct geometry_solution *out)
{
    size_t voted = 0;
    memset(v->s[0], 0, 2 * (v->n * v->n + v->n) * sizeof(double));
    memset(v->still, 0, v->run->n_stills * v->n * sizeof(double));
    memset(v->count, 0, v->run->n_panels * sizeof *v->count);
    out->n_spots = 0;
    for (size_t k = 0; k < v->run->n_stills; k++)
        if (votes(&v->run->stills[k]) && add_still(v, noise, k, voted % 2)) {
            voted++;
            out->n_spots += v->run->stills[k].inside;
        }
    return out->n_stills = voted;
}

/* Variance of parameter a over the stills (of one half, or all: half 2) with S's factor; formal in *formal. About the stills' own mean:
 * at the common solution a half's gradients do not cancel, and what it would go must not widen its error. */
static double sandwich(const struct solver *v, const double *factor, size_t a, size_t half, double *formal)
{
    double *u = v->row, sum = 0, mean = 0;
    size_t voted = 0, n = 0;
    memset(u, 0, v->n * sizeof *u);
    u[a] = 1;
    cholesky_apply(factor, u, (int)v->n, (int)v->n);
    *formal = u[a];
    for (size_t k = 0; k < v->run->n_stills; k++) {
        if (!votes(&v->run->stills[k]) || (half < 2 && voted++ % 2 != half))
            continue;
        double y = 0;
        for (size_t b = 0; b < v->n; b++)
            y += u[b] * v->still[k * v->n + b];
        sum += y * y;
        mean += y;
        n++;
    }
    sum -= n ? mean * mean / (double)n : 0;
    return n > 1 ? fmax(0, sum) * (double)n / ((double)n - 1) / (PSI_SLOPE * PSI_SLOPE) : INFINITY;
}

/* The shared step and its sigmas. */
static bool solve(struct solver *v, double cut, struct geometry_solution *out)
{
    size_t n = v->n;
    for (size_t i = 0; i < n * n; i++)
        v->sum[i] = v->s[0][i] + v->s[1][i];
    for (size_t i = 0; i < n; i++)
        v->step[i] = v->t[0][i] + v->t[1][i];
    hold(v, v->sum, v->count);
    if (!cholesky_solve(v->sum, v->step, (int)n, (int)n))
        return false;
    for (size_t a = 0; a < n; a++) {
        double formal, spread = sandwich(v, v->sum, a, 2, &formal);
        out->sigma[a] = sqrt(fmax(formal, isfinite(spread) ? spread : formal));
        v->step[a] /= 1 - 5 / (cut * cut); /* slope of the robust gradient, against the full weights of S */
    }
    return true;
}

/* How far each half would go from here alone. */
static void halves(struct solver *v, struct geometry_solution *out)
{
    double variance[3] = {0};
    for (size_t half = 0; half < 2; half++) {
        double *step = v->step, formal;
        memcpy(v->sum, v->s[half], v->n * v->n * sizeof(double));
        memcpy(step, v->t[half], v->n * sizeof(double));
        hold(v, v->sum, v->count);
        bool ok = cholesky_solve(v->sum, step, (int)v->n, (int)v->n);
        for (size_t a = 0; a < 3; a++) {
            out->half[half][a] = ok ? step[a] / PSI_SLOPE : INFINITY;
            double spread = ok ? sandwich(v, v->sum, a, half, &formal) : INFINITY;
            variance[a] += ok ? fmax(spread, formal) : INFINITY;
        }
    }
    for (int a = 0; a < 3; a++)
        out->half_sigma[a] = sqrt(variance[a]);
}

/* ---- passes */

static void refine_all(struct geometry_run *run, const struct run_noise *noise, double cut, int steps)
{
    for (size_t k = 0; k < run->n_stills; k++)
        if (!shot_refine(noise, &run->stills[k], cut, steps))
            run->stills[k].inside = 0;
}

static void keep(const struct solver *v, bool back)
{
    for (size_t k = 0; k < v->run->n_stills; k++) {
        struct shot *s = &v->run->stills[k];
        double *at = v->kept + 15 * k;
        memcpy(back ? s->u : at, back ? at : s->u, sizeof s->u);
        memcpy(back ? s->strain : at + 9, back ? at + 9 : s->strain, sizeof s->strain);
    }
}

/* A difference of κ that positions hardly show must not flip between passes: another kind has to be better by this. */
static const double KAPPA_GAIN = 0.01;

/* Let the position residuals choose among round nodes, those of the run's widths, and the rotation model. */
static void choose_kappa(struct solver *v, struct run_noise *noise)
{
    const double kinds[4][2] = {
        {noise->kappa0, noise->kappa1}, {1, 0}, {noise->sigma_e0, noise->sigma_e1}, {0, 1}};
    double best = INFINITY;
    int which = 0;
    keep(v, false);
    for (int i = 0; i < 4; i++) {
        struct run_noise try = *noise;
        try.kappa0 = kinds[i][0];
        try.kappa1 = kinds[i][1];
        refine_all(v->run, &try, 6, 3);
        double rms = geometry_rms(v->run->stills, v->run->n_stills, v->noise);
        if (rms > 0 && rms < best) {
            best = i ? rms : (1 - KAPPA_GAIN) * rms;
            which = i;
        }
        keep(v, true);
    }
    noise->kappa0 = kinds[which][0];
    noise->kappa1 = kinds[which][1];
    refine_all(v->run, noise, 5, 3);
}

static void apply(struct solver *v, struct geometry_correction *c)
{
    for (size_t a = 0; a < 3; a++)
        c->shift[a] += v->step[a];
    for (size_t a = 3; a < v->n; a++)
        c->panel[a - 3] += v->step[a];
    correct_all(v->run, c);
}

static bool settled(const struct solver *v, const double *sigma)
{
    for (size_t a = 0; a < v->n; a++)
        if (!(fabs(v->step[a]) < SETTLED * sigma[a]) && fabs(v->step[a]) > 1e-9)
            return false;
    return true;
}

/* χ² of the panels' parameters against none, from the sums at the found place: dᵀ S d with what the whole shift took out. */
static double panels_chi2(const struct solver *v, const double *panel, const double *sigma)
{
    double sum = 0;
    for (size_t a = 3; a < v->n; a++)
        if (v->count[(a - 3) / 3] >= PANEL_SPOTS)
            sum += panel[a - 3] * panel[a - 3] / (sigma[a] * sigma[a]);
    return sum;
}

bool geometry_solve(struct geometry_run *run, bool panels, struct geometry_solution *out, void *work)
{
    struct solver v = solver_make(run, panels, work);
    struct run_noise *noise = &out->noise;
    bool fresh = !(noise->floor_px > 0);
    if (fresh) {
        struct geometry_correction none = {{0}, NULL};
        *noise = WIDE;
        correct_all(run, &none);
        refine_all(run, noise, 8, 8);
        out->rms_before = geometry_rms(run->stills, run->n_stills, v.noise);
    }
    correct_all(run, &out->correction);
    out->converged = false;
    for (int pass = 0; pass < PASSES && !out->converged; pass++) {
        double cut = !fresh || pass > 1 ? 5 : pass ? 6 : 8;
        refine_all(run, noise, cut, 8);
        if (!collect(&v, noise, out) || !solve(&v, cut, out))
            return false;
        out->passes = pass + 1;
        out->converged = pass > 1 && settled(&v, out->sigma);
        apply(&v, &out->correction);
        refine_all(run, noise, cut, 2);
        if (out->converged)
            break;
        geometry_noise(run->stills, run->n_stills, noise, v.noise);
        if (pass > 0)
            choose_kappa(&v, noise);
    }
    refine_all(run, noise, 5, 4);
    if (!collect(&v, noise, out))
        return false;
    out->rms_after = geometry_rms(run->stills, run->n_stills, v.noise);
    halves(&v, out);
    out->n_panels_moved = 0;
    for (size_t p = 0; panels && p < run->n_panels; p++)
        out->n_panels_moved += v.count[p] >= PANEL_SPOTS;
    out->chi2_panels = panels ? panels_chi2(&v, out->correction.panel, out->sigma) : 0;
    return true;
}
