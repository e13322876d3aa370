/* resolve.h - which of the ways to index a crystal that its lattice does not tell apart (SCIENCE 9): the one whose intensities are
 * like the reference's. Private to pipeline/.
 */
#ifndef XFELX_PIPELINE_RESOLVE_H
#define XFELX_PIPELINE_RESOLVE_H

#include "pipeline/workspace.h"

/* Reindex each lattice of the frame as the reference says (xfelx.index.resolve=reference): A, cells, and hkl of its indexed and
 * integrated rows, whose order is made good. A lattice for which another way is less than 3 sigma behind is flagged
 * LATTICE_SETTING_UNDECIDED; one of which fewer than 10 reflections are in the reference stays as it is, flagged too. */
void resolve_frame(const struct recipe *r, struct workspace *w, struct reflection *integrated,
                   size_t n_integrated);

#endif
