/* cell_run.h - one unit cell, one Bravais lattice and one setting for a run, from the lattices that its stills show by
 * themselves (ALGORITHMS_LATTICE 5, 6).
 *
 * The stills' cells are gathered around the one that most others agree with, by integer changes of basis, never by
 * comparing reduced forms: those jump. Every group of near-symmetries is then fitted by expectation maximisation: mean
 * cell, scatter of the crystals (τ in each strain, κ in the common scale), each still in all settings it may have; the
 * groups are compared by their evidence, and the winner says how sure it is. Lower symmetry that the error of the
 * detector's geometry alone could feign is not believed, and of two that are nearly as likely the higher lattice is given.
 *
 * Plain double, fixed number of rounds: the same stills give the same bytes, whatever their order.
 */
#ifndef XFELX_KERNELS_CELL_RUN_H
#define XFELX_KERNELS_CELL_RUN_H

#include "kernels/lattice_free.h"

enum { CELL_RUN_MEMBERS = 100 }; /* of more, those of highest evidence are used */

struct cell_run_params {
    double
        geometry_strain; /* strain that the geometry's error may feign (xfelx.cell.geometry_strain): 0.0006, after the
                             * geometry pass 0.0003 */
    double
        match; /* relative metric by which a still's cell may differ from the run's (xfelx.cell.match): 0.04 */
    char bravais[4]; /* lattice that is known from elsewhere (a space group): "mP"; "": any */
};
void cell_run_params_default(struct cell_run_params *p);

struct run_cell {
    double cell[6];    /* conventional setting: a b c Å, α β γ degrees; obeys the symmetry */
    char bravais[4];   /* "mP" */
    char next[4];      /* likeliest other answer; "" none */
    double next_cost;  /* how much worse in 2 ln evidence */
    double p;          /* probability of the answer; decided when ≥ 0.99 (and from enough stills) */
    double tau, kappa; /* scatter of the crystals: each strain; common scale */
    bool raised; /* a lower lattice fitted better: by less than the geometry's error, or not decidedly */
    uint32_t n_members;  /* stills that agree with the cell */
    uint32_t n_accepted; /* stills with a lattice of their own */
    double axes[9];      /* conventional basis in the standard frame (a along x, b in xy) */
};

/* Bytes of work memory (64-byte aligned) for at most n stills. */
size_t cell_run_work_size(size_t n);

/* Decide. Stills that are not accepted, or whose basis is left-handed or not finite, are left out. false: no cell
 * (no still accepted, or none agrees with what params demand). */
bool cell_run(const struct cell_run_params *p, const struct free_lattice *stills, size_t n,
              struct run_cell *out, void *work);

#endif
