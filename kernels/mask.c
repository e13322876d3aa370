/* mask.c - static masks. See mask.h; every rule is that of DIALS' mask generator, edges of comparisons
 * included. */
#include "kernels/mask.h"

#include "kernels/geometry_panel.h"
#include "kernels/pixel.h"

#include <math.h>

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static void clear_rectangle(const struct panel *g, uint8_t *mask, int32_t x0, int32_t x1, int32_t y0,
                            int32_t y1)
{
    for (int32_t j = larger(y0, 0); j < smaller(y1, g->n_slow); j++)
        for (int32_t i = larger(x0, 0); i < smaller(x1, g->n_fast); i++)
            mask[(size_t)j * (size_t)g->n_fast + (size_t)i] = 0;
}

static void clear_border(const struct panel *g, uint8_t *mask, int32_t border)
{
    int32_t w = g->n_fast, h = g->n_slow, b = smaller(border, larger(w, h));

    if (b <= 0)
        return;
    clear_rectangle(g, mask, 0, w, 0, b);
    clear_rectangle(g, mask, 0, w, h - b, h);
    clear_rectangle(g, mask, 0, b, 0, h);
    clear_rectangle(g, mask, w - b, w, 0, h);
}

static void clear_circle(const struct panel *g, uint8_t *mask, const int32_t c[3])
{
    double r2 = (double)c[2] * c[2];

    for (int32_t j = 0; j < g->n_slow; j++)
        for (int32_t i = 0; i < g->n_fast; i++) {
            double dx = (double)i - c[0], dy = (double)j - c[1];
            if (dx * dx + dy * dy < r2)
                mask[(size_t)j * (size_t)g->n_fast + (size_t)i] = 0;
        }
}

/* Even-odd rule: does a ray to the right cross the outline an odd number of times? */
static bool inside_polygon(const int32_t *v, size_t n, double x, double y)
{
    bool inside = false;

    for (size_t i = 0, j = n - 1; i < n; j = i++) {
        double xi = v[2 * i], yi = v[2 * i + 1], xj = v[2 * j], yj = v[2 * j + 1];
        if ((yi > y) != (yj > y) && x < (xj - xi) * (y - yi) / (yj - yi) + xi)
            inside = !inside;
    }
    return inside;
}

static void clear_polygon(const struct panel *g, uint8_t *mask, const int32_t *v, size_t n)
{
    int32_t x0 = INT32_MAX, x1 = INT32_MIN, y0 = INT32_MAX, y1 = INT32_MIN;

    if (n < 3)
        return;
    for (size_t i = 0; i < n; i++) {
        x0 = smaller(x0, v[2 * i]), x1 = larger(x1, v[2 * i]);
        y0 = smaller(y0, v[2 * i + 1]), y1 = larger(y1, v[2 * i + 1]);
    }
    for (int32_t j = larger(y0, 0); j < smaller(y1, g->n_slow); j++)
        for (int32_t i = larger(x0, 0); i < smaller(x1, g->n_fast); i++)
            if (inside_polygon(v, n, i + 0.5, j + 0.5))
                mask[(size_t)j * (size_t)g->n_fast + (size_t)i] = 0;
}

static void clear_untrusted(const struct mask_untrusted *u, const struct panel *g, uint8_t *mask)
{
    if (!u->has_circle && !u->has_rectangle && !u->has_pixel && !u->n_polygon)
        clear_rectangle(g, mask, 0, g->n_fast, 0, g->n_slow);
    if (u->has_circle)
        clear_circle(g, mask, u->circle);
    if (u->has_rectangle)
        clear_rectangle(g, mask, u->rectangle[0], u->rectangle[1], u->rectangle[2], u->rectangle[3]);
    if (u->n_polygon)
        clear_polygon(g, mask, u->polygon, u->n_polygon);
    if (u->has_pixel && u->pixel[0] < INT32_MAX && u->pixel[1] < INT32_MAX)
        clear_rectangle(g, mask, u->pixel[1], u->pixel[1] + 1, u->pixel[0], u->pixel[0] + 1);
}

