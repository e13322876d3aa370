/* spotfind_radial.c - DIALS' "radial_profile": pixels above the median of their ring by some interquartile
 * ranges.
 *
 * Rings are bins of 2θ, per panel. Values of a bin are gathered and their quartiles selected; sorting would
 * give the same numbers and cost more. All in double, the blur in DIALS' order of addition.
 */
#include "kernels/geometry_panel.h"
#include "kernels/pixel.h"
#include "kernels/spotfind_forms.h"

#include <math.h>
#include <string.h>

/* ---- bins ---- */

/* 2θ of a pixel, parallax included, as dxtbx's get_two_theta_array: of its outer corner (i, j), not of its centre. */
static double two_theta(const struct panel *panel, const struct beam_vector *beam, int32_t x, int32_t y)
{
    const double px[2] = {x, y};
    double r[3], dot = 0, length2 = 0;

    panel_pixel_to_point(panel, px, r);
    for (int k = 0; k < 3; k++) {
        dot -= r[k] * beam->direction[k];
        length2 += r[k] * r[k];
    }
    if (!(length2 > 0))
        return 0;
    double cosine = dot / sqrt(length2);
    return acos(cosine > 1 ? 1 : cosine < -1 ? -1 : cosine);
}

void spotfind_radial_bins(const struct spotfind_params *p, const struct panel *panel,
                          const struct beam_vector *beam, uint16_t *bins)
{
    struct spotfind_area area = spotfind_area(p, panel->n_fast, panel->n_slow);
    double least = INFINITY, most = 0;

    memset(bins, 0, (size_t)panel->n_fast * (size_t)panel->n_slow * sizeof *bins);
    for (int32_t j = 0; j < area.height; j++)
        for (int32_t i = 0; i < area.width; i++)
            least = fmin(least, two_theta(panel, beam, area.x0 + i, area.y0 + j));
    for (int32_t j = 0; j < area.height; j++)
        for (int32_t i = 0; i < area.width; i++)
            most = fmax(most, two_theta(panel, beam, area.x0 + i, area.y0 + j) - least + 1e-10);

    double scale = p->n_bins / most;
    for (int32_t j = 0; j < area.height; j++)
        for (int32_t i = 0; i < area.width; i++) {
            double bin = floor((two_theta(panel, beam, area.x0 + i, area.y0 + j) - least) * scale);
            size_t at = (size_t)(area.y0 + j) * (size_t)panel->n_fast + (size_t)(area.x0 + i);
            bins[at] = (uint16_t)fmin(fmax(bin, 0), p->n_bins - 1);
        }
}

/* ---- values ---- */

/* A panel's area, its values v = (raw - pedestal)/gain, and which of them count. */
struct field {
    const struct spotfind_image *image;
    struct spotfind_area area;
    struct spotfind_range range;
    double gain, pedestal;
    double *blurred; /* [height][width], NULL: as they are */
};

static size_t raw_index(const struct field *f, int32_t i, int32_t j)
{
    return (size_t)(f->area.y0 + j) * (size_t)f->image->panel->n_fast + (size_t)(f->area.x0 + i);
}

static double raw_value(const struct field *f, int32_t i, int32_t j)
{
    return (pixel_value(f->image->pixels, f->image->type, raw_index(f, i, j)) - f->pedestal) / f->gain;
}

/* A pixel as it enters the blur. Unsigned files mark gaps and dead pixels by all ones; they count as -1, as signed files mark them
 * (and as dxtbx reads both): else each would shine on its neighbours, which are not masked. */
static double blur_value(const struct field *f, int32_t i, int32_t j)
{
    static const double all_ones[PIXEL_TYPES] = {
        [PIXEL_U8] = UINT8_MAX, [PIXEL_U16] = UINT16_MAX, [PIXEL_U32] = UINT32_MAX};
    double top = all_ones[f->image->type],
           raw = pixel_value(f->image->pixels, f->image->type, raw_index(f, i, j));
    return top > 0 && raw == top ? (-1 - f->pedestal) / f->gain : raw_value(f, i, j);
}

static double field_value(const struct field *f, int32_t i, int32_t j)
{
    return f->blurred ? f->blurred[(size_t)j * (size_t)f->area.width + (size_t)i] : raw_value(f, i, j);
}

/* A blurred pixel next to one that is not finite is not finite itself: it does not count either. */
static bool field_counts(const struct field *f, int32_t i, int32_t j)
{
    size_t at = raw_index(f, i, j);
    double raw = pixel_value(f->image->pixels, f->image->type, at);

    if (f->image->mask && !f->image->mask[at])
        return false;
    if (!(raw >= f->range.lo && (f->range.open_hi ? raw < f->range.hi : raw <= f->range.hi)))
        return false;
    return !f->blurred || isfinite(field_value(f, i, j));
}

static int32_t clamp(int32_t v, int32_t n)
{
    return v < 0 ? 0 : v >= n ? n - 1 : v;
}

/* Smooth with DIALS' kernels; the edge pixel is repeated outside. Masked pixels enter with their values. */
static void blur(const struct field *f, enum spotfind_blur kind, double *out)
{
    static const int narrow[3][3] = {{1, 2, 1}, {2, 4, 2}, {1, 2, 1}};
    static const int wide[5][5] = {
        {1, 4, 7, 4, 1}, {4, 16, 26, 16, 4}, {7, 26, 41, 26, 7}, {4, 16, 26, 16, 4}, {1, 4, 7, 4, 1}};
    const int half = kind == SPOTFIND_BLUR_NARROW ? 1 : 2;
    const int *weight = half == 1 ? &narrow[0][0] : &wide[0][0];
    const double total = half == 1 ? 16 : 273;

    for (int32_t j = 0; j < f->area.height; j++)
        for (int32_t i = 0; i < f->area.width; i++) {
            double sum = 0;
            const int *w = weight;
            for (int b = -half; b <= half; b++)
                for (int a = -half; a <= half; a++)
                    sum += blur_value(f, clamp(i + a, f->area.width), clamp(j + b, f->area.height)) *
                           (*w++ / total);
            out[(size_t)j * (size_t)f->area.width + (size_t)i] = sum;
        }
}

