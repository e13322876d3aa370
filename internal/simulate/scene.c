/* scene.c - the experiment behind the frames: detector, bad pixels, crystals, structure factors. */
#include "simulate/scene.h"

#include "kernels/geometry.h"
#include "kernels/predict.h"

#include <math.h>
#include <string.h>

/* The true beam centre is off the middle, by different amounts: a swapped axis or sign shows. */
static const double centre_off[2] = {3.3, -2.7}; /* px */

enum { GAP_PX = 8 };

static const double degrees = 3.14159265358979323846 / 180;

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
        .size_spread = 0.5,
        .brightness = 400,
        .b_factor = 15,
        .background = 0.5,
        .ice_share = 1,
        .gain = 1,
        .saturation = SIMULATE_SATURATION,
        .dead = 20,
        .hot = 10,
        .header_wavelength = 1,
        .header_gain = 1,
        .header_saturation = 1,
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
        {"spikes of the spectrum", p->spikes, 0, SIMULATE_SPIKES_MAX},
        {"jitter", p->jitter, 0, 0.1},
        {"divergence, mrad,", p->divergence, 0, 20},
        {"pointing, mrad,", p->pointing, 0, 20},
        {"spread of the pulse energy", p->pulse_spread, 0, 3},
        {"domain size", p->domain_size, 50, 1e6},
        {"mosaicity", p->mosaicity_deg, 0, 5},
        {"cell spread", p->cell_spread, 0, 0.1},
        {"common cell spread", p->cell_breath, 0, 0.1},
        {"size spread", p->size_spread, 0, 3},
        {"share of the second form", p->second_form, 0, 1},
        {"brightness", p->brightness, 0, 1e9},
        {"B factor", p->b_factor, 0, 500},
        {"background", p->background, 0, 1e5},
        {"dark share", p->dark, 0, 1},
        {"ice", p->ice, 0, 1e5},
        {"share of shots with ice", p->ice_share, 0, 1},
        {"share of shots with salt", p->salt, 0, 1},
        {"sensor thickness", p->thickness, 0, 10},
        {"gain", p->gain, 1e-3, 1e4},
        {"gain spread", p->gain_spread, 0, 0.5},
        {"noise", p->noise, 0, 1e4},
        {"point spread", p->point_spread, 0, 3},
        {"drift", p->drift, 0, 1e4},
        {"saturation", p->saturation, 10, 1e9},
        {"dead pixels", p->dead, 0, 100000},
        {"hot pixels", p->hot, 0, 100000},
        {"panel shift", p->panel_shift, 0, 100},
        {"panel turn", p->panel_turn_mrad, 0, 100},
        {"d_min", p->d_min, 0, 1e4},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!(rows[i].value >= rows[i].lo && rows[i].value <= rows[i].hi))
            return error_set(err, ERROR_USAGE, "%s of %g cannot be simulated: it must be from %g to %g",
                             rows[i].name, rows[i].value, rows[i].lo, rows[i].hi);
    return true;
}

/* ---- detector ---- */

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
                          .gain = 1};
}

/* Turn a panel by an angle about its centre, in its plane; then move it along its axes. */
static void move_panel(struct panel *p, double fast_px, double slow_px, double turn)
{
    const double half[2] = {p->n_fast * p->pixel_fast / 2, p->n_slow * p->pixel_slow / 2};
    const double c = cos(turn), s = sin(turn);

    for (int i = 0; i < 3; i++) {
        double f = p->fast[i], w = p->slow[i], centre = p->origin[i] + half[0] * f + half[1] * w;
        p->fast[i] = c * f + s * w;
        p->slow[i] = c * w - s * f;
        p->origin[i] = centre - half[0] * p->fast[i] - half[1] * p->slow[i] + fast_px * p->pixel_fast * f +
                       slow_px * p->pixel_slow * w;
    }
}

