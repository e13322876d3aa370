/* paired.c - which of two trials is better, on the same frames; see paired.h. */
#include "report/paired.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of n frames that differ, k on the rarer side: two-sided sign test; beyond 1000 its normal form with correction. */
static double by_chance(uint64_t n, uint64_t k)
{
    if (n > 1000)
        return erfc((fabs((double)n - 2 * (double)k) - 1) / sqrt(2 * (double)n));
    double sum = 0, term = pow(0.5, (double)n); /* 2^-1000 is still a number */
    for (uint64_t i = 0; i <= k; i++) {
        sum += term;
        term *= (double)(n - i) / (double)(i + 1);
    }
    return fmin(1, 2 * sum);
}

struct paired_verdict paired_verdict_of(const struct paired_frames *f)
{
    struct paired_verdict v = {NAN, NAN, NAN, NAN};
    double n = (double)(f->both + f->first + f->this + f->none), apart = (double)(f->first + f->this);
    if (n == 0)
        return v;
    double d = (double)f->this - (double)f->first, half = 1.96 * sqrt(apart - d * d / n) / n;
    v.change = d / n;
    v.lo = v.change - half;
    v.hi = v.change + half;
    if (apart > 0)
        v.p = by_chance(f->first + f->this, f->first < f->this ? f->first : f->this);
    return v;
}

/* ---- read ---- */

static bool find_trials(struct store *s, const struct paired *p, struct arena *a, int64_t rows[PAIRED_MOST],
                        struct error *err)
{
    struct store_trial_row *trials;
    size_t n;
    if (!store_trials(s, a, &trials, &n, err))
        return false;
    for (size_t t = 0; t < p->n; t++) {
        rows[t] = 0;
        for (size_t i = 0; i < n; i++)
            rows[t] = trials[i].num == p->trials[t] ? trials[i].id : rows[t];
        if (!rows[t])
            return error_set(err, ERROR_USAGE, "there is no trial %u", p->trials[t]),
                   error_hint(err, "xfelx trial list shows them all");
        for (size_t k = 0; k < t; k++)
            if (rows[k] == rows[t])
                return error_set(err, ERROR_USAGE, "trial %u is given twice", p->trials[t]);
    }
    return true;
}

static int by_ord(const void *a, const void *b)
{
    const struct paired_run *x = a, *y = b;
    if (x->ord != y->ord)
        return x->ord < y->ord ? -1 : 1;
    return x->run < y->run ? -1 : x->run > y->run;
}

static int by_run(const void *a, const void *b)
{
    int64_t x = ((const struct paired_run *)a)->run, y = ((const struct paired_run *)b)->run;
    return x < y ? -1 : x > y;
}

static bool is_wanted(const int64_t *only, size_t n, int64_t run)
{
    bool found = n == 0;
    for (size_t i = 0; i < n && !found; i++)
        found = only[i] == run;
    return found;
}

/* All runs that are wanted, with the newest job of each trial; those that a trial has not worked on fall out at the end. */
static bool read_runs(struct store *s, const int64_t rows[PAIRED_MOST], const int64_t *only, size_t n_only,
                      struct arena *a, struct paired *p, struct error *err)
{
    const struct store_run_filter any = {.ids = only, .n_ids = n_only};
    struct store_run_row *runs;
    struct store_tally *tallies;
    size_t n_runs = 0, n = 0, kept = 0;
    if (!store_runs(s, &any, a, &runs, &n_runs, err) || !store_tallies(s, a, &tallies, &n, err))
        return false;
    p->runs = arena_array(a, n_runs + 1, sizeof *p->runs);
    for (size_t i = 0; i < n_runs; i++)
        if (is_wanted(only, n_only, runs[i].id))
            p->runs[p->n_runs++] = (struct paired_run){.run = runs[i].id, .ord = runs[i].ord};
    if (p->n_runs)
        qsort(p->runs, p->n_runs, sizeof *p->runs, by_run);
    for (size_t i = 0; i < n;
         i++) { /* by job: later ones take the place; previews are never held against whole runs */
        const struct paired_run key = {.run = tallies[i].run};
        struct paired_run *r = p->n_runs ? bsearch(&key, p->runs, p->n_runs, sizeof key, by_run) : NULL;
        for (size_t t = 0; t < p->n && r; t++)
            if (tallies[i].trial == rows[t] && tallies[i].frames && !tallies[i].preview)
                r->of[t] = tallies[i];
    }
    for (size_t i = 0; i < p->n_runs; i++) {
        bool all = true;
        for (size_t t = 0; t < p->n; t++)
            all &= p->runs[i].of[t].job != 0;
        if (all)
            p->runs[kept++] = p->runs[i];
    }
    p->n_runs = kept;
    if (kept)
        qsort(p->runs, kept, sizeof *p->runs, by_ord);
    return true;
}