/* ---- quartiles ---- */

/* Put the k-th smallest of v[0..n-1] at its place, smaller ones before it, larger ones after it (Hoare 1961).
 * The middle of three as pivot keeps ordered data fast. */
static double select_kth(double *v, size_t n, size_t k_th)
{
    ptrdiff_t lo = 0, hi = (ptrdiff_t)n - 1, k = (ptrdiff_t)k_th;

    while (lo < hi) {
        double a = v[lo], b = v[lo + (hi - lo) / 2], c = v[hi];
        double pivot = fmax(fmin(a, b), fmin(fmax(a, b), c));
        ptrdiff_t i = lo, j = hi;
        while (i <= j) {
            while (v[i] < pivot)
                i++;
            while (v[j] > pivot)
                j--;
            if (i <= j) {
                double t = v[i];
                v[i++] = v[j];
                v[j--] = t;
            }
        }
        /* v[lo..j] ≤ pivot ≤ v[i..hi], pivots between */
        if (j < k)
            lo = i;
        if (k < i)
            hi = j;
    }
    return v[k];
}

/* Value at a fractional rank, between its neighbours. */
static double quantile(double *v, size_t n, double part)
{
    double rank = (double)(n - 1) * part;
    size_t lo = (size_t)floor(rank), hi = (size_t)ceil(rank);
    double h = rank - (double)lo;
    double at_lo = select_kth(v, n, lo), at_hi = hi == lo ? at_lo : select_kth(v, n, hi);

    return (1.0 - h) * at_lo + h * at_hi;
}

static double median(double *v, size_t n)
{
    if (n == 0)
        return 0;
    double upper = select_kth(v, n, n / 2);
    return n % 2 ? upper : (select_kth(v, n, n / 2 - 1) + upper) / 2;
}

/* Threshold of one bin: at least a quantum above the median. */
static double threshold_of(const struct spotfind_params *p, double gain, double *v, size_t n)
{
    double middle = median(v, n), add = 0, adu = 1 / gain;

    if (n > 1) {
        double q1 = quantile(v, n, 0.25), q3 = quantile(v, n, 0.75);
        add = p->n_iqr * (q3 - q1);
    }
    return middle + (add <= adu ? 2.0 * adu : add);
}

/* ---- the search ---- */

static size_t head_size(const struct spotfind_params *p)
{
    size_t bins = (size_t)p->n_bins;
    return (bins + 1) * sizeof(size_t) + bins * sizeof(double);
}

size_t radial_work_size(const struct spotfind_params *p, int32_t width, int32_t height)
{
    size_t n = (size_t)width * (size_t)height;
    return head_size(p) + n * sizeof(double) * (p->blur == SPOTFIND_BLUR_NONE ? 1 : 2);
}

void radial_find(const struct spotfind_params *p, const struct spotfind_image *image, struct strong_list *out,
                 void *work)
{
    const struct panel *panel = image->panel;
    struct field f = {.image = image,
                      .area = spotfind_area(p, panel->n_fast, panel->n_slow),
                      .range = spotfind_range(p, panel),
                      .gain = panel->gain > 0 ? panel->gain : 1,
                      .pedestal = panel->pedestal};
    size_t n_bins = (size_t)p->n_bins, n = (size_t)f.area.width * (size_t)f.area.height;
    size_t *end = work; /* [n_bins + 1]: first place of a bin, then one past its last */
    double *threshold = (double *)(void *)((char *)work + (n_bins + 1) * sizeof(size_t));
    double *values = (double *)(void *)((char *)work + head_size(p));

    if (p->blur != SPOTFIND_BLUR_NONE) {
        blur(&f, p->blur, values + n);
        f.blurred = values + n;
    }
    /* Sort by bin: count, sum up, put in place. */
    memset(end, 0, (n_bins + 1) * sizeof *end);
    for (int32_t j = 0; j < f.area.height; j++)
        for (int32_t i = 0; i < f.area.width; i++)
            if (field_counts(&f, i, j))
                end[image->bins[raw_index(&f, i, j)] + 1]++;
    for (size_t b = 0; b < n_bins; b++)
        end[b + 1] += end[b];
    for (int32_t j = 0; j < f.area.height; j++)
        for (int32_t i = 0; i < f.area.width; i++)
            if (field_counts(&f, i, j))
                values[end[image->bins[raw_index(&f, i, j)]]++] = field_value(&f, i, j);
    for (size_t b = 0; b < n_bins; b++) {
        size_t first = b ? end[b - 1] : 0;
        threshold[b] = threshold_of(p, f.gain, values + first, end[b] - first);
    }
    for (int32_t j = 0; j < f.area.height; j++)
        for (int32_t i = 0; i < f.area.width; i++) {
            size_t at = raw_index(&f, i, j);
            if (field_counts(&f, i, j) && field_value(&f, i, j) > threshold[image->bins[at]])
                strong_add(out, f.area.x0 + i, f.area.y0 + j, pixel_value(image->pixels, image->type, at));
        }
}
