/* index_internal.h - what the files index_*.c share, and refine.c for the cell. Others include kernels/index.h.
 *
 * A search works on points (rays sorted by |q|, sigmas apart) and on guesses (reduced bases). All lengths Å,
 * 1/Å.
 */
#ifndef XFELX_KERNELS_INDEX_INTERNAL_H
#define XFELX_KERNELS_INDEX_INTERNAL_H

#include "kernels/index.h"
#include "kernels/lattice.h"

enum {
    LANES = 16,        /* directions scored side by side; also the padding of grids */
    SEARCH_SPOTS = 96, /* spots of lowest |q| that the 1-D scores use, at most */
    PARAMETERS = 11,   /* rotation 3, shift 2, strain 6 */
    MAX_NODES = 40000,
    MAX_SETTINGS = 48,
    GRIDS = 2,
    SEARCHED = 1024, /* brightest spots that are searched; all are assigned in the end */
};

/* A spot as the search sees it. */
struct point {
    double q[3], s[3];  /* 1/Å; unit ray */
    double shift[2][3]; /* change of q when the pattern moves by one pixel along lab x, y */
    double length;      /* |q| */
    double across;      /* 1/Å that one pixel of position error stands for, across the ray */
    uint32_t ray;
};

/* Nearest integer, ties to even; |x| < 2^50. A function call less than rint() where no rounding instruction
 * may be used. */
static inline double nearest_integer(double x)
{
    return (x + 6755399441055744.0) - 6755399441055744.0;
}

/* Make points of rays, seen with the pattern moved back by `displaced` pixels; those that cannot be used are
 * left out. Sorted by length. Returns their number. */
size_t points_make(const struct beam_vector *beam, const struct ray *rays, size_t n,
                   const double displaced[2], struct point *points);

/* What errors to expect: a hypothesis under which evidence is computed. */
struct noise {
    double sigma_px, sigma_e0, sigma_e1; /* position; excitation hypot(e0, e1 |q|) */
    double strain, breaking; /* priors: strains that the lattice system allows, and those that break it */
    double common;           /* prior of a strain that all axes share, besides; 0: none */
    double shift_px;         /* prior of the beam's shift */
    double log_weight;       /* log10 of the prior probability of this hypothesis */
};

/* A candidate lattice: reduced basis (columns), beam shift, how good. */
struct guess {
    double m[9], shift[2];
    double evidence;  /* log10, weight of its noise included */
    double explained; /* points within 3 sigma, less those that chance would put there */
    uint32_t noise;   /* which hypothesis */
};

/* Directions of a unit hemisphere (n a multiple of LANES) and of the cone of second vectors. */
struct grid {
    size_t n, n_cone;
    double step;      /* radians */
    float *x, *y, *z; /* [n] */
    float *u, *v;     /* [n_cone] components across the first vector, times sin γ */
};

struct node {
    float q, v[3]; /* |q| and position in the frame of the reduced basis */
    int16_t h[3];
    bool first; /* the first of those that the lattice's rotations exchange */
};

struct index_cell {
    double cell[6];            /* conventional, made to obey the symmetry */
    double conventional[9];    /* its standard basis */
    double to_conventional[9]; /* integers: conventional = reduced · this */
    double reduced[9];         /* columns by length, first along x, second in xy */
    double length[3], cos_ab, volume;
    double least_q;                        /* 1/Å: no node is nearer to the origin */
    int8_t rotation[LATTICE_ROTATIONS][9]; /* exact rotations of the reduced lattice */
    size_t n_rotations;
    int8_t setting[MAX_SETTINGS][9]; /* changes that nearly keep the metric, but not exactly */
    size_t n_settings;
    double n_alike;              /* orientations that look alike: rotations within 0.2 % */
    double strain[6][9];         /* what the lattice system lets strain, frame of `conventional` */
    double strain_reduced[6][9]; /* the same in the frame of `reduced` */
    size_t n_strains;
    struct grid grid[GRIDS];
    struct node *node;
    size_t n_nodes;
};

/* How widely to search. */
struct effort {
    int first, axes, pairs, top, grid;
};
extern const struct effort INDEX_EFFORT[2];

