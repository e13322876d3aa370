/* forms.h - crystal forms among unit cells: which lie together, when each began, how crystals lie in the beam, and the covariance that
 * merging takes (UI 3.9, REPORT 2.1). Pure: functions of the sample of lattices, which is the same whoever asks.
 *
 * Cells are compared in the setting of their space group, in which all lattices of a trial are written (SCIENCE 7), by the parameters
 * that symmetry leaves free: lengths in Å, angles as the way that the end of a mean edge moves, in Å. So a distance is one of edges.
 */
#ifndef XFELX_REPORT_FORMS_H
#define XFELX_REPORT_FORMS_H

#include "report/cells.h"

/* Groups that are described; lattices that are compared (the first of the sample, which is ordered by hash); labels. */
enum { FORMS_MOST = 6, FORMS_POINTS = 4000, FORMS_NEITHER = -1, FORMS_LEFT = -2 };

/* n members; of all six parameters; cov: of the free ones, n_free rows, over n. */
struct cell_form {
    size_t n;
    double mean[6], sd[6], cov[36];
};

struct cell_forms {
    int free[6], n_free;   /* of a b c α β γ */
    int like[6];           /* the parameter that each is always equal to: itself, or an earlier one */
    double eps, eps_found; /* Å: used, and what the density of the cells says */
    size_t least;          /* members that make a core, itself included */
    size_t n_points, n_neither, n_groups;
    size_t n; /* described: at most FORMS_MOST, the greatest first */
    struct cell_form form[FORMS_MOST];
    int32_t *labels; /* of each lattice of the sample: its group, FORMS_NEITHER, FORMS_LEFT: not looked at */
};

/* eps NaN: as found: the median distance to the least-th neighbour, times what makes 99 % of one normal distribution a group. least: 5,
 * of more than 500 lattices one in a hundred. In the arena. */
void forms_of(const struct store_sampled *sample, size_t n_sample, double eps, struct arena *a,
              struct cell_forms *out);

/* One run, or neighbours: lattices by form (counts[n of the forms]: in further ones or neither), and the median cell with its 95 % interval from
 * ranks (NaN: of fewer than six). */
struct cell_run {
    int64_t run, last; /* rows of the first and the last */
    size_t n, counts[FORMS_MOST + 1];
    struct cell_spread median[6];
};

/* By row of the run; of more than `most` (at least 1) runs so many neighbours together that there are not more rows. n_runs: of all.
 * Jobs that the tallies do not have are left out. */
void forms_by_run(const struct store_sampled *sample, size_t n_sample, const struct cell_forms *f,
                  const struct store_tally *tallies, size_t n_tallies, size_t most, struct arena *a,
                  struct cell_run **rows, size_t *n, size_t *n_runs);

/* The cells that were looked at by two of the free parameters, a layer each for those in no form, form 1, form 2, and further ones:
 * grid[layer][PAIR_GRID · y + x]. The picture is of the middle 99 % with a margin; what lies beside is counted. */
enum { PAIR_GRID = 56, PAIR_LAYERS = 4, PAIRS_MOST = 4 };
struct cell_pair {
    int x, y; /* of a b c α β γ */
    double from[2], to[2];
    uint32_t grid[PAIR_LAYERS][PAIR_GRID * PAIR_GRID];
    size_t outside;
};
/* Each of the first three free parameters with each, then the last two. Returns how many: none of fewer than two free ones. */
size_t pairs_of(const struct store_sampled *sample, size_t n_sample, const struct cell_forms *f,
                struct arena *a, struct cell_pair pairs[PAIRS_MOST]);

/* How crystals lie: directions of equivalent reciprocal axes (of the lattice's symmetry, and each with its opposite) in an equal-area
 * projection along the beam: grid[POLE_GRID · y + x], x and y of the laboratory from -1 to 1. Of an axis that has no other equivalent:
 * eigen, the greatest eigenvalue of the mean of d·dᵀ (⅓: even), and bingham, 15n/2 Σ(λ-⅓)², which is χ² of 5 degrees of freedom when the
 * crystals lie evenly (C. Bingham, 1974); else NaN. */
enum { POLE_GRID = 40, POLES_MOST = 3 };
struct cell_pole {
    const char *name; /* "a*", "a*, b*" */
    size_t n;         /* directions, opposites once */
    double eigen, bingham;
    uint32_t grid[POLE_GRID * POLE_GRID];
};
size_t poles_of(const struct store_sampled *sample, size_t n_sample, const struct cell_forms *f,
                struct cell_pole poles[POLES_MOST]);

/* Means and covariances for merging, forms with more members than free parameters. json: numbers for anyone; else what
 * filter.unit_cell.cluster.covariance.file of cctbx.xfel.merge reads: a pickle of what its filter asks for (features, sample, info,
 * populations), made of Python's own types and sklearn.covariance.EmpiricalCovariance, so that it does not depend on the version of
 * uc_metrics. Component i is form i+1. false: no form. */
bool covariance_text(const struct cell_forms *f, const char *title, bool json, struct str *out,
                     struct error *err);

#endif
