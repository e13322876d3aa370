/* frames.h - a small frame with everything that a sink can be given, for the tests of this room. */
#ifndef XFELX_TEST_SINK_FRAMES_H
#define XFELX_TEST_SINK_FRAMES_H

#include "support.h"

#include "kernels/geometry.h"
#include "model/model.h"
#include "sink/kept.h"

#include <string.h>

/* Two panels on an arm 100 mm away; trusted limits and names as the writer must repeat them. */
static inline struct detector *frames_detector(struct arena *a, double distance)
{
    struct detector *d = detector_make(a, 2, 4);
    struct error err = {0};
    d->nodes[0].name = "root";
    d->nodes[1].name = "arm";
    d->nodes[1].origin[2] = -distance;
    for (int i = 0; i < 2; i++) {
        d->info[i].name = i ? "p1" : "p0";
        d->info[i].material = "Si";
        d->panels[i].pixel_fast = d->panels[i].pixel_slow = 0.1;
        d->panels[i].n_fast = 100;
        d->panels[i].n_slow = 50;
        d->panels[i].trusted_lo = -10;
        d->panels[i].trusted_hi = 60000;
        d->nodes[2 + i] = (struct detector_node){.name = d->info[i].name,
                                                 .parent = 1,
                                                 .panel = i,
                                                 .origin = {-5, 6.0 * i, 0},
                                                 .fast = {1, 0, 0},
                                                 .slow = {0, -1, 0}};
    }
    assert_true(detector_finish(d, "frames", &err));
    return d;
}

/* A row that passes every check: on panel 1, with a spot of two pixels at (10, 20), (11, 20). */
static inline struct reflection frames_row(uint32_t lattice, int32_t h, uint32_t flags, double wavelength)
{
    struct reflection r = {.hkl = {h, -2, 3},
                           .panel = 1,
                           .flags = flags,
                           .lattice = lattice,
                           .spot = 0,
                           .x0 = 10,
                           .x1 = 12,
                           .y0 = 20,
                           .y1 = 21,
                           .s1 = {0.6, 0, -0.8},
                           .rlp = {0.1, 0.2, 0.3},
                           .cal_px = {11, 20.5},
                           .cal_mm = {1.1, 2.05},
                           .obs_px = {11.25, 20.5},
                           .obs_px_var = {0.1, 0.2},
                           .obs_mm = {1.125, 2.05},
                           .obs_mm_var = {0.001, 0.002},
                           .intensity = 16,
                           .variance = 17,
                           .delpsi = 0.001,
                           .d = 2.5,
                           .bg_mean = 1,
                           .bg_sum = 2,
                           .bg_sum_var = 3,
                           .bg_mse = 4,
                           .bg_dispersion = 5,
                           .n_valid = 9,
                           .n_background = 6,
                           .n_background_used = 7,
                           .n_foreground = 8};
    vec3_scale(r.s1, 1 / wavelength, r.s1);
    return r;
}

/* Frame number of a source, with as many lattices of two indexed and two integrated rows each. All memory is the arena's. */
static inline struct result frames_result(struct arena *a, uint32_t source, uint32_t frame,
                                          uint32_t n_lattices, const struct detector *d)
{
    struct result r = {.id = {.source = source, .frame = frame},
                       .outcome = n_lattices ? OUTCOME_INTEGRATED : OUTCOME_BLANK};
    struct lattice *lattices = arena_array(a, n_lattices, sizeof *lattices);
    struct reflection *indexed = arena_array(a, 2 * n_lattices, sizeof *indexed);
    struct reflection *integrated = arena_array(a, 2 * n_lattices, sizeof *integrated);
    struct spot *spot = arena_alloc(a, sizeof *spot);
    struct strong_pixel *pixels = arena_array(a, 2, sizeof *pixels);
    r.id.path = arena_printf(a, "/data/run_%u.h5", source);
    r.detector = d;
    r.beam = (struct beam){.v = {1.3 + 0.001 * frame, {0, 0, 1}},
                           .polarization_normal = {0, 1, 0},
                           .polarization_fraction = 0.999};
    r.t_done = INT64_C(1769860800000000000); /* 2026-01-31T12:00:00Z */
    for (uint32_t k = 0; k < n_lattices; k++) {
        lattices[k] = (struct lattice){.A = {0.02, 0, 0, 0, 0.025, 0, 0, 0, 0.01},
                                       .half_mosaicity_deg = 0.05,
                                       .domain_size_ang = 2000,
                                       .sigma_b = 0.001};
        for (int32_t i = 0; i < 2; i++) {
            indexed[2 * k + (uint32_t)i] =
                frames_row(k, 1 + i, REFL_PREDICTED | REFL_INDEXED | REFL_USED_IN_REFINEMENT | REFL_STRONG,
                           r.beam.v.wavelength);
            integrated[2 * k + (uint32_t)i] =
                frames_row(k, 1 + i, REFL_PREDICTED | REFL_INTEGRATED_SUM, r.beam.v.wavelength);
        }
    }
    pixels[0] = (struct strong_pixel){10, 20, 7};
    pixels[1] = (struct strong_pixel){11, 20, 9};
    *spot = (struct spot){.x = 11.0625,
                          .y = 20.5,
                          .var_x = 0.1,
                          .var_y = 0.2,
                          .intensity = 16,
                          .peak = 9,
                          .panel = 1,
                          .n_pixels = 2,
                          .x0 = 10,
                          .x1 = 12,
                          .y0 = 20,
                          .y1 = 21};
    r.n_strong = 1, r.spots = spot;
    r.n_pixels = 2, r.pixels = pixels;
    r.n_lattices = n_lattices, r.lattices = lattices;
    r.n_indexed = 2 * n_lattices, r.indexed = indexed;
    r.n_integrated = 2 * n_lattices, r.integrated = integrated;
    return r;
}

/* The same as a sink keeps it, by hand. */
static inline struct kept_frame *frames_kept(struct arena *a, uint32_t source, uint32_t frame,
                                             uint32_t n_lattices, struct kept_detector *d)
{
    struct result r = frames_result(a, source, frame, n_lattices, d->detector);
    struct kept_frame *f = arena_alloc(a, sizeof *f);
    *f = (struct kept_frame){.source = source,
                             .frame = frame,
                             .path = r.id.path,
                             .beam = r.beam,
                             .detector = d,
                             .n_spots = r.n_strong,
                             .n_pixels = r.n_pixels,
                             .n_lattices = n_lattices,
                             .n_indexed = r.n_indexed,
                             .n_integrated = r.n_integrated,
                             .spots = r.spots,
                             .pixels = r.pixels,
                             .lattices = r.lattices,
                             .indexed = r.indexed,
                             .integrated = r.integrated,
                             .outcome = r.outcome};
    return f;
}

#endif
