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

static void put_geometry(struct simulate_writer *w, hid_t detector)
{
    const struct panel *p = &scene_detector(w->scene)->panels[0];
    const double beam[3] = {0, 0, 1}, none[3] = {0, 0, 0};
    double corner[3], fast[3], slow[3];

    to_nexus(p->origin, corner);
    to_nexus(p->fast, fast);
    to_nexus(p->slow, slow);
    hid_t axes = open_group(w, detector, "transformations", "NXtransformations");
    put_axis(w, axes, "AXIS_RAIL", corner[2], "mm", "translation", beam, none, ".", "detector_arm");
    corner[2] = 0;
    put_axis(w, axes, "AXIS_D0", 0, "degrees", "rotation", beam, none, AXES "AXIS_RAIL", "detector_level_0");
    put_axis(w, axes, "AXIS_D0M0", 0, "degrees", "rotation", beam, corner, AXES "AXIS_D0", "detector_module");
    close_group(w, axes);

    hid_t module = open_group(w, detector, "ARRAY_D0M0", "NXdetector_module");
    put_pair(w, module, "data_origin", 0, 0);
    put_pair(w, module, "data_size", p->n_slow, p->n_fast);
    put_axis(w, module, "fast_pixel_direction", p->pixel_fast, "mm", "translation", fast, none,
             AXES "AXIS_D0M0", NULL);
    put_axis(w, module, "slow_pixel_direction", p->pixel_slow, "mm", "translation", slow, none,
             AXES "AXIS_D0M0", NULL);
    close_group(w, module);
}

static void put_pixel_mask(struct simulate_writer *w, hid_t detector)
{
    const struct panel *p = &scene_detector(w->scene)->panels[0];
    const hsize_t size[2] = {(hsize_t)p->n_slow, (hsize_t)p->n_fast};
    size_t n = (size_t)p->n_slow * (size_t)p->n_fast;
    uint32_t *mask = arena_array(&w->arena, n, sizeof *mask);

    for (size_t i = 0; i < n; i++)
        mask[i] = !scene_mask(w->scene)[i];
    note(w, H5Dclose(
                put_array(w, detector, "pixel_mask", H5T_STD_U32LE, H5T_NATIVE_UINT32, 2, size, mask, true)));
}

static void put_detector(struct simulate_writer *w, hid_t instrument)
{
    hid_t detector = open_group(w, instrument, "detector", "NXdetector");

    put_text(w, detector, "description", "simulated photon counter");
    put_text(w, detector, "depends_on", AXES "AXIS_D0");
    put_text(w, detector, "sensor_material", "Si");
    note(w, H5Dclose(put_real(w, detector, "sensor_thickness", 1e-6, "mm"))); /* no parallax */
    put_int(w, detector, "saturation_value", SIMULATE_SATURATION);
    put_int(w, detector, "underload_value", 0);
    note(w,
         H5Dclose(put_real(w, detector, "distance", -scene_detector(w->scene)->panels[0].origin[2], "mm")));
    put_pixel_mask(w, detector);
    put_geometry(w, detector);
    close_group(w, detector);
}

