/* lattice_free.h - the lattice that one still shows by itself, no unit cell being known (ALGORITHMS_LATTICE 3, 4).
 *
 * Every point of a half ball in real space is scored by how many spots see it as a lattice vector; the best are
 * polished, triples of them tried, refined with all nine parameters of the lattice, and so are the lattices of index
 * 2 and 3 above and below. The ball grows (70, 100, 140 Å; with 100 spots 200, 280, 400 Å) until a lattice explains
 * most spots. What is found is accepted by its evidence against chance, over a prior of all lattices with axes up to
 * 500 Å: no spot count, no volume rule. One lattice a still, the strongest.
 *
 * Nothing allocates; the same spots in any order give the same answer, on every thread and processor. Costs 0.02 to
 * 0.2 s a still.
 *
 *     struct free_params p;
 *     free_params_default(&p);
 *     struct free_lattice found;
 *     void *work = …;                                              // lattice_free_work_size(max_rays) bytes
 *     if (lattice_free_find(&p, &beam, rays, n, &found, work))      // rays of spots_to_rays()
 *         …                                                        // collect them; kernels/cell_run.h
 */
#ifndef XFELX_KERNELS_LATTICE_FREE_H
#define XFELX_KERNELS_LATTICE_FREE_H

#include "kernels/index.h"

enum { FREE_MIN_SPOTS = 10, FREE_MAX_SPOTS = 400 }; /* fewer are not tried; of more the brightest are used */

struct free_params {
    double sigma_px, sigma_e0, sigma_e1; /* errors to expect, as in struct index_params */
    double shift_px;                     /* prior of the beam centre: 1; after the geometry pass 0.15 */
    double min_evidence;                 /* log10: 3 */
    double min_cell, max_cell;           /* Å: axes that are looked for, 3 and 0 (0: up to 400) */
};
void free_params_default(struct free_params *p);

/* A lattice without a cell. Plain bytes: may be copied to a file or another process. */
struct free_lattice {
    double m[9];          /* basis, columns a b c in Å, lab frame: reduced, by length, right-handed */
    double cov[36];       /* covariance of its strains xx yy zz xy xz yz, lab frame (symmetric) */
    double shift[2];      /* displacement of the pattern along lab x and y, px (of the rays' per_px) */
    double evidence;      /* log10; -99: nothing was found */
    uint32_t n_spots;     /* that were used */
    uint32_t n_explained; /* of these within 3 sigma of a node */
    uint32_t level;       /* of the ladder at which the search ended */
    uint32_t accepted;    /* 1: evidence reaches min_evidence */
};

/* Bytes of work memory (64-byte aligned, contents do not matter) for stills of at most max_rays rays. */
size_t lattice_free_work_size(size_t max_rays);

/* Find the strongest lattice of a still. Returns found->accepted; found is filled in any case. */
bool lattice_free_find(const struct free_params *p, const struct beam_vector *beam, const struct ray *rays,
                       size_t n, struct free_lattice *found, void *work);

/* Refine a lattice found before against the same spots seen again, for example with a better geometry: basis, shift,
 * covariance, evidence and counts are made anew. Returns found->accepted. */
bool lattice_free_refine(const struct free_params *p, const struct beam_vector *beam, const struct ray *rays,
                         size_t n, struct free_lattice *found, void *work);

#endif
