/* geometry_panel.c - where rays meet panels.
 *
 * The plane of a panel is {d · (X, Y, 1)ᵀ} with d = [fast slow origin]; a ray s1 meets it where v = d⁻¹·s1 gives
 * X = v0/v2, Y = v1/v2. The rows of d⁻¹ are cross products over the determinant, which cancels in the quotients. */
#include "kernels/geometry_panel.h"

#include "kernels/geometry.h"

#include <math.h>

bool panel_ray_to_mm(const struct panel *p, const double s1[3], double mm[2])
{
    double normal[3], row_x[3], row_y[3];
    vec3_cross(p->fast, p->slow, normal);
    double towards = vec3_dot(normal, s1), plane = vec3_dot(normal, p->origin);
    /* v2 > 0 says that the ray points towards the panel; NaN and rays along the plane fail the test as well.
     */
    if (!(towards * plane > 0))
        return false;
    vec3_cross(p->slow, p->origin, row_x);
    vec3_cross(p->origin, p->fast, row_y);
    mm[0] = vec3_dot(row_x, s1) / towards;
    mm[1] = vec3_dot(row_y, s1) / towards;
    return isfinite(mm[0]) && isfinite(mm[1]);
}

/* Mean depth at which a ray through panel point mm is absorbed, as a displacement (mm) along fast and slow:
 * the attenuation length 1/mu − (t/c + 1/mu)·exp(−mu t/c), c the cosine between ray and normal, times the
 * ray's direction. */
static void parallax_offset(const struct panel *p, const double mm[2], double offset[2])
{
    double ray[3], normal[3];
    offset[0] = offset[1] = 0;
    if (!p->parallax || !(p->mu > 0) || !(p->thickness > 0))
        return;
    panel_mm_to_point(p, mm, ray);
    if (!vec3_norm(ray, ray))
        return;
    vec3_cross(p->fast, p->slow, normal);
    double path = p->thickness / fabs(vec3_dot(normal, ray));
    double depth = 1 / p->mu - (path + 1 / p->mu) * exp(-p->mu * path);
    /* a ray along the sensor's surface: infinite path, absorbed after 1/mu on the average */
    if (!isfinite(depth))
        depth = 1 / p->mu;
    offset[0] = depth * vec3_dot(ray, p->fast);
    offset[1] = depth * vec3_dot(ray, p->slow);
}

void panel_mm_to_pixel(const struct panel *p, const double mm[2], double px[2])
{
    double offset[2];
    parallax_offset(p, mm, offset);
    px[0] = (mm[0] + offset[0]) / p->pixel_fast;
    px[1] = (mm[1] + offset[1]) / p->pixel_slow;
}

void panel_pixel_to_mm(const struct panel *p, const double px[2], double mm[2])
{
    double raw[2] = {px[0] * p->pixel_fast, px[1] * p->pixel_slow}, offset[2];
    parallax_offset(p, raw, offset);
    mm[0] = raw[0] - offset[0];
    mm[1] = raw[1] - offset[1];
}

void panel_mm_to_point(const struct panel *p, const double mm[2], double lab[3])
{
    for (int i = 0; i < 3; i++)
        lab[i] = p->origin[i] + mm[0] * p->fast[i] + mm[1] * p->slow[i];
}

void panel_pixel_to_point(const struct panel *p, const double px[2], double lab[3])
{
    double mm[2];
    panel_pixel_to_mm(p, px, mm);
    panel_mm_to_point(p, mm, lab);
}

bool panel_ray_to_pixel(const struct panel *p, const double s1[3], double px[2])
{
    double mm[2];
    if (!panel_ray_to_mm(p, s1, mm))
        return false;
    panel_mm_to_pixel(p, mm, px);
    return true;
}

double point_inverse_d(const struct beam_vector *b, const double lab[3])
{
    double ray[3] = {lab[0], lab[1], lab[2]};
    if (!vec3_norm(ray, ray))
        return 0;
    /* |s1 − s0| = |ray + direction| / λ: no cancellation near the beam, unlike 1 − cos 2θ. */
    for (int i = 0; i < 3; i++)
        ray[i] += b->direction[i];
    return sqrt(vec3_dot(ray, ray)) / b->wavelength;
}
