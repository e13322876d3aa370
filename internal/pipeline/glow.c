/* glow.c - see glow.h. */
#include "pipeline/glow.h"

#include "kernels/geometry_panel.h"
#include "kernels/pixel.h"
#include "kernels/spot_length.h"
#include "pipeline/pipeline.h"
#include "pipeline/workspace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE = 1 << 19 };        /* pixels that are looked at: rows of so many, evenly over the detector */
enum { SOLVENT_LEAST = 400 };     /* good pixels of a band, for its mean to say something */
static const double grid = 0.004; /* steps of ln λ */
static const double angle_width = 0.02; /* of an angle that was given, to both sides */
static const double low_d[2] = {6.3, 5.7}, high_d[2] = {3.4, 3.1};

/* ---- the plan ---- */

static void band_of_angle(struct ring_bands *b, double degrees)
{
    double centre = degrees * M_PI / 180;
    b->lo[b->n] = 2 * (1 - cos(centre * (1 - angle_width)));
    b->hi[b->n++] = 2 * (1 - cos(centre * (1 + angle_width)));
}

static void band_of_spacing(struct ring_bands *b, double wavelength, const double d[2])
{
    b->lo[b->n] = (wavelength / d[0]) * (wavelength / d[0]);
    b->hi[b->n++] = (wavelength / d[1]) * (wavelength / d[1]);
}

static void bands_of(const struct glow_params *p, enum glow_table table, double wavelength,
                     struct ring_bands *out)
{
    *out = (struct ring_bands){.n = 0};
    if (table == GLOW_ICE || table == GLOW_SALT) {
        ice_bands(table == GLOW_ICE ? SUBSTANCE_ICE : SUBSTANCE_SALT, wavelength, out);
    } else if (p->two_theta_low > 0) {
        band_of_angle(out, p->two_theta_low);
        band_of_angle(out, p->two_theta_high);
    } else {
        band_of_spacing(out, wavelength, low_d);
        band_of_spacing(out, wavelength, high_d);
    }
}

static void *grown(void *old, size_t *room, size_t n, size_t size)
{
    if (n <= *room)
        return old;
    *room = n + n / 2;
    void *new = realloc(old, *room * size);
    if (!new)
        abort(); /* as block_reserve: a worker cannot go on without */
    return new;
}

/* Rows are counted on through the panels: a detector of many small ones is sampled evenly too. */
static size_t lay_table(struct glow_plan *plan, enum glow_table table, const struct ring_bands *bands,
                        const struct workspace *w, const uint8_t *mask, size_t n)
{
    const struct detector *d = w->frame.detector;
    int32_t step = (int32_t)(d->n_pixels / SAMPLE > 1 ? d->n_pixels / SAMPLE : 1), row = step / 2;
    size_t *first = plan->first + (size_t)table * (d->n_panels + 1);
    for (size_t i = 0; i < d->n_panels; i++) {
        const struct panel *p = d->panels + i;
        const uint8_t *good = mask + p->first_pixel;
        uint32_t area[RINGS_BANDS] = {0}, again[RINGS_BANDS] = {0};
        const double *direction = w->frame.beam.v.direction;
        size_t found = rings_lay(bands, p, direction, good, row, step, plan->runs + n, plan->room - n, area);
        if (found > plan->room - n) {
            plan->runs = grown(plan->runs, &plan->room, n + found, sizeof *plan->runs);
            rings_lay(bands, p, direction, good, row, step, plan->runs + n, plan->room - n, again);
        }
        for (size_t k = 0; k < RINGS_BANDS; k++)
            plan->area[table][k] += area[k];
        first[i] = n;
        n += found;
        row = row >= p->n_slow ? row - p->n_slow : step - 1 - (p->n_slow - 1 - row) % step;
    }
    first[d->n_panels] = n;
    return n;
}

static double step_of(double wavelength)
{
    return rint(log(wavelength) / grid);
}

