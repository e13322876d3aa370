/* expt_refl_make.c - write the files of a few simulated frames through the sink, for other programs to judge.
 *
 * usage: expt_refl_make FOLDER
 *
 * A detector of two parallax-corrected modules under a moved rail, thirteen shots of a tetragonal crystal (every fourth with
 * a second lattice, one without any), predictions by our own kernels, intensities and spots made up. Frames are handed over
 * in an order of their own. Writes idx-0000_* (composite, all six files with shoeboxes, a stream, covariances of the cells),
 * single/idx-*, and ranks/idx-0000_* and idx-0001_*: the same frames as two ranks would write them.
 */
#include "kernels/geometry.h"
#include "kernels/predict.h"
#include "sink/sink.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_FRAMES = 13, MAX_ROWS = 20000, MAX_SPOTS = 2000, SPOT_PIXELS = 5 };

static uint64_t state = 20130301;

static double uniform(void)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (double)(state >> 11) / 9007199254740992.0;
}

static double gauss(void)
{
    return sqrt(-2 * log(1 - uniform())) * cos(2 * M_PI * uniform());
}

/* A turn of the modules by a tenth of a degree makes every composition of frames count. */
static struct detector *make_detector(struct arena *a)
{
    struct detector *d = detector_make(a, 2, 4);
    double turn[9];
    const double axis[3] = {0.6, 0, 0.8};
    mat3_rotation(axis, 0.002, turn);
    d->nodes[0].name = "root";
    d->nodes[1].name = "rail";
    d->nodes[1].origin[2] = -90;
    mat3_vec(turn, d->nodes[1].fast, d->nodes[1].fast);
    mat3_vec(turn, d->nodes[1].slow, d->nodes[1].slow);
    for (int i = 0; i < 2; i++) {
        struct panel *p = &d->panels[i];
        *p = (struct panel){.pixel_fast = 0.1,
                            .pixel_slow = 0.1,
                            .n_fast = 1000,
                            .n_slow = 500,
                            .mu = 9.057969035225094,
                            .thickness = 0.32,
                            .parallax = true,
                            .trusted_lo = -10,
                            .trusted_hi = 59999,
                            .gain = 1};
        d->info[i] = (struct panel_info){
            .name = arena_printf(a, "module-%d", i), .type = "SENSOR_PAD", .material = "Si"};
        d->nodes[2 + i] = (struct detector_node){.name = d->info[i].name,
                                                 .parent = 1,
                                                 .panel = i,
                                                 .origin = {-50, i ? -0.4 : 50.4, 0},
                                                 .fast = {1, 0, 0},
                                                 .slow = {0, -1, 0}};
    }
    struct error err;
    if (!detector_finish(d, "simulated", &err))
        fprintf(stderr, "%s\n", err.fact), exit(1);
    return d;
}

static void make_lattice(struct lattice *l)
{
    const double cell[6] = {79.1, 79.1, 38.4, 90, 90, 90};
    double axis[3], B[9], U[9];
    do
        vec3_set(axis, gauss(), gauss(), gauss());
    while (!vec3_norm(axis, axis));
    mat3_rotation(axis, M_PI * uniform(), U);
    cell_to_b(cell, B);
    *l = (struct lattice){.half_mosaicity_deg = 0.06, .domain_size_ang = 2500, .sigma_b = 0.0011};
    memcpy(l->cell, cell, sizeof cell);
    memcpy(l->free_cell, cell, sizeof cell);
    for (int k = 0; k < 3; k++) /* 0.03, 0.03, 0.03 Å */
        l->free_cov[(int[3]){0, 6, 11}[k]] = 0.0009;
    mat3_mul(U, B, l->A);
}

/* Fill in what integration would know. */
static void integrate_row(struct reflection *r)
{
    r->x0 = (int32_t)floor(r->cal_px[0]) - 4, r->x1 = r->x0 + 9;
    r->y0 = (int32_t)floor(r->cal_px[1]) - 4, r->y1 = r->y0 + 9;
    r->n_foreground = 13, r->n_background = 68, r->n_background_used = 66, r->n_valid = 81;
    r->bg_mean = 8, r->bg_sum = 104, r->bg_sum_var = 104 * (1 + 13 / 66.0), r->bg_mse = 8,
    r->bg_dispersion = 1;
    r->intensity = -log(1 - uniform()) * 900 * exp(-40 / (2 * r->d * r->d));
    r->variance = fabs(r->intensity) + r->bg_sum_var;
    r->intensity += sqrt(r->variance) * gauss();
    r->flags |= REFL_INTEGRATED_SUM;
    for (int k = 0; k < 2; k++) {
        r->obs_px_var[k] = 0.3 / fmax(r->intensity, 20);
        r->obs_px[k] = r->cal_px[k] + sqrt(r->obs_px_var[k]) * gauss();
    }
}

