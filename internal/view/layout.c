/* layout.c - where each panel lies on paper, and what a part of that paper shows; see view.h.
 *
 * A tile is filled from its own px: each one looks back along a line to the panels (so rotated panels leave no holes) and takes the
 * largest code of the detector's pixels that it covers.
 */
#include "view/view.h"

#include "kernels/geometry.h"

#include <math.h>
#include <string.h>

#define STEEP 0.8660254037844387 /* cos 30°: panels beyond make the picture one of angles */
#define MAGNIFY_MAX 4.0          /* picture px a detector px */
#define SIDE_MAX 1048576.0       /* px: no picture is larger */

static bool is_steep(const struct detector *d)
{
    for (size_t k = 0; k < d->n_panels; k++) {
        double normal[3];
        vec3_cross(d->panels[k].fast, d->panels[k].slow, normal);
        if (fabs(normal[2]) < STEEP)
            return true;
    }
    return false;
}

static void to_paper(const struct view_layout *l, const double lab[3], double out[2])
{
    double r = hypot(lab[0], lab[1]), factor = 1;
    if (l->angles)
        factor = r > 0 ? l->distance * atan2(r, -lab[2]) / r : 0;
    out[0] = lab[0] * factor;
    out[1] = lab[1] * factor;
}

/* Where the line of a point on paper meets a panel, px. */
static bool from_paper(const struct view_layout *l, const struct panel *p, double x, double y, double px[2])
{
    double start[3] = {x, y, 0}, along[3] = {0, 0, -1}, normal[3], between[3], hit[3];
    if (l->angles) {
        double r = hypot(x, y), angle = r / l->distance;
        if (angle > M_PI)
            return false;
        vec3_set(start, 0, 0, 0);
        vec3_set(along, r > 0 ? sin(angle) * x / r : 0, r > 0 ? sin(angle) * y / r : 0, -cos(angle));
    }
    vec3_cross(p->fast, p->slow, normal);
    double slope = vec3_dot(along, normal);
    if (fabs(slope) < 1e-9)
        return false;
    vec3_sub(p->origin, start, between);
    double length = vec3_dot(between, normal) / slope;
    if (l->angles && length <= 0)
        return false; /* behind the sample */
    vec3_add_scaled(start, length, along, hit);
    vec3_sub(hit, p->origin, between);
    px[0] = vec3_dot(between, p->fast) / p->pixel_fast;
    px[1] = vec3_dot(between, p->slow) / p->pixel_slow;
    return true;
}

static void panel_point(const struct panel *p, double x, double y, double lab[3])
{
    vec3_add_scaled(p->origin, x * p->pixel_fast, p->fast, lab);
    vec3_add_scaled(lab, y * p->pixel_slow, p->slow, lab);
}

/* Extent of a panel on paper: its outline, walked in 16 steps a side (in angles the sides are curved). */
static void panel_extent(const struct view_layout *l, const struct panel *p, double lo[2], double hi[2])
{
    int steps = l->angles ? 16 : 1;
    for (int i = 0; i <= steps; i++)
        for (int side = 0; side < 4; side++) {
            double t = (double)i / steps, u = side & 1, lab[3], at[2];
            if (side & 2)
                panel_point(p, t * p->n_fast, u * p->n_slow, lab);
            else
                panel_point(p, u * p->n_fast, t * p->n_slow, lab);
            to_paper(l, lab, at);
            for (int k = 0; k < 2; k++) {
                lo[k] = fmin(lo[k], at[k]);
                hi[k] = fmax(hi[k], at[k]);
            }
        }
}

bool view_layout(const struct detector *d, int32_t size, struct view_layout *l, struct error *err)
{
    *l = (struct view_layout){.angles = is_steep(d), .distance = panel_distance(&d->panels[0])};
    double lo[2] = {INFINITY, INFINITY}, hi[2] = {-INFINITY, -INFINITY}, pixel = INFINITY;
    for (size_t k = 0; k < d->n_panels; k++) {
        panel_extent(l, &d->panels[k], lo, hi);
        pixel = fmin(pixel, fmin(d->panels[k].pixel_fast, d->panels[k].pixel_slow));
    }
    double longest = fmax(hi[0] - lo[0], hi[1] - lo[1]);
    l->step = size ? fmax(longest / (size - 2), pixel / MAGNIFY_MAX) : pixel;
    if (!(longest > 0) || !(longest / l->step < SIDE_MAX) || !isfinite(hi[0] - lo[0] + hi[1] - lo[1]))
        return error_set(err, ERROR_METADATA, "the panels of the detector do not span an area%s",
                         longest > 0 ? " that can be shown" : "");
    l->x0 = lo[0] - l->step;
    l->y1 = hi[1] + l->step;
    l->width = (int32_t)ceil((hi[0] - lo[0]) / l->step - 1e-6) + 2;
    l->height = (int32_t)ceil((hi[1] - lo[1]) / l->step - 1e-6) + 2;
    return true;
}

bool view_place(const struct view_layout *l, const struct panel *p, double x, double y, double out[2])
{
    double lab[3], paper[2];
    panel_point(p, x, y, lab);
    to_paper(l, lab, paper);
    out[0] = (paper[0] - l->x0) / l->step;
    out[1] = (l->y1 - paper[1]) / l->step;
    return fabs(out[0]) < SIDE_MAX && fabs(out[1]) < SIDE_MAX;
}

