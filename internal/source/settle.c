/* settle.c - the last word about geometry and beam, for all formats: a reference geometry, overrides by
 * parameter, absorption of the sensor, and the checks of FORMATS_INPUT 9 (nothing impossible is guessed
 * around).
 */
#include "source/format.h"

#include "kernels/geometry.h"

#include <math.h>
#include <string.h>

/* Pixel sizes of a file and a reference geometry that are the same detector's agree to the digits of headers.
 */
#define SAME_PIXEL 1e-3
/* dxtbx: a panel tilted by more than this is on a 2θ arm, and a given beam centre is that of 2θ = 0. */
#define TWO_THETA_RAD (5 * M_PI / 180)
/* A beam this parallel to a panel never meets it in practice; dxtbx' limit is 89.9°. */
#define GRAZING 1.7e-3
#define LONGEST_WAVELENGTH 1000.0
/* 12 MeV; electrons of the strongest microscopes have 0.009 Å. Below, a wavelength was given in another unit. */
#define SHORTEST_WAVELENGTH 1e-3

#define LONGEST_DISTANCE 1e6 /* mm, as detector_finish */
#define FURTHEST_CENTRE 1e7  /* pixels from the detector's corner */

/* ---- moving a detector as a whole ---- */

static void detector_shift(struct detector *d, const double by[3])
{
    for (size_t p = 0; p < d->n_panels; p++)
        for (int i = 0; i < 3; i++)
            d->panels[p].origin[i] += by[i];
    for (int i = 0; i < 3 && d->n_nodes > 0; i++)
        d->nodes[0].origin[i] += by[i]; /* the root's frame is the laboratory's */
}

static void detector_rotate(struct detector *d, const double axis[3], double angle)
{
    for (size_t p = 0; p < d->n_panels; p++) {
        vec3_rotate(d->panels[p].origin, axis, angle, d->panels[p].origin);
        vec3_rotate(d->panels[p].fast, axis, angle, d->panels[p].fast);
        vec3_rotate(d->panels[p].slow, axis, angle, d->panels[p].slow);
    }
    if (d->n_nodes > 0) {
        vec3_rotate(d->nodes[0].origin, axis, angle, d->nodes[0].origin);
        vec3_rotate(d->nodes[0].fast, axis, angle, d->nodes[0].fast);
        vec3_rotate(d->nodes[0].slow, axis, angle, d->nodes[0].slow);
    }
}

/* The panel that stands for the whole detector: the one the beam hits, else the nearest to it. */
static const struct panel *main_panel(const struct source *s)
{
    double px[2];
    int i = detector_beam_centre(s->detector, &s->beam.v, px);
    return &s->detector->panels[i < 0 ? 0 : i];
}

/* ---- overrides ---- */

bool source_options_check(const struct source_options *o, struct error *err)
{
    const double *px = o->beam_centre_fast_slow;
    if (o->wavelength != 0 && !(o->wavelength > SHORTEST_WAVELENGTH && o->wavelength < LONGEST_WAVELENGTH))
        return error_set(err, ERROR_USAGE, "geometry.beam.wavelength %g Å is impossible", o->wavelength);
    if (o->distance != 0 && !(o->distance > 0 && o->distance < LONGEST_DISTANCE))
        return error_set(err, ERROR_USAGE, "geometry.detector.distance %g mm is impossible", o->distance),
               error_hint(err,
                          "it is a length above 0; the detector stays on the side where the file has it");
    if (px && !(fabs(px[0]) < FURTHEST_CENTRE && fabs(px[1]) < FURTHEST_CENTRE))
        return error_set(err, ERROR_USAGE, "beam centre %g,%g pixels is impossible", px[0], px[1]);
    return true;
}

/* Positions from the reference, everything about pixels from the file (as DIALS' sync_reference_geom). */
static bool apply_reference(struct source *s, struct error *err)
{
    const struct detector *file = s->detector, *reference = s->options.reference;
    if (reference->n_panels != file->n_panels)
        return error_set(err, ERROR_METADATA, "%s has %s, the reference geometry %zu", s->path,
                         COUNT(file->n_panels, "panel"), reference->n_panels);
    struct detector *d = detector_copy(&s->arena, reference);
    for (size_t i = 0; i < d->n_panels; i++) {
        struct panel *p = &d->panels[i];
        const struct panel *f = &file->panels[i];
        if (p->n_fast != f->n_fast || p->n_slow != f->n_slow)
            return error_set(err, ERROR_METADATA,
                             "%s: panel %zu has %d x %s, in the reference geometry %d x %d", s->path, i,
                             f->n_fast, COUNT(f->n_slow, "pixel"), p->n_fast, p->n_slow);
        if (fabs(p->pixel_fast / f->pixel_fast - 1) > SAME_PIXEL ||
            fabs(p->pixel_slow / f->pixel_slow - 1) > SAME_PIXEL)
            return error_set(err, ERROR_METADATA,
                             "%s: panel %zu has pixels of %g x %g mm, in the reference geometry %g x %g",
                             s->path, i, f->pixel_fast, f->pixel_slow, p->pixel_fast, p->pixel_slow);
        struct panel placed = *f;
        memcpy(placed.origin, p->origin, sizeof placed.origin);
        memcpy(placed.fast, p->fast, sizeof placed.fast);
        memcpy(placed.slow, p->slow, sizeof placed.slow);
        *p = placed;
        d->info[i] = file->info[i];
    }
    s->detector = d;
    s->no_distance = s->no_centre = false;
    s->unplaced = NULL;
    source_note(s, "positions of the panels are those of the reference geometry");
    return true;
}

