/* A frame's reflections, from σ_b to the rows that are kept. The work on one reflection's pixels is in
 * shoebox.c, the background in background.c; here is the order of things, which pixels are shared, and the
 * rules of what is believed.
 */
#include "kernels/integrate.h"

#include "kernels/geometry_panel.h"
#include "kernels/shoebox.h"
#include "kernels/sort.h"

#include <math.h>
#include <string.h>

#define RADIANS (3.14159265358979323846 / 180)

void integrate_params_default(struct integrate_params *p, bool parity)
{
    *p =
        (struct integrate_params){.parity = parity,
                                  .background = parity ? INTEGRATE_BACKGROUND_DIALS : INTEGRATE_BACKGROUND_ML,
                                  .n_sigma = 3,
                                  .sigma_b_cutoff = 0.1 * RADIANS,
                                  .sigma_b_multiplier = 2,
                                  .valid_foreground_threshold = 0.75,
                                  .outlier_n_sigma = 4,
                                  .min_background = parity ? 10 : 20,
                                  .plane_min = 60,
                                  .detector_gain = 1,
                                  .alpha = 1e-3,
                                  .significance_bins = 20,
                                  .significance_cutoff = 1};
}

/* ---- memory and order ---- */

/* Boxes by panel and left edge, so that those that meet stand near each other. */
struct place {
    uint32_t panel, row;
    int32_t x0;
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
    return shoebox_size() + capacity * sizeof(struct place) + 64;
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
    size_t n;
    int32_t widest;
    bool photons; /* counts are Poisson in units of `gain`: limits of the parameters hold */
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

static bool has_box(const struct reflection *row)
{
    return row->x1 > row->x0;
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
        r->places[r->n++] = (struct place){row->panel, (uint32_t)i, box[0]};
    }
    sort_heap(r->places, r->n, sizeof *r->places, by_place);
}

/* ---- one reflection ---- */

static void mark_neighbour(const struct run *r, size_t mine, size_t other)
{
    const struct reflection *a = &r->rows[r->places[mine].row], *b = &r->rows[r->places[other].row];
    const int32_t limits[4] = {b->x0, b->x1, b->y0, b->y1};
    struct kabsch k;
    if (a->x0 >= b->x1 || b->x0 >= a->x1 || a->y0 >= b->y1 || b->y0 >= a->y1 ||
        !kabsch_init(&k, r->f->view.beam, b->s1))
        return;
    double core = r->p->overlap_sigma * r->lattices[b->lattice].sigma_b;
    shoebox_overlap(r->box, &k, row_panel(r, b), row_radius(r, b), core, limits);
}

/* Gather the pixels of the row at a place, and say whose they are. DIALS' stills integrator looks for
 * overlaps but never uses what it finds: under parity neighbours do not exist. */
