/* h5_describe.h - the helper's child at work: build a struct h5_description of a file with the HDF5 library.
 *
 * Only the child calls these. What cannot be read of the pixels (a missing link, a filter that nobody knows)
 * becomes the fault of an array, not of the file: the frames of other arrays go on.
 */
#ifndef XFELX_SOURCE_H5_DESCRIBE_H
#define XFELX_SOURCE_H5_DESCRIBE_H

#include "source/h5_message.h"
#include "source/h5_read.h"

/* A dataset that virtual datasets take from, as they name it, and the array it became. */
struct h5_taken {
    const char *file, *dataset;
    uint32_t array;
};

struct h5_builder {
    struct arena *arena;
    struct h5_taken *taken;
    size_t n_taken;
    hid_t file;
    const char *path;
    struct h5_description d; /* the pointers in it grow by arena_grow */
};

void h5_add_value(struct h5_builder *b, const char *key, const char *unit, const double *v, uint64_t n);
void h5_add_text(struct h5_builder *b, const char *key, const char *text);
void h5_add_note(struct h5_builder *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* h5_array.c: describe an open dataset: type, layout, filters, place of every chunk. n_roles 0: roles as
 * usual for its rank (slow fast; frame slow fast; frame module slow fast). Always gives an array; it may have
 * a fault. */
void h5_array_describe(hid_t dataset, const uint32_t *roles, size_t n_roles, struct arena *a,
                       struct h5_array *out);
void h5_array_fault(struct h5_array *out, enum error_code code, struct arena *a, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Roles of a dataset's dimensions: copies the given ones, or the usual ones of that rank. false: no rank of
 * ours. */
bool h5_roles(int rank, const uint32_t *roles, size_t n_roles, uint32_t out[H5_ROLES]);

/* h5_image.c: begin an image, add the frames of the dataset at a path (links and virtual datasets resolved),
 * end it. */
struct h5_image *h5_image_begin(struct h5_builder *b, uint32_t use, const char *name);
void h5_image_add(struct h5_builder *b, struct h5_image *m, hid_t loc, const char *path,
                  const uint32_t *roles, size_t n_roles);
void h5_image_end(struct h5_builder *b, struct h5_image *m);

/* The layouts. false: the file is not of this layout when err->code is ERROR_NONE, else it is and cannot be
 * used. */
bool h5_describe_nxmx(struct h5_builder *b, struct error *err);
bool h5_describe_dectris(struct h5_builder *b, struct error *err);
bool h5_describe_bare(struct h5_builder *b, struct error *err);
bool h5_describe_paths(struct h5_builder *b, const struct h5_request *q, struct error *err);
bool h5_describe_mask(struct h5_builder *b, struct error *err);

/* Shared by the layouts: the frames in an NXdata group; numbers of a group under a key. */
bool h5_add_frames(struct h5_builder *b, hid_t data, struct error *err);
bool h5_add_numbers(struct h5_builder *b, hid_t loc, const char *path, const char *key);
bool h5_add_beam(struct h5_builder *b, hid_t beam);
void h5_add_detector_facts(struct h5_builder *b, hid_t detector);

/* h5_shots.c: event numbers and times of the shots, as the values "event", "time" (s) and "time_ns"; of shots that have a group each,
 * its number ("/tag-%/data"). */
void h5_add_shots(struct h5_builder *b);
void h5_add_events_of_groups(struct h5_builder *b, const char *pattern, char *const *paths, size_t n);

/* Everything: open the file of a request, describe it. */
bool h5_describe(const struct h5_request *q, struct arena *a, struct h5_description *out, struct error *err);

#endif
