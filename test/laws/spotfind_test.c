/* Laws of spot finding: on random images of every pixel type, with random parameters, the kernels give what their
 * definitions give, written here once more as plainly as possible (every window summed by itself, components by flood).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernels/kernels.h"
#include "kernels/pixel.h"
#include "random.h"

#include <float.h>
#include <string.h>

enum { SIDE = 70, CELLS = SIDE * SIDE };

struct example {
    struct spotfind_params p;
    struct panel panel;
    struct spotfind_image image;
    double pixels[CELLS]; /* of the image's type */
    uint8_t mask[CELLS];
    uint16_t bins[CELLS];
};

/* ---- making examples ---- */

static void store(struct example *e, size_t i, double v)
{
    static const double lo[] = {0, -128, 0, -32768, 0, -2147483648.0, -FLT_MAX, -DBL_MAX};
    static const double hi[] = {255, 127, 65535, 32767, 4294967295.0, 2147483647, FLT_MAX, DBL_MAX};
    enum pixel_type type = e->image.type;

    if (!isnan(v))
        v = fmin(fmax(v, lo[type]), hi[type]);
    switch (type) {
#define X(name, ctype, whole)                                                                                \
    case name:                                                                                               \
        ((ctype *)(void *)e->pixels)[i] = (ctype)v;                                                          \
        break;
        PIXEL_TYPE_TABLE(X)
#undef X
    default:
        break;
    }
}

static double load(const struct example *e, int x, int y)
{
    return pixel_value(e->pixels, e->image.type, (size_t)y * (size_t)e->panel.n_fast + (size_t)x);
}

static void random_parameters(struct random *r, struct example *e)
{
    struct spotfind_params *p = &e->p;
    int w = e->panel.n_fast, h = e->panel.n_slow;

    *p = spotfind_defaults();
    p->algorithm = (enum spotfind_algorithm)random_int(r, 0, 2);
    if (random_int(r, 0, 1)) {
        p->kernel_fast = random_int(r, 1, 5);
        p->kernel_slow = random_int(r, 1, 5);
    }
    if (random_int(r, 0, 1))
        p->sigma_background = 8 * random_unit(r), p->sigma_strong = 4 * random_unit(r);
    int window = (2 * p->kernel_fast + 1) * (2 * p->kernel_slow + 1);
    p->min_local = random_int(r, 0, 2) ? 2 : random_int(r, 0, 1) ? 0 : random_int(r, 2, window);
    p->global_threshold = random_int(r, 0, 2) ? 0 : random_int(r, 0, 30);
    p->gain = random_int(r, 0, 1) ? 0 : 0.3 + 5 * random_unit(r);
    p->n_iqr = random_int(r, 0, 8);
    p->n_bins = random_int(r, 1, 40);
    p->blur = (enum spotfind_blur)random_int(r, 0, 2);
    p->dials_312 = random_int(r, 0, 1);
    if (!random_int(r, 0, 3)) {
        p->roi[0] = random_int(r, 0, w - 1), p->roi[1] = random_int(r, p->roi[0] + 1, w);
        p->roi[2] = random_int(r, 0, h - 1), p->roi[3] = random_int(r, p->roi[2] + 1, h);
    }
    p->min_spot_size = (uint32_t)random_int(r, 0, 4);
    p->max_spot_size = (uint32_t)random_int(r, 1, 100);
    assert_null(spotfind_check(p, w, h));
}

