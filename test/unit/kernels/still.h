/* still.h - made stills with known truth for tests of indexing and refinement: a flat detector, round nodes, some noise. */
#ifndef XFELX_TEST_STILL_H
#define XFELX_TEST_STILL_H

#include "noise.h"

#include "kernels/geometry_panel.h"
#include "kernels/index.h"
#include "kernels/lattice.h"
#include "kernels/geometry.h"

#include <stdlib.h>
#include <string.h>

enum { STILL_SPOTS = 600 };

struct still {
    struct panel panel;
    struct beam_vector beam;
    struct spot spot[STILL_SPOTS];
    int32_t hkl[STILL_SPOTS][3]; /* 0 0 0: no spot of the lattice */
    size_t n;
};

/* 2000 × 2000 px of 75 µm at 150 mm, 1.3 Å, no spots. */
static inline void still_empty(struct still *s)
{
    memset(s, 0, sizeof *s);
    s->panel = (struct panel){.origin = {-75, 75, -150},
                              .fast = {1, 0, 0},
                              .slow = {0, -1, 0},
                              .pixel_fast = 0.075,
                              .pixel_slow = 0.075,
                              .n_fast = 2000,
                              .n_slow = 2000};
    s->beam = (struct beam_vector){1.3, {0, 0, 1}};
}

static inline void still_rotation(uint64_t *seed, double u[9])
{
    double q[4], n = 0;
    for (int i = 0; i < 4; i++) {
        q[i] = noise_normal(seed);
        n += q[i] * q[i];
    }
    for (int i = 0; i < 4; i++)
        q[i] /= sqrt(n);
    double angle = 2 * acos(q[0]), sine = sqrt(1 - q[0] * q[0]), w[3];
    for (int i = 0; i < 3; i++)
        w[i] = sine > 1e-9 ? q[i + 1] / sine * angle : 0;
    lattice_rotation(w, u);
}

/* A of a cell in orientation u. */
static inline void still_orient(const double cell[6], const double u[9], double A[9])
{
    double basis[9] = {0};
    lattice_basis(cell, basis);
    lattice_reciprocal(basis, A);
    mat3_mul(u, A, A);
}

static inline bool still_absent(char centring, const int h[3])
{
    switch (centring) {
    case 'I':
        return (h[0] + h[1] + h[2]) & 1;
    case 'C':
        return (h[0] + h[1]) & 1;
    case 'F':
        return ((h[0] + h[1]) & 1) || ((h[1] + h[2]) & 1);
    case 'R':
        return (((-h[0] + h[1] + h[2]) % 3) + 3) % 3 != 0;
    default:
        return false;
    }
}

static inline void still_add(struct still *s, uint64_t *seed, double x, double y, double sigma_px,
                             double intensity, const int32_t hkl[3])
{
    if (s->n == STILL_SPOTS)
        return;
    struct spot *spot = &s->spot[s->n];
    spot->x = x + sigma_px * noise_normal(seed);
    spot->y = y + sigma_px * noise_normal(seed);
    spot->var_x = spot->var_y = sigma_px * sigma_px;
    spot->intensity = intensity;
    spot->x0 = (int32_t)x - 1;
    spot->x1 = (int32_t)x + 2;
    spot->y0 = (int32_t)y - 1;
    spot->y1 = (int32_t)y + 2;
    memcpy(s->hkl[s->n++], hkl, sizeof *s->hkl);
}

/* Up to `most` spots of a lattice, evenly drawn from the nodes near the sphere (d ≥ 2.4 Å; less for large cells), where their
 * node lies off the sphere by a normal error and the ray runs through the node. */
static inline void still_add_lattice(struct still *s, uint64_t *seed, const double A[9], char centring,
                                     size_t most, double sigma_px)
{
    double basis[9], cell[6];
    lattice_reciprocal(A, basis);
    lattice_cell(basis, cell);
    double volume = fabs(mat3_det(basis)), d_min = volume > 3e6 ? 5 : volume < 5e3 ? 0.9 : 2.4;
    int lim[3];
    for (int i = 0; i < 3; i++)
        lim[i] = (int)(cell[i] / d_min) + 1;
    static struct {
        double x, y, bright;
        int32_t h[3];
    } found[20000];
    size_t n = 0;
    for (int h = -lim[0]; h <= lim[0]; h++)
        for (int k = -lim[1]; k <= lim[1]; k++)
            for (int l = -lim[2]; l <= lim[2]; l++) {
                int hkl[3] = {h, k, l};
                double v[3] = {h, k, l}, q[3], mm[2], px[2];
                mat3_vec(A, v, q);
                double qq = vec3_dot(q, q);
                if (qq == 0 || qq > 1 / (d_min * d_min) || n == 20000 || still_absent(centring, hkl))
                    continue;
                q[2] -= 1 / s->beam.wavelength;
                double e = vec3_length(q) - 1 / s->beam.wavelength,
                       sigma = sqrt(0.0004 * 0.0004 + 0.0009 * 0.0009 * qq);
                if (fabs(e) > 3 * sigma || !panel_ray_to_mm(&s->panel, q, mm))
                    continue;
                panel_mm_to_pixel(&s->panel, mm, px);
                if (!(px[0] >= 0 && px[0] < s->panel.n_fast && px[1] >= 0 && px[1] < s->panel.n_slow))
                    continue;
                found[n].x = px[0];
                found[n].y = px[1];
                found[n].bright = -log(noise_uniform(seed)) * exp(-25 * qq / 2 - e * e / (2 * sigma * sigma));
                for (int i = 0; i < 3; i++)
                    found[n].h[i] = hkl[i];
                n++;
            }
    for (size_t i = 0; i < most && i < n; i++) { /* the brightest, one after the other */
        size_t best = i;
        for (size_t j = i; j < n; j++)
            if (found[j].bright > found[best].bright)
                best = j;
        typeof(found[0]) t = found[best];
        found[best] = found[i];
        found[i] = t;
        still_add(s, seed, t.x, t.y, sigma_px, 1000 * t.bright + 10, t.h);
    }
}

