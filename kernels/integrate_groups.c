/* integrate_groups.c - spots that share pixels, fitted together with the profiles of their sizes; single ones alike
 * (ALGORITHMS_INTEGRATION 6, 7).
 *
 * The fit is weighted least squares with the variance of background and model, iterated: Poisson maximum likelihood for fixed
 * profiles. Its result is the profile-fitted intensity; the sum of a member is its own pixels less what the fit gives to the others. */
#include "kernels/integrate_internal.h"

#include <math.h>
#include <string.h>

/* Largest variance inflation by neighbours that counts as resolved; relative error of a profile, in the weights of groups. */
static const double RESOLVE = 4, PROFILE_ERROR = 0.05;

/* Beyond so many sigmas a spot gives nothing. */
static const double PROFILE_SIGMAS = 6;

struct group {
    uint32_t member[GROUP_MAX];
    int n;
    int32_t n_pixels;
    double background, noise, estimate, gain;
    double I[GROUP_MAX], inverse[GROUP_MAX * GROUP_MAX], diagonal[GROUP_MAX], derivative[GROUP_MAX];
};

/* Gauss–Jordan of a symmetric positive matrix: b becomes the solution, inverse the inverse. */
static bool solve(double *M, double *b, double *inverse, int n)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            inverse[i * n + j] = i == j;
    for (int i = 0; i < n; i++) {
        double d = M[i * n + i];
        if (!(d > 1e-12))
            return false;
        for (int j = 0; j < n; j++) {
            M[i * n + j] /= d;
            inverse[i * n + j] /= d;
        }
        b[i] /= d;
        for (int k = 0; k < n; k++) {
            double f = M[k * n + i];
            if (k == i)
                continue;
            for (int j = 0; j < n; j++) {
                M[k * n + j] -= f * M[i * n + j];
                inverse[k * n + j] -= f * inverse[i * n + j];
            }
            b[k] -= f * b[i];
        }
    }
    return true;
}

/* Box of all members' foregrounds; false: it is larger than boxes can be. */
static bool union_box(const struct spots_run *r, const struct group *g, int32_t box[4])
{
    for (int i = 0; i < g->n; i++) {
        const int32_t *own = r->work[g->member[i]].guard;
        for (int k = 0; k < 4; k += 2) {
            box[k] = i == 0 || own[k] < box[k] ? own[k] : box[k];
            box[k + 1] = i == 0 || own[k + 1] > box[k + 1] ? own[k + 1] : box[k + 1];
        }
    }
    return box[1] - box[0] <= PROFILE_BOX_SIDE && box[3] - box[2] <= PROFILE_BOX_SIDE;
}

/* Bits of the members of which a point lies within so many sigmas. */
static uint16_t members_at(const struct spots_run *r, const struct group *g, double x, double y,
                           double sigmas)
{
    unsigned bits = 0;
    for (int i = 0; i < g->n; i++) {
        const struct spot_ellipse *e = &r->work[g->member[i]].ellipse;
        bits |= spot_ellipse_distance2(e, x - e->x, y - e->y) <= sigmas * sigmas ? 1u << i : 0;
    }
    return (uint16_t)bits;
}

/* The pixels of the members' foregrounds with the members' profiles in them. */
static bool gather(struct spots_run *r, struct group *g)
{
    const struct panel *panel = &r->f->view.panels[r->rows[g->member[0]].panel];
    struct shoebox *s = r->box;
    struct spot_profile profile[GROUP_MAX];
    int32_t box[4];
    if (!union_box(r, g, box))
        return false;
    shoebox_gather(s, &r->image, panel, box);
    for (int i = 0; i < g->n; i++)
        spot_profile_make(&r->work[g->member[i]].ellipse, &profile[i]);
    g->n_pixels = 0;
    for (int32_t y = box[2]; y < box[3]; y++)
        for (int32_t x = box[0]; x < box[1]; x++) {
            size_t at = (size_t)(y - box[2]) * (size_t)s->width + (size_t)(x - box[0]);
            uint16_t foreground = members_at(r, g, x + 0.5, y + 0.5, r->foreground);
            if (!foreground)
                continue;
            if (g->n_pixels == GROUP_PIXELS)
                return false;
            struct group_pixel *p = &r->pixels[g->n_pixels++];
            uint16_t lit = g->n > 1 ? members_at(r, g, x + 0.5, y + 0.5, PROFILE_SIGMAS) : foreground;
            p->foreground = foreground;
            p->value = (float)((double)s->values[at] / g->gain - g->background);
            for (int i = 0; i < g->n; i++) {
                const struct spot_ellipse *e = &r->work[g->member[i]].ellipse;
                p->P[i] =
                    lit & 1u << i ? (float)spot_profile_at(&profile[i], x + 0.5 - e->x, y + 0.5 - e->y) : 0;
            }
        }
    return true;
}

/* Variance of a pixel: background, photons of the members, errors of their profiles. */
static double pixel_variance(const struct group *g, const struct group_pixel *p, const double *signal,
                             const double *error)
{
    double v = g->noise;
    for (int i = 0; i < g->n; i++) {
        double share = (double)p->P[i], wrong = error[i] * share;
        v += signal[i] * share + wrong * wrong;
    }
    return v > 1e-3 ? v : 1e-3;
}

