/* scene.h - private to simulate/: what a scene holds. */
#ifndef XFELX_SIMULATE_SCENE_H
#define XFELX_SIMULATE_SCENE_H

#include "simulate/dice.h"
#include "simulate/simulate.h"

/* Purposes of random streams (dice_start). Numbers are never reused. */
enum { DICE_BAD_PIXELS = 1, DICE_SHOT = 2, DICE_BACKGROUND = 3, DICE_LATTICE = 16 };

struct scene {
    struct simulate_params p;
    struct space_group group;
    struct detector *header; /* as the file states it */
    struct panel panel;      /* as it is */
    uint8_t *mask;           /* [n_slow][n_fast] 1 = good */
    float *background;       /* [n_slow][n_fast] expected photons at factor 1 */
    double d_min;            /* Å */
};

/* Full intensity of a reflection, mean 1 over all: Wilson's exponential, one value an orbit of the Laue group; 0: absent. */
double scene_wilson(const struct scene *s, const int32_t hkl[3]);

/* The cell of one crystal: the scene's with its free axes spread. */
void scene_draw_cell(const struct scene *s, struct dice *d, double cell[6]);

#endif
