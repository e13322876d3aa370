/* calibrate.c - see calibrate.h. Cost: one pass; the division is a vector's, the loop is bound by memory. */
#include "kernels/calibrate.h"

#include "kernels/pixel.h"

#include <float.h>
#include <math.h>

/* Pixels: raw values as reals, and which of them are outside, stay in the first cache. */
enum { BLOCK = 1024 };

static float value_of(float raw, float pedestal, float gain)
{
    return (raw - pedestal) / gain;
}

static float bounded(double x)
{
    return (float)fmax(fmin(x, FLT_MAX), -FLT_MAX);
}

void calibrate_range(struct calibration *c, size_t n)
{
    float lo = bounded(c->lo), hi = bounded(c->hi);
    c->bottom = FLT_MAX;
    c->top = -FLT_MAX;
    for (size_t i = 0; i < n; i++) {
        float pedestal = c->pedestal ? c->pedestal[i] : c->pedestal_all, gain = c->gain ? c->gain[i] : 1;
        c->bottom = fminf(c->bottom, value_of(lo, pedestal, gain)); /* fminf passes over NaN */
        c->top = fmaxf(c->top, value_of(hi, pedestal, gain));
    }
    if (c->bottom > c->top) /* no pixel has a value */
        c->bottom = c->top = 0;
    c->bottom = fmaxf(c->bottom, -FLT_MAX / 2); /* there is room outside */
    c->top = fminf(c->top, FLT_MAX / 2);
}

/* Limits of a whole type: lo and hi, as far as the type reaches. */
#define WHOLE_MOST(ctype) ((ctype)-1 > 0 ? (double)(ctype)-1 : ldexp(1, 8 * (int)sizeof(ctype) - 1) - 1)
#define WHOLE_LEAST(ctype) ((ctype)-1 > 0 ? 0.0 : -ldexp(1, 8 * (int)sizeof(ctype) - 1))

/* The raw values as reals, with 1 above hi, -1 below lo, 2 at hi, 0 inside: integers are compared as integers, since two of them may be
 * one real. Those limits that the type does not reach are left out. */
#define SORT(name, ctype, whole)                                                                             \
    static void sort_##name(const void *pixels, size_t first, size_t n, const struct calibration *c,         \
                            float *raw, int8_t *side)                                                        \
    {                                                                                                        \
        const ctype *p = (const ctype *)pixels + first;                                                      \
        double most = whole ? WHOLE_MOST(ctype) : DBL_MAX, least = whole ? WHOLE_LEAST(ctype) : -DBL_MAX;    \
        int8_t reaches = c->hi <= most ? -1 : 0, falls = c->lo > least;                                      \
        ctype hi = (ctype)(whole ? floor(fmax(fmin(c->hi, most), least)) : bounded(c->hi));                  \
        ctype lo = (ctype)(whole ? ceil(fmax(fmin(c->lo, most), least)) : bounded(c->lo));                   \
        for (size_t i = 0; i < n; i++) {                                                                     \
            raw[i] = (float)p[i];                                                                            \
            side[i] = (int8_t)((((p[i] >= hi) + (p[i] == hi)) & reaches) - ((p[i] < lo) & falls));           \
        }                                                                                                    \
    }
PIXEL_TYPE_TABLE(SORT)

static void (*const sorts[PIXEL_TYPES])(const void *, size_t, size_t, const struct calibration *, float *,
                                        int8_t *) = {
#define X(name, ctype, whole) [name] = sort_##name,
    PIXEL_TYPE_TABLE(X)
#undef X
};

static void divide(const struct calibration *c, size_t first, size_t n, float *v)
{
    const float *pedestal = c->pedestal ? c->pedestal + first : NULL,
                *gain = c->gain ? c->gain + first : NULL;
    float all = c->pedestal_all;
    if (pedestal && gain)
        for (size_t i = 0; i < n; i++)
            v[i] = (v[i] - pedestal[i]) / gain[i];
    else if (gain)
        for (size_t i = 0; i < n; i++)
            v[i] = (v[i] - all) / gain[i];
    else if (pedestal)
        for (size_t i = 0; i < n; i++)
            v[i] -= pedestal[i];
    else
        for (size_t i = 0; i < n; i++)
            v[i] -= all;
}

void calibrate_panel(const void *pixels, enum pixel_type type, size_t n, const struct calibration *c,
                     float *out)
{
    int8_t side[BLOCK];
    float above = nextafterf(c->top, INFINITY), below = nextafterf(c->bottom, -INFINITY);
    for (size_t first = 0; first < n; first += BLOCK) {
        size_t some = n - first < BLOCK ? n - first : BLOCK;
        float *v = out + first;
        int any = 0;
        sorts[type](pixels, first, some, c, v, side);
        divide(c, first, some, v);
        for (size_t i = 0; i < some; i++)
            any |= side[i];
        for (size_t i = 0; any && i < some; i++)
            v[i] = side[i] == 0 ? v[i] : side[i] == 1 ? above : side[i] == 2 ? c->top : below;
    }
}
