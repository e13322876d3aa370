/* profile.c - Kabsch's local coordinates of a diffracted beam, and what DIALS' gaussian_rs makes of them on a still.
 * Unit vectors are used throughout: (s' − s1)·ê/|s1| with |s'| = |s1| is the same as (ŝ' − ŝ1)·ê, whatever the
 * wavelength. */
#include "kernels/profile.h"

#include "kernels/geometry_panel.h"
#include "kernels/geometry.h"

#include <math.h>
#include <string.h>

/* Σ v α² / (Σ v − 1) of one spot; NaN when it does not count. */
static double spot_variance(const struct panel *p, const double s1[3], const struct strong_pixel *pixels,
                            size_t n)
{
    double sum = 0, moment = 0;
    for (size_t i = 0; i < n; i++) {
        double px[2] = {pixels[i].x + 0.5, pixels[i].y + 0.5}, ray[3], cross[3];
        panel_pixel_to_point(p, px, ray);
        vec3_cross(ray, s1, cross);
        double angle = atan2(vec3_length(cross), vec3_dot(ray, s1));
        sum += (double)pixels[i].value;
        moment += (double)pixels[i].value * angle * angle;
    }
    return sum > 1 ? moment / (sum - 1) : NAN;
}

double profile_sigma_b(const struct view *view, const struct strong_pixel *pixels, size_t n_pixels,
                       const struct spot *spots, size_t n_spots, const struct reflection *rows, size_t n_rows,
                       uint32_t lattice)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < n_rows; i++) {
        const struct reflection *row = &rows[i];
        if (row->lattice != lattice || row->spot < 0 || (size_t)row->spot >= n_spots)
            continue;
        const struct spot *spot = &spots[row->spot];
        if (spot->panel >= view->n_panels || spot->first_pixel > n_pixels ||
            spot->n_pixels > n_pixels - spot->first_pixel)
            continue;
        double variance =
            spot_variance(&view->panels[spot->panel], row->s1, pixels + spot->first_pixel, spot->n_pixels);
        if (!(variance >= 0) || !isfinite(variance))
            continue;
        sum += variance;
        n++;
    }
    return n ? sqrt(sum / (double)n) : 0;
}

bool kabsch_init(struct kabsch *k, const struct beam_vector *beam, const double s1[3])
{
    double s0[3];
    for (int i = 0; i < 3; i++) {
        s0[i] = -beam->direction[i];
        k->s1[i] = s1[i];
    }
    if (!vec3_norm(k->s1, k->s1))
        return false;
    vec3_cross(k->s1, s0, k->e1);
    if (!(vec3_length(k->e1) > 1e-12) || !vec3_norm(k->e1, k->e1))
        return false;
    vec3_cross(k->s1, k->e1, k->e2);
    return vec3_norm(k->e2, k->e2);
}

double kabsch_distance2(const struct kabsch *k, const double lab[3])
{
    double ray[3] = {lab[0], lab[1], lab[2]};
    if (!vec3_norm(ray, ray))
        return INFINITY;
    for (int i = 0; i < 3; i++)
        ray[i] -= k->s1[i];
    double x = vec3_dot(ray, k->e1), y = vec3_dot(ray, k->e2);
    /* The projection folds rays from behind the sample onto the spot: they are no neighbours of it. */
    return vec3_dot(ray, ray) < 2 ? x * x + y * y : INFINITY;
}

bool profile_box(const struct kabsch *k, const struct panel *p, double reach, int32_t box[4])
{
    double lo[2] = {INFINITY, INFINITY}, hi[2] = {-INFINITY, -INFINITY};
    double along = 1 - 2 * reach * reach;
    if (!(reach > 0) || !(along > 0))
        return false;
    for (int corner = 0; corner < 4; corner++) {
        double a = corner & 1 ? reach : -reach, b = corner & 2 ? reach : -reach, ray[3], px[2];
        for (int i = 0; i < 3; i++)
            ray[i] = a * k->e1[i] + b * k->e2[i] + sqrt(along) * k->s1[i];
        if (!panel_ray_to_pixel(p, ray, px))
            return false;
        for (int i = 0; i < 2; i++) {
            lo[i] = fmin(lo[i], px[i]);
            hi[i] = fmax(hi[i], px[i]);
        }
    }
    for (int i = 0; i < 2; i++) {
        double from = floor(lo[i]), to = ceil(hi[i]);
        if (!(fabs(from) < 1e8) || !(to - from >= 1) || !(to - from <= PROFILE_BOX_SIDE))
            return false;
        box[2 * i] = (int32_t)from;
        box[2 * i + 1] = (int32_t)to;
    }
    return true;
}

/* Distances² of the corners along the top edge of pixel row y, x0 … x1 inclusive. */
static void corner_row(const struct kabsch *k, const struct panel *p, int32_t x0, int32_t x1, int32_t y,
                       double *out)
{
    for (int32_t x = x0; x <= x1; x++) {
        double px[2] = {x, y}, lab[3];
        panel_pixel_to_point(p, px, lab);
        out[x - x0] = kabsch_distance2(k, lab);
    }
}

/* The part of a box where foreground can be: the pixels between the rays at ±radius, and two more for the corners of
 * pixels that reach over and for the bending of the sphere. */
static void narrow(const struct kabsch *k, const struct panel *p, double radius, const int32_t box[4],
                   int32_t part[4])
{
    int32_t near[4];
    memcpy(part, box, 4 * sizeof *part);
    if (!profile_box(k, p, radius, near))
        return;
    for (int i = 0; i < 4; i += 2) {
        if (near[i] - 2 > part[i])
            part[i] = near[i] - 2 < box[i + 1] ? near[i] - 2 : box[i + 1];
        if (near[i + 1] + 2 < part[i + 1])
            part[i + 1] = near[i + 1] + 2 > part[i] ? near[i + 1] + 2 : part[i];
    }
}

void profile_foreground(const struct kabsch *k, const struct panel *p, double radius, const int32_t box[4],
                        uint8_t *inside)
{
    double corners[2][PROFILE_BOX_SIDE + 1];
    int32_t width = box[1] - box[0], height = box[3] - box[2], part[4];
    if (width < 1 || width > PROFILE_BOX_SIDE || height < 1)
        return;
    memset(inside, 0, (size_t)width * (size_t)height);
    narrow(k, p, radius, box, part);
    if (part[0] >= part[1] || part[2] >= part[3])
        return;
    corner_row(k, p, part[0], part[1], part[2], corners[0]);
    for (int32_t y = part[2]; y < part[3]; y++) {
        const double *above = corners[(y - part[2]) & 1];
        double *below = corners[(y - part[2] + 1) & 1];
        uint8_t *row = inside + (size_t)(y - box[2]) * (size_t)width + (size_t)(part[0] - box[0]);
        corner_row(k, p, part[0], part[1], y + 1, below);
        for (int32_t i = 0; i < part[1] - part[0]; i++) {
            double nearest = fmin(fmin(above[i], above[i + 1]), fmin(below[i], below[i + 1]));
            row[i] = nearest <= radius * radius;
        }
    }
}
