/* levels.h - panels over the jobs: does one count less or more than it used to, beside the others? From powder.json of each job. Pure. */
#ifndef XFELX_REPORT_LEVELS_H
#define XFELX_REPORT_LEVELS_H

#include "report/powder.h"

/* Of a panel: its mean count by the brightness of the job (the median over panels, each by what it usually has), so that neither a weaker
 * beam nor another panel changes it. change: of the newest job against the median of the earlier ones, of that median; NaN: not known. */
struct panel_level {
    double *levels; /* [n_jobs], NaN: not known */
    double usual, change;
    bool drifts;
};
struct levels {
    size_t n_jobs, n_panels, n_drifts;
    size_t *jobs; /* [n_jobs] which of those that were given, oldest first */
    struct panel_level *panels;
};

/* jobs: oldest first. Taken are those of the newest one's detector (panels by name), distance (0.5 %) and wavelength (1 %), with 20 frames or
 * more. A panel drifts when the newest job is off by a tenth and by five of the earlier jobs' deviations (1.48 MAD, at least 1 %); of fewer
 * than three earlier jobs, or three panels, none does. */
void levels_of(const struct powder_report *jobs, size_t n, struct arena *a, struct levels *out);

#endif
