/* response.c - from photons to what the detector reads: counts, or charge with gain, noise, point spread and drift. */
#include "simulate/scene.h"

#include <math.h>
#include <string.h>

/* Counting detectors know nothing but photons. */
bool scene_integrates(const struct scene *s)
{
    const struct simulate_params *p = &s->p;
    return p->gain != 1 || p->gain_spread > 0 || p->noise > 0 || p->point_spread > 0 || p->drift > 0;
}

enum pixel_type scene_pixel_type(const struct scene *s)
{
    return scene_integrates(s) || s->p.saturation * fmax(s->p.header_saturation, 1) > SIMULATE_SATURATION
               ? PIXEL_I32
               : PIXEL_U16;
}

size_t scene_pixel_size(const struct scene *s)
{
    return scene_pixel_type(s) == PIXEL_I32 ? sizeof(int32_t) : sizeof(uint16_t);
}

/* Spread the charge of one panel over neighbours: a Gaussian of three sigma, along fast, then along slow. Charge that leaves the
 * panel is lost. line: a copy of a row or column. */
static void spread(const struct panel *p, double sigma, float *charge)
{
    enum { HALF_MAX = 9, LINE_MAX = 65536 };
    float weight[2 * HALF_MAX + 1], total = 0;
    int32_t half = (int32_t)ceil(3 * sigma);
    half = half < HALF_MAX ? half : HALF_MAX;
    for (int32_t i = -half; i <= half; i++)
        total += weight[i + half] = (float)exp(-0.5 * i * i / (sigma * sigma));
    for (int axis = 0; axis < 2; axis++) {
        int32_t n = axis ? p->n_slow : p->n_fast, lines = axis ? p->n_fast : p->n_slow;
        size_t step = axis ? (size_t)p->n_fast : 1, next = axis ? 1 : (size_t)p->n_fast;
        for (int32_t l = 0; l < lines; l++) {
            float *at = charge + (size_t)l * next,
                  before[HALF_MAX + 1] = {0}; /* old values of the last half + 1 pixels */
            for (int32_t i = 0; i < n; i++) {
                float sum = 0;
                memmove(before, before + 1, (size_t)half * sizeof *before);
                before[half] = at[(size_t)i * step];
                for (int32_t k = -half; k <= half; k++)
                    if (i + k >= 0 && i + k < n)
                        sum += weight[k + half] * (k <= 0 ? before[half + k] : at[(size_t)(i + k) * step]);
                at[(size_t)i * step] = sum / total;
            }
        }
    }
}

/* A few pixels that the mask does not know: a row that is always on, a block that is always off. */
static bool injected(const struct scene *s, const struct panel *p, size_t i, double *value)
{
    int32_t y = (int32_t)(i / (size_t)p->n_fast), x = (int32_t)(i % (size_t)p->n_fast);
    if (s->p.hot_row && y == p->n_slow / 3 && p->first_pixel == 0) {
        *value = 200 * s->p.gain;
        return true;
    }
    if (s->p.dead_block && x < p->n_fast / 4 && y < p->n_slow / 4 && p->first_pixel == 0) {
        *value = 0;
        return true;
    }
    return false;
}

static void put(const struct scene *s, size_t i, double value, void *pixels)
{
    bool good = s->mask[i];
    double v = fmin(value, s->p.saturation);
    if (scene_pixel_type(s) == PIXEL_I32)
        ((int32_t *)pixels)[i] = good ? (int32_t)v : INT32_MIN;
    else
        ((uint16_t *)pixels)[i] = good ? (uint16_t)v : SIMULATE_BAD_PIXEL;
}

void scene_read_out(const struct scene *s, uint32_t n, const uint32_t *photons, float *charge, void *pixels)
{
    const struct simulate_params *p = &s->p;
    struct dice d = dice_start(p->seed, n, DICE_SENSOR);
    bool integrates = scene_integrates(s);
    double drift = p->drift > 0 ? p->drift * dice_normal(&d) : 0;

    for (size_t k = 0; k < s->real->n_panels; k++) {
        const struct panel *panel = &s->real->panels[k];
        size_t first = panel->first_pixel, size = (size_t)panel->n_fast * (size_t)panel->n_slow;
        for (size_t i = 0; integrates && i < size; i++)
            charge[first + i] = (float)photons[first + i];
        if (p->point_spread > 0)
            spread(panel, p->point_spread, charge + first);
        for (size_t i = 0; i < size; i++) {
            double value = photons[first + i];
            if (integrates) {
                const int32_t name[2] = {DICE_GAIN, (int32_t)(first + i)};
                double gain = p->gain, u = p->gain_spread > 0 ? dice_named(p->seed, name, 2) : 0.5;
                gain *= 1 + p->gain_spread * 3.4641016151377544 * (u - 0.5); /* uniform, of that deviation */
                value = floor(charge[first + i] * gain + (p->noise > 0 ? p->noise * dice_normal(&d) : 0) +
                              drift + 0.5);
            }
            injected(s, panel, i, &value);
            put(s, first + i, value, pixels);
        }
    }
}
