/* hdf5_geom.c - HDF5 images whose geometry is in a CrystFEL .geom file: which datasets to ask for, where each panel
 * lies in them, what the file's numbers mean. */
#include "source/hdf5.h"

#include "source/geom.h"
#include "source/h5_helper.h"

#include <math.h>
#include <string.h>

enum { WANTED_MOST = 512 };

/* What is asked of the image file, and what it is for. */
struct wanted {
    struct h5_wanted images[WANTED_MOST];
    size_t n_images;
    const char *values[WANTED_MOST];
    size_t n_values;
};

/* ---- asking ---- */

/* Roles of a panel's dimensions; the number of a fixed one is its module. */
static bool panel_roles(const struct geom *g, const struct geom_panel *p, struct h5_wanted *out,
                        uint32_t *module, struct error *err)
{
    bool numbered = false;
    out->n_roles = 0;
    *module = 0;
    for (size_t i = 0; i < GEOM_DIMENSIONS && p->dim[i].kind != GEOM_DIM_NONE; i++) {
        if (out->n_roles == H5_ROLES || (p->dim[i].kind == GEOM_DIM_NUMBER && numbered))
            return error_set(err, ERROR_UNSUPPORTED,
                             "%s: panel %s: more dimensions than frame, one number, ss and fs", g->name,
                             p->name);
        out->roles[out->n_roles++] = p->dim[i].kind == GEOM_DIM_FRAME  ? H5_FRAME
                                     : p->dim[i].kind == GEOM_DIM_SLOW ? H5_SLOW
                                     : p->dim[i].kind == GEOM_DIM_FAST ? H5_FAST
                                                                       : H5_MODULE;
        if (p->dim[i].kind == GEOM_DIM_NUMBER) {
            numbered = true;
            *module = p->dim[i].number;
        }
    }
    return true;
}

static bool same_roles(const struct h5_wanted *a, const struct h5_wanted *b)
{
    return a->n_roles == b->n_roles && memcmp(a->roles, b->roles, a->n_roles * sizeof *a->roles) == 0;
}

/* Index of a wanted image, added when new. */
static bool want_image(struct wanted *w, const struct h5_wanted *image, const char *name, uint32_t *index,
                       struct error *err)
{
    for (size_t i = 0; i < w->n_images; i++) {
        if (strcmp(w->images[i].path, image->path) != 0 ||
            (w->images[i].use >= H5_USE_MASKS) != (image->use >= H5_USE_MASKS))
            continue;
        if (!same_roles(&w->images[i], image))
            return error_set(err, ERROR_UNSUPPORTED, "%s: panels of %s have different dimensions", name,
                             image->path);
        *index = (uint32_t)i;
        return true;
    }
    if (w->n_images == WANTED_MOST)
        return error_set(err, ERROR_UNSUPPORTED, "%s: more than %d datasets are named", name, WANTED_MOST);
    *index = (uint32_t)w->n_images;
    w->images[w->n_images] = *image;
    w->images[w->n_images].use += *index;
    w->n_images++;
    return true;
}

static bool want_value(struct wanted *w, const struct geom_value *v, const char *name, struct error *err)
{
    if (!v->path)
        return true;
    for (size_t i = 0; i < w->n_values; i++) {
        if (strcmp(w->values[i], v->path) == 0)
            return true;
    }
    if (w->n_values == WANTED_MOST)
        return error_set(err, ERROR_UNSUPPORTED, "%s: more than %d numbers are taken from the file", name,
                         WANTED_MOST);
    w->values[w->n_values++] = v->path;
    return true;
}

/* Frames first (uses 0 …), then masks (uses from H5_USE_MASKS + index on): places say which image a panel is in. */
static bool want_all(const struct geom *g, struct wanted *w, struct panel_place *places, size_t *n_frames,
                     struct error *err)
{
    for (size_t i = 0; i < g->n_panels; i++) {
        const struct geom_panel *p = &g->panels[i];
        struct h5_wanted image = {.path = p->data};
        if (!panel_roles(g, p, &image, &places[i].module, err) ||
            !want_image(w, &image, g->name, &places[i].image, err) || !want_value(w, &p->clen, g->name, err))
            return false;
        places[i].slow = (uint32_t)p->min_ss;
        places[i].fast = (uint32_t)p->min_fs;
    }
    *n_frames = w->n_images;
    for (size_t i = 0; i < g->n_panels; i++) {
        for (size_t k = 0; k < GEOM_MASKS; k++) {
            const struct geom_mask *m = &g->panels[i].mask[k];
            struct h5_wanted image = {.path = m->data, .use = H5_USE_MASKS};
            uint32_t unused;
            if (m->data && !m->file &&
                (!panel_roles(g, &g->panels[i], &image, &unused, err) ||
                 !want_image(w, &image, g->name, &unused, err)))
                return false;
        }
    }
    return want_value(w, &g->clen, g->name, err) && want_value(w, &g->energy, g->name, err) &&
           want_value(w, &g->shift_x, g->name, err) && want_value(w, &g->shift_y, g->name, err);
}

