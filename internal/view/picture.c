/* picture.c - the frame as a picture: codes of the pixels, coloured by a palette, and marks drawn on top; see view.h. */
#include "view/view.h"

#include <math.h>
#include <string.h>

static void fill_palette(const double value[256], double lo, double hi, uint8_t palette[256][3])
{
    static const struct {
        uint8_t code, colour[3];
    } words[] = {
        {VIEW_CODE_OUTSIDE, {0xd5, 0xde, 0xe8}}, {VIEW_CODE_MASKED, {0xe8, 0xd9, 0xb5}},
        {VIEW_CODE_ABOVE, {0xd6, 0x27, 0x28}},   {VIEW_CODE_MARK, {0x1f, 0x77, 0xe4}},
        {VIEW_CODE_BEAM, {0x00, 0x96, 0x50}},
    };
    memset(palette, 0, 768);
    for (int c = VIEW_CODE_FIRST; c <= VIEW_CODE_LAST; c++)
        memset(palette[c], 255 - (int)(255 * fmin(fmax((value[c] - lo) / (hi - lo), 0), 1) + 0.5), 3);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        memcpy(palette[words[i].code], words[i].colour, 3);
}

static void dot(struct view_picture *out, int32_t x, int32_t y, uint8_t colour)
{
    if (x >= 0 && y >= 0 && x < out->width && y < out->height)
        out->index[(size_t)y * (size_t)out->width + (size_t)x] = colour;
}

/* Column and row of a point of a panel; false when it is off the paper. */
static bool picture_place(const struct view_layout *l, const struct panel *p, double x, double y,
                          int32_t at[2])
{
    double place[2];
    if (!view_place(l, p, x, y, place))
        return false;
    at[0] = (int32_t)floor(place[0]);
    at[1] = (int32_t)floor(place[1]);
    return true;
}

static void draw_mark(const struct frame *f, const struct view_layout *l, const struct view_mark *m,
                      struct view_picture *out)
{
    int32_t at[2];
    if (m->panel >= f->detector->n_panels)
        return;
    const struct panel *p = &f->detector->panels[m->panel];
    if (!picture_place(l, p, m->x, m->y, at))
        return;
    double half = m->half_px * p->pixel_fast / l->step;
    int32_t r = half < 4 ? 4 : half > 200 ? 200 : (int32_t)half; /* always to be seen */
    for (int32_t i = -r; i <= r; i++) {
        dot(out, at[0] + i, at[1] - r, VIEW_CODE_MARK);
        dot(out, at[0] + i, at[1] + r, VIEW_CODE_MARK);
        dot(out, at[0] - r, at[1] + i, VIEW_CODE_MARK);
        dot(out, at[0] + r, at[1] + i, VIEW_CODE_MARK);
    }
}

static void draw_beam(const struct frame *f, const struct view_layout *l, struct view_picture *out)
{
    double px[2];
    int32_t at[2];
    int k = detector_beam_centre(f->detector, &f->beam.v, px);
    if (k < 0 || !picture_place(l, &f->detector->panels[k], px[0], px[1], at))
        return;
    for (int32_t i = 3; i <= 12; i++) { /* open in the middle: the place itself stays to be seen */
        dot(out, at[0] + i, at[1], VIEW_CODE_BEAM);
        dot(out, at[0] - i, at[1], VIEW_CODE_BEAM);
        dot(out, at[0], at[1] + i, VIEW_CODE_BEAM);
        dot(out, at[0], at[1] - i, VIEW_CODE_BEAM);
    }
}

bool view_render(const struct frame *f, const struct view_options *o, struct arena *a,
                 struct view_picture *out, struct error *err)
{
    struct view_layout l;
    int32_t size = o->size < 16 ? 16 : o->size > 16384 ? 16384 : o->size;
    if (!view_layout(f->detector, size, &l, err))
        return false;
    double value[256], lo, hi;
    uint8_t *code = arena_alloc(a, f->detector->n_pixels);
    view_codes(f, code, value);
    *out = (struct view_picture){.width = l.width, .height = l.height};
    out->index = arena_alloc(a, (size_t)l.width * (size_t)l.height);
    view_tile(&l, f->detector, code, &(struct view_window){1, 0, 0, l.width, l.height}, out->index);
    view_levels(out->index, (size_t)l.width * (size_t)l.height, value, &lo, &hi);
    bool whole = f->type != PIXEL_F32 && f->type != PIXEL_F64;
    out->lo = !isnan(o->lo) ? o->lo : whole ? round(lo) : lo;
    out->hi = !isnan(o->hi) ? o->hi : whole ? round(hi) : hi;
    if (!(out->hi > out->lo))
        out->hi = out->lo + 1;
    fill_palette(value, out->lo, out->hi, out->palette);
    for (size_t i = 0; i < o->n_marks; i++)
        draw_mark(f, &l, &o->marks[i], out);
    if (o->beam_cross)
        draw_beam(f, &l, out);
    return true;
}
