/* lattice_free_map.c - lattice vectors of a still: a map of real space, and its peaks polished.
 *
 * A point t scores Σ (max(0, 1 − r²/0.09) − 0.4) min(1, k²), r the distance of q·t from its nearest integer k: mean 0 under chance.
 * Spots of order 0 do not count: all q lie near the Ewald sphere, and every short vector along the beam would score full marks
 * without them. Written as min(1, k²), not as a condition, so that the loop stays one of vectors (ten times faster).
 */
#include "kernels/lattice_free_internal.h"

#include "kernels/geometry.h"
#include "kernels/sort.h"

#include <string.h>

enum { ROW = 32 };                /* points scored side by side */
static const double STEP = 0.32;  /* of the map, in units of 1/|q| of the outermost spot */
static const double BUDGET = 3e8; /* points times spots of one map: outermost spots are left out for it */
static const double WIDTH = 0.30; /* of a vote, in phase */
static const double DRAW = 0.4;   /* mean of a vote under chance, and its spread */

typedef void row_function(const float *a, const float *b, size_t n, const float *lane, float *out);

/* Scores of ROW points: phase of spot s at point l is b[s] + a[s] lane[l]. */
static inline __attribute__((always_inline)) void score_row(const float *a, const float *b, size_t n,
                                                            const float *lane, float *out)
{
    const float inverse = (float)(1 / (WIDTH * WIDTH)), draw = (float)DRAW, round = 12582912.0F;
    float sum[ROW] = {0};
    for (size_t s = 0; s < n; s++)
        for (int l = 0; l < ROW; l++) {
            float phase = b[s] + a[s] * lane[l], k = (phase + round) - round, r = phase - k,
                  vote = 1 - inverse * r * r, k2 = k * k;
            vote = (vote > 0 ? vote : 0) - draw;
            sum[l] += vote * (k2 < 1 ? k2 : 1);
        }
    memcpy(out, sum, sizeof sum);
}