int view_panel_at(const struct view_layout *l, const struct detector *d, double column, double row,
                  double px[2])
{
    for (size_t k = d->n_panels; k-- > 0;) { /* where two lie over each other the later one is seen */
        const struct panel *p = &d->panels[k];
        if (from_paper(l, p, l->x0 + column * l->step, l->y1 - row * l->step, px) && px[0] >= 0 &&
            px[1] >= 0 && px[0] < p->n_fast && px[1] < p->n_slow)
            return (int)k;
    }
    return -1;
}

/* ---- tiles ---- */

/* A panel as a tile sees it: px of the panel at the middle of the tile's first px, and what a step to the right and down adds. Only
 * for paper that is the plane across the beam, where this is exact. */
struct slope {
    double at[2], right[2], down[2];
};

static bool make_slope(const struct view_layout *l, const struct panel *p, const struct view_window *w,
                       struct slope *out)
{
    double step = l->step * w->shrink, x = l->x0 + (w->column + 0.5) * step,
           y = l->y1 - (w->row + 0.5) * step;
    if (!from_paper(l, p, x, y, out->at) || !from_paper(l, p, x + step, y, out->right) ||
        !from_paper(l, p, x, y - step, out->down))
        return false;
    for (int k = 0; k < 2; k++) {
        out->right[k] -= out->at[k];
        out->down[k] -= out->at[k];
    }
    return true;
}

/* The largest code in the block of half × half px around a place of a panel that lies on it. */
static uint8_t block(const struct panel *p, const uint8_t *code, const double px[2], const double half[2])
{
    int32_t x0 = (int32_t)fmax(0, px[0] - half[0] + 0.5),
            x1 = (int32_t)fmin(p->n_fast, px[0] + half[0] + 0.5);
    int32_t y0 = (int32_t)fmax(0, px[1] - half[1] + 0.5),
            y1 = (int32_t)fmin(p->n_slow, px[1] + half[1] + 0.5);
    if (x1 <= x0)
        x0 = (int32_t)px[0], x1 = x0 + 1;
    if (y1 <= y0)
        y0 = (int32_t)px[1], y1 = y0 + 1;
    uint8_t most = 0;
    for (int32_t y = y0; y < y1; y++) {
        const uint8_t *row = code + p->first_pixel + (size_t)y * (size_t)p->n_fast;
        for (int32_t x = x0; x < x1; x++)
            most = row[x] > most ? row[x] : most;
    }
    return most;
}

/* Columns and rows of the tile that a panel can touch. false: none. */
static bool panel_box(const struct view_layout *l, const struct panel *p, const struct view_window *w,
                      int32_t box[4])
{
    double lo[2] = {INFINITY, INFINITY}, hi[2] = {-INFINITY, -INFINITY}, step = l->step * w->shrink;
    panel_extent(l, p, lo, hi);
    box[0] = (int32_t)fmin(fmax(0, floor((lo[0] - l->x0) / step) - 1 - w->column), w->width);
    box[1] = (int32_t)fmax(fmin(w->width, ceil((hi[0] - l->x0) / step) + 1 - w->column), 0);
    box[2] = (int32_t)fmin(fmax(0, floor((l->y1 - hi[1]) / step) - 1 - w->row), w->height);
    box[3] = (int32_t)fmax(fmin(w->height, ceil((l->y1 - lo[1]) / step) + 1 - w->row), 0);
    return box[0] < box[1] && box[2] < box[3];
}

static void draw_panel(const struct view_layout *l, const struct panel *p, const uint8_t *code,
                       const struct view_window *w, uint8_t *out)
{
    int32_t box[4];
    struct slope s = {{0}, {0}, {0}};
    double step = l->step * w->shrink;
    /* of a panel that is turned a px covers more of rows and columns: none may be missed */
    double half[2] = {step / p->pixel_fast / 2 * fmax(1, fabs(p->fast[0]) + fabs(p->fast[1])),
                      step / p->pixel_slow / 2 * fmax(1, fabs(p->slow[0]) + fabs(p->slow[1]))};
    if (!panel_box(l, p, w, box) || (!l->angles && !make_slope(l, p, w, &s)))
        return;
    for (int32_t j = box[2]; j < box[3]; j++)
        for (int32_t i = box[0]; i < box[1]; i++) {
            double px[2] = {s.at[0] + i * s.right[0] + j * s.down[0],
                            s.at[1] + i * s.right[1] + j * s.down[1]};
            if (l->angles && !from_paper(l, p, l->x0 + (w->column + i + 0.5) * step,
                                         l->y1 - (w->row + j + 0.5) * step, px))
                continue;
            if (px[0] >= 0 && px[1] >= 0 && px[0] < p->n_fast && px[1] < p->n_slow)
                out[(size_t)j * (size_t)w->width + (size_t)i] = block(p, code, px, half);
        }
}

void view_tile(const struct view_layout *l, const struct detector *d, const uint8_t *code,
               const struct view_window *window, uint8_t *out)
{
    memset(out, VIEW_CODE_OUTSIDE, (size_t)window->width * (size_t)window->height);
    for (size_t k = 0; k < d->n_panels; k++)
        draw_panel(l, &d->panels[k], code, window, out);
}
