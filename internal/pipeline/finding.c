/* finding.c - findings of a survey: as bytes, into the recipe, onto the detectors of frames, into geometry.expt. See survey.h. */
#include "pipeline/finding.h"

#include "sink/sink.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t MAGIC = 0x56534658, VERSION = 2; /* "XFSV" */

/* ---- beams as bytes ---- */

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
    struct error err = {0};
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
    if (in->bad || out->n_panels > DETECTOR_PANELS_MAX || !all_finite(n, 6) || !all_finite(strain, 2) ||
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
        if (!out->detector || !detector_finish(out->detector, "a survey's finding", &err))
            return false;
    }
    return !in->bad && (!out->corrected || out->id.path) && in->at == in->end;
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
