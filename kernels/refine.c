/* refine.c - least squares of one lattice on its spots.
 *
 * A = U (1 + Σ e_k S_k) B0: U a rotation, updated from the left; S_k the strains the lattice system allows,
 * in the crystal's frame; e measured from the known cell, so that the prior cannot creep
 * (ALGORITHMS_GEOMETRY 2.1). Position and Δψ residuals are scaled by their own robust spread: real detectors
 * are off by more than the counting error of a strong spot, and how mosaic a crystal is is not known
 * beforehand.
 */
#include "kernels/refine_internal.h"

#include "kernels/geometry.h"
#include "kernels/mosaic.h"
#include "kernels/sort.h"

#include <string.h>

enum { FEWEST = 4 };
static const double DEGREE = 3.14159265358979323846 / 180;
static const double FLOOR_PX = 0.2;   /* position error that counting does not explain, to start with */
static const double SIGMA_PSI = 0.15; /* degrees, to start with */
/* Positions count less than their scatter says: until the geometry is refined they share an error of the header (beam centre,
 * distance), one error seen as often as there are spots, and an orientation that follows it is off. On simulated stills with
 * headers 1 px off this halves the error of the orientation; more would let positions stray (rmsd). */
static const double SHARED_ERROR = 1.5;
static const double PSI_MIN = 0.003, PSI_MAX = 2; /* degrees, of the robust spread */
static const double REJECT = 3;                   /* sigma */

void refine_params_default(struct refine_params *p)
{
    *p = (struct refine_params){
        .rmsd_min_px = 2,
        .volume_max = 0.0025,
        .volume_d = 2,
        .cell_sigma = 0.002,
        .reject_outliers = true,
        .length_tolerance = 0.1,
        .angle_tolerance = 5,
    };
}

/* ---- memory */

static size_t padded(size_t n)
{
    return (n + 63) / 64 * 64;
}

size_t refine_work_size(size_t n)
{
    return padded(n * sizeof(struct match)) + 2 * padded(n * sizeof(double)) + padded(mosaic_work_size(n)) +
           padded(n * sizeof(struct shot_spot));
}

/* ---- the model */

void fit_model(const struct fit *f, const double strain[6], double A[9])
{
    double e[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    for (size_t k = 0; k < f->cell->n_strains; k++)
        for (int i = 0; i < 9; i++)
            e[i] += strain[k] * f->cell->strain[k][i];
    mat3_mul(e, f->b0, A);
    mat3_mul(f->u, A, A);
}

/* The strains' basis is orthonormal, and a common strain s is Σ s tr(S_k) S_k: covariance σ² + κ² t tᵀ, |t|² = 3. */
void fit_prior(const struct fit *f, double p[6][6])
{
    double t[6];
    size_t n = f->cell->n_strains;
    for (size_t k = 0; k < n; k++)
        t[k] = f->cell->strain[k][0] + f->cell->strain[k][4] + f->cell->strain[k][8];
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++)
            p[a][b] = f->prior * ((a == b) - f->common * t[a] * t[b]);
}

/* Orientation and strains that come nearest to A. */
static bool start(struct fit *f, const double A[9])
{
    double basis[9], x[9], t[9], e[9];
    if (!lattice_reciprocal(f->cell->conventional, f->b0))
        return false;
    for (int i = 0; i < 9; i++)
        basis[i] = f->cell->conventional[i % 3 * 3 + i / 3]; /* B0⁻¹ is the transposed basis */
    mat3_mul(A, basis, x);
    if (!lattice_nearest_rotation(x, f->u))
        return false;
    for (int i = 0; i < 9; i++)
        t[i] = f->u[i % 3 * 3 + i / 3];
    mat3_mul(t, x, e); /* 1 + strain */
    for (size_t k = 0; k < f->cell->n_strains; k++) {
        f->strain[k] = 0;
        for (int i = 0; i < 9; i++)
            f->strain[k] += f->cell->strain[k][i] * (e[i] - (i % 4 == 0));
    }
    fit_model(f, f->strain, f->A);
    return true;
}

