/* finding.c - findings of a survey: as bytes, into the recipe, onto the detectors of frames, into geometry.expt. See survey.h. */
#include "pipeline/finding.h"

#include "sink/sink.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t MAGIC = 0x56534658, VERSION = 2; /* "XFSV" */

/* ---- detectors as bytes ---- */

static void reals(struct str *out, const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        wire_real(out, v[i]);
}

static void get_reals(struct unwire *in, double *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        v[i] = unwire_real(in);
}

static void place_pack(const double *origin, const double *fast, const double *slow, struct str *out)
{
    reals(out, origin, 3);
    reals(out, fast, 3);
    reals(out, slow, 3);
}

static void place_unpack(struct unwire *in, double *origin, double *fast, double *slow)
{
    get_reals(in, origin, 3);
    get_reals(in, fast, 3);
    get_reals(in, slow, 3);
}

void beam_pack(const struct beam *b, struct str *out)
{
    wire_real(out, b->v.wavelength);
    reals(out, b->v.direction, 3);
    reals(out, b->polarization_normal, 3);
    wire_real(out, b->polarization_fraction);
    wire_real(out, b->energy_recorded_ev);
    wire_u8(out, b->energy_source);
}

void beam_unpack(struct unwire *in, struct beam *b)
{
    b->v.wavelength = unwire_real(in);
    get_reals(in, b->v.direction, 3);
    get_reals(in, b->polarization_normal, 3);
    b->polarization_fraction = unwire_real(in);
    b->energy_recorded_ev = unwire_real(in);
    b->energy_source = unwire_u8(in);
}

void detector_pack(const struct detector *d, struct str *out)
{
    wire_u32(out, (uint32_t)d->n_panels);
    wire_u32(out, (uint32_t)d->n_nodes);
    for (size_t i = 0; i < d->n_panels; i++) {
        const struct panel *p = &d->panels[i];
        const struct panel_info *info = &d->info[i];
        place_pack(p->origin, p->fast, p->slow, out);
        reals(out,
              (double[]){p->pixel_fast, p->pixel_slow, p->mu, p->thickness, p->trusted_lo, p->trusted_hi,
                         p->gain, p->pedestal},
              8);
        wire_u32(out, (uint32_t)p->n_fast);
        wire_u32(out, (uint32_t)p->n_slow);
        wire_u8(out, p->parallax);
        wire_text(out, info->name);
        wire_text(out, info->type);
        wire_text(out, info->material);
        wire_u32(out, (uint32_t)info->raw_offset[0]);
        wire_u32(out, (uint32_t)info->raw_offset[1]);
    }
    for (size_t i = 0; i < d->n_nodes; i++) {
        const struct detector_node *n = &d->nodes[i];
        wire_text(out, n->name);
        wire_u32(out, (uint32_t)n->parent);
        wire_u32(out, (uint32_t)n->panel);
        place_pack(n->origin, n->fast, n->slow, out);
    }
}

static const char *text_or_empty(struct unwire *in, struct arena *a)
{
    const char *text = unwire_text(in, a);
    return text ? text : "";
}

static void panel_unpack(struct unwire *in, struct arena *a, struct panel *p, struct panel_info *info)
{
    double v[8];
    place_unpack(in, p->origin, p->fast, p->slow);
    get_reals(in, v, 8);
    p->pixel_fast = v[0], p->pixel_slow = v[1], p->mu = v[2], p->thickness = v[3];
    p->trusted_lo = v[4], p->trusted_hi = v[5], p->gain = v[6], p->pedestal = v[7];
    p->n_fast = (int32_t)unwire_u32(in);
    p->n_slow = (int32_t)unwire_u32(in);
    p->parallax = unwire_u8(in);
    info->name = text_or_empty(in, a);
    info->type = text_or_empty(in, a);
    info->material = text_or_empty(in, a);
    info->raw_offset[0] = (int32_t)unwire_u32(in);
    info->raw_offset[1] = (int32_t)unwire_u32(in);
}

struct detector *detector_unpack(struct unwire *in, struct arena *a)
{
    struct error err = {0};
    size_t n_panels = unwire_u32(in), n_nodes = unwire_u32(in);
    if (in->bad || n_panels == 0 || n_panels > FINDING_PANELS || n_nodes > FINDING_NODES)
        return NULL;
    struct detector *d = detector_make(a, n_panels, n_nodes);
    for (size_t i = 0; i < n_panels && !in->bad; i++)
        panel_unpack(in, a, &d->panels[i], &d->info[i]);
    for (size_t i = 0; i < n_nodes && !in->bad; i++) {
        struct detector_node *n = &d->nodes[i];
        n->name = text_or_empty(in, a);
        n->parent = (int32_t)unwire_u32(in);
        n->panel = (int32_t)unwire_u32(in);
        place_unpack(in, n->origin, n->fast, n->slow);
    }
    return !in->bad && detector_finish(d, "a survey's finding", &err) ? d : NULL;
}

/* ---- findings as bytes ---- */

