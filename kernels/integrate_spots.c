/* integrate_spots.c - our integration of predicted rows: sums over ellipses of the measured size, background from a ring outside
 * all spots of all lattices, then groups of overlapping spots fitted together (ALGORITHMS_INTEGRATION); or, on request, over fixed
 * circles, where nothing is fitted (ALGORITHMS 5.7). */
#include "kernels/integrate_internal.h"

#include "kernels/geometry_panel.h"
#include "kernels/sort.h"

#include <math.h>
#include <string.h>

size_t integrate_work_size(size_t capacity)
{
    return shoebox_size() + GROUP_PIXELS * sizeof(struct group_pixel) + sizeof(struct spots_run) + 64 +
           capacity * (sizeof(struct spot_work) + sizeof(struct spot_place));
}

double spots_gain(const struct spots_run *r, const struct reflection *row)
{
    double panel = r->f->view.panels[row->panel].gain;
    return r->p->gain > 0 ? r->p->gain / (panel > 0 ? panel : 1) : r->gain;
}

/* I³/(I² + 4 var0): max(I, 0) shrunk towards 0 where it is noise; with the mean of its class Ī the mean of what Ī (whose members
 * scatter by as much) and the measurement say (ALGORITHMS_INTEGRATION 5, S 1 and S 3). */
double spots_signal(double sum, double var0, double prior)
{
    if (prior > 0)
        return fmax(sum * prior * prior + prior * (var0 + prior), 0) / (prior * prior + var0 + prior);
    return sum > 0 ? sum * sum * sum / (sum * sum + 4 * var0) : 0;
}

/* ---- order ---- */