static size_t parameters(const struct fit *f, double dA[MAX_PARAMETERS][9])
{
    for (int j = 0; j < 3; j++) {
        double axis[3] = {j == 0, j == 1, j == 2};
        double turn[9] = {0, -axis[2], axis[1], axis[2], 0, -axis[0], -axis[1], axis[0], 0};
        mat3_mul(turn, f->A, dA[j]);
    }
    for (size_t k = 0; k < f->cell->n_strains; k++) {
        mat3_mul(f->cell->strain[k], f->b0, dA[3 + k]);
        mat3_mul(f->u, dA[3 + k], dA[3 + k]);
    }
    return 3 + f->cell->n_strains;
}

void fit_evaluate(struct fit *f)
{
    double dA[MAX_PARAMETERS][9];
    size_t n_parameters = parameters(f, dA);
    for (size_t i = 0; i < f->n; i++) {
        struct match *m = &f->match[i];
        const struct ray *ray = &f->rays[m->ray];
        double s1[3], mm[2], psi;
        m->predicted = refine_predict_derivatives(&f->panels[ray->panel], f->beam, f->A, f->hkl[m->ray],
                                                  n_parameters, (const double(*)[9])dA, s1, mm, &psi, m->d);
        if (!m->predicted) {
            m->d2 = INFINITY;
            continue;
        }
        m->residual[0] = mm[0] - ray->mm[0];
        m->residual[1] = mm[1] - ray->mm[1];
        m->residual[2] = psi;
        m->d2 = 0;
        for (int r = 0; r < RESIDUALS; r++) {
            double z = m->residual[r] / (m->sigma[r] * f->scale[r / 2]);
            m->d2 += z * z;
        }
    }
}

bool fit_counts(const struct match *m)
{
    return m->d2 < REJECT * REJECT && !m->outside;
}

/* Robust spread of residual/sigma over positions (which 0) or Δψ (1). */
static double spread(const struct fit *f, int which)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++) {
        const struct match *m = &f->match[i];
        if (!m->predicted)
            continue;
        double x = m->residual[0] / m->sigma[0], y = m->residual[1] / m->sigma[1];
        f->spread[n++] = which ? fabs(m->residual[2] / m->sigma[2]) : sqrt(x * x + y * y);
    }
    if (n == 0)
        return 1;
    sort_doubles(f->spread, n);
    /* medians of |N(0,1)| and of the Rayleigh distribution */
    return f->spread[n / 2] / (which ? 0.6745 : 1.1774);
}

/* Let the sigmas follow the residuals: outliers are told from the lattice's own spots, not from an ideal
 * crystal's. */
static void set_scale(struct fit *f)
{
    double position = spread(f, 0), psi = spread(f, 1) * SIGMA_PSI;
    f->scale[0] = fmin(fmax(position, 0.3), 10);
    f->scale[1] = fmin(fmax(psi, PSI_MIN), PSI_MAX) / SIGMA_PSI;
}

int fit_normal(const struct fit *f, double cut, double h[MAX_PARAMETERS * MAX_PARAMETERS],
               double g[MAX_PARAMETERS])
{
    int n_parameters = 3 + (int)f->cell->n_strains;
    memset(h, 0, MAX_PARAMETERS * MAX_PARAMETERS * sizeof *h);
    memset(g, 0, MAX_PARAMETERS * sizeof *g);
    for (size_t i = 0; i < f->n; i++) {
        const struct match *m = &f->match[i];
        double weight = cut > 0 ? 1 - m->d2 / (cut * cut) : fit_counts(m);
        if (!(weight > 0))
            continue;
        for (int r = 0; r < RESIDUALS; r++) {
            double s = m->sigma[r] * f->scale[r / 2] * (r < 2 ? SHARED_ERROR : 1), w = weight / (s * s);
            for (int a = 0; a < n_parameters; a++) {
                g[a] -= w * m->d[a][r] * m->residual[r];
                for (int b = 0; b <= a; b++)
                    h[a * MAX_PARAMETERS + b] += w * m->d[a][r] * m->d[b][r];
            }
        }
    }
    return n_parameters;
}

