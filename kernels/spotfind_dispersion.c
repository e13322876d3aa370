/* spotfind_dispersion.c - DIALS' "dispersion" and "dispersion_extended" in plain C.
 *
 * Only a ring of rows is kept. Two facts save most of the work (ALGORITHMS 2.4, 2.6):
 *   dispersion           a strong pixel must pass m·v - x > ns·sqrt(g·x·m); x and m come from column sums
 * that are carried from row to row, so Σ v² is formed only where that test is passed; dispersion_extended  an
 * eroded pixel has a square of (2e-1)² pixels around it that all fail the background test, and every such
 * square holds a point of a grid with that spacing: test there first. Every decision is taken by the
 * definition's own double expressions in its own order, without fused multiply-add.
 *
 * Values are kept as double: whole numbers below 2^24 and their window sums are exact in it, so that column
 * sums may be carried; Σ v² is then formed in int64_t. Other values are added afresh for each window, columns
 * first, in one order.
 */
#include "kernels/pixel.h"
#include "kernels/spotfind_forms.h"

#include <math.h>
#include <string.h>

enum { SUMMED = 1, USED = 2 };                  /* flags of a pixel: enters sums; takes part */
enum { TESTED = 1, DISPERSED = 2, ERODED = 4 }; /* memo of a pixel, dispersion_extended */

/* What the tests need to know, and the ring. Row r of the area lives in slot r mod depth, with margins of
 * zeros. */
struct scan {
    const struct spotfind_image *image;
    struct spotfind_area area;
    struct spotfind_range range;
    int32_t ks, kf, depth, pad, stride;
    bool whole;     /* pixels and pedestal are whole numbers */
    bool with_gain; /* which of the two formulas */
    bool masked_is_background;
    double gain, threshold, sigma_background, sigma_strong, pedestal, big;
    double min_count;
    double *value;   /* [depth][stride] 0 where not summed */
    uint8_t *flags;  /* [depth][stride] */
    uint8_t *memo;   /* [depth][stride] */
    double *column;  /* [stride] Σ over the window's rows */
    int32_t *count;  /* [stride] */
    int32_t *eroded; /* [depth] number of eroded pixels of a row */
};

struct sums {
    double m, x, y;
};

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

/* Rows that dispersion_extended has in hand at once: see dispersion_extended_find(). */
static int32_t rows_ahead(int32_t ks, int32_t reach)
{
    return larger(2 * reach + ks, reach + ks + 2);
}

static int32_t ring_depth(const struct spotfind_params *p)
{
    int32_t ks = p->kernel_slow, reach = smaller(ks, p->kernel_fast) - 1;

    if (p->algorithm == SPOTFIND_DISPERSION)
        return 2 * ks + 2;
    return reach + 2 * (ks + 2) + rows_ahead(ks, reach) + 1;
}

static int32_t row_pad(const struct spotfind_params *p)
{
    return (p->kernel_fast + 2 + 7) & ~7;
}

static size_t round64(size_t n)
{
    return (n + 63) & ~(size_t)63;
}

size_t dispersion_work_size(const struct spotfind_params *p, int32_t width)
{
    size_t depth = (size_t)ring_depth(p), stride = round64((size_t)width + 2 * (size_t)row_pad(p));

    return depth * stride * (sizeof(double) + 2) + stride * (sizeof(double) + sizeof(int32_t)) +
           round64(depth * sizeof(int32_t));
}

static void scan_start(struct scan *s, const struct spotfind_params *p, const struct spotfind_image *image,
                       void *work)
{
    const struct panel *panel = image->panel;
    struct spotfind_area area = spotfind_area(p, panel->n_fast, panel->n_slow);
    int32_t pad = row_pad(p), depth = ring_depth(p);
    size_t stride = round64((size_t)area.width + 2 * (size_t)pad), cells = (size_t)depth * stride;
    double panel_gain = panel->gain > 0 ? panel->gain : 1;
    int32_t window = (2 * p->kernel_slow + 1) * (2 * p->kernel_fast + 1);
    char *at = work;

    memset(work, 0, dispersion_work_size(p, area.width));
    *s = (struct scan){
        .image = image,
        .area = area,
        .range = spotfind_range(p, panel),
        .ks = p->kernel_slow,
        .kf = p->kernel_fast,
        .depth = depth,
        .pad = pad,
        .stride = (int32_t)stride,
        .whole = pixel_is_whole(image->type) && panel->pedestal == floor(panel->pedestal) &&
                 fabs(panel->pedestal) < SPOTFIND_BIG,
        .with_gain = p->gain > 0 || panel_gain != 1,
        .masked_is_background = p->dials_312,
        .gain = (p->gain > 0 ? p->gain : 1) * panel_gain,
        .threshold = p->global_threshold * panel_gain,
        .sigma_background = p->sigma_background,
        .sigma_strong = p->sigma_strong,
        .pedestal = panel->pedestal,
        .big = panel_gain < 1 ? SPOTFIND_BIG * panel_gain : SPOTFIND_BIG,
        .min_count = p->min_local > 0 ? p->min_local : window,
    };
    s->value = (double *)(void *)at, at += cells * sizeof(double);
    s->column = (double *)(void *)at, at += stride * sizeof(double);
    s->count = (int32_t *)(void *)at, at += stride * sizeof(int32_t);
    s->eroded = (int32_t *)(void *)at, at += round64((size_t)depth * sizeof(int32_t));
    s->flags = (uint8_t *)at, at += cells;
    s->memo = (uint8_t *)at;
}

