/* frame.c - run a frame down the table of stages; see pipeline.h. */
#include "pipeline/stages.h"

// clang-format off
const struct stage stages[] = {
    {{"decode",    "frames",      "read the frame and unpack its pixels"}, stage_decode},
    {{"threshold", "pixels",      "mark pixels that stand out from their neighbourhood"}, stage_threshold},
    {{"label",     "spots",       "join strong pixels into spots, with centroid and intensity"}, stage_label},
    {{"filter",    "spots",       "drop spots by size, shape and neighbourhood"}, stage_filter},
    {{"hit",       "hits",        "decide whether the frame is worth indexing"}, stage_hit},
    {{"index",     "lattices",    "find lattices of the known cell, accept them by their evidence"}, stage_index},
    {{"refine",    "lattices",    "refine orientation and cell, estimate mosaicity and domain size"}, stage_refine},
    {{"predict",   "reflections", "every reflection that the lattice can show on the detector"}, stage_predict},
    {{"integrate", "reflections", "sum the predicted reflections over a fitted background"}, stage_integrate},
    {{NULL, NULL, NULL}, NULL},
};
// clang-format on

const struct stage_info *stage_info(size_t i)
{
    return i < sizeof stages / sizeof *stages - 1 ? &stages[i].info : NULL;
}

const char *pipeline_isa(void)
{
    return kernels_select(NULL)->isa;
}

enum stage_end stage_ends(struct result *out, enum outcome o, enum reason why)
{
    out->outcome = o;
    out->reason = why;
    return STAGE_END;
}

void frame_process(const struct recipe *r, struct workspace *w, uint64_t i, struct result *out)
{
    *out = (struct result){.outcome = OUTCOME_FAILED, .reason = REASON_INTERNAL, .thread = w->number};
    workspace_begin(w, i);
    int64_t start = clock_monotonic();
    for (uint32_t s = 0; stages[s].run; s++) {
        if (w->entered)
            w->entered(w->entered_arg, s);
        enum stage_end end = stages[s].run(r, w, out);
        int64_t now = clock_monotonic();
        out->stage_ns[s] = now - start;
        out->n_stages = s + 1;
        start = now;
        if (end == STAGE_END)
            break;
    }
    out->t_done = clock_now();
}

void frame_add(struct powder *p, const struct workspace *w, const struct result *r)
{
    if (r->outcome == OUTCOME_FAILED)
        return;
    powder_add(p, &w->frame, w->frame_number, outcome_is_hit(r->outcome), w->number);
    if (w->n_residuals)
        powder_add_residuals(p, &w->frame, w->frame_number, w->residuals.data, w->n_residuals);
}

bool frame_find_spots(const struct recipe *r, struct workspace *w, const struct frame *frame,
                      const struct spot **spots, size_t *n, struct error *err)
{
    struct result out = {0};
    const struct detector *written;
    w->frame = *frame;
    bool ok = workspace_values(w, &out, &written) && workspace_masks(w, &out) &&
              stage_threshold(r, w, &out) == STAGE_GO_ON && stage_label(r, w, &out) == STAGE_GO_ON &&
              stage_filter(r, w, &out) == STAGE_GO_ON;
    *spots = w->list.spots;
    *n = ok ? w->list.n : 0;
    return ok || error_set(err, ERROR_FAILED, "no spots can be found: %s", out.message);
}