bool fit_step(struct fit *f, double cut)
{
    double h[MAX_PARAMETERS * MAX_PARAMETERS], g[MAX_PARAMETERS], prior[6][6];
    int n_parameters = fit_normal(f, cut, h, g);
    fit_prior(f, prior);
    for (int a = 3; a < n_parameters; a++)
        for (int b = 3; b < n_parameters; b++) {
            if (b <= a)
                h[a * MAX_PARAMETERS + b] += prior[a - 3][b - 3];
            g[a] -= prior[a - 3][b - 3] * f->strain[b - 3];
        }
    if (!cholesky_solve(h, g, n_parameters, MAX_PARAMETERS))
        return false;
    for (int k = 0; k < n_parameters; k++)
        if (!(fabs(g[k]) < 0.2))
            return false;
    double turn[9];
    lattice_rotation(g, turn);
    mat3_mul(turn, f->u, f->u);
    for (int k = 3; k < n_parameters; k++)
        f->strain[k - 3] += g[k];
    fit_model(f, f->strain, f->A);
    return true;
}

/* Robust rounds with a shrinking cut, then plain ones on what is within REJECT. */
static bool converge(struct fit *f, bool robust)
{
    static const double CUT[] = {8, 8, 6, 6, 5, 5};
    fit_evaluate(f);
    for (size_t i = 0; robust && i < sizeof CUT / sizeof *CUT; i++) {
        set_scale(f);
        fit_evaluate(f);
        if (!fit_step(f, CUT[i]))
            return false;
        fit_evaluate(f);
    }
    if (robust) {
        set_scale(f);
        fit_evaluate(f);
    }
    for (int i = 0; i < 4; i++) {
        if (!fit_step(f, 0))
            return false;
        fit_evaluate(f);
    }
    return true;
}

/* ---- one lattice */

static void collect(struct fit *f, size_t n, const int32_t *owner, uint32_t number, uint8_t *used)
{
    for (size_t i = 0; i < n; i++) {
        used[i] = 0;
        if (owner[i] != (int32_t)number)
            continue;
        const struct ray *r = &f->rays[i];
        const struct panel *p = &f->panels[r->panel];
        const double pixel[2] = {p->pixel_fast, p->pixel_slow};
        struct match *m = &f->match[f->n++];
        *m = (struct match){.ray = (uint32_t)i};
        for (int k = 0; k < 2; k++) {
            double variance = r->var_px[k] >= 0 && isfinite(r->var_px[k]) ? r->var_px[k] : 1;
            m->sigma[k] = sqrt(FLOOR_PX * FLOOR_PX + variance) * pixel[k];
        }
        m->sigma[2] = SIGMA_PSI * DEGREE;
    }
}

/* Rms of the residuals over the spots used, in px and radians; marks those spots. */
static void summarise(const struct fit *f, struct lattice *l, uint8_t *used)
{
    double sum[RESIDUALS] = {0};
    l->n_indexed = 0;
    for (size_t i = 0; i < f->n; i++) {
        const struct match *m = &f->match[i];
        const struct panel *p = &f->panels[f->rays[m->ray].panel];
        used[m->ray] = 2;
        if (!fit_counts(m))
            continue;
        used[m->ray] = 1;
        l->n_indexed++;
        sum[0] += m->residual[0] * m->residual[0] / (p->pixel_fast * p->pixel_fast);
        sum[1] += m->residual[1] * m->residual[1] / (p->pixel_slow * p->pixel_slow);
        sum[2] += m->residual[2] * m->residual[2];
    }
    double n = l->n_indexed ? l->n_indexed : 1;
    l->rmsd_x = sqrt(sum[0] / n);
    l->rmsd_y = sqrt(sum[1] / n);
    l->rmsd_psi = sqrt(sum[2] / n);
}

