/* photons.c - a frame: what the shot hits, how many photons every pixel gets. */
#include "simulate/scene.h"

#include <math.h>
#include <string.h>

static bool within(struct frame_range r, uint32_t n)
{
    return n >= r.first && n < r.last;
}

/* What hits what: decided by the shot's own stream, in this order. */
static void plan_shot(const struct scene *scene, uint32_t n, struct simulate_truth *truth)
{
    const struct simulate_params *p = &scene->p;
    struct dice d = dice_start(p->seed, n, DICE_SHOT), around = dice_start(p->seed, n, DICE_SURROUND);
    bool hit = dice_unit(&d) < p->hit_fraction;
    int32_t crystals = 1 + (int32_t)(dice_unit(&d) * p->lattices);
    double dark = dice_unit(&around), ice = dice_unit(&around), salt = dice_unit(&around);

    memset(truth, 0, sizeof *truth);
    truth->wavelength = p->wavelength * (1 + p->jitter * dice_normal(&d));
    truth->background = exp(0.25 * dice_normal(&d));
    truth->jet = !within(p->jet_off, n) && (hit || dark >= p->dark);
    truth->ice = truth->jet && p->ice > 0 &&
                 (p->ice_time.last > p->ice_time.first ? within(p->ice_time, n) : ice < p->ice_share);
    truth->salt = truth->jet && salt < p->salt;
    truth->n_lattices = hit && truth->jet ? (crystals < p->lattices ? crystals : p->lattices) : 0;
}

static void add_background(const struct shot *shot, uint32_t n, const struct simulate_truth *truth)
{
    const struct scene *s = shot->scene;
    const float *map = truth->jet || !s->air ? s->background : s->air;
    struct dice d = dice_start(s->p.seed, n, DICE_BACKGROUND);
    double factor = truth->background * truth->pulse;

    for (size_t i = 0; i < s->real->n_pixels; i++) {
        double mean = map[i] * factor;
        if (truth->ice)
            mean += s->ice[i] * truth->pulse;
        shot->photons[i] = dice_poisson(&d, mean);
    }
}

/* The detector as it stands in frame n: moved panels lie in the frame's work memory. */
static const struct detector *detector_of(const struct scene *s, uint32_t n, struct detector *moved,
                                          struct panel *panels)
{
    if (!s->p.moved_from || n < s->p.moved_from)
        return s->real;
    *moved = *s->real;
    moved->panels = panels;
    for (size_t i = 0; i < moved->n_panels; i++) {
        panels[i] = s->real->panels[i];
        panels[i].origin[0] += s->p.moved_px * panels[i].pixel_fast;
    }
    return moved;
}

size_t scene_work_size(const struct scene *s)
{
    size_t n = s->real->n_pixels;
    return s->real->n_panels * sizeof(struct panel) + n * sizeof(uint32_t) + BOX * BOX * sizeof(float) +
           (scene_integrates(s) ? n * sizeof(float) : 0);
}

void scene_frame(const struct scene *scene, uint32_t n, void *pixels, struct simulate_truth *truth,
                 const struct simulate_listener *listener, void *work)
{
    size_t n_pixels = scene->real->n_pixels;
    struct panel *panels = work;
    uint32_t *photons = (uint32_t *)(panels + scene->real->n_panels);
    float *box = (float *)(photons + n_pixels), *charge = box + BOX * BOX;
    struct detector moved;
    uint32_t drawn = scene->p.duplicates ? n - n % 2 : n; /* the shot whose numbers are drawn */
    struct shot shot = {.scene = scene, .photons = photons, .box = box, .listener = listener};

    shot.detector = detector_of(scene, n, &moved, panels);
    plan_shot(scene, drawn, truth);
    truth->duplicate_of = drawn == n ? 0 : drawn + 1;
    scene_draw_beam(scene, drawn, truth, &shot.beam);
    add_background(&shot, drawn, truth);
    for (int i = 0; i < truth->n_lattices; i++)
        shot_add_lattice(&shot, drawn, i, truth);
    if (truth->salt)
        shot_add_salt(&shot, drawn, truth);
    scene_read_out(scene, drawn, photons, charge, pixels);
}
