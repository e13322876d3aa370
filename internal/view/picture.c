/* picture.c - the frame as a picture: every panel where it lies, spots kept visible, levels that fit.
 *
 * The picture is filled from its own pixels: each one looks back along a line to the panels (so rotated panels leave no
 * holes) and takes the largest of the detector pixels that it covers.
 */
#include "view/view.h"

#include "kernels/geometry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEEP 0.8660254037844387 /* cos 30°: panels beyond make the picture one of angles */
#define MAGNIFY_MAX 4.0          /* picture px a detector px */

/* Palette: greys from white to black, then colours with a meaning. */
enum { GREYS = 240, COLOUR_OUTSIDE = GREYS, COLOUR_MASKED, COLOUR_ABOVE, COLOUR_MARK, COLOUR_BEAM };

/* How the laboratory is laid on paper. */
struct projection {
    bool angles;     /* radius = distance × scattering angle instead of x, y */
    double distance; /* mm: unit of angles */
    double x0, y1;   /* mm on paper at the upper left corner */
    double step;     /* mm a picture px */
    int32_t width, height;
};

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

static void to_paper(const struct projection *j, const double lab[3], double out[2])
{
    double r = hypot(lab[0], lab[1]), factor = 1;
    if (j->angles)
        factor = r > 0 ? j->distance * atan2(r, -lab[2]) / r : 0;
    out[0] = lab[0] * factor;
    out[1] = lab[1] * factor;
}

