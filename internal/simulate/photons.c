/* photons.c - a frame: which crystals the shot hits, how many photons every pixel gets, what the detector reads. */
#include "simulate/scene.h"

#include "kernels/geometry_panel.h"
#include "kernels/geometry.h"

#include <math.h>
#include <string.h>

enum { WAVELENGTHS = 5, BOX = 128 };

/* Samples of a Gaussian spectrum: standard deviations and weights (sum 1). */
static const double spectrum_at[WAVELENGTHS] = {-1.8, -0.9, 0, 0.9, 1.8};

/* Beyond this many standard deviations a reflection gives nothing. */
static const double reach = 4;

struct shot {
    const struct scene *scene;
    double wavelength[WAVELENGTHS], weight[WAVELENGTHS], mean;
    uint32_t *photons; /* [n_slow][n_fast] */
    float *box;        /* [BOX][BOX] expected photons around a reflection */
};

/* A reflection on its way to the detector. */
struct spot_here {
    double q[3], length;       /* 1/Å */
    double full;               /* photons at partiality 1 */
    double radial, tangential; /* standard deviations of the lattice point, 1/Å */
};

/* Expected photons of one wavelength in every pixel of a box at (x0, y0): the point's density at the scattering vector of
 * each of four samples, times the part of the Ewald sphere that the sample covers. */
static void add_to_box(const struct shot *shot, const struct spot_here *s, int k, int32_t x0, int32_t y0,
                       int32_t w, int32_t h)
{
    const struct panel *p = &shot->scene->panel;
    const double wavenumber = 1 / shot->wavelength[k], area = p->pixel_fast * p->pixel_slow / 4;
    const double pre = s->full * shot->weight[k] * area * wavenumber * wavenumber /
                       (2 * 3.14159265358979323846 * s->tangential * s->tangential);
    double normal[3];

    vec3_cross(p->fast, p->slow, normal);
    for (int32_t j = 0; j < h; j++)
        for (int32_t i = 0; i < w; i++) {
            double sum = 0;
            for (int u = 0; u < 4; u++) {
                const double px[2] = {x0 + i + 0.25 + 0.5 * (u & 1), y0 + j + 0.25 + 0.5 * (u >> 1)};
                double lab[3], dq[3];
                panel_pixel_to_point(p, px, lab);
                double r = vec3_length(lab);
                for (int a = 0; a < 3; a++)
                    dq[a] = lab[a] / r * wavenumber - s->q[a];
                dq[2] += wavenumber; /* the beam travels along -z */
                double d2 = vec3_dot(dq, dq), along = vec3_dot(dq, s->q) / s->length;
                double z = along * along / (s->radial * s->radial) +
                           (d2 - along * along) / (s->tangential * s->tangential);
                if (z < 40)
                    sum += exp(-z / 2) * fabs(vec3_dot(normal, lab)) / (r * r * r);
            }
            shot->box[j * BOX + i] += (float)(sum * pre);
        }
}

/* Draw a reflection's photons; how many were expected on the detector. */
static double draw_box(const struct shot *shot, struct dice *d, int32_t x0, int32_t y0, int32_t w, int32_t h)
{
    const struct panel *p = &shot->scene->panel;
    double expected = 0;

    for (int32_t j = 0; j < h; j++)
        for (int32_t i = 0; i < w; i++) {
            int32_t x = x0 + i, y = y0 + j;
            double mean = shot->box[j * BOX + i];
            if (x < 0 || y < 0 || x >= p->n_fast || y >= p->n_slow || !(mean > 0))
                continue;
            shot->photons[(size_t)y * (size_t)p->n_fast + (size_t)x] += dice_poisson(d, mean);
            expected += mean;
        }
    return expected;
}

/* Excitation error of a reflection for a wavelength: how far its point lies outside the Ewald sphere, 1/Å. */
static double excitation(const double q[3], double wavelength)
{
    const double s1[3] = {q[0], q[1], q[2] - 1 / wavelength};

    return vec3_length(s1) - 1 / wavelength;
}

static double draw_reflection(const struct shot *shot, struct dice *d, const struct spot_here *s)
{
    const struct scene *scene = shot->scene;
    const double s1[3] = {s->q[0], s->q[1], s->q[2] - 1 / shot->mean};
    double px[2], spread = scene->p.bandwidth * 1.8 * s->length * shot->mean;

    if (s1[2] >= 0 || !panel_ray_to_pixel(&scene->panel, s1, px))
        return 0;
    /* Half size of the box, px: the point's width and the spread by the spectrum, both with the slant of the ray. */
    double scale = scene->p.distance / scene->p.pixel, slant = vec3_length(s1) / -s1[2];
    double half = (4.2 * s->tangential * shot->mean + spread) * scale * slant * slant + 1.5;
    half = fmin(half, BOX / 2.0 - 2);
    int32_t x0 = (int32_t)floor(fmax(px[0] - half, -1e6)), x1 = (int32_t)ceil(fmin(px[0] + half, 1e6));
    int32_t y0 = (int32_t)floor(fmax(px[1] - half, -1e6)), y1 = (int32_t)ceil(fmin(px[1] + half, 1e6));
    if (x1 <= 0 || y1 <= 0 || x0 >= scene->p.n_fast || y0 >= scene->p.n_slow)
        return 0;
    int32_t w = x1 - x0 < BOX ? x1 - x0 : BOX, h = y1 - y0 < BOX ? y1 - y0 : BOX;
    for (int32_t j = 0; j < h; j++)
        memset(shot->box + j * BOX, 0, (size_t)w * sizeof *shot->box);
    for (int k = 0; k < WAVELENGTHS; k++)
        if (fabs(excitation(s->q, shot->wavelength[k])) < reach * s->tangential)
            add_to_box(shot, s, k, x0, y0, w, h);
    return draw_box(shot, d, x0, y0, w, h);
}

