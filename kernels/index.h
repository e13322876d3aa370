/* index.h - indexing of a still with known cells (ALGORITHMS 3; ALGORITHMS_LATTICE 2).
 *
 * Sphere search for the shortest reduced vector, cone search for the second, both hands, rigid refinement, then
 * orientation, beam shift and restrained strain together; short lists are searched again more widely and by
 * pairs. What is found is accepted by its evidence against chance (ALGORITHMS 3.4), never by a count of spots.
 * Two hypotheses share the evidence: the errors expected, and wide ones (a mosaic crystal, a detector not quite
 * in its place, a cell off by a per cent); under the second, or with an untrusted geometry and a short list, half
 * of the spots must be explained as well.
 *
 * Nothing allocates; the same spots give the same answer on every thread. Plain C costs 1 to 5 ms for an indexed
 * frame of a 90 Å cell, up to 30 ms where the search has to be widened or is refused at nine beam centres, 0.1 s
 * for 300 Å. At most 1024 spots, the brightest, are searched with; all are assigned. Cells whose grid would pass
 * 10^6 directions (reduced axes above some 400 Å) get a coarser one and need spots of low angle.
 *
 *     size_t bytes = index_cell_size(&known);                      // once a recipe; 0: impossible cell
 *     struct index_cell *cell = index_cell_init(&known, memory);   // memory[bytes]; then shared by all threads
 *     const struct index_cell *cells[] = {cell};
 *     work[index_work_size(cells, 1, max_spots)]                   // once a thread
 *
 *     size_t n = spots_to_rays(panels, n_panels, &beam, spots, n_spots, rays);      // once a frame
 *     struct index_params params;
 *     index_params_default(&params);
 *     struct index_found found = {.lattices = lattices, .capacity = MAX, .owner = owner, .hkl = hkl};
 *     if (index_frame(&params, cells, 1, &beam, rays, n, &found, work) == 0)
 *         …                                                        // found.reason, found.best_evidence say why
 *     for (uint32_t i = 0; i < found.n; i++)                       // kernels/refine.h
 *         if (refine_lattice(&refine, cells[lattices[i].cell_no], panels, &beam, rays, n, owner, hkl, i,
 *                            &lattices[i], used, refine_work) == REFINE_OK)
 *             rows += refine_rows(panels, &beam, spots, rays, n, owner, hkl, i, &lattices[i], used, out + rows);
 */
#ifndef XFELX_KERNELS_INDEX_H
#define XFELX_KERNELS_INDEX_H

#include "kernels/types.h"

enum { INDEX_MAX_LATTICES = 16, INDEX_MAX_CELLS = 16 };

/* A spot as a ray: what indexing and refinement know of it. */
struct ray {
    double q[3];   /* s1 - s0, 1/Å */
    double s1[3];  /* unit vector, sample → spot */
    double lab[3]; /* mm */
    double mm[2];  /* on the panel, parallax removed */
    double px[2], var_px[2];
    double unit[3]; /* outward unit normal of the panel: unit·s1 > 0 */
    double per_px;  /* 1/Å that one pixel across the ray stands for: pixel / (|lab| λ) */
    double intensity;
    uint32_t panel;
    uint32_t spot; /* index in the list it was made from */
};

/* Map spots to rays, one for each spot that can be mapped (finite position, known panel, not on the beam itself);
 * order is kept. rays has room for n. Returns the number made. */
size_t spots_to_rays(const struct panel *panels, size_t n_panels, const struct beam_vector *beam,
                     const struct spot *spots, size_t n, struct ray *rays);

/* The unit cell as the user gives it. */
struct known_cell {
    double cell[6]; /* Å, degrees, in the setting of the space group */
    char centring;  /* P A B C I F R (R: obverse hexagonal axes; with rhombohedral axes it is taken as P) */
    /* Rotation parts R of the space group's operators in that setting (x' = R x). Generators will do, improper and
     * double ones do no harm. n_rotations 0: no space group; the symmetry of the metric is used. */
    const int8_t (*rotations)[9];
    size_t n_rotations;
};