/* ---- numbers ---- */

/* A number of the first frame; all of them in *all. */
static bool number_of(struct source *s, const struct h5_description *d, const struct geom_value *v,
                      const char *what, double *out, const struct h5_value **all, struct error *err)
{
    const struct h5_value *found = NULL;
    *out = v->value;
    if (v->path && !(found = h5_value_find(d, v->path)))
        return error_set(err, ERROR_METADATA, "%s: there is no %s, which the geometry takes for its %s",
                         s->path, v->path, what);
    if (found) {
        *out = found->v[0] * v->factor;
        for (uint64_t i = 1; i < found->n && !all; i++) {
            if (fabs(found->v[i] * v->factor - *out) > 1e-6) {
                source_note(s, "%s differs from frame to frame; that of the first is used", v->path);
                break;
            }
        }
    }
    if (all)
        *all = found;
    return isfinite(*out) || error_set(err, ERROR_METADATA, "%s: its %s is not a number", s->path, what);
}

static bool take_energy(struct source *s, struct hdf5 *h, const struct geom *g, double *ev, struct error *err)
{
    const struct h5_value *all = NULL;
    *ev = 0;
    if (g->wavelength > 0) {
        s->beam.v.wavelength = g->wavelength;
        *ev = EV_ANGSTROM / g->wavelength;
        return true;
    }
    if (!g->has_wave)
        return true; /* a parameter may give it */
    if (!number_of(s, &h->d, &g->energy, "photon energy", ev, &all, err))
        return false;
    s->beam.v.wavelength = EV_ANGSTROM / *ev;
    if (!all || all->n == 1)
        return true;
    if (all->n < s->n_frames)
        return error_set(err, ERROR_METADATA, "%s: it has %s and %llu photon energies", s->path,
                         COUNT(s->n_frames, "frame"), (unsigned long long)all->n);
    h->n_wavelengths = s->n_frames;
    h->wavelengths = arena_array(&s->arena, s->n_frames, sizeof *h->wavelengths);
    for (uint32_t i = 0; i < s->n_frames; i++)
        h->wavelengths[i] = EV_ANGSTROM / (all->v[i] * g->energy.factor);
    s->beam.energy_source = 1;
    return true;
}

/* ---- masks ---- */

static bool file_mask(struct source *s, const struct geom *g, const struct geom_mask *m,
                      struct h5_description *out, struct error *err)
{
    struct arena *a = &s->arena;
    char *path = fs_join(a, fs_folder(a, g->name), m->file);
    struct h5_wanted wanted = {.path = m->data, .use = H5_USE_MASKS};
    struct h5_request q = {.ask = H5_ASK_PATHS, .n_images = 1, .images = &wanted};
    q.path = fs_absolute(a, fs_is_file(path) ? path : m->file);
    return h5_ask(&q, a, out, err);
}

static bool same_mask(const struct geom_mask *a, const struct geom_mask *b)
{
    return a->data && b->data && strcmp(a->data, b->data) == 0 && (a->file != NULL) == (b->file != NULL) &&
           (!a->file || strcmp(a->file, b->file) == 0) && a->good == b->good && a->bad == b->bad;
}

/* Mask k of panel i, for all panels that have the same one; the first of them does it. */
static bool apply_one(struct source *s, struct hdf5 *h, const struct geom *g, const struct wanted *w,
                      size_t i, size_t k, const struct h5_image *const *frames, uint8_t *only,
                      struct error *err)
{
    const struct geom_mask *m = &g->panels[i].mask[k];
    struct h5_description other;
    const struct h5_description *d = &h->d;
    const struct h5_image *image = NULL;
    for (size_t p = 0; p < g->n_panels; p++) {
        only[p] = same_mask(m, &g->panels[p].mask[k]);
        if (only[p] && p < i)
            return true;
    }
    if (m->file) {
        if (!file_mask(s, g, m, &other, err))
            return false;
        d = &other;
        image = h5_image_find(d, H5_USE_MASKS);
    }
    for (size_t n = 0; n < w->n_images && !m->file; n++) {
        if (w->images[n].use >= H5_USE_MASKS && strcmp(w->images[n].path, m->data) == 0)
            image = h5_image_find(d, w->images[n].use);
    }
    if (!image)
        return error_set(err, ERROR_MISSING, "%s: there is no mask %s", s->path, m->data);
    return hdf5_apply_mask(d, image, m->file ? m->file : s->path, s->detector, h->places, frames,
                           (struct mask_bits){m->good, m->bad}, only, s->mask, err);
}

