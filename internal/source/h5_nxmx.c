/* h5_nxmx.c - NXmx: everything is found by class, not by name (FORMATS_INPUT 5). Transformations are collected as they
 * are; the parent multiplies them. */
#include "source/h5_describe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { AXES_MOST = 100000, VALUES_MOST = 100000000 };

/* ---- transformations ---- */

static char *resolve(struct h5_builder *b, const char *holder, const char *target)
{
    while (str_starts(target, "./"))
        target += 2;
    if (target[0] == '/')
        return arena_strdup(b->arena, target);
    char *folder = fs_folder(b->arena, holder);
    char *near = fs_join(b->arena, folder, target);
    hid_t object = h5_object(b->file, near);
    if (object < 0)
        return arena_printf(b->arena, "/%s", target); /* absolute without its slash: seen in files */
    H5Oclose(object);
    return near;
}

/* Index of the axis at a path; it is added when it is new, with its depends_on still to be followed. -1: error set. */
static int32_t axis_at(struct h5_builder *b, const char *path, const char *holder, struct error *err)
{
    for (size_t i = 0; i < b->d.n_axes; i++) {
        if (strcmp(b->d.axes[i].path, path) == 0)
            return (int32_t)i;
    }
    if (b->d.n_axes >= AXES_MOST)
        return error_set(err, ERROR_METADATA, "%s: more than %d transformations", b->path, AXES_MOST), -1;
    hid_t dataset = h5_dataset(b->file, path);
    if (dataset < 0)
        return error_set(err, ERROR_METADATA, "%s: %s depends on %s, which is not there", b->path, holder,
                         path),
               -1;
    b->d.axes = arena_grow(b->arena, b->d.axes, b->d.n_axes, sizeof *b->d.axes);
    struct h5_axis *x = &b->d.axes[b->d.n_axes];
    *x = (struct h5_axis){.path = path, .depends_on = -1};

    double *v = NULL;
    uint64_t n = 0;
    const char *kind = h5_attribute_text(dataset, "transformation_type", b->arena);
    const char *unit = h5_attribute_text(dataset, "units", b->arena);
    const char *offset_unit = h5_attribute_text(dataset, "offset_units", b->arena);
    const char *component = h5_attribute_text(dataset, "equipment_component", b->arena);
    x->unit = unit ? unit : "";
    x->offset_unit = offset_unit ? offset_unit : "";
    x->component = component ? component : "";
    x->rotation = kind && strcmp(kind, "rotation") == 0;
    bool has_vector = h5_attribute_numbers(dataset, "vector", x->vector, 3) == 3;
    h5_attribute_numbers(dataset, "offset", x->offset, 3);
    bool has_value = h5_numbers(b->file, path, VALUES_MOST, b->arena, &v, &n, NULL, NULL);
    H5Dclose(dataset);
    if (kind && !x->rotation && strcmp(kind, "translation") != 0)
        return error_set(err, ERROR_METADATA, "%s: %s is a \"%s\", neither translation nor rotation", b->path,
                         path, kind),
               -1;
    if (!has_vector || !has_value)
        return error_set(err, ERROR_METADATA, "%s: %s has no %s", b->path, path,
                         has_vector ? "number" : "vector of three"),
               -1;
    x->value = v[0];
    for (uint64_t i = 1; i < n; i++)
        x->varies |= v[i] != v[0];
    return (int32_t)b->d.n_axes++;
}

/* Follow depends_on of every axis from the i-th on; new ones are added behind and followed in turn. */
static bool follow_axes(struct h5_builder *b, size_t i, struct error *err)
{
    for (; i < b->d.n_axes; i++) {
        const char *path = b->d.axes[i].path;
        hid_t dataset = h5_dataset(b->file, path);
        const char *target = h5_attribute_text(dataset, "depends_on", b->arena);
        H5Dclose(dataset);
        char *module_offset = fs_join(b->arena, fs_folder(b->arena, path), "module_offset");
        bool root = !target || strcmp(target, ".") == 0 || target[0] == '\0';
        const char *name = fs_name(path);
        if (root &&
            (strcmp(name, "fast_pixel_direction") == 0 || strcmp(name, "slow_pixel_direction") == 0)) {
            hid_t offset = h5_dataset(b->file, module_offset);
            root = offset < 0;
            target = module_offset;
            if (offset >= 0)
                H5Dclose(offset);
        }
        if (root)
            continue;
        int32_t parent = axis_at(b, resolve(b, path, target), path, err);
        if (parent < 0)
            return false;
        b->d.axes[i].depends_on = parent; /* after axis_at: the row may have moved */
    }
    return true;
}

/* ---- modules ---- */

static bool module_numbers(struct h5_builder *b, hid_t group, const char *module, const char *name,
                           uint64_t *out, uint32_t *n_out, struct error *err)
{
    double *v = NULL;
    uint64_t n = 0;
    if (!h5_numbers(group, name, 3, b->arena, &v, &n, NULL, NULL) || n < 2)
        return error_set(err, ERROR_METADATA, "%s: %s/%s is not two or three numbers", b->path, module, name);
    for (uint64_t i = 0; i < n; i++) {
        if (!(v[i] >= 0 && v[i] <= 1e9))
            return error_set(err, ERROR_METADATA, "%s: %s/%s is out of range", b->path, module, name);
        out[i] = (uint64_t)v[i];
    }
    *n_out = (uint32_t)n;
    return true;
}

