/* shoebox.c - one reflection's pixels in a small dense block: gathered once from the frame in its own type, worked on
 * as float. */
#include "kernels/shoebox.h"

#include "kernels/geometry_panel.h"
#include "kernels/geometry.h"

#include <math.h>
#include <string.h>

enum { SIZE = PROFILE_BOX_SIDE * PROFILE_BOX_SIDE, HEAD = 128 };
_Static_assert(sizeof(struct shoebox) <= HEAD, "room for the struct itself");

size_t shoebox_size(void)
{
    return HEAD + (size_t)SIZE * (sizeof(float) + 3);
}

struct shoebox *shoebox_init(void *memory)
{
    char *bytes = memory;
    struct shoebox *s = memory;
    *s = (struct shoebox){.values = (float *)(void *)(bytes + HEAD)};
    s->code = (uint8_t *)bytes + HEAD + SIZE * sizeof(float);
    s->use = s->code + SIZE;
    s->scratch = s->use + SIZE;
    return s;
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* n pixels of any type as doubles. */
static void read_pixels(const void *pixels, enum pixel_type type, size_t first, int32_t n, double *out)
{
#define READ(name, c_type)                                                                                   \
    case name:                                                                                               \
        for (int32_t i = 0; i < n; i++)                                                                      \
            out[i] = (double)((const c_type *)pixels)[first + (size_t)i];                                    \
        return;
    switch (type) {
        READ(PIXEL_U8, uint8_t)
        READ(PIXEL_I8, int8_t)
        READ(PIXEL_U16, uint16_t)
        READ(PIXEL_I16, int16_t)
        READ(PIXEL_U32, uint32_t)
        READ(PIXEL_I32, int32_t)
        READ(PIXEL_F32, float)
        READ(PIXEL_F64, double)
    case PIXEL_TYPES:
        break;
    }
#undef READ
    for (int32_t i = 0; i < n; i++)
        out[i] = NAN;
}

void shoebox_gather(struct shoebox *s, const struct image *image, const struct panel *p, const int32_t box[4])
{
    s->x0 = box[0];
    s->x1 = box[1];
    s->y0 = box[2];
    s->y1 = box[3];
    s->width = box[1] - box[0];
    s->height = box[3] - box[2];
    s->size = (size_t)s->width * (size_t)s->height;
    double gain = p->gain > 0 ? p->gain : 1, raw[PROFILE_BOX_SIDE];
    int32_t from = larger(s->x0, 0), to = smaller(s->x1, p->n_fast);
    memset(s->values, 0, s->size * sizeof *s->values);
    memset(s->code, 0, s->size);
    for (int32_t y = larger(s->y0, 0); y < smaller(s->y1, p->n_slow) && from < to; y++) {
        size_t at = p->first_pixel + (size_t)y * (size_t)p->n_fast + (size_t)from;
        size_t k = (size_t)(y - s->y0) * (size_t)s->width + (size_t)(from - s->x0);
        read_pixels(image->pixels, image->type, at, to - from, raw);
        for (int32_t i = 0; i < to - from; i++, at++, k++) {
            bool valid =
                (!image->mask || image->mask[at]) && raw[i] >= p->trusted_lo && raw[i] <= p->trusted_hi;
            s->values[k] = isfinite(raw[i]) ? (float)((raw[i] - p->pedestal) / gain) : 0;
            s->code[k] =
                (uint8_t)((valid ? SHOEBOX_VALID : 0) | (raw[i] > p->trusted_hi ? SHOEBOX_SATURATED : 0));
        }
    }
}

void shoebox_foreground(struct shoebox *s, const struct kabsch *k, const struct panel *p, double radius)
{
    profile_foreground(k, p, radius, (int32_t[4]){s->x0, s->x1, s->y0, s->y1}, s->scratch);
    for (size_t i = 0; i < s->size; i++)
        s->code[i] |= s->scratch[i] ? SHOEBOX_FOREGROUND : SHOEBOX_BACKGROUND;
}

void shoebox_overlap(struct shoebox *s, int32_t y, int32_t from, int32_t to)
{
    if (y < s->y0 || y >= s->y1)
        return;
    uint8_t *row = s->code + (size_t)(y - s->y0) * (size_t)s->width;
    for (int32_t x = larger(from, s->x0); x < smaller(to, s->x1); x++)
        row[x - s->x0] |= SHOEBOX_OVERLAPPED;
}

int32_t shoebox_background_pixels(struct shoebox *s)
{
    const uint8_t want = SHOEBOX_VALID | SHOEBOX_BACKGROUND, care = want | SHOEBOX_OVERLAPPED;
    int32_t n = 0;
    for (size_t i = 0; i < s->size; i++) {
        s->use[i] = (s->code[i] & care) == want;
        n += s->use[i];
    }
    return n;
}

int32_t shoebox_count(const struct shoebox *s, uint8_t bits)
{
    int32_t n = 0;
    for (size_t i = 0; i < s->size; i++)
        n += (s->code[i] & bits) == bits;
    return n;
}

static bool summed(uint8_t code)
{
    const uint8_t want = SHOEBOX_VALID | SHOEBOX_FOREGROUND;
    return (code & want) == want;
}

struct shoebox_sums shoebox_sum(const struct shoebox *s, const struct background *g, bool exact_dials)
{
    struct shoebox_sums sums = {.n = 0};
    float signal = 0, background = 0;
    size_t k = 0;
    for (int32_t j = 0; j < s->height; j++)
        for (int32_t i = 0; i < s->width; i++, k++) {
            if (!summed(s->code[k]))
                continue;
            double b = background_at(g, i + 0.5, j + 0.5);
            signal += s->values[k];
            background += (float)b;
            sums.signal += (double)s->values[k];
            sums.background += b;
            sums.noise += g->noise_per_value * fmax(b, 0) + g->noise;
            sums.cx += i + 0.5;
            sums.cy += j + 0.5;
            sums.n++;
        }
    if (exact_dials) {
        sums.signal = (double)signal;
        sums.background = (double)background;
    }
    if (sums.n) {
        sums.cx /= sums.n;
        sums.cy /= sums.n;
    }
    return sums;
}

void shoebox_centroid(const struct shoebox *s, const struct background *g, double px[2], double variance[2])
{
    double sum = 0, squares = 0, first[2] = {0}, second[2] = {0};
    for (int pass = 0; pass < 2; pass++) {
        size_t k = 0;
        for (int32_t j = 0; j < s->height; j++)
            for (int32_t i = 0; i < s->width; i++, k++) {
                if (!summed(s->code[k]))
                    continue;
                double v = (double)s->values[k] - background_at(g, i + 0.5, j + 0.5);
                double at[2] = {s->x0 + i + 0.5, s->y0 + j + 0.5};
                if (!(v > 0))
                    continue;
                for (int a = 0; a < 2; a++) {
                    first[a] += pass ? 0 : v * at[a];
                    second[a] += pass ? v * (at[a] - px[a]) * (at[a] - px[a]) : 0;
                }
                sum += pass ? 0 : v;
                squares += pass ? 0 : v * v;
            }
        for (int a = 0; a < 2 && pass == 0; a++)
            px[a] = sum > 0 ? first[a] / sum : 0.5 * (a ? s->y0 + s->y1 : s->x0 + s->x1);
    }
    for (int a = 0; a < 2; a++)
        variance[a] = 1.0 / 12 + (sum * sum > squares ? second[a] / (sum * sum - squares) : 0);
}