/* Spots of no lattice, uniform on the detector's inner disc. */
static inline void still_add_noise(struct still *s, uint64_t *seed, size_t n)
{
    static const int32_t NONE[3] = {0, 0, 0};
    for (size_t i = 0; i < n; i++) {
        double r = 60 + 880 * sqrt(noise_uniform(seed)), phi = 6.283185307179586 * noise_uniform(seed);
        still_add(s, seed, 1000 + r * cos(phi), 1000 + r * sin(phi), 0, 20, NONE);
    }
}

/* Smallest angle (degrees) between two lattices, whatever their bases; 180 when they are not the same lattice. A centred pair
 * must be centred alike. */
static inline double still_misset(const double A[9], const double B[9], char centring)
{
    double m[9], t[9], ti[9], q[9], tq[9], inverse[9], it[9], x[9], u[9];
    if (!lattice_reciprocal(A, m) || !lattice_reciprocal(B, t) || !lattice_primitive(centring, m, m, NULL) ||
        !lattice_primitive(centring, t, t, NULL) || !lattice_reciprocal(t, ti))
        return 180;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            double v = ti[i] * m[j] + ti[3 + i] * m[3 + j] + ti[6 + i] * m[6 + j];
            q[3 * i + j] = rint(v);
            if (fabs(v - rint(v)) > 0.2)
                return 180;
        }
    if (fabs(fabs(mat3_det(q)) - 1) > 0.1)
        return 180;
    mat3_mul(t, q, tq);
    if (!lattice_reciprocal(tq, it))
        return 180;
    for (int i = 0; i < 9; i++)
        inverse[i] = it[i % 3 * 3 + i / 3];
    mat3_mul(m, inverse, x);
    return lattice_nearest_rotation(x, u) ? lattice_rotation_angle(u) * 57.29577951308232 : 180;
}

/* Memory aligned as kernels want it (posix_memalign: the product's allocator does not know aligned_alloc). */
static inline void *still_memory(size_t bytes)
{
    void *p = NULL;
    if (posix_memalign(&p, 64, bytes + 64))
        abort();
    return memset(p, 0xa5, bytes + 64);
}

/* Everything index_frame wants, on the heap. */
struct still_indexer {
    struct index_cell *cell;
    const struct index_cell *cells[1];
    struct index_params params;
    struct ray ray[STILL_SPOTS];
    size_t n;
    struct lattice lattice[INDEX_MAX_LATTICES];
    int32_t owner[STILL_SPOTS], hkl[STILL_SPOTS][3];
    struct index_found found;
    void *work, *memory;
};

static inline struct still_indexer *still_indexer(const struct known_cell *known)
{
    struct still_indexer *x = calloc(1, sizeof *x);
    size_t bytes = index_cell_size(known);
    if (!x || bytes == 0)
        abort();
    x->memory = still_memory(bytes);
    x->cell = index_cell_init(known, x->memory);
    x->cells[0] = x->cell;
    if (!x->cell)
        abort();
    size_t work = index_work_size(x->cells, 1, STILL_SPOTS);
    x->work = still_memory(work);
    index_params_default(&x->params);
    x->found = (struct index_found){
        .lattices = x->lattice, .capacity = INDEX_MAX_LATTICES, .owner = x->owner, .hkl = x->hkl};
    return x;
}

static inline size_t still_index(struct still_indexer *x, const struct still *s)
{
    x->n = spots_to_rays(&s->panel, 1, &s->beam, s->spot, s->n, x->ray);
    return index_frame(&x->params, x->cells, 1, &s->beam, x->ray, x->n, &x->found, x->work);
}

static inline void still_indexer_free(struct still_indexer *x)
{
    free(x->memory);
    free(x->work);
    free(x);
}

#endif
