/* overview.c - the whole at one glance; see overview.h. */
#include "report/overview.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STALE_SECONDS = 60, GOAL_SECONDS = 86400 };

/* ---- histograms and series ---- */

/* Bounds of bin i: of times powers of two of 0.1 ms, else even steps. */
static double bound_of(const struct store_hist *h, size_t i)
{
    if (h->kind >= STORE_HIST_STAGE)
        return i ? 0.1 * ldexp(1, (int)i) : 0;
    return h->lo + h->step * (double)i;
}

double hist_quantile(const struct store_hist *h, double share)
{
    double want = share * (double)h->n, below = (double)h->under;
    if (h->n == 0 || want < below)
        return NAN;
    for (size_t i = 0; i < h->n_bins; i++) {
        double here = (double)h->bins[i];
        if (here > 0 && below + here >= want) {
            double lo = bound_of(h, i), hi = bound_of(h, i + 1);
            double peak = h->kind >= STORE_HIST_STAGE ? 0.1 * h->peak : h->peak;
            hi = peak > lo && peak < hi ? peak : hi; /* nothing lies above the greatest value */
            return lo + (want - below) / here * (hi - lo);
        }
        below += here;
    }
    return NAN;
}

static void add_minute(struct store_minute *sum, const struct store_minute *m)
{
    sum->frames += m->frames;
    sum->failed += m->failed;
    sum->hits += m->hits;
    sum->indexed += m->indexed;
    sum->lattices += m->lattices;
}

static double series_value(enum series_kind kind, const struct store_minute *sum, double s2, double n)
{
    switch (kind) {
    case SERIES_FRAMES:
        return (double)sum->frames;
    case SERIES_LATTICES:
        return (double)sum->lattices;
    case SERIES_HIT_RATE:
        return rate_of(sum->hits, sum->frames - sum->failed).share;
    case SERIES_INDEXING_RATE:
        return rate_of(sum->indexed, sum->hits).share;
    case SERIES_RESOLUTION:
        return n > 0 ? sqrt(n / s2) : NAN;
    }
    return NAN;
}

size_t overview_series(const struct overview_sources *in, enum series_kind kind, size_t of, double *out,
                       size_t room)
{
    size_t n = 0;
    for (size_t first = in->n_minutes % of; first + of <= in->n_minutes && n < room; first += of) {
        struct store_minute sum = {0};
        double s2 = 0, weight = 0; /* of 1/d²: as many as there are lattices */
        for (size_t i = first; i < first + of; i++) {
            const struct store_minute *m = in->minutes + i;
            add_minute(&sum, m);
            if (m->res_a > 0) {
                s2 += (double)m->lattices / (m->res_a * m->res_a);
                weight += (double)m->lattices;
            }
        }
        out[n++] = series_value(kind, &sum, s2, weight);
    }
    return n;
}

/* ---- making ---- */

static void make_now(const struct overview_sources *in, struct standing *out)
{
    struct store_minute sum = {0};
    size_t minutes = in->n_minutes < OVERVIEW_NOW ? in->n_minutes : OVERVIEW_NOW, first = minutes;
    for (size_t i = 0; i < minutes; i++) {
        const struct store_minute *m = in->minutes + in->n_minutes - minutes + i;
        add_minute(&sum, m);
        first = first == minutes && m->frames ? i : first;
    }
    out->hit_now = rate_of(sum.hits, sum.frames - sum.failed);
    out->indexed_now = rate_of(sum.indexed, sum.hits);
    out->frames_hz = out->lattices_h = out->lattices_h_lo = out->lattices_h_hi = NAN;
    if (sum.frames == 0)
        return;
    /* the newest minute is as long as its newest frame says, so that a rate does not fall at every full minute */
    double seconds =
        60.0 * (double)(minutes - first - 1) + 1e-9 * (double)(in->totals.frame_t % INT64_C(60000000000));
    seconds = seconds < 1 ? 1 : seconds;
    out->frames_hz = (double)sum.frames / seconds;
    double n = (double)sum.lattices, per_hour = 3600 / seconds, half = 1.96 * sqrt(n); /* Poisson */
    out->lattices_h = n * per_hour;
    out->lattices_h_lo = fmax(0, n - half) * per_hour;
    out->lattices_h_hi = (n + half) * per_hour;
}

static void make_resolution(const struct overview_sources *in, struct standing *out)
{
    static const double shares[3] = {0.25, 0.5, 0.75}; /* of 1/d²: 25 % are below the first */
    uint64_t bins[TALLY_RES_BINS] = {0};
    struct store_hist h = {.kind = STORE_HIST_RES, .step = 1.0 / TALLY_RES_BINS, .n_bins = TALLY_RES_BINS};
    h.bins = bins;
    h.peak = 1;
    for (size_t i = 0; i < OVERVIEW_NOW && i < in->n_minutes; i++)
        for (size_t k = 0; k < TALLY_RES_BINS; k++) {
            bins[k] += in->minutes[in->n_minutes - 1 - i].res_bins[k];
            h.n += in->minutes[in->n_minutes - 1 - i].res_bins[k];
        }
    for (int i = 0; i < 3; i++) {
        double s2 = hist_quantile(&h, shares[i]);
        out->res_a[i] = s2 > 0 ? 1 / sqrt(s2) : NAN;
    }
}