bool mask_shape_has_area(const struct mask_untrusted *u)
{
    return (!u->has_circle || u->circle[2] > 0) &&
           (!u->has_rectangle || (u->rectangle[0] < u->rectangle[1] && u->rectangle[2] < u->rectangle[3])) &&
           (!u->n_polygon || u->n_polygon >= 3);
}

/* Do the half-open ranges of both axes overlap the panel's? */
static bool box_meets(int32_t x0, int32_t x1, int32_t y0, int32_t y1, int32_t w, int32_t h)
{
    return larger(x0, 0) < smaller(x1, w) && larger(y0, 0) < smaller(y1, h);
}

/* How far a value lies from the whole numbers 0 … n - 1. */
static double beyond(int32_t v, int32_t n)
{
    return v < 0 ? -(double)v : v >= n ? (double)v - (n - 1) : 0;
}

static bool polygon_meets(const struct mask_untrusted *u, int32_t w, int32_t h)
{
    int32_t x0 = INT32_MAX, x1 = INT32_MIN, y0 = INT32_MAX, y1 = INT32_MIN;

    for (size_t i = 0; i < u->n_polygon; i++) {
        x0 = smaller(x0, u->polygon[2 * i]), x1 = larger(x1, u->polygon[2 * i]);
        y0 = smaller(y0, u->polygon[2 * i + 1]), y1 = larger(y1, u->polygon[2 * i + 1]);
    }
    return box_meets(x0, x1, y0, y1, w, h);
}

bool mask_shape_meets(const struct mask_untrusted *u, int32_t n_fast, int32_t n_slow)
{
    const int32_t w = n_fast, h = n_slow, *r = u->rectangle, *c = u->circle, *p = u->pixel;

    if (!u->has_circle && !u->has_rectangle && !u->has_pixel && !u->n_polygon)
        return true;
    return (u->has_circle && hypot(beyond(c[0], w), beyond(c[1], h)) < c[2]) ||
           (u->has_rectangle && box_meets(r[0], r[1], r[2], r[3], w, h)) ||
           (u->has_pixel && p[1] >= 0 && p[1] < w && p[0] >= 0 && p[0] < h) ||
           (u->n_polygon && polygon_meets(u, w, h));
}

/* d of a pixel's centre. */
static double pixel_d(const struct panel *g, const struct beam_vector *beam, int32_t x, int32_t y)
{
    const double px[2] = {x + 0.5, y + 0.5};
    double lab[3];

    panel_pixel_to_point(g, px, lab);
    return 1 / point_inverse_d(beam, lab); /* 1/0: infinite */
}

static bool within(const double (*ranges)[2], size_t n, double d)
{
    for (size_t k = 0; k < n; k++)
        if (fmin(ranges[k][0], ranges[k][1]) <= d && d <= fmax(ranges[k][0], ranges[k][1]))
            return true;
    return false;
}

static void clear_resolution(const struct mask_params *p, const struct panel *geometry,
                             const struct beam_vector *beam, uint8_t *mask)
{
    struct panel g = *geometry;

    if (p->no_parallax)
        g.parallax = false;
    for (int32_t j = 0; j < g.n_slow; j++)
        for (int32_t i = 0; i < g.n_fast; i++) {
            uint8_t *m = &mask[(size_t)j * (size_t)g.n_fast + (size_t)i];
            if (!*m)
                continue;
            double d = pixel_d(&g, beam, i, j);
            if ((p->d_min > 0 && d <= p->d_min) || (p->d_max > 0 && d >= p->d_max) ||
                within(p->ranges, p->n_ranges, d) || within(p->rings, p->n_rings, d))
                *m = 0;
        }
}

void mask_panel(const struct mask_params *p, uint32_t panel, const struct panel *geometry,
                const struct beam_vector *beam, uint8_t *mask)
{
    clear_border(geometry, mask, p->border);
    for (size_t i = 0; i < p->n_untrusted; i++)
        if (p->untrusted[i].panel >= 0 && (uint32_t)p->untrusted[i].panel == panel)
            clear_untrusted(&p->untrusted[i], geometry, mask);
    if (p->d_min > 0 || p->d_max > 0 || p->n_ranges || p->n_rings)
        clear_resolution(p, geometry, beam, mask);
}

