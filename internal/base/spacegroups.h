/* spacegroups.h - the 530 tabulated settings of the 230 space groups as text, and how people write their
 * names.
 *
 * Only words: the symmetry operators follow from the Hall symbol (model/crystal.h). Rows are in the order of
 * International Tables, the settings of a group together, the standard one first, except that groups with two
 * origins have origin 1 before origin 2 while the name alone means origin 2.
 */
#ifndef XFELX_BASE_SPACEGROUPS_H
#define XFELX_BASE_SPACEGROUPS_H

#include <stddef.h>
#include <stdint.h>

struct spacegroup {
    uint8_t number;        /* 1 … 230 */
    const char *hm;        /* "P 43 21 2" */
    const char *ext;       /* "1" "2" origin, "H" "R" axes, else "" */
    const char *hall;      /* " P 4nw 2abw", "-P 2yc": centring with a leading blank or minus */
    const char *expt_hall; /* as .expt files spell it, " P 61 2 (x,y,z+5/12)"; NULL: as hall */
};
extern const struct spacegroup spacegroups[];
extern const size_t spacegroups_n;

/* The setting that a text names, NULL when none. Accepted as cctbx does: a number ("96", "146:R"); a
 * Hermann-Mauguin symbol with or without blanks, underscores and parentheses, in any case ("P43212", "p 4_3
 * 21 2", "P6(1)22"), with its extension
 * ("R3:R", "Pnnn:1"; without one: hexagonal axes, origin 2); H for R on hexagonal axes ("H32"); monoclinic
 * short symbols with unique axis b ("P21/c"); cubic symbols without the minus ("Fm3m"); "hall:" and a Hall
 * symbol of the table. */
const struct spacegroup *spacegroups_find(const char *text);

/* The tabulated name with extension, "R 3 :H"; out holds 32 bytes. Returns out. */
char *spacegroups_name(const struct spacegroup *g, char out[32]);

#endif
