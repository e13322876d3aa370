/* h5_pixels.h - pixels of HDF5 files without the HDF5 library: pread of chunks at known places, our own decoders.
 *
 * Nothing is kept between calls except what a frame_buffer holds, so different buffers may be used at the same time.
 */
#ifndef XFELX_SOURCE_H5_PIXELS_H
#define XFELX_SOURCE_H5_PIXELS_H

#include "source/h5_message.h"
#include "source/source.h"

/* Undo the filters of one chunk (h5_filters.c).
 *
 * raw      n_raw bytes as stored; mask: bit i set = filter i was not applied
 * out      n_out bytes: the chunk, in the file's byte order
 * work     h5_chunk_work(n_out) bytes, contents do not matter
 * Fails with ERROR_DAMAGED, ERROR_TRUNCATED, ERROR_UNSUPPORTED; the fact begins with `name`. */
bool h5_chunk_decode(const struct h5_array *a, uint32_t mask, const uint8_t *raw, size_t n_raw, uint8_t *out,
                     size_t n_out, uint8_t *work, const char *name, struct error *err);
size_t h5_chunk_work(size_t n_out);

/* Are all filters of the array known? ERROR_UNSUPPORTED names the first that is not. */
bool h5_filters_known(const struct h5_array *a, const char *name, struct error *err);

/* The pixel type of an image: that of its readable arrays, which must agree. Unreadable ones only: *type = PIXEL_I32.
 * name is for messages. */
bool h5_image_type(const struct h5_description *d, const struct h5_image *m, const char *name,
                   enum pixel_type *type, struct error *err);

/* Read frame `frame` of an image into out: [module][slow][fast] of the image's type, in this machine's byte order.
 *
 * type     of the image, by h5_image_type
 * buffer   raw and work are used for stored bytes and decoding; chunk keeps a chunk of several frames for the next call
 * serial   number of the opened source, to tell whose chunk that is
 * Fails with the fault of an array that the frame needs, ERROR_MISSING when parts were never written, and what
 * fs_pread and h5_chunk_decode say; the fact names file and frame. */
bool h5_image_read(const struct h5_description *d, const struct h5_image *m, enum pixel_type type,
                   uint64_t frame, const char *name, uint64_t serial, struct frame_buffer *buffer,
                   uint8_t *out, struct error *err);

#endif