/* Where the line of a point on paper meets a panel, px. */
static bool from_paper(const struct projection *j, const struct panel *p, double x, double y, double px[2])
{
    double start[3] = {x, y, 0}, along[3] = {0, 0, -1}, normal[3], between[3], hit[3];
    if (j->angles) {
        double r = hypot(x, y), angle = r / j->distance;
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
    if (j->angles && length <= 0)
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
static void panel_extent(const struct projection *j, const struct panel *p, double lo[2], double hi[2])
{
    for (int i = 0; i <= 16; i++)
        for (int side = 0; side < 4; side++) {
            double t = i / 16.0, u = side & 1, lab[3], at[2];
            if (side & 2)
                panel_point(p, t * p->n_fast, u * p->n_slow, lab);
            else
                panel_point(p, u * p->n_fast, t * p->n_slow, lab);
            to_paper(j, lab, at);
            for (int k = 0; k < 2; k++) {
                lo[k] = fmin(lo[k], at[k]);
                hi[k] = fmax(hi[k], at[k]);
            }
        }
}

static bool projection_make(const struct detector *d, int32_t size, struct projection *j, struct error *err)
{
    *j = (struct projection){.angles = is_steep(d), .distance = panel_distance(&d->panels[0])};
    double lo[2] = {INFINITY, INFINITY}, hi[2] = {-INFINITY, -INFINITY}, pixel = INFINITY;
    for (size_t k = 0; k < d->n_panels; k++) {
        panel_extent(j, &d->panels[k], lo, hi);
        pixel = fmin(pixel, fmin(d->panels[k].pixel_fast, d->panels[k].pixel_slow));
    }
    double longest = fmax(hi[0] - lo[0], hi[1] - lo[1]);
    if (!(longest > 0) || !isfinite(longest))
        return error_set(err, ERROR_METADATA, "the panels of the detector do not span an area");
    j->step = fmax(longest / (size - 2), pixel / MAGNIFY_MAX);
    j->x0 = lo[0] - j->step;
    j->y1 = hi[1] + j->step;
    j->width = (int32_t)ceil((hi[0] - lo[0]) / j->step) + 2;
    j->height = (int32_t)ceil((hi[1] - lo[1]) / j->step) + 2;
    return true;
}

/* Columns and rows of the picture that a panel can touch. */
static void panel_box(const struct projection *j, const struct panel *p, int32_t box[4])
{
    double lo[2] = {INFINITY, INFINITY}, hi[2] = {-INFINITY, -INFINITY};
    panel_extent(j, p, lo, hi);
    box[0] = (int32_t)fmax(0, floor((lo[0] - j->x0) / j->step) - 1);
    box[1] = (int32_t)fmin(j->width, ceil((hi[0] - j->x0) / j->step) + 1);
    box[2] = (int32_t)fmax(0, floor((j->y1 - hi[1]) / j->step) - 1);
    box[3] = (int32_t)fmin(j->height, ceil((j->y1 - lo[1]) / j->step) + 1);
}

/* ---- values ---- */

/* What a picture px shows: a good value, or why there is none. */
struct cell {
    float value;
    uint8_t colour; /* 0: value counts; else a COLOUR_… */
};

/* The largest value in the block of detector pixels around px; above the range wins, masked only when nothing else. */
static struct cell block_value(const struct frame *f, const struct panel *p, const double px[2],
                               double half_x, double half_y)
{
    int32_t x0 = (int32_t)fmax(0, floor(px[0] - half_x + 0.5)),
            x1 = (int32_t)fmin(p->n_fast, floor(px[0] + half_x + 0.5));
    int32_t y0 = (int32_t)fmax(0, floor(px[1] - half_y + 0.5)),
            y1 = (int32_t)fmin(p->n_slow, floor(px[1] + half_y + 0.5));
    if (x1 <= x0)
        x0 = (int32_t)px[0], x1 = x0 + 1;
    if (y1 <= y0)
        y0 = (int32_t)px[1], y1 = y0 + 1;
    struct cell c = {-INFINITY, COLOUR_MASKED};
    for (int32_t y = y0; y < y1; y++)
        for (int32_t x = x0; x < x1; x++) {
            size_t i = p->first_pixel + (size_t)y * (size_t)p->n_fast + (size_t)x;
            enum view_class class = view_classify(f, p, i);
            if (class == VIEW_ABOVE)
                return (struct cell){0, COLOUR_ABOVE};
            if (class != VIEW_GOOD)
                continue;
            float v = (float)view_pixel(f->pixels, f->type, i);
            c = (struct cell){v > c.value ? v : c.value, 0};
        }
    return c;
}

static void fill_cells(const struct frame *f, const struct projection *j, struct cell *cells)
{
    for (size_t i = 0; i < (size_t)j->width * (size_t)j->height; i++)
        cells[i] = (struct cell){0, COLOUR_OUTSIDE};
    for (size_t k = 0; k < f->detector->n_panels; k++) {
        const struct panel *p = &f->detector->panels[k];
        double half_x = j->step / p->pixel_fast / 2, half_y = j->step / p->pixel_slow / 2;
        int32_t box[4];
        panel_box(j, p, box);
        for (int32_t row = box[2]; row < box[3]; row++)
            for (int32_t column = box[0]; column < box[1]; column++) {
                double px[2], x = j->x0 + (column + 0.5) * j->step, y = j->y1 - (row + 0.5) * j->step;
                if (from_paper(j, p, x, y, px) && px[0] >= 0 && px[1] >= 0 && px[0] < p->n_fast &&
                    px[1] < p->n_slow)
                    cells[(size_t)row * (size_t)j->width + (size_t)column] =
                        block_value(f, p, px, half_x, half_y);
            }
    }
}

/* ---- levels ---- */

static int order(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* 1 % and 99.5 % of the good values: a few hot pixels or a bright spot must not make the rest white. When nearly all values
 * are the same (single photons) the upper level goes up to the largest. */
static void find_levels(const struct cell *cells, size_t n, struct arena *a, double *lo, double *hi)
{
    enum { SAMPLE = 1 << 16 };
    float *sample = arena_array(a, SAMPLE, sizeof *sample);
    size_t step = n / SAMPLE + 1, count = 0;
    for (size_t i = 0; i < n; i += step)
        if (!cells[i].colour)
            sample[count++] = cells[i].value;
    qsort(sample, count, sizeof *sample, order);
    double low = count ? (double)sample[count / 100] : 0,
           high = count ? (double)sample[count - 1 - count / 200] : 1;
    if (count && high <= low)
        high = (double)sample[count - 1];
    *lo = isnan(*lo) ? low : *lo;
    *hi = isnan(*hi) ? high : *hi;
    if (!(*hi > *lo))
        *hi = *lo + 1;
}

static void colour_cells(const struct cell *cells, struct view_picture *out)
{
    double scale = (GREYS - 1) / (out->hi - out->lo);
    for (size_t i = 0; i < (size_t)out->width * (size_t)out->height; i++) {
        double g = ((double)cells[i].value - out->lo) * scale;
        out->index[i] = cells[i].colour ? cells[i].colour : (uint8_t)fmin(fmax(g + 0.5, 0), GREYS - 1);
    }
}

static void fill_palette(uint8_t palette[256][3])
{
    static const uint8_t colours[][3] = {
        [COLOUR_OUTSIDE - GREYS] = {0xd5, 0xde, 0xe8}, [COLOUR_MASKED - GREYS] = {0xe8, 0xd9, 0xb5},
        [COLOUR_ABOVE - GREYS] = {0xd6, 0x27, 0x28},   [COLOUR_MARK - GREYS] = {0x1f, 0x77, 0xe4},
        [COLOUR_BEAM - GREYS] = {0x00, 0x96, 0x50},
    };
    memset(palette, 0, 768);
    for (int i = 0; i < GREYS; i++)
        memset(palette[i], 255 - 255 * i / (GREYS - 1), 3);
    memcpy(palette[GREYS], colours, sizeof colours);
}

/* ---- drawing on top ---- */

static void dot(struct view_picture *out, int32_t x, int32_t y, uint8_t colour)
{
    if (x >= 0 && y >= 0 && x < out->width && y < out->height)
        out->index[(size_t)y * (size_t)out->width + (size_t)x] = colour;
}

/* Column and row of a point of a panel; false when it is off the paper. */
static bool picture_place(const struct projection *j, const struct panel *p, double x, double y,
                          int32_t at[2])
{
    double lab[3], paper[2];
    panel_point(p, x, y, lab);
    to_paper(j, lab, paper);
    double column = floor((paper[0] - j->x0) / j->step), row = floor((j->y1 - paper[1]) / j->step);
    if (!(fabs(column) < 1e6 && fabs(row) < 1e6))
        return false;
    at[0] = (int32_t)column;
    at[1] = (int32_t)row;
    return true;
}

static void draw_mark(const struct frame *f, const struct projection *j, const struct view_mark *m,
                      struct view_picture *out)
{
    int32_t at[2];
    if (m->panel >= f->detector->n_panels)
        return;
    const struct panel *p = &f->detector->panels[m->panel];
    if (!picture_place(j, p, m->x, m->y, at))
        return;
    double half = m->half_px * p->pixel_fast / j->step;
    int32_t r = half < 4 ? 4 : half > 200 ? 200 : (int32_t)half; /* always to be seen */
    for (int32_t i = -r; i <= r; i++) {
        dot(out, at[0] + i, at[1] - r, COLOUR_MARK);
        dot(out, at[0] + i, at[1] + r, COLOUR_MARK);
        dot(out, at[0] - r, at[1] + i, COLOUR_MARK);
        dot(out, at[0] + r, at[1] + i, COLOUR_MARK);
    }
}

static void draw_beam(const struct frame *f, const struct projection *j, struct view_picture *out)
{
    double px[2];
    int32_t at[2];
    int k = detector_beam_centre(f->detector, &f->beam.v, px);
    if (k < 0 || !picture_place(j, &f->detector->panels[k], px[0], px[1], at))
        return;
    for (int32_t i = 3; i <= 12; i++) { /* open in the middle: the place itself stays to be seen */
        dot(out, at[0] + i, at[1], COLOUR_BEAM);
        dot(out, at[0] - i, at[1], COLOUR_BEAM);
        dot(out, at[0], at[1] + i, COLOUR_BEAM);
        dot(out, at[0], at[1] - i, COLOUR_BEAM);
    }
}

bool view_render(const struct frame *f, const struct view_options *o, struct arena *a,
                 struct view_picture *out, struct error *err)
{
    struct projection j;
    int32_t size = o->size < 16 ? 16 : o->size > 16384 ? 16384 : o->size;
    if (!projection_make(f->detector, size, &j, err))
        return false;
    size_t n = (size_t)j.width * (size_t)j.height;
    struct cell *cells = arena_array(a, n, sizeof *cells);
    *out = (struct view_picture){.width = j.width, .height = j.height, .lo = o->lo, .hi = o->hi};
    out->index = arena_array(a, n, 1);
    fill_palette(out->palette);
    fill_cells(f, &j, cells);
    find_levels(cells, n, a, &out->lo, &out->hi);
    colour_cells(cells, out);
    for (size_t i = 0; i < o->n_marks; i++)
        draw_mark(f, &j, &o->marks[i], out);
    if (o->beam_cross)
        draw_beam(f, &j, out);
    return true;
}