static void open_box(const struct run *r, size_t at)
{
    const struct reflection *row = &r->rows[r->places[at].row];
    const struct panel *panel = row_panel(r, row);
    struct kabsch k;
    if (!kabsch_init(&k, r->f->view.beam, row->s1))
        return;
    shoebox_gather(r->box, &r->image, panel, (int32_t[4]){row->x0, row->x1, row->y0, row->y1});
    shoebox_foreground(r->box, &k, panel, row_radius(r, row));
    if (r->p->parity)
        return;
    const struct place *p = r->places;
    for (size_t j = at; j-- > 0 && p[j].panel == p[at].panel && p[j].x0 > p[at].x0 - r->widest;)
        mark_neighbour(r, at, j);
    for (size_t j = at + 1; j < r->n && p[j].panel == p[at].panel && p[j].x0 < row->x1; j++)
        mark_neighbour(r, at, j);
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

static void integrate_row(const struct run *r, size_t at)
{
    struct reflection *row = &r->rows[r->places[at].row];
    struct background g;
    open_box(r, at);
    count_pixels(r, row);
    if (!fit_background(r, row, &g)) {
        row->flags |= REFL_DONT_INTEGRATE | REFL_FAILED_BACKGROUND;
        g.mse = g.dispersion = 0;
    }
    struct shoebox_sums sums = shoebox_sum(r->box, &g, r->p->parity);
    row->n_background_used = g.n_used;
    row->bg_mean = g.mean;
    row->bg_mse = g.mse;
    row->bg_dispersion = g.dispersion;
    row->bg_sum = sums.background;
    row->intensity =
        r->p->parity ? (double)((float)sums.signal - (float)sums.background) : sums.signal - sums.background;
    if (r->p->background == INTEGRATE_BACKGROUND_DIALS)
        variance_dials(row, &sums);
    else
        variance_model(row, &sums, &g, row_gain(r, row));
    row->variance *= r->p->detector_gain;
    row->variance_background *= r->p->detector_gain;
    row->bg_sum_var *= r->p->detector_gain;
    bool complete = sums.n == shoebox_count(r->box, SHOEBOX_FOREGROUND);
    bool refused = !r->p->parity && (sums.n == 0 || row->flags & (REFL_DONT_INTEGRATE | REFL_OVERLOADED) ||
                                     shoebox_count(r->box, SHOEBOX_FOREGROUND | SHOEBOX_CORE));
    row->flags |= complete && !refused ? REFL_INTEGRATED_SUM : REFL_FAILED_SUMMATION;
    shoebox_centroid(r->box, &g, row->obs_px, row->obs_px_var);
    const struct panel *panel = row_panel(r, row);
    panel_pixel_to_mm(panel, row->obs_px, row->obs_mm);
    row->obs_mm_var[0] = row->obs_px_var[0] * panel->pixel_fast * panel->pixel_fast;
    row->obs_mm_var[1] = row->obs_px_var[1] * panel->pixel_slow * panel->pixel_slow;
}

/* ---- noise of the frame ---- */

enum { SAMPLES = 128 };

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Share of used background pixels that are whole numbers. */
static void count_whole(const struct shoebox *s, size_t *whole, size_t *all)
{
    for (size_t i = 0; i < s->size; i++)
        if (s->use[i] == 1) {
            *whole += fabsf(s->values[i] - rintf(s->values[i])) < 0.01f;
            ++*all;
        }
}

/* Are the values photons? From the backgrounds around a sample of the predictions: whole numbers whose
 * variance equals their mean are; else the ratio of the two is taken for the gain (ALGORITHMS 6), and the
 * noise of each background is measured where it is used. */
static void judge_noise(struct run *r)
{
    double ratio[SAMPLES];
    size_t n = 0, noisy = 0, whole = 0, all = 0, stride = r->n / SAMPLES + 1;
    struct background_ml_params ml = {.min_pixels = r->p->min_background, .plane_min = r->p->plane_min};
    for (size_t at = 0; at < r->n; at += stride) {
        struct background g;
        open_box(r, at);
        shoebox_background_pixels(r->box);
        if (!background_ml(&ml, r->box->values, r->box->use, r->box->width, r->box->height, &g))
            continue;
        count_whole(r->box, &whole, &all);
        if (g.mean > 0.5) /* with less, most pixels are empty and their spread says little */
            ratio[n++] = g.noise / g.mean;
        else
            noisy += g.noise > 1 + 4 * fmax(g.mean, 0);
    }
    sort_heap(ratio, n, sizeof *ratio, by_value);
    double median = n ? ratio[n / 2] : 1;
    bool poisson = n < 8 ? 2 * noisy < n + 8 : median > 0.8 && median < 1.25;
    r->photons = r->p->limits && poisson && 100 * whole >= 99 * all;
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
    place_boxes(&r, n, n_lattices);
    if (p->background == INTEGRATE_BACKGROUND_ML && !(p->gain > 0))
        judge_noise(&r);
    for (size_t at = 0; at < r.n; at++)
        integrate_row(&r, at);
}

bool integrate_keeps(const struct integrate_params *p, const struct reflection *row)
{
    if (!has_box(row) || !(row->flags & REFL_INTEGRATED_SUM) || row->flags & REFL_FOREGROUND_BAD)
        return false;
    if (p->parity) /* "no integrated signal", "zero background variance": dropped by DIALS */
        return row->variance > 0 && row->bg_sum_var > 0;
    return row->variance > 0 && isfinite(row->variance) && isfinite(row->intensity);
}

/* ---- matching ---- */

static int by_identity(const struct reflection *a, const struct reflection *b)
{
    if (a->lattice != b->lattice)
        return a->lattice < b->lattice ? -1 : 1;
    if (a->panel != b->panel)
        return a->panel < b->panel ? -1 : 1;
    for (int i = 0; i < 3; i++)
        if (a->hkl[i] != b->hkl[i])
            return a->hkl[i] < b->hkl[i] ? -1 : 1;
    return 0;
}

static struct reflection *find_row(struct reflection *rows, size_t n, const struct reflection *key)
{
    size_t from = 0, to = n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (by_identity(&rows[middle], key) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from < n && by_identity(&rows[from], key) == 0 ? &rows[from] : NULL;
}

void integrate_match(struct reflection *rows, size_t n, const struct reflection *indexed, size_t n_indexed)
{
    const uint32_t kept = REFL_INDEXED | REFL_USED_IN_REFINEMENT | REFL_STRONG;
    for (size_t i = 0; i < n_indexed; i++) {
        struct reflection *row = find_row(rows, n, &indexed[i]);
        if (!row)
            continue;
        double dx = row->cal_px[0] - indexed[i].cal_px[0], dy = row->cal_px[1] - indexed[i].cal_px[1];
        row->flags |= indexed[i].flags & kept;
        row->spot = indexed[i].spot;
        if (dx * dx + dy * dy < 4)
            row->flags |= REFL_REFERENCE_SPOT;
    }
}

/* ---- resolution ---- */

enum { SHELLS_MAX = 100 };

double integrate_resolution(const struct reflection *rows, size_t n, const struct integrate_shells *shells)
{
    double sum[SHELLS_MAX] = {0}, count[SHELLS_MAX] = {0}, d_min = INFINITY, d_max = 0;
    int bins = shells->n < 1 ? 1 : shells->n > SHELLS_MAX ? SHELLS_MAX : shells->n;
    for (size_t i = 0; i < n; i++) {
        d_min = fmin(d_min, rows[i].d);
        d_max = fmax(d_max, rows[i].d);
    }
    if (shells->d_min > 0)
        d_min = shells->d_min;
    if (!(d_max > 0) || !(d_min < INFINITY))
        return 0;
    double low = pow(d_max, -3), step = (pow(d_min, -3) - low) / bins;
    for (size_t i = 0; i < n; i++) {
        double at = step > 0 ? (pow(rows[i].d, -3) - low) / step : 0;
        int bin = at < bins ? (int)at : bins - 1;
        if (at > bins * (1 + 1e-9) || !(rows[i].variance > 0) ||
            (shells->positive_only && !(rows[i].intensity > 0)))
            continue;
        sum[bin] += rows[i].intensity / sqrt(rows[i].variance);
        count[bin]++;
    }
    int good = 0;
    while (good < bins && count[good] > 0 && sum[good] / count[good] >= shells->cutoff)
        good++;
    return good ? pow(low + good * step, -1.0 / 3) : 0;
}

/* ---- a frame ---- */

static void tally(struct integrate_result *t, const struct reflection *row)
{
    t->n_bad_foreground += (row->flags & REFL_FOREGROUND_BAD) != 0;
    t->n_overloaded += (row->flags & REFL_OVERLOADED) != 0;
    t->n_overlapped += (row->flags & REFL_OVERLAPPED_FG) != 0;
    t->n_no_background += (row->flags & REFL_FAILED_BACKGROUND) != 0;
    t->n_no_box += !has_box(row);
}

/* σ_b and predictions of one lattice; the number of rows added, 0 with its reason set. */
static size_t predict_one(const struct integrate_params *p, const struct integrate_frame *f,
                          struct lattice *l, uint32_t number, struct reflection *out, size_t capacity,
                          struct integrate_result *result)
{
    l->n_integrated = 0;
    l->res_a = 0;
    l->sigma_b = p->sigma_b > 0 ? p->sigma_b
                                : profile_sigma_b(&f->view, f->strong, f->n_strong, f->spots, f->n_spots,
                                                  f->indexed, f->n_indexed, number);
    if (!(l->sigma_b > 0) || (p->sigma_b_cutoff > 0 && l->sigma_b >= p->sigma_b_cutoff)) {
        l->reason = INTEGRATE_SIGMA_B;
        return 0;
    }
    size_t n = predict_lattice(&p->predict, &f->view, l, number, f->ops, f->n_ops, out, capacity);
    if (n == 0)
        l->reason = INTEGRATE_NO_PREDICTION;
    result->n_predicted += n;
    result->truncated |= n > capacity;
    return n < capacity ? n : capacity;
}

/* Keep the rows of one lattice that pass, moved to `out`; its resolution and reason. */
static size_t keep_one(const struct integrate_params *p, struct lattice *l, const struct reflection *rows,
                       size_t n, struct reflection *out, struct integrate_result *result)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        tally(result, &rows[i]);
        if (integrate_keeps(p, &rows[i]))
            memmove(&out[kept++], &rows[i], sizeof *out);
    }
    if (kept == 0) {
        l->reason = INTEGRATE_FEW_INTEGRATED;
        return 0;
    }
    l->res_a = integrate_resolution(out, kept, &(struct integrate_shells){.n = 20, .cutoff = 1});
    if (p->significance) {
        double limit = integrate_resolution(out, kept,
                                            &(struct integrate_shells){.n = p->significance_bins,
                                                                       .d_min = p->significance_d_min,
                                                                       .cutoff = p->significance_cutoff,
                                                                       .positive_only = true});
        size_t before = kept;
        kept = 0;
        for (size_t i = 0; i < before; i++)
            if (limit > 0 && out[i].d >= limit * (1 - 1e-12))
                memmove(&out[kept++], &out[i], sizeof *out);
        result->n_insignificant += before - kept;
        if (kept == 0)
            l->reason = INTEGRATE_SIGNIFICANCE;
    }
    l->n_integrated = (uint32_t)kept;
    return kept;
}

