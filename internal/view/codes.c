/* codes.c - pixels of any type as bytes that keep what an eye can tell apart; see view.h. */
#include "view/view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Values are told apart by the upper half of their float above the lowest one: 8 bits of precision, so counts up to 256 are exact,
 * and one table serves all types. */
enum { KEYS = 1 << 15, SAMPLE = 8192, STEPS = VIEW_CODE_LAST - VIEW_CODE_FIRST };
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

/* How values become codes: by the upper half of their float above the base; whole numbers not far above it by a table of their own, which
 * for each panel is made to know its limits: no branch there depends on the noise of the picture. */
enum { SMALL = 1 << 16 };
struct scale {
    double base, unit;
    uint8_t key[KEYS], small[SMALL], limited[SMALL];
};

/* Whole numbers between which a whole number is to be trusted. NaN as comparisons have it: nothing is at least NaN, nothing beyond. */
static void whole_limits(const struct panel *p, int64_t *lo, int64_t *hi)
{
    const double far = 9e15;
    *lo = isnan(p->trusted_lo) ? INT64_MAX : (int64_t)ceil(fmin(fmax(p->trusted_lo, -far), far));
    *hi = isnan(p->trusted_hi) ? INT64_MAX : (int64_t)floor(fmin(fmax(p->trusted_hi, -far), far));
}

static void limit_small(struct scale *s, int64_t lo, int64_t hi)
{
    int64_t base = (int64_t)s->base, most = SMALL;
    int64_t below = lo <= base ? 0 : lo - base < most ? lo - base : most;
    int64_t above = hi < base ? 0 : hi - base + 1 < most ? hi - base + 1 : most;
    memcpy(s->limited, s->small, SMALL);
    memset(s->limited + above, VIEW_CODE_ABOVE, (size_t)(most - above));
    memset(s->limited, VIEW_CODE_MASKED, (size_t)below);
}

static uint8_t code_far(const struct scale *s, int64_t x, int64_t lo, int64_t hi)
{
    int64_t above = x - (int64_t)s->base;
    uint8_t c = above <= 0 ? VIEW_CODE_FIRST : s->key[key_of((float)above)];
    return x < lo ? VIEW_CODE_MASKED : x > hi ? VIEW_CODE_ABOVE : c;
}

/* What is done with each pixel type: the largest good value, and codes. Loops are plain, so that the compiler makes vectors of the first. */
#define WHOLE_PASSES(T, name, least, largest)                                                                \
    static double largest_##name(const void *pixels, const uint8_t *mask, const struct panel *p)             \
    {                                                                                                        \
        const T *v = (const T *)pixels + p->first_pixel;                                                     \
        size_t n = (size_t)p->n_fast * (size_t)p->n_slow;                                                    \
        const uint8_t *m = mask ? mask + p->first_pixel : NULL;                                              \
        int64_t from, to;                                                                                    \
        whole_limits(p, &from, &to);                                                                         \
        if (from > (int64_t)(largest) || to < (int64_t)(least) || from > to)                                 \
            return -INFINITY;                                                                                \
        T lo = (T)(from > (int64_t)(least) ? from : (int64_t)(least));                                       \
        T hi = (T)(to < (int64_t)(largest) ? to : (int64_t)(largest)), most = lo;                            \
        for (size_t i = 0; !m && i < n; i++) {                                                               \
            T x = v[i];                                                                                      \
            x = (x < lo) | (x > hi) ? lo : x;                                                                \
            most = x > most ? x : most;                                                                      \
        }                                                                                                    \
        for (size_t i = 0; m && i < n; i++) {                                                                \
            T x = v[i];                                                                                      \
            x = (x < lo) | (x > hi) | (m[i] == 0) ? lo : x;                                                  \
            most = x > most ? x : most;                                                                      \
        }                                                                                                    \
        for (size_t i = 0; i < n && most == lo; i++) /* is there any? */                                     \
            if (v[i] == lo && (!m || m[i]))                                                                  \
                return (double)lo;                                                                           \
        return most > lo ? (double)most : -(double)INFINITY;                                                 \
    }                                                                                                        \
    static void code_##name(const void *pixels, const uint8_t *mask, const struct panel *p, struct scale *s, \
                            uint8_t *code)                                                                   \
    {                                                                                                        \
        const T *v = (const T *)pixels + p->first_pixel;                                                     \
        const uint8_t *m = mask ? mask + p->first_pixel : NULL;                                              \
        size_t n = (size_t)p->n_fast * (size_t)p->n_slow;                                                    \
        int64_t lo, hi, base = (int64_t)s->base;                                                             \
        whole_limits(p, &lo, &hi);                                                                           \
        limit_small(s, lo, hi);                                                                              \
        code += p->first_pixel;                                                                              \
        for (size_t i = 0; i < n; i++) {                                                                     \
            uint64_t above = (uint64_t)((int64_t)v[i] - base);                                               \
            uint8_t c = above < SMALL ? s->limited[above] : code_far(s, v[i], lo, hi);                       \
            code[i] = m && !m[i] ? VIEW_CODE_MASKED : c;                                                     \
        }                                                                                                    \
    }
WHOLE_PASSES(uint8_t, u8, 0, UINT8_MAX)
WHOLE_PASSES(int8_t, i8, INT8_MIN, INT8_MAX)
WHOLE_PASSES(uint16_t, u16, 0, UINT16_MAX)
WHOLE_PASSES(int16_t, i16, INT16_MIN, INT16_MAX)
WHOLE_PASSES(uint32_t, u32, 0, UINT32_MAX)
WHOLE_PASSES(int32_t, i32, INT32_MIN, INT32_MAX)

