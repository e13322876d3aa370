/* integrate_rows.c - integration of predicted rows: boxes in an order in which neighbours are found, then one after the
 * other. */
#include "kernels/integrate.h"

#include "kernels/geometry_panel.h"
#include "kernels/shoebox.h"
#include "kernels/sort.h"

#include <math.h>

/* How wrong, relative, the share of a spot that lies under its neighbours may be: spots are not Gaussians. */
#define SHAPE_ERROR 0.3

/* ---- memory and order ---- */

/* Pixels of a foreground in one row of the panel, relative to the left edge of its box. */
struct span {
    int16_t from, to;
};

/* Room for spans, on the average over a frame's reflections: boxes are seldom that high. */
enum { SPANS = 48 };
static const uint32_t NO_SPANS = UINT32_MAX;

/* Boxes by panel and left edge, so that those that meet stand near each other. */
struct place {
    uint32_t panel, row;
    int32_t x0;
    uint32_t spans; /* its first span, one for each row of its box; NO_SPANS */
};

static int by_place(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    if (a->panel != b->panel)
        return a->panel < b->panel ? -1 : 1;
    if (a->x0 != b->x0)
        return a->x0 < b->x0 ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

size_t integrate_work_size(size_t capacity)
{
    return shoebox_size() + capacity * (sizeof(struct place) + SPANS * sizeof(struct span));
}

/* What the steps on one reflection share. */
struct run {
    const struct integrate_params *p;
    const struct integrate_frame *f;
    const struct lattice *lattices;
    struct reflection *rows;
    struct image image;
    struct shoebox *box;
    struct place *places;
    struct span *spans;
    size_t n;
    int32_t widest;
    bool photons; /* the limits of the parameters hold */
    double gain;  /* ADU per photon of the values, when p->gain does not say */
};

static double row_radius(const struct run *r, const struct reflection *row)
{
    return r->p->n_sigma * r->lattices[row->lattice].sigma_b;
}

static const struct panel *row_panel(const struct run *r, const struct reflection *row)
{
    return &r->f->view.panels[row->panel];
}

/* Boxes of all rows, and the order in which neighbours are found. */
static void place_boxes(struct run *r, size_t n_rows, size_t n_lattices)
{
    for (size_t i = 0; i < n_rows; i++) {
        struct reflection *row = &r->rows[i];
        struct kabsch k;
        int32_t box[4];
        row->x0 = row->x1 = row->y0 = row->y1 = 0;
        if (row->panel >= r->f->view.n_panels || row->lattice >= n_lattices ||
            !kabsch_init(&k, r->f->view.beam, row->s1) ||
            !profile_box(&k, row_panel(r, row), row_radius(r, row) * r->p->sigma_b_multiplier, box)) {
            row->flags |= REFL_DONT_INTEGRATE;
            continue;
        }
        row->x0 = box[0];
        row->x1 = box[1];
        row->y0 = box[2];
        row->y1 = box[3];
        if (box[1] - box[0] > r->widest)
            r->widest = box[1] - box[0];
        r->places[r->n++] = (struct place){row->panel, (uint32_t)i, box[0], NO_SPANS};
    }
    sort_heap(r->places, r->n, sizeof *r->places, by_place);
}

/* First and last foreground pixel of each row of a box. */
static void find_spans(const uint8_t *inside, int32_t width, int32_t height, struct span *out)
{
    for (int32_t y = 0; y < height; y++, inside += width) {
        out[y] = (struct span){0, 0};
        for (int32_t x = 0; x < width; x++)
            if (inside[x]) {
                out[y].from = out[y].to ? out[y].from : (int16_t)x;
                out[y].to = (int16_t)(x + 1);
            }
    }
}

/* The foregrounds of all rows, for their neighbours. */
static void place_spans(struct run *r, size_t room)
{
    size_t used = 0;
    for (size_t at = 0; at < r->n && !r->p->parity; at++) {
        const struct reflection *row = &r->rows[r->places[at].row];
        const int32_t box[4] = {row->x0, row->x1, row->y0, row->y1}, height = box[3] - box[2];
        struct kabsch k;
        if (room - used < (size_t)height || !kabsch_init(&k, r->f->view.beam, row->s1))
            continue;
        profile_foreground(&k, row_panel(r, row), row_radius(r, row), box, r->box->scratch);
        find_spans(r->box->scratch, box[1] - box[0], height, r->spans + used);
        r->places[at].spans = (uint32_t)used;
        used += (size_t)height;
    }
}

/* ---- one reflection ---- */

/* The places whose boxes may meet the one at a place: from … to, itself among them. */
static void neighbourhood(const struct run *r, size_t at, size_t *from, size_t *to)
{
    const struct place *p = r->places;
    int32_t end = r->rows[p[at].row].x1;
    *from = at;
    *to = at + 1;
    while (*from > 0 && p[*from - 1].panel == p[at].panel && p[*from - 1].x0 > p[at].x0 - r->widest)
        --*from;
    while (*to < r->n && p[*to].panel == p[at].panel && p[*to].x0 < end)
        ++*to;
}

/* The row at place `other` when its box meets that of the row at `mine`, else NULL. */
static const struct reflection *meets(const struct run *r, size_t mine, size_t other)
{
    const struct reflection *a = &r->rows[r->places[mine].row], *b = &r->rows[r->places[other].row];
    bool apart = a->x0 >= b->x1 || b->x0 >= a->x1 || a->y0 >= b->y1 || b->y0 >= a->y1;
    return mine == other || apart ? NULL : b;
}

/* Gather the pixels of the row at a place, and mark its own. */
static void open_box(const struct run *r, size_t at)
{
    const struct reflection *row = &r->rows[r->places[at].row];
    const struct panel *panel = row_panel(r, row);
    struct kabsch k;
    if (!kabsch_init(&k, r->f->view.beam, row->s1))
        return;
    shoebox_gather(r->box, &r->image, panel, (int32_t[4]){row->x0, row->x1, row->y0, row->y1});
    shoebox_foreground(r->box, &k, panel, row_radius(r, row));
}

/* Where there was no room for spans the whole box counts as foreground: too much, never too little. */
static void mark_neighbour(const struct run *r, const struct place *place, const struct reflection *other)
{
    const struct span *spans = place->spans == NO_SPANS ? NULL : r->spans + place->spans;
    for (int32_t i = 0; i < other->y1 - other->y0; i++)
        shoebox_overlap(r->box, other->y0 + i, other->x0 + (spans ? spans[i].from : 0),
                        spans ? other->x0 + spans[i].to : other->x1);
}

/* Mark the pixels of the neighbours. DIALS' stills integrator looks for overlaps but never uses what it finds: under
 * parity neighbours do not exist. */
static void mark_neighbours(const struct run *r, size_t at)
{
    size_t from, to;
    neighbourhood(r, at, &from, &to);
    for (size_t j = from; j < to && !r->p->parity; j++) {
        const struct reflection *other = meets(r, at, j);
        if (other)
            mark_neighbour(r, &r->places[j], other);
    }
}

/* Numbers of pixels and what they say about the reflection. */
static void count_pixels(const struct run *r, struct reflection *row)
{
    const struct shoebox *s = r->box;
    int32_t foreground = shoebox_count(s, SHOEBOX_FOREGROUND),
            background = shoebox_count(s, SHOEBOX_BACKGROUND);
    row->n_valid = shoebox_count(s, SHOEBOX_VALID);
    row->n_foreground = shoebox_count(s, SHOEBOX_VALID | SHOEBOX_FOREGROUND);
    row->n_background = shoebox_count(s, SHOEBOX_VALID | SHOEBOX_BACKGROUND);
    if (row->n_background < background)
        row->flags |= REFL_BACKGROUND_BAD;
    if (row->n_foreground < foreground)
        row->flags |= REFL_FOREGROUND_BAD;
    if (shoebox_count(s, SHOEBOX_BACKGROUND | SHOEBOX_OVERLAPPED))
        row->flags |= REFL_OVERLAPPED_BG;
    if (shoebox_count(s, SHOEBOX_FOREGROUND | SHOEBOX_OVERLAPPED))
        row->flags |= REFL_OVERLAPPED_FG;
    if (shoebox_count(s, r->p->parity ? SHOEBOX_SATURATED : SHOEBOX_SATURATED | SHOEBOX_FOREGROUND))
        row->flags |= REFL_OVERLOADED;
    if (row->n_foreground < r->p->valid_foreground_threshold * foreground)
        row->flags |= REFL_DONT_INTEGRATE;
}

/* Units of the values (gain-corrected ADU) per photon. */
static double row_gain(const struct run *r, const struct reflection *row)
{
    double panel = row_panel(r, row)->gain;
    return r->p->gain > 0 ? r->p->gain / (panel > 0 ? panel : 1) : r->gain;
}

static bool fit_background(const struct run *r, const struct reflection *row, struct background *out)
{
    const struct integrate_params *p = r->p;
    const struct shoebox *s = r->box;
    shoebox_background_pixels(r->box);
    if (p->background == INTEGRATE_BACKGROUND_DIALS)
        return background_plane_dials(s->values, s->use, s->width, s->height, p->outlier_n_sigma,
                                      p->min_background, out);
    struct background_ml_params ml = {.limits = r->photons ? p->limits : NULL,
                                      .gain = row_gain(r, row),
                                      .min_pixels = p->min_background,
                                      .plane_min = p->plane_min};
    return background_ml(&ml, s->values, s->use, s->width, s->height, out);
}

/* σ² of DIALS: |I| + |B| (1 + n_F/n_B). */
static void variance_dials(struct reflection *row, const struct shoebox_sums *sums)
{
    double share = row->n_background_used > 0 ? (double)sums->n / row->n_background_used : 0;
    row->bg_sum_var = fabs(row->bg_sum) * (1 + share);
    row->variance_background = row->bg_sum_var;
    row->variance = fabs(row->intensity) + row->bg_sum_var;
}

/* σ² of ALGORITHMS 6: noise of the background under the spot, of its estimate, and of the spot's own photons.
 * The last is shrunk towards 0 where I is mostly noise (ALGORITHMS_INTEGRATION 5, S 1): a σ that rises with
 * the noise of I would pull weighted means of weak reflections down. */
static void variance_model(struct reflection *row, const struct shoebox_sums *sums,
                           const struct background *g, double gain)
{
    const double *c = g->covariance, x = sums->cx, y = sums->cy, n = sums->n, I = row->intensity;
    double estimate = c[0] + 2 * (x * c[1] + y * c[2]) + x * x * c[3] + 2 * x * y * c[4] + y * y * c[5];
    double var0 = sums->noise + n * n * fmax(estimate, 0);
    double signal = I > 0 ? gain * I * I * I / (I * I + 4 * var0) : 0;
    row->variance_background = row->bg_sum_var = var0;
    row->variance = var0 + signal;
}

/* What neighbours took away comes back by the shape of the spot, whose error enters the variance. Returns the share that
 * was left. */
static double restore_share(const struct run *r, struct reflection *row)
{
    struct kabsch k;
    if (!(row->flags & REFL_OVERLAPPED_FG) || !kabsch_init(&k, r->f->view.beam, row->s1))
        return 1;
    double share = shoebox_share(r->box, &k, row_panel(r, row), r->lattices[row->lattice].sigma_b);
    if (!(share > 0))
        return 0;
    row->intensity /= share;
    double wrong = SHAPE_ERROR * (1 - share) * row->intensity;
    row->variance_background = row->variance_background / (share * share) + wrong * wrong;
    row->variance = row->variance / (share * share) + wrong * wrong;
    return share;
}

static void sum_foreground(const struct run *r, struct reflection *row, const struct background *g)
{
    const struct integrate_params *p = r->p;
    struct shoebox_sums sums = shoebox_sum(r->box, g, p->parity);
    row->bg_sum = sums.background;
    row->intensity = sums.signal - sums.background;
    if (p->parity)
        row->intensity = (double)(float)row->intensity;
    if (p->background == INTEGRATE_BACKGROUND_DIALS)
        variance_dials(row, &sums);
    else
        variance_model(row, &sums, g, row_gain(r, row));
    double share = restore_share(r, row);
    row->variance *= p->detector_gain;
    row->variance_background *= p->detector_gain;
    row->bg_sum_var *= p->detector_gain;
    bool good = !(row->flags & REFL_FOREGROUND_BAD);
    if (!p->parity) /* DIALS sums whatever is complete, even over a background that could not be fitted */
        good = good && sums.n > 0 && share >= p->min_share &&
               !(row->flags & (REFL_DONT_INTEGRATE | REFL_OVERLOADED));
    row->flags |= good ? REFL_INTEGRATED_SUM : REFL_FAILED_SUMMATION;
}

static void integrate_row(const struct run *r, size_t at)
{
    struct reflection *row = &r->rows[r->places[at].row];
    const struct panel *panel = row_panel(r, row);
    struct background g;
    open_box(r, at);
    mark_neighbours(r, at);
    count_pixels(r, row);
    if (!fit_background(r, row, &g)) {
        row->flags |= REFL_DONT_INTEGRATE | REFL_FAILED_BACKGROUND;
        g.mse = g.dispersion = 0;
    }
    row->n_background_used = g.n_used;
    row->bg_mean = g.mean;
    row->bg_mse = g.mse;
    row->bg_dispersion = g.dispersion;
    sum_foreground(r, row, &g);
    shoebox_centroid(r->box, &g, row->obs_px, row->obs_px_var);
    panel_pixel_to_mm(panel, row->obs_px, row->obs_mm);
    row->obs_mm_var[0] = row->obs_px_var[0] * panel->pixel_fast * panel->pixel_fast;
    row->obs_mm_var[1] = row->obs_px_var[1] * panel->pixel_slow * panel->pixel_slow;
}

/* ---- noise of the frame ---- */

enum { SAMPLES = 128 };

/* Used background pixels, and those of them that are whole multiples of the gain. */
static void count_whole(const struct shoebox *s, double gain, size_t *whole, size_t *all)
{
    for (size_t i = 0; i < s->size; i++)
        if (s->use[i] == 1) {
            double photons = (double)s->values[i] / gain;
            *whole += fabs(photons - rint(photons)) < 0.01;
            ++*all;
        }
}

/* Do the limits of the parameters fit the frame? They do when the noise of the backgrounds around a sample of the
 * predictions is what gain and read noise make it, and values without read noise are whole photons. Else (ADU of an unknown
 * gain, dark noise that nobody told of) the noise of each background is measured where it is used; an unknown gain is then
 * the ratio of variance and mean (ALGORITHMS 6). */
static void judge_noise(struct run *r)
{
    double ratio[SAMPLES], rho = r->p->limits ? r->p->limits->rho : 0;
    size_t n = 0, boxes = 0, noisy = 0, whole = 0, all = 0, stride = r->n / SAMPLES + 1;
    struct background_ml_params ml = {.min_pixels = r->p->min_background, .plane_min = r->p->plane_min};
    for (size_t at = 0; at < r->n; at += stride) {
        struct background g;
        double gain = row_gain(r, &r->rows[r->places[at].row]);
        open_box(r, at);
        mark_neighbours(r, at);
        shoebox_background_pixels(r->box);
        if (!background_ml(&ml, r->box->values, r->box->use, r->box->width, r->box->height, &g))
            continue;
        count_whole(r->box, gain, &whole, &all);
        boxes++;
        double expected = gain * (fmax(g.mean, 0) + gain * rho * rho);
        if (g.mean > 0.5 * gain) /* with less, most pixels are empty and their spread says little */
            ratio[n++] = g.noise / expected;
        else
            noisy += g.noise > 4 * expected + gain * gain;
    }
    sort_doubles(ratio, n);
    double median = n ? ratio[n / 2] : 1;
    bool fits = n < 8 ? 2 * noisy <= boxes : median > 0.8 && median < 1.25;
    r->photons = r->p->limits && fits && (rho > 0 || 100 * whole >= 99 * all);
    r->gain = r->photons || !(median > 0) ? 1 : median;
}

void integrate_rows(const struct integrate_params *p, const struct integrate_frame *f,
                    const struct lattice *lattices, size_t n_lattices, struct reflection *rows, size_t n,
                    void *work)
{
    struct run r = {.p = p,
                    .f = f,
                    .lattices = lattices,
                    .rows = rows,
                    .image = {f->pixels, f->type, f->mask},
                    .box = shoebox_init(work),
                    .places = (struct place *)(void *)((char *)work + shoebox_size()),
                    .photons = true,
                    .gain = 1};
    r.spans = (struct span *)(void *)(r.places + n);
    place_boxes(&r, n, n_lattices);
    place_spans(&r, n * SPANS);
    if (p->background == INTEGRATE_BACKGROUND_ML)
        judge_noise(&r);
    for (size_t at = 0; at < r.n; at++)
        integrate_row(&r, at);
}