static int by_place(const void *left, const void *right)
{
    const struct spot_place *a = left, *b = right;
    if (a->panel != b->panel)
        return a->panel < b->panel ? -1 : 1;
    if (a->x0 != b->x0)
        return a->x0 < b->x0 ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

static bool has_room(const int32_t box[4])
{
    return box[1] - box[0] <= PROFILE_BOX_SIDE && box[3] - box[2] <= PROFILE_BOX_SIDE;
}

static void box_of(const struct spot_ellipse *e, double k, double more, int32_t box[4])
{
    double reach[2];
    spot_ellipse_reach(e, k, reach);
    box[0] = (int32_t)floor(e->x - reach[0] - more);
    box[1] = (int32_t)ceil(e->x + reach[0] + more);
    box[2] = (int32_t)floor(e->y - reach[1] - more);
    box[3] = (int32_t)ceil(e->y + reach[1] + more);
}

/* Ellipses and boxes of all rows, in an order in which neighbours are found. */
void spots_place(struct spots_run *r)
{
    r->n_places = 0;
    r->widest = 0;
    for (size_t i = 0; i < r->n; i++) {
        struct reflection *row = &r->rows[i];
        struct spot_work *w = &r->work[i];
        int32_t box[4];
        w->good = !(row->flags & REFL_DONT_INTEGRATE) &&
                  spot_ellipse_make(&r->f->view, row, &r->shapes[row->lattice], &w->ellipse);
        if (w->good) {
            box_of(&w->ellipse, r->guard, r->ring, box);
            w->good = has_room(box);
        }
        row->x0 = row->x1 = row->y0 = row->y1 = 0;
        if (!w->good) {
            row->flags |= REFL_DONT_INTEGRATE;
            continue;
        }
        row->x0 = box[0], row->x1 = box[1], row->y0 = box[2], row->y1 = box[3];
        box_of(&w->ellipse, r->guard, 0, w->guard);
        w->parent = (uint32_t)i;
        w->shared = false;
        if (w->guard[1] - w->guard[0] > r->widest)
            r->widest = w->guard[1] - w->guard[0];
        r->places[r->n_places++] = (struct spot_place){row->panel, (uint32_t)i, w->guard[0]};
    }
    sort_heap(r->places, r->n_places, sizeof *r->places, by_place);
}

/* First place of a panel whose guard box may reach x. */
static size_t first_place(const struct spots_run *r, uint32_t panel, int32_t x)
{
    size_t from = 0, to = r->n_places;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const struct spot_place *p = &r->places[middle];
        if (p->panel < panel || (p->panel == panel && p->x0 < x - r->widest))
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* ---- one reflection ---- */

static uint32_t root_of(struct spots_run *r, uint32_t i)
{
    while (r->work[i].parent != i)
        i = r->work[i].parent = r->work[r->work[i].parent].parent;
    return i;
}

/* The smaller number becomes the root, whatever the order of meeting. */
static void join(struct spots_run *r, size_t a, size_t b)
{
    uint32_t x = root_of(r, (uint32_t)a), y = root_of(r, (uint32_t)b);
    r->work[a].shared = r->work[b].shared = true;
    r->work[x > y ? x : y].parent = x > y ? y : x;
}

static int32_t clip(double x, int32_t lo, int32_t hi)
{
    double whole = floor(x + 0.5);
    return whole < lo ? lo : whole > hi ? hi : (int32_t)whole;
}

/* Pixels of a row within the outside of the ring: of a given circle, else of the ellipse that fills the box. */
static bool outer_row(const struct spots_run *r, const struct spot_ellipse *e, int32_t y, int32_t *from,
                      int32_t *to)
{
    const struct shoebox *s = r->box;
    if (r->fixed) {
        bool some = spot_ellipse_row(e, r->guard + r->ring, y, from, to);
        *from = *from > s->x0 ? *from : s->x0;
        *to = *to < s->x1 ? *to : s->x1;
        return some;
    }
    const double rx = 0.5 * s->width, ry = 0.5 * s->height;
    double dy = (y + 0.5 - e->y) / ry, half = dy * dy < 1 ? rx * sqrt(1 - dy * dy) : 0;
    *from = clip(e->x - half, s->x0, s->x1);
    *to = clip(e->x + half, s->x0, s->x1);
    return true;
}

/* Own pixels: foreground inside, nothing in the guard, beyond it the ring of background. */
static void mark_own(const struct spots_run *r, size_t row)
{
    const struct spot_ellipse *e = &r->work[row].ellipse;
    struct shoebox *s = r->box;
    for (int32_t y = s->y0; y < s->y1; y++) {
        uint8_t *code = s->code + (size_t)(y - s->y0) * (size_t)s->width;
        int32_t from, to;
        if (outer_row(r, e, y, &from, &to))
            for (int32_t x = from; x < to; x++)
                code[x - s->x0] |= SHOEBOX_BACKGROUND;
        if (spot_ellipse_row(e, r->guard, y, &from, &to))
            for (int32_t x = from > s->x0 ? from : s->x0; x < to && x < s->x1; x++)
                code[x - s->x0] &= (uint8_t)~SHOEBOX_BACKGROUND;
        if (spot_ellipse_row(e, r->foreground, y, &from, &to))
            for (int32_t x = from > s->x0 ? from : s->x0; x < to && x < s->x1; x++)
                code[x - s->x0] |= SHOEBOX_FOREGROUND;
    }
}

/* Another spot: its guard is no background; a foreground pixel of both makes them a group. */
static void mark_other(struct spots_run *r, size_t row, size_t other)
{
    const struct spot_ellipse *e = &r->work[other].ellipse;
    struct shoebox *s = r->box;
    bool met = false;
    for (int32_t y = s->y0; y < s->y1; y++) {
        const uint8_t *code = s->code + (size_t)(y - s->y0) * (size_t)s->width;
        int32_t from, to;
        if (spot_ellipse_row(e, r->guard, y, &from, &to))
            shoebox_overlap(s, y, from, to);
        if (spot_ellipse_row(e, r->foreground, y, &from, &to))
            for (int32_t x = from > s->x0 ? from : s->x0; x < to && x < s->x1 && !met; x++)
                met = code[x - s->x0] & SHOEBOX_FOREGROUND;
    }
    if (met)
        join(r, row, other);
}

void spots_open(struct spots_run *r, size_t row)
{
    const struct reflection *mine = &r->rows[row];
    const int32_t *guard;
    shoebox_gather(r->box, &r->image, &r->f->view.panels[mine->panel],
                   (int32_t[4]){mine->x0, mine->x1, mine->y0, mine->y1});
    mark_own(r, row);
    for (size_t k = first_place(r, mine->panel, mine->x0); k < r->n_places; k++) {
        const struct spot_place *p = &r->places[k];
        if (p->panel != mine->panel || p->x0 >= mine->x1)
            break;
        guard = r->work[p->row].guard;
        bool apart = guard[1] <= mine->x0 || guard[2] >= mine->y1 || guard[3] <= mine->y0;
        if (p->row != row && !apart)
            mark_other(r, row, p->row);
    }
}

/* Sum over the foreground, restored to the whole spot; background, its variance. */
static void sum_spot(struct spots_run *r, size_t row, const struct background *g)
{
    struct spot_work *w = &r->work[row];
    const struct shoebox *s = r->box;
    const double *c = g->covariance, gain = w->gain;
    struct spot_profile profile;
    double x = w->ellipse.x - s->x0, y = w->ellipse.y - s->y0, sum = 0, noise = 0, share = 0;
    int32_t n = 0;
    size_t k = 0;
    spot_profile_make(&w->ellipse, &profile);
    for (int32_t j = 0; j < s->height; j++)
        for (int32_t i = 0; i < s->width; i++, k++) {
            if ((s->code[k] & (SHOEBOX_FOREGROUND | SHOEBOX_VALID)) != (SHOEBOX_FOREGROUND | SHOEBOX_VALID))
                continue;
            double b = background_at(g, i + 0.5, j + 0.5);
            sum += (double)s->values[k] - b;
            noise += g->noise_per_value * (b > 0 ? b : 0) + g->noise;
            share += r->fixed ? 0 : spot_profile_at(&profile, i + 0.5 - x, j + 0.5 - y);
            n++;
        }
    double estimate = c[0] + 2 * (x * c[1] + y * c[2]) + x * x * c[3] + 2 * x * y * c[4] + y * y * c[5];
    w->background = background_at(g, x, y) / gain;
    w->noise = n ? noise / n / (gain * gain) : 0;
    w->estimate = fmax(estimate, 0) / (gain * gain);
    w->share = share > 0.05 ? share : 1;
    w->sum = sum / gain / w->share;
    w->var0 = (n * w->noise + (double)n * n * w->estimate) / (w->share * w->share);
}

/* The median of the ring: enough to see how large a spot is. */
bool spots_quick_background(struct spots_run *r, size_t row, struct background *out)
{
    const struct shoebox *s = r->box;
    spots_open(r, row);
    r->work[row].gain = spots_gain(r, &r->rows[row]);
    int32_t n = shoebox_background_pixels(r->box);
    if (n < r->p->min_background)
        return false;
    *out = (struct background){.b = {background_median(s->values, s->use, s->size, n)}, .n_used = n};
    out->noise_per_value = r->work[row].gain;
    sum_spot(r, row, out);
    return true;
}

bool spots_background(struct spots_run *r, size_t row, struct background *out)
{
    const struct integrate_params *p = r->p;
    struct spot_work *w = &r->work[row];
    struct reflection *mine = &r->rows[row];
    spots_open(r, row);
    w->gain = spots_gain(r, mine);
    shoebox_background_pixels(r->box);
    const struct shoebox *s = r->box;
    if (p->background == INTEGRATE_BACKGROUND_DIALS) {
        if (!background_plane_dials(s->values, s->use, s->width, s->height, p->outlier_n_sigma,
                                    p->min_background, out))
            return false;
        out->noise_per_value = w->gain; /* the plane knows nothing of noise: photons of a counter */
        sum_spot(r, row, out);
        return true;
    }
    struct background_ml_params ml = {.limits = r->photons ? p->limits : NULL,
                                      .gain = w->gain,
                                      .min_pixels = p->min_background,
                                      .plane_min = r->fixed ? INT32_MAX : p->plane_min};
    if (!background_ml(&ml, s->values, s->use, s->width, s->height, out))
        return false;
    sum_spot(r, row, out);
    return true;
}

static void count_pixels(const struct spots_run *r, struct reflection *row)
{
    const struct shoebox *s = r->box;
    int32_t foreground = shoebox_count(s, SHOEBOX_FOREGROUND),
            background = shoebox_count(s, SHOEBOX_BACKGROUND);
    row->n_valid = shoebox_count(s, SHOEBOX_VALID);
    row->n_foreground = shoebox_count(s, SHOEBOX_VALID | SHOEBOX_FOREGROUND);
    row->n_background = shoebox_count(s, SHOEBOX_VALID | SHOEBOX_BACKGROUND);
    row->flags |= row->n_background < background ? REFL_BACKGROUND_BAD : 0;
    row->flags |= row->n_foreground < foreground || !foreground ? REFL_FOREGROUND_BAD : 0;
    row->flags |= shoebox_count(s, SHOEBOX_BACKGROUND | SHOEBOX_OVERLAPPED) ? REFL_OVERLAPPED_BG : 0;
    row->flags |= shoebox_count(s, SHOEBOX_SATURATED | SHOEBOX_FOREGROUND) ? REFL_OVERLOADED : 0;
}

static void integrate_spot(struct spots_run *r, size_t i)
{
    struct reflection *row = &r->rows[i];
    struct spot_work *w = &r->work[i];
    const struct panel *panel = &r->f->view.panels[row->panel];
    struct background g = {.n_used = 0};
    bool fitted = spots_background(r, i, &g);
    count_pixels(r, row);
    if (!fitted)
        row->flags |= REFL_DONT_INTEGRATE | REFL_FAILED_BACKGROUND;
    row->n_background_used = g.n_used;
    row->bg_mean = g.mean;
    row->bg_mse = g.mse;
    row->bg_dispersion = g.dispersion;
    shoebox_centroid(r->box, &g, row->obs_px, row->obs_px_var);
    panel_pixel_to_mm(panel, row->obs_px, row->obs_mm);
    row->obs_mm_var[0] = row->obs_px_var[0] * panel->pixel_fast * panel->pixel_fast;
    row->obs_mm_var[1] = row->obs_px_var[1] * panel->pixel_slow * panel->pixel_slow;
    w->good = fitted && !(row->flags & (REFL_FOREGROUND_BAD | REFL_OVERLOADED));
    w->prior = 0;
}

/* ---- classes: what reflections alike have on the average (the prior of S 3) ---- */

enum { FAR_CLASSES = 6, Q_CLASSES = 4, CLASS_LEAST = 5 };

static size_t class_of(const struct reflection *row, double q2_max)
{
    double far = sqrt(-2 * log(fmax(row->partiality, 1e-6))) / 3; /* in envelopes */
    int e = (int)fmin(far * FAR_CLASSES, FAR_CLASSES - 1),
        q = (int)fmin(Q_CLASSES / (row->d * row->d * q2_max), Q_CLASSES - 1);
    return ((size_t)row->lattice * FAR_CLASSES + (size_t)e) * Q_CLASSES + (size_t)q;
}

static void take_priors(struct spots_run *r)
{
    enum { CLASSES = LATTICES_MAX * FAR_CLASSES * Q_CLASSES };
    double sum[CLASSES] = {0}, q2_max = 1e-12;
    int32_t count[CLASSES] = {0};
    for (size_t i = 0; i < r->n; i++)
        q2_max = r->work[i].good ? fmax(q2_max, 1 / (r->rows[i].d * r->rows[i].d)) : q2_max;
    for (size_t i = 0; i < r->n; i++)
        if (r->work[i].good && !r->work[i].shared) {
            sum[class_of(&r->rows[i], q2_max)] += r->work[i].sum;
            count[class_of(&r->rows[i], q2_max)]++;
        }
    for (size_t i = 0; i < r->n; i++) {
        if (!r->work[i].good)
            continue;
        size_t c = class_of(&r->rows[i], q2_max);
        r->work[i].prior = count[c] >= CLASS_LEAST ? fmax(sum[c] / count[c], 0.5) : 0;
    }
}

/* ---- results ---- */

/* Sums into the row; a member of a group has them from its fit already. */
static void write_sum(const struct spots_run *r, size_t i)
{
    struct reflection *row = &r->rows[i];
    const struct spot_work *w = &r->work[i];
    double g = w->gain, factor = r->p->detector_gain;
    if (w->shared)
        row->flags |= REFL_OVERLAPPED_FG;
    bool good = w->good && !(row->flags & REFL_DONT_INTEGRATE);
    row->intensity = w->sum * g;
    row->variance_background = w->var0 * g * g * factor;
    row->variance = (w->var0 + spots_signal(w->sum, w->var0, 0) / w->share) * g * g * factor;
    row->bg_sum = w->background * g * row->n_foreground;
    row->bg_sum_var = row->variance_background;
    row->flags |= good ? REFL_INTEGRATED_SUM : REFL_FAILED_SUMMATION;
    if (!good || !(row->prf_variance > 0))
        row->flags &= (uint32_t)~REFL_INTEGRATED_PRF;
    row->prf *= g;
    row->prf_variance *= g * g * factor;
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
static void judge_noise(struct spots_run *r)
{
    double ratio[SAMPLES], rho = r->p->limits ? r->p->limits->rho : 0;
    size_t n = 0, boxes = 0, noisy = 0, whole = 0, all = 0, stride = r->n_places / SAMPLES + 1;
    struct background_ml_params ml = {.min_pixels = r->p->min_background, .plane_min = r->p->plane_min};
    for (size_t at = 0; at < r->n_places; at += stride) {
        struct background g;
        size_t row = r->places[at].row;
        double gain = spots_gain(r, &r->rows[row]);
        spots_open(r, row);
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

/* ---- all of it ---- */

static void drop_bad_rows(struct spots_run *r, size_t n_lattices)
{
    for (size_t i = 0; i < r->n; i++) {
        struct reflection *row = &r->rows[i];
        row->prf = row->prf_variance = 0;
        r->work[i] = (struct spot_work){.parent = (uint32_t)i, .share = 1, .gain = 1};
        if (row->panel >= r->f->view.n_panels || row->lattice >= n_lattices || !(row->d > 0))
            row->flags |= REFL_DONT_INTEGRATE;
        r->work[i].good = !(row->flags & REFL_DONT_INTEGRATE);
    }
}

/* Groups anew after rows were taken out: those that shared pixels look again with whom. */
static void group_again(struct spots_run *r)
{
    for (size_t i = 0; i < r->n; i++)
        r->work[i].kept_good = r->work[i].good, r->work[i].kept_shared = r->work[i].shared;
    spots_place(r);
    for (size_t at = 0; at < r->n_places; at++)
        if (r->work[r->places[at].row].kept_shared)
            spots_open(r, r->places[at].row);
    for (size_t i = 0; i < r->n; i++)
        r->work[i].good = r->work[i].kept_good;
}

static void set_reaches(struct spots_run *r)
{
    const double *radii = r->p->rings;
    r->fixed = r->p->method == INTEGRATE_RINGS;
    r->foreground = r->fixed ? radii[0] : FOREGROUND_SIGMAS;
    r->guard = r->fixed ? radii[1] : GUARD_SIGMAS;
    r->ring = r->fixed ? radii[2] - radii[1] : RING_PX;
}

size_t integrate_spots(const struct integrate_params *p, const struct integrate_frame *f,
                       const struct lattice *lattices, size_t n_lattices, struct reflection *rows, size_t n,
                       void *work)
{
    char *bytes = work;
    struct spots_run *r = work;
    bytes += (sizeof *r + 15) / 16 * 16;
    *r = (struct spots_run){
        .p = p, .f = f, .rows = rows, .n = n, .image = {f->pixels, f->type, f->mask}, .gain = 1};
    set_reaches(r);
    r->box = shoebox_init(bytes);
    bytes += (shoebox_size() + 15) / 16 * 16;
    r->pixels = (struct group_pixel *)(void *)bytes;
    bytes += (GROUP_PIXELS * sizeof *r->pixels + 15) / 16 * 16;
    r->work = (struct spot_work *)(void *)bytes;
    bytes += n * sizeof *r->work;
    r->places = (struct spot_place *)(void *)bytes;
    if (n == 0 || n_lattices == 0)
        return 0;
    if (n_lattices > LATTICES_MAX)
        n_lattices = LATTICES_MAX;
    drop_bad_rows(r, n_lattices);
    spots_measure_shapes(r, lattices, n_lattices);
    spots_place(r);
    judge_noise(r);
    for (size_t at = 0; at < r->n_places; at++)
        integrate_spot(r, r->places[at].row);
    spots_cut_envelope(r, lattices, n_lattices);
    group_again(r);
    take_priors(r);
    if (!r->fixed)
        spots_fit(r);
    for (size_t at = 0; at < r->n_places; at++)
        write_sum(r, r->places[at].row);
    return r->n;
}