static int32_t slot_of(const struct scan *s, int32_t row)
{
    return (row + s->depth) % s->depth; /* rows from -depth on */
}

/* Index of a pixel in the ring's arrays. */
static size_t place(const struct scan *s, int32_t row, int32_t column)
{
    return (size_t)slot_of(s, row) * (size_t)s->stride + (size_t)(s->pad + column);
}

/* Bring a row into the ring; rows outside the area are zeros. A NaN fails both comparisons with the range. */
static void scan_load(struct scan *s, int32_t row)
{
    size_t start = (size_t)slot_of(s, row) * (size_t)s->stride, stride = (size_t)s->stride;
    double *value = s->value + start + s->pad;
    uint8_t *flags = s->flags + start + s->pad;
    int32_t n = s->area.width, n_fast = s->image->panel->n_fast;

    memset(s->memo + start, 0, stride);
    s->eroded[slot_of(s, row)] = 0;
    if (row < 0 || row >= s->area.height) {
        memset(s->value + start, 0, stride * sizeof(double));
        memset(s->flags + start, 0, stride);
        return;
    }
    size_t first = (size_t)(row + s->area.y0) * (size_t)n_fast + (size_t)s->area.x0;
    const uint8_t *mask = s->image->mask ? s->image->mask + first : NULL;
    double lo = s->range.lo, hi = s->range.hi, pedestal = s->pedestal, big = s->big;
    bool open_hi = s->range.open_hi;

    switch (s->image->type) {
#define X(name, ctype, is_whole)                                                                             \
    case name: {                                                                                             \
        const ctype *pixel = (const ctype *)s->image->pixels + first;                                        \
        for (int32_t i = 0; i < n; i++) {                                                                    \
            double raw = (double)pixel[i], v = raw - pedestal;                                               \
            bool used = (!mask || mask[i]) && raw >= lo && (open_hi ? raw < hi : raw <= hi);                 \
            bool summed = used && v < big;                                                                   \
            /* Far below zero: bounded, so that sums of squares cannot overflow; such a window has x < 0. */ \
            value[i] = summed ? (v < -big ? -big : v) : 0;                                                   \
            flags[i] = (uint8_t)(summed * SUMMED + used * USED);                                             \
        }                                                                                                    \
        break;                                                                                               \
    }
        PIXEL_TYPE_TABLE(X)
#undef X
    default:
        break;
    }
}

/* v of any pixel of the area, also of those that are not summed. */
static double scan_value(const struct scan *s, int32_t row, int32_t column)
{
    size_t k = place(s, row, column);

    if (s->flags[k] & SUMMED)
        return s->value[k];
    size_t n_fast = (size_t)s->image->panel->n_fast;
    size_t at = (size_t)(row + s->area.y0) * n_fast + (size_t)(column + s->area.x0);
    return pixel_value(s->image->pixels, s->image->type, at) - s->pedestal;
}

/* Sums over the window of half sizes ks, kf, straight from the rows, columns first. */
static struct sums window_sums(const struct scan *s, int32_t row, int32_t column, int32_t ks, int32_t kf)
{
    double x = 0, y = 0;
    int64_t squares = 0;
    int32_t m = 0;

    for (int32_t i = column - kf; i <= column + kf; i++) {
        double sum = 0;
        for (int32_t j = row - ks; j <= row + ks; j++) {
            size_t k = place(s, j, i);
            double v = s->value[k];
            m += s->flags[k] & SUMMED;
            sum += v;
            if (s->whole)
                squares += (int64_t)v * (int64_t)v;
            else
                y += v * v;
        }
        x += sum;
    }
    return (struct sums){m, x, s->whole ? (double)squares : y};
}