/* A cross of five pixels, at least one pixel inside the panel's edge. */
static void make_spot(struct spot *s, struct strong_pixel *pixels, size_t first, const struct reflection *r)
{
    static const int dx[SPOT_PIXELS] = {0, -1, 0, 1, 0}, dy[SPOT_PIXELS] = {-1, 0, 0, 0, 1};
    int x = (int)r->obs_px[0], y = (int)r->obs_px[1];
    *s = (struct spot){.x = r->obs_px[0],
                       .y = r->obs_px[1],
                       .var_x = r->obs_px_var[0],
                       .var_y = r->obs_px_var[1],
                       .panel = r->panel,
                       .n_pixels = SPOT_PIXELS,
                       .first_pixel = (uint32_t)first,
                       .x0 = x - 1,
                       .x1 = x + 2,
                       .y0 = y - 1,
                       .y1 = y + 2};
    for (int k = 0; k < SPOT_PIXELS; k++) {
        pixels[k] = (struct strong_pixel){(uint16_t)(x + dx[k]), (uint16_t)(y + dy[k]), k == 2 ? 200 : 40};
        s->intensity += (double)pixels[k].value;
    }
}

/* The indexed row of a strong prediction; what indexing adds to the prediction is the observed side. */
static void index_row(struct reflection *x, const struct reflection *r, const struct spot *s, int32_t spot,
                      const struct result *frame)
{
    const struct panel *p = &frame->detector->panels[r->panel];
    double lab[3];
    *x = *r;
    x->flags = REFL_PREDICTED | REFL_INDEXED | REFL_USED_IN_REFINEMENT | REFL_STRONG;
    x->spot = spot;
    x->x0 = s->x0, x->x1 = s->x1, x->y0 = s->y0, x->y1 = s->y1;
    x->intensity = x->variance = s->intensity;
    panel_pixel_to_mm(p, x->obs_px, x->obs_mm);
    panel_pixel_to_point(p, x->obs_px, lab);
    x->obs_mm_var[0] = x->obs_px_var[0] * p->pixel_fast * p->pixel_fast;
    x->obs_mm_var[1] = x->obs_px_var[1] * p->pixel_slow * p->pixel_slow;
    vec3_norm(lab, lab);
    vec3_add(lab, frame->beam.v.direction, lab);
    vec3_scale(lab, 1 / frame->beam.v.wavelength, x->rlp);
}

static bool visible(const struct reflection *r)
{
    return r->cal_px[0] > 6 && r->cal_px[0] < 994 && r->cal_px[1] > 6 && r->cal_px[1] < 494;
}