/* All reflections of a crystal. Returns how many were expected to give a photon or more. */
static int32_t draw_lattice(const struct shot *shot, struct dice *d, const double A[9], const double cell[6],
                            double scale)
{
    const struct scene *scene = shot->scene;
    const struct simulate_params *p = &scene->p;
    /* Real-space width at half maximum ↔ standard deviation in reciprocal space. */
    double radial = 1 / (2 * sqrt(2 * log(2)) * p->domain_size),
           mosaic = p->mosaicity_deg * 3.14159265358979323846 / 180;
    double limit2 = 1 / (scene->d_min * scene->d_min);
    int32_t most[3], visible = 0;

    for (int i = 0; i < 3; i++)
        most[i] = (int32_t)floor(cell[i] / scene->d_min); /* |h| ≤ a/d */
    for (int32_t h = -most[0]; h <= most[0]; h++)
        for (int32_t k = -most[1]; k <= most[1]; k++)
            for (int32_t l = -most[2]; l <= most[2]; l++) {
                const int32_t hkl[3] = {h, k, l};
                const double index[3] = {h, k, l};
                struct spot_here s = {.radial = radial};
                mat3_vec(A, index, s.q);
                double q2 = vec3_dot(s.q, s.q);
                if (!(q2 > 0) || q2 > limit2)
                    continue;
                s.length = sqrt(q2);
                s.tangential = sqrt(radial * radial + mosaic * mosaic * q2);
                double first = excitation(s.q, shot->wavelength[0]),
                       last = excitation(s.q, shot->wavelength[WAVELENGTHS - 1]);
                double far = reach * s.tangential;
                if ((first > far && last > far) || (first < -far && last < -far))
                    continue;
                double polarized = 1 - s.q[0] * s.q[0] * shot->mean * shot->mean;
                s.full =
                    scale * p->brightness * scene_wilson(scene, hkl) * exp(-p->b_factor * q2 / 2) * polarized;
                if (s.full > 0.05)
                    visible += draw_reflection(shot, d, &s) >= 1;
            }
    return visible;
}

/* Orientation, cell and size of crystal number i, and its photons. */
static void add_lattice(const struct shot *shot, uint32_t n, int i, struct simulate_truth *truth)
{
    const struct scene *scene = shot->scene;
    struct dice d = dice_start(scene->p.seed, n, (uint64_t)(DICE_LATTICE + i));
    double R[9], B[9], *A = truth->lattices[i].A, *cell = truth->lattices[i].cell;

    dice_rotation(&d, R);
    scene_draw_cell(scene, &d, cell);
    cell_to_b(cell, B);
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++)
            A[3 * r + c] = R[3 * r] * B[c] + R[3 * r + 1] * B[3 + c] + R[3 * r + 2] * B[6 + c];
    truth->lattices[i].scale = exp(0.5 * dice_normal(&d)) * pow(0.5, i);
    truth->lattices[i].n_reflections = draw_lattice(shot, &d, A, cell, truth->lattices[i].scale);
}

/* What hits what: decided by the shot's own stream, in this order. */
static void plan_shot(const struct scene *scene, uint32_t n, struct simulate_truth *truth)
{
    const struct simulate_params *p = &scene->p;
    struct dice d = dice_start(p->seed, n, DICE_SHOT);
    bool hit = dice_unit(&d) < p->hit_fraction;
    int32_t crystals = 1 + (int32_t)(dice_unit(&d) * p->lattices);

    memset(truth, 0, sizeof *truth);
    truth->wavelength = p->wavelength * (1 + p->jitter * dice_normal(&d));
    truth->background = exp(0.25 * dice_normal(&d));
    truth->n_lattices = hit ? (crystals < p->lattices ? crystals : p->lattices) : 0;
}

size_t scene_work_size(const struct scene *s)
{
    return s->header->n_pixels * sizeof(uint32_t) + BOX * BOX * sizeof(float);
}

void scene_frame(const struct scene *scene, uint32_t n, uint16_t *pixels, struct simulate_truth *truth,
                 void *work)
{
    size_t n_pixels = scene->header->n_pixels;
    struct shot shot = {.scene = scene, .photons = work, .box = (float *)((uint32_t *)work + n_pixels)};
    struct dice d = dice_start(scene->p.seed, n, DICE_BACKGROUND);
    double total = 0;

    plan_shot(scene, n, truth);
    for (int k = 0; k < WAVELENGTHS; k++)
        total += exp(-spectrum_at[k] * spectrum_at[k] / 2);
    for (int k = 0; k < WAVELENGTHS; k++) {
        shot.weight[k] = exp(-spectrum_at[k] * spectrum_at[k] / 2) / total;
        shot.wavelength[k] = truth->wavelength * (1 + scene->p.bandwidth * spectrum_at[k]);
    }
    shot.mean = truth->wavelength;
    for (size_t i = 0; i < n_pixels; i++)
        shot.photons[i] = dice_poisson(&d, scene->background[i] * truth->background);
    for (int i = 0; i < truth->n_lattices; i++)
        add_lattice(&shot, n, i, truth);
    for (size_t i = 0; i < n_pixels; i++) {
        uint32_t v = shot.photons[i] < SIMULATE_SATURATION ? shot.photons[i] : SIMULATE_SATURATION;
        pixels[i] = scene->mask[i] ? (uint16_t)v : SIMULATE_BAD_PIXEL;
    }
}
