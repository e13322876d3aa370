/* roll.c - see roll.h. */
#include "store/roll.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- histograms ---- */

/* Kinds 7 to 14 of roll_hist: lowest bound, step, bins. */
static const struct {
    double lo, step;
    uint32_t bins;
} fixed[] = {
    {0, 0.01, 100}, /* 7: 1/d², 1/Å² */
    {0, 0.5, 100},  /* 8: log10 evidence */
    {0, 0.05, 80},  /* 9: rmsd, px */
    {-6, 0.1, 120}, /* 10: dx, px */
    {-6, 0.1, 120}, /* 11: dy, px */
    {0, 20, 2000},  /* 12: photon energy, eV */
    {0, 0.05, 200}, /* 13: ring, I(2θ high)/I(2θ low) */
    {0, 0.25, 200}, /* 14: length of spots, px */
};

static bool shape(struct roll_hist *h, int kind, double lo, double step, uint32_t bins)
{
    *h = (struct roll_hist){.kind = kind, .lo = lo, .step = step, .n_bins = bins};
    h->bins = calloc(bins, sizeof *h->bins);
    return h->bins != NULL;
}

bool roll_make(struct roll *r, const double *cell)
{
    enum { NARROW = 200 };
    bool ok = true;
    *r = (struct roll){0};
    for (int i = 0; i < 6; i++) {
        bool known = cell && cell[i] > 0;
        double half = i < 3 ? (known ? 0.05 * cell[i] : 0) : 5;
        if (known)
            ok = shape(r->hists + i, i + 1, cell[i] - half, 2 * half / NARROW, NARROW) && ok;
        else
            ok = shape(r->hists + i, i + 1, i < 3 ? 0 : 30, 0.1, i < 3 ? 5000 : 1200) && ok;
    }
    for (int i = 0; i < ROLL_FIXED - 6; i++)
        ok = shape(r->hists + 6 + i, 7 + i, fixed[i].lo, fixed[i].step, fixed[i].bins) && ok;
    for (int i = 0; i < STAGE_MAX; i++)
        ok = shape(r->hists + ROLL_FIXED + i, ROLL_KIND_STAGE + i, 0, 0, ROLL_STAGE_BINS) && ok;
    return ok;
}

void roll_free(struct roll *r)
{
    for (int i = 0; i < ROLL_KINDS; i++)
        free(r->hists[i].bins);
    free(r->minutes);
    free(r->sample);
    *r = (struct roll){0};
}

static void hist_add(struct roll_hist *h, double v, double bin)
{
    if (!isfinite(v))
        return;
    h->peak = h->n == 0 || v > h->peak ? v : h->peak;
    h->n++;
    h->total += v;
    h->dirty = true;
    if (bin < 0)
        h->under++;
    else if (bin >= h->n_bins)
        h->over++;
    else
        h->bins[(size_t)bin]++;
}

static void linear_add(struct roll_hist *h, double v)
{
    hist_add(h, v, (v - h->lo) / h->step);
}

/* Powers of two: bin b holds 2^b … 2^(b+1) - 1, zero in bin 0. */
static double log2_bin(uint32_t v)
{
    int b = 0;
    while (v >>= 1)
        b++;
    return b;
}

/* ---- the hot row ---- */

/* Of frames that are worked on while they are taken the exposure counts; what was taken long ago (or by a clock that is wrong) belongs
 * to the minute in which it was done. */
static int64_t time_of(const struct roll_frame *f)
{
    const int64_t hour = INT64_C(3600000000000);
    bool fresh = f->t_event != INT64_MIN && f->t_event > f->t_done - hour && f->t_event < f->t_done + hour;
    return fresh ? f->t_event : f->t_done;
}

