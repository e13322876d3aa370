/* powder_facts.c - what a powder picture says of the detector; see powder.h. */
#include "pipeline/powder_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RING_FEW = 50, RING_SAMPLE = 2000 };
#define SIGMAS 10.0

static double mean_of(const struct powder_cell *c)
{
    return (double)c->sum / (double)c->n;
}

static double two_theta(const struct panel *p, const struct beam_vector *b, double fast, double slow)
{
    double at[3], dot = 0, length = 0;
    for (int k = 0; k < 3; k++) {
        at[k] = p->origin[k] + fast * p->pixel_fast * p->fast[k] + slow * p->pixel_slow * p->slow[k];
        dot -= at[k] * b->direction[k];
        length += at[k] * at[k];
    }
    return length > 0 ? acos(fmax(-1, fmin(1, dot / sqrt(length)))) : 0;
}

static double largest_angle(const struct powder_sum *s)
{
    double most = 1e-6;
    for (size_t k = 0; k < s->detector->n_panels; k++) {
        const struct panel *p = s->detector->panels + k;
        for (int corner = 0; corner < 4; corner++)
            most = fmax(most, two_theta(p, &s->beam, corner & 1 ? p->n_fast : 0, corner & 2 ? p->n_slow : 0));
    }
    return most;
}

/* The ring of each cell: its step of 2θ. */
static uint16_t *rings_of(const struct powder_sum *s, double most, struct arena *a)
{
    uint16_t *ring = arena_array(a, s->n_cells + 1, sizeof *ring);
    for (size_t k = 0; k < s->detector->n_panels; k++) {
        const struct panel *p = s->detector->panels + k;
        size_t i = p->first_pixel;
        for (int32_t y = 0; y < p->n_slow; y++)
            for (int32_t x = 0; x < p->n_fast; x++, i++)
                ring[i] = (uint16_t)fmin(two_theta(p, &s->beam, x + 0.5, y + 0.5) / most * POWDER_RADIAL,
                                         POWDER_RADIAL - 1);
    }
    return ring;
}

static void radial_of(const struct powder_sum *s, const struct powder_cell *cells, const uint16_t *ring,
                      double out[POWDER_RADIAL])
{
    double n[POWDER_RADIAL] = {0};
    memset(out, 0, POWDER_RADIAL * sizeof *out);
    for (size_t i = 0; i < s->n_cells; i++)
        if (cells[i].n) {
            out[ring[i]] += mean_of(cells + i) / s->scale;
            n[ring[i]]++;
        }
    for (int k = 0; k < POWDER_RADIAL; k++)
        out[k] = n[k] > 0 ? out[k] / n[k] : NAN;
}

/* ---- hot and dead ---- */

/* What the cells of a ring are like. */
struct ring {
    size_t n, fixed; /* good ones, and those whose value never changed */
    double median, sigma;
};

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Quartiles are those of an even sample. Rings with few cells stay without n: of them nothing is said. */
static struct ring *look_at_rings(const struct powder_sum *s, const struct powder_cell *all,
                                  const uint16_t *ring, struct arena *a)
{
    struct ring *out = arena_array(a, POWDER_RADIAL, sizeof *out);
    double *sample = arena_array(a, (size_t)POWDER_RADIAL * RING_SAMPLE, sizeof *sample);
    size_t kept[POWDER_RADIAL] = {0}, seen[POWDER_RADIAL] = {0};
    for (size_t i = 0; i < s->n_cells; i++)
        if (all[i].n) {
            out[ring[i]].n++;
            out[ring[i]].fixed += mean_of(all + i) >= all[i].max;
        }
    for (size_t i = 0; i < s->n_cells; i++) {
        size_t k = ring[i], step = out[k].n / RING_SAMPLE + 1;
        if (all[i].n && seen[k]++ % step == 0)
            sample[k * RING_SAMPLE + kept[k]++] = mean_of(all + i);
    }
    for (size_t k = 0; k < POWDER_RADIAL; k++) {
        double *v = sample + k * RING_SAMPLE;
        if (out[k].n < RING_FEW) {
            out[k].n = 0;
            continue;
        }
        qsort(v, kept[k], sizeof *v, by_value);
        out[k].median = v[kept[k] / 2];
        out[k].sigma = fmax(0.7413 * (v[kept[k] * 3 / 4] - v[kept[k] / 4]), 0.05 * fabs(out[k].median));
    }
    return out;
}

static void judge(const struct powder_sum *s, const struct powder_cell *c, const struct ring *r,
                  struct powder_panel *p)
{
    if (!c->n || !r->n)
        return;
    double mean = mean_of(c), often = 0.5 / (s->bin * s->bin); /* of a square of pixels one is enough */
    double chance =
        exp(-fmax(r->median, 0) / s->scale * c->n); /* that a good one counted nothing in all frames */
    bool fixed = mean >= c->max;
    p->dead += fixed && 20 * r->fixed <= r->n && chance * (double)s->n_cells < 0.5;
    p->hot +=
        !fixed && mean > r->median + SIGMAS * r->sigma && mean - r->median > often * (c->max - r->median);
}

/* ---- all ---- */

static void look_at_panel(const struct powder_sum *s, size_t k, const struct powder_cell *all,
                          const uint16_t *ring, const struct ring *rings, struct powder_panel *p)
{
    const struct panel *panel = s->detector->panels + k;
    double sum = 0, n = 0;
    *p = (struct powder_panel){.name = s->detector->info[k].name,
                               .cells = (size_t)panel->n_fast * (size_t)panel->n_slow,
                               .max = -INFINITY};
    for (size_t i = panel->first_pixel; i < panel->first_pixel + p->cells; i++) {
        p->masked += all[i].n == 0;
        sum += (double)all[i].sum / s->scale;
        n += all[i].n;
        if (all[i].n)
            p->max = fmax(p->max, all[i].max / s->scale);
        if (rings)
            judge(s, all + i, rings + ring[i], p);
    }
    p->mean = n > 0 ? sum / n : NAN;
    p->max = n > 0 ? p->max : NAN;
}

void powder_facts_of(const struct powder_sum *s, struct arena *a, struct powder_facts *out)
{
    struct arena work = {0};
    *out = (struct powder_facts){.judged = s->frames[0] + s->frames[1] >= POWDER_JUDGED,
                                 .n_panels = s->detector->n_panels,
                                 .two_theta_max = largest_angle(s)};
    out->panels = arena_array(a, out->n_panels, sizeof *out->panels);
    struct powder_cell *all = arena_array(&work, s->n_cells + 1, sizeof *all);
    powder_clear(all, s->n_cells);
    for (int c = 0; c < POWDER_CLASSES; c++)
        powder_add_cells(all, s->cells[c], s->n_cells);
    const uint16_t *ring = rings_of(s, out->two_theta_max, &work);
    radial_of(s, all, ring, out->radial);
    radial_of(s, s->cells[POWDER_HIT], ring, out->radial_hits);
    const struct ring *rings = out->judged ? look_at_rings(s, all, ring, &work) : NULL;
    for (size_t k = 0; k < out->n_panels; k++)
        look_at_panel(s, k, all, ring, rings, out->panels + k);
    arena_free(&work);
}
