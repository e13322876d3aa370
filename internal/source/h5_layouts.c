/* h5_layouts.c - the other layouts of HDF5 files: Dectris masters without NXmx, files whose geometry comes from
 * elsewhere, datasets named by a geometry file, masks. */
#include "source/h5_describe.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

enum { VALUES_MOST = 100000000 };

/* ---- building ---- */

void h5_add_value(struct h5_builder *b, const char *key, const char *unit, const double *v, uint64_t n)
{
    b->d.values = arena_grow(b->arena, b->d.values, b->d.n_values, sizeof *b->d.values);
    b->d.values[b->d.n_values++] =
        (struct h5_value){arena_strdup(b->arena, key), arena_strdup(b->arena, unit), n,
                          arena_memdup(b->arena, v, (size_t)n * sizeof *v)};
}

void h5_add_text(struct h5_builder *b, const char *key, const char *text)
{
    b->d.texts = arena_grow(b->arena, b->d.texts, b->d.n_texts, sizeof *b->d.texts);
    b->d.texts[b->d.n_texts++] = (struct h5_text){key, arena_strdup(b->arena, text)};
}

void h5_add_note(struct h5_builder *b, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (b->d.n_notes >= 16)
        return;
    b->d.notes = arena_grow(b->arena, b->d.notes, b->d.n_notes, sizeof *b->d.notes);
    b->d.notes[b->d.n_notes++] = arena_strdup(b->arena, text);
}

bool h5_add_numbers(struct h5_builder *b, hid_t loc, const char *path, const char *key)
{
    double *v = NULL;
    uint64_t n = 0;
    if (!h5_numbers(loc, path, VALUES_MOST, b->arena, &v, &n, NULL, NULL))
        return false;
    hid_t dataset = h5_dataset(loc, path);
    const char *unit = h5_attribute_text(dataset, "units", b->arena);
    H5Dclose(dataset);
    h5_add_value(b, key, unit ? unit : "", v, n);
    return true;
}

/* ---- frames of an NXdata group ---- */

static bool is_numbered(const char *name)
{
    if (!str_starts(name, "data_") || name[5] == '\0')
        return false;
    for (const char *p = name + 5; *p; p++) {
        if (!isdigit((unsigned char)*p))
            return false;
    }
    return true;
}

/* The dataset that the attribute signal or the usual name says; data_000001 … in order; else the first with images. */
bool h5_add_frames(struct h5_builder *b, hid_t data, struct error *err)
{
    size_t n, numbered = 0;
    char **names = h5_members(data, b->arena, &n);
    const char *signal = h5_attribute_text(data, "signal", b->arena), *first = NULL;
    bool has_signal = false, has_data = false;
    for (size_t i = 0; i < n; i++) {
        has_signal = has_signal || (signal && strcmp(names[i], signal) == 0);
        has_data = has_data || strcmp(names[i], "data") == 0;
        numbered += is_numbered(names[i]);
        hid_t dataset = first ? -1 : h5_dataset(data, names[i]);
        if (dataset >= 0) {
            hid_t space = H5Dget_space(dataset);
            int rank = H5Sget_simple_extent_ndims(space);
            first = rank >= 3 && rank <= 4 ? names[i] : NULL;
            H5Sclose(space);
            H5Dclose(dataset);
        }
    }
    char *group = h5_name(data, b->arena);
    struct h5_image *m = h5_image_begin(b, 0, group);
    if (has_signal && !is_numbered(signal)) {
        h5_image_add(b, m, data, signal, NULL, 0);
    } else if (has_data) {
        h5_image_add(b, m, data, "data", NULL, 0);
    } else if (numbered > 0) {
        for (size_t i = 0; i < n; i++) {
            if (is_numbered(names[i]))
                h5_image_add(b, m, data, names[i], NULL, 0);
        }
    } else if (first) {
        h5_image_add(b, m, data, first, NULL, 0);
    } else {
        return error_set(err, ERROR_METADATA, "%s: there is no dataset with images in %s", b->path, group);
    }
    h5_image_end(b, m);
    return true;
}

/* ---- facts about a detector ---- */

static void add_mask_at(struct h5_builder *b, hid_t loc, const char *path)
{
    struct h5_image *m = h5_image_begin(b, 1, path);
    h5_image_add(b, m, loc, path, NULL, 0);
    h5_image_end(b, m);
}

static bool has_dataset(hid_t loc, const char *path)
{
    hid_t dataset = h5_dataset(loc, path);
    if (dataset >= 0)
        H5Dclose(dataset);
    return dataset >= 0;
}

static bool link_there(hid_t loc, const char *path)
{
    return H5Lexists(loc, path, H5P_DEFAULT) > 0;
}

