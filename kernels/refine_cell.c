/* refine_cell.c - the cell that the spots alone say (SCIENCE 13): the same spots and weights as the restrained one, the prior
 * taken off. Histograms, clusters and isoforms are made of these cells; its covariance says how much one of them is worth.
 */
#include "kernels/refine_internal.h"

#include "kernels/geometry.h"

#include <string.h>

static const double OUTLIER = 5; /* sigma */
static const double STEP =
    1e-5; /* of a strain, for central differences: the cell is smooth, 1e-9 of it is lost */

/* Covariance of the strains at the end of the free fit, n square; false: singular. Counted larger when the fit is worse than its
 * weights say, never smaller (SCIENCE 15). */
static bool strain_covariance(const struct fit *f, double c[6][6])
{
    double h[MAX_PARAMETERS * MAX_PARAMETERS], g[MAX_PARAMETERS], chi2 = 0;
    int n = fit_normal(f, 0, h, g);
    size_t used = 0;
    for (size_t i = 0; i < f->n; i++)
        if (fit_counts(&f->match[i])) {
            used++;
            chi2 += f->match[i].d2;
        }
    double scale = fmax(1, chi2 / (double)(RESIDUALS * used - (size_t)n));
    for (int k = 3; k < n; k++) {
        double factor[MAX_PARAMETERS * MAX_PARAMETERS], x[MAX_PARAMETERS] = {0};
        memcpy(factor, h, sizeof h);
        x[k] = scale;
        if (!cholesky_solve(factor, x, n, MAX_PARAMETERS))
            return false;
        memcpy(c[k - 3], x + 3, (size_t)(n - 3) * sizeof *x);
    }
    return true;
}

static void cell_at(const struct fit *f, const double strain[6], double cell[6])
{
    double A[9], basis[9];
    fit_model(f, strain, A);
    if (lattice_reciprocal(A, basis))
        lattice_cell(basis, cell);
}

/* From the strains' covariance to the cell's. */
static void cell_covariance(const struct fit *f, double c[6][6], double out[21])
{
    double j[6][6] = {{0}};
    size_t n = f->cell->n_strains, at = 0;
    for (size_t k = 0; k < n; k++) {
        double strain[6], lo[6] = {0}, hi[6] = {0};
        memcpy(strain, f->strain, sizeof strain);
        strain[k] = f->strain[k] - STEP;
        cell_at(f, strain, lo);
        strain[k] = f->strain[k] + STEP;
        cell_at(f, strain, hi);
        for (int i = 0; i < 6; i++)
            j[i][k] = (hi[i] - lo[i]) / (2 * STEP);
    }
    for (int a = 0; a < 6; a++)
        for (int b = a; b < 6; b++, at++) {
            out[at] = 0;
            for (size_t k = 0; k < n; k++)
                for (size_t l = 0; l < n; l++)
                    out[at] += j[a][k] * c[k][l] * j[b][l];
        }
}

/* χ² of the strains against the known cell: their own error and the prior's width together. With W = (C + P⁻¹)⁻¹ and P the
 * prior's precision, eᵀWe = eᵀP(1 + CP)⁻¹e; solved as (P + PCP) y = P e, χ² = yᵀ P e, which stays symmetric. */
static bool is_outlier(const struct fit *f, double c[6][6])
{
    double p[6][6], pc[6][6], m[36], pe[6], y[6], chi2 = 0;
    int n = (int)f->cell->n_strains;
    if (!(f->prior > 0))
        return false;
    fit_prior(f, p);
    for (int a = 0; a < n; a++) {
        pe[a] = 0;
        for (int b = 0; b < n; b++) {
            pe[a] += p[a][b] * f->strain[b];
            pc[a][b] = 0;
            for (int k = 0; k < n; k++)
                pc[a][b] += p[a][k] * c[k][b];
        }
        y[a] = pe[a];
    }
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++) {
            m[6 * a + b] = p[a][b];
            for (int k = 0; k < n; k++)
                m[6 * a + b] += pc[a][k] * p[k][b];
        }
    if (!cholesky_solve(m, y, n, 6))
        return false;
    for (int a = 0; a < n; a++)
        chi2 += y[a] * pe[a];
    return chi2 > OUTLIER * OUTLIER;
}

void refine_free_cell(struct fit *f, struct lattice *l)
{
    struct fit kept = *f;
    size_t needed = 2 * (3 + f->cell->n_strains), used = 0;
    double c[6][6];
    memcpy(l->free_cell, l->cell, sizeof l->free_cell);
    memset(l->free_cov, 0, sizeof l->free_cov);
    l->flags &= ~(uint32_t)LATTICE_CELL_OUTLIER;
    for (size_t i = 0; i < f->n; i++)
        used += fit_counts(&f->match[i]);
    bool ok = used >= needed;
    f->prior = 0;
    for (int i = 0; ok && i < 4; i++) {
        ok = fit_step(f, 0);
        fit_evaluate(f);
    }
    f->prior = kept.prior;
    if (ok && strain_covariance(f, c)) {
        cell_at(f, f->strain, l->free_cell);
        cell_covariance(f, c, l->free_cov);
        if (is_outlier(f, c))
            l->flags |= LATTICE_CELL_OUTLIER;
    }
    *f = kept;
    fit_evaluate(f);
}
