/* overview_funnel.c - what became of each frame, and where the others were lost; see overview.h. */
#include "report/overview.h"

/* A reason counts at the step that the frame did not take. stage_off may be of two: of the later one when no hit is without a lattice. */
static int step_of(enum reason r, const struct store_totals *t)
{
    enum { READABLE = 1, HITS, INDEXED, INTEGRATED };
    if (r >= REASON_UNREADABLE)
        return READABLE;
    if (r == REASON_STAGE_OFF)
        return t->by_outcome[OUTCOME_HIT_NOT_INDEXED] ? INDEXED : INTEGRATED;
    return r < REASON_TOO_MANY ? HITS : r < REASON_SIGMA_B ? INDEXED : INTEGRATED;
}

void overview_funnel(const struct overview_sources *in, struct overview_step out[OVERVIEW_STEPS])
{
    const struct store_totals *t = &in->totals;
    uint64_t hits = 0, indexed = 0, failed = t->by_outcome[OUTCOME_FAILED];
    for (enum outcome o = OUTCOME_BLANK; o < OUTCOME_END; o++) {
        hits += outcome_is_hit(o) ? t->by_outcome[o] : 0;
        indexed += outcome_is_indexed(o) ? t->by_outcome[o] : 0;
    }
    out[0] = (struct overview_step){"frames", "frames", "frames", rate_of(t->frames, t->frames), {0}};
    out[1] = (struct overview_step){
        "readable", "could be read", "frames", rate_of(t->frames - failed, t->frames), {0}};
    out[2] = (struct overview_step){"hits", "hits", "readable", rate_of(hits, t->frames - failed), {0}};
    out[3] = (struct overview_step){"indexed", "indexed", "hits", rate_of(indexed, hits), {0}};
    out[4] = (struct overview_step){
        "integrated", "integrated", "indexed", rate_of(t->by_outcome[OUTCOME_INTEGRATED], indexed), {0}};
    for (int r = 1; r < REASON_END; r++)
        if (t->by_reason[r])
            out[step_of((enum reason)r, t)].lost[r] = t->by_reason[r];
}
