/* statistics.c - numbers about the pixels of a frame, and their checksums. */
#include "view/view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    size_t size;
} types[PIXEL_TYPES] = {
    [PIXEL_U8] = {"uint8", 1},    [PIXEL_I8] = {"int8", 1},     [PIXEL_U16] = {"uint16", 2},
    [PIXEL_I16] = {"int16", 2},   [PIXEL_U32] = {"uint32", 4},  [PIXEL_I32] = {"int32", 4},
    [PIXEL_F32] = {"float32", 4}, [PIXEL_F64] = {"float64", 8},
};

const char *view_type_name(enum pixel_type type)
{
    return types[type].name;
}

double view_pixel(const void *pixels, enum pixel_type type, size_t i)
{
    switch (type) {
    case PIXEL_U8:
        return ((const uint8_t *)pixels)[i];
    case PIXEL_I8:
        return ((const int8_t *)pixels)[i];
    case PIXEL_U16:
        return ((const uint16_t *)pixels)[i];
    case PIXEL_I16:
        return ((const int16_t *)pixels)[i];
    case PIXEL_U32:
        return ((const uint32_t *)pixels)[i];
    case PIXEL_I32:
        return ((const int32_t *)pixels)[i];
    case PIXEL_F32:
        return (double)((const float *)pixels)[i];
    default:
        return ((const double *)pixels)[i];
    }
}

enum view_class view_classify(const struct frame *f, const struct panel *p, size_t i)
{
    if (f->mask && !f->mask[i])
        return VIEW_MASKED;
    double v = view_pixel(f->pixels, f->type, i);
    if (isnan(v))
        return VIEW_MASKED;
    return v < p->trusted_lo ? VIEW_BELOW : v > p->trusted_hi ? VIEW_ABOVE : VIEW_GOOD;
}

/* ---- quantiles ---- */

static int order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

enum { SAMPLE = 1 << 16 };

static double quantile(const double *sorted, size_t n, double q)
{
    return n ? sorted[(size_t)(q * (double)(n - 1) + 0.5)] : (double)NAN;
}

/* Every step-th good pixel, sorted. A sample of 65536 gives the percent quantiles well within the width of the noise. */
static bool sample_quantiles(const struct frame *f, size_t n_good, struct view_statistics *out,
                             struct error *err)
{
    double *sample = malloc(SAMPLE * sizeof *sample);
    if (!sample)
        return error_set(err, ERROR_MEMORY, "no memory for the quantiles of a frame");
    size_t step = n_good / SAMPLE + 1, n = 0, seen = 0;
    for (size_t k = 0; k < f->detector->n_panels; k++) {
        const struct panel *p = &f->detector->panels[k];
        size_t end = p->first_pixel + (size_t)p->n_fast * (size_t)p->n_slow;
        for (size_t i = p->first_pixel; i < end; i++)
            if (view_classify(f, p, i) == VIEW_GOOD && seen++ % step == 0 && n < SAMPLE)
                sample[n++] = view_pixel(f->pixels, f->type, i);
    }
    qsort(sample, n, sizeof *sample, order);
    out->p01 = quantile(sample, n, 0.01);
    out->median = quantile(sample, n, 0.5);
    out->p99 = quantile(sample, n, 0.99);
    free(sample);
    return true;
}

bool view_statistics(const struct frame *f, struct view_statistics *out, struct error *err)
{
    *out = (struct view_statistics){.n_pixels = f->detector->n_pixels, .min = INFINITY, .max = -INFINITY};
    size_t n_good = 0;
    double good_sum = 0;
    for (size_t k = 0; k < f->detector->n_panels; k++) {
        const struct panel *p = &f->detector->panels[k];
        size_t end = p->first_pixel + (size_t)p->n_fast * (size_t)p->n_slow;
        for (size_t i = p->first_pixel; i < end; i++) {
            double v = view_pixel(f->pixels, f->type, i);
            enum view_class c = view_classify(f, p, i);
            out->n_masked += c == VIEW_MASKED;
            out->n_below += c == VIEW_BELOW;
            out->n_above += c == VIEW_ABOVE;
            if (isnan(v)) {
                out->n_nan++;
                continue;
            }
            out->n_negative += v < 0;
            out->min = v < out->min ? v : out->min;
            out->max = v > out->max ? v : out->max;
            out->sum += v;
            if (c == VIEW_GOOD) {
                good_sum += v;
                n_good++;
            }
        }
    }
    if (out->n_nan == out->n_pixels)
        out->min = out->max = NAN;
    out->mean = n_good ? good_sum / (double)n_good : (double)NAN;
    return sample_quantiles(f, n_good, out, err);
}

/* ---- checksums ---- */

/* Pixels go through a small block, turned into int32 little-endian: no second frame in memory. */
enum { BLOCK = 4096 };

static bool fits_int32(const struct frame *f)
{
    if (f->type == PIXEL_F32 || f->type == PIXEL_F64)
        return false;
    if (f->type != PIXEL_U32)
        return true;
    const uint32_t *v = f->pixels;
    for (size_t i = 0; i < f->detector->n_pixels; i++)
        if (v[i] > INT32_MAX)
            return false;
    return true;
}

static void put_little_endian(uint8_t *out, uint64_t bits, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(bits >> (8 * i));
}

/* Bits of a pixel in its own type. */
static uint64_t own_bits(const struct frame *f, size_t i)
{
    const uint8_t *p = (const uint8_t *)f->pixels + i * types[f->type].size;
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    switch (types[f->type].size) {
    case 1:
        return *p;
    case 2:
        memcpy(&two, p, 2);
        return two;
    case 4:
        memcpy(&four, p, 4);
        return four;
    default:
        memcpy(&eight, p, 8);
        return eight;
    }
}

static void hash_pixels(const struct frame *f, bool int32, uint8_t whole[32], uint8_t (*panels)[32])
{
    size_t size = int32 ? 4 : types[f->type].size;
    uint8_t block[BLOCK * 8];
    struct sha256 all, one;
    sha256_start(&all);
    for (size_t k = 0; k < f->detector->n_panels; k++) {
        const struct panel *p = &f->detector->panels[k];
        size_t end = p->first_pixel + (size_t)p->n_fast * (size_t)p->n_slow;
        sha256_start(&one);
        for (size_t i = p->first_pixel; i < end;) {
            size_t n = end - i < BLOCK ? end - i : BLOCK;
            for (size_t j = 0; j < n; j++, i++) {
                uint64_t bits = int32 ? (uint64_t)(int64_t)view_pixel(f->pixels, f->type, i) : own_bits(f, i);
                put_little_endian(block + j * size, bits, size);
            }
            sha256_add(&all, block, n * size);
            sha256_add(&one, block, n * size);
        }
        sha256_end(&one, panels[k]);
    }
    sha256_end(&all, whole);
}

bool view_hash_int32(const struct frame *f, uint8_t whole[32], uint8_t (*panels)[32])
{
    if (!fits_int32(f))
        return false;
    hash_pixels(f, true, whole, panels);
    return true;
}

void view_hash_own(const struct frame *f, uint8_t whole[32], uint8_t (*panels)[32])
{
    hash_pixels(f, false, whole, panels);
}
