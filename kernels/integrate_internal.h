/* integrate_internal.h - what the steps of our integration share. Private to integrate_*.c.
 *
 * Order (ALGORITHMS_INTEGRATION 10): sizes of spots → boxes and who meets whom → background and sum of each → how far from the Ewald
 * sphere reflections still have photons → groups of overlapping spots fitted, single ones too.
 */
#ifndef XFELX_KERNELS_INTEGRATE_INTERNAL_H
#define XFELX_KERNELS_INTEGRATE_INTERNAL_H

#include "kernels/integrate.h"
#include "kernels/shoebox.h"
#include "kernels/spot_shape.h"

/* Of measured ellipses: foreground and guard, in sigmas; ring of background beyond the guard, px. */
static const double FOREGROUND_SIGMAS = 3, GUARD_SIGMAS = 4, RING_PX = 6;

/* A row without next one in its group; members of a group; pixels of a group; spots that make a size; lattices of a frame. */
static const uint32_t NO_NEXT = UINT32_MAX;
enum { GROUP_MAX = 12, GROUP_PIXELS = 4096, SHAPE_SPOTS = 12, LATTICES_MAX = 64 };

/* A predicted row while it is worked on. Numbers are photons. */
struct spot_work {
    struct spot_ellipse ellipse;
    int32_t guard[4];    /* x0 x1 y0 y1 of the guard ellipse */
    uint32_t parent;     /* in its group; the first row of the group is its own */
    uint32_t next, last; /* chain of the group's members, from the first */
    double noise;        /* variance of a background pixel */
    double estimate;     /* variance of the background's estimate at the centre */
    double background;   /* photons a pixel at the centre */
    double share;        /* of its photons in its foreground */
    double sum, var0;    /* intensity by summation and the part of its variance that is not its own photons */
    double prior;        /* mean intensity of its class; 0: none */
    double gain;         /* values per photon */
    bool shared, good, kept_shared, kept_good;
};

/* Boxes by panel and left edge of the guard: those that meet stand near each other. */
struct spot_place {
    uint32_t panel, row;
    int32_t x0;
};

struct group_pixel {
    float value, P[GROUP_MAX]; /* photons above the background; profiles of the members */
    uint16_t foreground;       /* bit of each member */
};

struct spots_run {
    const struct integrate_params *p;
    const struct integrate_frame *f;
    struct reflection *rows;
    struct spot_work *work;
    struct spot_place *places;
    size_t n, n_places;
    int32_t widest;
    struct image image;
    struct shoebox *box;
    struct group_pixel *pixels;
    struct spot_shape shapes[LATTICES_MAX];
    bool fixed;               /* circles that were given: shapes are of one px, reaches radii in px */
    double foreground, guard; /* reaches, in sigmas of the shape */
    double ring;              /* px beyond the guard */
    bool photons;             /* the limits of the parameters hold */
    double gain;              /* ADU per photon of the values, when the parameters do not say */
};

/* integrate_shape.c: sizes of the spots of each lattice, from its strong ones. */
void spots_measure_shapes(struct spots_run *r, const struct lattice *lattices, size_t n_lattices);

/* integrate_envelope.c: how far from the Ewald sphere the reflections of each lattice still have photons; rows beyond are taken out,
 * and partiality is that of the width found. Sums must be there. */
void spots_cut_envelope(struct spots_run *r, const struct lattice *lattices, size_t n_lattices);

/* integrate_spots.c: ellipses and boxes of all rows, in an order in which neighbours are found; open the box of a row, mark its own pixels and those of others; its background; its sum. */
void spots_place(struct spots_run *r);
void spots_open(struct spots_run *r, size_t row);
bool spots_quick_background(struct spots_run *r, size_t row, struct background *out);
bool spots_background(struct spots_run *r, size_t row, struct background *out);
double spots_gain(const struct spots_run *r, const struct reflection *row);

/* Photons expected of the spot itself, for variances: what the sum says, shrunk where it is noise. */
double spots_signal(double sum, double var0, double prior);

/* integrate_groups.c: fit every group. */
void spots_fit(struct spots_run *r);

#endif