void h5_add_detector_facts(struct h5_builder *b, hid_t detector)
{
    static const char *const numbers[] = {
        "saturation_value",
        "underload_value",
        "bit_depth_readout",
        "sensor_thickness",
        "beam_center_x",
        "beam_center_y",
        "x_pixel_size",
        "y_pixel_size",
        "detector_distance",
        "distance",
        "detectorSpecific/photon_energy",
        "detectorSpecific/x_pixels_in_detector",
        "detectorSpecific/y_pixels_in_detector",
        "detectorSpecific/countrate_correction_count_cutoff",
    };
    static const char *const texts[] = {"sensor_material", "description", "type"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        h5_add_numbers(b, detector, numbers[i], fs_name(numbers[i]));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *text = h5_text(detector, texts[i], b->arena);
        if (text)
            h5_add_text(b, texts[i], text);
    }
    if (link_there(detector, "pixel_mask"))
        add_mask_at(b, detector, "pixel_mask");
    else if (has_dataset(detector, "detectorSpecific/pixel_mask"))
        add_mask_at(b, detector, "detectorSpecific/pixel_mask");
}

/* ---- Dectris masters ---- */

bool h5_describe_dectris(struct h5_builder *b, struct error *err)
{
    hid_t detector = h5_object(b->file, "/entry/instrument/detector"),
          data = h5_object(b->file, "/entry/data");
    bool ours = detector >= 0 && data >= 0 && has_dataset(detector, "x_pixel_size") &&
                (has_dataset(detector, "detector_distance") || has_dataset(detector, "beam_center_x"));
    bool ok = ours && h5_add_frames(b, data, err);
    if (ok) {
        b->d.layout = "Dectris";
        h5_add_detector_facts(b, detector);
        hid_t beam = h5_object(b->file, "/entry/instrument/beam");
        if (beam >= 0) {
            h5_add_beam(b, beam);
            H5Oclose(beam);
        }
    }
    if (detector >= 0)
        H5Oclose(detector);
    if (data >= 0)
        H5Oclose(data);
    return ok;
}

/* ---- images without a geometry ---- */

static bool add_bare_frames(struct h5_builder *b, struct error *err)
{
    static const char *const groups[] = {"/entry/data", "/entry_1/data_1", "/entry_1/instrument_1/detector_1",
                                         "/data"};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        hid_t group = h5_object(b->file, groups[i]);
        if (group < 0)
            continue;
        bool ok = h5_is_group(group) && h5_add_frames(b, group, err);
        H5Oclose(group);
        if (ok)
            return true;
        *err = (struct error){0};
        b->d.n_images = 0;
    }
    return false;
}

/* Files that hold images at a well-known place and say nothing of the detector: a reference geometry must come with
 * them. */
bool h5_describe_bare(struct h5_builder *b, struct error *err)
{
    b->d.layout = "bare";
    if (!add_bare_frames(b, err))
        return false;
    static const char *const waves[][2] = {
        {"/LCLS/photon_wavelength_A", "angstrom"},
        {"/LCLS/photon_energy_eV", "eV"},
        {"/entry/instrument/beam/incident_wavelength", ""},
        {"/entry_1/instrument_1/source_1/energy", "J"},
    };
    for (size_t i = 0; i < sizeof waves / sizeof *waves; i++) {
        double *v = NULL;
        uint64_t n = 0;
        if (strcmp(waves[i][1], "") == 0 && h5_add_numbers(b, b->file, waves[i][0], "wavelength"))
            break;
        if (strcmp(waves[i][1], "") != 0 &&
            h5_numbers(b->file, waves[i][0], VALUES_MOST, b->arena, &v, &n, NULL, NULL)) {
            h5_add_value(b, strcmp(waves[i][1], "angstrom") == 0 ? "wavelength" : "energy", waves[i][1], v,
                         n);
            break;
        }
    }
    if (has_dataset(b->file, "/entry_1/data_1/mask"))
        add_mask_at(b, b->file, "/entry_1/data_1/mask");
    return true;
}

/* ---- datasets that a geometry file names ---- */

/* Groups that a path with one "%" can mean, in order of their names: "/tag-%/data". */
static char **expand(struct h5_builder *b, const char *pattern, size_t *n_out)
{
    const char *mark = strchr(pattern, '%');
    size_t head_n = (size_t)(mark - pattern), n = 0;
    while (head_n > 0 && pattern[head_n - 1] != '/')
        head_n--;
    const char *prefix = arena_strndup(b->arena, pattern + head_n, (size_t)(mark - pattern) - head_n);
    const char *folder = head_n > 0 ? arena_strndup(b->arena, pattern, head_n) : "/";
    const char *tail = strchr(mark, '/');
    const char *suffix =
        arena_strndup(b->arena, mark + 1, tail ? (size_t)(tail - mark - 1) : strlen(mark + 1));
    char **paths = NULL;
    hid_t group = h5_object(b->file, folder);
    *n_out = 0;
    if (group < 0)
        return NULL;
    char **names = h5_members(group, b->arena, &n);
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(names[i]);
        if (!str_starts(names[i], prefix) || !str_ends(names[i], suffix) ||
            length <= strlen(prefix) + strlen(suffix))
            continue;
        char *path = arena_printf(b->arena, "%s%s%s", folder, names[i], tail ? tail : "");
        if (!has_dataset(b->file, path))
            continue;
        paths = arena_grow(b->arena, paths, *n_out, sizeof *paths);
        paths[(*n_out)++] = path;
    }
    H5Oclose(group);
    return paths;
}

