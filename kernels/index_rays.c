/* index_rays.c - from spots on panels to rays, and from rays to the points a search works on. */
#include "kernels/geometry_panel.h"
#include "kernels/index_internal.h"
#include "kernels/sort.h"
#include "kernels/geometry.h"

#include <string.h>

static bool spot_to_ray(const struct panel *panel, const struct beam_vector *beam, const struct spot *spot,
                        struct ray *r)
{
    memset(r, 0, sizeof *r);
    r->px[0] = spot->x;
    r->px[1] = spot->y;
    r->var_px[0] = spot->var_x;
    r->var_px[1] = spot->var_y;
    r->intensity = spot->intensity;
    r->panel = spot->panel;
    if (!isfinite(spot->x) || !isfinite(spot->y))
        return false;
    panel_pixel_to_mm(panel, r->px, r->mm);
    panel_mm_to_point(panel, r->mm, r->lab);
    memcpy(r->s1, r->lab, sizeof r->s1);
    vec3_cross(panel->fast, panel->slow, r->unit);
    if (!vec3_norm(r->s1, r->s1) || !vec3_norm(r->unit, r->unit))
        return false;
    if (vec3_dot(r->unit, r->s1) < 0)
        for (int i = 0; i < 3; i++)
            r->unit[i] = -r->unit[i];
    for (int i = 0; i < 3; i++)
        r->q[i] = (r->s1[i] + beam->direction[i]) / beam->wavelength;
    r->per_px = sqrt(panel->pixel_fast * panel->pixel_slow) / (vec3_length(r->lab) * beam->wavelength);
    double length = vec3_length(r->q);
    return isfinite(length) && length > 0 && isfinite(r->per_px) && r->per_px > 0 &&
           vec3_dot(r->unit, r->s1) > 1e-3;
}

size_t spots_to_rays(const struct panel *panels, size_t n_panels, const struct beam_vector *beam,
                     const struct spot *spots, size_t n, struct ray *rays)
{
    size_t made = 0;
    for (size_t i = 0; i < n; i++) {
        if (spots[i].panel >= n_panels)
            continue;
        rays[made].spot = 0;
        if (!spot_to_ray(&panels[spots[i].panel], beam, &spots[i], &rays[made]))
            continue;
        rays[made++].spot = (uint32_t)i;
    }
    return made;
}

/* Ties by number, so that equal spots do not depend on the sort. */
static int compare_points(const void *pa, const void *pb)
{
    const struct point *a = pa, *b = pb;
    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    return a->ray < b->ray ? -1 : a->ray > b->ray;
}

/* A pixel's move along lab x turns the ray by pixel/|lab| across itself, and q by that over λ: per_px (x̂ - ŝ
 * ŝx). */
static bool point_make(const struct beam_vector *beam, const struct ray *r, const double displaced[2],
                       struct point *p)
{
    for (int i = 0; i < 3; i++)
        p->s[i] = r->s1[i];
    for (int pass = 0; pass < 2; pass++) {
        for (int k = 0; k < 2; k++)
            for (int i = 0; i < 3; i++)
                p->shift[k][i] = r->per_px * ((i == k) - p->s[i] * p->s[k]);
        for (int i = 0; i < 3 && pass == 0; i++)
            p->s[i] -= (displaced[0] * p->shift[0][i] + displaced[1] * p->shift[1][i]) * beam->wavelength;
        if (!vec3_norm(p->s, p->s))
            return false;
    }
    for (int i = 0; i < 3; i++)
        p->q[i] = (p->s[i] + beam->direction[i]) / beam->wavelength;
    p->length = vec3_length(p->q);
    p->across = r->per_px * sqrt(fmax(0, vec3_dot(r->unit, r->s1)));
    return p->length > 0 && isfinite(p->length) && p->length < 100 && p->across > 0 && isfinite(p->across);
}

size_t points_make(const struct beam_vector *beam, const struct ray *rays, size_t n,
                   const double displaced[2], struct point *points)
{
    size_t made = 0;
    for (size_t i = 0; i < n; i++) {
        points[made].ray = (uint32_t)i;
        made += point_make(beam, &rays[i], displaced, &points[made]);
    }
    sort_heap(points, made, sizeof *points, compare_points);
    return made;
}