size_t integrate_predict(const struct integrate_params *p, const struct integrate_frame *f,
                         struct lattice *lattices, size_t n_lattices, struct reflection *out, size_t capacity,
                         struct integrate_result *result)
{
    size_t n = 0;
    *result = (struct integrate_result){.n_predicted = 0};
    for (size_t i = 0; i < n_lattices; i++)
        n += predict_one(p, f, &lattices[i], (uint32_t)i, out + n, capacity - n, result);
    return n;
}

size_t integrate_predicted(const struct integrate_params *p, const struct integrate_frame *f,
                           struct lattice *lattices, size_t n_lattices, struct reflection *out, size_t n,
                           struct integrate_result *result, void *work)
{
    size_t kept = 0;
    integrate_match(out, n, f->indexed, f->n_indexed);
    integrate_rows(p, f, lattices, n_lattices, out, n, work);
    for (size_t from = 0; from < n;) {
        size_t to = from;
        while (to < n && out[to].lattice == out[from].lattice)
            to++;
        kept += keep_one(p, &lattices[out[from].lattice], out + from, to - from, out + kept, result);
        from = to;
    }
    result->n_integrated = kept;
    return kept;
}

size_t integrate_frame(const struct integrate_params *p, const struct integrate_frame *f,
                       struct lattice *lattices, size_t n_lattices, struct reflection *out, size_t capacity,
                       struct integrate_result *result, void *work)
{
    size_t n = integrate_predict(p, f, lattices, n_lattices, out, capacity, result);
    return integrate_predicted(p, f, lattices, n_lattices, out, n, result, work);
}
