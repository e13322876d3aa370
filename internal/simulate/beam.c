/* beam.c - the rays of a shot: wavelengths and directions with weights. */
#include "simulate/scene.h"

#include <math.h>

enum { WAVELENGTHS = 5, DIRECTIONS = 5 };

/* Samples of a Gaussian spectrum: standard deviations; weights are its density there. */
static const double spectrum_at[WAVELENGTHS] = {-1.8, -0.9, 0, 0.9, 1.8};

/* Five directions with the second moments of a round Gaussian: the axis, and four at √2·1.5 standard deviations, weight 1/9 each:
 * Σ w x² = 2·(1/9)·4.5 = 1. */
static const double direction_at[DIRECTIONS][2] = {{0, 0},
                                                   {2.1213203435596424, 0},
                                                   {-2.1213203435596424, 0},
                                                   {0, 2.1213203435596424},
                                                   {0, -2.1213203435596424}};
static const double direction_weight[DIRECTIONS] = {5.0 / 9, 1.0 / 9, 1.0 / 9, 1.0 / 9, 1.0 / 9};

/* A number of a gamma distribution of mean 1 and this relative standard deviation (Marsaglia and Tsang 2000, shape ≥ 1; for
 * smaller shapes the power of a uniform number, as they say). */
static double draw_gamma(struct dice *d, double deviation)
{
    double shape = 1 / (deviation * deviation), boost = 1;
    if (shape < 1) {
        boost = pow(dice_unit(d), 1 / shape);
        shape += 1;
    }
    double a = shape - 1.0 / 3, c = 1 / sqrt(9 * a);
    for (;;) {
        double x = dice_normal(d), v = 1 + c * x;
        if (v <= 0)
            continue;
        v = v * v * v;
        if (log(dice_unit(d)) < 0.5 * x * x + a * (1 - v + log(v)))
            return a * v * boost * deviation * deviation;
    }
}

/* Relative wavelengths and weights of the shot's spectrum; how many. */
static int32_t draw_spectrum(const struct simulate_params *p, struct dice *d, double *at, double *weight)
{
    double total = 0;
    int32_t n = p->spikes ? p->spikes : WAVELENGTHS;
    for (int32_t i = 0; i < n; i++) {
        at[i] = p->spikes ? p->bandwidth * dice_normal(d) : p->bandwidth * spectrum_at[i];
        weight[i] = p->spikes ? -log(dice_unit(d)) : exp(-spectrum_at[i] * spectrum_at[i] / 2);
        total += weight[i];
    }
    for (int32_t i = 0; i < n; i++)
        weight[i] /= total;
    return n;
}

static void along(const double direction[2], double wavenumber, double s0[3])
{
    double z = sqrt(1 - direction[0] * direction[0] - direction[1] * direction[1]);
    s0[0] = direction[0] * wavenumber;
    s0[1] = direction[1] * wavenumber;
    s0[2] = -z * wavenumber;
}

void scene_draw_beam(const struct scene *s, uint32_t n, struct simulate_truth *truth, struct shot_beam *out)
{
    const struct simulate_params *p = &s->p;
    struct dice d = dice_start(p->seed, n, DICE_BEAM);
    double at[SIMULATE_SPIKES_MAX + WAVELENGTHS], weight[SIMULATE_SPIKES_MAX + WAVELENGTHS], mean = 0,
                                                                                             off[2] = {0, 0};

    truth->pulse = p->pulse_spread > 0 ? draw_gamma(&d, p->pulse_spread) : 1;
    if (p->pointing > 0)
        for (int i = 0; i < 2; i++)
            truth->direction[i] = p->pointing * dice_normal(&d);
    for (int i = 0; i < 2; i++)
        off[i] = truth->direction[i] * 1e-3;
    int32_t lines = draw_spectrum(p, &d, at, weight), directions = p->divergence > 0 ? DIRECTIONS : 1;
    *out = (struct shot_beam){.spread = p->divergence * 1e-3 * (directions > 1 ? direction_at[1][0] : 0)};
    for (int32_t i = 0; i < lines; i++)
        for (int32_t k = 0; k < directions; k++) {
            struct ray *r = &out->rays[out->n++];
            const double direction[2] = {off[0] + p->divergence * 1e-3 * direction_at[k][0],
                                         off[1] + p->divergence * 1e-3 * direction_at[k][1]};
            r->wavenumber = 1 / (truth->wavelength * (1 + at[i]));
            r->weight = directions > 1 ? weight[i] * direction_weight[k] : weight[i];
            along(direction, r->wavenumber, r->s0);
            out->reach = fmax(out->reach, fabs(at[i]));
        }
    for (int32_t i = 0; p->spikes && i < lines; i++) /* the spectrometer sees the shot's own mean */
        mean += weight[i] * at[i];
    out->wavelength = truth->wavelength *= 1 + mean;
    along(off, 1 / truth->wavelength, out->s0);
}
