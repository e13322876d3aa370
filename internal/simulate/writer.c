/* writer.c - the NXmx file of a simulation (FORMATS 3) and the truth beside it.
 *
 * Every HDF5 call's identifier goes through one place that remembers a failure, so that the layout below reads as the layout
 * of the file. Times are not stored: the same simulation gives the same bytes.
 */
#include "simulate/simulate.h"

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct simulate_writer {
    const struct scene *scene;
    struct arena arena;
    const char *path, *part; /* final name; name while it grows */
    uint32_t n_frames, done;
    struct simulate_truth *truth; /* [n_frames] */
    int32_t *row;                 /* [n_panels] of each panel's first pixel in the image */
    hsize_t size[2];              /* of the image, slow and fast */
    void *image;
    hid_t file, data;
    bool failed;
};

/* ---- small steps; all note a failure ---- */

static hid_t note(struct simulate_writer *w, hid_t id)
{
    w->failed |= id < 0;
    return id;
}

static void put_text_attribute(struct simulate_writer *w, hid_t object, const char *name, const char *text)
{
    hid_t type = note(w, H5Tcopy(H5T_C_S1)), space = note(w, H5Screate(H5S_SCALAR));

    note(w, H5Tset_size(type, strlen(text) + 1));
    hid_t attribute = note(w, H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT));
    note(w, H5Awrite(attribute, type, text));
    note(w, H5Aclose(attribute));
    note(w, H5Sclose(space));
    note(w, H5Tclose(type));
}

static void put_vector_attribute(struct simulate_writer *w, hid_t object, const char *name, const double v[3])
{
    const hsize_t three = 3;
    hid_t space = note(w, H5Screate_simple(1, &three, NULL));
    hid_t attribute = note(w, H5Acreate2(object, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT));

    note(w, H5Awrite(attribute, H5T_NATIVE_DOUBLE, v));
    note(w, H5Aclose(attribute));
    note(w, H5Sclose(space));
}

static hid_t open_group(struct simulate_writer *w, hid_t parent, const char *name, const char *class)
{
    hid_t group = note(w, H5Gcreate2(parent, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));

    put_text_attribute(w, group, "NX_class", class);
    return group;
}

static void close_group(struct simulate_writer *w, hid_t group)
{
    note(w, H5Gclose(group));
}

/* Properties of all datasets: no times. */
static hid_t plain_dataset(struct simulate_writer *w)
{
    hid_t properties = note(w, H5Pcreate(H5P_DATASET_CREATE));

    note(w, H5Pset_obj_track_times(properties, false));
    return properties;
}

/* Write a whole dataset: rank 0 a scalar. Returns it open, for attributes. */
static hid_t put_array(struct simulate_writer *w, hid_t parent, const char *name, hid_t file_type, hid_t type,
                       int rank, const hsize_t *size, const void *values, bool compress)
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

static void put_text(struct simulate_writer *w, hid_t parent, const char *name, const char *text)
{
    hid_t type = note(w, H5Tcopy(H5T_C_S1));

    note(w, H5Tset_size(type, strlen(text) + 1));
    note(w, H5Dclose(put_array(w, parent, name, type, type, 0, NULL, text, false)));
    note(w, H5Tclose(type));
}

static hid_t put_real(struct simulate_writer *w, hid_t parent, const char *name, double value,
                      const char *units)
{
    hid_t set = put_array(w, parent, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 0, NULL, &value, false);

    if (units)
        put_text_attribute(w, set, "units", units);
    return set;
}

static void put_int(struct simulate_writer *w, hid_t parent, const char *name, int32_t value)
{
    note(w, H5Dclose(put_array(w, parent, name, H5T_STD_I32LE, H5T_NATIVE_INT32, 0, NULL, &value, false)));
}

static void put_pair(struct simulate_writer *w, hid_t parent, const char *name, int32_t slow, int32_t fast)
{
    const int32_t pair[2] = {slow, fast};
    const hsize_t two = 2;

    note(w, H5Dclose(put_array(w, parent, name, H5T_STD_I32LE, H5T_NATIVE_INT32, 1, &two, pair, false)));
}

