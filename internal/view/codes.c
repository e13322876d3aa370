/* codes.c - pixels of any type as bytes that keep what an eye can tell apart; see view.h. */
#include "view/view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Values are told apart by the upper half of their float above the lowest one: 8 bits of precision, so counts up to 256 are exact,
 * and one table serves all types. */
enum { KEYS = 1 << 15, SAMPLE = 8192 };
#define COUNTS                                                                                               \
    4.0 /* below these steps are even: with 10^6 as the largest 5 a count, and everywhere at most 6 % */

static int order(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static unsigned key_of(float above)
{
    uint32_t bits;
    memcpy(&bits, &above, sizeof bits);
    return bits >> 16;
}

/* What is done with each pixel type: the largest good value, and codes by the table. NaN compares false everywhere. */
#define PASSES(T, name)                                                                                      \
    static double largest_##name(const void *pixels, const uint8_t *mask, const struct panel *p)             \
    {                                                                                                        \
        const T *v = (const T *)pixels + p->first_pixel;                                                     \
        const uint8_t *m = mask ? mask + p->first_pixel : NULL;                                              \
        double lo = p->trusted_lo, hi = p->trusted_hi, most = -INFINITY;                                     \
        size_t n = (size_t)p->n_fast * (size_t)p->n_slow;                                                    \
        for (size_t i = 0; i < n; i++) {                                                                     \
            double x = (double)v[i];                                                                         \
            if (x > most && x >= lo && x <= hi && (!m || m[i]))                                              \
                most = x;                                                                                    \
        }                                                                                                    \
        return most;                                                                                         \
    }                                                                                                        \
    static void code_##name(const void *pixels, const uint8_t *mask, const struct panel *p, double base,     \
                            const uint8_t *table, uint8_t *code)                                             \
    {                                                                                                        \
        const T *v = (const T *)pixels + p->first_pixel;                                                     \
        double lo = p->trusted_lo, hi = p->trusted_hi;                                                       \
        size_t n = (size_t)p->n_fast * (size_t)p->n_slow;                                                    \
        code += p->first_pixel;                                                                              \
        for (size_t i = 0; i < n; i++) {                                                                     \
            double x = (double)v[i];                                                                         \
            float above = (float)(x - base);                                                                 \
            code[i] = !(x >= lo)  ? VIEW_CODE_MASKED                                                         \
                      : x > hi    ? VIEW_CODE_ABOVE                                                          \
                      : above > 0 ? table[key_of(above)]                                                     \
                                  : VIEW_CODE_FIRST;                                                         \
        }                                                                                                    \
        for (size_t i = 0; mask && i < n; i++)                                                               \
            code[i] = mask[p->first_pixel + i] ? code[i] : VIEW_CODE_MASKED;                                 \
    }
PASSES(uint8_t, u8)
PASSES(int8_t, i8)
PASSES(uint16_t, u16)
PASSES(int16_t, i16)
PASSES(uint32_t, u32)
PASSES(int32_t, i32)
PASSES(float, f32)
PASSES(double, f64)

static const struct {
    double (*largest)(const void *, const uint8_t *, const struct panel *);
    void (*code)(const void *, const uint8_t *, const struct panel *, double, const uint8_t *, uint8_t *);
} passes[PIXEL_TYPES] = {
    [PIXEL_U8] = {largest_u8, code_u8},    [PIXEL_I8] = {largest_i8, code_i8},
    [PIXEL_U16] = {largest_u16, code_u16}, [PIXEL_I16] = {largest_i16, code_i16},
    [PIXEL_U32] = {largest_u32, code_u32}, [PIXEL_I32] = {largest_i32, code_i32},
    [PIXEL_F32] = {largest_f32, code_f32}, [PIXEL_F64] = {largest_f64, code_f64},
};