void found_pack(const struct found *f, struct str *out)
{
    const struct run_noise *n = &f->noise;
    wire_u32(out, MAGIC);
    wire_u32(out, VERSION);
    wire_u8(out, f->known);
    wire_u8(out, f->corrected);
    reals(out, (double[]){n->floor_px, n->scale, n->sigma_e0, n->sigma_e1, n->kappa0, n->kappa1}, 6);
    reals(out, f->correction.shift, 3);
    reals(out, (double[]){f->strain, f->strain_sigma}, 2);
    wire_u32(out, (uint32_t)f->n_panels);
    wire_u8(out, f->correction.panel != NULL);
    if (f->correction.panel)
        reals(out, f->correction.panel, 3 * f->n_panels);
    wire_u8(out, f->has_cell);
    if (f->has_cell)
        found_cell_pack(&f->cell, out);
    if (!f->corrected)
        return;
    wire_text(out, f->id.path);
    wire_u32(out, f->id.frame);
    wire_u8(out, f->id.single);
    beam_pack(&f->beam, out);
    detector_pack(f->detector, out);
}

static bool all_finite(const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(v[i]))
            return false;
    return true;
}

static bool read_found(struct unwire *in, struct arena *a, struct found *out)
{
    double n[6], strain[2];
    out->known = unwire_u8(in);
    out->corrected = unwire_u8(in);
    get_reals(in, n, 6);
    out->noise = (struct run_noise){n[0], n[1], n[2], n[3], n[4], n[5]};
    get_reals(in, out->correction.shift, 3);
    get_reals(in, strain, 2);
    out->strain = strain[0];
    out->strain_sigma = strain[1];
    out->n_panels = unwire_u32(in);
    bool panels = unwire_u8(in);
    if (in->bad || out->n_panels > FINDING_PANELS || !all_finite(n, 6) || !all_finite(strain, 2) ||
        !all_finite(out->correction.shift, 3))
        return false;
    if (panels) {
        out->correction.panel = arena_array(a, 3 * out->n_panels, sizeof(double));
        get_reals(in, out->correction.panel, 3 * out->n_panels);
        if (!all_finite(out->correction.panel, 3 * out->n_panels))
            return false;
    }
    if (out->known && !(n[0] > 0 && n[1] > 0 && n[2] > 0))
        return false;
    out->has_cell = unwire_u8(in);
    if (out->has_cell && !found_cell_unpack(in, &out->cell))
        return false;
    if (out->corrected) {
        out->id.path = unwire_text(in, a);
        out->id.frame = unwire_u32(in);
        out->id.single = unwire_u8(in);
        beam_unpack(in, &out->beam);
        out->detector = detector_unpack(in, a);
    }
    return !in->bad && (!out->corrected || (out->detector && out->id.path)) && in->at == in->end;
}

bool found_unpack(const struct finding *f, struct arena *a, struct found *out, struct error *err)
{
    struct unwire in = {f->data, (const uint8_t *)f->data + f->size, false};
    uint32_t magic = unwire_u32(&in), version = unwire_u32(&in);
    *out = (struct found){0};
    if (in.bad || magic != MAGIC)
        return error_set(err, ERROR_INTERNAL, "what a survey found cannot be read: it is none");
    if (version != VERSION)
        return error_set(err, ERROR_UNSUPPORTED, "what a survey found has version %u, this program knows %u",
                         version, VERSION);
    return read_found(&in, a, out) ||
           error_set(err, ERROR_INTERNAL, "what a survey found cannot be read: it is broken");
}

void finding_free(struct finding *f)
{
    free(f->data);
    *f = (struct finding){0};
}

/* ---- use ---- */

bool recipe_adopt(struct recipe *r, const struct finding *f, struct arena *a, struct error *err)
{
    struct found found;
    if (!found_unpack(f, a, &found, err))
        return false;
    if (found.has_cell && !recipe_take_found(r, &found.cell, a, err))
        return false;
    if (!found.known)
        return true;
    r->geometry.known = true;
    r->geometry.corrected = found.corrected;
    r->geometry.correction = found.correction;
    r->geometry.n_panels = found.n_panels;
    r->geometry.noise = found.noise;
    r->indexing.geometry_trusted = true;
    r->refinement.noise = &r->geometry.noise;
    return true;
}

void geometry_place(const struct recipe *r, struct workspace *w)
{
    const struct detector *d = w->frame.detector;
    if (d->n_panels != r->geometry.n_panels)
        return;
    uint64_t key = detector_fingerprint(d);
    if (!w->placed || w->placed_key != key) {
        arena_free(&w->place_arena);
        w->placed = detector_copy(&w->place_arena, d);
        geometry_correct(&r->geometry.correction, d->panels, d->n_panels, w->placed->panels);
        detector_settle(w->placed);
        w->placed_key = key;
    }
    w->frame.detector = w->placed;
}

bool finding_write_geometry(const struct finding *f, const char *folder, struct error *err)
{
    struct arena a = {0};
    struct found found;
    bool ok = found_unpack(f, &a, &found, err);
    if (ok && found.corrected) {
        struct str text = {0};
        sink_geometry_text(&found.id, &found.beam, found.detector, "xfelx", &text);
        ok = fs_write_atomic(fs_join(&a, folder, "geometry.expt"), text.text, text.len, err);
        str_free(&text);
    }
    arena_free(&a);
    return ok;
}