static const struct store_run_row *newest_run(const struct overview_sources *in)
{
    const struct store_tally *newest = NULL;
    for (size_t i = 0; i < in->n_tallies; i++)
        if ((!in->trial || in->tallies[i].trial == in->trial->id) &&
            (!newest || in->tallies[i].frame_t > newest->frame_t))
            newest = in->tallies + i;
    for (size_t i = 0; newest && i < in->n_runs; i++)
        if (in->runs[i].id == newest->run)
            return in->runs + i;
    return NULL;
}

static bool has_tag(const struct store_run_row *r, const char *tag)
{
    for (size_t i = 0; i < r->n_tags; i++)
        if (strcmp(r->tags[i], tag) == 0)
            return true;
    return false;
}

bool dataset_has_run(const struct store_dataset_row *d, const struct store_run_row *r)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n_tags; i++)
        n += has_tag(r, d->tags[i]);
    return d->n_tags && (d->all ? n == d->n_tags : n > 0);
}

static int by_id(const void *a, const void *b)
{
    const struct store_run_row *x = *(const struct store_run_row *const *)a,
                               *y = *(const struct store_run_row *const *)b;
    return x->id < y->id ? -1 : x->id > y->id;
}

uint32_t dataset_trial(const struct overview_sources *in)
{
    uint32_t trial = 0;
    for (size_t i = 0; i < in->n_jobs; i++)
        if (!in->jobs[i].key.task_rev && in->jobs[i].trial > trial)
            trial = in->jobs[i].trial;
    return trial;
}

/* A dataset follows the active trial of the highest number (WORDS 4.1): here, of the jobs there are. */
uint64_t dataset_lattices(const struct overview_sources *in, const struct store_dataset_row *d,
                          struct arena *a)
{
    uint32_t trial = dataset_trial(in);
    uint64_t n = 0;
    size_t n_runs = 0;
    const struct store_run_row **runs = arena_array(a, in->n_runs + 1, sizeof *runs);
    for (size_t i = 0; i < in->n_runs; i++)
        if (dataset_has_run(d, in->runs + i))
            runs[n_runs++] = in->runs + i;
    qsort(runs, n_runs, sizeof *runs, by_id);
    for (size_t i = 0; i < in->n_jobs; i++) {
        const struct store_run_row run = {.id = in->jobs[i].key.run}, *key = &run;
        if (!in->jobs[i].key.task_rev && !in->jobs[i].key.version && in->jobs[i].trial == trial &&
            bsearch(&key, runs, n_runs, sizeof *runs, by_id))
            n += (uint64_t)in->jobs[i].n_lattices;
    }
    return n;
}

static double time_left(uint64_t missing, double per_hour)
{
    if (missing == 0)
        return 0;
    double s = per_hour > 0 ? 3600 * (double)missing / per_hour : NAN;
    return s <= GOAL_SECONDS ? s : NAN;
}

/* What the dataset says; else what the curve says. false: neither does. */
static bool wanted(const struct store_dataset_row *d, const struct coverage *c, struct overview_goal *g)
{
    g->goal = g->goal_lo = g->goal_hi = d->goal;
    if (d->goal)
        return true;
    double need[3];
    if (!c || c->why)
        return false;
    coverage_needed(c, COVERAGE_SHARE, COVERAGE_FOLD, need);
    if (!(need[0] < 1e15))
        return false;
    g->coverage = c;
    g->goal = (uint64_t)need[0];
    g->goal_lo = (uint64_t)need[1];
    g->goal_hi = need[2] < 1e15 ? (uint64_t)need[2] : UINT64_MAX;
    return true;
}

static uint64_t missing(uint64_t have, uint64_t goal)
{
    return have < goal ? goal - have : 0;
}

static void make_goals(const struct overview_sources *in, struct arena *a, struct standing *out)
{
    struct overview_goal *goals = arena_array(a, in->n_datasets + 1, sizeof *goals);
    for (size_t i = 0; i < in->n_datasets; i++) {
        const struct store_dataset_row *d = in->datasets + i;
        struct overview_goal *g = goals + out->n_goals;
        *g = (struct overview_goal){.dataset = d->name, .id = d->id, .trial = dataset_trial(in)};
        if (!d->active || !wanted(d, in->coverages ? in->coverages + i : NULL, g))
            continue;
        out->n_goals++;
        g->have = dataset_lattices(in, d, a);
        g->left_s = time_left(missing(g->have, g->goal), out->lattices_h);
        g->left_lo_s = time_left(missing(g->have, g->goal_lo), out->lattices_h_hi);
        g->left_hi_s = time_left(missing(g->have, g->goal_hi), out->lattices_h_lo);
    }
    out->goals = goals;
}

