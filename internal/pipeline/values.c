/* values.c - raw pixels to values by maps of gain and pedestal (SCIENCE 21); see workspace.h.
 *
 * One number a panel costs nothing: kernels know a panel's gain and pedestal, so a list of them is written into the frame's detector. Maps
 * of pixels make an image of real numbers in photons (or, with pedestals alone, in counts), with the panels' trusted ranges in its unit.
 */
#include "pipeline/stages.h"

#include "kernels/pixel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static uint64_t key_of(const struct detector *d)
{
    uint64_t key = detector_fingerprint(d), bits;
    for (size_t i = 0; i < d->n_panels; i++) {
        const double own[2] = {d->panels[i].gain, d->panels[i].pedestal};
        for (int k = 0; k < 2; k++) {
            memcpy(&bits, own + k, sizeof bits);
            key = (key ^ bits) * 0x9e3779b97f4a7c15u;
        }
    }
    return key;
}

/* Does the file state what a map states too? */
static bool is_twice(const struct recipe *r, const struct detector *d, struct result *out)
{
    for (size_t i = 0; i < d->n_panels && !r->ignore_gain_mismatch; i++) {
        const struct panel *p = d->panels + i;
        if (r->gain_path && p->gain != 1)
            snprintf(out->message, sizeof out->message, "gain %g in the file and by xfelx.detector.gain_map",
                     p->gain);
        else if (r->pedestal_path && p->pedestal != 0)
            snprintf(out->message, sizeof out->message,
                     "pedestal %g in the file and by xfelx.detector.pedestal_map", p->pedestal);
        else
            continue;
        return true;
    }
    return false;
}

/* What the maps make of a panel, and how its pixels become values. */
static void value_panel(const struct recipe *r, const struct panel *raw, size_t number, struct panel *p,
                        struct calibration *c)
{
    p->gain = r->gain.panels ? r->gain.panels[number] : r->gain.pixels ? 1 : raw->gain;
    p->pedestal = r->pedestal.panels ? r->pedestal.panels[number] : r->pedestal.pixels ? 0 : raw->pedestal;
    if (!r->gain.pixels && !r->pedestal.pixels)
        return;
    *c = (struct calibration){.gain = r->gain.pixels ? r->gain.pixels + raw->first_pixel : NULL,
                              .pedestal = r->pedestal.pixels ? r->pedestal.pixels + raw->first_pixel : NULL,
                              .pedestal_all = (float)p->pedestal,
                              .lo = raw->trusted_lo,
                              .hi = raw->trusted_hi};
    calibrate_range(c, (size_t)raw->n_fast * (size_t)raw->n_slow);
    p->pedestal = 0;
    p->trusted_lo = (double)c->bottom;
    p->trusted_hi = (double)c->top;
}

static void value_detector(struct workspace *w, const struct detector *d, uint64_t key)
{
    arena_free(&w->values_arena);
    w->valued = detector_copy(&w->values_arena, d);
    w->calibrations = arena_array(&w->values_arena, d->n_panels, sizeof *w->calibrations);
    for (size_t i = 0; i < d->n_panels; i++)
        value_panel(w->recipe, d->panels + i, i, w->valued->panels + i, w->calibrations + i);
    w->valued_key = key;
}

bool workspace_values(struct workspace *w, struct result *out, const struct detector **written)
{
    const struct recipe *r = w->recipe;
    const struct detector *d = *written = w->frame.detector;
    if (!r->gain_path && !r->pedestal_path)
        return true;
    if (r->mask_pixels != d->n_pixels || r->n_panels != d->n_panels) {
        snprintf(out->message, sizeof out->message,
                 "gain and pedestal maps have %zu pixels of %zu panels, the frame %zu of %zu", r->mask_pixels,
                 r->n_panels, d->n_pixels, d->n_panels);
        return stage_ends(out, OUTCOME_FAILED, REASON_MASK_MISMATCH), false;
    }
    if (is_twice(r, d, out))
        return stage_ends(out, OUTCOME_FAILED, REASON_GAIN_TWICE), false;
    uint64_t key = key_of(d);
    if (!w->valued || w->valued_key != key)
        value_detector(w, d, key);
    w->frame.detector = w->valued;
    if (!r->gain.pixels && !r->pedestal.pixels)
        return *written = w->valued, true;
    float *values = block_reserve(&w->values, d->n_pixels, sizeof *values);
    for (size_t i = 0; i < d->n_panels; i++) {
        const struct panel *p = d->panels + i;
        calibrate_panel((const uint8_t *)w->frame.pixels + p->first_pixel * pixel_bytes(w->frame.type),
                        w->frame.type, (size_t)p->n_fast * (size_t)p->n_slow, w->calibrations + i,
                        values + p->first_pixel);
    }
    w->frame.pixels = values;
    w->frame.type = PIXEL_F32;
    return true;
}