static void make_frame(struct arena *a, struct result *f, uint32_t number, const struct detector *d,
                       const struct space_group *group)
{
    struct lattice *lattices = arena_array(a, 2, sizeof *lattices);
    struct reflection *rows = arena_array(a, MAX_ROWS, sizeof *rows),
                      *indexed = arena_array(a, MAX_SPOTS, sizeof *rows);
    struct spot *spots = arena_array(a, MAX_SPOTS, sizeof *spots);
    struct strong_pixel *pixels = arena_array(a, MAX_SPOTS * SPOT_PIXELS, sizeof *pixels);
    *f = (struct result){.id = {.source = number / 7, .frame = number % 7},
                         .outcome = OUTCOME_INTEGRATED,
                         .detector = d,
                         .t_done = 1764000000000000000 + number};
    f->id.path = arena_printf(a, "/data/toy_%u.h5", f->id.source);
    f->beam = (struct beam){.v = {1.3 * (1 + 0.0015 * gauss()), {0, 0, 1}},
                            .polarization_normal = {0, 1, 0},
                            .polarization_fraction = 0.999};
    f->n_lattices = number == 5 ? 0 : number % 4 == 2 ? 2 : 1;
    struct view view = {d->panels, d->n_panels, &f->beam.v};
    struct predict_params params = {.d_min = 2.1};
    for (uint32_t k = 0; k < f->n_lattices; k++) {
        make_lattice(&lattices[k]);
        struct reflection *begin = rows + f->n_integrated;
        size_t n = predict_lattice(&params, &view, &lattices[k], k, group->ops, group->n_ops, begin,
                                   MAX_ROWS - f->n_integrated),
               kept = 0;
        for (size_t i = 0; i < n; i++)
            if (visible(&begin[i])) {
                integrate_row(&begin[i]);
                begin[kept++] = begin[i];
            }
        f->n_integrated += kept;
    }
    for (size_t i = 0; i < f->n_integrated && f->n_strong < MAX_SPOTS; i++) {
        struct reflection *r = &rows[i];
        if (r->intensity < 6 * sqrt(r->variance))
            continue;
        make_spot(&spots[f->n_strong], pixels + f->n_pixels, f->n_pixels, r);
        index_row(&indexed[f->n_indexed++], r, &spots[f->n_strong], (int32_t)f->n_strong, f);
        r->flags |= REFL_INDEXED | REFL_USED_IN_REFINEMENT | REFL_STRONG | REFL_REFERENCE_SPOT;
        f->n_strong++;
        f->n_pixels += SPOT_PIXELS;
    }
    for (size_t i = 0; i < f->n_integrated; i++) {
        const struct panel *p = &d->panels[rows[i].panel];
        panel_pixel_to_mm(p, rows[i].obs_px, rows[i].obs_mm);
        rows[i].obs_mm_var[0] = rows[i].obs_px_var[0] * p->pixel_fast * p->pixel_fast;
        rows[i].obs_mm_var[1] = rows[i].obs_px_var[1] * p->pixel_slow * p->pixel_slow;
    }
    f->lattices = lattices, f->spots = spots, f->pixels = pixels, f->indexed = indexed, f->integrated = rows;
}

enum form { COMPOSITE, SINGLE, RANKS };

static void write_all(const char *folder, enum form form, uint32_t rank, const struct result *frames,
                      const struct space_group *group)
{
    bool composite = form != SINGLE;

    static const struct sink_source sources[] = {{"/data/toy_0.h5", 0, 7},
                                                 {"/data/toy_1.h5", 7, N_FRAMES - 7}};
    struct sink_options o = {.folder = folder,
                             .rank = rank,
                             .composite = composite,
                             .stream = composite ? "%s.stream" : NULL,
                             .cell_covariance = composite,
                             .sources = sources,
                             .n_sources = 2,
                             .recipe_hash = "0123456789abcdef",
                             .imported_expt = "%s_imported.expt",
                             .strong_refl = "%s_strong.refl",
                             .refined_expt = "%s_refined.expt",
                             .indexed_refl = "%s_indexed.refl",
                             .integrated_expt = "%s_integrated.expt",
                             .integrated_refl = "%s_integrated.refl",
                             .space_group_hall = group->hall,
                             .program = "xfelx|0.1.0",
                             .shoeboxes = form == COMPOSITE};
    struct sink *s;
    struct error err;
    if (!sink_open(&o, &s, &err))
        fprintf(stderr, "%s\n", err.fact), exit(1);
    for (int i = 0; i < N_FRAMES; i++)
        if ((form != RANKS || (uint32_t)i % 2 == rank) && !sink_put(s, &frames[i * 5 % N_FRAMES], &err))
            fprintf(stderr, "%s\n", err.fact), exit(1);
    if (!sink_publish(s, &err))
        fprintf(stderr, "%s\n", err.fact), exit(1);
    sink_close(s);
}

int main(int argc, char **argv)
{
    static struct space_group group;
    struct arena a = {0};
    struct result frames[N_FRAMES];
    struct error err;
    if (argc != 2 || !space_group_find("P43212", &group, &err))
        return 2;
    struct detector *d = make_detector(&a);
    for (uint32_t i = 0; i < N_FRAMES; i++)
        make_frame(&a, &frames[i], i, d, &group);
    write_all(argv[1], COMPOSITE, 0, frames, &group);
    write_all(arena_printf(&a, "%s/single", argv[1]), SINGLE, 0, frames, &group);
    for (uint32_t rank = 0; rank < 2; rank++)
        write_all(arena_printf(&a, "%s/ranks", argv[1]), RANKS, rank, frames, &group);
    arena_free(&a);
    return 0;
}