/* ---- powder rings ---- */

/* The reciprocal metric: 1/d² = hᵀ G* h with G* = {aa, bb, cc, bc, ac, ab}. false: impossible cell. */
static bool reciprocal_metric(const double cell[6], double g[6])
{
    const double rad = 3.14159265358979323846 / 180, a = cell[0], b = cell[1], c = cell[2];
    const double ca = cos(cell[3] * rad), cb = cos(cell[4] * rad), cg = cos(cell[5] * rad);
    const double v2 = 1 - ca * ca - cb * cb - cg * cg + 2 * ca * cb * cg;

    if (!(a > 0 && b > 0 && c > 0 && v2 > 1e-12) || !isfinite(a * b * c))
        return false;
    g[0] = (1 - ca * ca) / (a * a * v2);
    g[1] = (1 - cb * cb) / (b * b * v2);
    g[2] = (1 - cg * cg) / (c * c * v2);
    g[3] = (cb * cg - ca) / (b * c * v2);
    g[4] = (ca * cg - cb) / (a * c * v2);
    g[5] = (ca * cb - cg) / (a * b * v2);
    return true;
}

static double inverse_d2(const double g[6], const int32_t h[3])
{
    return g[0] * h[0] * h[0] + g[1] * h[1] * h[1] + g[2] * h[2] * h[2] + 2 * g[3] * h[1] * h[2] +
           2 * g[4] * h[0] * h[2] + 2 * g[5] * h[0] * h[1];
}

/* Allowed reflections with from < 1/d² ≤ to: the smallest 1/d², or the largest. Negative: there is none.
 * Looking through all of them for every range needs no memory, and ranges are few. */
struct rings {
    double metric[6];
    int32_t limit[3];
    bool (*absent)(const void *group, const int32_t hkl[3]);
    const void *group;
};

static double extreme_ring(const struct rings *r, double from, double to, bool largest)
{
    double best = -1;

    for (int32_t h = 0; h <= r->limit[0]; h++)
        for (int32_t k = -r->limit[1]; k <= r->limit[1]; k++)
            for (int32_t l = -r->limit[2]; l <= r->limit[2]; l++) {
                const int32_t hkl[3] = {h, k, l};
                double s = inverse_d2(r->metric, hkl);
                if (!(s > from && s <= to) || (best >= 0 && (largest ? s <= best : s >= best)))
                    continue;
                if (!r->absent(r->group, hkl))
                    best = s;
            }
    return best;
}

size_t mask_rings(const double cell[6], bool (*absent)(const void *group, const int32_t hkl[3]),
                  const void *group, double width, double d_min, double (*ranges)[2], size_t capacity)
{
    struct rings r = {.absent = absent, .group = group};
    double half = width / 2, top = 1 / (d_min * d_min), volume = 1;
    size_t n = 0;

    if (!(d_min > 0) || !(width >= 0) || !isfinite(top) || !reciprocal_metric(cell, r.metric))
        return 0;
    for (int i = 0; i < 3; i++) {
        double most = floor(cell[i] / d_min + 1e-9); /* |h| ≤ a/d in every cell */
        volume *= 2 * most + 1;
        if (!(volume <= 4e5))
            return 0;
        r.limit[i] = (int32_t)most;
    }
    double s = extreme_ring(&r, 0, top, false);
    while (s >= 0 && n <= capacity) {
        double first = s - half, last = s, next;
        /* Rings not more than a width above the last one belong to the same range. */
        while ((next = extreme_ring(&r, last, fmin(last + width, top), true)) >= 0)
            last = next;
        if (n < capacity) {
            ranges[n][0] = sqrt(1 / (last + half));
            ranges[n][1] = first > 0 ? sqrt(1 / first) : INFINITY;
        }
        n++;
        s = extreme_ring(&r, last, top, false);
    }
    return n;
}