static void add_tally(struct store_tally *sum, const struct store_tally *t)
{
    /* of 1/d², which tallies average */
    double had =
               sum->lattices && isfinite(sum->res_a) ? (double)sum->lattices / (sum->res_a * sum->res_a) : 0,
           more = isfinite(t->res_a) ? (double)t->lattices / (t->res_a * t->res_a) : 0;
    sum->frames += t->frames;
    sum->failed += t->failed;
    sum->hits += t->hits;
    sum->indexed += t->indexed;
    sum->integrated += t->integrated;
    sum->lattices += t->lattices;
    sum->multi += t->multi;
    sum->res_a = had + more > 0 ? sqrt((double)sum->lattices / (had + more)) : NAN;
}

static void add_frames(struct paired_frames *f, uint64_t n[PAIRED_OUTCOMES][PAIRED_OUTCOMES])
{
    for (int a = 0; a < PAIRED_OUTCOMES; a++)
        for (int b = 0; b < PAIRED_OUTCOMES; b++) {
            if (a == OUTCOME_FAILED || b == OUTCOME_FAILED)
                continue;
            bool first = outcome_is_indexed((enum outcome)a), this = outcome_is_indexed((enum outcome)b);
            *(first ? this ? &f->both : &f->first : this ? &f->this : &f->none) += n[a][b];
        }
}

static bool count_frames(struct store *s, uint64_t most, struct paired *p, struct error *err)
{
    for (size_t i = p->n_runs; i-- > 0;) {
        struct paired_run *r = p->runs + i;
        uint64_t frames = r->of[0].frames;
        if (frames > most)
            break;
        most -= frames;
        r->counted = true;
        p->n_counted++;
        for (size_t t = 1; t < p->n; t++) {
            uint64_t n[PAIRED_OUTCOMES][PAIRED_OUTCOMES];
            if (!store_paired(s, r->of[0].job, r->of[t].job, n, err))
                return false;
            add_frames(r->frames + t, n);
            add_frames(p->frames + t, n);
        }
    }
    return true;
}

bool paired_read(struct store *s, const uint32_t *trials, size_t n, const int64_t *only, size_t n_only,
                 uint64_t frames_most, struct arena *a, struct paired *out, struct error *err)
{
    int64_t rows[PAIRED_MOST];
    *out = (struct paired){.n = n};
    if (n < 2 || n > PAIRED_MOST)
        return error_set(err, ERROR_USAGE, "two to %d trials stand side by side, not %zu", PAIRED_MOST, n),
               error_hint(err, "the first is what the others are held against, as 3,5");
    memcpy(out->trials, trials, n * sizeof *trials);
    if (!find_trials(s, out, a, rows, err) || !read_runs(s, rows, only, n_only, a, out, err))
        return false;
    for (size_t i = 0; i < out->n_runs; i++)
        for (size_t t = 0; t < n; t++)
            add_tally(out->sums + t, out->runs[i].of + t);
    return count_frames(s, frames_most, out, err);
}
