/* crystals.c - the photons of the crystals that a shot hits. */
#include "simulate/scene.h"

#include "kernels/geometry.h"
#include "kernels/geometry_panel.h"

#include <math.h>
#include <string.h>

/* Beyond this many standard deviations a reflection gives nothing. */
static const double reach = 4;

/* A reflection on its way to the detector. */
struct spot_here {
    int32_t hkl[3];
    double q[3], length;       /* 1/Å */
    double full;               /* photons at partiality 1 */
    double radial, tangential; /* standard deviations of the lattice point, 1/Å */
};

/* A rectangle of pixels around it. */
struct box_here {
    const struct panel *panel;
    int32_t number; /* of the panel */
    int32_t x0, y0, w, h;
};

/* Expected photons of one ray in every pixel of a box: the point's density at the scattering vector of
 * each of four samples, times the part of the Ewald sphere that the sample covers. */
static void add_to_box(const struct shot *shot, const struct spot_here *s, const struct ray *ray,
                       const struct box_here *b)
{
    const struct panel *p = b->panel;
    const double wavenumber = ray->wavenumber, area = p->pixel_fast * p->pixel_slow / 4;
    const double pre = s->full * ray->weight * area * wavenumber * wavenumber /
                       (2 * 3.14159265358979323846 * s->tangential * s->tangential);
    double normal[3];

    vec3_cross(p->fast, p->slow, normal);
    for (int32_t j = 0; j < b->h; j++)
        for (int32_t i = 0; i < b->w; i++) {
            double sum = 0;
            for (int u = 0; u < 4; u++) {
                const double px[2] = {b->x0 + i + 0.25 + 0.5 * (u & 1), b->y0 + j + 0.25 + 0.5 * (u >> 1)};
                double lab[3], dq[3];
                panel_pixel_to_point(p, px, lab);
                double r = vec3_length(lab);
                for (int a = 0; a < 3; a++)
                    dq[a] = lab[a] / r * wavenumber - s->q[a];
                for (int a = 0; a < 3; a++)
                    dq[a] -= ray->s0[a];
                double d2 = vec3_dot(dq, dq), along = vec3_dot(dq, s->q) / s->length;
                double z = along * along / (s->radial * s->radial) +
                           (d2 - along * along) / (s->tangential * s->tangential);
                if (z < 40)
                    sum += exp(-z / 2) * fabs(vec3_dot(normal, lab)) / (r * r * r);
            }
            shot->box[j * BOX + i] += (float)(sum * pre);
        }
}

/* Draw a reflection's photons in the part of the box that lies on the panel. */
static void draw_box(const struct shot *shot, struct dice *d, const struct box_here *b,
                     struct simulate_reflection *out)
{
    const struct panel *p = b->panel;

    for (int32_t j = 0; j < b->h; j++)
        for (int32_t i = 0; i < b->w; i++) {
            int32_t x = b->x0 + i, y = b->y0 + j;
            double mean = shot->box[j * BOX + i];
            if (x < 0 || y < 0 || x >= p->n_fast || y >= p->n_slow || !(mean > 0))
                continue;
            uint32_t photons = dice_poisson(d, mean);
            shot->photons[p->first_pixel + (size_t)y * (size_t)p->n_fast + (size_t)x] += photons;
            out->photons += photons;
            out->expected += mean;
        }
}

/* Excitation error of a reflection for an incident wave: how far its point lies outside the Ewald sphere, 1/Å. */
static double excitation(const double q[3], const double s0[3], double wavenumber)
{
    const double s1[3] = {q[0] + s0[0], q[1] + s0[1], q[2] + s0[2]};

    return vec3_length(s1) - wavenumber;
}

