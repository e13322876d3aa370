/* hdf5.c - HDF5 files as sources: ask the helper what is in the file, make a detector of it, read frames by place.
 *
 * The rows differ in where the geometry comes from; how pixels are read is the same for all. */
#include "source/hdf5.h"

#include "source/h5_helper.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

enum { FRAMES_MOST = 100000000 };

uint64_t hdf5_serial(void)
{
    static atomic_uint_fast64_t last;
    return atomic_fetch_add(&last, 1) + 1;
}

/* The signature stands at the start, or after a user block of 512, 1024, 2048 … bytes. */
static bool understands_hdf5(const uint8_t *head, size_t n, const char *path)
{
    static const uint8_t magic[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    (void)path;
    for (size_t at = 0; at + sizeof magic <= n; at = at ? 2 * at : 512) {
        if (memcmp(head + at, magic, sizeof magic) == 0)
            return true;
    }
    return false;
}

/* Rows that open sets; the first one is asked for all HDF5 files. */
static bool understands_none(const uint8_t *head, size_t n, const char *path)
{
    (void)head;
    (void)n;
    (void)path;
    return false;
}

/* ---- frames of a description ---- */

/* One dataset that is all there is and that nobody can read is the file's failure, not each frame's; a missing link is
 * not: the header is good, and frames fail by the name of what is missing. */
static bool check_arrays(const struct source *s, const struct h5_description *d, const struct h5_image *m,
                         bool *known, struct error *err)
{
    const struct h5_array *fault = NULL;
    *known = m->n_pieces == 0;
    for (uint64_t i = 0; i < m->n_pieces; i++) {
        const struct h5_array *a = &d->arrays[m->pieces[i].array];
        if (a->fault_code != ERROR_NONE)
            fault = a;
        else if (!h5_filters_known(a, s->path, err))
            return false;
        *known = *known || a->fault_code == ERROR_NONE;
    }
    if (!*known && fault && fault->fault_code != ERROR_MISSING)
        return error_set(err, (enum error_code)fault->fault_code, "%s: %s: %s", s->path, fault->dataset,
                         fault->fault);
    /* A virtual dataset has its extent although its files are not there. */
    *known = *known || m->extent[H5_SLOW] > 1 || m->extent[H5_FAST] > 1;
    return true;
}

bool hdf5_take_images(struct source *s, struct hdf5 *h, bool *known, struct error *err)
{
    const struct h5_description *d = &h->d;
    h->first = arena_array(&s->arena, h->n_images, sizeof *h->first);
    *known = true;
    for (size_t i = 0; i < h->n_images; i++) {
        const struct h5_image *m = &d->images[i];
        enum pixel_type type;
        bool one;
        if (m->extent[H5_FRAME] != d->images[0].extent[H5_FRAME])
            return error_set(err, ERROR_METADATA, "%s: %s has %s, %s has %llu", s->path, m->name,
                             COUNT(m->extent[H5_FRAME], "frame"), d->images[0].name,
                             (unsigned long long)d->images[0].extent[H5_FRAME]);
        if (!check_arrays(s, d, m, &one, err) || !h5_image_type(d, m, s->path, &type, err))
            return false;
        if (i > 0 && one && *known && type != h->type)
            return error_set(err, ERROR_UNSUPPORTED, "%s: %s has pixels of another type than %s", s->path,
                             m->name, d->images[0].name);
        h->type = type;
        *known = *known && one;
    }
    if (h->n_images == 0 || d->images[0].extent[H5_FRAME] == 0)
        return error_set(err, ERROR_EMPTY, "%s has no frames", s->path);
    if (d->images[0].extent[H5_FRAME] > FRAMES_MOST)
        return error_set(err, ERROR_METADATA, "%s has too many frames", s->path);
    s->n_frames = (uint32_t)d->images[0].extent[H5_FRAME];
    s->type = h->type;
    return true;
}

void hdf5_lay_out(const struct source *s, struct hdf5 *h)
{
    const struct detector *det = s->detector;
    h->in_place = h->n_images == 1;
    h->n_pixels = 0;
    for (size_t i = 0; i < h->n_images; i++) {
        const uint64_t *extent = h->d.images[i].extent;
        h->first[i] = h->n_pixels;
        h->n_pixels += (size_t)(extent[H5_MODULE] * extent[H5_SLOW] * extent[H5_FAST]);
    }
    for (size_t i = 0; i < det->n_panels; i++) {
        const struct panel *p = &det->panels[i];
        const struct panel_place *w = &h->places[i];
        const uint64_t *extent = h->d.images[w->image].extent;
        uint64_t at = (w->module * extent[H5_SLOW] + w->slow) * extent[H5_FAST] + w->fast;
        h->in_place = h->in_place && at == p->first_pixel && (uint64_t)p->n_fast == extent[H5_FAST];
    }
}

/* ---- masks ---- */

/* Frames of a mask that are modules of the frames: a mask [module][slow][fast] has no frame dimension. */
static bool mask_fits(const struct h5_image *mask, const struct h5_image *frames, bool *modules)
{
    const uint64_t *m = mask->extent, *f = frames->extent;
    *modules = m[H5_MODULE] == 1 && f[H5_MODULE] > 1 && m[H5_FRAME] == f[H5_MODULE];
    return m[H5_SLOW] == f[H5_SLOW] && m[H5_FAST] == f[H5_FAST] && m[H5_FRAME] > 0 &&
           (*modules || m[H5_MODULE] == f[H5_MODULE]);
}

/* Which bits a good pixel has, and which it has not. */
static struct mask_bits wanted(struct mask_bits bits)
{
    if (bits.good == 0 && bits.bad == 0)
        bits.bad = UINT32_MAX;
    return bits;
}

/* A row of each width: plain loops, which the compiler turns into vectors (a master file of 4.5 Mpx opens in half the time). Of reals only
 * counts whether they are 0. */
#define CLEAR(T, name, value)                                                                                \
    static void clear_##name(const void *row, size_t n, struct mask_bits bits, uint8_t *to)                  \
    {                                                                                                        \
        const T *v = row;                                                                                    \
        for (size_t i = 0; i < n; i++) {                                                                     \
            uint32_t x = (value);                                                                            \
            to[i] &= (uint8_t)(((x & bits.good) == bits.good) & ((x & bits.bad) == 0));                      \
        }                                                                                                    \
    }
CLEAR(uint8_t, u8, v[i])
CLEAR(uint16_t, u16, v[i])
CLEAR(uint32_t, u32, v[i])
CLEAR(float, f32, v[i] != 0)
CLEAR(double, f64, v[i] != 0)

static void (*const clears[PIXEL_TYPES])(const void *, size_t, struct mask_bits, uint8_t *) = {
    [PIXEL_U8] = clear_u8,   [PIXEL_I8] = clear_u8,   [PIXEL_U16] = clear_u16, [PIXEL_I16] = clear_u16,
    [PIXEL_U32] = clear_u32, [PIXEL_I32] = clear_u32, [PIXEL_F32] = clear_f32, [PIXEL_F64] = clear_f64,
};

static void mask_panel(const struct panel *p, const struct panel_place *w, const uint8_t *image,
                       const uint64_t *extent, enum pixel_type type, struct mask_bits bits, uint8_t *out)
{
    for (int32_t slow = 0; slow < p->n_slow; slow++) {
        size_t row =
            (size_t)((w->module * extent[H5_SLOW] + w->slow + (uint64_t)slow) * extent[H5_FAST] + w->fast);
        clears[type](image + row * pixel_bytes(type), (size_t)p->n_fast, wanted(bits),
                     out + p->first_pixel + (size_t)slow * (size_t)p->n_fast);
    }
}

bool hdf5_apply_mask(const struct h5_description *d, const struct h5_image *mask, const char *name,
                     const struct detector *detector, const struct panel_place *places,
                     const struct h5_image *const *frames, struct mask_bits bits, const uint8_t *only,
                     uint8_t *out, struct error *err)
{
    enum pixel_type type;
    bool modules = false, ok = h5_image_type(d, mask, name, &type, err);
    for (size_t i = 0; ok && i < detector->n_panels; i++) {
        const uint64_t *f = frames[places[i].image]->extent, *m = mask->extent;
        if ((!only || only[i]) && !mask_fits(mask, frames[places[i].image], &modules)) {
            /* what could be read of it says more than a wrong shape */
            const struct h5_array *a = mask->n_pieces > 0 ? &d->arrays[mask->pieces[0].array] : NULL;
            if (a && a->fault_code != ERROR_NONE)
                return error_set(err, (enum error_code)a->fault_code, "%s: mask %s: %s", name, mask->name,
                                 a->fault);
            return error_set(err, ERROR_MASK, "%s: mask %s has %llu x %s, the frames %llu x %llu", name,
                             mask->name, (unsigned long long)m[H5_SLOW], COUNT(m[H5_FAST], "pixel"),
                             (unsigned long long)f[H5_SLOW], (unsigned long long)f[H5_FAST]);
        }
    }
    size_t one = (size_t)(mask->extent[H5_MODULE] * mask->extent[H5_SLOW] * mask->extent[H5_FAST]);
    size_t n = modules ? (size_t)mask->extent[H5_FRAME] : 1;
    struct frame_buffer b = {0};
    ok = ok && n * one <= ((size_t)1 << 28) && bytes_reserve(&b.pixels, n * one * pixel_bytes(type), err);
    for (size_t i = 0; ok && i < n; i++)
        ok = h5_image_read(d, mask, type, i, name, 0, &b, b.pixels.data + i * one * pixel_bytes(type), err);
    for (size_t i = 0; ok && i < detector->n_panels; i++) {
        if (!only || only[i])
            mask_panel(&detector->panels[i], &places[i], b.pixels.data, frames[places[i].image]->extent, type,
                       bits, out);
    }
    frame_buffer_free(&b);
    return ok;
}

static bool take_pixel_mask(struct source *s, struct hdf5 *h, struct error *err)
{
    const struct h5_image *mask = h5_image_find(&h->d, 1), *frames[1] = {&h->d.images[0]};
    if (!mask)
        return true;
    s->mask = arena_alloc(&s->arena, s->detector->n_pixels);
    memset(s->mask, 1, s->detector->n_pixels);
    return hdf5_apply_mask(&h->d, mask, s->path, s->detector, h->places, frames, (struct mask_bits){0, 0},
                           NULL, s->mask, err);
}

/* ---- geometry from the file ---- */

/* Images of which nothing can be read are as large as the panels say. */
static void guess_extent(const struct source *s, struct hdf5 *h)
{
    uint64_t *extent = h->d.images[0].extent;
    for (size_t i = 0; i < s->detector->n_panels; i++) {
        const struct panel *p = &s->detector->panels[i];
        uint64_t end[H5_ROLES] = {0, h->places[i].module + 1, h->places[i].slow + (uint64_t)p->n_slow,
                                  h->places[i].fast + (uint64_t)p->n_fast};
        for (size_t k = H5_MODULE; k < H5_ROLES; k++)
            extent[k] = end[k] > extent[k] ? end[k] : extent[k];
    }
}

static bool geometry_of_nxmx(struct source *s, struct hdf5 *h, bool known, struct error *err)
{
    const char *notes[8];
    size_t n_notes = 0;
    if (!nexus_detector(&h->d, &h->d.images[0], known, h->type, s->path, &s->arena, &s->detector, &h->places,
                        notes, &n_notes, err))
        return false;
    for (size_t i = 0; i < n_notes; i++)
        source_note(s, "%s", notes[i]);
    s->ops = &source_nxmx;
    return true;
}

static bool geometry_of_dectris(struct source *s, struct hdf5 *h, bool known, struct error *err)
{
    s->ops = &source_dectris;
    s->missing = "detector_distance or beam_center";
    return dectris_detector(&h->d, &h->d.images[0], known, h->type, s->path, &s->arena, &s->detector,
                            &h->places, &s->no_distance, &s->no_centre, err);
}

bool hdf5_place_panels(const struct detector *d, const uint64_t *extent, struct panel_place *places)
{
    uint64_t slow = 0;
    bool by_module = extent[H5_MODULE] == d->n_panels, stacked = extent[H5_MODULE] == 1, by_offset = stacked;
    for (size_t i = 0; i < d->n_panels; i++) {
        const struct panel *p = &d->panels[i];
        const int32_t *o = d->info[i].raw_offset;
        bool whole = (uint64_t)p->n_fast == extent[H5_FAST];
        by_module = by_module && whole && (uint64_t)p->n_slow == extent[H5_SLOW];
        stacked = stacked && whole;
        by_offset =
            by_offset && o[0] >= 0 && o[1] >= 0 && (uint64_t)o[0] + (uint64_t)p->n_fast <= extent[H5_FAST] &&
            (uint64_t)o[1] + (uint64_t)p->n_slow <= extent[H5_SLOW] && (i == 0 || o[0] != 0 || o[1] != 0);
        places[i] = (struct panel_place){.module = (uint32_t)i};
        slow += (uint64_t)p->n_slow;
    }
    stacked = stacked && slow == extent[H5_SLOW];
    slow = 0;
    for (size_t i = 0; i < d->n_panels && !by_module; i++) {
        places[i] =
            (struct panel_place){.slow = by_offset ? (uint32_t)d->info[i].raw_offset[1] : (uint32_t)slow,
                                 .fast = by_offset ? (uint32_t)d->info[i].raw_offset[0] : 0};
        slow += (uint64_t)d->panels[i].n_slow;
    }
    return by_module || by_offset || stacked;
}

static bool geometry_of_reference(struct source *s, struct hdf5 *h, struct error *err)
{
    const struct detector *reference = s->options.reference;
    const uint64_t *extent = h->d.images[0].extent;
    s->ops = &source_hdf5_bare;
    if (!reference)
        return error_set(err, ERROR_METADATA, "%s: there is no geometry in it (no NXmx definition)", s->path),
               error_hint(err, "give a CrystFEL geometry (xfelx.geometry.file) or input.reference_geometry");
    s->detector = detector_copy(&s->arena, reference);
    h->places = arena_array(&s->arena, reference->n_panels, sizeof *h->places);
    if (!hdf5_place_panels(reference, extent, h->places))
        return error_set(err, ERROR_METADATA,
                         "%s: its images of %llu x %llu x %llu do not fit the reference geometry", s->path,
                         (unsigned long long)extent[H5_MODULE], (unsigned long long)extent[H5_SLOW],
                         (unsigned long long)extent[H5_FAST]);
    return true;
}

static bool take_geometry(struct source *s, struct hdf5 *h, bool known, struct error *err)
{
    if (strcmp(h->d.layout, "NXmx") == 0)
        return geometry_of_nxmx(s, h, known, err);
    if (strcmp(h->d.layout, "Dectris") == 0)
        return geometry_of_dectris(s, h, known, err);
    return geometry_of_reference(s, h, err);
}

/* ---- the row's functions ---- */

static bool take_wavelengths(struct source *s, struct hdf5 *h, struct error *err)
{
    if (!nexus_wavelengths(&h->d, s->n_frames, s->path, &s->arena, &h->wavelengths, &h->n_wavelengths, err))
        return false;
    if (h->n_wavelengths > 0)
        s->beam.v.wavelength = h->wavelengths[0];
    s->beam.energy_source = h->n_wavelengths > 1 ? 1 : 2;
    /* A first shot without a spectrum must not condemn the others: what is common is taken from the first that has one. */
    for (uint64_t i = 1;
         i < h->n_wavelengths && !(s->beam.v.wavelength > 0 && isfinite(s->beam.v.wavelength)); i++)
        s->beam.v.wavelength = h->wavelengths[i];
    return true;
}

static bool open_by_layout(struct source *s, struct hdf5 *h, struct error *err)
{
    struct h5_request q = {.ask = H5_ASK_LAYOUT, .path = fs_absolute(&s->arena, s->path)};
    bool known;
    if (!h5_ask(&q, &s->arena, &h->d, err))
        return false;
    for (size_t i = 0; i < h->d.n_notes; i++)
        source_note(s, "%s", h->d.notes[i]);
    h->n_images = h->d.n_images > 0 && h->d.images[0].use == 0;
    if (!hdf5_take_images(s, h, &known, err) || !take_geometry(s, h, known, err))
        return false;
    if (!known)
        guess_extent(s, h);
    hdf5_lay_out(s, h);
    return take_pixel_mask(s, h, err) && take_wavelengths(s, h, err);
}

static const struct h5_value *one_a_frame(const struct source *s, const struct hdf5 *h, const char *key)
{
    const struct h5_value *v = h5_value_find(&h->d, key);
    return v && v->n == s->n_frames ? v : NULL;
}

static bool open_hdf5(struct source *s, struct error *err)
{
    struct hdf5 *h = arena_alloc(&s->arena, sizeof *h);
    s->own = h;
    h->serial = hdf5_serial();
    if (!(s->options.geometry_file ? hdf5_open_with_geom(s, h, err) : open_by_layout(s, h, err)))
        return false;
    h->events = one_a_frame(s, h, "event");
    h->times = one_a_frame(s, h, "time");
    h->times_ns = one_a_frame(s, h, "time_ns");
    return true;
}

/* A number that is whole and no wider than a double is sure of; NaN and others: not known. */
static void take_shot(const struct hdf5 *h, uint32_t frame, struct frame *out)
{
    const double most = 9007199254740992;
    double event = h->events ? h->events->v[frame] : NAN, t = h->times ? h->times->v[frame] : NAN;
    double ns = h->times_ns ? h->times_ns->v[frame] : 0;
    if (fabs(event) < most && event == floor(event))
        out->event = (int64_t)event;
    if (t > 0 && t < 4e9 && ns >= 0 && ns < 1e9) /* before 2096 */
        out->t_event = (int64_t)floor(t) * 1000000000 + (int64_t)llround(1e9 * (t - floor(t)) + ns);
}

/* Cut panels out of the images, which stand behind them in the same buffer. */
static void cut_panels(const struct source *s, const struct hdf5 *h, const uint8_t *images, uint8_t *out)
{
    size_t bytes = pixel_bytes(h->type);
    for (size_t i = 0; i < s->detector->n_panels; i++) {
        const struct panel *p = &s->detector->panels[i];
        const struct panel_place *w = &h->places[i];
        const uint64_t *extent = h->d.images[w->image].extent;
        size_t row = h->first[w->image] +
                     (size_t)((w->module * extent[H5_SLOW] + w->slow) * extent[H5_FAST] + w->fast);
        uint8_t *to = out + p->first_pixel * bytes;
        for (int32_t slow = 0; slow < p->n_slow; slow++) {
            memcpy(to, images + row * bytes, (size_t)p->n_fast * bytes);
            to += (size_t)p->n_fast * bytes;
            row += (size_t)extent[H5_FAST];
        }
    }
}

static bool read_hdf5(const struct source *s, uint32_t frame, struct frame_buffer *b, struct frame *out,
                      struct error *err)
{
    const struct hdf5 *h = s->own;
    size_t bytes = pixel_bytes(h->type), panels = h->in_place ? 0 : s->detector->n_pixels * bytes;
    if (!bytes_reserve(&b->pixels, panels + h->n_pixels * bytes, err))
        return false;
    for (size_t i = 0; i < h->n_images; i++) {
        if (!h5_image_read(&h->d, &h->d.images[i], h->type, frame, s->path, h->serial, b,
                           b->pixels.data + panels + h->first[i] * bytes, err))
            return false;
    }
    if (!h->in_place)
        cut_panels(s, h, b->pixels.data + panels, b->pixels.data);
    out->pixels = b->pixels.data;
    if (h->n_wavelengths > 0)
        out->beam.v.wavelength = h->wavelengths[h->n_wavelengths > 1 ? frame : 0];
    out->beam.energy_recorded_ev = NAN; /* of this frame, not of the first: filled in from the wavelength */
    take_shot(h, frame, out);
    return true;
}

static void close_hdf5(struct source *s)
{
    (void)s; /* everything is in the arena; files are open only while a frame is read */
}

const struct source_ops source_nxmx = {
    .info = {"NXmx", "*.h5 *.nxs *.cxi *.hdf5", "NeXus NXmx in HDF5: modules, chains, wavelength per shot"},
    .understands = understands_hdf5,
    .open = open_hdf5,
    .read = read_hdf5,
    .close = close_hdf5,
};

const struct source_ops source_dectris = {
    .info = {"Dectris", "*_master.h5", "Dectris master files without NXmx geometry"},
    .understands = understands_none,
    .open = open_hdf5,
    .read = read_hdf5,
    .close = close_hdf5,
};

const struct source_ops source_hdf5_geom = {
    .info = {"HDF5+geom", "*.h5 *.cxi",
             "any HDF5 images (CXI, Cheetah, SACLA) with a CrystFEL geometry file"},
    .understands = understands_none,
    .open = open_hdf5,
    .read = read_hdf5,
    .close = close_hdf5,
};

const struct source_ops source_hdf5_bare = {
    .info = {"HDF5", "*.h5 *.cxi", "HDF5 images without geometry, with a reference geometry"},
    .understands = understands_none,
    .open = open_hdf5,
    .read = read_hdf5,
    .close = close_hdf5,
};

/* ---- masks from files ---- */

bool source_mask_read_hdf5(const char *path, const struct detector *d, struct arena *a, uint8_t **out,
                           struct error *err)
{
    struct h5_request q = {.ask = H5_ASK_MASK, .path = fs_absolute(a, path)};
    struct h5_description said;
    if (!h5_ask(&q, a, &said, err))
        return false;
    const struct h5_image *mask = h5_image_find(&said, 1);
    if (!mask)
        return error_set(err, ERROR_MISSING, "%s: there is no mask in it", path);
    struct panel_place *places = arena_array(a, d->n_panels, sizeof *places);
    struct h5_image like = *mask; /* the frames that this mask is for */
    if (like.extent[H5_MODULE] == 1 && like.extent[H5_FRAME] == d->n_panels)
        like.extent[H5_MODULE] = d->n_panels;
    if (!hdf5_place_panels(d, like.extent, places))
        return error_set(err, ERROR_MASK, "%s: its mask of %llu x %s does not fit the detector's %s", path,
                         (unsigned long long)mask->extent[H5_SLOW], COUNT(mask->extent[H5_FAST], "pixel"),
                         COUNT(d->n_panels, "panel"));
    const struct h5_image *frames[1] = {&like};
    *out = arena_alloc(a, d->n_pixels);
    memset(*out, 1, d->n_pixels);
    return hdf5_apply_mask(&said, mask, path, d, places, frames, (struct mask_bits){0, 0}, NULL, *out, err);
}

bool source_mask_check_hdf5(const char *path, struct error *err)
{
    struct arena a = {0};
    struct h5_request q = {.ask = H5_ASK_MASK, .path = fs_absolute(&a, path)};
    struct h5_description said;
    bool ok = h5_ask(&q, &a, &said, err) &&
              (h5_image_find(&said, 1) || error_set(err, ERROR_MISSING, "%s: there is no mask in it", path));
    arena_free(&a);
    return ok;
}
