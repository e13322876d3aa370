/* progress.c - counting results; see progress.h. */
#include "parallel/progress.h"

void team_count(struct team_progress *p, const struct result *r)
{
    p->done++;
    p->hits += outcome_is_hit(r->outcome);
    p->indexed += outcome_is_indexed(r->outcome);
    p->integrated += r->outcome == OUTCOME_INTEGRATED;
    p->below += r->outcome == OUTCOME_INDEXED_BELOW;
    p->failed += r->outcome == OUTCOME_FAILED;
    p->lattices += r->n_lattices;
}
