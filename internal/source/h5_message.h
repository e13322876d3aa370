/* h5_message.h - what the metadata helper is asked and what it answers (FORMATS_INPUT 4.5), as structs and as
 * bytes.
 *
 * The helper's child fills a struct h5_description with the HDF5 library and writes it; the parent reads the
 * bytes as if they came from an enemy: every count is compared with the bytes that are left before memory is
 * taken, every index with what it points into, every size with the limits of FORMATS_INPUT 9. A description
 * that was read is safe to use without further checks, except that places in files must be compared with the
 * files' sizes (h5_pixels.h does).
 *
 * Pixels live in arrays (datasets as they lie in files), images are put together from pieces of arrays. Both
 * are described by four roles: frame, module, slow, fast; a role that a dataset does not have has extent 1.
 */
#ifndef XFELX_SOURCE_H5_MESSAGE_H
#define XFELX_SOURCE_H5_MESSAGE_H

#include "base/base.h"
#include "kernels/pixel.h"

enum h5_role { H5_FRAME, H5_MODULE, H5_SLOW, H5_FAST, H5_ROLES };

enum {
    H5_FILTERS_MOST = 8,
    H5_FILTER_VALUES = 8,
    H5_DIMENSION_MOST = 1 << 16,
    H5_USE_MASKS = 1000, /* images asked for by path with a use from here on are masks */
};

/* A filter of a dataset's pipeline: id and parameters. */
struct h5_filter {
    uint32_t id, n_values, values[H5_FILTER_VALUES];
};

/* A chunk in its file. address 0: it was never written. */
struct h5_chunk {
    uint64_t address;
    uint32_t size, mask;
};

enum h5_layout { H5_CHUNKED, H5_CONTIGUOUS, H5_COMPACT };

/* A dataset that holds pixels. extent and chunk by role; chunk = 1 for a role that the dataset does not have.
 */
struct h5_array {
    const char *path;         /* file, absolute */
    const char *dataset;      /* in it */
    const char *fault;        /* why it cannot be read, one line; "": it can */
    uint32_t fault_code;      /* enum error_code of fault */
    uint32_t layout;          /* enum h5_layout */
    uint32_t type;            /* enum pixel_type */
    uint32_t swap;            /* 1: big-endian */
    uint32_t order[H5_ROLES]; /* roles from the outermost to the innermost dimension; fast is last */
    uint64_t extent[H5_ROLES], chunk[H5_ROLES];
    uint32_t n_filters;
    struct h5_filter filters[H5_FILTERS_MOST];
    uint64_t address; /* contiguous: of the first byte, 0: not written */
    uint64_t n_bytes; /* compact: bytes that came along */
    const uint8_t *bytes;
    uint64_t n_chunks;       /* chunked: number of the grid's cells */
    struct h5_chunk *chunks; /* outermost role first */
};

/* A box of an image and where its pixels are. */
struct h5_piece {
    uint32_t array;
    uint64_t at[H5_ROLES], from[H5_ROLES], size[H5_ROLES]; /* in the image; in the array */
};

/* Frames of [module][slow][fast] pixels. Pieces ascend by at[H5_FRAME]; reach[i] is the largest end of pieces
 * 0 … i. */
struct h5_image {
    const char *name; /* path in the file that was opened */
    uint32_t use;     /* number given by the request; 0 the frames of a layout, 1 its pixel mask */
    uint64_t extent[H5_ROLES];
    uint64_t n_pieces;
    struct h5_piece *pieces;
    uint64_t *reach;
};

/* A named number or row of numbers, with the unit as written in the file ("" none). */
struct h5_value {
    const char *key, *unit;
    uint64_t n;
    double *v;
};

struct h5_text {
    const char *key, *text;
};

/* A transformation of NeXus. */
struct h5_axis {
    const char *path;   /* in the file */
    int32_t depends_on; /* index; -1: the laboratory */
    uint32_t rotation;  /* 1: rotation, 0: translation */
    const char *unit, *offset_unit, *component;
    double value, vector[3], offset[3];
    uint32_t varies; /* 1: it has one value a frame, and they differ */
};

struct h5_module {
    const char *path;
    uint32_t n_origin, n_size;
    uint64_t origin[3], size[3]; /* as in the file: outermost first */
    uint32_t fast, slow;         /* axes: fast_pixel_direction, slow_pixel_direction */
};

struct h5_description {
    const char *layout; /* "NXmx", "Dectris", "bare", "paths" */
    size_t n_arrays, n_images, n_values, n_texts, n_axes, n_modules, n_notes;
    struct h5_array *arrays;
    struct h5_image *images;
    struct h5_value *values;
    struct h5_text *texts;
    struct h5_axis *axes;
    struct h5_module *modules;
    const char **notes;
};

/* What is asked. */
enum h5_ask { H5_ASK_LAYOUT = 1, H5_ASK_PATHS = 2, H5_ASK_MASK = 3 };

/* A dataset that a geometry file names: "%" in the path stands for the shot's group. roles: of its
 * dimensions, outermost first, H5_FRAME … H5_FAST; n_roles 0: as usual for its rank. */
struct h5_wanted {
    const char *path;
    uint32_t use;
    uint32_t n_roles, roles[H5_ROLES];
};

struct h5_request {
    uint32_t ask;
    const char *path; /* file, absolute */
    size_t n_images;  /* H5_ASK_PATHS: pixels and masks wanted */
    struct h5_wanted *images;
    size_t n_values; /* and numbers: key = path in the file, read as they are */
    const char **values;
};

/* Bytes of a request or a description, added to out. */
void h5_request_write(const struct h5_request *r, struct str *out);
void h5_description_write(const struct h5_description *d, struct str *out);

/* Read back. ERROR_DAMAGED when the bytes are not what the writers write; name is for the message. */
bool h5_request_read(const uint8_t *bytes, size_t n, struct arena *a, struct h5_request *out,
                     struct error *err);
bool h5_description_read(const uint8_t *bytes, size_t n, const char *name, struct arena *a,
                         struct h5_description *out, struct error *err);

/* Sort the pieces of an image and fill reach (the writer's side calls it before writing). */
void h5_image_sort(struct h5_image *m, struct arena *a);

/* Look-ups. NULL: none. */
const struct h5_value *h5_value_find(const struct h5_description *d, const char *key);
const char *h5_text_find(const struct h5_description *d, const char *key);
const struct h5_image *h5_image_find(const struct h5_description *d, uint32_t use);

#endif