/* A mask has the dimensions of the images, or all but that of frames, or the usual ones. */
static size_t mask_roles(struct h5_builder *b, const struct h5_wanted *w, uint32_t *roles)
{
    hid_t dataset = h5_dataset(b->file, w->path);
    if (dataset < 0)
        return 0;
    hid_t space = H5Dget_space(dataset);
    int rank = H5Sget_simple_extent_ndims(space);
    H5Sclose(space);
    H5Dclose(dataset);
    size_t n = 0;
    bool all = rank == (int)w->n_roles;
    for (size_t i = 0; i < w->n_roles; i++) {
        if (all || w->roles[i] != H5_FRAME)
            roles[n++] = w->roles[i];
    }
    return rank == (int)n ? n : 0;
}

static void add_wanted(struct h5_builder *b, const struct h5_wanted *given)
{
    size_t n = 0;
    struct h5_wanted own = *given, *w = &own;
    if (given->use >= H5_USE_MASKS)
        own.n_roles = (uint32_t)mask_roles(b, given, own.roles);
    struct h5_image *m = h5_image_begin(b, w->use, w->path);
    if (strchr(w->path, '%')) {
        char **paths = expand(b, w->path, &n);
        for (size_t i = 0; i < n; i++)
            h5_image_add(b, m, b->file, paths[i], w->roles, w->n_roles);
        if (w->use == 0)
            h5_add_events_of_groups(b, w->path, paths, n);
    }
    if (n == 0)
        h5_image_add(b, m, b->file, w->path, w->roles, w->n_roles);
    h5_image_end(b, m);
}

/* Numbers at a path; one a shot when the path has a "%". */
static void add_wanted_value(struct h5_builder *b, const char *pattern)
{
    if (!strchr(pattern, '%')) {
        h5_add_numbers(b, b->file, pattern, pattern);
        return;
    }
    size_t n = 0;
    char **paths = expand(b, pattern, &n);
    double *all = arena_array(b->arena, n, sizeof *all), *v;
    uint64_t count;
    for (size_t i = 0; i < n; i++) {
        if (!h5_numbers(b->file, paths[i], 1, b->arena, &v, &count, NULL, NULL))
            return;
        all[i] = v[0];
    }
    if (n > 0)
        h5_add_value(b, pattern, "", all, n);
}

bool h5_describe_paths(struct h5_builder *b, const struct h5_request *q, struct error *err)
{
    (void)err;
    b->d.layout = "paths";
    for (size_t i = 0; i < q->n_images; i++)
        add_wanted(b, &q->images[i]);
    for (size_t i = 0; i < q->n_values; i++)
        add_wanted_value(b, q->values[i]);
    return true;
}

/* ---- masks ---- */

bool h5_describe_mask(struct h5_builder *b, struct error *err)
{
    static const char *const places[] = {"/mask", "/entry/instrument/detector/pixel_mask",
                                         "/entry/instrument/detector/detectorSpecific/pixel_mask",
                                         "/entry_1/data_1/mask"};
    b->d.layout = "mask";
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (has_dataset(b->file, places[i])) {
            add_mask_at(b, b->file, places[i]);
            return true;
        }
    }
    if (h5_describe_nxmx(b, err) && h5_image_find(&b->d, 1)) {
        b->d.layout = "mask";
        return true;
    }
    return error_set(err, ERROR_MISSING, "%s: there is no mask in it (/mask or NXmx pixel_mask)", b->path);
}

/* ---- a request ---- */

static bool describe_layout(struct h5_builder *b, struct error *err)
{
    static bool (*const layouts[])(struct h5_builder *, struct error *) = {
        h5_describe_nxmx, h5_describe_dectris, h5_describe_bare};
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        b->d = (struct h5_description){0};
        if (layouts[i](b, err))
            return true;
        if (err->code != ERROR_NONE)
            return false;
    }
    return error_set(err, ERROR_UNREADABLE, "%s: an HDF5 file without images where they are looked for",
                     b->path),
           error_hint(err,
                      "NXmx, Dectris masters and, with xfelx.geometry.file, CXI and Cheetah files are read");
}

bool h5_describe(const struct h5_request *q, struct arena *a, struct h5_description *out, struct error *err)
{
    struct h5_builder b = {.arena = a, .path = q->path};
    *err = (struct error){0};
    b.file = h5_file_open(q->path, err);
    if (b.file < 0)
        return false;
    bool ok = q->ask == H5_ASK_PATHS  ? h5_describe_paths(&b, q, err)
              : q->ask == H5_ASK_MASK ? h5_describe_mask(&b, err)
                                      : describe_layout(&b, err);
    if (ok && q->ask != H5_ASK_MASK)
        h5_add_shots(&b);
    h5_file_close(b.file);
    *out = b.d;
    return ok;
}
