/* spot_filter.c - DIALS' filters of spots: peak too far from the centroid, steep background, crowded regions.
 *
 * Each filter marks; removal is the last step, because the density filter looks at all spots, marked ones
 * too.
 */
#include "kernels/label.h"
#include "kernels/pixel.h"

#include <math.h>
#include <string.h>

enum { DENSITY_BINS = 50, DENSITY_SLOTS = 30 };

static double value_at(const struct spotfind_image *image, int32_t x, int32_t y)
{
    const struct panel *p = image->panel;
    double raw = pixel_value(image->pixels, image->type, (size_t)y * (size_t)p->n_fast + (size_t)x);

    return (raw - p->pedestal) / (p->gain > 0 ? p->gain : 1);
}

/* ---- peak to centroid ---- */

/* Distance between the centroid and the centre of the first largest pixel of the box, in raster order. Pixels
 * of the box that are not of the spot count as 0, so they matter only when no pixel of the spot is above 0.
 * Compared as float, the type of DIALS' shoeboxes. */
static double separation(const struct spotfind_image *image, const struct strong_pixel *strong,
                         const struct spot *s)
{
    const struct strong_pixel *member = strong + s->first_pixel, *end = member + s->n_pixels;
    float best = -INFINITY;
    int32_t px = s->x0, py = s->y0;

    if (s->peak > 0) {
        for (; member < end; member++) {
            float v = (float)value_at(image, member->x, member->y);
            if (v > best) {
                best = v;
                px = member->x;
                py = member->y;
            }
        }
    } else {
        for (int32_t y = s->y0; y < s->y1; y++)
            for (int32_t x = s->x0; x < s->x1; x++) {
                bool in = member < end && member->x == x && member->y == y;
                float v = in ? (float)value_at(image, x, y) : 0;
                member += in;
                if (v > best) {
                    best = v;
                    px = x;
                    py = y;
                }
            }
    }
    double dx = px + 0.5 - s->x, dy = py + 0.5 - s->y;
    return sqrt(dx * dx + dy * dy);
}

/* ---- background gradient ---- */

/* Solve the symmetric 3x3 system of a plane fit by cofactors; false: singular. Returns slopes only. */
static bool plane_slopes(const double m[6], const double b[3], double slope[2])
{
    /* m: n, Σx, Σy, Σxx, Σxy, Σyy; centred first, which leaves a 2x2 system */
    double n = m[0], xx = m[3] - m[1] * m[1] / n, xy = m[4] - m[1] * m[2] / n, yy = m[5] - m[2] * m[2] / n;
    double bx = b[1] - m[1] * b[0] / n, by = b[2] - m[2] * b[0] / n, det = xx * yy - xy * xy;

    if (!(fabs(det) > 1e-9 * xx * yy))
        return false;
    slope[0] = (bx * yy - by * xy) / det;
    slope[1] = (by * xx - bx * xy) / det;
    return true;
}

/* Is a plane through the one-pixel frame around the enlarged box steep? The box grows by background_size + 1
 * and is cut at the panel's edge; the frame is its outermost pixels, as in DIALS. Too few good pixels: not
 * steep. */
static bool steep(const struct spotfind_params *p, const struct spotfind_image *image, const struct spot *s)
{
    const struct panel *g = image->panel;
    int32_t grow = p->background_size + 1;
    int32_t x0 = s->x0 - grow > 0 ? s->x0 - grow : 0,
            x1 = s->x1 + grow < g->n_fast ? s->x1 + grow : g->n_fast;
    int32_t y0 = s->y0 - grow > 0 ? s->y0 - grow : 0,
            y1 = s->y1 + grow < g->n_slow ? s->y1 + grow : g->n_slow;
    /* 3.12 stores lo - 1 and includes it here */
    double lo = g->trusted_lo - (p->dials_312 ? 1 : 0), hi = g->trusted_hi;
    double m[6] = {0}, b[3] = {0}, slope[2];

    for (int32_t y = y0; y < y1; y++)
        for (int32_t x = x0; x < x1; x++) {
            if (x > x0 && x < x1 - 1 && y > y0 && y < y1 - 1)
                continue;
            double v = value_at(image, x, y), cx = x - x0 + 0.5, cy = y - y0 + 0.5;
            if (!(v >= lo && v <= hi))
                continue;
            m[0]++, m[1] += cx, m[2] += cy, m[3] += cx * cx, m[4] += cx * cy, m[5] += cy * cy;
            b[0] += v, b[1] += cx * v, b[2] += cy * v;
        }
    if (!(m[0] > 3) || !plane_slopes(m, b, slope))
        return false;
    return fabs(slope[0]) > p->gradient_cutoff || fabs(slope[1]) > p->gradient_cutoff;
}

/* ---- spot density ---- */

/* Edges of DENSITY_BINS equal bins over the values' range (numpy's rule: a range of zero is widened by a
 * half). */