/* NaN compares false everywhere. */
#define REAL_PASSES(T, name)                                                                                 \
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
    static void code_##name(const void *pixels, const uint8_t *mask, const struct panel *p, struct scale *s, \
                            uint8_t *code)                                                                   \
    {                                                                                                        \
        const T *v = (const T *)pixels + p->first_pixel;                                                     \
        const uint8_t *m = mask ? mask + p->first_pixel : NULL;                                              \
        double lo = p->trusted_lo, hi = p->trusted_hi;                                                       \
        size_t n = (size_t)p->n_fast * (size_t)p->n_slow;                                                    \
        code += p->first_pixel;                                                                              \
        for (size_t i = 0; i < n; i++) {                                                                     \
            double x = (double)v[i];                                                                         \
            float above = (float)(x - s->base);                                                              \
            uint8_t c = above > 0 ? s->key[key_of(above)] : VIEW_CODE_FIRST;                                 \
            c = !(x >= lo) ? VIEW_CODE_MASKED : x > hi ? VIEW_CODE_ABOVE : c;                                \
            code[i] = m && !m[i] ? VIEW_CODE_MASKED : c;                                                     \
        }                                                                                                    \
    }
REAL_PASSES(float, f32)
REAL_PASSES(double, f64)

static const struct {
    double (*largest)(const void *, const uint8_t *, const struct panel *);
    void (*code)(const void *, const uint8_t *, const struct panel *, struct scale *, uint8_t *);
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

/* What stands for the values between two codes goes to the nearer step: edges between steps, once each. */
static void fill_tables(struct scale *s, double bend)
{
    double edge[STEPS + 1];
    for (int c = 0; c < STEPS; c++)
        edge[c] = s->unit * sinh(bend * (c + 0.5));
    edge[STEPS] = INFINITY;
    int c = 0;
    for (uint32_t key = 0; key < KEYS; key++) {
        uint32_t bits = key << 16 | 0x8000; /* the middle of those that share it */
        float above;
        memcpy(&above, &bits, sizeof above);
        while (c < STEPS && !((double)above < edge[c])) /* NaN: the last */
            c++;
        s->key[key] = (uint8_t)(VIEW_CODE_FIRST + c);
    }
    c = 0;
    for (int above = 0; above < SMALL; above++) {
        while (above >= edge[c])
            c++;
        s->small[above] = (uint8_t)(VIEW_CODE_FIRST + c);
    }
}

void view_codes(const struct frame *f, uint8_t *code, double value[256])
{
    double most = -INFINITY;
    struct scale s;
    find_scale(f, &s.base, &s.unit);
    for (size_t k = 0; k < f->detector->n_panels; k++)
        most = fmax(most, passes[f->type].largest(f->pixels, f->mask, &f->detector->panels[k]));
    if (!(most > s.base) || !isfinite(most))
        most = s.base + s.unit;
    double bend = asinh((most - s.base) / s.unit) / STEPS;
    for (int c = 0; c < 256; c++)
        value[c] = c < VIEW_CODE_FIRST || c > VIEW_CODE_LAST
                       ? NAN
                       : s.base + s.unit * sinh(bend * (c - VIEW_CODE_FIRST));
    value[VIEW_CODE_LAST] = most;
    fill_tables(&s, bend);
    for (size_t k = 0; k < f->detector->n_panels; k++)
        passes[f->type].code(f->pixels, f->mask, &f->detector->panels[k], &s, code);
}

/* How often each code occurs; in four tables, since neighbours are mostly alike and would wait for each other. */
static void count_codes(const uint8_t *code, size_t n, size_t count[256])
{
    uint32_t four[4][256] = {{0}};
    size_t i = 0;
    while (i < n) {
        size_t end = n - i > UINT32_MAX ? i + UINT32_MAX : n;
        for (; i + 4 <= end; i += 4)
            for (int k = 0; k < 4; k++)
                four[k][code[i + (size_t)k]]++;
        for (; i < end; i++)
            four[0][code[i]]++;
        for (int c = 0; c < 256; c++)
            for (int k = 0; k < 4; k++)
                count[c] += four[k][c], four[k][c] = 0;
    }
}

void view_levels(const uint8_t *code, size_t n, const double value[256], double *lo, double *hi)
{
    size_t count[256] = {0}, good = 0, below = 0;
    int low = -1, middle = -1, high = -1, last = VIEW_CODE_FIRST;
    count_codes(code, n, count);
    for (int c = VIEW_CODE_FIRST; c <= VIEW_CODE_LAST; c++)
        good += count[c];
    for (int c = VIEW_CODE_FIRST; c <= VIEW_CODE_LAST; c++) {
        below += count[c];
        if (low < 0 && below > good / 100)
            low = c;
        if (middle < 0 && below > good / 2)
            middle = c;
        if (high < 0 && below >= good - good / 200)
            high = c;
        if (count[c])
            last = c;
    }
    *lo = good ? value[low] : 0;
    *hi = good ? value[high > low ? high : last] : 1;
    if (good && high > low)
        *hi = fmin(2 * *hi - value[middle], value[last]);
    if (!(*hi > *lo))
        *hi = *lo + 1;
}
