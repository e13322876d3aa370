/* scene.c - the experiment behind the frames: detector, bad pixels, crystal, structure factors, background. */
#include "simulate/scene.h"

#include "kernels/geometry_panel.h"
#include "kernels/geometry.h"
#include "kernels/predict.h"

#include <math.h>
#include <string.h>

/* The true beam centre is off the middle, by different amounts: a swapped axis or sign shows. */
static const double centre_off[2] = {3.3, -2.7}; /* px */

enum { GAP_PX = 8, DEAD = 20, HOT = 10 };

struct simulate_params simulate_defaults(void)
{
    return (struct simulate_params){
        .seed = 1,
        .cell = {79, 79, 38, 90, 90, 90},
        .space_group = "P 43 21 2",
        .n_fast = 1024,
        .n_slow = 1024,
        .pixel = 0.1,
        .distance = 90,
        .wavelength = 1.3,
        .hit_fraction = 0.7,
        .lattices = 1,
        .bandwidth = 0.001,
        .jitter = 0.001,
        .domain_size = 700,
        .mosaicity_deg = 0.03,
        .cell_spread = 0.001,
        .brightness = 400,
        .b_factor = 15,
        .background = 0.5,
    };
}

static bool check(const struct simulate_params *p, struct error *err)
{
    const struct {
        const char *name;
        double value, lo, hi;
    } rows[] = {
        {"detector size, fast", p->n_fast, 64, 8192},
        {"detector size, slow", p->n_slow, 64, 8192},
        {"pixel size", p->pixel, 0.001, 10},
        {"distance", p->distance, 1, 1e5},
        {"wavelength", p->wavelength, 0.01, 100},
        {"hit fraction", p->hit_fraction, 0, 1},
        {"lattices in a hit", p->lattices, 1, SIMULATE_LATTICES_MAX},
        {"bandwidth", p->bandwidth, 0, 0.2},
        {"jitter", p->jitter, 0, 0.1},
        {"domain size", p->domain_size, 50, 1e6},
        {"mosaicity", p->mosaicity_deg, 0, 5},
        {"cell spread", p->cell_spread, 0, 0.1},
        {"brightness", p->brightness, 0, 1e9},
        {"B factor", p->b_factor, 0, 500},
        {"background", p->background, 0, 1e5},
        {"d_min", p->d_min, 0, 1e4},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!(rows[i].value >= rows[i].lo && rows[i].value <= rows[i].hi))
            return error_set(err, ERROR_USAGE, "%s of %g cannot be simulated: it must be from %g to %g",
                             rows[i].name, rows[i].value, rows[i].lo, rows[i].hi);
    return true;
}

/* A panel facing the beam, beam centre at (x, y) px. */
static struct panel flat_panel(const struct simulate_params *p, double x, double y, double distance)
{
    return (struct panel){.origin = {-x * p->pixel, y * p->pixel, -distance},
                          .fast = {1, 0, 0},
                          .slow = {0, -1, 0},
                          .pixel_fast = p->pixel,
                          .pixel_slow = p->pixel,
                          .n_fast = p->n_fast,
                          .n_slow = p->n_slow,
                          .trusted_lo = 0,
                          .trusted_hi = SIMULATE_SATURATION,
                          .gain = 1};
}

static void make_mask(struct scene *s)
{
    int32_t w = s->p.n_fast, h = s->p.n_slow;
    struct dice d = dice_start(s->p.seed, 0, DICE_BAD_PIXELS);

    memset(s->mask, 1, (size_t)w * (size_t)h);
    for (int32_t y = h / 2 - GAP_PX / 2; y < h / 2 + GAP_PX / 2; y++)
        memset(s->mask + (size_t)y * (size_t)w, 0, (size_t)w);
    for (int i = 0; i < DEAD + HOT; i++)
        s->mask[dice_u64(&d) % ((size_t)w * (size_t)h)] = 0;
}

/* Air scatter and the two rings of liquid water, at 1/d of 0.31 and 0.21 1/Å; horizontal polarization; solid angle. */
static void make_background(struct scene *s)
{
    struct beam_vector beam = {s->p.wavelength, {0, 0, 1}};
    int32_t w = s->p.n_fast;

    for (int32_t y = 0; y < s->p.n_slow; y++)
        for (int32_t x = 0; x < w; x++) {
            const double px[2] = {x + 0.5, y + 0.5};
            double lab[3];
            panel_pixel_to_point(&s->panel, px, lab);
            double q = point_inverse_d(&beam, lab), r = vec3_length(lab), cosine = -lab[2] / r;
            double air = 0.8 * exp(-q / 0.08);
            double ring = exp(-(q - 0.31) * (q - 0.31) / (2 * 0.035 * 0.035));
            double inner = 0.25 * exp(-(q - 0.21) * (q - 0.21) / (2 * 0.03 * 0.03));
            double polarized = 1 - lab[0] * lab[0] / (r * r);
            s->background[(size_t)y * (size_t)w + (size_t)x] =
                (float)(s->p.background * (air + ring + inner + 0.15) * polarized * cosine * cosine * cosine);
        }
}

