/* stages.h - the table of stages. Private to pipeline/. */
#ifndef XFELX_PIPELINE_STAGES_H
#define XFELX_PIPELINE_STAGES_H

#include "pipeline/pipeline.h"
#include "pipeline/workspace.h"

/* A stage lets the frame go on, or ends it with the outcome and reason that it has put into the result. */
enum stage_end { STAGE_GO_ON, STAGE_END };

struct stage {
    struct stage_info info;
    enum stage_end (*run)(const struct recipe *r, struct workspace *w, struct result *out);
};

extern const struct stage stages[]; /* ends with a row without name */

/* The rows, by file: stages_spots.c, stages_crystal.c. */
enum stage_end stage_decode(const struct recipe *r, struct workspace *w, struct result *out);
enum stage_end stage_threshold(const struct recipe *r, struct workspace *w, struct result *out);
enum stage_end stage_label(const struct recipe *r, struct workspace *w, struct result *out);
enum stage_end stage_filter(const struct recipe *r, struct workspace *w, struct result *out);
enum stage_end stage_hit(const struct recipe *r, struct workspace *w, struct result *out);
enum stage_end stage_index(const struct recipe *r, struct workspace *w, struct result *out);
enum stage_end stage_refine(const struct recipe *r, struct workspace *w, struct result *out);
enum stage_end stage_predict(const struct recipe *r, struct workspace *w, struct result *out);
enum stage_end stage_integrate(const struct recipe *r, struct workspace *w, struct result *out);

/* End the frame. */
enum stage_end stage_ends(struct result *out, enum outcome o, enum reason why);

#endif