static void apply_distance(struct source *s)
{
    double wanted = s->options.distance, normal[3], by[3];
    const struct panel *p = main_panel(s);
    vec3_cross(p->fast, p->slow, normal);
    double now = vec3_dot(p->origin, normal), step = (now < 0 ? -wanted : wanted) - now;
    for (int i = 0; i < 3; i++)
        by[i] = step * normal[i];
    detector_shift(s->detector, by);
    s->no_distance = false;
    source_note(s, "detector distance %g mm is that of the parameter", wanted);
}

/* As dxtbx' set_fast_slow_beam_centre_mm: the detector is moved until the beam meets the pixel; a 2θ tilt is
 * undone first and done again afterwards, since people give the centre of the straight detector. */
static bool apply_beam_centre(struct source *s, struct error *err)
{
    const double *px = s->options.beam_centre_fast_slow;
    double ray[3], normal[3], axis[3], by[3];
    const struct panel *p = main_panel(s);
    for (int i = 0; i < 3; i++)
        ray[i] = -s->beam.v.direction[i];
    vec3_cross(p->fast, p->slow, normal);
    double facing = vec3_dot(ray, normal) < 0 ? -1 : 1; /* cameras are seen from either side */
    for (int i = 0; i < 3; i++)
        normal[i] *= facing;
    if (vec3_dot(ray, normal) < GRAZING)
        return error_set(err, ERROR_METADATA, "%s: the beam lies in the plane of the detector", s->path);
    vec3_cross(ray, normal, axis);
    double sine = sqrt(vec3_dot(axis, axis)), tilt = atan2(sine, vec3_dot(ray, normal));
    bool arm = tilt >= TWO_THETA_RAD;
    for (int i = 0; i < 3 && arm; i++)
        axis[i] /= sine;
    if (arm)
        detector_rotate(s->detector, axis, -tilt);
    vec3_cross(p->fast, p->slow, normal);
    double along = vec3_dot(p->origin, normal) / vec3_dot(ray, normal);
    for (int i = 0; i < 3; i++)
        by[i] = along * ray[i] -
                (p->origin[i] + px[0] * p->pixel_fast * p->fast[i] + px[1] * p->pixel_slow * p->slow[i]);
    detector_shift(s->detector, by);
    if (arm)
        detector_rotate(s->detector, axis, tilt);
    s->no_centre = false;
    source_note(s, "beam centre %g,%g px is that of the parameter", px[0], px[1]);
    return true;
}

/* ---- checks ---- */

static bool check_placed(struct source *s, struct error *err)
{
    if (s->no_distance || s->no_centre) {
        error_set(err, ERROR_METADATA, "%s has no %s in its header", s->path,
                  s->missing ? s->missing : "geometry");
        return error_hint(err, "give %s or input.reference_geometry",
                          s->no_distance && s->no_centre
                              ? "geometry.detector.distance and fast_slow_beam_centre"
                          : s->no_distance ? "geometry.detector.distance"
                                           : "geometry.detector.fast_slow_beam_centre");
    }
    for (size_t i = 0; i < s->detector->n_panels; i++)
        if (!(panel_distance(&s->detector->panels[i]) > 1e-6)) {
            error_set(err, ERROR_METADATA, "%s: distance 0: panel %zu lies in a plane through the sample",
                      s->path, i);
            return error_hint(err, "geometry.detector.distance gives another one");
        }
    return true;
}

static void fill_absorption(struct source *s)
{
    for (size_t i = 0; i < s->detector->n_panels; i++) {
        struct panel *p = &s->detector->panels[i];
        if (p->mu == 0)
            p->mu = sensor_mu(s->detector->info[i].material, s->beam.v.wavelength);
        p->parallax = p->mu > 0 && p->thickness > 0;
    }
}

bool source_settle_beam(const struct source *s, struct beam *b, struct error *err)
{
    const struct source_options *o = &s->options;
    double wavelength = b->v.wavelength;
    bool usable = wavelength > SHORTEST_WAVELENGTH && wavelength < LONGEST_WAVELENGTH;
    if (!(b->energy_recorded_ev > 0))
        b->energy_recorded_ev = usable ? EV_ANGSTROM / wavelength : NAN;
    if (o->wavelength != 0) {
        b->v.wavelength = o->wavelength;
        b->energy_source = 3;
        return true;
    }
    if (!usable) {
        if (wavelength == 0)
            error_set(err, ERROR_METADATA, "%s gives no wavelength", s->path);
        else
            error_set(err, ERROR_METADATA, "%s gives an impossible wavelength: %g Å", s->path, wavelength);
        return error_hint(err, "geometry.beam.wavelength gives one for all frames");
    }
    if (o->wavelength_offset != 0) {
        b->v.wavelength += o->wavelength_offset;
        b->energy_source = 4;
        if (!(b->v.wavelength > SHORTEST_WAVELENGTH && b->v.wavelength < LONGEST_WAVELENGTH))
            return error_set(err, ERROR_METADATA, "%s: wavelength %g Å with offset %g Å is impossible",
                             s->path, wavelength, o->wavelength_offset);
    }
    return true;
}

bool source_settle(struct source *s, struct error *err)
{
    s->beam_of_file = s->beam;
    if (!source_options_check(&s->options, err))
        return false;
    if (!source_settle_beam(s, &s->beam, err))
        return false;
    if (s->options.reference && !apply_reference(s, err))
        return false;
    if (s->options.distance != 0)
        apply_distance(s);
    if (s->options.beam_centre_fast_slow && !apply_beam_centre(s, err))
        return false;
    if (!check_placed(s, err))
        return false;
    fill_absorption(s);
    return detector_finish(s->detector, s->path, err);
}
