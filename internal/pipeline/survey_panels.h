/* survey_panels.h - panels that are so far off that the solver sees none of their spots. Private to pipeline/.
 *
 * The solver lets a spot vote within five sigmas; of a panel that lies two pixels beside its place none is. Where most spots of a panel lie
 * together, but away from where they are calculated, the panel starts there.
 */
#ifndef XFELX_PIPELINE_SURVEY_PANELS_H
#define XFELX_PIPELINE_SURVEY_PANELS_H

#include "base/base.h"
#include "kernels/geometry_refine.h"

/* Shares of the spots of each panel that vote, of stills that were assessed. */
struct survey_panel {
    size_t n, inside; /* spots that have a node; that vote */
    bool started;
    uint32_t (*bins)[2];
};

/* Look at the spots of a run that was solved without panels, and put where panels start into correction [3 panels] (mm, mm, rad), which is
 * zero for all others. Started are panels with 100 spots of which a share below half of the whole's votes and more than half lie within a
 * pixel of their median. Returns how many. panels [run->n_panels] are filled. */
size_t survey_panels_start(const struct geometry_run *run, struct arena *a, struct survey_panel *panels,
                           double *correction);

/* After the solution: do the spots of all started panels vote now? */
bool survey_panels_hold(const struct geometry_run *run, struct arena *a, struct survey_panel *panels);

#endif
