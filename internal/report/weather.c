/* weather.c - what each rank did when; see weather.h. */
#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const weather_kinds[WEATHER_KINDS] = {"read", "spots", "index", "integrate"};
const char *const weather_outcomes[WEATHER_OUTCOMES] = {"blank", "hit", "indexed", "failed"};
const char weather_letters[WEATHER_KINDS + 1] = "rsip";

/* The rows of the table of stages (pipeline/frame.c): decode, threshold, label, filter, hit, index, refine, predict, integrate. */
static const enum weather_kind kind_of[STAGE_MAX] = {WEATHER_READ,  WEATHER_SPOTS,     WEATHER_SPOTS,
                                                     WEATHER_SPOTS, WEATHER_SPOTS,     WEATHER_INDEX,
                                                     WEATHER_INDEX, WEATHER_INTEGRATE, WEATHER_INTEGRATE};

static const double LATE = 0.1;  /* of the whole, behind the mean end: the others waited */
static const double PAUSE = 0.1; /* of the whole: a pause worth a word */
static const double SLOW = 1.5;  /* of the median rank's frame */
enum { SLOW_FRAMES = 20 };       /* to say so */

/* ---- begin ---- */

static uint32_t threads_of(const struct store_book_job *jobs, size_t n, int64_t attempt)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < jobs[i].n_attempts; k++)
            if (jobs[i].attempts[k].id == attempt)
                return jobs[i].attempts[k].n_threads;
    return 0;
}

/* A rank's first frame was begun before it was done: by about what its frames take. */
static int64_t begin_of(const struct store_rank *r)
{
    double ms = 0;
    for (int k = 0; k < STAGE_MAX; k++)
        ms += r->stage_ms[k];
    return r->first_t - (int64_t)(r->frames ? 1e6 * ms / (double)r->frames : 0);
}

void weather_begin(const struct store_rank *ranks, size_t n, const struct store_book_job *jobs, size_t n_jobs,
                   struct arena *a, struct weather *out)
{
    *out = (struct weather){.n_ranks = n < WEATHER_RANKS ? n : WEATHER_RANKS};
    out->left_out = n - out->n_ranks;
    out->ranks = arena_array(a, out->n_ranks + 1, sizeof *out->ranks);
    out->tries = arena_array(a, out->n_ranks + 1, sizeof *out->tries);
    for (size_t i = 0; i < out->n_ranks; i++) {
        const struct store_rank *r = ranks + i;
        struct weather_try *t = out->n_tries ? out->tries + out->n_tries - 1 : NULL;
        if (!t || t->attempt != r->attempt) {
            t = out->tries + out->n_tries++;
            *t = (struct weather_try){.job = r->job,
                                      .attempt = r->attempt,
                                      .no = r->no,
                                      .first = i,
                                      .begin = begin_of(r),
                                      .end = r->last_t};
        }
        t->n++;
        t->begin = begin_of(r) < t->begin ? begin_of(r) : t->begin;
        t->end = r->last_t > t->end ? r->last_t : t->end;
        out->ranks[i].rank = r;
        out->ranks[i].threads = threads_of(jobs, n_jobs, r->attempt);
    }
}

/* ---- frames ---- */

static const struct weather_try *try_of(const struct weather *w, int64_t attempt)
{
    size_t lo = 0, hi = w->n_tries;
    while (lo < hi) {
        size_t at = (lo + hi) / 2;
        if (w->tries[at].attempt < attempt)
            lo = at + 1;
        else
            hi = at;
    }
    return lo < w->n_tries && w->tries[lo].attempt == attempt ? w->tries + lo : NULL;
}

static struct weather_rank *rank_of(const struct weather *w, const struct weather_try *t, uint32_t writer)
{
    size_t lo = t->first, hi = t->first + t->n;
    while (lo < hi) {
        size_t at = (lo + hi) / 2;
        if (w->ranks[at].rank->writer < writer)
            lo = at + 1;
        else
            hi = at;
    }
    return lo < t->first + t->n && w->ranks[lo].rank->writer == writer ? w->ranks + lo : NULL;
}

static double bin_ms(const struct weather_try *t)
{
    return fmax(1e-6 * (double)(t->end - t->begin) / WEATHER_BINS, 1e-6);
}

/* Time from ms to ms of the try, into the bins it lies in; what lies before the first is the first's. */
static void spend(struct weather_rank *r, double from, double to, double step, enum weather_kind kind)
{
    from = fmax(from, 0);
    for (int bin = (int)fmin(from / step, WEATHER_BINS - 1); bin < WEATHER_BINS && from < to; bin++) {
        double end = bin == WEATHER_BINS - 1 ? to : fmin(to, (bin + 1) * step);
        if (end > from)
            r->busy_ms[bin][kind] += (float)(end - from);
        from = fmax(from, end);
    }
}

static enum weather_outcome outcome_of(uint8_t outcome)
{
    if (outcome == OUTCOME_FAILED)
        return WEATHER_FAILED;
    if (outcome == OUTCOME_BLANK)
        return WEATHER_BLANK;
    return outcome == OUTCOME_HIT_NOT_INDEXED ? WEATHER_HIT : WEATHER_INDEXED;
}

