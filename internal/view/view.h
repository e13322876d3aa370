/* view.h - what a person sees of a frame: numbers about its pixels, their checksums, and a picture.
 *
 * Everything works on a struct frame as source_read gives it, whatever its pixel type, and needs no more than the frame:
 * marks to be drawn (spots, predictions) are given as positions on panels.
 */
#ifndef XFELX_VIEW_VIEW_H
#define XFELX_VIEW_VIEW_H

#include "base/base.h"
#include "model/model.h"
#include "source/source.h"

/* ---- numbers (statistics.c) ---- */

const char *view_type_name(enum pixel_type type); /* "int32", "float32", … */
double view_pixel(const void *pixels, enum pixel_type type, size_t i);

/* How a pixel counts. Order of precedence as listed: a masked pixel is not also saturated. */
enum view_class { VIEW_GOOD, VIEW_MASKED, VIEW_BELOW, VIEW_ABOVE };
enum view_class view_classify(const struct frame *f, const struct panel *p, size_t i);

/* Numbers over the pixels of a frame. min, max, sum: over all pixels, as the reference lists have them (NaN left out);
 * mean and the quantiles: over good ones only. Quantiles of integer types are exact; of real types they are those of at most
 * 2^16 pixels, taken at equal steps. Without good pixels mean and quantiles are NaN. */
struct view_statistics {
    size_t n_pixels, n_masked, n_below, n_above, n_negative, n_nan;
    double min, max, sum, mean;
    double p01, median, p99;
};
bool view_statistics(const struct frame *f, struct view_statistics *out, struct error *err);

/* SHA-256 of the pixels as int32 little-endian, over the whole frame and for each panel (panels [n_panels][32]). Returns
 * false, with nothing written, when the type holds a value that no int32 has: reals, or 32-bit counts from 2^31 on. */
bool view_hash_int32(const struct frame *f, uint8_t whole[32], uint8_t (*panels)[32]);

/* The same of the bytes in the file's own type, little-endian. */
void view_hash_own(const struct frame *f, uint8_t whole[32], uint8_t (*panels)[32]);

/* ---- picture (picture.c, png.c) ---- */

/* A picture of bytes that are indices into a palette of RGB triples. */
struct view_picture {
    int32_t width, height;
    uint8_t *index; /* [height][width] */
    uint8_t palette[256][3];
    double lo, hi; /* levels that were used */
};

/* A box to be drawn on a panel, centred at a position in px of the panel. */
struct view_mark {
    uint32_t panel;
    double x, y;
    double half_px; /* half of its side, px of the panel */
};

struct view_options {
    int32_t size; /* longest side of the picture in px, 16 … 16384; a pixel never becomes more than 4 × 4 */
    double lo, hi; /* levels: white and black; NaN: from the picture (1 % and 99.5 % of its good values) */
    const struct view_mark *marks;
    size_t n_marks;
    bool beam_cross; /* a cross where the direct beam arrives */
};

/* The frame as seen along the beam, from the source: x of the laboratory to the right, y up, each panel where it lies. When
 * a panel stands at more than 30° to the plane across the beam (barrels), the distance from the centre is the scattering
 * angle instead of millimetres, so that no panel is seen edge on. Where several detector pixels fall into one of the
 * picture, the largest is shown: spots stay visible. Light is weak, dark is strong, red is above the trusted range, sand is
 * masked. Memory from the arena. false: ERROR_METADATA when the panels do not span an area. */
bool view_render(const struct frame *f, const struct view_options *o, struct arena *a,
                 struct view_picture *out, struct error *err);

/* A picture as the bytes of a PNG file. */
bool view_png(const struct view_picture *p, struct bytes *out, struct error *err);

#endif
