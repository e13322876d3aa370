/* powder_facts.c - what a powder picture says of the detector; see powder.h. */
#include "pipeline/powder_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RINGS = 256, RING_FEW = 50 };
#define SIGMAS 10.0

/* A good cell, to be sorted by ring and value. */
struct cell {
    uint32_t ring, at;
    float mean;
};

static int by_ring_and_mean(const void *a, const void *b)
{
    const struct cell *x = a, *y = b;
    if (x->ring != y->ring)
        return x->ring < y->ring ? -1 : 1;
    if (x->mean != y->mean)
        return x->mean < y->mean ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
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

static void radial_of(const struct powder_sum *s, const struct powder_cell *cells, struct arena *a,
                      double most, double out[POWDER_RADIAL])
{
    double sum[POWDER_RADIAL] = {0}, n[POWDER_RADIAL] = {0};
    float *value = arena_array(a, s->n_cells + 1, sizeof *value);
    for (size_t i = 0; i < s->n_cells; i++)
        value[i] = cells[i].n ? (float)((double)cells[i].sum / s->scale / (double)cells[i].n) : NAN;
    for (size_t k = 0; k < s->detector->n_panels; k++)
        powder_radial(s->detector->panels + k, &s->beam, 1, value + s->detector->panels[k].first_pixel,
                      most * (1 + 1e-9), POWDER_RADIAL, sum, n);
    for (int i = 0; i < POWDER_RADIAL; i++)
        out[i] = n[i] > 0 ? sum[i] / n[i] : NAN;
}

/* All good cells, with the ring of their angle. */
static struct cell *cells_of(const struct powder_sum *s, const struct powder_cell *all, struct arena *a,
                             double most, size_t *n)
{
    struct cell *rows = arena_array(a, s->n_cells + 1, sizeof *rows);
    *n = 0;
    for (size_t k = 0; k < s->detector->n_panels; k++) {
        const struct panel *p = s->detector->panels + k;
        size_t i = p->first_pixel;
        for (int32_t y = 0; y < p->n_slow; y++)
            for (int32_t x = 0; x < p->n_fast; x++, i++) {
                double ring = two_theta(p, &s->beam, x + 0.5, y + 0.5) / most * RINGS;
                if (all[i].n)
                    rows[(*n)++] = (struct cell){.ring = (uint32_t)fmin(ring, RINGS - 1),
                                                 .at = (uint32_t)i,
                                                 .mean = (float)((double)all[i].sum / (double)all[i].n)};
            }
    }
    return rows;
}

static size_t panel_at(const struct detector *d, size_t cell)
{
    size_t lo = 0, hi = d->n_panels - 1;
    while (lo < hi) {
        size_t mid = lo + (hi - lo + 1) / 2;
        if (d->panels[mid].first_pixel <= cell)
            lo = mid;
        else
            hi = mid - 1;
    }
    return lo;
}

/* Cells of one ring, by their means. Of a ring with few cells nothing is said. */
static void judge_ring(const struct powder_sum *s, const struct powder_cell *all, const struct cell *ring,
                       size_t n, struct powder_panel *panels)
{
    if (n < RING_FEW)
        return;
    size_t fixed = 0;
    for (size_t i = 0; i < n; i++)
        fixed += (double)ring[i].mean >= all[ring[i].at].max;
    double median = (double)ring[n / 2].mean,
           sigma = fmax(0.7413 * (double)(ring[n * 3 / 4].mean - ring[n / 4].mean), 0.05 * fabs(median));
    double often = 0.5 / (s->bin * s->bin); /* of a square of pixels one is enough */
    for (size_t i = 0; i < n; i++) {
        const struct powder_cell *c = all + ring[i].at;
        struct powder_panel *p = panels + panel_at(s->detector, ring[i].at);
        double mean = (double)ring[i].mean;
        bool is_fixed = mean >= c->max;
        double chance =
            exp(-fmax(median, 0) / s->scale * c->n); /* that a good one counted nothing in all frames */
        p->dead += is_fixed && 20 * fixed <= n && chance * (double)s->n_cells < 0.5;
        p->hot += !is_fixed && mean > median + SIGMAS * sigma && mean - median > often * (c->max - median);
    }
}

void powder_facts_of(const struct powder_sum *s, struct arena *a, struct powder_facts *out)
{
    const struct detector *d = s->detector;
    struct arena work = {0};
    *out = (struct powder_facts){.judged = s->frames[0] + s->frames[1] >= POWDER_JUDGED,
                                 .n_panels = d->n_panels,
                                 .two_theta_max = largest_angle(s)};
    out->panels = arena_array(a, d->n_panels, sizeof *out->panels);
    struct powder_cell *all = arena_array(&work, s->n_cells + 1, sizeof *all);
    powder_clear(all, s->n_cells);
    for (int c = 0; c < POWDER_CLASSES; c++)
        powder_add_cells(all, s->cells[c], s->n_cells);
    radial_of(s, all, &work, out->two_theta_max, out->radial);
    radial_of(s, s->cells[POWDER_HIT], &work, out->two_theta_max, out->radial_hits);
    for (size_t k = 0; k < d->n_panels; k++) {
        struct powder_panel *p = out->panels + k;
        *p = (struct powder_panel){.name = d->info[k].name,
                                   .cells = (size_t)d->panels[k].n_fast * (size_t)d->panels[k].n_slow,
                                   .mean = NAN,
                                   .max = NAN};
        double sum = 0, n = 0;
        for (size_t i = d->panels[k].first_pixel; i < d->panels[k].first_pixel + p->cells; i++) {
            p->masked += all[i].n == 0;
            sum += (double)all[i].sum / s->scale;
            n += all[i].n;
            if (all[i].n)
                p->max = fmax(isnan(p->max) ? -INFINITY : p->max, all[i].max / s->scale);
        }
        p->mean = n > 0 ? sum / n : NAN;
    }
    size_t n = 0;
    struct cell *cells = cells_of(s, all, &work, out->two_theta_max, &n);
    if (n && out->judged) {
        qsort(cells, n, sizeof *cells, by_ring_and_mean);
        for (size_t first = 0, end; first < n; first = end) {
            for (end = first; end < n && cells[end].ring == cells[first].ring;)
                end++;
            judge_ring(s, all, cells + first, end - first, out->panels);
        }
    }
    arena_free(&work);
}