/* m and x of the background: the same over pixels that are not eroded. */
static struct sums background_sums(const struct scan *s, int32_t row, int32_t column, int32_t ks, int32_t kf)
{
    double x = 0;
    int32_t m = 0;

    for (int32_t i = column - kf; i <= column + kf; i++) {
        double sum = 0;
        for (int32_t j = row - ks; j <= row + ks; j++) {
            size_t k = place(s, j, i);
            if (s->memo[k] & ERODED)
                continue;
            m += s->flags[k] & SUMMED;
            sum += s->value[k];
        }
        x += sum;
    }
    return (struct sums){m, x, 0};
}

/* Is the window more dispersed than background? DIALS' expressions, term by term. */
static bool dispersed(const struct scan *s, struct sums w)
{
    double m = w.m, x = w.x, y = w.y;

    if (!(m >= s->min_count && x >= 0))
        return false;
    if (s->with_gain) {
        double a = m * y - x * x;
        double c = s->gain * x * (m - 1 + s->sigma_background * sqrt(2 * (m - 1)));
        return a > c;
    }
    double a = m * y - x * x - x * (m - 1);
    double c = x * s->sigma_background * sqrt(2 * (m - 1));
    return a > c;
}

/* Is the pixel brighter than its window? */
static bool bright(const struct scan *s, double m, double x, double v)
{
    double b = m * v - x;
    double d = s->sigma_strong * (s->with_gain ? sqrt(s->gain * x * m) : sqrt(x * m));
    return b > d;
}

static void strong_found(const struct scan *s, struct strong_list *out, int32_t row, int32_t column)
{
    strong_add(out, column + s->area.x0, row + s->area.y0, scan_value(s, row, column) + s->pedestal);
}

/* ---- dispersion ---- */

/* Column sums of the window around row: carried for whole numbers, else added afresh. */
static void columns_move(struct scan *s, int32_t row)
{
    const size_t in = place(s, row + s->ks, -s->pad), out = place(s, row - s->ks - 1, -s->pad);

    for (int32_t i = 0; i < s->stride; i++)
        s->count[i] += (s->flags[in + (size_t)i] & SUMMED) - (s->flags[out + (size_t)i] & SUMMED);
    if (s->whole) {
        for (int32_t i = 0; i < s->stride; i++)
            s->column[i] += s->value[in + (size_t)i] - s->value[out + (size_t)i];
        return;
    }
    memset(s->column, 0, (size_t)s->stride * sizeof(double));
    for (int32_t j = row - s->ks; j <= row + s->ks; j++) {
        const double *value = s->value + place(s, j, -s->pad);
        for (int32_t i = 0; i < s->stride; i++)
            s->column[i] += value[i];
    }
}

static void dispersion_row(const struct scan *s, int32_t row, struct strong_list *out)
{
    const double *column = s->column + s->pad;
    const int32_t *count = s->count + s->pad;
    const uint8_t *flags = s->flags + place(s, row, 0);
    const double *value = s->value + place(s, row, 0);
    double ns2g = s->sigma_strong * s->sigma_strong * s->gain * (1 - 1e-12), x = 0;
    int32_t m = 0;

    for (int32_t i = -s->kf; i < s->kf; i++) {
        x += column[i];
        m += count[i];
    }
    for (int32_t i = 0; i < s->area.width; i++) {
        m += count[i + s->kf];
        if (s->whole) {
            x += column[i + s->kf];
        } else {
            x = 0;
            for (int32_t k = i - s->kf; k <= i + s->kf; k++)
                x += column[k];
        }
        if (flags[i] & USED) {
            double v = flags[i] & SUMMED ? value[i] : scan_value(s, row, i), b = m * v - x;
            /* b > d squared, a little wide: spares the root and, for nearly all pixels, the squares. */
            if (b > 0 && b * b >= ns2g * x * m && v > s->threshold && x >= 0 && bright(s, m, x, v) &&
                dispersed(s, window_sums(s, row, i, s->ks, s->kf)))
                strong_found(s, out, row, i);
        }
        m -= count[i - s->kf];
        x -= column[i - s->kf];
    }
}

void dispersion_find(const struct spotfind_params *p, const struct spotfind_image *image,
                     struct strong_list *out, void *work)
{
    struct scan s;

    scan_start(&s, p, image, work);
    for (int32_t row = -s.ks; row < s.area.height; row++) {
        scan_load(&s, row + s.ks);
        columns_move(&s, row);
        if (row >= 0)
            dispersion_row(&s, row, out);
    }
}