void roll_hot_add(struct roll_hot *h, const struct roll_frame *f)
{
    int64_t t = time_of(f);
    h->frames++;
    h->by_outcome[f->outcome > 0 && f->outcome < 7 ? f->outcome : 0]++;
    h->reasons[f->reason & 63]++;
    h->lattices += f->n_lattices;
    h->multi += f->n_lattices > 1;
    h->sat += (f->flags & FRAME_SATURATED) != 0;
    h->ice += (f->flags & FRAME_ICE) != 0;
    h->ice_hits += (f->flags & FRAME_ICE) != 0 && outcome_is_hit((enum outcome)f->outcome);
    h->n_ring += f->ring > 0;
    h->solvent += (f->flags & FRAME_SOLVENT) != 0;
    for (uint32_t i = 0; i < f->n_lattices; i++)
        h->reflections += f->lattices[i].n_integrated;
    h->t_first = h->frames == 1 || f->t_done < h->t_first ? f->t_done : h->t_first;
    h->t_last = f->t_done > h->t_last ? f->t_done : h->t_last;
    h->t_frame = t > h->t_frame ? t : h->t_frame;
}

/* ---- minutes ---- */

/* Frames come nearly in order: the place is looked for from the end. */
static struct roll_minute *minute_of(struct roll *r, int64_t t)
{
    const int64_t minute_ns = 60000000000;
    uint32_t minute = t > 0 ? (uint32_t)(t / minute_ns) : 0;
    size_t at = r->n_minutes;
    while (at > 0 && r->minutes[at - 1].minute > minute)
        at--;
    if (at > 0 && r->minutes[at - 1].minute == minute)
        return r->minutes + at - 1;
    if (r->n_minutes == r->minutes_room) {
        r->minutes_room = r->minutes_room ? 2 * r->minutes_room : 16;
        r->minutes = realloc(r->minutes, r->minutes_room * sizeof *r->minutes);
        if (!r->minutes)
            abort();
    }
    memmove(r->minutes + at + 1, r->minutes + at, (r->n_minutes - at) * sizeof *r->minutes);
    r->n_minutes++;
    r->minutes[at] = (struct roll_minute){.minute = minute};
    return r->minutes + at;
}

static void minute_add(struct roll_minute *m, const struct roll_frame *f)
{
    enum outcome o = (enum outcome)f->outcome;
    int spots = (int)log2_bin(f->n_strong + 1);
    spots = spots < ROLL_SPOT_BINS ? spots : ROLL_SPOT_BINS - 1;
    m->dirty = true;
    m->frames++;
    m->hits += outcome_is_hit(o);
    m->indexed += outcome_is_indexed(o);
    m->integrated += o == OUTCOME_INTEGRATED;
    m->indexed_below += o == OUTCOME_INDEXED_BELOW;
    m->failed += o == OUTCOME_FAILED;
    m->lattices += f->n_lattices;
    m->multi += f->n_lattices > 1;
    m->sat += (f->flags & FRAME_SATURATED) != 0;
    m->ice += (f->flags & FRAME_ICE) != 0;
    m->ice_hits += (f->flags & FRAME_ICE) != 0 && outcome_is_hit(o);
    m->solvent += (f->flags & FRAME_SOLVENT) != 0;
    if (f->ring > 0)
        m->n_ring++, m->sum_ring += f->ring;
    if (f->len_px > 0)
        m->n_len++, m->sum_len += f->len_px;
    m->spots_hit[spots] += outcome_is_hit(o);
    m->spots_idx[spots] += outcome_is_indexed(o);
    if (f->res_a > 0) {
        double s2 = 1 / (f->res_a * f->res_a);
        int bin = (int)fmin(ROLL_RES_BINS * s2, ROLL_RES_BINS - 1);
        m->n_res++;
        m->sum_s2 += s2;
        m->res_bins[bin]++;
    }
    for (uint32_t i = 0; i < f->n_lattices; i++) {
        const struct roll_lattice *l = f->lattices + i;
        if (!isfinite(l->dx_px) || !isfinite(l->dy_px))
            continue;
        m->dx_sum += l->dx_px;
        m->dy_sum += l->dy_px;
        m->dxy2_sum += l->dx_px * l->dx_px + l->dy_px * l->dy_px;
    }
}