/* What changed for the better or the worse, of the two rates; 0: neither. */
static const struct overview_usual *moved(const struct standing *o)
{
    for (size_t i = 0; i < o->n_usuals; i++)
        if (o->usuals[i].changed &&
            (strcmp(o->usuals[i].key, "hit") == 0 || strcmp(o->usuals[i].key, "indexed") == 0))
            return o->usuals + i;
    return NULL;
}

static void make_finding(struct standing *o)
{
    const struct figures *f = &o->all;
    const struct overview_usual *u = o->running ? moved(o) : NULL;
    if (o->n_alarms)
        snprintf(o->finding, sizeof o->finding, "%s", o->alarms[0].text);
    else if (f->frames == 0)
        snprintf(o->finding, sizeof o->finding, "%s",
                 o->in->n_jobs ? "no frame is done yet" : "nothing was processed yet");
    else if (u)
        snprintf(o->finding, sizeof o->finding, "%s %s to %.1f %%, %.1f %% is usual in this hour", u->words,
                 u->now < u->usual ? "fell" : "rose", 100 * u->now, 100 * u->usual);
    else if (f->hit_rate.of < RATE_FEW || f->hits == 0)
        snprintf(o->finding, sizeof o->finding, "%s of %s", COUNT(f->hits, "hit"), COUNT(f->frames, "frame"));
    else
        snprintf(o->finding, sizeof o->finding,
                 "%.1f %% of the frames are hits, %.1f %% of these are indexed", 100 * f->hit_rate.share,
                 100 * f->indexing_rate.share);
}

static void add_bad_input(struct overview_bad_input *b, bool group, int64_t number, const char *text,
                          struct arena *a)
{
    struct str hint = {0};
    str_printf(&hint, "mend that file, or name another one (xfelx %s %lld); jobs go on by themselves then",
               group ? "group edit" : "trial copy", (long long)number);
    *b = (struct overview_bad_input){group, number, text, arena_strdup(a, hint.text)};
    str_free(&hint);
}

static void make_bad_inputs(const struct overview_sources *in, struct arena *a, struct standing *out)
{
    struct overview_bad_input *b = arena_array(a, in->n_trials + in->n_groups + 1, sizeof *b);
    out->bad_inputs = b;
    for (size_t i = 0; i < in->n_trials; i++)
        if (in->trials[i].active && in->trials[i].bad_input && *in->trials[i].bad_input)
            add_bad_input(b + out->n_bad_inputs++, false, in->trials[i].num, in->trials[i].bad_input, a);
    for (size_t i = 0; i < in->n_groups; i++)
        if (in->groups[i].active && in->groups[i].bad_input && *in->groups[i].bad_input)
            add_bad_input(b + out->n_bad_inputs++, true, in->groups[i].id, in->groups[i].bad_input, a);
}

enum overview_watch overview_watch(const struct overview_sources *in, double *age_s)
{
    const struct store_health *h = &in->health;
    *age_s = h->lease_renewed ? fmax(0, 1e-9 * (double)(in->now - h->lease_renewed)) : NAN;
    if (!h->lease_renewed)
        return WATCH_NEVER;
    if (h->lease_expires > in->now)
        return WATCH_ACTS;
    return *age_s < OVERVIEW_WATCH_S ? WATCH_LOOKED : WATCH_NOBODY;
}

void overview_make(const struct overview_sources *in, struct arena *a, struct standing *out)
{
    const struct store_totals *t = &in->totals;
    struct store_counts counts = {
        .frames = t->frames, .lattices = t->lattices, .reflections = t->reflections};
    memcpy(counts.by_outcome, t->by_outcome, sizeof counts.by_outcome);
    *out = (struct standing){.in = in, .age_s = NAN, .behind_s = NAN};
    figures_of(&counts, &out->all);
    for (size_t i = 0; i < in->n_jobs; i++)
        if (in->jobs[i].state > 0 && in->jobs[i].state < JOB_STATE_END)
            out->jobs_by[in->jobs[i].state]++;
    for (size_t i = 0; i < in->n_jobs; i++)
        out->running |=
            in->jobs[i].state == JOB_RUNNING && (!in->trial || in->jobs[i].key.trial == in->trial->id);
    if (t->last_t)
        out->age_s = fmax(0, 1e-9 * (double)(in->now - t->last_t));
    if (out->running && in->live.frame_t)
        out->behind_s = fmax(0, 1e-9 * (double)(in->now - in->live.frame_t));
    out->stale =
        out->running && in->live.last_t && in->now - in->live.last_t > STALE_SECONDS * INT64_C(1000000000);
    make_now(in, out);
    make_resolution(in, out);
    out->run = newest_run(in);
    out->mb_s = NAN;
    if (out->run && out->run->n_frames > 0 && out->run->bytes_here > 0)
        out->mb_s = 1e-6 * out->frames_hz * (double)out->run->bytes_here / (double)out->run->n_frames;
    out->n_usuals = overview_usuals(in, out->usuals);
    make_goals(in, a, out);
    make_bad_inputs(in, a, out);
    out->alarms = overview_alarms(in, a, &out->n_alarms);
    make_finding(out);
}