/* The lowest value that is told apart, and the size below which steps are even: the spread of what is weak. */
static void find_scale(const struct frame *f, double *base, double *unit)
{
    static const size_t shuffle = 40503; /* odd: a stride that no row length shares */
    const struct detector *d = f->detector;
    float *sample = malloc(SAMPLE * sizeof *sample);
    size_t n = 0, step = d->n_pixels / SAMPLE + 1;
    *base = 0;
    *unit = 1;
    if (!sample)
        return;
    for (size_t k = 0; k < d->n_panels; k++) {
        const struct panel *p = &d->panels[k];
        size_t count = (size_t)p->n_fast * (size_t)p->n_slow;
        for (size_t i = 0; i < count / step + 1 && n < SAMPLE; i++) {
            size_t at = p->first_pixel + (i * step + i * shuffle % step) % count;
            if (view_classify(f, p, at) == VIEW_GOOD)
                sample[n++] = (float)view_pixel(f->pixels, f->type, at);
        }
    }
    qsort(sample, n, sizeof *sample, order);
    bool whole = f->type != PIXEL_F32 && f->type != PIXEL_F64;
    if (n) {
        double low = (double)sample[n / 1000], middle = (double)sample[n / 2];
        *base = low;
        *unit = whole ? COUNTS : (middle - low) / 2;
        if (!(*unit > 0))
            *unit = fmax(((double)sample[n - 1] - low) / 100, 1e-30);
    }
    free(sample);
}

void view_codes(const struct frame *f, uint8_t *code, double value[256])
{
    enum { STEPS = VIEW_CODE_LAST - VIEW_CODE_FIRST };
    double base, unit, most = -INFINITY;
    uint8_t table[KEYS];
    find_scale(f, &base, &unit);
    for (size_t k = 0; k < f->detector->n_panels; k++)
        most = fmax(most, passes[f->type].largest(f->pixels, f->mask, &f->detector->panels[k]));
    if (!(most > base) || !isfinite(most))
        most = base + unit;
    double bend = asinh((most - base) / unit) / STEPS;
    for (int c = 0; c < 256; c++)
        value[c] = c < VIEW_CODE_FIRST || c > VIEW_CODE_LAST
                       ? NAN
                       : base + unit * sinh(bend * (c - VIEW_CODE_FIRST));
    value[VIEW_CODE_LAST] = most;
    for (uint32_t key = 0; key < KEYS; key++) {
        uint32_t bits = key << 16 | 0x8000; /* the middle of those that share it */
        float above;
        memcpy(&above, &bits, sizeof above);
        double at = isfinite(above) ? asinh((double)above / unit) / bend : STEPS;
        /* whole numbers below 256 are their own key, and it begins with them */
        bits = key << 16;
        memcpy(&above, &bits, sizeof above);
        if (f->type != PIXEL_F32 && f->type != PIXEL_F64 && above < 256)
            at = asinh((double)above / unit) / bend;
        table[key] = (uint8_t)(VIEW_CODE_FIRST + (int)fmin(fmax(at + 0.5, 0), STEPS));
    }
    for (size_t k = 0; k < f->detector->n_panels; k++)
        passes[f->type].code(f->pixels, f->mask, &f->detector->panels[k], base, table, code);
}

void view_levels(const uint8_t *code, size_t n, const double value[256], double *lo, double *hi)
{
    size_t count[256] = {0}, good = 0, below = 0;
    int low = -1, high = -1, last = VIEW_CODE_FIRST;
    for (size_t i = 0; i < n; i++)
        count[code[i]]++;
    for (int c = VIEW_CODE_FIRST; c <= VIEW_CODE_LAST; c++)
        good += count[c];
    for (int c = VIEW_CODE_FIRST; c <= VIEW_CODE_LAST; c++) {
        below += count[c];
        if (low < 0 && below > good / 100)
            low = c;
        if (high < 0 && below >= good - good / 200)
            high = c;
        if (count[c])
            last = c;
    }
    *lo = good ? value[low] : 0;
    *hi = good ? value[high > low ? high : last] : 1;
    if (!(*hi > *lo))
        *hi = *lo + 1;
}
