/* run_of_shots.h - made shots that share a detector which is not where the header says. For tests of shot.c, geometry_*.c. */
#ifndef XFELX_TEST_RUN_OF_SHOTS_H
#define XFELX_TEST_RUN_OF_SHOTS_H

#include "still.h"

#include "kernels/geometry_refine.h"

enum { RUN_SHOTS = 16, RUN_PANELS = 8 };

struct run_of_shots {
    void *memory;
    struct index_cell *cell;
    struct panel truth[RUN_PANELS], header[RUN_PANELS], panels[RUN_PANELS];
    struct geometry_detector detector;
    struct shot shots[RUN_SHOTS];
    double A[RUN_SHOTS][9];
    struct geometry_run run;
    struct geometry_solution solution;
    double sigma[3 + 3 * RUN_PANELS], panel[3 * RUN_PANELS];
};

/* n panels in two rows that tile the plane of still_empty. */
static inline void run_panels(const struct panel *whole, size_t n, struct panel *out)
{
    int columns = n > 1 ? (int)n / 2 : 1, rows = n > 1 ? 2 : 1;
    for (int i = 0; i < (int)n; i++) {
        struct panel *p = &out[i];
        *p = *whole;
        p->n_fast = whole->n_fast / columns;
        p->n_slow = whole->n_slow / rows;
        double mm[2] = {i % columns * p->n_fast * p->pixel_fast, i / columns * p->n_slow * p->pixel_slow};
        panel_mm_to_point(whole, mm, p->origin);
    }
}

/* A shot of the run: its spots by panels of the truth, as the header's panels report them (pixels are pixels). */
static inline void run_shot(struct run_of_shots *r, struct shot *s, uint64_t *seed, const double A[9],
                            size_t n_spots, size_t n_panels)
{
    static struct still still;
    still_empty(&still);
    still_add_lattice(&still, seed, A, 'P', n_spots, 0);
    *s = (struct shot){.cell = r->cell, .panels = r->panels, .beam = still.beam, .reassign = true};
    s->spots = calloc(STILL_SPOTS, sizeof *s->spots);
    for (size_t i = 0; i < still.n; i++) {
        struct shot_spot *spot = &s->spots[s->n];
        const struct panel *p = r->truth;
        uint32_t k = 0;
        int columns = n_panels > 1 ? (int)n_panels / 2 : 1;
        int x = (int)still.spot[i].x / p->n_fast, y = (int)still.spot[i].y / p->n_slow;
        k = (uint32_t)(y * columns + x);
        double sigma = 0.05 + 0.1 * noise_uniform(seed);
        spot->panel = k;
        spot->mm[0] = (still.spot[i].x - x * p->n_fast + sigma * noise_normal(seed)) * p->pixel_fast;
        spot->mm[1] = (still.spot[i].y - y * p->n_slow + sigma * noise_normal(seed)) * p->pixel_slow;
        spot->cov[0] = spot->cov[1] = sigma * sigma;
        memcpy(spot->hkl, still.hkl[i], sizeof spot->hkl);
        s->n++;
    }
    shot_prior(r->cell, 0.0007, 0.002, s->prior);
    shot_start(s, A);
}

/* n shots whose truth is the header moved by `moved`. */
static inline struct run_of_shots *run_make(uint64_t seed, size_t n, size_t n_spots, size_t n_panels,
                                            const struct geometry_correction *moved)
{
    struct run_of_shots *r = calloc(1, sizeof *r);
    struct known_cell known = {.cell = {79, 79, 38, 90, 90, 90}, .centring = 'P'};
    struct still plane;
    double back[3 * RUN_PANELS] = {0};
    posix_memalign(&r->memory, 64, index_cell_size(&known)) ? abort() : (void)0;
    r->cell = index_cell_init(&known, r->memory);
    still_empty(&plane);
    run_panels(&plane.panel, n_panels, r->truth);
    struct geometry_correction inverse = {{-moved->shift[0], -moved->shift[1], -moved->shift[2]}, back};
    for (size_t i = 0; moved->panel && i < 3 * n_panels; i++)
        back[i] = -moved->panel[i];
    geometry_correct(&inverse, r->truth, n_panels, r->header);
    memcpy(r->panels, r->header, sizeof r->panels);
    for (size_t k = 0; k < n; k++) {
        double u[9], cell[6] = {79 * (1 + 0.0005 * noise_normal(&seed)),
                                0,
                                38 * (1 + 0.0005 * noise_normal(&seed)),
                                90,
                                90,
                                90};
        cell[1] = cell[0];
        still_rotation(&seed, u);
        still_orient(cell, u, r->A[k]);
        run_shot(r, &r->shots[k], &seed, r->A[k], n_spots, n_panels);
    }
    r->detector = (struct geometry_detector){r->header, r->panels};
    r->run = (struct geometry_run){&r->detector, 1, n_panels, r->shots, n};
    r->solution.sigma = r->sigma;
    return r;
}

static inline bool run_solve(struct run_of_shots *r, bool panels)
{
    void *work = malloc(geometry_work_size(r->run.n_stills, r->run.n_panels, panels));
    if (panels)
        r->solution.correction.panel = r->panel;
    bool ok = geometry_solve(&r->run, panels, &r->solution, work);
    free(work);
    return ok;
}

static inline void run_free(struct run_of_shots *r)
{
    for (size_t k = 0; k < r->run.n_stills; k++)
        free(r->shots[k].spots);
    free(r->memory);
    free(r);
}

#endif
