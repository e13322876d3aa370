/* nxmx.c - image files in the NXmx layout; see nxmx.h.
 *
 * Every HDF5 call's identifier goes through one place that remembers a failure, so that the layout below reads as the layout
 * of the file. Times are not stored: the same images give the same bytes.
 */
#include "sink/nxmx.h"

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct nxmx {
    struct arena arena;
    struct nxmx_options o;
    const char *path, *part; /* final name; name while it grows */
    uint32_t done;
    int32_t *row;    /* [n_panels] of each panel's first pixel in the image */
    hsize_t size[2]; /* of the image, slow and fast */
    void *image;
    hid_t file, data;
    bool failed;
};

/* ---- small steps; all note a failure ---- */

static hid_t note(struct nxmx *w, hid_t id)
{
    w->failed |= id < 0;
    return id;
}

static void put_text_attribute(struct nxmx *w, hid_t object, const char *name, const char *text)
{
    hid_t type = note(w, H5Tcopy(H5T_C_S1)), space = note(w, H5Screate(H5S_SCALAR));

    note(w, H5Tset_size(type, strlen(text) + 1));
    hid_t attribute = note(w, H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT));
    note(w, H5Awrite(attribute, type, text));
    note(w, H5Aclose(attribute));
    note(w, H5Sclose(space));
    note(w, H5Tclose(type));
}

static void put_vector_attribute(struct nxmx *w, hid_t object, const char *name, const double v[3])
{
    const hsize_t three = 3;
    hid_t space = note(w, H5Screate_simple(1, &three, NULL));
    hid_t attribute = note(w, H5Acreate2(object, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT));

    note(w, H5Awrite(attribute, H5T_NATIVE_DOUBLE, v));
    note(w, H5Aclose(attribute));
    note(w, H5Sclose(space));
}

static hid_t open_group(struct nxmx *w, hid_t parent, const char *name, const char *class)
{
    hid_t group = note(w, H5Gcreate2(parent, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));

    put_text_attribute(w, group, "NX_class", class);
    return group;
}

static void close_group(struct nxmx *w, hid_t group)
{
    note(w, H5Gclose(group));
}

/* Properties of all datasets: no times. */
static hid_t plain_dataset(struct nxmx *w)
{
    hid_t properties = note(w, H5Pcreate(H5P_DATASET_CREATE));

    note(w, H5Pset_obj_track_times(properties, false));
    return properties;
}