/* A transformation: a value along or about a vector, in the frame of what it depends on. */
static void put_axis(struct simulate_writer *w, hid_t parent, const char *name, double value,
                     const char *units, const char *type, const double vector[3], const double offset[3],
                     const char *depends_on, const char *component)
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
static void put_module(struct simulate_writer *w, hid_t detector, hid_t axes, size_t k, double rail)
{
    const struct panel *p = &scene_detector(w->scene)->panels[k];
    const double beam[3] = {0, 0, 1}, none[3] = {0, 0, 0};
    double corner[3], fast[3], slow[3];
    /* as many digits for all, since readers sort modules by name */
    int digits = scene_detector(w->scene)->n_panels > 10 ? 3 : 1;
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

static void put_geometry(struct simulate_writer *w, hid_t detector)
{
    const struct detector *d = scene_detector(w->scene);
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
static void lay_out(const struct simulate_writer *w, const void *pixels, size_t n, void *image)
{
    const struct detector *d = scene_detector(w->scene);

    memset(image, 0, (size_t)w->size[0] * (size_t)w->size[1] * n);
    for (size_t k = 0; k < d->n_panels; k++)
        for (size_t y = 0; y < (size_t)d->panels[k].n_slow; y++)
            memcpy((char *)image + ((size_t)w->row[k] + y) * (size_t)w->size[1] * n,
                   (const char *)pixels + (d->panels[k].first_pixel + y * (size_t)d->panels[k].n_fast) * n,
                   (size_t)d->panels[k].n_fast * n);
}

static void put_pixel_mask(struct simulate_writer *w, hid_t detector)
{
    size_t n = scene_detector(w->scene)->n_pixels, all = (size_t)w->size[0] * (size_t)w->size[1];
    uint32_t *mask = arena_array(&w->arena, n, sizeof *mask),
             *image = arena_array(&w->arena, all, sizeof *mask);

    for (size_t i = 0; i < n; i++)
        mask[i] = !scene_mask(w->scene)[i];
    lay_out(w, mask, sizeof *mask, image);
    note(w, H5Dclose(put_array(w, detector, "pixel_mask", H5T_STD_U32LE, H5T_NATIVE_UINT32, 2, w->size, image,
                               true)));
}

static void put_detector(struct simulate_writer *w, hid_t instrument)
{
    const struct simulate_params *p = scene_params(w->scene);
    const struct panel *first = &scene_detector(w->scene)->panels[0];
    bool counts = scene_pixel_type(w->scene) == PIXEL_U16;
    hid_t detector = open_group(w, instrument, "detector", "NXdetector");

    put_text(w, detector, "description",
             counts ? "simulated photon counter" : "simulated integrating detector");
    put_text(w, detector, "depends_on", AXES "AXIS_D0");
    put_text(w, detector, "sensor_material", "Si");
    note(w,
         H5Dclose(put_real(w, detector, "sensor_thickness", p->thickness > 0 ? p->thickness : 1e-6, "mm")));
    put_int(w, detector, "saturation_value", (int32_t)first->trusted_hi);
    put_int(w, detector, "underload_value",
            counts ? 0 : -(int32_t)ceil(10 * (p->noise + p->drift + p->gain)));
    note(w, H5Dclose(put_real(w, detector, "distance", -first->origin[2], "mm")));
    put_pixel_mask(w, detector);
    put_geometry(w, detector);
    close_group(w, detector);
}

/* [frame][slow][fast], a chunk a frame. */
static void make_data(struct simulate_writer *w, hid_t entry)
{
    const hsize_t size[3] = {w->n_frames, w->size[0], w->size[1]}, chunk[3] = {1, size[1], size[2]};
    const double gain = scene_detector(w->scene)->panels[0].gain;
    hid_t group = open_group(w, entry, "data", "NXdata");

    put_text_attribute(w, group, "signal", "data");
    if (gain != 1)
        note(w, H5Dclose(put_real(w, group, "data_scale_factor", 1 / gain, NULL)));
    hid_t space = note(w, H5Screate_simple(3, size, NULL)), properties = plain_dataset(w);
    hid_t type = scene_pixel_type(w->scene) == PIXEL_U16 ? H5T_STD_U16LE : H5T_STD_I32LE;
    note(w, H5Pset_chunk(properties, 3, chunk));
    note(w, H5Pset_shuffle(properties));
    note(w, H5Pset_deflate(properties, 4));
    w->data = note(w, H5Dcreate2(group, "data", type, space, H5P_DEFAULT, properties, H5P_DEFAULT));
    note(w, H5Pclose(properties));
    note(w, H5Sclose(space));
    close_group(w, group);
}

static void put_start(struct simulate_writer *w)
{
    hid_t entry = open_group(w, w->file, "entry", "NXentry");

    put_text_attribute(w, w->file, "default", "entry");
    put_text_attribute(w, entry, "default", "data");
    put_text(w, entry, "definition", "NXmx");
    put_text(w, entry, "start_time", "2000-01-01T00:00:00Z");
    put_text(w, entry, "end_time_estimated", "2000-01-01T00:00:01Z");
    hid_t source = open_group(w, entry, "source", "NXsource");
    put_text(w, source, "name", "simulated");
    close_group(w, source);
    hid_t sample = open_group(w, entry, "sample", "NXsample");
    put_text(w, sample, "name", "simulated");
    put_text(w, sample, "depends_on", "."); /* no goniometer: stills */
    close_group(w, sample);
    hid_t instrument = open_group(w, entry, "instrument", "NXinstrument");
    put_text(w, instrument, "name", "simulated");
    put_detector(w, instrument);
    close_group(w, instrument);
    make_data(w, entry);
    close_group(w, entry);
}

static void put_per_frame(struct simulate_writer *w, hid_t group, const char *name, const double *values,
                          const char *units)
{
    const hsize_t n = w->n_frames;
    hid_t set = put_array(w, group, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 1, &n, values, false);
    put_text_attribute(w, set, "units", units);
    note(w, H5Dclose(set));
}

/* Wavelengths, pulse energies and truth, known when all frames are. */
static void put_end(struct simulate_writer *w)
{
    const struct simulate_params *p = scene_params(w->scene);
    const hsize_t size[2] = {w->n_frames, 9}, six = 6;
    const double flux = 1e12; /* Hz */
    double *wavelength = arena_array(&w->arena, w->n_frames, sizeof *wavelength);
    double *pulse = arena_array(&w->arena, w->n_frames, sizeof *pulse);
    double *A = arena_array(&w->arena, w->n_frames, 9 * sizeof *A);

    for (uint32_t i = 0; i < w->n_frames; i++) {
        wavelength[i] = w->truth[i].wavelength * p->header_wavelength;
        pulse[i] = w->truth[i].pulse * flux;
        if (w->truth[i].n_lattices)
            memcpy(A + 9 * (size_t)i, w->truth[i].lattices[0].A, 9 * sizeof *A);
    }
    hid_t beam = open_group(w, w->file, "/entry/instrument/beam", "NXbeam");
    put_per_frame(w, beam, "incident_wavelength", wavelength, "angstrom");
    if (p->pulse_spread > 0)
        put_per_frame(w, beam, "total_flux", pulse, "Hz");
    else
        note(w, H5Dclose(put_real(w, beam, "total_flux", flux, "Hz")));
    close_group(w, beam);
    hid_t truth = open_group(w, w->file, "/entry/truth", "NXcollection");
    note(w, H5Dclose(put_array(w, truth, "A_matrix", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, size, A, false)));
    note(w, H5Dclose(put_array(w, truth, "unit_cell", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 1, &six, p->cell,
                               false)));
    close_group(w, truth);
}

/* ---- beside the file ---- */

/* "run.h5" with another ending. */
static char *beside(struct simulate_writer *w, const char *ending)
{
    size_t length = strlen(w->path);
    if (str_ends(w->path, ".h5"))
        length -= 3;
    return arena_printf(&w->arena, "%.*s%s", (int)length, w->path, ending);
}

static bool write_truth(struct simulate_writer *w, struct error *err)
{
    struct str text = {0};
    simulate_truth_json(w->scene, w->truth, w->n_frames, &text);
    bool good = fs_write_atomic(beside(w, "_truth.json"), text.text, text.len, err);
    str_free(&text);
    return good;
}

/* What a user would be told about the crystals, as parameters for processing. */
static bool write_phil(struct simulate_writer *w, struct error *err)
{
    const struct simulate_params *p = scene_params(w->scene);
    const double *cell = p->told_cell[0] > 0 ? p->told_cell : p->cell;
    const char *group = p->told_space_group ? p->told_space_group : scene_group(w->scene)->hm;
    struct str text = {0};
    char number[32];

    str_add(&text, "indexing.known_symmetry {\n  unit_cell =");
    for (int i = 0; i < 6; i++)
        str_printf(&text, "%s%s", i ? "," : " ", str_double(cell[i], number));
    str_printf(&text, "\n  space_group = %s\n}\n", group);
    bool good = fs_write_atomic(beside(w, ".phil"), text.text, text.len, err);
    str_free(&text);
    return good;
}

/* ---- the writer ---- */

static bool cannot_write(const struct simulate_writer *w, struct error *err)
{
    error_set(err, ERROR_FAILED, "cannot write %s", w->path);
    return error_hint(err, "is there room, and may the folder be written?");
}

bool simulate_writer_open(const struct scene *s, const char *path, uint32_t n_frames,
                          struct simulate_writer **out, struct error *err)
{
    struct arena arena = {0};
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) /* a rename would put a file in the place of a device */
        return error_set(err, ERROR_USAGE, "%s is there, and not a file", path);
    struct simulate_writer *w = arena_alloc(&arena, sizeof *w);

    w->arena = arena;
    w->scene = s;
    w->path = arena_strdup(&w->arena, path);
    w->part = arena_printf(&w->arena, "%s.part%ld", path, (long)getpid());
    w->n_frames = n_frames;
    w->truth = arena_array(&w->arena, n_frames, sizeof *w->truth);
    const struct detector *d = scene_detector(s);
    w->row = arena_array(&w->arena, d->n_panels, sizeof *w->row);
    for (size_t k = 0; k < d->n_panels; k++) {
        w->row[k] = (int32_t)w->size[0];
        w->size[0] += (hsize_t)d->panels[k].n_slow;
        if ((hsize_t)d->panels[k].n_fast > w->size[1])
            w->size[1] = (hsize_t)d->panels[k].n_fast;
    }
    w->image = arena_array(&w->arena, (size_t)w->size[0] * (size_t)w->size[1], scene_pixel_size(s));
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
        simulate_writer_abandon(w);
        return false;
    }
    *out = w;
    return true;
}