/* ---- dispersion_extended ---- */

/* Background test of one pixel, remembered. */
static bool not_background(struct scan *s, int32_t row, int32_t column)
{
    size_t k = place(s, row, column);

    if (!(s->memo[k] & TESTED)) {
        bool d = s->flags[k] & USED ? dispersed(s, window_sums(s, row, column, s->ks, s->kf))
                                    : !s->masked_is_background;
        s->memo[k] |= (uint8_t)(TESTED | (d ? DISPERSED : 0));
    }
    return s->memo[k] & DISPERSED;
}

/* Are all pixels of the square of half size reach around a pixel, clipped to the area, not background? */
static bool survives_erosion(struct scan *s, int32_t row, int32_t column, int32_t reach)
{
    for (int32_t j = larger(row - reach, 0); j <= smaller(row + reach, s->area.height - 1); j++)
        for (int32_t i = larger(column - reach, 0); i <= smaller(column + reach, s->area.width - 1); i++)
            if (!not_background(s, j, i))
                return false;
    return true;
}

/* A point of the grid is not background: find the pixels around it that survive the erosion. */
static void erode_around(struct scan *s, int32_t row, int32_t column, int32_t reach)
{
    for (int32_t j = larger(row - reach, 0); j <= smaller(row + reach, s->area.height - 1); j++)
        for (int32_t i = larger(column - reach, 0); i <= smaller(column + reach, s->area.width - 1); i++) {
            size_t k = place(s, j, i);
            if (s->memo[k] & ERODED || !(s->flags[k] & USED) || !not_background(s, j, i))
                continue;
            if (survives_erosion(s, j, i, reach)) {
                s->memo[k] |= ERODED;
                s->eroded[slot_of(s, j)]++;
            }
        }
}

/* Strong pixels of a row whose erosion, and that of the rows around it, is complete. */
static void extended_row(const struct scan *s, int32_t row, struct strong_list *out)
{
    if (!s->eroded[slot_of(s, row)])
        return;
    const uint8_t *memo = s->memo + place(s, row, 0);
    for (int32_t i = 0; i < s->area.width; i++) {
        if (!(memo[i] & ERODED))
            continue;
        struct sums w = background_sums(s, row, i, s->ks + 2, s->kf + 2);
        double v = scan_value(s, row, i), mean = w.m >= 2 ? w.x / w.m : 0;
        if (w.x >= 0 && v > s->threshold &&
            v >= mean + s->sigma_strong * (s->with_gain ? sqrt(s->gain * mean) : sqrt(mean)))
            strong_found(s, out, row, i);
    }
}

/* The grid has a point every 2·reach + 1 pixels, starting reach from the edge and ending not more than reach
 * from the other: every square of half size reach, also one clipped at the edge, holds a point. The next
 * point after `at`, or n. */
static int32_t grid_next(int32_t at, int32_t reach, int32_t n)
{
    int32_t last = larger(n - 1 - reach, 0);

    if (at < 0)
        return smaller(reach, last);
    return at >= last ? n : smaller(at + 2 * reach + 1, last);
}

/* A grid row needs the rows up to 2·reach + ks below it (neighbours of its neighbours, and their windows). A
 * row's last test needs the erosion ks + 2 rows around it, which later grid rows cannot change once they are
 * reach rows farther. */
void dispersion_extended_find(const struct spotfind_params *p, const struct spotfind_image *image,
                              struct strong_list *out, void *work)
{
    struct scan s;

    scan_start(&s, p, image, work);
    const int32_t reach = smaller(s.ks, s.kf) - 1, wide = s.ks + 2, height = s.area.height,
                  width = s.area.width;
    int32_t loaded = 0, done = 0; /* rows */

    for (int32_t row = grid_next(-1, reach, height); row < height; row = grid_next(row, reach, height)) {
        for (; loaded <= row + rows_ahead(s.ks, reach); loaded++)
            scan_load(&s, loaded);
        for (int32_t i = grid_next(-1, reach, width); i < width; i = grid_next(i, reach, width))
            if (not_background(&s, row, i))
                erode_around(&s, row, i, reach);
        int32_t next = grid_next(row, reach, height);
        for (; done < smaller(next - reach - wide, height); done++)
            extended_row(&s, done, out);
    }
    for (; done < height; done++) {
        for (; loaded <= done + wide; loaded++)
            scan_load(&s, loaded);
        extended_row(&s, done, out);
    }
}
