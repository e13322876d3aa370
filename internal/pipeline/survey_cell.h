/* survey_cell.h - the cell part of a survey: from the lattices that the sample's shots show by themselves to the known cell and
 * space group of the job (ALGORITHMS_LATTICE 5 to 7). Private to pipeline/.
 *
 * A survey calls, where survey_wants_cell():
 *     survey_lattice()        for each shot with spots, on any rank; its answer is part of the sighting
 *     survey_cell_decide()    first with the geometry given: provisional, for the geometry pass; and, when that has moved the
 *                             detector, again after survey_lattice_again() of each shot: that answer goes into the finding
 *     survey_cell_say()       the lines for people
 *     recipe_take_found()     on every rank
 */
#ifndef XFELX_PIPELINE_SURVEY_CELL_H
#define XFELX_PIPELINE_SURVEY_CELL_H

#include "pipeline/recipe.h"

#include "kernels/cell_run.h"

struct block;

enum {
    SURVEY_CELL_LEAST = 3, /* shots that must agree for a cell at all */
    SURVEY_CELL_SURE = 15, /* and for one that is decided; with: */
};
#define SURVEY_CELL_CERTAIN 0.99

/* The cell of the job. Plain bytes; all zero: none was found. */
struct found_cell {
    struct run_cell run;
    double cell[6];    /* in the setting of the space group */
    char group[32];    /* Hall symbol: that of the recipe, or of the lattice's own rotations */
    uint32_t n_shots;  /* that were looked at for a lattice */
    uint8_t found;     /* there is a cell */
    uint8_t decided;   /* and it is sure */
    uint8_t assumed;   /* the space group is not known: the lattice's symmetry is taken */
    uint8_t corrected; /* decided with a geometry that was refined */
};

/* Is a cell to be found: none given, indexing not switched off? */
bool survey_wants_cell(const struct recipe *r);

/* Shots with a lattice of their own after which no more are needed (xfelx.cell.min_shots). */
size_t survey_cell_shots(const struct recipe *r);

/* The lattice that a shot shows by itself. memory: grows as needed. Cannot fail; out->accepted says whether. */
void survey_lattice(const struct recipe *r, struct block *memory, const struct beam_vector *beam,
                    const struct ray *rays, size_t n, struct free_lattice *out);

/* The same lattice against the same spots, placed by the refined geometry. */
void survey_lattice_again(const struct recipe *r, struct block *memory, const struct beam_vector *beam,
                          const struct ray *rays, size_t n, struct free_lattice *lattice);

/* Decide. corrected: the lattices were seen with the refined geometry. Returns out->found. */
bool survey_cell_decide(const struct recipe *r, const struct free_lattice *lattices, size_t n, bool corrected,
                        struct found_cell *out);

/* "cell found: mP 58.20 81.02 58.90 β 92.41, from 20 of 24 shots, p 0.9995 …", a line each, and what is doubtful or assumed. */
void survey_cell_say(const struct recipe *r, const struct found_cell *c, struct str *out);

/* As bytes; false: broken. */
void found_cell_pack(const struct found_cell *c, struct str *out);
bool found_cell_unpack(struct unwire *in, struct found_cell *c);
void free_lattice_pack(const struct free_lattice *l, struct str *out);
bool free_lattice_unpack(struct unwire *in, struct free_lattice *l);

/* Take the cell as the known one: index from here on. None: r->no_index says why, and frames end as hits that are not indexed. */
bool recipe_take_found(struct recipe *r, const struct found_cell *c, struct arena *a, struct error *err);

#endif