/* The detector as it is and as the header says, both without a tree. */
static bool make_detectors(struct scene *s, struct arena *a, struct error *err)
{
    const struct simulate_params *p = &s->p;
    size_t n = p->detector ? p->detector->n_panels : 1;
    double x = p->n_fast / 2.0 + centre_off[0], y = p->n_slow / 2.0 + centre_off[1];
    struct dice d = dice_start(p->seed, 0, DICE_PANELS);

    s->real = detector_make(a, n, 0);
    s->header = detector_make(a, n, 0);
    for (size_t i = 0; i < n; i++) {
        struct panel *real = &s->real->panels[i], *header = &s->header->panels[i];
        if (p->detector) {
            *real = *header = p->detector->panels[i];
            header->origin[0] -= p->shift_fast * real->pixel_fast;
            header->origin[1] += p->shift_slow * real->pixel_slow;
            header->origin[2] -= p->shift_distance;
        } else {
            *real = flat_panel(p, x, y, p->distance);
            *header = flat_panel(p, x + p->shift_fast, y + p->shift_slow, p->distance + p->shift_distance);
        }
        real->mu = header->mu = p->mu, real->thickness = header->thickness = p->thickness;
        real->parallax = header->parallax = p->mu > 0 && p->thickness > 0;
        real->trusted_hi = header->trusted_hi = p->saturation * p->header_saturation;
        real->gain = header->gain = p->gain * p->header_gain;
        s->header->info[i] = s->real->info[i] =
            (struct panel_info){.name = n > 1 ? arena_printf(a, "panel%zu", i) : "simulated",
                                .type = "SENSOR_PAD",
                                .material = p->thickness > 0 ? "Si" : ""};
        if (p->panel_shift > 0 || p->panel_turn_mrad > 0) {
            double along_fast = dice_normal(&d), along_slow = dice_normal(&d), turn = dice_normal(&d);
            move_panel(real, p->panel_shift * along_fast, p->panel_shift * along_slow,
                       p->panel_turn_mrad * 1e-3 * turn);
        }
        if (i == 0 && (p->one_panel_shift != 0 || p->one_panel_turn_deg != 0))
            move_panel(real, p->one_panel_shift, 0, p->one_panel_turn_deg * degrees);
    }
    return detector_finish(s->header, "simulation", err) && detector_finish(s->real, "simulation", err);
}

static void make_mask(struct scene *s)
{
    const struct simulate_params *p = &s->p;
    size_t n = s->header->n_pixels, w = (size_t)s->header->panels[0].n_fast;
    int32_t h = s->header->panels[0].n_slow;
    struct dice d = dice_start(p->seed, 0, DICE_BAD_PIXELS);

    memset(s->mask, 1, n);
    if (p->detector_mask)
        memcpy(s->mask, p->detector_mask, n);
    for (int32_t y = h / 2 - GAP_PX / 2; !p->detector && y < h / 2 + GAP_PX / 2; y++)
        memset(s->mask + (size_t)y * w, 0, w);
    for (int32_t i = 0; i < p->dead + p->hot; i++)
        s->mask[dice_u64(&d) % n] = 0;
}

/* ---- crystals ---- */

/* What brings the list to the scale of Wilson's: its mean, the temperature factor taken out, becomes 1. */
static double list_scale(const struct crystal_kind *c)
{
    double sum = 0, weight = 0;
    double B[9];
    cell_to_b(c->cell, B);
    for (size_t i = 0; c->structure && i < c->structure->n; i++) {
        const int32_t *h = c->structure->rows[i].hkl;
        const double index[3] = {h[0], h[1], h[2]};
        double q[3];
        mat3_vec(B, index, q);
        double q2 = vec3_dot(q, q), fall = exp(-c->b_factor * q2 / 2);
        if (!(q2 > 0))
            continue;
        sum += fmax(c->structure->rows[i].value, 0);
        weight += fall;
    }
    return sum > 0 ? weight / sum : 0;
}