static void random_image(struct random *r, struct example *e)
{
    int w = e->panel.n_fast, h = e->panel.n_slow;
    double level = exp(8 * random_unit(r) - 3), masked = random_int(r, 0, 2) ? 0.5 * random_unit(r) : 0;

    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            size_t i = (size_t)y * (size_t)w + (size_t)x;
            double v = random_poisson(r, level);
            int odd = random_int(r, 0, 2000);
            if (odd < 8)
                v = (double[]){-1, -100, 65535, 16777215, 16777216, 4294967295.0, -2147483648.0, NAN}[odd];
            if (odd == 7 && pixel_is_whole(e->image.type))
                v = 0;
            store(e, i, v);
            e->mask[i] = random_unit(r) >= masked * masked;
        }
    for (int s = random_int(r, 0, 12); s > 0; s--) {
        int cx = random_int(r, -2, w + 1), cy = random_int(r, -2, h + 1);
        double high = level + 2000 * random_unit(r) * random_unit(r) * random_unit(r),
               wide = 0.5 + 6 * random_unit(r);
        for (int y = cy - 6; y <= cy + 6; y++)
            for (int x = cx - 6; x <= cx + 6; x++)
                if (x >= 0 && y >= 0 && x < w && y < h) {
                    double d2 = (x - cx) * (x - cx) + (y - cy) * (y - cy);
                    store(e, (size_t)y * (size_t)w + (size_t)x,
                          load(e, x, y) + random_poisson(r, high * exp(-d2 / wide)));
                }
    }
}

static void random_example(struct random *r, struct example *e)
{
    struct beam_vector beam = {1.3, {0, 0, 1}};

    memset(e, 0, sizeof *e);
    e->panel = (struct panel){.origin = {-2.5, 2.5, -80},
                              .fast = {1, 0, 0},
                              .slow = {0, -1, 0},
                              .pixel_fast = 0.075,
                              .pixel_slow = 0.075,
                              .n_fast = random_int(r, 1, SIDE),
                              .n_slow = random_int(r, 1, SIDE),
                              .trusted_lo = random_int(r, 0, 1) ? 0 : -200,
                              .trusted_hi = random_int(r, 0, 1) ? 65535 : 4294967296.0,
                              .gain = 1};
    if (!random_int(r, 0, 3))
        e->panel.gain = 0.5 * random_int(r, 1, 6), e->panel.pedestal = random_int(r, -3, 10) * 0.5;
    e->image =
        (struct spotfind_image){&e->panel, e->pixels, (enum pixel_type)random_int(r, 0, PIXEL_TYPES - 1),
                                random_int(r, 0, 4) ? e->mask : NULL, e->bins};
    random_parameters(r, e);
    random_image(r, e);
    spotfind_radial_bins(&e->p, &e->panel, &beam, e->bins);
}

/* ---- the definitions ---- */

struct area {
    int x0, x1, y0, y1;
};

static struct area area_of(const struct example *e)
{
    const int32_t *r = e->p.roi;
    if (r[1])
        return (struct area){r[0], r[1], r[2], r[3]};
    return (struct area){0, e->panel.n_fast, 0, e->panel.n_slow};
}

static bool used(const struct example *e, int x, int y)
{
    double v = load(e, x, y);
    if (e->image.mask && !e->mask[y * e->panel.n_fast + x])
        return false;
    return v >= e->panel.trusted_lo && (e->p.dials_312 ? v < e->panel.trusted_hi : v <= e->panel.trusted_hi);
}

/* Exact sums in long double over a window, of pixels that are not skipped. */
struct window {
    long double m, x, y;
};

static struct window sum_window(const struct example *e, struct area a, const bool *skip, int x, int y,
                                int kf, int ks)
{
    struct window w = {0, 0, 0};
    double big = 16777216.0 * fmin(e->panel.gain, 1);

    for (int j = y - ks; j <= y + ks; j++)
        for (int i = x - kf; i <= x + kf; i++) {
            if (i < a.x0 || i >= a.x1 || j < a.y0 || j >= a.y1 || !used(e, i, j))
                continue;
            double v = load(e, i, j) - e->panel.pedestal;
            if (v >= big || (skip && skip[j * e->panel.n_fast + i]))
                continue;
            w.m += 1, w.x += v, w.y += (long double)v * v;
        }
    return w;
}