static void row_plain(const float *a, const float *b, size_t n, const float *lane, float *out)
{
    score_row(a, b, n, lane, out);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void row_avx2(const float *a, const float *b, size_t n,
                                                     const float *lane, float *out)
{
    score_row(a, b, n, lane, out);
}

__attribute__((target("avx512f,avx512dq,avx512vl,prefer-vector-width=512"))) static void
row_avx512(const float *a, const float *b, size_t n, const float *lane, float *out)
{
    score_row(a, b, n, lane, out);
}

/* The same sums in the same order, and nothing is contracted: every form gives the same bits. */
static row_function *row_choose(void)
{
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        return row_avx512;
    return __builtin_cpu_supports("avx2") ? row_avx2 : row_plain;
}
#else
static row_function *row_choose(void)
{
    return row_plain;
}
#endif

static int compare_peaks(const void *pa, const void *pb)
{
    const struct peak *a = pa, *b = pb;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    for (int i = 0; i < 3; i++)
        if (a->t[i] != b->t[i])
            return a->t[i] < b->t[i] ? -1 : 1;
    return 0;
}

static int compare_vectors(const void *pa, const void *pb)
{
    const struct vector *a = pa, *b = pb;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    for (int i = 0; i < 3; i++)
        if (a->t[i] != b->t[i])
            return a->t[i] < b->t[i] ? -1 : 1;
    return 0;
}

/* A map while it is drawn. */
struct map {
    const struct point *points;
    size_t n;
    float step, min2, max2, threshold;
    float a[MAP_SPOTS], b[MAP_SPOTS], lane[ROW];
    row_function *row;
    struct peak *peak;
    size_t n_peaks;
};

/* Keep a point; when there are too many, the better half stays and the threshold rises. */
static void keep(struct map *m, float score, float x, float y, float z)
{
    float length2 = x * x + y * y + z * z;
    if (length2 < m->min2 || length2 > m->max2)
        return;
    if (m->n_peaks == MAP_PEAKS) {
        sort_heap(m->peak, m->n_peaks, sizeof *m->peak, compare_peaks);
        m->n_peaks /= 2;
        m->threshold = m->peak[m->n_peaks - 1].score;
        if (score <= m->threshold)
            return;
    }
    m->peak[m->n_peaks++] = (struct peak){score, {x, y, z}};
}

/* All points with these y and z from column ix on that lie in the ball. */
static void draw_line(struct map *m, int from, int to, float y, float z)
{
    for (int ix = from; ix <= to; ix += ROW) {
        float score[ROW];
        for (size_t s = 0; s < m->n; s++)
            m->b[s] = m->a[s] * (float)ix + (float)m->points[s].q[1] * y + (float)m->points[s].q[2] * z;
        m->row(m->a, m->b, m->n, m->lane, score);
        for (int l = 0; l < ROW && ix + l <= to; l++)
            if (score[l] > m->threshold)
                keep(m, score[l], (float)(ix + l) * m->step, y, z);
    }
}

/* Half a ball: t and −t are one vector. */
static void draw(struct map *m)
{
    int most = (int)(sqrtf(m->max2) / m->step);
    for (int iz = 0; iz <= most; iz++)
        for (int iy = iz ? -most : 0; iy <= most; iy++) {
            float y = (float)iy * m->step, z = (float)iz * m->step, left = m->max2 - y * y - z * z;
            if (left <= 0)
                continue;
            int nx = (int)(sqrtf(left) / m->step);
            draw_line(m, iz || iy ? -nx : 1, nx, y, z);
        }
    sort_heap(m->peak, m->n_peaks, sizeof *m->peak, compare_peaks);
}

/* Least squares of a vector on the spots that it explains, its length free; a step of at most 5 %. */
static bool polish_step(const struct point *points, size_t n, double width, double t[3])
{
    double h[9] = {0}, x[3] = {0};
    for (size_t i = 0; i < n; i++) {
        const double *q = points[i].q;
        double phase = vec3_dot(q, t), k = nearest_integer(phase), r = phase - k,
               f = 1 - r * r / (width * width);
        if (f <= 0)
            continue;
        for (int u = 0; u < 3; u++) {
            x[u] -= f * q[u] * r;
            for (int v = 0; v <= u; v++)
                h[3 * u + v] += f * q[u] * q[v];
        }
    }
    double pull = 1e-5 * (h[0] + h[4] + h[8]) + 1e-9;
    for (int u = 0; u < 3; u++)
        h[4 * u] += pull;
    if (!cholesky_solve(h, x, 3, 3))
        return false;
    double move = vec3_length(x), limit = 0.05 * vec3_length(t);
    vec3_add_scaled(t, move > limit ? limit / move : 1, x, t);
    return true;
}

/* Polish; returns how well the spots that the vector orders support it, less what chance would give. */
static double polish(const struct point *points, size_t n, double width, double t[3])
{
    double score = 0;
    for (int round = 0; round < 3 && polish_step(points, n, width, t); round++)
        ;
    for (size_t i = 0; i < n; i++) {
        double phase = vec3_dot(points[i].q, t), k = nearest_integer(phase), r = phase - k,
               f = 1 - r * r / (width * width);
        if (k != 0)
            score += fmax(f, 0) - 4 * width / 3;
    }
    return score;
}

/* Is t one of the list, within `distance`; either_sign: −t counts too. */
static bool near_any(const struct vector *list, size_t n, const double t[3], double distance,
                     bool either_sign)
{
    for (size_t i = 0; i < n; i++) {
        double minus[3], plus[3];
        vec3_sub(t, list[i].t, minus);
        vec3_add(t, list[i].t, plus);
        if (vec3_dot(minus, minus) < distance * distance ||
            (either_sign && vec3_dot(plus, plus) < distance * distance))
            return true;
    }
    return false;
}

/* Spots of the map: at most MAP_SPOTS, fewer when the ball is large and |q| too. */
static size_t map_spots(const struct point *points, size_t n, double max)
{
    size_t ns = n < MAP_SPOTS ? n : MAP_SPOTS;
    for (; ns > 16; ns--) {
        double across = max * points[ns - 1].length / STEP;
        if (2 * 3.14159265358979323846 / 3 * across * across * across * (double)ns <= BUDGET)
            break;
    }
    return ns;
}

size_t free_vectors(const struct point *points, size_t n, double min, double max, size_t *n_map,
                    struct map_work *w)
{
    size_t ns = map_spots(points, n, max), n_wide = n < VECTOR_SPOTS ? n : VECTOR_SPOTS, seeds = 0, found = 0;
    double step = STEP / points[ns - 1].length;
    *n_map = ns;
    if (max / step > 1000) /* spots so far out that the map would not end: no list of a crystal */
        return 0;
    struct map m = {.points = points,
                    .n = ns,
                    .step = (float)step,
                    .min2 = (float)(min * min),
                    .max2 = (float)(max * max),
                    .threshold = (float)(3 * DRAW * sqrt((double)ns)),
                    .row = row_choose(),
                    .peak = w->peak};
    for (int l = 0; l < ROW; l++)
        m.lane[l] = (float)l;
    for (size_t s = 0; s < ns; s++)
        m.a[s] = (float)points[s].q[0] * m.step;
    draw(&m);
    for (size_t i = 0; i < m.n_peaks && seeds < MAP_SEEDS; i++) {
        struct vector v = {0, {m.peak[i].t[0], m.peak[i].t[1], m.peak[i].t[2]}};
        if (near_any(w->seed, seeds, v.t, 2 * step, false))
            continue;
        w->seed[seeds++] = v;
        polish(points, ns, WIDTH, v.t);
        v.score = polish(points, n_wide, 0.25, v.t);
        if (vec3_length(v.t) >= min && !near_any(w->vector, found, v.t, 0.5 * step, true))
            w->vector[found++] = v;
    }
    sort_heap(w->vector, found, sizeof *w->vector, compare_vectors);
    return found < VECTORS ? found : VECTORS;
}