static bool add_module(struct h5_builder *b, hid_t group, struct error *err)
{
    struct h5_module m = {.path = h5_name(group, b->arena)};
    if (!module_numbers(b, group, m.path, "data_origin", m.origin, &m.n_origin, err) ||
        !module_numbers(b, group, m.path, "data_size", m.size, &m.n_size, err))
        return false;
    size_t first = b->d.n_axes;
    int32_t fast = axis_at(b, arena_printf(b->arena, "%s/fast_pixel_direction", m.path), m.path, err);
    int32_t slow =
        fast < 0 ? -1 : axis_at(b, arena_printf(b->arena, "%s/slow_pixel_direction", m.path), m.path, err);
    if (slow < 0 || !follow_axes(b, first, err))
        return false;
    m.fast = (uint32_t)fast;
    m.slow = (uint32_t)slow;
    b->d.modules = arena_grow(b->arena, b->d.modules, b->d.n_modules, sizeof *b->d.modules);
    b->d.modules[b->d.n_modules++] = m;
    return true;
}

static bool add_modules(struct h5_builder *b, hid_t detector, struct error *err)
{
    size_t n, i = 0;
    const char *name;
    char **names = h5_members(detector, b->arena, &n);
    for (hid_t module;
         (module = h5_next_of_class(detector, "NXdetector_module", names, n, &i, &name)) >= 0;) {
        bool ok = add_module(b, module, err);
        H5Oclose(module);
        if (!ok)
            return false;
    }
    return true;
}

/* ---- the wavelength ---- */

/* One row of a dataset of two dimensions, or all of one of one. */
static bool read_row(hid_t dataset, int rank, uint64_t row, uint64_t n, double *out)
{
    hsize_t start[2] = {rank == 2 ? row : 0, 0}, count[2] = {rank == 2 ? 1 : n, n}, one = n;
    hid_t space = H5Dget_space(dataset), memory = H5Screate_simple(1, &one, NULL);
    bool ok = H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
              H5Dread(dataset, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, out) >= 0;
    H5Sclose(space);
    H5Sclose(memory);
    return ok;
}

static int shape(hid_t dataset, hsize_t dims[2])
{
    hid_t space = H5Dget_space(dataset);
    int rank = H5Sget_simple_extent_ndims(space);
    if (rank == 1 || rank == 2)
        H5Sget_simple_extent_dims(space, dims, NULL);
    H5Sclose(space);
    return rank;
}

/* Weighted mean of spectra: channels [n] or [frame][n], weights [n] or [frame][n]. */
static bool add_spectra(struct h5_builder *b, hid_t channels, hid_t weights, const char *key,
                        const char *unit)
{
    hsize_t c[2], w[2];
    int c_rank = shape(channels, c), w_rank = shape(weights, w);
    if (c_rank < 1 || c_rank > 2 || w_rank < 1 || w_rank > 2)
        return false;
    uint64_t n = c[c_rank - 1], frames = c_rank == 2 ? c[0] : w_rank == 2 ? w[0] : 1;
    if (w[w_rank - 1] != n || (c_rank == 2 && w_rank == 2 && c[0] != w[0]) || n < 1 || n > 1000000 ||
        frames < 1 || frames > VALUES_MOST)
        return false;
    double *x = arena_array(b->arena, (size_t)n, sizeof *x), *y = arena_array(b->arena, (size_t)n, sizeof *y);
    double *mean = arena_array(b->arena, (size_t)frames, sizeof *mean);
    for (uint64_t f = 0; f < frames; f++) {
        double sum = 0, total = 0;
        if (((f == 0 || c_rank == 2) && !read_row(channels, c_rank, f, n, x)) ||
            ((f == 0 || w_rank == 2) && !read_row(weights, w_rank, f, n, y)))
            return false;
        for (uint64_t i = 0; i < n; i++) {
            sum += x[i] * y[i];
            total += y[i];
        }
        mean[f] = total > 0 ? sum / total : (double)NAN; /* a shot without a spectrum has no wavelength */
    }
    h5_add_value(b, key, unit, mean, frames);
    return true;
}

static bool add_wave(struct h5_builder *b, hid_t beam, const char *name, const char *key)
{
    hid_t dataset = h5_dataset(beam, name);
    if (dataset < 0)
        return false;
    hsize_t dims[2];
    const char *unit = h5_attribute_text(dataset, "units", b->arena);
    hid_t weights = h5_dataset(beam, arena_printf(b->arena, "%s_weights", name));
    bool ok = false;
    if (weights >= 0) {
        ok = add_spectra(b, dataset, weights, key, unit ? unit : "");
        if (!ok)
            h5_add_note(b, "%s and its weights do not fit together", name);
        H5Dclose(weights);
    } else if (shape(dataset, dims) == 2 && dims[1] > 1) {
        h5_add_note(b, "%s has spectra without weights; it is not used", name);
    } else {
        ok = h5_add_numbers(b, beam, name, key);
    }
    H5Dclose(dataset);
    return ok;
}