/* Write a whole dataset: rank 0 a scalar. Returns it open, for attributes. */
static hid_t put_array(struct nxmx *w, hid_t parent, const char *name, hid_t file_type, hid_t type, int rank,
                       const hsize_t *size, const void *values, bool compress)
{
    hid_t space = note(w, rank ? H5Screate_simple(rank, size, NULL) : H5Screate(H5S_SCALAR));
    hid_t properties = plain_dataset(w);

    if (compress) {
        note(w, H5Pset_chunk(properties, rank, size));
        note(w, H5Pset_shuffle(properties));
        note(w, H5Pset_deflate(properties, 4));
    }
    hid_t set = note(w, H5Dcreate2(parent, name, file_type, space, H5P_DEFAULT, properties, H5P_DEFAULT));
    note(w, H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
    note(w, H5Pclose(properties));
    note(w, H5Sclose(space));
    return set;
}

static void put_text(struct nxmx *w, hid_t parent, const char *name, const char *text)
{
    hid_t type = note(w, H5Tcopy(H5T_C_S1));

    note(w, H5Tset_size(type, strlen(text) + 1));
    note(w, H5Dclose(put_array(w, parent, name, type, type, 0, NULL, text, false)));
    note(w, H5Tclose(type));
}

static hid_t put_real(struct nxmx *w, hid_t parent, const char *name, double value, const char *units)
{
    hid_t set = put_array(w, parent, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 0, NULL, &value, false);

    if (units)
        put_text_attribute(w, set, "units", units);
    return set;
}

static void put_int(struct nxmx *w, hid_t parent, const char *name, int32_t value)
{
    note(w, H5Dclose(put_array(w, parent, name, H5T_STD_I32LE, H5T_NATIVE_INT32, 0, NULL, &value, false)));
}

static void put_pair(struct nxmx *w, hid_t parent, const char *name, int32_t slow, int32_t fast)
{
    const int32_t pair[2] = {slow, fast};
    const hsize_t two = 2;

    note(w, H5Dclose(put_array(w, parent, name, H5T_STD_I32LE, H5T_NATIVE_INT32, 1, &two, pair, false)));
}

/* A transformation: a value along or about a vector, in the frame of what it depends on. */
static void put_axis(struct nxmx *w, hid_t parent, const char *name, double value, const char *units,
                     const char *type, const double vector[3], const double offset[3], const char *depends_on,
                     const char *component)
{
    hid_t axis = put_real(w, parent, name, value, units);

    put_text_attribute(w, axis, "transformation_type", type);
    put_text_attribute(w, axis, "depends_on", depends_on);
    put_text_attribute(w, axis, "offset_units", "mm");
    put_vector_attribute(w, axis, "vector", vector);
    put_vector_attribute(w, axis, "offset", offset);
    if (component) {
        put_text_attribute(w, axis, "equipment", "detector");
        put_text_attribute(w, axis, "equipment_component", component);
    }
    note(w, H5Dclose(axis));
}

/* ---- the layout ---- */

/* Lab frame (x, y, z) = (-x, y, -z) of NeXus. */
static void to_nexus(const double lab[3], double nexus[3])
{
    nexus[0] = -lab[0];
    nexus[1] = lab[1];
    nexus[2] = -lab[2];
    for (int i = 0; i < 3; i++)
        nexus[i] += 0.0; /* no -0 */
}

#define AXES "/entry/instrument/detector/transformations/"

/* A module: where it lies in the image, its corner, its axes. All hang from the rail at the distance of the first. */
static void put_module(struct nxmx *w, hid_t detector, hid_t axes, size_t k, double rail)
{
    const struct panel *p = &w->o.detector->panels[k];
    const double beam[3] = {0, 0, 1}, none[3] = {0, 0, 0};
    double corner[3], fast[3], slow[3];
    /* as many digits for all, since readers sort modules by name */
    int digits = w->o.detector->n_panels > 10 ? 3 : 1;
    char *axis = arena_printf(&w->arena, "AXIS_D0M%0*zu", digits, k);
    char *path = arena_printf(&w->arena, AXES "%s", axis);

    to_nexus(p->origin, corner);
    to_nexus(p->fast, fast);
    to_nexus(p->slow, slow);
    corner[2] -= rail;
    put_axis(w, axes, axis, 0, "degrees", "rotation", beam, corner, AXES "AXIS_D0",
             k ? arena_printf(&w->arena, "detector_module_%zu", k) : "detector_module");
    hid_t module =
        open_group(w, detector, arena_printf(&w->arena, "ARRAY_D0M%0*zu", digits, k), "NXdetector_module");
    put_pair(w, module, "data_origin", w->row[k], 0);
    put_pair(w, module, "data_size", p->n_slow, p->n_fast);
    put_axis(w, module, "fast_pixel_direction", p->pixel_fast, "mm", "translation", fast, none, path, NULL);
    put_axis(w, module, "slow_pixel_direction", p->pixel_slow, "mm", "translation", slow, none, path, NULL);
    close_group(w, module);
}

static void put_geometry(struct nxmx *w, hid_t detector)
{
    const struct detector *d = w->o.detector;
    const double beam[3] = {0, 0, 1}, none[3] = {0, 0, 0};
    double corner[3];

    to_nexus(d->panels[0].origin, corner);
    hid_t axes = open_group(w, detector, "transformations", "NXtransformations");
    put_axis(w, axes, "AXIS_RAIL", corner[2], "mm", "translation", beam, none, ".", "detector_arm");
    put_axis(w, axes, "AXIS_D0", 0, "degrees", "rotation", beam, none, AXES "AXIS_RAIL", "detector_level_0");
    for (size_t k = 0; k < d->n_panels; k++)
        put_module(w, detector, axes, k, corner[2]);
    close_group(w, axes);
}

/* Panels one below the other in an image as wide as the widest: copy n bytes a pixel, 0 where no panel is. */
static void lay_out(const struct nxmx *w, const void *pixels, size_t n, void *image)
{
    const struct detector *d = w->o.detector;

    memset(image, 0, (size_t)w->size[0] * (size_t)w->size[1] * n);
    for (size_t k = 0; k < d->n_panels; k++)
        for (size_t y = 0; y < (size_t)d->panels[k].n_slow; y++)
            memcpy((char *)image + ((size_t)w->row[k] + y) * (size_t)w->size[1] * n,
                   (const char *)pixels + (d->panels[k].first_pixel + y * (size_t)d->panels[k].n_fast) * n,
                   (size_t)d->panels[k].n_fast * n);
}

static void put_pixel_mask(struct nxmx *w, hid_t detector)
{
    size_t n = w->o.detector->n_pixels, all = (size_t)w->size[0] * (size_t)w->size[1];
    uint32_t *mask = arena_array(&w->arena, n, sizeof *mask),
             *image = arena_array(&w->arena, all, sizeof *mask);

    for (size_t i = 0; i < n; i++)
        mask[i] = w->o.pixel_mask ? w->o.pixel_mask[i] : w->o.mask[i] ? 0 : NXMX_GAP;
    lay_out(w, mask, sizeof *mask, image);
    for (size_t k = 0; k < w->o.detector->n_panels; k++) {
        const struct panel *p = &w->o.detector->panels[k];
        for (size_t y = 0; y < (size_t)p->n_slow; y++)
            for (size_t x = (size_t)p->n_fast; x < (size_t)w->size[1]; x++)
                image[((size_t)w->row[k] + y) * (size_t)w->size[1] + x] = NXMX_GAP;
    }
    note(w, H5Dclose(put_array(w, detector, "pixel_mask", H5T_STD_U32LE, H5T_NATIVE_UINT32, 2, w->size, image,
                               true)));
}

static void put_detector(struct nxmx *w, hid_t instrument)
{
    const struct nxmx_options *o = &w->o;
    const struct panel *first = &o->detector->panels[0];
    hid_t detector = open_group(w, instrument, "detector", "NXdetector");

    put_text(w, detector, "description", o->description);
    put_text(w, detector, "depends_on", AXES "AXIS_D0");
    put_text(w, detector, "sensor_material", "Si");
    note(w, H5Dclose(put_real(w, detector, "sensor_thickness", first->thickness > 0 ? first->thickness : 1e-6,
                              "mm")));
    put_int(w, detector, "saturation_value", (int32_t)fmin(first->trusted_hi, INT32_MAX));
    put_int(w, detector, "underload_value", (int32_t)fmax(o->underload, INT32_MIN));
    note(w, H5Dclose(put_real(w, detector, "distance", -first->origin[2], "mm")));
    put_pixel_mask(w, detector);
    put_geometry(w, detector);
    close_group(w, detector);
}

/* [frame][slow][fast], a chunk a frame. */
static void make_data(struct nxmx *w, hid_t entry)
{
    const hsize_t size[3] = {w->o.n_frames, w->size[0], w->size[1]}, chunk[3] = {1, size[1], size[2]};
    hid_t group = open_group(w, entry, "data", "NXdata");

    put_text_attribute(w, group, "signal", "data");
    if (w->o.data_scale != 0)
        note(w, H5Dclose(put_real(w, group, "data_scale_factor", w->o.data_scale, NULL)));
    hid_t space = note(w, H5Screate_simple(3, size, NULL)), properties = plain_dataset(w);
    hid_t type = w->o.type == PIXEL_U16   ? H5T_STD_U16LE
                 : w->o.type == PIXEL_I32 ? H5T_STD_I32LE
                                          : H5T_IEEE_F32LE;
    note(w, H5Pset_chunk(properties, 3, chunk));
    note(w, H5Pset_shuffle(properties));
    note(w, H5Pset_deflate(properties, 4));
    w->data = note(w, H5Dcreate2(group, "data", type, space, H5P_DEFAULT, properties, H5P_DEFAULT));
    note(w, H5Pclose(properties));
    note(w, H5Sclose(space));
    close_group(w, group);
}

static void put_start(struct nxmx *w)
{
    hid_t entry = open_group(w, w->file, "entry", "NXentry");

    put_text_attribute(w, w->file, "default", "entry");
    put_text_attribute(w, entry, "default", "data");
    put_text(w, entry, "definition", "NXmx");
    put_text(w, entry, "start_time", "2000-01-01T00:00:00Z");
    put_text(w, entry, "end_time_estimated", "2000-01-01T00:00:01Z");
    hid_t source = open_group(w, entry, "source", "NXsource");
    put_text(w, source, "name", w->o.name);
    close_group(w, source);
    hid_t sample = open_group(w, entry, "sample", "NXsample");
    put_text(w, sample, "name", w->o.name);
    put_text(w, sample, "depends_on", "."); /* no goniometer: stills */
    close_group(w, sample);
    hid_t instrument = open_group(w, entry, "instrument", "NXinstrument");
    put_text(w, instrument, "name", w->o.name);
    put_detector(w, instrument);
    close_group(w, instrument);
    make_data(w, entry);
    close_group(w, entry);
}

/* ---- the file ---- */

static bool cannot_write(const struct nxmx *w, struct error *err)
{
    error_set(err, ERROR_FAILED, "cannot write %s", w->path);
    return error_hint(err, "is the folder there, is there room in it, and may it be written?");
}

static size_t pixel_size(enum pixel_type type)
{
    return type == PIXEL_U16 ? 2 : 4;
}

/* Where the panels lie in the image, one below the other. */
static void place_panels(struct nxmx *w)
{
    const struct detector *d = w->o.detector;
    w->row = arena_array(&w->arena, d->n_panels, sizeof *w->row);
    for (size_t k = 0; k < d->n_panels; k++) {
        w->row[k] = (int32_t)w->size[0];
        w->size[0] += (hsize_t)d->panels[k].n_slow;
        if ((hsize_t)d->panels[k].n_fast > w->size[1])
            w->size[1] = (hsize_t)d->panels[k].n_fast;
    }
}

bool nxmx_open(const char *path, const struct nxmx_options *o, struct nxmx **out, struct error *err)
{
    struct arena arena = {0};
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) /* a rename would put a file in the place of a device */
        return error_set(err, ERROR_USAGE, "%s is there, and not a file", path);
    struct nxmx *w = arena_alloc(&arena, sizeof *w);
    w->arena = arena;
    w->o = *o;
    w->path = arena_strdup(&w->arena, path);
    w->part = arena_printf(&w->arena, "%s.part%ld", path, (long)getpid());
    place_panels(w);
    w->image = arena_array(&w->arena, (size_t)w->size[0] * (size_t)w->size[1], pixel_size(o->type));
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t access = note(w, H5Pcreate(H5P_FILE_ACCESS));
    note(w, H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_V110));
    w->data = -1;
    w->file = note(w, H5Fcreate(w->part, H5F_ACC_TRUNC, H5P_DEFAULT, access));
    note(w, H5Pclose(access));
    if (w->file >= 0)
        put_start(w);
    if (w->failed) {
        cannot_write(w, err);
        nxmx_abandon(w);
        return false;
    }
    *out = w;
    return true;
}