static void cell_of(const struct fit *f, double cell[6])
{
    double basis[9];
    if (lattice_reciprocal(f->A, basis))
        lattice_cell(basis, cell);
}

static bool cell_fits(const struct refine_params *p, const struct index_cell *cell, const double found[6])
{
    for (int i = 0; i < 3; i++)
        if (!(fabs(found[i] / cell->cell[i] - 1) <= p->length_tolerance) ||
            !(fabs(found[i + 3] - cell->cell[i + 3]) <= p->angle_tolerance))
            return false;
    return true;
}

static double spacing(const struct fit *f, const struct match *m)
{
    const int32_t *h = f->hkl[m->ray];
    double hf[3] = {h[0], h[1], h[2]}, q[3];
    mat3_vec(f->A, hf, q);
    return 1 / vec3_length(q);
}

/* Spacing and Δψ of the matches that count, and from them mosaicity and domain size. */
static bool find_mosaic(const struct fit *f, struct mosaic *m, double *d, double *psi, void *work)
{
    double basis[9];
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++) {
        const struct match *match = &f->match[i];
        if (!fit_counts(match))
            continue;
        d[n] = spacing(f, match);
        psi[n++] = match->residual[2];
    }
    *m = (struct mosaic){0};
    return lattice_reciprocal(f->A, basis) &&
           mosaic_estimate(d, psi, n, 3 * cbrt(fabs(mat3_det(basis))), m, work);
}

/* Distance between the observed and the predicted spot, px. */
static double distance_px(const struct fit *f, const struct match *m)
{
    const struct panel *p = &f->panels[f->rays[m->ray].panel];
    double x = m->residual[0] / p->pixel_fast, y = m->residual[1] / p->pixel_slow;
    return sqrt(x * x + y * y);
}

/* The distance that a Rayleigh distribution with the median of the distances at hand exceeds less than half a time among so many
 * (Chauvenet's criterion). DIALS' candidate_outlier_rejection, after Sauter & Poon (2010, J. Appl. Cryst. 43, 611), compares
 * with the same distribution. */
static double farthest_px(const struct fit *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++)
        if (fit_counts(&f->match[i]))
            f->spread[n++] = distance_px(f, &f->match[i]);
    if (n == 0)
        return INFINITY;
    sort_doubles(f->spread, n);
    return f->spread[n / 2] / 1.1774 * sqrt(2 * log(2 * (double)n));
}

/* The likelihood's soft box leaves stray spots beyond its edge; they would widen the next box, and the
 * predictions with it. As DIALS does (nv_reject_outliers), they go before the last fit. */
static bool trim(struct fit *f, const struct mosaic *m)
{
    double farthest = farthest_px(f);
    for (size_t i = 0; i < f->n; i++) {
        struct match *match = &f->match[i];
        double edge = spacing(f, match) / m->domain_ml + 0.5 * m->full_ml;
        if (fit_counts(match) && (fabs(match->residual[2]) >= edge || distance_px(f, match) > farthest))
            match->outside = true;
    }
    for (int i = 0; i < 3; i++) {
        if (!fit_step(f, 0))
            return false;
        fit_evaluate(f);
    }
    return true;
}

static void set_mosaic(const struct refine_params *p, const struct mosaic *m, struct lattice *l)
{
    l->half_mosaicity_deg = p->set_half_mosaicity_deg > 0 ? p->set_half_mosaicity_deg : m->half_mosaicity_deg;
    l->domain_size_ang = p->set_domain_size > 0 ? p->set_domain_size : m->domain_size;
}

/* The last steps, when the run's noise is known: every spot with its own weight, seen where the run's κ says. What is an outlier was
 * decided before. */