/* One round of the fit; worst: largest relative change. The last round only makes the variances. */
static bool fit_round(const struct spots_run *r, struct group *g, bool last, double *worst)
{
    double M[GROUP_MAX * GROUP_MAX], b[GROUP_MAX] = {0}, signal[GROUP_MAX], error[GROUP_MAX];
    int n = g->n;
    for (int i = 0; i < n; i++) {
        const struct spot_work *w = &r->work[g->member[i]];
        signal[i] = last ? spots_signal(g->I[i], w->var0, w->prior) : fmax(g->I[i], 0);
        error[i] = n > 1 ? PROFILE_ERROR * g->I[i] : 0;
        g->derivative[i] = 0;
    }
    memset(M, 0, (size_t)(n * n) * sizeof *M);
    for (int32_t k = 0; k < g->n_pixels; k++) {
        const struct group_pixel *p = &r->pixels[k];
        double v = pixel_variance(g, p, signal, error);
        for (int i = 0; i < n; i++) {
            double weight = (double)p->P[i] / v;
            b[i] += weight * (double)p->value;
            g->derivative[i] += weight;
            for (int j = 0; j < n; j++)
                M[i * n + j] += weight * (double)p->P[j];
        }
    }
    for (int i = 0; i < n; i++)
        g->diagonal[i] = M[i * n + i];
    if (!solve(M, b, g->inverse, n))
        return false;
    *worst = 0;
    for (int i = 0; i < n; i++) {
        *worst = fmax(*worst, fabs(b[i] - g->I[i]) / (1 + fabs(g->I[i])));
        g->I[i] = last ? g->I[i] : b[i];
    }
    return true;
}

static bool fit(const struct spots_run *r, struct group *g)
{
    enum { ROUNDS = 8 };
    bool last = false;
    for (int i = 0; i < g->n; i++)
        g->I[i] = fmax(r->work[g->member[i]].sum / g->n, 0);
    for (int round = 0; round < ROUNDS; round++) {
        double worst;
        if (!fit_round(r, g, last, &worst))
            return false;
        if (last)
            return true;
        last = worst < 1e-3 || round == ROUNDS - 2;
    }
    return true;
}

/* A member's own pixels less what the fit gives to the others; the error of that, and the others' photons, into its variance. */
static void subtract(struct spots_run *r, const struct group *g, int i)
{
    struct spot_work *w = &r->work[g->member[i]];
    double sum = 0, noise = 0, share[GROUP_MAX] = {0}, taken = 0, extra = 0, n = 0;
    for (int32_t k = 0; k < g->n_pixels; k++) {
        const struct group_pixel *p = &r->pixels[k];
        if (!(p->foreground & 1u << i))
            continue;
        n++;
        sum += (double)p->value;
        noise += g->noise;
        for (int j = 0; j < g->n; j++) {
            share[j] += (double)p->P[j];
            noise += j == i ? 0 : fmax(g->I[j], 0) * (double)p->P[j];
        }
    }
    for (int j = 0; j < g->n; j++) {
        taken += j == i ? 0 : fmax(g->I[j], 0) * share[j];
        for (int k = 0; k < g->n; k++)
            extra += j == i || k == i ? 0 : share[j] * share[k] * g->inverse[j * g->n + k];
    }
    if (!(share[i] > 0.05))
        return;
    w->share = share[i];
    w->sum = (sum - taken) / share[i];
    w->var0 = (noise + fmax(extra, 0) + n * n * g->estimate) / (share[i] * share[i]);
}

static void finish(struct spots_run *r, struct group *g)
{
    for (int i = 0; i < g->n; i++) {
        struct reflection *row = &r->rows[g->member[i]];
        double by_background = 0;
        for (int j = 0; j < g->n; j++)
            by_background += g->inverse[i * g->n + j] * g->derivative[j];
        row->prf = g->I[i];
        row->prf_variance = g->inverse[i * g->n + i] + by_background * by_background * g->estimate;
        row->flags |= REFL_INTEGRATED_PRF;
        if (g->inverse[i * g->n + i] * g->diagonal[i] >
            RESOLVE) /* two spots in one place: neither can be told */
            r->work[g->member[i]].good = false;
        else if (g->n > 1)
            subtract(r, g, i);
    }
}

/* A group stands or falls together: one member without background or with bad pixels spoils the fit of the others. */
static void fit_group(struct spots_run *r, struct group *g)
{
    bool good = g->n <= GROUP_MAX;
    g->background = g->noise = g->estimate = 0;
    for (int i = 0; good && i < g->n; i++) {
        const struct spot_work *w = &r->work[g->member[i]];
        good = w->good;
        g->gain = w->gain;
        g->background += w->background / g->n;
        g->noise += w->noise / g->n;
        g->estimate += w->estimate / g->n;
    }
    good = good && gather(r, g) && fit(r, g);
    if (good)
        finish(r, g);
    else
        for (int i = 0; i < g->n && i < GROUP_MAX; i++)
            r->work[g->member[i]].good = r->work[g->member[i]].good && !r->work[g->member[i]].shared;
}

/* Chains of the members of each group, from its root. Rows are in the order (lattice, panel, h, k, l), and the root is the first:
 * members come in an order that does not depend on how they met. */
static void chain_members(struct spots_run *r)
{
    for (size_t i = 0; i < r->n; i++) {
        uint32_t root = (uint32_t)i;
        while (r->work[root].parent != root)
            root = r->work[root].parent;
        r->work[i].next = NO_NEXT;
        r->work[i].last = (uint32_t)i;
        if (root != i) {
            r->work[r->work[root].last].next = (uint32_t)i;
            r->work[root].last = (uint32_t)i;
        }
    }
}

void spots_fit(struct spots_run *r)
{
    chain_members(r);
    for (size_t i = 0; i < r->n; i++) {
        struct group g = {.n = 0};
        if (r->rows[i].x1 <= r->rows[i].x0 || r->work[i].parent != i)
            continue;
        for (uint32_t k = (uint32_t)i; k != NO_NEXT; k = r->work[k].next) {
            if (g.n < GROUP_MAX)
                g.member[g.n] = k;
            else
                r->work[k].good = false; /* more than can be fitted: none of them is told */
            g.n++;
        }
        fit_group(r, &g);
    }
}
