/* view.h - what a person sees of a frame: numbers about its pixels, their checksums, pictures of it, and what was found in it.
 *
 * Everything works on a struct frame as source_read gives it, whatever its pixel type, and needs no more than the frame:
 * marks to be drawn (spots, predictions) are given as positions on panels.
 */
#ifndef XFELX_VIEW_VIEW_H
#define XFELX_VIEW_VIEW_H

#include "base/base.h"
#include "model/model.h"
#include "sink/sink.h"
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

/* ---- codes: a byte a pixel (codes.c) ---- */

/* A pixel as a byte. Values lie between, close together where they are small: steps grow as asinh, so that a step stays below the
 * noise of counting. The largest byte of many pixels is what a picture of them shows: above the range wins, masked shows
 * only where nothing else is. */
enum view_code {
    VIEW_CODE_OUTSIDE = 0, /* no pixel here: between panels */
    VIEW_CODE_MASKED = 1,  /* masked, no number, or below the trusted range */
    VIEW_CODE_FIRST = 2,
    VIEW_CODE_LAST = 249,
    VIEW_CODE_MARK = 250, /* for those who draw into pictures: no pixel has these */
    VIEW_CODE_BEAM = 251,
    VIEW_CODE_ABOVE = 255, /* above the trusted range */
};

/* Codes of all pixels of a frame. code [n_pixels]; value [256]: what a code stands for (NaN for those that are no values); its
 * ends are the 0.1 % and the largest of the good values. Two passes over the pixels. */
void view_codes(const struct frame *f, uint8_t *code, double value[256]);

/* Levels that show a picture of such codes well: from 1 % of those that are values to as far above 99.5 % as that lies above the median, so
 * that noise stays grey and spots do not; at most the largest, and that where there is nothing between. lo < hi. */
void view_levels(const uint8_t *code, size_t n, const double value[256], double *lo, double *hi);

/* ---- layout: where each panel lies on paper (layout.c) ---- */

/* The frame as seen along the beam, from the source: x of the laboratory to the right, y up, each panel where it lies. When
 * a panel stands at more than 30° to the plane across the beam (barrels), the distance from the centre is the scattering
 * angle instead of millimetres, so that no panel is seen edge on. There is a margin of one px. */
struct view_layout {
    bool angles;     /* radius = distance × scattering angle instead of x, y */
    double distance; /* mm: unit of angles */
    double x0, y1;   /* mm on paper at the upper left corner */
    double step;     /* mm a px of the picture */
    int32_t width, height;
};

/* size: longest side of the picture, px (a pixel never becomes more than 4 × 4); 0: each pixel is one px. ERROR_METADATA when the
 * panels do not span an area, or one as large as 2^20 px. */
bool view_layout(const struct detector *d, int32_t size, struct view_layout *out, struct error *err);

/* The place of a point of a panel (px of the panel) in the picture: column and row, fractions of px; false: it is off the paper. */
bool view_place(const struct view_layout *l, const struct panel *p, double x, double y, double out[2]);

/* The panel at a place of the picture, and where on it; -1: none. */
int view_panel_at(const struct view_layout *l, const struct detector *d, double column, double row,
                  double px[2]);

/* A part of the picture, shrunk: out [height][width], its upper left px at column, row of the shrunk picture; each takes the largest
 * code of the detector's pixels in shrink × shrink px of the picture. Rotated panels leave no holes. */
struct view_window {
    double shrink; /* ≥ 1 */
    int32_t column, row, width, height;
};
void view_tile(const struct view_layout *l, const struct detector *d, const uint8_t *code,
               const struct view_window *window, uint8_t *out);

/* ---- rings of resolution (rings.c) ---- */

/* xy [VIEW_RING_POINTS]: places in the picture, closed; NaN where it meets no panel. label: the place of its number; NaN: nowhere. */
enum { VIEW_RING_POINTS = 181, VIEW_RINGS = 8, VIEW_ICE_RINGS = 10 };
struct view_ring {
    double d; /* Å */
    double xy[VIEW_RING_POINTS][2], label[2];
};

/* At most VIEW_RINGS of round numbers of Å, some way apart from each other. drawn: the detector that the layout is of; true_to: the
 * same panels where they really are (the same where nothing better is known). */
size_t view_rings(const struct view_layout *l, const struct detector *drawn, const struct detector *true_to,
                  const struct beam_vector *b, struct view_ring out[VIEW_RINGS]);

/* The same where hexagonal ice scatters (cell as spotfinder.filter.ice_rings has it), as far as the detector reaches. */
size_t view_ice_rings(const struct view_layout *l, const struct detector *drawn,
                      const struct detector *true_to, const struct beam_vector *b,
                      struct view_ring out[VIEW_ICE_RINGS]);

/* ---- frames and what was found in them, kept at hand (shelf.c, found.c) ---- */

/* A frame that was opened, its codes, and the layout of 1:1. Lives until it is given back. */
struct view_sheet {
    struct frame frame;
    struct view_layout layout;
    const uint8_t *code; /* [n_pixels] */
    double value[256];
    double lo, hi; /* levels of the whole */
};

/* Opened files, decoded frames and journals that were looked at last, for several threads at once. */
struct view_shelf;

/* bytes: what decoded frames may take together, of which at least one is kept; files: open at once (16 where 0). NULL: no memory. */
struct view_shelf *view_shelf_make(size_t bytes, size_t files);
void view_shelf_free(struct view_shelf *s);

/* The frame of a file, from the shelf or read. A file that has changed since is opened anew. NULL: err says why. Give each back. */
const struct view_sheet *view_shelf_take(struct view_shelf *s, const char *path, uint32_t frame,
                                         struct error *err);
void view_shelf_give(struct view_shelf *s, const struct view_sheet *sheet);

/* What a journal has of a frame: the last final record. All of it is in the arena. found false: there is none (yet). */
bool view_shelf_found(struct view_shelf *s, const char *journal, uint32_t source, uint32_t frame,
                      struct arena *a, struct result *out, bool *found, struct error *err);

/* ---- the same for a page, as members of the JSON object that is open (json.c). Places are columns and rows of the picture ---- */

/* What was found: spots {x, y, pixels, intensity} (null: not kept), lattices, indexed and integrated {cols, rows}. drawn: the detector
 * that the layout is of. A row whose panel that detector has not is left out. */
void view_put_found(struct json_writer *j, const struct view_layout *l, const struct detector *drawn,
                    const struct result *r);

/* Where things are: width, height, panels (name, corners), beam, rings, ice. true_to: as view_rings. */
void view_put_layout(struct json_writer *j, const struct view_layout *l, const struct detector *drawn,
                     const struct detector *true_to, const struct beam_vector *b);

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
    double lo, hi; /* levels: white and black; NaN: as view_levels of the picture */
    const struct view_mark *marks;
    size_t n_marks;
    bool beam_cross; /* a cross where the direct beam arrives */
};

/* The frame as a picture. Where several detector pixels fall into one of the picture, the largest is shown: spots stay visible.
 * Light is weak, dark is strong, red is above the trusted range, sand is masked. Memory from the arena. ERROR_METADATA: as
 * view_layout. */
bool view_render(const struct frame *f, const struct view_options *o, struct arena *a,
                 struct view_picture *out, struct error *err);

/* A picture as the bytes of a PNG file. */
bool view_png(const struct view_picture *p, struct bytes *out, struct error *err);

#endif
