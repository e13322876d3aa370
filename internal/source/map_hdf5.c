/* map_hdf5.c - maps of numbers from HDF5 datasets, described by the helper and read by our own decoders; see map.h. */
#include "source/h5_helper.h"
#include "source/h5_pixels.h"
#include "source/map.h"

#include <string.h>

/* Where facilities and programs put them, in the order they are looked for. */
static const char *const gain_places[] = {"/gain",
                                          "/gain_map",
                                          "/gainmap",
                                          "/entry/instrument/detector/gain",
                                          "/entry_1/instrument_1/detector_1/gain",
                                          "/data/data"};
static const char *const pedestal_places[] = {"/pedestal",
                                              "/pedestals",
                                              "/dark",
                                              "/entry/instrument/detector/pedestal",
                                              "/entry/instrument/detector/dark",
                                              "/data/data"};
enum { PLACES = 6 };

static bool read_values(const struct h5_description *d, const struct h5_image *m, const char *name,
                        struct arena *a, struct map_content *out, struct error *err)
{
    enum pixel_type type;
    struct frame_buffer b = {0};
    size_t one = (size_t)(m->extent[H5_MODULE] * m->extent[H5_SLOW] * m->extent[H5_FAST]);
    bool ok = h5_image_type(d, m, name, &type, err);
    size_t bytes = ok ? pixel_bytes(type) : 0;
    ok = ok && bytes_reserve(&b.pixels, one * bytes, err);
    out->values = arena_array(a, out->n, sizeof *out->values);
    for (uint64_t f = 0; ok && f < m->extent[H5_FRAME]; f++) {
        ok = h5_image_read(d, m, type, f, name, 0, &b, b.pixels.data, err);
        for (size_t i = 0; ok && i < one; i++)
            out->values[f * one + i] = map_number(b.pixels.data + i * bytes, type);
    }
    frame_buffer_free(&b);
    return ok;
}

/* An array of pixels. *fault: why it is none. */
static bool read_array(const char *file, const char *dataset, bool values, struct arena *a,
                       struct map_content *out, const char **fault, struct error *err)
{
    struct h5_wanted wanted = {.path = dataset, .use = 0};
    struct h5_request q = {
        .ask = H5_ASK_PATHS, .path = fs_absolute(a, file), .n_images = 1, .images = &wanted};
    struct h5_description d;
    *fault = "it is not there";
    if (!h5_ask(&q, a, &d, err))
        return false;
    const struct h5_image *m = h5_image_find(&d, 0);
    if (!m || m->n_pieces == 0)
        return true;
    for (size_t i = 0; i < d.n_arrays; i++)
        if (d.arrays[i].fault_code != ERROR_NONE)
            return *fault = d.arrays[i].fault, true;
    if (!map_extent(m->extent, H5_ROLES, out))
        return *fault = "it is too large for a map", true;
    *fault = NULL;
    const char *name = arena_printf(a, "%s:%s", file, dataset);
    return !values || read_values(&d, m, name, a, out, err);
}

/* A list, a number a panel. */
static bool read_list(const char *file, const char *dataset, struct arena *a, struct map_content *out,
                      struct error *err)
{
    const char *wanted[1] = {dataset};
    struct h5_request q = {
        .ask = H5_ASK_PATHS, .path = fs_absolute(a, file), .n_values = 1, .values = wanted};
    struct h5_description d;
    if (!h5_ask(&q, a, &d, err))
        return false;
    const struct h5_value *v = h5_value_find(&d, dataset);
    if (!v || v->n > 65536)
        return true;
    const uint64_t shape[1] = {v->n};
    map_extent(shape, 1, out);
    out->values = arena_array(a, out->n, sizeof *out->values);
    for (size_t i = 0; i < out->n; i++)
        out->values[i] = (float)v->v[i];
    return true;
}

bool map_read_hdf5(const char *file, const char *dataset, enum source_map_kind kind, bool values,
                   struct arena *a, struct map_content *out, struct error *err)
{
    const char *const *places = kind == SOURCE_MAP_GAIN ? gain_places : pedestal_places;
    const char *fault = NULL, *said = NULL;
    for (size_t i = 0; i < (dataset ? 1 : PLACES); i++) {
        const char *at = dataset ? dataset : places[i];
        if (!read_array(file, at, values, a, out, &fault, err))
            return false;
        if (!fault)
            return true;
        if (!read_list(file, at, a, out, err))
            return false;
        if (out->values)
            return true;
        said = !said || dataset ? fault : said;
    }
    if (dataset)
        return error_set(err, ERROR_MISSING, "%s of %s cannot be read as a %s", dataset, file,
                         map_word(kind)),
               error_detail(err, "%s", said);
    error_set(err, ERROR_MISSING, "%s: no %s is where such maps are looked for", file, map_word(kind));
    return error_hint(err, "name the dataset: FILE:/PATH/IN/IT");
}