static bool take_masks(struct source *s, struct hdf5 *h, const struct geom *g, const struct wanted *w,
                       struct error *err)
{
    const struct h5_image **frames = arena_array(&s->arena, h->n_images, sizeof *frames);
    uint8_t *only = arena_alloc(&s->arena, g->n_panels);
    for (size_t i = 0; i < h->n_images; i++)
        frames[i] = &h->d.images[i];
    s->mask = arena_alloc(&s->arena, s->detector->n_pixels);
    memset(s->mask, 1, s->detector->n_pixels);
    for (size_t i = 0; i < g->n_panels; i++) {
        for (size_t k = 0; k < GEOM_MASKS; k++) {
            if (g->panels[i].mask[k].data && !apply_one(s, h, g, w, i, k, frames, only, err))
                return false;
        }
    }
    return geom_mask_regions(g, s->detector, s->mask, err);
}

/* ---- opening ---- */

static bool take_detector(struct source *s, struct hdf5 *h, const struct geom *g, double ev,
                          struct error *err)
{
    double *clen = arena_array(&s->arena, g->n_panels, sizeof *clen), shift[2];
    if (!number_of(s, &h->d, &g->shift_x, "detector shift", &shift[0], NULL, err) ||
        !number_of(s, &h->d, &g->shift_y, "detector shift", &shift[1], NULL, err))
        return false;
    for (size_t i = 0; i < g->n_panels; i++) {
        const struct geom_panel *p = &g->panels[i];
        if (!number_of(s, &h->d, p->has_clen ? &p->clen : &g->clen, "camera length", &clen[i], NULL, err))
            return false;
    }
    if (!geom_detector(g, clen, shift, ev, &s->arena, &s->detector, err))
        return false;
    for (size_t i = 0; i < g->n_panels; i++)
        s->detector->panels[i].trusted_hi = trusted_top(h->type, s->detector->panels[i].trusted_hi);
    return true;
}

static bool panels_fit(const struct source *s, const struct hdf5 *h, const struct geom *g, struct error *err)
{
    for (size_t i = 0; i < g->n_panels; i++) {
        const struct panel *p = &s->detector->panels[i];
        const struct panel_place *w = &h->places[i];
        const uint64_t *extent = h->d.images[w->image].extent;
        if (w->module >= extent[H5_MODULE] || w->slow + (uint64_t)p->n_slow > extent[H5_SLOW] ||
            w->fast + (uint64_t)p->n_fast > extent[H5_FAST])
            return error_set(err, ERROR_METADATA,
                             "%s: panel %s of the geometry lies outside the images of %llu x %llu x %llu",
                             s->path, g->panels[i].name, (unsigned long long)extent[H5_MODULE],
                             (unsigned long long)extent[H5_SLOW], (unsigned long long)extent[H5_FAST]);
    }
    return true;
}

bool hdf5_open_with_geom(struct source *s, struct hdf5 *h, struct error *err)
{
    struct arena *a = &s->arena;
    struct geom g;
    struct wanted *w = arena_alloc(a, sizeof *w);
    bool known;
    double ev;
    s->ops = &source_hdf5_geom;
    const struct source_options *o = &s->options;
    if (!(o->geometry_text ? geom_parse(o->geometry_text, o->geometry_size, o->geometry_file, a, &g, err)
                           : geom_read(o->geometry_file, a, &g, err)))
        return false;
    h->places = arena_array(a, g.n_panels, sizeof *h->places);
    if (!want_all(&g, w, h->places, &h->n_images, err))
        return false;
    struct h5_request q = {.ask = H5_ASK_PATHS,
                           .path = fs_absolute(a, s->path),
                           .n_images = w->n_images,
                           .images = w->images,
                           .n_values = w->n_values,
                           .values = w->values};
    if (!h5_ask(&q, a, &h->d, err))
        return false;
    if (h->d.n_images != w->n_images)
        return error_set(err, ERROR_DAMAGED, "%s: the HDF5 helper's answer is none", s->path);
    for (size_t i = 0; i < g.n_notes; i++)
        source_note(s, "%s: %s", fs_name(g.name), g.notes[i]);
    if (!hdf5_take_images(s, h, &known, err))
        return false;
    if (!known)
        return error_set(err, ERROR_MISSING, "%s: there is no dataset %s", s->path, w->images[0].path);
    if (!take_energy(s, h, &g, &ev, err) || !take_detector(s, h, &g, ev, err) || !panels_fit(s, h, &g, err))
        return false;
    hdf5_lay_out(s, h);
    return take_masks(s, h, &g, w, err);
}
