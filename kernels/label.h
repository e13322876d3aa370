/* label.h - from strong pixels to spots: components, centroids, filters.
 *
 * A spot is a 4-connected set of strong pixels of one panel. Spots are numbered by panel, then by their first
 * pixel in raster order. Values are v = (raw - pedestal)/gain, the raw counts for nearly every file;
 * background is not subtracted. Arithmetic in double in DIALS' order: bit-compatible (ALGORITHMS 2.7 - 2.9).
 */
#ifndef XFELX_KERNELS_LABEL_H
#define XFELX_KERNELS_LABEL_H

#include "kernels/spotfind.h"
#include "kernels/types.h"

/* A growing list of spots over the panels of a frame, in arrays of the caller. */
struct spot_list {
    struct spot *spots; /* [capacity] */
    size_t capacity, n;
    size_t n_small, n_large;                    /* components dropped for their size */
    size_t n_separation, n_gradient, n_density; /* dropped by spots_filter() */
    size_t n_lost; /* spots that had no room: when not 0 the list is incomplete and of no use */
};

/* Bytes of work memory (8-byte aligned) for labelling up to n strong pixels. */
size_t label_work_size(size_t n);

/* Join the strong pixels of one panel into spots and append them to the list.
 *
 * strong    [n] in raster order; out: the same pixels grouped by component, components in raster order of
 * their first pixel, pixels of a component in raster order. spot.first_pixel counts from first. first index
 * of strong[0] in the frame's list of strong pixels Components smaller than min_spot_size or larger than
 * max_spot_size are not appended (min_spot_size 0 counts as 1).
 */
void label_panel_ref(const struct spotfind_params *p, const struct spotfind_image *image, uint32_t panel,
                     struct strong_pixel *strong, size_t n, size_t first, struct spot_list *list, void *work);

/* Apply the filters in DIALS' order: distance from peak to centroid, background gradient, spot density. Spots
 * that fail are removed, the others keep their order; the strong pixels stay.
 *
 * images    [n_panels] as given to label_panel; strong: the frame's list
 * work      spots_filter_work_size(list->n) bytes, 8-byte aligned
 */
size_t spots_filter_work_size(size_t n_spots);
void spots_filter(const struct spotfind_params *p, const struct spotfind_image *images,
                  const struct strong_pixel *strong, struct spot_list *list, void *work);

#endif
