/* bravais.h - symmetry of a lattice and its conventional axes (ALGORITHMS_LATTICE 6).
 *
 * A lattice is a reduced basis C (columns, Å). Its rotations are integer changes of that basis, int8_t[9], new = old·P.
 */
#ifndef XFELX_KERNELS_BRAVAIS_H
#define XFELX_KERNELS_BRAVAIS_H

#include "kernels/lattice.h"

enum { BRAVAIS_NEAR = 64, BRAVAIS_GROUPS = 192 };

/* A group of rotations of a lattice: the whole rotation symmetry that its own average metric has. */
struct lattice_group {
    int8_t op[LATTICE_ROTATIONS][9];
    uint32_t n;    /* 1 triclinic, 2, 4, 6 rhombohedral, 8, 12, 24 cubic */
    uint32_t free; /* parameters of its metric: 6, 4, 3, 2, 2, 2, 1 */
};

/* All groups that the rotations within `tolerance` of the metric (largest relative change, as
 * lattice_metric_change) make, the trivial one first; at most cap. `metric` must not obey a symmetry exactly by
 * chance of rounding to be told from its neighbours: pass a measured one. work: bravais_work_size() bytes. */
size_t bravais_work_size(void);
size_t bravais_groups(const double metric[9], double tolerance, struct lattice_group *groups, size_t cap,
                      void *work);

/* Does the larger group contain all operations of the smaller? */
bool bravais_contains(const struct lattice_group *large, const struct lattice_group *small);

/* Symbol of the Bravais lattice ("aP" … "cF") and the conventional axes of a group on a reduced basis whose metric
 * obeys it: conventional = reduced·Q, Q integers (columns), det Q the number of lattice points in the cell.
 *
 * a: reduced, all angles < 90 or all ≥ 90. m: b unique, a ≤ c the two shortest across it, β ≥ 90; centred: C, β nearest
 * 90. o: a ≤ b ≤ c; one centred face: C, a ≤ b. t, h: c along the axis of highest order. hR: obverse. Right-handed. */
void bravais_conventional(const struct lattice_group *g, const double reduced[9], char symbol[4],
                          int32_t q[9]);

#endif