struct scene *scene_make(const struct simulate_params *p, struct arena *a, struct error *err)
{
    struct scene *s = arena_alloc(a, sizeof *s);
    struct beam_vector beam = {p->wavelength, {0, 0, 1}};
    double B[9], d_max;

    s->p = *p;
    s->p.space_group = arena_strdup(a, p->space_group);
    if (!check(p, err) || !space_group_find(p->space_group, &s->group, err))
        return NULL;
    if (!cell_to_b(p->cell, B))
        return error_set(err, ERROR_USAGE, "no lattice has the cell %g %g %g %g %g %g", p->cell[0],
                         p->cell[1], p->cell[2], p->cell[3], p->cell[4], p->cell[5]),
               NULL;
    if (!space_group_fits_cell(&s->group, p->cell, 1e-6, 1e-4))
        return error_set(err, ERROR_USAGE, "the cell %g %g %g %g %g %g is not %s, as space group %s demands",
                         p->cell[0], p->cell[1], p->cell[2], p->cell[3], p->cell[4], p->cell[5],
                         space_group_system(&s->group), s->group.hm),
               NULL;

    double x = p->n_fast / 2.0 + centre_off[0], y = p->n_slow / 2.0 + centre_off[1];
    s->panel = flat_panel(p, x, y, p->distance);
    s->header = detector_make(a, 1, 0);
    s->header->panels[0] =
        flat_panel(p, x + p->shift_fast, y + p->shift_slow, p->distance + p->shift_distance);
    s->header->info[0] = (struct panel_info){.name = "simulated", .type = "SENSOR_PAD", .material = ""};
    if (!detector_finish(s->header, "simulation", err))
        return NULL;
    detector_resolution(s->header, &beam, &s->d_min, &d_max);
    if (p->d_min > s->d_min)
        s->d_min = p->d_min;
    if (cell_volume(p->cell) / (s->d_min * s->d_min * s->d_min) > 1e7)
        return error_set(err, ERROR_USAGE, "a cell of %g Å³ has too many reflections up to %.2f Å",
                         cell_volume(p->cell), s->d_min),
               error_hint(err, "set a d_min"), NULL;
    size_t n = s->header->n_pixels;
    s->mask = arena_alloc(a, n);
    s->background = arena_array(a, n, sizeof *s->background);
    make_mask(s);
    make_background(s);
    return s;
}

double scene_wilson(const struct scene *s, const int32_t hkl[3])
{
    int32_t best[3] = {INT32_MIN, INT32_MIN, INT32_MIN};

    if (predict_absent(s->group.ops, s->group.n_ops, hkl))
        return 0;
    /* The largest of the equivalents h·R and -h·R stands for all. */
    for (int i = 0; i < s->group.n_ops; i++)
        for (int sign = -1; sign <= 1; sign += 2) {
            const int8_t *r = s->group.ops[i].r;
            int32_t v[3];
            for (int k = 0; k < 3; k++)
                v[k] = sign * (hkl[0] * r[k] + hkl[1] * r[3 + k] + hkl[2] * r[6 + k]);
            bool larger = v[0] != best[0]   ? v[0] > best[0]
                          : v[1] != best[1] ? v[1] > best[1]
                                            : v[2] > best[2];
            if (larger)
                memcpy(best, v, sizeof best);
        }
    return -log(dice_named(s->p.seed, best, 3));
}

/* Axes that are equal in the scene's cell stay equal: of one symmetry, or near enough to it. Angles stay. */
void scene_draw_cell(const struct scene *s, struct dice *d, double cell[6])
{
    const double *c = s->p.cell;

    for (int i = 0; i < 3; i++) {
        double factor = 1 + s->p.cell_spread * dice_normal(d);
        cell[i] = c[i] * (factor < 0.5 ? 0.5 : factor);
        for (int k = 0; k < i; k++)
            if (fabs(c[i] - c[k]) < 1e-6 * c[i])
                cell[i] = cell[k];
        cell[3 + i] = c[3 + i];
    }
}

const struct simulate_params *scene_params(const struct scene *s)
{
    return &s->p;
}

const struct detector *scene_detector(const struct scene *s)
{
    return s->header;
}

const struct panel *scene_true_panel(const struct scene *s)
{
    return &s->panel;
}

const uint8_t *scene_mask(const struct scene *s)
{
    return s->mask;
}

const struct space_group *scene_group(const struct scene *s)
{
    return &s->group;
}