static bool above_background(const struct example *e, struct window w)
{
    const struct spotfind_params *p = &e->p;
    double m = (double)w.m, x = (double)w.x, y = (double)w.y,
           gain = (p->gain > 0 ? p->gain : 1) * e->panel.gain;
    int least = p->min_local > 0 ? p->min_local : (2 * p->kernel_fast + 1) * (2 * p->kernel_slow + 1);

    if (m < least || x < 0)
        return false;
    if (p->gain > 0 || e->panel.gain != 1)
        return m * y - x * x > gain * x * (m - 1 + p->sigma_background * sqrt(2 * (m - 1)));
    return m * y - x * x - x * (m - 1) > x * p->sigma_background * sqrt(2 * (m - 1));
}

static void define_dispersion(const struct example *e, bool *strong)
{
    const struct spotfind_params *p = &e->p;
    struct area a = area_of(e);
    double gain = (p->gain > 0 ? p->gain : 1) * e->panel.gain;

    for (int y = a.y0; y < a.y1; y++)
        for (int x = a.x0; x < a.x1; x++) {
            struct window w = sum_window(e, a, NULL, x, y, p->kernel_fast, p->kernel_slow);
            double v = load(e, x, y) - e->panel.pedestal, m = (double)w.m, s = (double)w.x;
            double root = p->gain > 0 || e->panel.gain != 1 ? sqrt(gain * s * m) : sqrt(s * m);
            strong[y * e->panel.n_fast + x] = used(e, x, y) && v > p->global_threshold * e->panel.gain &&
                                              above_background(e, w) && m * v - s > p->sigma_strong * root;
        }
}

