/* reach.h - how many reflections lattices brought, by resolution: a bounded sample, from which completeness is predicted (SCIENCE 24).
 * Part of the store's face; store.h includes it.
 *
 * Lattice rows are read by their keys, which roll_sample has: never more than `most` a job.
 */
#ifndef XFELX_STORE_REACH_H
#define XFELX_STORE_REACH_H

#include "base/base.h"

struct store;

enum { REACH_SHELLS = 10 };

/* One lattice: integrated reflections in shells of equal volume from infinity to shell_d (Å), low resolution first. dir: a*, b*, c* in the
 * laboratory, of length 1; 0: not known. res_a NaN: not known. */
struct store_reach {
    double cell[6], res_a, shell_d;
    uint32_t counts[REACH_SHELLS];
    float dir[3][3];
};

/* Of each job the `most` lattices with the lowest hashes: chosen by nothing that they show. In the arena. */
bool store_read_reach(struct store *s, const int64_t *jobs, size_t n_jobs, size_t most, struct arena *a,
                      struct store_reach **rows, size_t *n, struct error *err);

#endif
