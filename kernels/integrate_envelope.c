/* integrate_envelope.c - how thick the lattice's nodes are across the Ewald sphere, from the photons of all predictions.
 *
 * Spots that the spot finder saw lie near the sphere: their excursions say too little. But nodes are as many at every distance ε from
 * the sphere, and the mean intensity of those at ε falls as exp(−ε²/2σ²): over all predictions of an envelope that is wide enough
 * Σ I ε²/Σ I = σ², whatever the structure factors are, and noise averages out. A line σ² = σ0² + (σ1 q)² through three classes of
 * resolution; a lattice whose photons do not suffice for any keeps the envelope it was predicted with, without its margin. */
#include "kernels/integrate_internal.h"

#include "kernels/geometry.h"

#include <math.h>

/* Reflections are kept to so many sigmas: beyond, fewer than 1 in 500 has 25 photons (ALGORITHMS_INTEGRATION 2). */
static const double KEEP_SIGMAS = 3;

/* A Gaussian cut at three sigmas has this share of its variance. */
static const double CUT_VARIANCE = 0.9733;

enum { CLASSES = 3, LEAST_EFFECTIVE = 8 };

struct widths {
    double s0, s1; /* variance s0 + s1 q², 1/Å²; s0 < 0: not known */
};

/* Excitation error: how far the node lies outside the sphere, 1/Å. */
static double excitation(const double A[9], const struct beam_vector *beam, const int32_t hkl[3])
{
    const double h[3] = {hkl[0], hkl[1], hkl[2]};
    double s1[3];
    mat3_vec(A, h, s1);
    for (int i = 0; i < 3; i++)
        s1[i] -= beam->direction[i] / beam->wavelength;
    return vec3_length(s1) - 1 / beam->wavelength;
}

/* Largest |ε| that was predicted at spacing d. */
static double predicted_to(const struct spots_run *r, const struct lattice *l, double d)
{
    return predict_reach(&r->p->predict, l, d) / d;
}

/* Variance of ε in one class of q²: second moment inside three sigmas, iterated. false: too few photons. */
static bool class_variance(const struct spots_run *r, const struct lattice *l, uint32_t number,
                           double q2_from, double q2_to, double *variance, double *mean_q2, double *weight)
{
    double v = 0;
    for (int round = 0; round < 16; round++) {
        double sum = 0, moment = 0, squares = 0, noise = 0, q2_sum = 0, limit = 0;
        for (size_t i = 0; i < r->n; i++) {
            const struct reflection *row = &r->rows[i];
            const struct spot_work *w = &r->work[i];
            double q2 = 1 / (row->d * row->d);
            if (row->lattice != number || !w->good || w->shared || q2 < q2_from || q2 >= q2_to)
                continue;
            double e = excitation(l->A, r->f->view.beam, row->hkl), reach = predicted_to(r, l, row->d);
            double widest = reach * reach / (KEEP_SIGMAS * KEEP_SIGMAS);
            limit = fmax(limit, widest);
            double here = round ? fmin(v, widest) : widest;
            if (e * e > KEEP_SIGMAS * KEEP_SIGMAS * here)
                continue;
            sum += w->sum;
            moment += w->sum * e * e;
            squares += w->sum * w->sum;
            noise += w->var0;
            q2_sum += w->sum * q2;
        }
        if (!(sum > 5 * sqrt(noise)) || sum * sum < LEAST_EFFECTIVE * squares || !(moment > 0))
            return false;
        double next = fmin(moment / sum / CUT_VARIANCE, limit);
        *mean_q2 = q2_sum / sum;
        *weight = sum * sum / squares;
        *variance = next;
        if (round && fabs(next - v) < 1e-3 * v)
            break;
        v = next;
    }
    return true;
}

/* Edges of classes that hold as many rows each. */
static double q2_limit(const struct spots_run *r, uint32_t number)
{
    double most = 0;
    for (size_t i = 0; i < r->n; i++)
        if (r->rows[i].lattice == number && r->work[i].good)
            most = fmax(most, 1 / (r->rows[i].d * r->rows[i].d));
    return most * (1 + 1e-9);
}

static struct widths measure(const struct spots_run *r, const struct lattice *l, uint32_t number)
{
    double s[5] = {0}, top = q2_limit(r, number);
    size_t n = 0;
    for (int c = 0; c < CLASSES; c++) {
        /* equal volumes of reciprocal space hold as many nodes near the sphere as equal steps of q² */
        double v, q2, w;
        if (!class_variance(r, l, number, top * c / CLASSES, top * (c + 1) / CLASSES, &v, &q2, &w))
            continue;
        w /= v * v; /* relative errors are alike */
        s[0] += w, s[1] += w * q2, s[2] += w * q2 * q2, s[3] += w * v, s[4] += w * v * q2;
        n++;
    }
    if (n == 0)
        return (struct widths){-1, 0};
    double det = s[0] * s[2] - s[1] * s[1], slope = n > 1 && det > 0 ? (s[0] * s[4] - s[1] * s[3]) / det : 0;
    double at0 = (s[3] - slope * s[1]) / s[0];
    if (!(slope >= 0))
        return (struct widths){s[3] / s[0], 0};
    if (!(at0 >= 0))
        return (struct widths){0, s[4] / s[2]};
    return (struct widths){at0, slope};
}

/* Does the row stay? Its partiality by the width found. */
static bool stays(const struct spots_run *r, const struct lattice *l, const struct widths *w,
                  struct reflection *row)
{
    double e = excitation(l->A, r->f->view.beam, row->hkl), q2 = 1 / (row->d * row->d);
    if (w->s0 < 0) {
        double margin = r->p->predict.widen > 1 ? r->p->predict.widen : 1;
        return fabs(e) * margin <= predicted_to(r, l, row->d);
    }
    double v = w->s0 + w->s1 * q2;
    row->partiality = exp(-0.5 * e * e / v);
    return e * e <= KEEP_SIGMAS * KEEP_SIGMAS * v;
}

void spots_cut_envelope(struct spots_run *r, const struct lattice *lattices, size_t n_lattices)
{
    struct widths w[LATTICES_MAX];
    size_t kept = 0;
    for (size_t l = 0; l < n_lattices; l++)
        w[l] = measure(r, &lattices[l], (uint32_t)l);
    for (size_t i = 0; i < r->n; i++) {
        struct reflection *row = &r->rows[i];
        if (row->lattice >= n_lattices || !stays(r, &lattices[row->lattice], &w[row->lattice], row))
            continue;
        r->rows[kept] = *row;
        r->work[kept++] = r->work[i];
    }
    r->n = kept;
}
