/* shoebox.h - the pixels around one reflection: gathered, classified, summed (ALGORITHMS 5.3, 5.5, 6).
 *
 * A shoebox lives in memory of the caller (shoebox_size bytes) and is used for one reflection after the
 * other:
 *
 *     struct shoebox *box = shoebox_init(memory);
 *     shoebox_gather(box, &image, panel, limits);          // values and which of them are valid
 *     shoebox_foreground(box, &kabsch, panel, radius);     // the reflection's own pixels, and background
 *     shoebox_overlap(box, y, from, to);                   // pixels of a neighbour, row by row
 *     shoebox_background_pixels(box);                      // fills box->use for background_ml or _plane_dials
 *     struct shoebox_sums sums = shoebox_sum(box, &background, false);
 */
#ifndef XFELX_KERNELS_SHOEBOX_H
#define XFELX_KERNELS_SHOEBOX_H

#include "kernels/background.h"
#include "kernels/profile.h"
#include "kernels/types.h"

enum shoebox_code {
    SHOEBOX_VALID = 1, /* may be used: on the panel, in the mask, in the trusted range */
    SHOEBOX_BACKGROUND = 2,
    SHOEBOX_FOREGROUND = 4,
    SHOEBOX_OVERLAPPED = 32, /* near another reflection: no background */
    SHOEBOX_SATURATED = 128, /* above the trusted range */
};

struct shoebox {
    int32_t x0, x1, y0, y1, width, height;
    size_t size;      /* width × height */
    float *values;    /* (raw - pedestal)/gain of the panel, as DIALS corrects it; 0 outside */
    uint8_t *code;    /* bits of enum shoebox_code */
    uint8_t *use;     /* for background_*: 1 = background pixel */
    uint8_t *scratch; /* foreground of a neighbour */
};

struct image {
    const void *pixels;
    enum pixel_type type;
    const uint8_t *mask; /* 1 = use; NULL: all */
};

/* Bytes of its memory, 16-byte aligned. */
size_t shoebox_size(void);
struct shoebox *shoebox_init(void *memory);

/* Copy the pixels of box (x0, x1, y0, y1; sides at most PROFILE_BOX_SIDE) of a panel. */
void shoebox_gather(struct shoebox *s, const struct image *image, const struct panel *p,
                    const int32_t box[4]);

/* Mark foreground and, everywhere else, background. */
void shoebox_foreground(struct shoebox *s, const struct kabsch *k, const struct panel *p, double radius);

/* Mark pixels from … to - 1 of row y of the panel as another reflection's; those outside the box are passed over. */
void shoebox_overlap(struct shoebox *s, int32_t y, int32_t from, int32_t to);

/* Fill `use`: valid background pixels that are no other reflection's. Returns how many. */
int32_t shoebox_background_pixels(struct shoebox *s);

/* Pixels that carry all `bits`. */
int32_t shoebox_count(const struct shoebox *s, uint8_t bits);

/* Sums over the valid foreground. exact_dials: in float and raster order, as DIALS does, else in double. */
struct shoebox_sums {
    double signal, background; /* Σ value, Σ background */
    double noise;              /* Σ variance of the background's model (background.noise…) */
    double cx, cy;             /* mean of the pixels' box coordinates */
    int32_t n;                 /* pixels summed */
};
struct shoebox_sums shoebox_sum(const struct shoebox *s, const struct background *g, bool exact_dials);

/* Centroid of what stands out of the background in the valid foreground: px[2], variance[2] (standard error²,
 * px²). The middle of the box when nothing does. */
void shoebox_centroid(const struct shoebox *s, const struct background *g, double px[2], double variance[2]);

#endif