/* Memory of a search, cut out of the caller's block. */
struct search_work {
    float *score;   /* [largest grid] */
    float *cone[4]; /* x y z score, [largest cone] */
    struct axis *axis;
    struct pair *pair;
    struct orientation *top;
};
size_t search_work_size(const struct index_cell *const *cells, size_t n_cells);
void search_work_init(struct search_work *w, const struct index_cell *const *cells, size_t n_cells,
                      void *memory);

/* Search for one lattice; the best guess by evidence. Points sorted by length. */
void search_sphere(const struct index_cell *cell, const struct effort *effort, const struct noise *noise,
                   size_t n_noise, const struct point *points, size_t n, struct guess *best,
                   struct search_work *w);
void search_pairs(const struct index_cell *cell, const struct noise *noise, size_t n_noise,
                  const struct point *points, size_t n, struct guess *best);

/* Score directions (SoA, n a multiple of LANES) by Σ max(0, 1 - (r/w)²), r the phase's distance from an
 * integer, for spots already multiplied by the length of the vector; inverse_w2 = 1/w². */
void score_directions(const float *x, const float *y, const float *z, size_t n, const float (*q)[3],
                      size_t n_q, float inverse_w2, float *score);

/* ---- one spot and one lattice (index_evidence.c; lattice_free_fit.c uses them too) */

struct weights {
    double across, along; /* 1/σt², 1/σe² */
};
struct weights point_weights(const struct noise *noise, const struct point *spot);

/* Node nearest to a spot, its place p = A·h and the residual r. False for the origin. */
bool point_nearest(const struct guess *g, const double a[9], const struct point *spot, int32_t h[3],
                   double p[3], double r[3]);

/* |r⊥|²/σt² + r∥²/σe². */
double weighted_square(struct weights w, const struct point *spot, const double r[3]);

/* Add factor · J W Jᵀ to the lower triangle of the normal matrix and, unless NULL, factor · J W r to the
 * gradient. n: the first so many parameters. */
void point_accumulate(double h[PARAMETERS * PARAMETERS], double *gradient, int n, double factor,
                      struct weights w, const struct point *spot, const double p[3], const double r[3]);

/* What a spot says: density of the lattice's spots over that of chance at its place. */
struct saying {
    double ratio, d2;
    int32_t h[3];
};

/* One spot a node: of spot i and those before it with the same index only the likeliest keeps its ratio. Points sorted by
 * length. */
void one_spot_a_node(const struct noise *noise, const struct point *points, struct saying *said, size_t i);

/* One robust step: n_parameters 3 (rotation), 5 (+ shift), 11 (+ strain). Returns the score Σ max(0, 1 -
 * d²/cut²) before the step; guess keeps its place when the normal matrix is singular. */
double guess_step(const struct index_cell *cell, const struct noise *noise, const struct point *points,
                  size_t n, int n_parameters, double cut, struct guess *g);

/* Put the rigid cell back on the guess's axes. */
void guess_rigid(const struct index_cell *cell, double m[9]);

/* Squared distance of a point from its nearest node, in sigmas; h: the node (0 0 0 gives INFINITY). */
double guess_distance(const struct noise *noise, const struct guess *g, const double a[9],
                      const struct point *p, int32_t h[3]);

/* log10 evidence of a guess under a noise hypothesis (ALGORITHMS 3.4), weight included; sets evidence and
 * explained. At most SEARCHED points. A node counts one spot, its nearest: a smear of spots on one node is not
 * many proofs. */
void guess_evidence(const struct index_cell *cell, const struct noise *noise, const struct point *points,
                    size_t n, struct guess *g);

/* Refine a rigid guess with everything, under each hypothesis; the best by evidence replaces it. */
void guess_finish(const struct index_cell *cell, const struct noise *noise, size_t n_noise,
                  const struct point *points, size_t n, struct guess *g);

/* Near-equal axes: try the other settings that the cell nearly allows, with the cell as it is known; the likelier one
 * replaces the guess (SCIENCE 7.4). True when one that is not equivalent comes within 6 in χ². */
bool setting_choose(const struct index_cell *cell, const struct noise *noise, const struct point *points,
                    size_t n, struct guess *g);

/* Of the orientations that the lattice's rotations make equal, the one that turns least from identity; ties by the first
 * element that is larger. A in the conventional setting; index: h = index · h_reduced. */
void setting_standard(const struct index_cell *cell, const double reduced[9], double a[9], double index[9]);

#endif