bool h5_add_beam(struct h5_builder *b, hid_t beam)
{
    static const struct {
        const char *name, *key;
    } items[] = {{"incident_wavelength", "wavelength"}, {"incident_energy", "energy"}};
    for (size_t i = 0; i < 2; i++) {
        hid_t dataset = h5_dataset(beam, items[i].name);
        if (dataset < 0)
            continue;
        const char *variant = h5_attribute_text(dataset, "variant", b->arena);
        H5Dclose(dataset);
        if ((variant && add_wave(b, beam, variant, items[i].key)) ||
            add_wave(b, beam, items[i].name, items[i].key))
            return true;
    }
    return false;
}

/* ---- the whole ---- */

/* First group of a class in another, or the one that the attribute "default" names when it is of the class. */
static hid_t first_of_class(struct h5_builder *b, hid_t group, const char *class_name)
{
    const char *name = h5_attribute_text(group, "default", b->arena);
    hid_t object = name ? h5_object(group, name) : -1;
    if (object >= 0 && h5_is_group(object) && h5_class_is(object, class_name))
        return object;
    if (object >= 0)
        H5Oclose(object);
    size_t n, i = 0;
    char **names = h5_members(group, b->arena, &n);
    return h5_next_of_class(group, class_name, names, n, &i, &name);
}

static hid_t find_entry(struct h5_builder *b)
{
    size_t n, i = 0;
    const char *name;
    hid_t root = h5_object(b->file, "/");
    char **names = h5_members(root, b->arena, &n);
    hid_t entry;
    while ((entry = h5_next_of_class(root, "NXentry", names, n, &i, &name)) >= 0) {
        const char *definition = h5_text(entry, "definition", b->arena);
        if (definition && strcmp(definition, "NXmx") == 0)
            break;
        H5Oclose(entry);
    }
    H5Oclose(root);
    return entry;
}

/* The first detector that has modules; others are named in a note. */
static hid_t find_detector(struct h5_builder *b, hid_t instrument, struct error *err)
{
    size_t n, i = 0, unused;
    const char *name;
    char **names = h5_members(instrument, b->arena, &n);
    hid_t found = -1, detector;
    while ((detector = h5_next_of_class(instrument, "NXdetector", names, n, &i, &name)) >= 0) {
        size_t k = 0;
        char **inner = h5_members(detector, b->arena, &unused);
        hid_t module = h5_next_of_class(detector, "NXdetector_module", inner, unused, &k, &name);
        if (module >= 0)
            H5Oclose(module);
        if (module >= 0 && found < 0) {
            found = detector;
            continue;
        }
        if (module >= 0)
            h5_add_note(b, "only the first of several detectors is read; left out: %s",
                        h5_name(detector, b->arena));
        H5Oclose(detector);
    }
    if (found >= 0 && !add_modules(b, found, err)) {
        H5Oclose(found);
        return -1;
    }
    return found;
}

static void add_beam_of(struct h5_builder *b, hid_t entry, hid_t instrument)
{
    hid_t sample = first_of_class(b, entry, "NXsample"), holders[] = {instrument, sample};
    for (size_t i = 0; i < 2; i++) {
        hid_t beam = holders[i] >= 0 ? first_of_class(b, holders[i], "NXbeam") : -1;
        bool done = beam >= 0 && h5_add_beam(b, beam);
        if (beam >= 0)
            H5Oclose(beam);
        if (done)
            break;
    }
    if (sample >= 0)
        H5Oclose(sample);
}

static bool describe_entry(struct h5_builder *b, hid_t entry, hid_t instrument, struct error *err)
{
    hid_t detector = find_detector(b, instrument, err);
    if (detector < 0)
        return false; /* without an error: no modules, perhaps another layout */
    hid_t data = first_of_class(b, entry, "NXdata");
    bool ok = false;
    if (data < 0) {
        error_set(err, ERROR_METADATA, "%s: there is no NXdata group with images", b->path);
    } else {
        ok = h5_add_frames(b, data, err);
        h5_add_numbers(b, data, "data_scale_factor", "data_scale_factor");
        H5Oclose(data);
    }
    if (ok) {
        add_beam_of(b, entry, instrument);
        h5_add_detector_facts(b, detector);
    }
    H5Oclose(detector);
    return ok;
}

bool h5_describe_nxmx(struct h5_builder *b, struct error *err)
{
    hid_t entry = find_entry(b);
    if (entry < 0)
        return false;
    b->d.layout = "NXmx";
    hid_t instrument = first_of_class(b, entry, "NXinstrument");
    bool ok = instrument >= 0 && describe_entry(b, entry, instrument, err);
    if (instrument >= 0)
        H5Oclose(instrument);
    H5Oclose(entry);
    return ok;
}