static void edges_of(const struct spot_list *l, bool along_y, double edge[DENSITY_BINS + 1])
{
    double lo = INFINITY, hi = -INFINITY;

    for (size_t i = 0; i < l->n; i++) {
        double v = along_y ? l->spots[i].y : l->spots[i].x;
        lo = fmin(lo, v);
        hi = fmax(hi, v);
    }
    if (lo == hi) {
        lo -= 0.5;
        hi += 0.5;
    }
    double step = (hi - lo) / DENSITY_BINS;
    for (int i = 0; i < DENSITY_BINS; i++)
        edge[i] = i * step + lo;
    edge[DENSITY_BINS] = hi;
}

/* Bin of a value: the last edge not above it; the last bin includes its upper edge. */
static int bin_of(const double edge[DENSITY_BINS + 1], double v)
{
    int b = 0;

    while (b < DENSITY_BINS - 1 && edge[b + 1] <= v)
        b++;
    return b;
}

/* The count above which a bin is crowded: where the cumulated histogram of counts has become flat twice in a
 * row (0.002 per count). Negative: nowhere. */
static double density_cutoff(const uint32_t *count)
{
    uint32_t least = UINT32_MAX, most = 0;
    double slot[DENSITY_SLOTS] = {0};

    for (int i = 0; i < DENSITY_BINS * DENSITY_BINS; i++) {
        least = count[i] < least ? count[i] : least;
        most = count[i] > most ? count[i] : most;
    }
    int n = most < DENSITY_SLOTS ? (int)most : DENSITY_SLOTS;
    if (n == 0 || least == most)
        return -1;
    double width = (double)(most - least) / n;
    for (int i = 0; i < DENSITY_BINS * DENSITY_BINS; i++) {
        int k = (int)((count[i] - least) / width);
        slot[k < n ? k : n - 1]++;
    }
    for (int i = 1; i < n; i++)
        slot[i] += slot[i - 1];
    double total = slot[n - 1], before = INFINITY;
    for (int i = 0; i < n - 1; i++) {
        double gradient = (slot[i + 1] / total - slot[i] / total) / width;
        if (i > 0 && gradient < 0.002 && before < 0.002)
            return least + (i - 1) * width; /* lower edge of the slot before */
        before = gradient;
    }
    return -1;
}

/* Mark spots strictly inside crowded bins. All panels share one histogram of pixel coordinates, as in DIALS.
 */
static void mark_crowded(const struct spot_list *l, uint8_t *bad, uint32_t *count)
{
    double ex[DENSITY_BINS + 1], ey[DENSITY_BINS + 1];

    if (l->n == 0)
        return;
    edges_of(l, false, ex);
    edges_of(l, true, ey);
    memset(count, 0, DENSITY_BINS * DENSITY_BINS * sizeof *count);
    for (size_t i = 0; i < l->n; i++)
        count[bin_of(ex, l->spots[i].x) * DENSITY_BINS + bin_of(ey, l->spots[i].y)]++;
    double cutoff = density_cutoff(count);
    if (cutoff < 0)
        return;
    for (size_t i = 0; i < l->n; i++) {
        double x = l->spots[i].x, y = l->spots[i].y;
        int bx = bin_of(ex, x), by = bin_of(ey, y);
        if (count[bx * DENSITY_BINS + by] > cutoff && x > ex[bx] && x < ex[bx + 1] && y > ey[by] &&
            y < ey[by + 1])
            bad[i] = 1;
    }
}

/* ---- all filters ---- */

size_t spots_filter_work_size(size_t n_spots)
{
    return DENSITY_BINS * DENSITY_BINS * sizeof(uint32_t) + n_spots + 8;
}

static size_t count_bad(const uint8_t *bad, size_t n)
{
    size_t k = 0;

    for (size_t i = 0; i < n; i++)
        k += bad[i];
    return k;
}

void spots_filter(const struct spotfind_params *p, const struct spotfind_image *images,
                  const struct strong_pixel *strong, struct spot_list *list, void *work)
{
    uint32_t *count = work;
    uint8_t *bad = (uint8_t *)(count + DENSITY_BINS * DENSITY_BINS);
    size_t kept = 0, before;

    memset(bad, 0, list->n);
    if (p->max_separation >= 0)
        for (size_t i = 0; i < list->n; i++)
            bad[i] =
                !(separation(&images[list->spots[i].panel], strong, &list->spots[i]) <= p->max_separation);
    list->n_separation = before = count_bad(bad, list->n);
    if (p->background_gradient)
        for (size_t i = 0; i < list->n; i++)
            if (!bad[i])
                bad[i] = steep(p, &images[list->spots[i].panel], &list->spots[i]);
    list->n_gradient = count_bad(bad, list->n) - before;
    before += list->n_gradient;
    if (p->spot_density)
        mark_crowded(list, bad, count);
    list->n_density = count_bad(bad, list->n) - before;

    for (size_t i = 0; i < list->n; i++)
        if (!bad[i])
            list->spots[kept++] = list->spots[i];
    list->n = kept;
}
