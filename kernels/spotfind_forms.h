/* spotfind_forms.h - private to kernels/: the parts spotfind.c puts together, and what they share. */
#ifndef XFELX_KERNELS_SPOTFIND_FORMS_H
#define XFELX_KERNELS_SPOTFIND_FORMS_H

#include "kernels/spotfind.h"

/* Pixels of this value and more stay out of the sums of the dispersion tests, as in DIALS; they may be
 * strong. */
#define SPOTFIND_BIG 16777216.0

/* The part of a panel that is searched: the region of interest or all of it. */
struct spotfind_area {
    int32_t x0, y0, width, height;
};
struct spotfind_area spotfind_area(const struct spotfind_params *p, int32_t n_fast, int32_t n_slow);

/* The trusted range as an inclusive range of raw values, finite at both ends. */
struct spotfind_range {
    double lo, hi;
    bool open_hi; /* v < hi instead of v ≤ hi */
};
struct spotfind_range spotfind_range(const struct spotfind_params *p, const struct panel *panel);

/* A list that counts on when it is full. */
struct strong_list {
    struct strong_pixel *pixels;
    size_t capacity, n;
};
static inline void strong_add(struct strong_list *l, int32_t x, int32_t y, double raw)
{
    if (l->n < l->capacity)
        l->pixels[l->n] = (struct strong_pixel){(uint16_t)x, (uint16_t)y, (float)raw};
    l->n++;
}

/* As spotfind_work_size and spotfind_panel_ref, for the algorithms. */
size_t dispersion_work_size(const struct spotfind_params *p, int32_t width);
void dispersion_find(const struct spotfind_params *p, const struct spotfind_image *image,
                     struct strong_list *out, void *work);
void dispersion_extended_find(const struct spotfind_params *p, const struct spotfind_image *image,
                              struct strong_list *out, void *work);
size_t radial_work_size(const struct spotfind_params *p, int32_t width, int32_t height);
void radial_find(const struct spotfind_params *p, const struct spotfind_image *image, struct strong_list *out,
                 void *work);

#endif