/* A known cell prepared for the search. Opaque; lives in the memory it was given, which must be 64-byte aligned,
 * stay in place and not change. size 0, init NULL: impossible cell, operators that do not fit it within 1 % (3°),
 * or reduced lengths outside 2 … 3000 Å. */
struct index_cell;
size_t index_cell_size(const struct known_cell *known);
struct index_cell *index_cell_init(const struct known_cell *known, void *memory);

struct index_params {
    double min_evidence;       /* log10 (xfelx.index.min_evidence), 3 */
    size_t min_spots;          /* fewer are not tried (xfelx.index.min_spots), 6 */
    size_t max_lattices;       /* indexing.multiple_lattice_search.max_lattices, 1 */
    double min_separation;     /* radians (minimum_angular_separation), 5° */
    double recycle_cutoff;     /* further lattices only while this share of the spots is unindexed, 0.1 */
    double length_tolerance;   /* known_symmetry.relative_length_tolerance, 0.1 */
    double angle_tolerance;    /* degrees, known_symmetry.absolute_angle_tolerance, 5 */
    bool geometry_trusted;     /* after the geometry pass: narrow shift prior, no offsets */
    double max_offset_px;      /* error of an untrusted beam centre (xfelx.index.max_offset_px), 3 */
    int deep;                  /* xfelx.index.deep: -1 auto (lists of at most 32 spots), 0 never, 1 always */
    double sigma_px;           /* position error of a spot, 0.5 */
    double sigma_e0, sigma_e1; /* excitation: hypot(sigma_e0, sigma_e1 |q|), 0.0004 1/Å and 0.0009 */
    double cell_sigma;         /* prior of each strain (xfelx.cell.sigma), 0.002 */
    double cell_common; /* and of the strain that all axes share, on top: the run's own, 0 (SCIENCE 12) */
};
void index_params_default(struct index_params *p);

/* Why a frame has no lattice; numbers of WORDS 2. */
enum index_reason { INDEX_OK = 0, INDEX_FEW_SPOTS = 2, INDEX_NO_LATTICE = 11, INDEX_CELL_OFF = 12 };

/* What was found. The caller sets lattices, capacity, owner, hkl; the rest is output. */
struct index_found {
    struct lattice
        *lattices;     /* [capacity] A, cell, evidence, shift_px, cell_no, n_indexed, flags; best first */
    size_t capacity;   /* max_lattices counts up to this and INDEX_MAX_LATTICES */
    int32_t *owner;    /* [n rays] number of the lattice a ray belongs to; -1 none */
    int32_t (*hkl)[3]; /* [n rays] in the setting of the cell; 0 0 0 when it belongs to none */

    size_t n;
    enum index_reason reason; /* when n is 0 */
    double best_evidence;     /* of what was accepted or, when nothing was, of the best refused; -99 none */
    uint32_t offsets;         /* displaced beam centres tried */
};

/* Bytes of work memory (64-byte aligned, contents do not matter) for frames of at most max_rays rays. */
size_t index_work_size(const struct index_cell *const *cells, size_t n_cells, size_t max_rays);

/* Index one frame. Returns found->n.
 *
 * A of a lattice is written in the setting of the given cell; of the orientations that the lattice's own
 * rotations make equal, the one whose U (A = U·B) turns least from identity (SCIENCE 7.2). shift_px:
 * displacement of the observed pattern along lab x and y, in pixels (of the rays' per_px), relative to the
 * geometry given. Each spot belongs to one lattice, and each hkl of a lattice to one spot, the nearer. Spots
 * with a non-finite or null q are never used. */
size_t index_frame(const struct index_params *p, const struct index_cell *const *cells, size_t n_cells,
                   const struct beam_vector *beam, const struct ray *rays, size_t n,
                   struct index_found *found, void *work);

#endif
