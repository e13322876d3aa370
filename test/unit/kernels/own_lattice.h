/* own_lattice.h - made lattices of stills without a cell, for tests of what is decided from them. */
#ifndef XFELX_TEST_OWN_LATTICE_H
#define XFELX_TEST_OWN_LATTICE_H

#include "still.h"

#include "kernels/cell_run.h"

/* Is the metric well off every symmetry that it does not have? */
static inline bool own_is_plain(const double cell[6], char centring)
{
    double basis[9], metric[9];
    int8_t p[1][9];
    if (!lattice_basis(cell, basis) || !lattice_primitive(centring, basis, basis, NULL))
        return false;
    lattice_reduce(basis, NULL);
    lattice_metric(basis, metric);
    return lattice_operations(metric, 0, 1e-6, p, 0) == lattice_operations(metric, 0, 0.02, p, 0);
}

/* Draw a cell of a Bravais type: axes 40 … 120 Å, at least 6 % apart where they are free; angles well off 90. */
static inline void own_draw_cell(uint64_t *seed, const char *bravais, double cell[6])
{
    double low = 40, up = 120;
    for (bool ok = false; !ok;) {
        for (int i = 0; i < 3; i++) {
            cell[i] = low + (up - low) * noise_uniform(seed);
            cell[3 + i] = 90;
        }
        switch (bravais[0]) {
        case 'a':
            for (int i = 3; i < 6; i++)
                cell[i] = 66 + 20 * noise_uniform(seed);
            break;
        case 'm':
            cell[4] = 94 + 25 * noise_uniform(seed);
            break;
        case 'h':
            cell[5] = 120;
            cell[1] = cell[0];
            break;
        case 't':
            cell[1] = cell[0];
            break;
        case 'c':
            cell[1] = cell[2] = cell[0];
            break;
        default:
            break;
        }
        ok = true;
        for (int i = 0; i < 3; i++) {
            double ratio = cell[i] / cell[(i + 1) % 3];
            ok = ok && (ratio == 1 || fabs(log(ratio)) > 0.06);
        }
        ok = ok && own_is_plain(cell, bravais[1]);
    }
}

/* Entries small, determinant 1: a product of shears. */
static inline void own_unimodular(uint64_t *seed, double p[9])
{
    mat3_identity(p);
    for (int n = 0; n < 4; n++) {
        double shear[9], next[9];
        int i = (int)(3 * noise_uniform(seed)), j = (i + 1 + (int)(2 * noise_uniform(seed))) % 3;
        mat3_identity(shear);
        shear[3 * i + j] = noise_uniform(seed) < 0.5 ? -1 : 1;
        mat3_mul(p, shear, next);
        memcpy(p, next, sizeof next);
    }
}

/* A still's lattice of that cell: any orientation; axes scatter by tau, all together by kappa, and it is measured with sigma. */
static inline struct free_lattice own_lattice(uint64_t *seed, const double cell[6], char centring, double tau,
                                              double kappa, double sigma)
{
    struct free_lattice l = {
        .evidence = 100 + 50 * noise_uniform(seed), .n_spots = 60, .n_explained = 55, .accepted = 1};
    double six[6], basis[9], u[9], breath = kappa * noise_normal(seed), strain[9];
    memcpy(six, cell, sizeof six);
    lattice_basis(six, basis);
    lattice_primitive(centring, basis, basis, NULL);
    still_rotation(seed, u);
    mat3_mul(u, basis, basis);
    double width = hypot(tau, sigma);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j <= i; j++)
            strain[3 * i + j] = strain[3 * j + i] =
                (i == j) * (1 + breath) + width * noise_normal(seed) * (i == j ? 1 : sqrt(0.5));
    mat3_mul(strain, basis, l.m);
    lattice_reduce(l.m, NULL);
    for (int k = 0; k < 6; k++)
        l.cov[7 * k] = sigma * sigma * (k < 3 ? 1 : 0.5);
    return l;
}

static inline bool own_run(const struct free_lattice *l, size_t n, const char *bravais, struct run_cell *out)
{
    struct cell_run_params p;
    cell_run_params_default(&p);
    snprintf(p.bravais, sizeof p.bravais, "%s", bravais);
    void *work = still_memory(cell_run_work_size(n));
    bool found = cell_run(&p, l, n, out, work);
    free(work);
    return found;
}

static const char *const OWN_TYPES[] = {"aP", "mP", "mC", "oP", "oC", "oI", "oF",
                                        "tP", "tI", "hP", "hR", "cP", "cI", "cF"};
enum { OWN_N_TYPES = sizeof OWN_TYPES / sizeof *OWN_TYPES };

#endif