/* The pixels that a reflection may reach on a panel; false: none. */
static bool find_box(const struct shot *shot, const struct spot_here *s, const double s1[3], size_t panel,
                     double px[2], struct box_here *b)
{
    const struct panel *p = &shot->detector->panels[panel];
    double wavelength = shot->beam.wavelength, normal[3];

    if (!panel_ray_to_pixel(p, s1, px))
        return false;
    vec3_cross(p->fast, p->slow, normal);
    /* Half size, px: the point's width and the spread by spectrum and divergence, both with the slant of the ray. */
    double scale = fabs(vec3_dot(normal, p->origin)) / fmin(p->pixel_fast, p->pixel_slow);
    double slant = vec3_length(s1) / fabs(vec3_dot(normal, s1));
    double spread = shot->beam.reach * s->length * wavelength + shot->beam.spread;
    double half = (4.2 * s->tangential * wavelength + spread) * scale * slant * slant + 1.5;
    half = fmin(half, BOX / 2.0 - 2);
    int32_t x0 = (int32_t)floor(fmax(px[0] - half, -1e6)), x1 = (int32_t)ceil(fmin(px[0] + half, 1e6));
    int32_t y0 = (int32_t)floor(fmax(px[1] - half, -1e6)), y1 = (int32_t)ceil(fmin(px[1] + half, 1e6));
    if (x1 <= 0 || y1 <= 0 || x0 >= p->n_fast || y0 >= p->n_slow)
        return false;
    *b = (struct box_here){
        p, (int32_t)panel, x0, y0, x1 - x0 < BOX ? x1 - x0 : BOX, y1 - y0 < BOX ? y1 - y0 : BOX};
    return true;
}

/* Is a photon or more to be expected of it? */
static bool draw_reflection(const struct shot *shot, struct dice *d, const struct spot_here *s,
                            int32_t lattice)
{
    double s1[3], px[2];
    bool visible = false;

    for (int i = 0; i < 3; i++)
        s1[i] = s->q[i] + shot->beam.s0[i];
    if (s1[2] >= 0)
        return false;
    for (size_t k = 0; k < shot->detector->n_panels; k++) {
        struct box_here b;
        if (!find_box(shot, s, s1, k, px, &b))
            continue;
        struct simulate_reflection row = {
            .lattice = lattice, .panel = b.number, .px = {px[0], px[1]}, .full = s->full};
        memcpy(row.hkl, s->hkl, sizeof row.hkl);
        for (int32_t j = 0; j < b.h; j++)
            memset(shot->box + j * BOX, 0, (size_t)b.w * sizeof *shot->box);
        for (int32_t i = 0; i < shot->beam.n; i++) {
            const struct ray *ray = &shot->beam.rays[i];
            if (fabs(excitation(s->q, ray->s0, ray->wavenumber)) < reach * s->tangential)
                add_to_box(shot, s, ray, &b);
        }
        draw_box(shot, d, &b, &row);
        visible |= row.expected >= 1;
        if (row.expected >= 1 && shot->listener)
            shot->listener->reflection(shot->listener->arg, &row);
    }
    return visible;
}

/* Does some ray of the shot come within reach of the point? */
static bool is_excited(const struct shot *shot, const struct spot_here *s)
{
    double least = INFINITY, most = -INFINITY, far = reach * s->tangential;
    for (int32_t i = 0; i < shot->beam.n; i++) {
        double e = excitation(s->q, shot->beam.rays[i].s0, shot->beam.rays[i].wavenumber);
        least = fmin(least, e);
        most = fmax(most, e);
    }
    return least <= far && most >= -far;
}

