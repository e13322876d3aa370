/* powder.c - frames added up; see powder.h. */
#include "kernels/powder.h"

#include <math.h>

#define LIMIT (1 << 30)

double powder_scale(enum pixel_type type)
{
    return type == PIXEL_F32 || type == PIXEL_F64 ? 256 : 1;
}

int32_t powder_cells(int32_t n_pixels, int32_t bin)
{
    return (n_pixels + bin - 1) / bin;
}

/* The range of good values in units of the cells; an empty one for limits that are no numbers. */
struct range {
    int64_t lo, hi;
};

/* Of numbers that are not negative the sum is the same in any order, that which does not fit too. */
static uint64_t add_full(uint64_t a, uint64_t b)
{
    return a > POWDER_FULL - b ? POWDER_FULL : a + b;
}

/* One row of pixels into one row of cells, a form for each type of pixels: a cell is touched once, and nothing branches on values. */
#define ADD_ROW(name, ctype, integer)                                                                        \
    static void name(const void *pixels, const uint8_t *mask, int32_t n, int32_t bin, struct range good,     \
                     struct powder_cell *cells)                                                              \
    {                                                                                                        \
        const ctype *v = pixels;                                                                             \
        for (int32_t x = 0; x < n; cells++) {                                                                \
            int32_t end = x + bin < n ? x + bin : n, max = cells->max;                                       \
            int64_t sum = 0;                                                                                 \
            uint64_t squares = 0;                                                                            \
            uint32_t count = 0;                                                                              \
            for (; x < end; x++) {                                                                           \
                int64_t value = integer(v[x]);                                                               \
                bool in = value >= good.lo && value <= good.hi && (!mask || mask[x]);                        \
                int32_t clipped = (int32_t)(value > LIMIT ? LIMIT : value < -LIMIT ? -LIMIT : value);        \
                sum += in ? clipped : 0;                                                                     \
                squares += in ? (uint64_t)((int64_t)clipped * clipped) : 0; /* bin 8: 2^63 at most */        \
                max = in && clipped > max ? clipped : max;                                                   \
                count += in;                                                                                 \
            }                                                                                                \
            cells->sum += sum;                                                                               \
            cells->squares = add_full(cells->squares, squares);                                              \
            cells->max = max;                                                                                \
            cells->n += count;                                                                               \
        }                                                                                                    \
    }
#define WHOLE(x) ((int64_t)(x))
#define STEPS(x) steps_of((double)(x))

/* In steps of 1/256; what is no number is in no range. */
static int64_t steps_of(double v)
{
    return isnan(v) ? INT64_MIN : fabs(v) < 1e15 ? (int64_t)rint(v * 256) : v > 0 ? INT64_MAX : INT64_MIN + 1;
}

ADD_ROW(add_u8, uint8_t, WHOLE)
ADD_ROW(add_i8, int8_t, WHOLE)
ADD_ROW(add_u16, uint16_t, WHOLE)
ADD_ROW(add_i16, int16_t, WHOLE)
ADD_ROW(add_u32, uint32_t, WHOLE)
ADD_ROW(add_i32, int32_t, WHOLE)
ADD_ROW(add_f32, float, STEPS)
ADD_ROW(add_f64, double, STEPS)

static struct range range_of(const struct panel *p, enum pixel_type type)
{
    double lo = p->trusted_lo, hi = p->trusted_hi;
    if (!(lo <= hi))
        return (struct range){1, 0};
    if (powder_scale(type) != 1)
        return (struct range){steps_of(lo) == INT64_MIN ? INT64_MIN + 1 : steps_of(lo), steps_of(hi)};
    return (struct range){lo < -9e18 ? INT64_MIN : (int64_t)ceil(lo),
                          hi > 9e18 ? INT64_MAX : (int64_t)floor(hi)};
}

static const struct {
    size_t bytes;
    void (*add)(const void *pixels, const uint8_t *mask, int32_t n, int32_t bin, struct range good,
                struct powder_cell *cells);
} forms[PIXEL_TYPES] = {
    [PIXEL_U8] = {1, add_u8},   [PIXEL_I8] = {1, add_i8},   [PIXEL_U16] = {2, add_u16},
    [PIXEL_I16] = {2, add_i16}, [PIXEL_U32] = {4, add_u32}, [PIXEL_I32] = {4, add_i32},
    [PIXEL_F32] = {4, add_f32}, [PIXEL_F64] = {8, add_f64},
};

void powder_add_rows(const struct panel *p, enum pixel_type type, const void *pixels, const uint8_t *mask,
                     int32_t bin, int32_t row0, int32_t row1, struct powder_cell *cells)
{
    size_t across = (size_t)powder_cells(p->n_fast, bin);
    struct range good = range_of(p, type);
    int32_t end = row1 * bin < p->n_slow ? row1 * bin : p->n_slow;
    for (int32_t y = row0 * bin; y < end; y++) {
        size_t first = (size_t)y * (size_t)p->n_fast;
        forms[type].add((const uint8_t *)pixels + first * forms[type].bytes, mask ? mask + first : NULL,
                        p->n_fast, bin, good, cells + (size_t)(y / bin) * across);
    }
}

void powder_clear(struct powder_cell *cells, size_t n)
{
    for (size_t i = 0; i < n; i++)
        cells[i] = (struct powder_cell){.max = INT32_MIN};
}

void powder_add_cells(struct powder_cell *to, const struct powder_cell *from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        to[i].max = from[i].max > to[i].max ? from[i].max : to[i].max;
        to[i].sum += from[i].sum;
        to[i].squares = add_full(to[i].squares, from[i].squares);
        to[i].n += from[i].n;
    }
}

/* About a whole number m next to the mean the sum of squares is Q - 2 m S + n m²: a number that is not greater than Q by more than n/4, so
 * that arithmetic modulo 2^64 gives it without an error, where Q/n - mean² would lose most of its digits. */
double powder_deviation(const struct powder_cell *c)
{
    if (c->n < 2 || c->squares == POWDER_FULL)
        return NAN;
    double n = c->n;
    int64_t m = (int64_t)rint((double)c->sum / n);
    uint64_t about =
        c->squares - 2 * (uint64_t)m * (uint64_t)c->sum + (uint64_t)c->n * (uint64_t)m * (uint64_t)m;
    double rest = (double)(c->sum - m * (int64_t)c->n);
    return sqrt(fmax(0, ((double)about - rest * rest / n) / (n - 1)));
}