double crystal_intensity(const struct crystal_kind *c, uint64_t seed, const int32_t hkl[3])
{
    int32_t representative[3];

    if (predict_absent(c->group->ops, c->group->n_ops, hkl))
        return 0;
    if (c->structure) {
        const double *value = intensities_find(c->structure, c->group, hkl);
        return value && *value > 0 ? *value * c->structure_scale : 0;
    }
    laue_representative(c->group, hkl, representative);
    return -log(dice_named(seed, representative, 3));
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

static bool make_crystals(struct scene *s, struct error *err)
{
    const struct simulate_params *p = &s->p;
    double B[9];

    if (!space_group_find(p->space_group, &s->group, err) ||
        !space_group_find("F m -3 m", &s->salt_group, err))
        return false;
    if (!cell_to_b(p->cell, B))
        return error_set(err, ERROR_USAGE, "no lattice has the cell %g %g %g %g %g %g", p->cell[0],
                         p->cell[1], p->cell[2], p->cell[3], p->cell[4], p->cell[5]);
    if (!space_group_fits_cell(&s->group, p->cell, 1e-6, 1e-4))
        return error_set(err, ERROR_USAGE, "the cell %g %g %g %g %g %g is not %s, as space group %s demands",
                         p->cell[0], p->cell[1], p->cell[2], p->cell[3], p->cell[4], p->cell[5],
                         space_group_system(&s->group), s->group.hm);
    s->crystal = (struct crystal_kind){.group = &s->group,
                                       .structure = p->structure,
                                       .b_factor = p->b_factor,
                                       .domain_size = p->domain_size,
                                       .mosaicity = p->mosaicity_deg * degrees,
                                       .brightness = p->brightness};
    memcpy(s->crystal.cell, p->cell, sizeof p->cell);
    s->crystal.structure_scale = list_scale(&s->crystal);
    if (p->structure && !(s->crystal.structure_scale > 0))
        return error_set(err, ERROR_USAGE, "the list of structure factors has no reflection above zero");
    /* table salt: small cell, large blocks, few and very strong reflections */
    s->salt = (struct crystal_kind){.cell = {5.64, 5.64, 5.64, 90, 90, 90},
                                    .group = &s->salt_group,
                                    .b_factor = 2,
                                    .domain_size = 1500,
                                    .mosaicity = 0.3 * degrees,
                                    .brightness = 1e5};
    return true;
}

struct scene *scene_make(const struct simulate_params *p, struct arena *a, struct error *err)
{
    struct scene *s = arena_alloc(a, sizeof *s);
    struct beam_vector beam = {p->wavelength, {0, 0, 1}};
    double d_max;

    s->p = *p;
    s->p.space_group = arena_strdup(a, p->space_group);
    if (!check(p, err) || !make_crystals(s, err) || !make_detectors(s, a, err))
        return NULL;
    detector_resolution(s->header, &beam, &s->d_min, &d_max);
    if (p->d_min > s->d_min)
        s->d_min = p->d_min;
    if (cell_volume(p->cell) / (s->d_min * s->d_min * s->d_min) > 1e7)
        return error_set(err, ERROR_USAGE, "a cell of %g Å³ has too many reflections up to %.2f Å",
                         cell_volume(p->cell), s->d_min),
               error_hint(err, "set a d_min"), NULL;
    s->mask = arena_alloc(a, s->header->n_pixels);
    make_mask(s);
    scene_make_background(s, a);
    return s;
}

const struct simulate_params *scene_params(const struct scene *s)
{
    return &s->p;
}

const struct detector *scene_detector(const struct scene *s)
{
    return s->header;
}

const struct detector *scene_true_detector(const struct scene *s)
{
    return s->real;
}

const uint8_t *scene_mask(const struct scene *s)
{
    return s->mask;
}

const struct space_group *scene_group(const struct scene *s)
{
    return &s->group;
}