bool nxmx_put(struct nxmx *w, const void *pixels, struct error *err)
{
    const hsize_t start[3] = {w->done, 0, 0}, size[3] = {1, w->size[0], w->size[1]};
    hid_t type = w->o.type == PIXEL_U16   ? H5T_NATIVE_UINT16
                 : w->o.type == PIXEL_I32 ? H5T_NATIVE_INT32
                                          : H5T_NATIVE_FLOAT;
    if (w->done == w->o.n_frames)
        return error_set(err, ERROR_INTERNAL, "more frames than were announced for %s", w->path);
    w->done++;
    hid_t memory = note(w, H5Screate_simple(3, size, NULL)), file = note(w, H5Dget_space(w->data));
    note(w, H5Sselect_hyperslab(file, H5S_SELECT_SET, start, NULL, size, NULL));
    lay_out(w, pixels, pixel_size(w->o.type), w->image);
    note(w, H5Dwrite(w->data, type, memory, file, H5P_DEFAULT, w->image));
    note(w, H5Sclose(file));
    note(w, H5Sclose(memory));
    return w->failed ? cannot_write(w, err) : true;
}

void nxmx_put_reals(struct nxmx *w, const char *group, const char *class, const char *name, int rank,
                    const size_t *size, const double *values, const char *units)
{
    hsize_t extent[NXMX_RANK] = {0};
    for (int i = 0; i < rank && i < NXMX_RANK; i++)
        extent[i] = size[i];
    bool is_new = H5Lexists(w->file, group, H5P_DEFAULT) <= 0;
    hid_t parent =
        is_new ? open_group(w, w->file, group, class) : note(w, H5Gopen2(w->file, group, H5P_DEFAULT));
    hid_t set = put_array(w, parent, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, rank, extent, values, false);
    if (units)
        put_text_attribute(w, set, "units", units);
    note(w, H5Dclose(set));
    close_group(w, parent);
}

/* Close what is open and give the memory back. */
static void release(struct nxmx *w)
{
    struct arena arena = w->arena;
    if (w->data >= 0)
        note(w, H5Dclose(w->data));
    if (w->file >= 0)
        note(w, H5Fclose(w->file));
    w->data = w->file = -1;
    if (w->failed)
        remove(w->part);
    arena_free(&arena);
}

void nxmx_abandon(struct nxmx *w)
{
    w->failed = true;
    release(w);
}

bool nxmx_close(struct nxmx *w, struct error *err)
{
    bool good = w->done == w->o.n_frames;
    if (!good)
        error_set(err, ERROR_INTERNAL, "only %u of %s were written to %s", w->done,
                  COUNT(w->o.n_frames, "frame"), w->path);
    if (good) {
        note(w, H5Dclose(w->data));
        note(w, H5Fclose(w->file));
        w->data = w->file = -1;
        good = w->failed ? cannot_write(w, err) : true;
    }
    if (good && rename(w->part, w->path) != 0)
        good = error_system(err, ERROR_FAILED, "cannot rename %s to %s", w->part, w->path);
    w->failed = !good;
    release(w);
    return good;
}