/* ---- the sample ---- */

int64_t roll_hash(const uint8_t ident[16])
{
    uint8_t hash[32];
    uint64_t v = 0;
    sha256(ident, 16, hash);
    for (int i = 0; i < 8; i++)
        v = v << 8 | hash[i];
    return (int64_t)(v >> 1);
}

static bool fits(int64_t hash, int level)
{
    return (uint64_t)hash < (UINT64_C(1) << 63) >> level;
}

/* Directions of a*, b*, c* (columns of A) as 9 × i16 / 32767. */
static void directions(const double A[9], uint8_t out[18])
{
    for (int c = 0; c < 3; c++) {
        double length = sqrt(A[c] * A[c] + A[3 + c] * A[3 + c] + A[6 + c] * A[6 + c]);
        for (int row = 0; row < 3; row++) {
            double v = length > 0 && isfinite(length) ? A[3 * row + c] / length : 0;
            int i = (int)lrint(32767 * v);
            out[2 * (3 * c + row)] = (uint8_t)((unsigned)i >> 8);
            out[2 * (3 * c + row) + 1] = (uint8_t)i;
        }
    }
}

static void thin_out(struct roll *r)
{
    while (r->n_sample > ROLL_SAMPLE_MAX) {
        size_t kept = 0;
        r->level++;
        r->level_rose = true;
        for (size_t i = 0; i < r->n_sample; i++)
            if (fits(r->sample[i].hash, r->level))
                r->sample[kept++] = r->sample[i];
        r->n_sample = kept;
    }
}

static void sample_add(struct roll *r, const struct roll_frame *f, const struct roll_lattice *l)
{
    int64_t hash = roll_hash(l->ident);
    if (!fits(hash, r->level))
        return;
    if (r->n_sample == r->sample_room) {
        r->sample_room = r->sample_room ? 2 * r->sample_room : 64;
        r->sample = realloc(r->sample, r->sample_room * sizeof *r->sample);
        if (!r->sample)
            abort();
    }
    struct roll_sampled *s = r->sample + r->n_sample++;
    *s = (struct roll_sampled){.hash = hash,
                               .source = f->source,
                               .frame = f->frame,
                               .lattice = l->lattice,
                               .res_a = (float)l->res_a,
                               .rmsd_px = (float)l->rmsd_px,
                               .t_event = f->t_event,
                               .dirty = true};
    for (int i = 0; i < 6; i++)
        s->cell[i] = (float)l->cell[i];
    directions(l->A, s->dir);
    thin_out(r);
}

/* ---- all of it ---- */

static void lattice_add(struct roll *r, const struct roll_frame *f, const struct roll_lattice *l)
{
    const double *cell = l->free_cell[0] > 0 ? l->free_cell : l->cell;
    for (int i = 0; i < 6; i++)
        linear_add(r->hists + i, cell[i]);
    linear_add(r->hists + 6, l->res_a > 0 ? 1 / (l->res_a * l->res_a) : NAN);
    linear_add(r->hists + 7, l->evidence);
    linear_add(r->hists + 8, l->rmsd_px);
    linear_add(r->hists + 9, l->dx_px);
    linear_add(r->hists + 10, l->dy_px);
    sample_add(r, f, l);
}

void roll_slow_add(struct roll *r, const struct roll_frame *f)
{
    r->slow_dirty = true;
    minute_add(minute_of(r, time_of(f)), f);
    if (f->ev_used > 0)
        linear_add(r->hists + 11, f->ev_used);
    if (f->ring > 0)
        linear_add(r->hists + 12, f->ring);
    if (f->len_px > 0)
        linear_add(r->hists + 13, f->len_px);
    for (int i = 0; i < STAGE_MAX; i++)
        if (f->stages[i])
            hist_add(r->hists + ROLL_FIXED + i, f->stages[i], log2_bin(f->stages[i]));
    for (uint32_t i = 0; i < f->n_lattices; i++)
        lattice_add(r, f, f->lattices + i);
}