void weather_add(void *weather, const struct store_spent *x)
{
    struct weather *w = weather;
    const struct weather_try *t = try_of(w, x->attempt);
    struct weather_rank *r = t ? rank_of(w, t, x->writer) : NULL;
    if (!r)
        return;
    double step = bin_ms(t), at = 1e-6 * (double)(x->done_t - t->begin), sum = 0;
    for (int k = 0; k < STAGE_MAX; k++)
        sum += x->stage_ms[k];
    double from = at - sum;
    for (int k = 0; k < STAGE_MAX; k++) {
        spend(r, from, from + x->stage_ms[k], step, kind_of[k]);
        from += x->stage_ms[k];
    }
    int bin = (int)fmax(0, fmin(at / step, WEATHER_BINS - 1));
    enum weather_outcome o = outcome_of(x->outcome);
    r->done[bin][o]++;
    r->outcomes[o]++;
    r->frames++;
    r->frame_ms += sum;
}

/* ---- figures ---- */

static double busy(const struct weather_rank *r, int bin)
{
    double sum = 0;
    for (int k = 0; k < WEATHER_KINDS; k++)
        sum += (double)r->busy_ms[bin][k];
    return sum;
}

/* The longest stretch without work between a rank's first and last. */
static void find_pause(struct weather_rank *r)
{
    int last = WEATHER_BINS - 1, since = -1;
    while (last > 0 && busy(r, last) <= 0)
        last--;
    for (int bin = 0; bin <= last; bin++) {
        if (busy(r, bin) > 0) {
            since = bin;
        } else if (since >= 0 && bin - since > r->idle_n) {
            r->idle_from = since + 1;
            r->idle_n = bin - since;
        }
    }
    if (r->idle_n < PAUSE * WEATHER_BINS)
        r->idle_n = 0;
}

static int by_value(const void *pa, const void *pb)
{
    double a = *(const double *)pa, b = *(const double *)pb;
    return (a > b) - (a < b);
}

static void judge_try(struct weather *w, struct weather_try *t, double *work)
{
    struct weather_rank *ranks = w->ranks + t->first;
    double ends = 0, sum = 0, room = 0;
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++) {
        struct weather_rank *r = ranks + i;
        ends += (double)(r->rank->last_t - t->begin) / (double)t->n;
        r->frame_ms = r->frames ? r->frame_ms / (double)r->frames : NAN;
        r->duty = rank_duty(r->rank, r->threads);
        if (r->frames >= SLOW_FRAMES)
            work[n++] = r->frame_ms;
        for (int bin = 0; bin < WEATHER_BINS; bin++)
            sum += busy(r, bin);
        room += r->threads * bin_ms(t) * WEATHER_BINS;
        find_pause(r);
    }
    qsort(work, n, sizeof *work, by_value);
    t->duty = room > 0 ? fmin(1, sum / room) : NAN;
    for (size_t i = 0; i < t->n; i++) {
        struct weather_rank *r = ranks + i;
        r->late = t->n > 1 && r->rank->last_t == t->end &&
                  (double)(t->end - t->begin) - ends > LATE * (double)(t->end - t->begin);
        r->slow = n > 2 && r->frames >= SLOW_FRAMES && r->frame_ms > SLOW * work[n / 2];
    }
}

void weather_end(struct weather *w)
{
    double *work = calloc(w->n_ranks + 1, sizeof *work);
    for (size_t i = 0; i < w->n_tries && work; i++)
        judge_try(w, w->tries + i, work);
    free(work);
}

bool weather_read(struct store *s, const struct store_rank *ranks, size_t n,
                  const struct store_book_job *jobs, size_t n_jobs, uint64_t most, struct arena *a,
                  struct weather *out, size_t *jobs_left, struct error *err)
{
    uint64_t frames = 0;
    size_t read = n_jobs;
    while (read > 0 && frames + (uint64_t)jobs[read - 1].n_final <= most)
        frames += (uint64_t)jobs[--read].n_final;
    *jobs_left = read;
    struct store_rank *kept = arena_array(a, n + 1, sizeof *kept);
    size_t n_kept = 0;
    for (size_t i = 0; i < n; i++)
        if (read < n_jobs && ranks[i].job >= jobs[read].id)
            kept[n_kept++] = ranks[i];
    weather_begin(kept, n_kept, jobs, n_jobs, a, out);
    for (size_t i = read; i < n_jobs; i++)
        if (!store_each_spent(s, jobs[i].id, weather_add, out, err))
            return false;
    weather_end(out);
    return true;
}

struct weather_cell weather_cell(const struct weather *w, const struct weather_try *t, size_t row, int bin)
{
    const struct weather_rank *r = w->ranks + row;
    struct weather_cell c = {.outcome = -1};
    double sum = busy(r, bin), room = bin_ms(t) * (r->threads ? r->threads : 1);
    uint32_t most = 0;
    for (int k = 1; k < WEATHER_KINDS; k++)
        if (r->busy_ms[bin][k] > r->busy_ms[bin][c.kind])
            c.kind = (enum weather_kind)k;
    c.level = sum > 0 ? (int)fmin(9, fmax(1, rint(9 * sum / room))) : 0;
    for (int k = 0; k < WEATHER_OUTCOMES; k++)
        if (r->done[bin][k] > most || (k == WEATHER_FAILED && r->done[bin][k])) {
            most = r->done[bin][k];
            c.outcome = k;
        }
    return c;
}
