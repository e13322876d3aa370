/* crystal.h - unit cells, orientation matrices, space groups.
 *
 * A = U·B with A's columns a*, b*, c* (1/Å, lab). B in the cctbx convention: a along x, b in the xy plane, so that
 * B = transpose(inverse([a b c])) is lower triangular, c* along z. Rows of A⁻¹ are the real-space vectors a, b, c.
 */
#ifndef XFELX_MODEL_CRYSTAL_H
#define XFELX_MODEL_CRYSTAL_H

#include "base/base.h"
#include "kernels/types.h"

/* One setting of a space group. Operators include the centring translations. */
struct space_group {
    uint16_t number;  /* 1 … 230 */
    const char *hm;   /* "P 61 2 2" as the table of settings spells it */
    const char *hall; /* as .expt spells it: " P 4nw 2abw", " P 61 2 (x,y,z+5/12)" */
    char centring;    /* P A B C I F R; P for rhombohedral axes */
    uint16_t n_ops;
    struct symop ops[192];
};

/* Look a setting up by number or symbol, as base/spacegroups.h accepts it (FORMATS 7.4); false with near names in the hint.
 * Texts of *out live as long as the program. */
bool space_group_find(const char *text, struct space_group *out, struct error *err);

/* By the Hall symbol of a tabulated setting, as the table or as .expt spells it; ERROR_METADATA for any other. */
bool space_group_from_hall(const char *hall, struct space_group *out, struct error *err);

/* Metric symmetry that the group imposes on a cell: "triclinic", "monoclinic", "orthorhombic", "tetragonal", "hexagonal"
 * (trigonal groups as well), "rhombohedral" (those on rhombohedral axes), "cubic". And whether a cell obeys it: each length
 * within the relative, each angle within the absolute tolerance (degrees) of the cell's mean over the group. */
const char *space_group_system(const struct space_group *g);
bool space_group_fits_cell(const struct space_group *g, const double cell[6], double tol_length,
                           double tol_deg);

/* cell[6] (Å, degrees) → B (row-major, lower triangular). false: impossible cell; cell_volume is then NaN. */
bool cell_to_b(const double cell[6], double B[9]);
void cell_from_a(const double A[9], double cell[6]); /* from any A = U·B; NaN when A is singular */
double cell_volume(const double cell[6]);
/* rows a, b, c in the lab frame; NaN when A is singular */
void cell_real_vectors(const double A[9], double abc[9]);

#endif
