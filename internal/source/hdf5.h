/* hdf5.h - inside of source/: an opened HDF5 source of any layout. */
#ifndef XFELX_SOURCE_HDF5_H
#define XFELX_SOURCE_HDF5_H

#include "source/format.h"
#include "source/h5_pixels.h"
#include "source/nexus.h"

/* The private part of a source. Frames are read image by image and then cut to panels. */
struct hdf5 {
    struct h5_description d;
    enum pixel_type type;
    size_t n_images; /* of d.images that hold frames; they come first */
    size_t *first;   /* [n_images] where each begins when they lie one after the other, pixels */
    size_t n_pixels; /* of all of them */
    struct panel_place *places;
    bool in_place;       /* the one image is the panels one after the other */
    double *wavelengths; /* Å; n_wavelengths 0, 1 or one a frame */
    uint64_t n_wavelengths;
    const struct h5_value *events, *times, *times_ns; /* one a frame; NULL: not known */
    uint64_t serial; /* tells the chunks of one opened source from another's */
};

/* After the description came: types, filters and sizes of the frames. image_known[i]: something of image i can be read. */
bool hdf5_take_images(struct source *s, struct hdf5 *h, bool *known, struct error *err);

/* After detector and places are set: in_place, extents of images of which nothing could be read. */
void hdf5_lay_out(const struct source *s, struct hdf5 *h);

/* Places of a detector's panels on an image of this extent [H5_ROLES]: one a module, by their offsets in the stored image, or one below the
 * other. False: it does not fit. */
bool hdf5_place_panels(const struct detector *d, const uint64_t *extent, struct panel_place *places);

/* Which bits of a mask's pixel make it bad. good and bad 0: every value but 0. */
struct mask_bits {
    uint32_t good, bad;
};

/* Mask panels from a mask image: pixels that are bad become 0 in out, others are left. only: [n_panels] 1 = this panel, or
 * NULL for all. ERROR_MASK: its shape is not that of the frames. d is the description that the mask image belongs to. */
bool hdf5_apply_mask(const struct h5_description *d, const struct h5_image *mask, const char *name,
                     const struct detector *detector, const struct panel_place *places,
                     const struct h5_image *const *frames, struct mask_bits bits, const uint8_t *only,
                     uint8_t *out, struct error *err);

/* Files whose geometry is in options.geometry_file (hdf5_geom.c): the rest of open. */
bool hdf5_open_with_geom(struct source *s, struct hdf5 *h, struct error *err);

/* A number no other opened source of this process has. */
uint64_t hdf5_serial(void);

#endif
