/* refined.h - a made still of one crystal, indexed and ready to be refined. For tests of refine*.c. */
#ifndef XFELX_TEST_REFINED_H
#define XFELX_TEST_REFINED_H

#include "still.h"

#include "kernels/refine.h"

static const struct known_cell KNOWN = {.cell = {79, 79, 38, 90, 90, 90}, .centring = 'P'};

struct refined {
    struct still s;
    struct still_indexer *x;
    struct refine_params p;
    uint8_t used[STILL_SPOTS];
    void *work;
    double A[9];
};

static inline struct refined *setup(uint64_t *seed, const double cell[6], size_t n, size_t noise,
                                    double sigma_px)
{
    struct refined *r = calloc(1, sizeof *r);
    double u[9];
    r->x = still_indexer(&KNOWN);
    r->work = still_memory(refine_work_size(STILL_SPOTS));
    refine_params_default(&r->p);
    still_empty(&r->s);
    still_rotation(seed, u);
    still_orient(cell, u, r->A);
    still_add_lattice(&r->s, seed, r->A, 'P', n, sigma_px);
    still_add_noise(&r->s, seed, noise);
    return r;
}

static inline enum refine_reason refine(struct refined *r)
{
    return refine_lattice(&r->p, r->x->cell, &r->s.panel, &r->s.beam, r->x->ray, r->x->n, r->x->owner,
                          (const int32_t(*)[3])r->x->hkl, 0, &r->x->lattice[0], r->used, r->work);
}

static inline void done(struct refined *r)
{
    still_indexer_free(r->x);
    free(r->work);
    free(r);
}

#endif
