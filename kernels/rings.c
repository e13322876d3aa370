/* rings.c - bands of resolution of a frame; see rings.h. */
#include "kernels/rings.h"

#include "kernels/geometry.h"
#include "kernels/pixel.h"
#include "kernels/sort.h"

double rings_t(const double direction[3], const double lab[3])
{
    double length = vec3_length(lab);
    return length > 0 ? 2 + 2 * vec3_dot(lab, direction) / length : 0;
}

/* Azimuth about the beam in sixteenths of a turn: which sector is which does not matter, only that it is always the same. */
static uint8_t sector_of(const double direction[3], const double lab[3])
{
    double up[3] = {0, 1, 0}, right[3];
    vec3_cross(up, direction, right);
    vec3_cross(direction, right, up);
    double turn = (atan2(vec3_dot(lab, up), vec3_dot(lab, right)) / (2 * M_PI) + 0.5) * RINGS_SECTORS;
    return (uint8_t)(turn >= 0 && turn < RINGS_SECTORS ? turn : 0);
}

/* The band of t, the last one first: neighbours are mostly in the same. RINGS_BANDS: none. */
static size_t band_of(const struct ring_bands *b, double t, size_t last)
{
    if (last < b->n && t >= b->lo[last] && t < b->hi[last])
        return last;
    for (size_t i = 0; i < b->n; i++)
        if (t >= b->lo[i] && t < b->hi[i])
            return i;
    return RINGS_BANDS;
}

/* A run that is being made, and where finished ones go. */
struct laying {
    struct ring_run run;
    struct ring_run *runs;
    size_t n, capacity;
    uint32_t *area;
};

static void finish(struct laying *l)
{
    if (l->run.n == 0)
        return;
    if (l->n < l->capacity)
        l->runs[l->n] = l->run;
    l->n++;
    l->area[l->run.band] += l->run.n;
    l->run.n = 0;
}

static void lay_row(struct laying *l, const struct ring_bands *bands, const struct panel *p,
                    const double direction[3], const uint8_t *mask, int32_t y)
{
    double start[3], lab[3];
    size_t band = RINGS_BANDS;
    vec3_copy(p->origin, start);
    vec3_add_scaled(start, (y + 0.5) * p->pixel_slow, p->slow, start);
    for (int32_t x = 0; x < p->n_fast; x++) {
        size_t at = (size_t)y * (size_t)p->n_fast + (size_t)x;
        vec3_add_scaled(start, (x + 0.5) * p->pixel_fast, p->fast, lab);
        size_t next = band_of(bands, rings_t(direction, lab), band);
        bool good = next < RINGS_BANDS && (!mask || mask[at]);
        if (!good || next != band || l->run.n == RINGS_RUN_MAX)
            finish(l);
        band = next;
        if (good && l->run.n == 0)
            l->run = (struct ring_run){
                .first = (uint32_t)at, .band = (uint8_t)band, .sector = sector_of(direction, lab)};
        l->run.n = (uint16_t)(l->run.n + good);
    }
    finish(l);
}

size_t rings_lay(const struct ring_bands *bands, const struct panel *panel, const double direction[3],
                 const uint8_t *mask, int32_t first_row, int32_t step, struct ring_run *runs, size_t capacity,
                 uint32_t area[RINGS_BANDS])
{
    struct laying l = {.runs = runs, .capacity = capacity, .area = area};
    for (int32_t y = first_row; y < panel->n_slow; y += step)
        lay_row(&l, bands, panel, direction, mask, y);
    return l.n;
}

/* One run, a form for each type of pixels: nothing branches on values, so that it is done several at a time. Runs are short: sums of
 * whole numbers fit 64 bits. */