/* All reflections of a crystal. Returns how many were expected to give a photon or more. */
static int32_t draw_lattice(const struct shot *shot, struct dice *d, const struct crystal_kind *c,
                            int32_t lattice, const double A[9], const double cell[6], double scale)
{
    /* Real-space width at half maximum ↔ standard deviation in reciprocal space. */
    double radial = 1 / (2 * sqrt(2 * log(2)) * c->domain_size);
    double d_min = shot->scene->d_min, limit2 = 1 / (d_min * d_min);
    int32_t most[3], visible = 0;

    for (int i = 0; i < 3; i++)
        most[i] = (int32_t)floor(cell[i] / d_min); /* |h| ≤ a/d */
    for (int32_t h = -most[0]; h <= most[0]; h++)
        for (int32_t k = -most[1]; k <= most[1]; k++)
            for (int32_t l = -most[2]; l <= most[2]; l++) {
                const double index[3] = {h, k, l};
                struct spot_here s = {.hkl = {h, k, l}, .radial = radial};
                mat3_vec(A, index, s.q);
                double q2 = vec3_dot(s.q, s.q);
                if (!(q2 > 0) || q2 > limit2)
                    continue;
                s.length = sqrt(q2);
                s.tangential = sqrt(radial * radial + c->mosaicity * c->mosaicity * q2);
                if (!is_excited(shot, &s))
                    continue;
                double polarized = 1 - s.q[0] * s.q[0] * shot->beam.wavelength * shot->beam.wavelength;
                double fall = c->structure ? 1 : exp(-c->b_factor * q2 / 2); /* a list has its own */
                s.full = scale * c->brightness * crystal_intensity(c, shot->scene->p.seed, s.hkl) * fall *
                         polarized;
                if (s.full > 0.05)
                    visible += draw_reflection(shot, d, &s, lattice);
            }
    return visible;
}

static void rotated(const double R[9], const double B[9], double A[9])
{
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++)
            A[3 * r + c] = R[3 * r] * B[c] + R[3 * r + 1] * B[3 + c] + R[3 * r + 2] * B[6 + c];
}

/* The second crystal form has a longer c axis (and what is equal to it); all axes breathe together. */
static void change_cell(const struct scene *s, uint32_t n, int i, double cell[6], int32_t *form)
{
    const struct simulate_params *p = &s->p;
    struct dice d = dice_start(p->seed, n, DICE_FORM + 64 * (uint64_t)i);

    if (p->second_form > 0 && dice_unit(&d) < p->second_form) {
        *form = 1;
        for (int k = 0; k < 3; k++)
            if (k == 2 || fabs(p->cell[k] - p->cell[2]) < 1e-6 * p->cell[k])
                cell[k] *= 1.03;
    }
    double breath = p->cell_breath > 0 ? fmax(1 + p->cell_breath * dice_normal(&d), 0.5) : 1;
    for (int k = 0; k < 3; k++)
        cell[k] *= breath;
}

/* Orientation, cell and size of crystal number i, and its photons. */
void shot_add_lattice(const struct shot *shot, uint32_t n, int i, struct simulate_truth *truth)
{
    const struct scene *scene = shot->scene;
    struct dice d = dice_start(scene->p.seed, n, (uint64_t)(DICE_LATTICE + i));
    double R[9], B[9], *A = truth->lattices[i].A, *cell = truth->lattices[i].cell;

    dice_rotation(&d, R);
    scene_draw_cell(scene, &d, cell);
    change_cell(scene, n, i, cell, &truth->lattices[i].form);
    cell_to_b(cell, B);
    rotated(R, B, A);
    truth->lattices[i].scale = exp(scene->p.size_spread * dice_normal(&d)) * pow(0.5, i);
    truth->lattices[i].n_reflections =
        draw_lattice(shot, &d, &scene->crystal, i, A, cell, truth->lattices[i].scale * truth->pulse);
}

void shot_add_salt(const struct shot *shot, uint32_t n, const struct simulate_truth *truth)
{
    const struct scene *scene = shot->scene;
    struct dice d = dice_start(scene->p.seed, n, DICE_SALT);
    struct shot unheard = *shot;
    double R[9], B[9], A[9];

    unheard.listener = NULL; /* salt is not what the truth is about */
    dice_rotation(&d, R);
    cell_to_b(scene->salt.cell, B);
    rotated(R, B, A);
    draw_lattice(&unheard, &d, &scene->salt, -1, A, scene->salt.cell, truth->pulse);
}
