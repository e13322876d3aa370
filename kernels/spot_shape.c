/* spot_shape.c - ellipses of spots and their sizes. */
#include "kernels/spot_shape.h"

#include "kernels/geometry.h"
#include "kernels/geometry_panel.h"

#include <math.h>
#include <string.h>

static const double PI = 3.14159265358979323846;

/* Smallest variance of a spot without its pixel, px². */
static const double BARE_MIN = 0.03;

/* Where a ray that leaves the beam a little further goes, scaled px: the radial direction. */
static bool radial_direction(const struct view *view, const struct reflection *row, struct spot_ellipse *e)
{
    const struct panel *p = &view->panels[row->panel];
    const double step = 1e-4; /* radians */
    double s[3] = {row->s1[0], row->s1[1], row->s1[2]}, out[3], a[2], b[2];

    if (!vec3_norm(s, s))
        return false;
    double along = -vec3_dot(s, view->beam->direction); /* cosine of 2θ */
    for (int i = 0; i < 3; i++)
        out[i] = along * s[i] + view->beam->direction[i];
    if (!(vec3_length(out) > 1e-9) || !vec3_norm(out, out))
        return false;
    double further[3] = {s[0] + step * out[0], s[1] + step * out[1], s[2] + step * out[2]};
    if (!panel_ray_to_pixel(p, s, a) || !panel_ray_to_pixel(p, further, b))
        return false;
    double x = (b[0] - a[0]) * e->scale_x, y = (b[1] - a[1]) * e->scale_y, length = sqrt(x * x + y * y);
    e->ux = x / length;
    e->uy = y / length;
    return length > 0;
}

bool spot_ellipse_make(const struct view *view, const struct reflection *row, const struct spot_shape *shape,
                       struct spot_ellipse *out)
{
    const struct panel *p = &view->panels[row->panel];
    double q2 = 1 / (row->d * row->d), pixel = sqrt(p->pixel_fast * p->pixel_slow);
    *out = (struct spot_ellipse){.x = row->cal_px[0],
                                 .y = row->cal_px[1],
                                 .scale_x = p->pixel_fast / pixel,
                                 .scale_y = p->pixel_slow / pixel,
                                 .vr = shape->r0 + shape->r1 * q2,
                                 .vt = shape->t0 + shape->t1 * q2};
    if (!(out->vr > 0) || !(out->vt > 0) || !radial_direction(view, row, out))
        return false;
    double cx = out->ux * out->scale_x, cy = out->uy * out->scale_y;  /* radial, of one px in x and y */
    double tx = -out->uy * out->scale_x, ty = out->ux * out->scale_y; /* tangential */
    out->xx = cx * cx / out->vr + tx * tx / out->vt;
    out->xy = cx * cy / out->vr + tx * ty / out->vt;
    out->yy = cy * cy / out->vr + ty * ty / out->vt;
    return true;
}

double spot_ellipse_distance2(const struct spot_ellipse *e, double dx, double dy)
{
    return e->xx * dx * dx + 2 * e->xy * dx * dy + e->yy * dy * dy;
}

void spot_ellipse_reach(const struct spot_ellipse *e, double k, double reach[2])
{
    double det = e->xx * e->yy - e->xy * e->xy;
    reach[0] = k * sqrt(e->yy / det);
    reach[1] = k * sqrt(e->xx / det);
}

bool spot_ellipse_row(const struct spot_ellipse *e, double k, int32_t y, int32_t *from, int32_t *to)
{
    double dy = y + 0.5 - e->y, b = e->xy * dy, c = e->yy * dy * dy - k * k, disc = b * b - e->xx * c;
    if (!(disc >= 0))
        return false;
    double root = sqrt(disc);
    *from = (int32_t)ceil(e->x + (-b - root) / e->xx - 0.5);
    *to = (int32_t)floor(e->x + (-b + root) / e->xx - 0.5) + 1;
    return *to > *from;
}

void spot_profile_make(const struct spot_ellipse *e, struct spot_profile *out)
{
    double vr = fmax(e->vr - 1.0 / 12, BARE_MIN), vt = fmax(e->vt - 1.0 / 12, BARE_MIN);
    double cx = e->ux * e->scale_x, cy = e->uy * e->scale_y, tx = -e->uy * e->scale_x,
           ty = e->ux * e->scale_y;
    out->xx = cx * cx / vr + tx * tx / vt;
    out->xy = cx * cy / vr + tx * ty / vt;
    out->yy = cy * cy / vr + ty * ty / vt;
    out->sx = exp(-out->xx / 18);
    out->sy = exp(-out->yy / 18);
    out->up = exp(-out->xy / 9);
    out->un = 1 / out->up;
    out->scale = 1 / (9 * 2 * PI * sqrt(vr * vt));
}

/* exp of the form at (dx + u, dy + v) is that at (dx, dy) times one factor of u, one of v and one of both, for u, v = -1/3, 0, 1/3:
 * three exponentials in place of nine. */
double spot_profile_at(const struct spot_profile *p, double dx, double dy)
{
    double gx = p->xx * dx + p->xy * dy, gy = p->xy * dx + p->yy * dy, form = gx * dx + gy * dy;
    if (form > 1400) /* nothing: and its factors would not be numbers */
        return 0;
    double a = exp(-gx / 3), b = exp(-gy / 3), ai = 1 / a, bi = 1 / b;
    double sides = p->sx * (a + ai) + p->sy * (b + bi);
    double corners = p->sx * p->sy * (p->up * (a * b + ai * bi) + p->un * (a * bi + ai * b));
    return p->scale * exp(-0.5 * form) * (1 + sides + corners);
}

/* ---- measuring ---- */

void spot_moments_add(struct spot_moments *m, double radial, double tangential, double k, double d,
                      double photons)
{
    /* a round Gaussian cut at k sigmas has second moments smaller by this */
    double e = exp(-0.5 * k * k), cut = 1 - 0.5 * k * k * e / (1 - e), q2 = 1 / (d * d);
    const double v[2] = {radial / cut, tangential / cut}, w = photons < 400 ? photons : 400;
    for (int i = 0; i < 2; i++) {
        m->sum[i][0] += w;
        m->sum[i][1] += w * q2;
        m->sum[i][2] += w * q2 * q2;
        m->sum[i][3] += w * v[i];
        m->sum[i][4] += w * v[i] * q2;
    }
    m->n++;
}

bool spot_moments_shape(const struct spot_moments *m, size_t least, struct spot_shape *out)
{
    double line[2][2];
    if (m->n < least || !(m->sum[0][0] > 0))
        return false;
    for (int i = 0; i < 2; i++) {
        const double *s = m->sum[i];
        double det = s[0] * s[2] - s[1] * s[1];
        double slope = det > 1e-12 * s[0] * s[2] ? (s[0] * s[4] - s[1] * s[3]) / det : 0;
        double at0 = (s[3] - slope * s[1]) / s[0];
        if (!(slope >= 0) || !(at0 >= 0.1)) {
            slope = 0;
            at0 = s[3] / s[0];
        }
        line[i][0] = fmax(at0, 0.1);
        line[i][1] = slope;
    }
    *out = (struct spot_shape){line[0][0], line[0][1], line[1][0], line[1][1]};
    return true;
}
