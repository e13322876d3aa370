/* lattice_free_internal.h - what the files lattice_free*.c share. Others include kernels/lattice_free.h.
 *
 * A search works on points (index_internal.h) sorted by length and on struct guess, whose basis is any lattice.
 */
#ifndef XFELX_KERNELS_LATTICE_FREE_INTERNAL_H
#define XFELX_KERNELS_LATTICE_FREE_INTERNAL_H

#include "kernels/index_internal.h"
#include "kernels/lattice_free.h"

enum {
    MAP_SPOTS = 64,     /* innermost spots that vote for lattice vectors */
    MAP_PEAKS = 8192,   /* points of the map that are kept */
    MAP_SEEDS = 400,    /* of these polished */
    VECTOR_SPOTS = 200, /* spots that a vector is polished on */
    VECTORS = 40,       /* that triples are made of */
};

struct peak {
    float score, t[3]; /* Å */
};

struct vector {
    double score, t[3]; /* Å */
};

struct map_work {
    struct peak *peak;     /* [MAP_PEAKS] */
    struct vector *seed;   /* [MAP_SEEDS] */
    struct vector *vector; /* [MAP_SEEDS] */
};

/* The best lattice vectors (at most VECTORS) between min and max Å, best first, into w->vector. Returns their number; n_map: the
 * spots that voted. */
size_t free_vectors(const struct point *points, size_t n, double min, double max, size_t *n_map,
                    struct map_work *w);

/* Refine a lattice with all nine parameters, from few spots to all, reduce it, and compute its evidence. */
void free_refine(const struct noise *noise, const struct point *points, size_t n, struct guess *g);

/* log10 evidence of a lattice over all lattices (ALGORITHMS_LATTICE 4); sets evidence and explained (points within 3 sigma).
 * cov unless NULL: covariance of the six strains, widened by the residuals. At most FREE_MAX_SPOTS points. */
void free_evidence(const struct noise *noise, const struct point *points, size_t n, struct guess *g,
                   double cov[36]);

/* The sublattices and superlattices of index 2 and 3 (Hermite forms) of a basis. Returns FREE_RELATIVES. */
enum { FREE_RELATIVES = 40 };
size_t free_relatives(const double m[9], double (*out)[9]);

#endif
