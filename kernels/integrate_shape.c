/* integrate_shape.c - the size of each lattice's spots, from those that the spot finder saw (ALGORITHMS_INTEGRATION 3.1).
 *
 * The start is the spots' own strong pixels; then two rounds of second moments over the foreground of the size so far, background
 * taken off. A lattice with few good spots takes the size of the frame's, a frame without keeps its start; an angular width that was given
 * (profile.gaussian_rs.parameters.sigma_b) is taken as it is. Circles that were given (method RINGS) are not measured. */
#include "kernels/geometry.h"
#include "kernels/integrate_internal.h"

#include <math.h>

/* Photons, and photons over their sigma, of a reflection that says something about its shape. */
static const double SHAPE_PHOTONS = 60, SHAPE_RATIO = 8;

/* Second moments of a box about the spot's centre, over the foreground; px² of scaled px. */
static bool box_moments(const struct spots_run *r, size_t row, const struct background *g, double moments[2])
{
    const struct shoebox *s = r->box;
    const struct spot_ellipse *e = &r->work[row].ellipse;
    double sum = 0;
    size_t k = 0;
    moments[0] = moments[1] = 0;
    for (int32_t j = 0; j < s->height; j++)
        for (int32_t i = 0; i < s->width; i++, k++) {
            if ((s->code[k] & (SHOEBOX_FOREGROUND | SHOEBOX_VALID)) != (SHOEBOX_FOREGROUND | SHOEBOX_VALID))
                continue;
            double v = (double)s->values[k] - background_at(g, i + 0.5, j + 0.5);
            double x = (s->x0 + i + 0.5 - e->x) * e->scale_x, y = (s->y0 + j + 0.5 - e->y) * e->scale_y;
            double radial = x * e->ux + y * e->uy, tangential = -x * e->uy + y * e->ux;
            sum += v;
            moments[0] += v * radial * radial;
            moments[1] += v * tangential * tangential;
        }
    if (!(sum > 0))
        return false;
    moments[0] /= sum;
    moments[1] /= sum;
    return moments[0] > 0.05 && moments[1] > 0.05;
}

/* The strong pixels of a spot about the prediction, its smallest value taken for background. */
static bool spot_start(const struct spots_run *r, const struct reflection *row, double moments[2],
                       double *photons)
{
    const struct integrate_frame *f = r->f;
    if (row->spot < 0 || (size_t)row->spot >= f->n_spots)
        return false;
    const struct spot *s = &f->spots[row->spot];
    if (s->panel != row->panel || s->first_pixel > f->n_strong ||
        s->n_pixels > f->n_strong - s->first_pixel || !s->n_pixels)
        return false;
    const struct strong_pixel *p = f->strong + s->first_pixel;
    struct spot_ellipse e;
    if (!spot_ellipse_make(&f->view, row, &(struct spot_shape){1, 0, 1, 0}, &e))
        return false;
    double least = INFINITY, sum = 0;
    for (uint32_t i = 0; i < s->n_pixels; i++)
        least = fmin(least, (double)p[i].value);
    moments[0] = moments[1] = 0;
    for (uint32_t i = 0; i < s->n_pixels; i++) {
        double v = (double)p[i].value - 0.5 * least;
        double x = (p[i].x + 0.5 - e.x) * e.scale_x, y = (p[i].y + 0.5 - e.y) * e.scale_y;
        double radial = x * e.ux + y * e.uy, tangential = -x * e.uy + y * e.ux;
        sum += v;
        moments[0] += v * radial * radial;
        moments[1] += v * tangential * tangential;
    }
    *photons = sum;
    if (!(sum > 0))
        return false;
    moments[0] = fmax(moments[0] / sum, 0.2);
    moments[1] = fmax(moments[1] / sum, 0.2);
    return true;
}

/* A round spot of the angular width σ_b (two directions in one), on a panel that faces the sample. */
static struct spot_shape shape_of_angle(const struct spots_run *r, double sigma_b)
{
    const struct panel *p = &r->f->view.panels[0];
    double normal[3];
    vec3_cross(p->fast, p->slow, normal);
    double px = sigma_b * fabs(vec3_dot(normal, p->origin)) / sqrt(p->pixel_fast * p->pixel_slow);
    double v = fmax(0.5 * px * px, 0.2);
    return (struct spot_shape){v, 0, v, 0};
}

static void start_shapes(struct spots_run *r, const struct lattice *lattices, size_t n_lattices)
{
    const double no_cut = 20;
    struct spot_moments all = {.n = 0};
    struct spot_shape frame;
    for (size_t i = 0; i < r->n; i++) {
        double moments[2], photons;
        if (r->work[i].good && spot_start(r, &r->rows[i], moments, &photons))
            spot_moments_add(&all, moments[0], moments[1], no_cut, r->rows[i].d, photons);
    }
    bool seen = spot_moments_shape(&all, 1, &frame) && !(r->p->sigma_b > 0);
    for (size_t l = 0; l < n_lattices; l++)
        r->shapes[l] = seen ? frame : shape_of_angle(r, lattices[l].sigma_b);
}

/* One round: every matched strong reflection with the shapes so far. */
static void measure_round(struct spots_run *r, size_t n_lattices)
{
    struct spot_moments all = {.n = 0}, own[LATTICES_MAX];
    struct spot_shape frame;
    for (size_t l = 0; l < n_lattices; l++)
        own[l] = (struct spot_moments){.n = 0};
    for (size_t i = 0; i < r->n; i++) {
        struct spot_work *w = &r->work[i];
        struct background g;
        double moments[2];
        if (!w->good || r->rows[i].spot < 0 || !spots_quick_background(r, i, &g) || w->shared)
            continue;
        if (!(w->sum > SHAPE_PHOTONS) || !(w->sum > SHAPE_RATIO * sqrt(w->var0 + w->sum)) ||
            !box_moments(r, i, &g, moments))
            continue;
        spot_moments_add(&all, moments[0], moments[1], r->foreground, r->rows[i].d, w->sum);
        spot_moments_add(&own[r->rows[i].lattice], moments[0], moments[1], r->foreground, r->rows[i].d,
                         w->sum);
    }
    if (!spot_moments_shape(&all, SHAPE_SPOTS, &frame))
        return;
    for (size_t l = 0; l < n_lattices; l++)
        if (!spot_moments_shape(&own[l], SHAPE_SPOTS, &r->shapes[l]))
            r->shapes[l] = frame;
}

void spots_measure_shapes(struct spots_run *r, const struct lattice *lattices, size_t n_lattices)
{
    enum { ROUNDS = 2 };
    for (size_t l = 0; r->fixed && l < n_lattices; l++)
        r->shapes[l] = (struct spot_shape){1, 0, 1, 0};
    if (r->fixed)
        return;
    start_shapes(r, lattices, n_lattices);
    for (int round = 0; round < ROUNDS && !(r->p->sigma_b > 0); round++) {
        spots_place(r);
        measure_round(r, n_lattices);
    }
}
