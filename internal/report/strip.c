/* strip.c - frames along a run; see strip.h. */
#include "report/strip.h"

#include <math.h>

enum strip_class strip_class_of(const struct store_shot *x)
{
    enum outcome o = (enum outcome)x->outcome;
    return !outcome_is_hit(o) ? STRIP_BLANK : outcome_is_indexed(o) ? STRIP_INDEXED : STRIP_HIT;
}

/* Running mean and sum of squares about it (Welford 1962): `spread` holds the sum until it is finished. */
static void add(struct strip_value *v, double x, size_t at)
{
    if (!isfinite(x))
        return;
    if (v->n == 0)
        *v = (struct strip_value){.lo = x, .hi = x, .lo_at = at, .hi_at = at};
    if (x < v->lo)
        v->lo = x, v->lo_at = at;
    if (x > v->hi)
        v->hi = x, v->hi_at = at;
    double before = x - v->mean;
    v->mean += before / (double)++v->n;
    v->spread += before * (x - v->mean);
}

static void finish(struct strip_value *v)
{
    if (v->n == 0)
        *v = (struct strip_value){.mean = NAN, .lo = NAN, .hi = NAN, .spread = NAN};
    else
        v->spread = v->n > 1 ? sqrt(v->spread / (double)(v->n - 1)) : NAN;
}

/* ---- straight lines ---- */

struct line {
    double n, x, y, xx, xy, yy; /* means; sums about them */
};

static void line_add(struct line *l, double x, double y)
{
    if (!isfinite(y))
        return;
    double dx = x - l->x, dy = y - l->y;
    l->n++;
    l->x += dx / l->n;
    l->y += dy / l->n;
    l->xx += dx * (x - l->x);
    l->yy += dy * (y - l->y);
    l->xy += dx * (y - l->y);
}

static struct strip_drift line_drift(const struct line *l, double length)
{
    struct strip_drift d = {
        .n = (uint64_t)l->n, .mean = l->n > 0 ? l->y : NAN, .spread = NAN, .drift = NAN, .sigma = NAN};
    if (l->n >= 2)
        d.spread = sqrt(fmax(0, l->yy) / (l->n - 1));
    if (l->n >= 3 && l->xx > 0) {
        double slope = l->xy / l->xx, rest = fmax(0, l->yy - slope * l->xy);
        d.drift = slope * length;
        d.sigma = sqrt(rest / (l->n - 2) / l->xx) * length;
    }
    return d;
}

/* ---- the strip ---- */

static void sum_all(const struct store_shot *shots, size_t n, struct strip *s)
{
    struct line dx = {0}, dy = {0}, energy = {0}, distance = {0}, ring = {0}, length_px = {0};
    for (size_t i = 0; i < n; i++) {
        const struct store_shot *x = shots + i;
        enum strip_class class = strip_class_of(x);
        double place = (double)x->place;
        s->frames++;
        s->failed += x->outcome == OUTCOME_FAILED;
        s->hits += class != STRIP_BLANK;
        s->indexed += class == STRIP_INDEXED;
        s->multi += x->n_lattice > 1;
        s->saturated += (x->flags & FRAME_SATURATED) != 0;
        s->ice += (x->flags & FRAME_ICE) != 0;
        s->ice_hits += (x->flags & FRAME_ICE) != 0 && class != STRIP_BLANK;
        s->n_ring += x->ring > 0;
        s->solvent += (x->flags & FRAME_SOLVENT) != 0;
        line_add(&ring, place, (double)x->ring);
        line_add(&length_px, place, (double)x->len_px);
        line_add(&dx, place, (double)x->dx_px);
        line_add(&dy, place, (double)x->dy_px);
        line_add(&energy, place, (double)x->energy_ev);
        line_add(&distance, place, (double)x->distance_mm);
    }
    double length = s->total ? (double)(s->total - 1) : 0;
    s->dx_px = line_drift(&dx, length);
    s->dy_px = line_drift(&dy, length);
    s->energy_ev = line_drift(&energy, length);
    s->distance_mm = line_drift(&distance, length);
    s->ring = line_drift(&ring, length);
    s->len_px = line_drift(&length_px, length);
}

static void bin_add(struct strip_bin *b, const struct store_shot *x, size_t at)
{
    if (b->frames++ == 0)
        b->first = at;
    b->failed += x->outcome == OUTCOME_FAILED;
    b->multi += x->n_lattice > 1;
    b->saturated += (x->flags & FRAME_SATURATED) != 0;
    b->ice += (x->flags & FRAME_ICE) != 0;
    b->n_ring += x->ring > 0;
    b->solvent += (x->flags & FRAME_SOLVENT) != 0;
    if (x->outcome != OUTCOME_FAILED)
        add(b->strong + strip_class_of(x), x->n_strong, at);
    add(&b->res_a, (double)x->res_a, at);
    add(&b->energy_ev, (double)x->energy_ev, at);
    add(&b->distance_mm, (double)x->distance_mm, at);
    add(&b->dx_px, (double)x->dx_px, at);
    add(&b->dy_px, (double)x->dy_px, at);
    add(&b->ring, (double)x->ring, at);
    add(&b->len_px, (double)x->len_px, at);
}

static void bin_finish(struct strip_bin *b)
{
    for (int k = 0; k < STRIP_CLASSES; k++)
        finish(b->strong + k);
    struct strip_value *values[] = {&b->res_a, &b->energy_ev, &b->distance_mm, &b->dx_px,
                                    &b->dy_px, &b->ring,      &b->len_px};
    for (size_t k = 0; k < sizeof values / sizeof *values; k++)
        finish(values[k]);
}

void strip_of(const struct store_shot *shots, size_t n, uint64_t total, uint64_t from, uint64_t to,
              size_t bins, struct arena *a, struct strip *out)
{
    bins = bins < 1 ? 1 : bins > STRIP_BINS_MOST ? STRIP_BINS_MOST : bins;
    to = to == 0 || to > total ? total : to;
    from = from > to ? to : from;
    uint64_t length = to - from, step = length / bins + (length % bins != 0);
    *out = (struct strip){.from = from, .to = to, .step = step ? step : 1, .total = total};
    out->n_bins = (size_t)(length / out->step + (length % out->step != 0));
    out->bins = arena_array(a, out->n_bins + 1, sizeof *out->bins);
    sum_all(shots, n, out);
    for (size_t i = 0; i < n; i++)
        if (shots[i].place >= from && shots[i].place < to)
            bin_add(out->bins + (shots[i].place - from) / out->step, shots + i, i);
    for (size_t k = out->n_bins, next = n; k-- > 0;) {
        if (out->bins[k].frames == 0)
            out->bins[k].first = next;
        next = out->bins[k].first;
        bin_finish(out->bins + k);
    }
}