/* [frame][slow][fast] counts, a chunk a frame. */
static void make_data(struct simulate_writer *w, hid_t entry)
{
    const struct panel *p = &scene_detector(w->scene)->panels[0];
    const hsize_t size[3] = {w->n_frames, (hsize_t)p->n_slow, (hsize_t)p->n_fast},
                  chunk[3] = {1, size[1], size[2]};
    hid_t group = open_group(w, entry, "data", "NXdata");

    put_text_attribute(w, group, "signal", "data");
    hid_t space = note(w, H5Screate_simple(3, size, NULL)), properties = plain_dataset(w);
    note(w, H5Pset_chunk(properties, 3, chunk));
    note(w, H5Pset_shuffle(properties));
    note(w, H5Pset_deflate(properties, 4));
    w->data = note(w, H5Dcreate2(group, "data", H5T_STD_U16LE, space, H5P_DEFAULT, properties, H5P_DEFAULT));
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

/* Wavelengths and truth, known when all frames are. */
static void put_end(struct simulate_writer *w)
{
    const hsize_t size[2] = {w->n_frames, 9}, six = 6;
    double *wavelength = arena_array(&w->arena, w->n_frames, sizeof *wavelength);
    double *A = arena_array(&w->arena, w->n_frames, 9 * sizeof *A);

    for (uint32_t i = 0; i < w->n_frames; i++) {
        wavelength[i] = w->truth[i].wavelength;
        if (w->truth[i].n_lattices)
            memcpy(A + 9 * (size_t)i, w->truth[i].lattices[0].A, 9 * sizeof *A);
    }
    hid_t beam = open_group(w, w->file, "/entry/instrument/beam", "NXbeam");
    hid_t set = put_array(w, beam, "incident_wavelength", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 1, size,
                          wavelength, false);
    put_text_attribute(w, set, "units", "angstrom");
    note(w, H5Dclose(set));
    note(w, H5Dclose(put_real(w, beam, "total_flux", 1e12, "Hz")));
    close_group(w, beam);
    hid_t truth = open_group(w, w->file, "/entry/truth", "NXcollection");
    note(w, H5Dclose(put_array(w, truth, "A_matrix", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, size, A, false)));
    note(w, H5Dclose(put_array(w, truth, "unit_cell", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 1, &six,
                               scene_params(w->scene)->cell, false)));
    close_group(w, truth);
}

/* ---- the truth as JSON ---- */

static void json_panel(struct json_writer *j, const char *key, const struct panel *p)
{
    json_object(j, key);
    json_put_reals(j, "origin_mm", p->origin, 3);
    json_put_reals(j, "fast", p->fast, 3);
    json_put_reals(j, "slow", p->slow, 3);
    json_put_real(j, "pixel_mm", p->pixel_fast);
    json_end_object(j);
}

static void json_frame(struct json_writer *j, uint32_t n, const struct simulate_truth *t)
{
    json_object(j, NULL);
    json_put_int(j, "frame", n);
    json_put_real(j, "wavelength", t->wavelength);
    json_put_real(j, "background", t->background);
    json_array(j, "lattices", false);
    for (int i = 0; i < t->n_lattices; i++) {
        json_object(j, NULL);
        json_put_reals(j, "A", t->lattices[i].A, 9);
        json_put_reals(j, "cell", t->lattices[i].cell, 6);
        json_put_real(j, "scale", t->lattices[i].scale);
        json_put_int(j, "n_reflections", t->lattices[i].n_reflections);
        json_end_object(j);
    }
    json_end_array(j);
    json_end_object(j);
}

static bool write_truth(struct simulate_writer *w, struct error *err)
{
    const struct simulate_params *p = scene_params(w->scene);
    size_t length = strlen(w->path);
    struct str text = {0};
    struct json_writer j = {.out = &text, .indent = 1};

    if (str_ends(w->path, ".h5"))
        length -= 3;
    char *name = arena_printf(&w->arena, "%.*s_truth.json", (int)length, w->path);
    json_object(&j, NULL);
    json_put_int(&j, "version", 1);
    json_put_int(&j, "seed", (int64_t)p->seed);
    json_put_text(&j, "space_group", scene_group(w->scene)->hm);
    json_put_reals(&j, "cell", p->cell, 6);
    json_put_real(&j, "wavelength", p->wavelength);
    json_put_real(&j, "domain_size_ang", p->domain_size);
    json_put_real(&j, "mosaicity_deg", p->mosaicity_deg);
    json_put_real(&j, "bandwidth", p->bandwidth);
    json_panel(&j, "true_panel", scene_true_panel(w->scene));
    json_panel(&j, "header_panel", &scene_detector(w->scene)->panels[0]);
    json_array(&j, "frames", false);
    for (uint32_t i = 0; i < w->n_frames; i++)
        json_frame(&j, i, &w->truth[i]);
    json_end_array(&j);
    json_end_object(&j);
    str_addc(&text, '\n');
    bool good = fs_write_atomic(name, text.text, text.len, err);
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

bool simulate_writer_put(struct simulate_writer *w, const uint16_t *pixels,
                         const struct simulate_truth *truth, struct error *err)
{
    const struct panel *p = &scene_detector(w->scene)->panels[0];
    const hsize_t start[3] = {w->done, 0, 0}, size[3] = {1, (hsize_t)p->n_slow, (hsize_t)p->n_fast};

    if (w->done == w->n_frames)
        return error_set(err, ERROR_INTERNAL, "more frames than were announced for %s", w->path);
    w->truth[w->done++] = *truth;
    hid_t memory = note(w, H5Screate_simple(3, size, NULL)), file = note(w, H5Dget_space(w->data));
    note(w, H5Sselect_hyperslab(file, H5S_SELECT_SET, start, NULL, size, NULL));
    note(w, H5Dwrite(w->data, H5T_NATIVE_UINT16, memory, file, H5P_DEFAULT, pixels));
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
        good = w->failed ? cannot_write(w, err) : write_truth(w, err);
    }
    if (good && rename(w->part, w->path) != 0)
        good = error_system(err, ERROR_FAILED, "cannot rename %s to %s", w->part, w->path);
    w->failed = !good;
    release(w);
    return good;
}
