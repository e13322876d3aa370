/* scene.h - private to simulate/: what a scene holds, and the steps of a frame. */
#ifndef XFELX_SIMULATE_SCENE_H
#define XFELX_SIMULATE_SCENE_H

#include "simulate/dice.h"
#include "simulate/simulate.h"

/* Purposes of random streams (dice_start). Numbers are never reused. */
enum {
    DICE_BAD_PIXELS = 1,
    DICE_SHOT = 2,
    DICE_BACKGROUND = 3,
    DICE_BEAM = 4,     /* spikes, direction, energy */
    DICE_SENSOR = 5,   /* noise, drift */
    DICE_PANELS = 6,   /* places of panels */
    DICE_SURROUND = 7, /* dark blanks, ice, salt */
    DICE_FORM = 8,     /* crystal form and breath of each lattice */
    DICE_SALT = 9,
    DICE_GAIN = 10,
    DICE_LATTICE = 16
};

/* A kind of crystal. */
struct crystal_kind {
    double cell[6];
    const struct space_group *group;
    const struct intensities *structure;     /* NULL: Wilson */
    double structure_scale;                  /* brings the list's mean at low angle to 1 */
    double b_factor, domain_size, mosaicity; /* Å², Å, radians */
    double brightness;
};

struct scene {
    struct simulate_params p;
    struct space_group group, salt_group;
    struct crystal_kind crystal, salt;
    struct detector *header; /* as the file states it */
    struct detector *real;   /* as it is */
    uint8_t *mask;           /* [n_pixels] 1 = good */
    float *background;       /* [n_pixels] expected photons at factor 1 */
    float *air;              /* the part of it that is there without a jet; NULL: never asked for */
    float *ice;              /* [n_pixels]; NULL: none */
    double d_min;            /* Å */
};

/* Full intensity of a reflection, mean 1 at low angle: of the list, or Wilson's exponential, one value an orbit of the Laue group;
 * 0: absent. */
double crystal_intensity(const struct crystal_kind *c, uint64_t seed, const int32_t hkl[3]);

/* The cell of one crystal: axes spread, those that are equal stay so. */
void scene_draw_cell(const struct scene *s, struct dice *d, double cell[6]);

/* background.c */
void scene_make_background(struct scene *s, struct arena *a);

/* beam.c - the rays of a shot: incident wave vectors with weights (sum 1). */
enum { RAYS_MAX = 5 * SIMULATE_SPIKES_MAX };
struct ray {
    double s0[3]; /* incident wave vector, 1/Å: (0, 0, -1/λ) along the axis */
    double wavenumber, weight;
};
struct shot_beam {
    int32_t n;
    struct ray rays[RAYS_MAX];
    double wavelength; /* mean */
    double s0[3];      /* of the mean wavelength and direction */
    double reach;      /* largest |Δλ/λ| of a ray */
    double spread;     /* radians: largest angle of a ray off the mean direction */
};
void scene_draw_beam(const struct scene *s, uint32_t n, struct simulate_truth *truth, struct shot_beam *out);

/* crystals.c - add the photons of all crystals of the shot to photons [n_pixels]. */
enum { BOX = 128 };
struct shot {
    const struct scene *scene;
    const struct detector *detector; /* where the panels are in this shot */
    struct shot_beam beam;
    uint32_t *photons; /* [n_pixels] */
    float *box;        /* [BOX][BOX] expected photons around a reflection */
    const struct simulate_listener *listener;
};
void shot_add_lattice(const struct shot *shot, uint32_t n, int i, struct simulate_truth *truth);
void shot_add_salt(const struct shot *shot, uint32_t n, const struct simulate_truth *truth);

/* response.c - photons to what the detector reads. charge [n_pixels] is work memory, used when it integrates. */
void scene_read_out(const struct scene *s, uint32_t n, const uint32_t *photons, float *charge, void *pixels);
bool scene_integrates(const struct scene *s);

#endif