bool simulate_writer_put(struct simulate_writer *w, const void *pixels, const struct simulate_truth *truth,
                         struct error *err)
{
    const hsize_t start[3] = {w->done, 0, 0}, size[3] = {1, w->size[0], w->size[1]};
    hid_t type = scene_pixel_type(w->scene) == PIXEL_U16 ? H5T_NATIVE_UINT16 : H5T_NATIVE_INT32;

    if (w->done == w->n_frames)
        return error_set(err, ERROR_INTERNAL, "more frames than were announced for %s", w->path);
    w->truth[w->done++] = *truth;
    hid_t memory = note(w, H5Screate_simple(3, size, NULL)), file = note(w, H5Dget_space(w->data));
    note(w, H5Sselect_hyperslab(file, H5S_SELECT_SET, start, NULL, size, NULL));
    lay_out(w, pixels, scene_pixel_size(w->scene), w->image);
    note(w, H5Dwrite(w->data, type, memory, file, H5P_DEFAULT, w->image));
    note(w, H5Sclose(file));
    note(w, H5Sclose(memory));
    return w->failed ? cannot_write(w, err) : true;
}

/* Close what is open and give the memory back. */
static void release(struct simulate_writer *w)
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

void simulate_writer_abandon(struct simulate_writer *w)
{
    w->failed = true;
    release(w);
}

bool simulate_writer_close(struct simulate_writer *w, struct error *err)
{
    bool good = w->done == w->n_frames;

    if (!good)
        error_set(err, ERROR_INTERNAL, "only %u of %u frames were written to %s", w->done, w->n_frames,
                  w->path);
    if (good) {
        put_end(w);
        note(w, H5Dclose(w->data));
        note(w, H5Fclose(w->file));
        w->data = w->file = -1;
        good = w->failed ? cannot_write(w, err) : write_truth(w, err) && write_phil(w, err);
    }
    if (good && rename(w->part, w->path) != 0)
        good = error_system(err, ERROR_FAILED, "cannot rename %s to %s", w->part, w->path);
    w->failed = !good;
    release(w);
    return good;
}
