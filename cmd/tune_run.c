/* tune_run.c - frames down the same table of stages as in `process`, twice. See tune.h. */
#include "cmd/tune.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Median of I/σ of many reflections without keeping them all: counts in steps of 1 % of a decade. */
enum { BINS = 1200 };
#define BIN_LOW (-6.0) /* log10 */
#define BINS_A_DECADE 100.0

struct ratios {
    uint64_t n, below, bin[BINS];
};

static void ratios_add(struct ratios *r, const struct reflection *p)
{
    bool fitted = p->flags & REFL_INTEGRATED_PRF;
    double i = fitted ? p->prf : p->intensity, v = fitted ? p->prf_variance : p->variance;
    if (!(v > 0) || !isfinite(i))
        return;
    double ratio = i / sqrt(v), at = (log10(ratio) - BIN_LOW) * BINS_A_DECADE;
    r->n++;
    if (!(ratio > 0) || at < 0)
        r->below++;
    else
        r->bin[at < BINS - 1 ? (int)at : BINS - 1]++;
}

static double ratios_median(const struct ratios *r)
{
    uint64_t seen = r->below;
    if (r->n == 0)
        return NAN;
    if (2 * seen >= r->n)
        return 0;
    for (int k = 0; k < BINS; k++) {
        seen += r->bin[k];
        if (2 * seen >= r->n)
            return pow(10, BIN_LOW + (k + 0.5) / BINS_A_DECADE);
    }
    return NAN;
}

/* ---- one frame ---- */

static double seconds_of(const struct result *r)
{
    int64_t ns = 0;
    for (uint32_t s = 0; s < r->n_stages && s < STAGE_MAX; s++)
        ns += r->stage_ns[s];
    return (double)ns / 1e9;
}

static void take_outcome(struct tune *t, const struct result *r, bool keep, struct tune_outcome *out)
{
    *out = (struct tune_outcome){.outcome = r->outcome,
                                 .reason = r->reason,
                                 .message = arena_strdup(t->a, r->message),
                                 .strong = (uint32_t)r->n_strong,
                                 .lattices = (uint32_t)r->n_lattices,
                                 .indexed = (uint32_t)r->n_indexed,
                                 .integrated = (uint32_t)r->n_integrated,
                                 .res_a = NAN,
                                 .rmsd_px = NAN,
                                 .seconds = seconds_of(r)};
    for (size_t i = 0; i < r->n_lattices; i++) {
        const struct lattice *l = r->lattices + i;
        out->expected_false += fmin(1, pow(10, -l->evidence));
        out->rmsd_px = fmin(out->rmsd_px, hypot(l->rmsd_x, l->rmsd_y));
        if (l->res_a > 0)
            out->res_a = fmin(out->res_a, l->res_a);
    }
    if (!keep)
        return;
    struct result *copy = arena_memdup(t->a, r, sizeof *r);
    copy->detector = r->detector ? detector_copy(t->a, r->detector) : NULL;
    copy->pixels = NULL;
    copy->n_pixels = 0;
    copy->spots = r->spots ? arena_memdup(t->a, r->spots, r->n_strong * sizeof *r->spots) : NULL;
    copy->lattices = arena_memdup(t->a, r->lattices, r->n_lattices * sizeof *r->lattices);
    copy->indexed = arena_memdup(t->a, r->indexed, r->n_indexed * sizeof *r->indexed);
    copy->integrated = arena_memdup(t->a, r->integrated, r->n_integrated * sizeof *r->integrated);
    out->result = copy;
}

/* ---- one way ---- */

/* The files that the frames are in, numbered as their job numbers them; others count no frame. */
static bool make_list(struct tune *t, struct tune_way *w, struct error *err)
{
    bool *here = arena_array(t->a, t->n_paths, sizeof *here);
    for (size_t i = 0; i < t->n_frames; i++)
        here[t->frames[i].source] = true;
    w->recipe->source.path_map = t->maps;
    return source_list_of(t->paths, here, t->n_paths, &w->recipe->source, t->a, &w->list, err);
}

static bool attach(struct tune *t, struct tune_way *w, struct error *err)
{
    struct source_entry *e = w->list.sources + t->frames->source;
    struct source *s = e->open;
    if (e->error)
        return *err = *e->error, false;
    if (!s && !source_open(e->path, &w->recipe->source, &s, err))
        return false;
    bool ok = recipe_attach(w->recipe, source_detector(s), t->a, err);
    if (!e->open)
        source_close(s);
    return ok;
}

static void add(struct tune_total *total, const struct tune_outcome *o)
{
    total->hits += o->outcome == OUTCOME_HIT_NOT_INDEXED || o->outcome == OUTCOME_INDEXED_NOT_INTEGRATED ||
                   o->outcome == OUTCOME_INTEGRATED;
    total->indexed += o->lattices > 0;
    total->integrated += o->integrated > 0;
    total->lattices += o->lattices;
    total->expected_false += o->expected_false;
    total->seconds += o->seconds;
}

static bool run_way(struct tune *t, int k, struct error *err)
{
    struct tune_way *w = t->way + k;
    struct tune_total *total = t->total + k;
    struct ratios *ratios = arena_alloc(t->a, sizeof *ratios);
    struct result r;
    if (!make_list(t, w, err) || !attach(t, w, err))
        return false;
    struct workspace *work = workspace_make(w->recipe, &w->list, 0);
    if (!work)
        return error_set(err, ERROR_MEMORY, "no memory to process a frame");
    memset(ratios, 0, sizeof *ratios);
    for (size_t i = 0; i < t->n_frames; i++) {
        struct tune_frame *f = t->frames + i;
        const struct source_entry *e = w->list.sources + f->source;
        if (f->frame >= e->n_frames) {
            workspace_free(work);
            return error_set(err, ERROR_USAGE, "%s has no frame %u", e->path, f->frame);
        }
        frame_process(w->recipe, work, e->first + f->frame, &r);
        take_outcome(t, &r, i == 0, f->way + k);
        add(total, f->way + k);
        for (size_t n = 0; n < r.n_integrated; n++)
            ratios_add(ratios, r.integrated + n);
    }
    workspace_free(work);
    total->score = (double)total->lattices - total->expected_false;
    total->i_sigma = ratios_median(ratios);
    total->seconds /= (double)t->n_frames;
    return true;
}

/* The named frame as its own file has it: what pictures are drawn of. */
static bool look(struct tune *t, struct error *err)
{
    struct source *s;
    struct frame_buffer buffer = {0};
    struct frame f;
    const char *path = path_map(t->a, t->maps, t->paths[t->frames->source]);
    if (!source_open(path, NULL, &s, err))
        return false;
    bool ok =
        source_read(s, t->frames->frame, &buffer, &f, err) && view_layout(f.detector, 0, &t->layout, err);
    if (ok) {
        t->drawn = detector_copy(t->a, f.detector);
        t->beam = f.beam;
    }
    frame_buffer_free(&buffer);
    source_close(s);
    return ok;
}

bool tune_run(struct tune *t, struct error *err)
{
    if (!look(t, err))
        return false;
    for (int k = 0; k < 1 + t->changed; k++)
        if (!run_way(t, k, err))
            return false;
    for (size_t i = 0; t->changed && i < t->n_frames; i++) {
        bool first = t->frames[i].way[0].lattices > 0, second = t->frames[i].way[1].lattices > 0;
        t->indexed.both += first && second;
        t->indexed.first += first && !second;
        t->indexed.this += second && !first;
        t->indexed.none += !first && !second;
    }
    t->verdict = paired_verdict_of(&t->indexed);
    return true;
}