#define SUM_RUN(name, ctype, sum_type)                                                                       \
    static void name(const void *pixels, size_t first, size_t n, double lo, double hi, double *sum,          \
                     uint32_t *count)                                                                        \
    {                                                                                                        \
        const ctype *v = (const ctype *)pixels + first;                                                      \
        sum_type total = 0;                                                                                  \
        uint32_t good = 0;                                                                                   \
        for (size_t i = 0; i < n; i++) {                                                                     \
            bool in = (double)v[i] >= lo && (double)v[i] <= hi;                                              \
            total += in ? (sum_type)v[i] : 0;                                                                \
            good += in;                                                                                      \
        }                                                                                                    \
        *sum += (double)total;                                                                               \
        *count += good;                                                                                      \
    }
SUM_RUN(sum_u8, uint8_t, int64_t)
SUM_RUN(sum_i8, int8_t, int64_t)
SUM_RUN(sum_u16, uint16_t, int64_t)
SUM_RUN(sum_i16, int16_t, int64_t)
SUM_RUN(sum_u32, uint32_t, int64_t)
SUM_RUN(sum_i32, int32_t, int64_t)
SUM_RUN(sum_f32, float, double)
SUM_RUN(sum_f64, double, double)

static void (*const forms[PIXEL_TYPES])(const void *pixels, size_t first, size_t n, double lo, double hi,
                                        double *sum, uint32_t *count) = {
    [PIXEL_U8] = sum_u8,   [PIXEL_I8] = sum_i8,   [PIXEL_U16] = sum_u16, [PIXEL_I16] = sum_i16,
    [PIXEL_U32] = sum_u32, [PIXEL_I32] = sum_i32, [PIXEL_F32] = sum_f32, [PIXEL_F64] = sum_f64,
};

void rings_add(const struct panel *panel, enum pixel_type type, const void *pixels,
               const struct ring_run *runs, size_t n, struct ring_sums *sums)
{
    double gain = panel->gain > 0 ? panel->gain : 1;
    for (size_t i = 0; i < n; i++) {
        struct ring_cell *cell = &sums->cells[runs[i].band][runs[i].sector];
        double sum = 0;
        uint32_t count = 0;
        forms[type](pixels, runs[i].first, runs[i].n, panel->trusted_lo, panel->trusted_hi, &sum, &count);
        cell->sum += (sum - count * panel->pedestal) / gain;
        cell->n += count;
    }
}

/* The run that holds a pixel; NULL: none. Runs of a panel come in the order of their pixels. */
static const struct ring_run *run_of(const struct ring_run *runs, size_t n, uint32_t at)
{
    size_t lo = 0;
    while (n > 0) { /* the last one that begins at or before it */
        size_t half = n / 2;
        if (runs[lo + half].first <= at)
            lo += half + 1, n -= half + 1;
        else
            n = half;
    }
    return lo > 0 && at - runs[lo - 1].first < runs[lo - 1].n ? runs + lo - 1 : NULL;
}

void rings_remove(const struct panel *panel, const struct strong_pixel *strong, size_t n_strong,
                  const struct ring_run *runs, size_t n, struct ring_sums *sums)
{
    double gain = panel->gain > 0 ? panel->gain : 1;
    for (size_t i = 0; i < n_strong; i++) {
        double value = (double)strong[i].value;
        const struct ring_run *run =
            run_of(runs, n, (uint32_t)strong[i].y * (uint32_t)panel->n_fast + strong[i].x);
        if (!run || !(value >= panel->trusted_lo && value <= panel->trusted_hi))
            continue;
        struct ring_cell *cell = &sums->cells[run->band][run->sector];
        cell->sum -= (value - panel->pedestal) / gain;
        cell->n--;
    }
}

double rings_median_of(double *values, size_t n)
{
    sort_doubles(values, n);
    return n == 0 ? NAN : n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

double rings_median(const struct ring_cell cells[RINGS_SECTORS], uint32_t least, size_t *sectors)
{
    double means[RINGS_SECTORS];
    size_t n = 0;
    for (size_t s = 0; s < RINGS_SECTORS; s++)
        if (cells[s].n >= least && isfinite(cells[s].sum))
            means[n++] = cells[s].sum / cells[s].n;
    *sectors = n;
    return rings_median_of(means, n);
}