static bool polish(const struct refine_params *p, struct fit *f, struct shot_spot *spots)
{
    struct shot s = {.cell = f->cell, .panels = f->panels, .beam = *f->beam, .spots = spots};
    for (size_t i = 0; i < f->n; i++) {
        const struct ray *r = &f->rays[f->match[i].ray];
        struct shot_spot *spot = &spots[s.n];
        if (f->match[i].outside || !(r->var_px[0] >= 0) || !(r->var_px[1] >= 0))
            continue;
        *spot = (struct shot_spot){
            .mm = {r->mm[0], r->mm[1]}, .cov = {r->var_px[0], r->var_px[1]}, .panel = r->panel};
        memcpy(spot->hkl, f->hkl[f->match[i].ray], sizeof spot->hkl);
        s.n++;
    }
    memcpy(s.u, f->u, sizeof s.u);
    memcpy(s.strain, f->strain, sizeof s.strain);
    shot_prior(f->cell, p->cell_sigma, p->cell_common, s.prior);
    if (!shot_refine(p->noise, &s, 8, 3) || !shot_refine(p->noise, &s, 5, 8) || s.inside < FEWEST)
        return false;
    memcpy(f->u, s.u, sizeof s.u);
    memcpy(f->strain, s.strain, sizeof s.strain);
    fit_model(f, f->strain, f->A);
    fit_evaluate(f);
    return true;
}

static double common_share(const struct refine_params *p)
{
    double common = p->cell_common * p->cell_common;
    return common > 0 ? common / (p->cell_sigma * p->cell_sigma + 3 * common) : 0;
}

enum refine_reason refine_lattice(const struct refine_params *p, const struct index_cell *cell,
                                  const struct panel *panels, const struct beam_vector *beam,
                                  const struct ray *rays, size_t n, const int32_t *owner,
                                  const int32_t (*hkl)[3], uint32_t number, struct lattice *lattice,
                                  uint8_t *used, void *work)
{
    char *memory = work;
    double *d = (double *)(void *)(memory + padded(n * sizeof(struct match))),
           *psi = (double *)(void *)((char *)d + padded(n * sizeof(double)));
    char *mosaic_work = (char *)psi + padded(n * sizeof(double));
    struct fit f = {.cell = cell,
                    .panels = panels,
                    .beam = beam,
                    .rays = rays,
                    .hkl = hkl,
                    .match = work,
                    .spread = d,
                    .scale = {1, 1},
                    .prior = p->cell_sigma > 0 ? 1 / (p->cell_sigma * p->cell_sigma) : 0,
                    .common = common_share(p)};
    collect(&f, n, owner, number, used);
    lattice->n_indexed = 0;
    if (f.n < FEWEST)
        return lattice->reason = REFINE_FEW_INDEXED, REFINE_FEW_INDEXED;
    if (!start(&f, lattice->A) || !converge(&f, p->reject_outliers))
        return lattice->reason = REFINE_FAILED, REFINE_FAILED;
    struct mosaic m;
    if (p->reject_outliers && find_mosaic(&f, &m, d, psi, mosaic_work) && !trim(&f, &m))
        return lattice->reason = REFINE_FAILED, REFINE_FAILED;
    if (p->noise)
        polish(p, &f, (struct shot_spot *)(void *)(mosaic_work + padded(mosaic_work_size(n))));
    memcpy(lattice->A, f.A, sizeof f.A);
    cell_of(&f, lattice->cell);
    summarise(&f, lattice, used);
    bool mosaic = find_mosaic(&f, &m, d, psi, mosaic_work);
    set_mosaic(p, &m, lattice);
    refine_free_cell(&f, lattice);
    double rmsd = hypot(lattice->rmsd_x, lattice->rmsd_y),
           volume =
               mosaic ? mosaic_proximal_volume(beam->wavelength, p->volume_d, m.full_ml, m.domain_ml) : 0;
    enum refine_reason reason = REFINE_OK;
    if (lattice->n_indexed < FEWEST)
        reason = REFINE_FEW_INDEXED;
    else if (!cell_fits(p, cell, lattice->cell))
        reason = REFINE_CELL_OFF;
    else if (p->rmsd_min_px > 0 && !(rmsd <= p->rmsd_min_px))
        reason = REFINE_RMSD;
    else if (p->volume_max > 0 && !(volume <= p->volume_max))
        reason = REFINE_VOLUME;
    lattice->reason = reason;
    return reason;
}
