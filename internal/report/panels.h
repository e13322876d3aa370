/* panels.h - is each panel where the geometry says? From the residuals of jobs (residuals.json, FORMATS 3.2), added up.
 *
 * A residual is calculated - observed: where a panel really is, seen from where the geometry has it. A panel's move is the median of all
 * spots with an index (outliers of the refinement too: of a panel that is far off most are), the rms is that of the spots that were used,
 * as in the .refl files. The error of a move knows that spots of one lattice belong together.
 */
#ifndef XFELX_REPORT_PANELS_H
#define XFELX_REPORT_PANELS_H

#include "base/base.h"
#include "kernels/residual.h"

/* The sums of one job or of several. */
struct panels_place {
    const char *name;
    double origin[3], fast[3], slow[3], size[2], pixel[2]; /* lab, mm */
};
struct panels_sum {
    size_t n_files, n_panels;
    double beam[3]; /* to the source */
    const struct panels_place *places;
    struct residual_panel *panels;
    struct residual_shell shells[RESIDUAL_SHELLS];
};

/* Add a file to a sum, which begins as zeros; places are the first's. false: it cannot be read, or is of another detector, and nothing
 * was added. In the arena. */
bool panels_read(const char *path, struct arena *a, struct panels_sum *sum, struct error *err);

/* What is told of a panel. px along its axes; NaN: of no spot. */
struct panel_residual {
    const struct panels_place *place;
    uint64_t seen, far, used, lattices;
    double move[2], error[2]; /* median of all seen, and its standard error */
    double lab[2];            /* the same along x and y of the lab */
    double own[2];            /* move without that of the whole */
    double mean[2], rms[2];   /* of the used, along fast and slow */
    double radial, across;    /* their rms away from the beam, and across that */
    bool moved;
};

/* Δψ by resolution. */
struct panel_shell {
    double d_max, d_min, mean_deg, error_deg; /* d_max INFINITY: from the beam on */
    uint64_t n;
};

enum { PANELS_SHELLS = 10, PANELS_SPOTS = 100 };
struct panels_report {
    size_t n_panels, n_moved, n_shells, n_files;
    struct panel_residual *panels; /* as in the detector */
    size_t *worst;                 /* [n_panels]: those that moved first, by distance; without spots last */
    uint64_t seen, used;
    double whole[2]; /* px of the lab: weighted median of the panels' moves */
    bool whole_moved, psi_turns;
    struct panel_shell shells[PANELS_SHELLS];
};

/* A panel has moved when it has PANELS_SPOTS or more (SCIENCE 15), its own move is 0.2 px or more and five standard errors; the whole by the
 * same of all panels together. psi_turns: Δψ changes its sign with resolution by more than chance (SCIENCE 15): distance or wavelength. */
void panels_of(const struct panels_sum *s, struct arena *a, struct panels_report *out);

/* For a terminal, worst first, at most `most` panels (0: all); as JSON, an object by this key. */
void panels_text(const struct panels_report *r, size_t most, struct str *out);
void panels_json(const struct panels_report *r, const char *key, struct json_writer *j);

/* The residuals of the jobs of a report, added up; out->n_files 0: none has any. Files that cannot be read, or are of another detector, are
 * left out and counted. */
struct summary;
size_t summary_residuals(const struct summary *s, struct arena *a, struct panels_sum *out);
/* `xfelx report --panels`, as text and as JSON. */
void summary_panels(const struct summary *s, struct str *out);
void summary_panels_json(const struct summary *s, struct str *out);

#endif
