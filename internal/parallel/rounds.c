/* rounds.c - rank 0's rounds of work: the survey's blocks, the frames, then those that get a second try. A round is over when every
 * frame of it has come back. See run.h. */
#include "parallel/run.h"

static void open_ledger(struct run *r, const uint64_t *frames, uint64_t n)
{
    pthread_mutex_lock(&r->lock);
    ledger_open(&r->ledger, frames, n);
    pthread_mutex_unlock(&r->lock);
}

/* ---- the survey ---- */

void rounds_sight(struct run *r, const void *data, size_t n, uint32_t from)
{
    struct error err = {0};
    struct unwire in = {data, (const uint8_t *)data + n, false};
    uint64_t frame = unwire_u32(&in);
    pthread_mutex_lock(&r->lock);
    bool is_new = r->round == ROUND_SURVEY && !in.bad && ledger_back(&r->ledger, frame);
    pthread_mutex_unlock(&r->lock);
    if (in.bad || frame >= r->team->list->n_frames) {
        error_set(&err, ERROR_INTERNAL, "rank %u: it looked at a frame that is not in the list", from);
        run_fails(r, &err);
    } else if (is_new &&
               in.at <
                   in.end && /* nothing: a kernel crashed on it. Not new: it was away, another one looked */
               !r->team->survey->take(r->team->arg, in.at, (size_t)(in.end - in.at), &err)) {
        run_fails(r, &err);
    }
}

/* The finding to all ranks, ourselves too; then the frames. Ranks get it before their first GRANT: messages keep their order. */
static void end_survey(struct run *r)
{
    const struct team *t = r->team;
    struct str finding = {0};
    struct error err = {0};
    bool ok = t->survey->conclude(t->arg, &finding, &err) &&
              t->survey->adopt(t->arg, finding.text, finding.len, &err);
    for (uint32_t rank = 1; ok && rank < r->farm->size; rank++) {
        struct str copy = {0};
        str_addn(&copy, finding.text, finding.len);
        run_post(r, rank, MESSAGE_FINDING, &copy);
    }
    if (!ok)
        run_fails(r, &err);
    str_free(&finding);
}

/* ---- one after the other ---- */

static bool next_block(struct run *r)
{
    const struct team *t = r->team;
    const uint64_t *frames = NULL;
    size_t n = 0;
    if (!t->survey->next(t->arg, &frames, &n))
        return false;
    open_ledger(r, frames, n);
    return true;
}

bool rounds_next(struct run *r)
{
    const struct team *t = r->team;
    if (r->round == ROUND_SURVEY) {
        if (next_block(r))
            return true;
        end_survey(r);
        r->round = ROUND_FIRST;
        open_ledger(r, t->frames, t->n_frames);
        return true;
    }
    if (r->round == ROUND_AGAIN)
        return false;
    r->round = ROUND_AGAIN;
    pthread_mutex_lock(&r->lock);
    bool more = ledger_open_again(&r->ledger);
    pthread_mutex_unlock(&r->lock);
    return more;
}