static void define_extended(const struct example *e, bool *strong)
{
    static bool over[CELLS], eroded[CELLS];
    const struct spotfind_params *p = &e->p;
    struct area a = area_of(e);
    int n = e->panel.n_fast, r = (p->kernel_fast < p->kernel_slow ? p->kernel_fast : p->kernel_slow) - 1;
    double gain = (p->gain > 0 ? p->gain : 1) * e->panel.gain;

    for (int y = a.y0; y < a.y1; y++)
        for (int x = a.x0; x < a.x1; x++)
            over[y * n + x] =
                used(e, x, y)
                    ? above_background(e, sum_window(e, a, NULL, x, y, p->kernel_fast, p->kernel_slow))
                    : !p->dials_312;
    for (int y = a.y0; y < a.y1; y++)
        for (int x = a.x0; x < a.x1; x++) {
            bool all = used(e, x, y);
            for (int j = y - r; j <= y + r; j++)
                for (int i = x - r; i <= x + r; i++)
                    if (i >= a.x0 && i < a.x1 && j >= a.y0 && j < a.y1)
                        all &= over[j * n + i];
            eroded[y * n + x] = all;
        }
    for (int y = a.y0; y < a.y1; y++)
        for (int x = a.x0; x < a.x1; x++) {
            if (!eroded[y * n + x])
                continue;
            struct window w = sum_window(e, a, eroded, x, y, p->kernel_fast + 2, p->kernel_slow + 2);
            double v = load(e, x, y) - e->panel.pedestal, s = (double)w.x,
                   mean = w.m >= 2 ? s / (double)w.m : 0;
            double root = p->gain > 0 || e->panel.gain != 1 ? sqrt(gain * mean) : sqrt(mean);
            strong[y * n + x] =
                s >= 0 && v > p->global_threshold * e->panel.gain && v >= mean + p->sigma_strong * root;
        }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double smoothed(const struct example *e, struct area a, int x, int y)
{
    static const double narrow[] = {1, 2, 1}, wide[5][5] = {{1, 4, 7, 4, 1},
                                                            {4, 16, 26, 16, 4},
                                                            {7, 26, 41, 26, 7},
                                                            {4, 16, 26, 16, 4},
                                                            {1, 4, 7, 4, 1}};
    int half = (int)e->p.blur;
    double sum = 0;

    for (int j = -half; j <= half; j++)
        for (int i = -half; i <= half; i++) {
            int cx = x + i < a.x0 ? a.x0 : x + i >= a.x1 ? a.x1 - 1 : x + i;
            int cy = y + j < a.y0 ? a.y0 : y + j >= a.y1 ? a.y1 - 1 : y + j;
            double weight = half == 0   ? 1
                            : half == 1 ? narrow[j + 1] * narrow[i + 1] / 16
                                        : wide[j + 2][i + 2] / 273;
            double v = load(e, cx, cy);
            if (half > 0 &&
                ((e->image.type == PIXEL_U8 && v == 255) || (e->image.type == PIXEL_U16 && v == 65535) ||
                 (e->image.type == PIXEL_U32 && v == 4294967295.0)))
                v = -1; /* a gap */
            sum += (v - e->panel.pedestal) / e->panel.gain * weight;
        }
    return sum;
}

static void define_radial(const struct example *e, bool *strong)
{
    static double v[CELLS];
    struct area a = area_of(e);
    int w = e->panel.n_fast;

    for (int bin = 0; bin < e->p.n_bins; bin++) {
        int n = 0;
        for (int y = a.y0; y < a.y1; y++)
            for (int x = a.x0; x < a.x1; x++)
                if (e->bins[y * w + x] == bin && used(e, x, y) && isfinite(smoothed(e, a, x, y)))
                    v[n++] = smoothed(e, a, x, y);
        qsort(v, (size_t)n, sizeof *v, by_value);
        double middle = n == 0 ? 0 : n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2, q[2] = {0, 0};
        for (int k = 0; k < 2 && n > 1; k++) {
            double rank = (n - 1) * (k ? 0.75 : 0.25), h = rank - floor(rank);
            q[k] = (1.0 - h) * v[(int)floor(rank)] + h * v[(int)ceil(rank)];
        }
        double add = e->p.n_iqr * (q[1] - q[0]);
        if (add <= 1 / e->panel.gain)
            add = 2.0 * (1 / e->panel.gain);
        for (int y = a.y0; y < a.y1; y++)
            for (int x = a.x0; x < a.x1; x++)
                if (e->bins[y * w + x] == bin)
                    strong[y * w + x] = used(e, x, y) && smoothed(e, a, x, y) > middle + add;
    }
}

/* ---- laws ---- */

static void strong_pixels_are_those_of_the_definition(void **state)
{
    static struct example e;
    static bool strong[CELLS];
    static struct strong_pixel list[CELLS];
    struct random r = random_start("spotfind");
    size_t total = 0;

    (void)state;
    for (int round = 0; round < 400; round++) {
        random_example(&r, &e);
        memset(strong, 0, sizeof strong);
        if (e.p.algorithm == SPOTFIND_DISPERSION)
            define_dispersion(&e, strong);
        else if (e.p.algorithm == SPOTFIND_DISPERSION_EXTENDED)
            define_extended(&e, strong);
        else
            define_radial(&e, strong);
        for (size_t k = 0; kernels_name(k); k++) {
            const struct kernels *kernels = kernels_select(kernels_name(k));
            if (!kernels)
                continue;
            void *work = NULL;
            assert_int_equal(
                posix_memalign(&work, 64, spotfind_work_size(&e.p, e.panel.n_fast, e.panel.n_slow)), 0);
            size_t n = kernels->spotfind_panel(&e.p, &e.image, list, CELLS, work), at = 0;
            for (int y = 0; y < e.panel.n_slow; y++)
                for (int x = 0; x < e.panel.n_fast; x++) {
                    bool found = at < n && list[at].x == x && list[at].y == y;
                    if (found != strong[y * e.panel.n_fast + x])
                        fail_msg(
                            "round %d, algorithm %d, type %d, form %s: pixel %d,%d is%s strong by definition",
                            round, e.p.algorithm, e.image.type, kernels->isa, x, y, found ? " not" : "");
                    if (found)
                        assert_true(list[at].value == (float)load(&e, x, y));
                    at += found;
                }
            assert_int_equal(at, n);
            total += n;
            if (n > 1) { /* a full list counts on */
                struct strong_pixel second = list[1];
                assert_int_equal(kernels->spotfind_panel(&e.p, &e.image, list, 1, work), n);
                assert_memory_equal(&list[1], &second, sizeof second);
            }
            free(work);
        }
    }
    assert_true(total > 1000);
}

/* Flood one component from a pixel, 4-connected, without recursion. */
static uint32_t flood(uint32_t *label, int w, int h, int start, uint32_t name)
{
    static int stack[CELLS * 4];
    int depth = 0;
    uint32_t n = 0;

    stack[depth++] = start;
    while (depth) {
        int at = stack[--depth], x = at % w, y = at / w;
        if (label[at] != UINT32_MAX)
            continue;
        label[at] = name;
        n++;
        const int next[4][2] = {{x - 1, y}, {x + 1, y}, {x, y - 1}, {x, y + 1}};
        for (int k = 0; k < 4; k++)
            if (next[k][0] >= 0 && next[k][1] >= 0 && next[k][0] < w && next[k][1] < h &&
                label[next[k][1] * w + next[k][0]] == UINT32_MAX)
                stack[depth++] = next[k][1] * w + next[k][0];
    }
    return n;
}

static void spots_are_connected_sets_in_raster_order(void **state)
{
    static uint32_t label[CELLS];
    static struct strong_pixel list[CELLS];
    static struct spot spots[CELLS];
    static double pixels[CELLS];
    struct random r = random_start("label");

    (void)state;
    for (int round = 0; round < 200; round++) {
        int w = random_int(&r, 1, SIDE), h = random_int(&r, 1, SIDE);
        double density = random_unit(&r);
        struct panel panel = {.n_fast = w, .n_slow = h, .trusted_hi = 1e9, .gain = 1};
        struct spotfind_image image = {&panel, pixels, PIXEL_F64, NULL, NULL};
        struct spotfind_params p = spotfind_defaults();
        struct spot_list found = {.spots = spots, .capacity = CELLS};
        size_t n = 0, next = 0;

        p.min_spot_size = (uint32_t)random_int(&r, 0, 3);
        p.max_spot_size = (uint32_t)random_int(&r, 3, 500);
        for (int i = 0; i < w * h; i++) {
            bool strong = random_unit(&r) < density;
            pixels[i] = random_int(&r, -2, 20);
            label[i] = strong ? UINT32_MAX : 0;
            if (strong)
                list[n++] = (struct strong_pixel){(uint16_t)(i % w), (uint16_t)(i / w), (float)pixels[i]};
        }
        void *work = malloc(label_work_size(n));
        kernels_select("ref")->label_panel(&p, &image, 7, list, n, 100, &found, work);
        free(work);

        uint32_t name = 0;
        for (int i = 0; i < w * h; i++) {
            if (label[i] != UINT32_MAX)
                continue;
            uint32_t size = flood(label, w, h, i, ++name);
            if (size < p.min_spot_size || size > p.max_spot_size)
                continue;
            assert_true(next < found.n);
            const struct spot *s = &found.spots[next++];
            assert_int_equal(s->panel, 7);
            assert_int_equal(s->n_pixels, size);
            double sum = 0;
            for (uint32_t k = 0; k < size; k++) {
                struct strong_pixel q = list[s->first_pixel - 100 + k];
                assert_int_equal(label[q.y * w + q.x], name);
                sum += q.value;
                assert_true(q.x >= s->x0 && q.x < s->x1 && q.y >= s->y0 && q.y < s->y1);
            }
            assert_true(s->intensity == sum);
            assert_true(s->x >= s->x0 - 100 && isfinite(s->x) && isfinite(s->var_x) && isfinite(s->var_y));
        }
        assert_int_equal(next, found.n);
        assert_int_equal(found.n_lost, 0);
        assert_int_equal(found.n + found.n_small + found.n_large, name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strong_pixels_are_those_of_the_definition),
        cmocka_unit_test(spots_are_connected_sets_in_raster_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
