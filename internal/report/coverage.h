/* coverage.h - is it enough, and when will it be: completeness and multiplicity of the outer shell against the number of lattices
 * (SCIENCE 24). Pure, but for coverage_read.
 *
 * A lattice is taken to lie anyhow, so each reflection of a shell is met as often as it has equivalents (those in special places have
 * fewer), independently of lattice to lattice. A unique reflection with o of all N·ō equivalents of the shell is then seen N ~ Poisson(n·m·o/Σo)
 * times in n lattices that bring m reflections each; completeness is the mean of P(N ≥ k) over the unique ones, which are counted. With k = 1 and
 * equal o it is 1 - exp(-n·f), f = m / unique.
 */
#ifndef XFELX_REPORT_COVERAGE_H
#define XFELX_REPORT_COVERAGE_H

#include "model/model.h"
#include "store/store.h"

/* k 10 at 95 % when nobody says anything else. COVERAGE_FEW: from fewer lattices nothing is predicted. */
enum { COVERAGE_FOLD = 10, COVERAGE_FEW = 5, COVERAGE_ORBITS = 49 };
#define COVERAGE_SHARE 0.95

struct overview_sources;

struct coverage {
    const char *why;     /* why nothing is predicted; NULL: it is, and the rest holds */
    double d_max, d_min; /* Å: the outermost tenth of the volume to d_min */
    const char *d_from;  /* who says d_min, in words */
    double orbits
        [COVERAGE_ORBITS];     /* unique reflections of the shell, by their equivalents, Friedel mates too */
    double unique, all;        /* of them: their sum, and that of the equivalents */
    bool exact;                /* counted one by one; else (a great cell) by volume */
    double per_lattice, error; /* reflections of the shell in a lattice: mean, and its standard error */
    size_t n_sample;           /* lattices that this is from */
    bool preferred;            /* they do not lie evenly (Bingham, 99.9 %): the curve is optimistic */
    const char *group;         /* symbol */
};

/* rows: the sample; group: its space group; d_min: Å, NaN: the median limit of the lattices. The arena is for work. */
void coverage_of(const struct store_reach *rows, size_t n, const struct space_group *group, double d_min,
                 const char *d_from, struct arena *a, struct coverage *out);

/* Unique reflections between two spacings (d_max Å > d_min) of a cell, systematic absences left out: into orbits as above. false: too many
 * to be counted, they are by volume. */
bool coverage_count(const double cell[6], const struct space_group *g, double d_max, double d_min,
                    double orbits[COVERAGE_ORBITS]);

/* Of the outer shell with n lattices: share of unique reflections that are seen k times or more; mean multiplicity. */
double coverage_share(const struct coverage *c, double n, unsigned k);
double coverage_multiplicity(const struct coverage *c, double n);

/* Lattices for a share (0 … 1) seen k times or more, with its 95 % interval from the sample: [0] the best, [1] low, [2] high. Infinity: never. */
void coverage_needed(const struct coverage *c, double share, unsigned k, double out[3]);

/* The trial's space group as its parameters say; false: they say none. */
bool coverage_group(const char *phil, struct space_group *out);

/* Of a dataset: a sample of the newest few of the jobs that dataset_lattices counts. Of `in`, jobs, runs and trials are looked at. */
bool coverage_read(struct store *s, const struct overview_sources *in, const struct store_dataset_row *d,
                   struct arena *a, struct coverage *out, struct error *err);

/* As the member "coverage" of an open object: what it is made of, and points of the curve. have: lattices so far; per_hour: NaN, it is not known. */
void coverage_json(const struct coverage *c, uint64_t have, double per_hour, struct json_writer *w);

/* "at 4800 lattices 83.1 % of 1.92 - 1.85 Å are seen 10 times (multiplicity 14.2); 95 % at 6500 (6200 to 6900)": added to out. */
void coverage_text(const struct coverage *c, uint64_t have, struct str *out);

#endif