static const struct glow_plan *plan_of(const struct recipe *r, struct workspace *w)
{
    const struct detector *d = w->frame.detector;
    double step = step_of(w->frame.beam.v.wavelength), wavelength = exp(step * grid);
    struct glow_plan *plan = w->glow.plans + ((int64_t)step & (GLOW_PLANS - 1));
    uint64_t key = w->mask_key ^ (uint64_t)(int64_t)step * 0xd6e8feb86659fd93u ^ detector_fingerprint(d) * 31;
    bool changes =
        w->frame.id.single && w->frame.mask; /* a mask of its own, which its address does not name */
    if (plan->known && plan->key == key && !changes)
        return plan;
    const uint8_t *mask = r->ice.on ? w->mask_integration.data : w->mask_spots.data;
    size_t n = 0;
    memset(plan->area, 0, sizeof plan->area);
    plan->first = grown(plan->first, &plan->first_room, GLOW_TABLES * (d->n_panels + 1), sizeof *plan->first);
    for (int table = 0; table < GLOW_TABLES; table++) {
        struct ring_bands bands;
        bands_of(&r->glow, (enum glow_table)table, wavelength, &bands);
        n = lay_table(plan, (enum glow_table)table, &bands, w, mask, n);
    }
    plan->key = key;
    plan->known = true;
    return plan;
}

void glow_free(struct glow_plans *g)
{
    for (int i = 0; i < GLOW_PLANS; i++) {
        free(g->plans[i].runs);
        free(g->plans[i].first);
    }
}

/* ---- the frame ---- */

static void add_up(const struct glow_plan *plan, enum glow_table table, const struct workspace *w,
                   struct ring_sums *sums)
{
    const struct frame *f = &w->frame;
    const struct strong_pixel *strong = w->strong.data;
    const size_t *counts = w->panel_counts.data;
    const size_t *first = plan->first + (size_t)table * (f->detector->n_panels + 1);
    memset(sums, 0, sizeof *sums);
    for (size_t i = 0; i < f->detector->n_panels; i++) {
        const struct panel *p = f->detector->panels + i;
        rings_add(p, f->type, (const uint8_t *)f->pixels + p->first_pixel * pixel_bytes(f->type),
                  plan->runs + first[i], first[i + 1] - first[i], sums);
        rings_remove(p, strong, counts[i], plan->runs + first[i], first[i + 1] - first[i], sums);
        strong += counts[i];
    }
}

static void judge_spots(const struct workspace *w, const struct glow_plan *plan, enum substance what,
                        struct ice_spots *out)
{
    const struct frame *f = &w->frame;
    struct ring_bands bands;
    uint32_t counts[RINGS_BANDS] = {0};
    ice_bands(what, f->beam.v.wavelength, &bands);
    for (size_t i = 0; i < w->list.n; i++) {
        const struct spot *s = w->list.spots + i;
        const double px[2] = {s->x, s->y};
        double lab[3];
        panel_pixel_to_point(f->detector->panels + s->panel, px, lab);
        double t = rings_t(f->beam.v.direction, lab);
        for (size_t k = 0; k < bands.n; k++)
            counts[k] += t >= bands.lo[k] && t < bands.hi[k];
    }
    ice_judge_spots(counts, plan->area[what == SUBSTANCE_ICE ? GLOW_ICE : GLOW_SALT], bands.n / 3, out);
}

static void measure_ice(struct workspace *w, const struct glow_plan *plan, struct ring_sums *sums,
                        struct result *out)
{
    double d[ICE_RINGS];
    struct ice_light light;
    struct ice_spots ice, salt;
    add_up(plan, GLOW_ICE, w, sums);
    ice_judge_light(sums, ice_spacings(SUBSTANCE_ICE, d), &light);
    judge_spots(w, plan, SUBSTANCE_ICE, &ice);
    judge_spots(w, plan, SUBSTANCE_SALT, &salt);
    const struct ice_spots *more = salt.stands && (!ice.stands || salt.on > ice.on) ? &salt : &ice;
    out->glow.ice_known = light.known;
    out->glow.ice = light.contrast;
    out->glow.n_ice = more->on;
    if (light.stands || more->stands)
        out->flags |= FRAME_ICE;
    w->icy = more->stands && 2 * (size_t)more->on > w->list.n;
}

void glow_measure(const struct recipe *r, struct workspace *w, struct result *out)
{
    struct ring_sums sums;
    if (w->list.n && w->strong.data)
        out->glow.spot_length_px = spots_length(w->list.spots, w->list.n, w->strong.data,
                                                block_reserve(&w->label_work, w->list.n, sizeof(double)));
    if (w->frame.unplaced || !(w->frame.beam.v.wavelength > 0))
        return;
    const struct glow_plan *plan = plan_of(r, w);
    add_up(plan, GLOW_SOLVENT, w, &sums);
    if (!solvent_ratio(&sums, SOLVENT_LEAST, &out->glow.ring, &out->glow.low))
        out->glow.ring = out->glow.low = 0;
    else if (out->glow.ring >= r->glow.cutoff)
        out->flags |= FRAME_SOLVENT;
    measure_ice(w, plan, &sums, out);
}
