/* index_search.c - from nothing to a guess: directions of the shortest vector on a hemisphere, second vectors
 * on the cone around each, both hands, rigid refinement (ALGORITHMS 3.1).
 *
 * Why two hands only: the score of one vector is even in it, the relative sign of the two is fixed by the
 * cone's angle, and a right-handed basis leaves exactly (a, b) and (-a, -b).
 */
#include "kernels/index_internal.h"

#include "kernels/sort.h"
#include "kernels/geometry.h"

#include <string.h>

/* The second row is for short lists that the first did not index, and for lattices behind others. */
const struct effort INDEX_EFFORT[2] = {
    {.first = 192, .axes = 64, .pairs = 192, .top = 24, .grid = 0},
    {.first = 768, .axes = 320, .pairs = 1024, .top = 64, .grid = 1},
};

enum { MAX_FIRST = 768, MAX_AXES = 320, MAX_TOP = 64, CONE_PEAKS = 6, LAST = 4 };
static const double WINDOW = 0.30;   /* half width of the score's window in phase */
static const double LONG_CELL = 150; /* Å: with longer axes a share of the spots of low |q| says too little */

struct axis {
    double t[3], score;
    size_t from;
};

struct pair {
    double a[3], b[3];
    float score;
    uint32_t from;
};

struct orientation {
    double m[9], score;
    uint32_t from;
};

/* ---- memory */

static size_t padded(size_t n)
{
    return (n + 63) / 64 * 64;
}

static size_t lay_out(struct search_work *w, const struct index_cell *const *cells, size_t n_cells,
                      char *memory)
{
    size_t n = 0, cone = 0, at = 0;
    for (size_t i = 0; i < n_cells; i++)
        for (int k = 0; k < GRIDS; k++) {
            n = n > cells[i]->grid[k].n ? n : cells[i]->grid[k].n;
            cone = cone > cells[i]->grid[k].n_cone ? cone : cells[i]->grid[k].n_cone;
        }
    if (memory)
        w->score = (float *)(void *)memory;
    at += padded(n * sizeof(float));
    for (int k = 0; k < 4; k++) {
        if (memory)
            w->cone[k] = (float *)(void *)(memory + at);
        at += padded(cone * sizeof(float));
    }
    if (memory)
        w->axis = (struct axis *)(void *)(memory + at);
    at += padded(MAX_FIRST * sizeof(struct axis));
    if (memory)
        w->pair = (struct pair *)(void *)(memory + at);
    at += padded((size_t)MAX_AXES * CONE_PEAKS * sizeof(struct pair));
    if (memory)
        w->top = (struct orientation *)(void *)(memory + at);
    return at + padded(MAX_TOP * sizeof(struct orientation));
}

size_t search_work_size(const struct index_cell *const *cells, size_t n_cells)
{
    return lay_out(NULL, cells, n_cells, NULL);
}

void search_work_init(struct search_work *w, const struct index_cell *const *cells, size_t n_cells,
                      void *memory)
{
    lay_out(w, cells, n_cells, memory);
}

/* ---- scores of directions */

void score_directions(const float *x, const float *y, const float *z, size_t n, const float (*q)[3],
                      size_t n_q, float inverse_w2, float *score)
{
    /* Adding and taking away 1.5·2^23 rounds to the nearest integer in any instruction set; |phase| stays far
     * below 2^22. */
    static const float ROUND = 12582912.0f;
    for (size_t i = 0; i < n; i += LANES) {
        float sum[LANES] = {0};
        for (size_t s = 0; s < n_q; s++) {
            float a = q[s][0], b = q[s][1], c = q[s][2];
            for (size_t l = 0; l < LANES; l++) {
                float phase = a * x[i + l] + b * y[i + l] + c * z[i + l];
                float r = phase - ((phase + ROUND) - ROUND), e = 1 - inverse_w2 * r * r;
                sum[l] += e > 0 ? e : 0;
            }
        }
        memcpy(score + i, sum, sizeof sum);
    }
}

/* Indices of the directions with the best scores, about `want` of them, in order of index. */
static size_t pick_best(const float *score, size_t n, double top, struct axis *out, size_t want)
{
    enum { BINS = 1024 };
    size_t histogram[BINS] = {0}, n_out = 0, above = 0;
    double scale = BINS / (top + 1e-6);
    for (size_t i = 0; i < n; i++) {
        int bin = (int)(score[i] * scale);
        histogram[bin < 0 ? 0 : bin < BINS ? bin : BINS - 1]++;
    }
    int bin = BINS - 1;
    while (bin > 0 && above + histogram[bin] <= want)
        above += histogram[bin--];
    int lowest = above ? bin + 1 : bin; /* one bin may hold more than all that is wanted */
    for (size_t i = 0; i < n && n_out < want; i++)
        if (score[i] * scale >= lowest)
            out[n_out++].from = i;
    return n_out;
}

/* ---- polishing of the first vector */

static bool solve3(const double a[6], const double b[3], double x[3])
{
    double m[9] = {a[0], 0, 0, a[1], a[3], 0, a[2], a[4], a[5]};
    memcpy(x, b, 3 * sizeof *b);
    return cholesky_solve(m, x, 3, 3);
}

/* Weighted least squares on the spots the vector explains, with its length kept. Returns its score in a
 * narrower window. */
static double polish(double t[3], double length, const double (*q)[3], size_t n)
{
    double score = 0;
    for (int round = 0; round < 3; round++) {
        double a[6] = {0}, b[3] = {0}, x[3], w = round < 2 ? WINDOW : 0.8 * WINDOW;
        for (size_t i = 0; i < n; i++) {
            double phase = vec3_dot(q[i], t), r = nearest_integer(phase) - phase, f = 1 - r * r / (w * w);
            if (f <= 0)
                continue;
            for (int j = 0, k = 0; j < 3; j++) {
                b[j] += f * q[i][j] * r;
                for (int l = j; l < 3; l++)
                    a[k++] += f * q[i][j] * q[i][l];
            }
        }
        double pull = 1e-4 + 1e-3 * (a[0] + a[3] + a[5]); /* all spots near one plane: stay */
        a[0] += pull;
        a[3] += pull;
        a[5] += pull;
        if (!solve3(a, b, x))
            break;
        double step = vec3_length(x), limit = 0.03 * length, shrink = step > limit ? limit / step : 1;
        for (int j = 0; j < 3; j++)
            t[j] += shrink * x[j];
        double scale = length / vec3_length(t);
        for (int j = 0; j < 3; j++)
            t[j] *= scale;
    }
    for (size_t i = 0; i < n; i++) {
        double phase = vec3_dot(q[i], t), r = phase - nearest_integer(phase),
               f = 1 - r * r / (0.5 * WINDOW * WINDOW);
        score += f > 0 ? f : 0;
    }
    return score;
}

static int compare_axes(const void *pa, const void *pb)
{
    const struct axis *a = pa, *b = pb;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return a->from < b->from ? -1 : a->from > b->from;
}

/* First vectors: best directions of the grid, polished, sorted, without doubles. */
static size_t find_axes(const struct index_cell *cell, const struct effort *effort, const double (*q)[3],
                        size_t n, struct search_work *w)
{
    const struct grid *g = &cell->grid[effort->grid];
    double length = cell->length[0];
    float scaled[SEARCH_SPOTS][3];
    for (size_t i = 0; i < n; i++)
        for (int j = 0; j < 3; j++)
            scaled[i][j] = (float)(q[i][j] * length);
    score_directions(g->x, g->y, g->z, g->n, (const float(*)[3])scaled, n, (float)(1 / (WINDOW * WINDOW)),
                     w->score);
    size_t found = pick_best(w->score, g->n, (double)n, w->axis, (size_t)effort->first), kept = 0;
    for (size_t i = 0; i < found; i++) {
        struct axis *a = &w->axis[i];
        a->t[0] = g->x[a->from] * length;
        a->t[1] = g->y[a->from] * length;
        a->t[2] = g->z[a->from] * length;
        a->score = polish(a->t, length, q, n);
    }
    sort_heap(w->axis, found, sizeof *w->axis, compare_axes);
    double same = length * length * (1 - 0.125 * g->step * g->step); /* within half a step, either sign */
    for (size_t i = 0; i < found && kept < (size_t)effort->axes; i++) {
        bool seen = false;
        for (size_t k = 0; k < kept && !seen; k++)
            seen = fabs(vec3_dot(w->axis[i].t, w->axis[k].t)) > same;
        if (!seen)
            w->axis[kept++] = w->axis[i];
    }
    return kept;
}

/* ---- second vectors on the cone */

/* Unit vectors across `along`. */
static void across(const double along[3], double e1[3], double e2[3], double e3[3])
{
    memcpy(e1, along, 3 * sizeof *e1);
    vec3_norm(e1, e1);
    double other[3] = {fabs(e1[0]) < 0.6, fabs(e1[0]) >= 0.6, 0};
    vec3_cross(e1, other, e2);
    vec3_norm(e2, e2);
    vec3_cross(e1, e2, e3);
}

/* The best local maxima of the cone's scores, descending. */
static int cone_peaks(const float *score, size_t n, float least, size_t at[CONE_PEAKS])
{
    int found = 0;
    for (size_t i = 0; i < n; i++) {
        float v = score[i];
        if (v <= least || v < score[i ? i - 1 : n - 1] || v <= score[i + 1 < n ? i + 1 : 0])
            continue;
        if (found == CONE_PEAKS && v <= score[at[CONE_PEAKS - 1]])
            continue;
        int j = found < CONE_PEAKS ? found++ : CONE_PEAKS - 1;
        for (; j > 0 && score[at[j - 1]] < v; j--)
            at[j] = at[j - 1];
        at[j] = i;
    }
    return found;
}

static int compare_pairs(const void *pa, const void *pb)
{
    const struct pair *a = pa, *b = pb;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return a->from < b->from ? -1 : a->from > b->from;
}

static size_t find_pairs(const struct index_cell *cell, const struct effort *effort, const double (*q)[3],
                         size_t n, size_t n_axes, struct search_work *w)
{
    const struct grid *g = &cell->grid[effort->grid];
    size_t found = 0;
    float scaled[SEARCH_SPOTS][3];
    for (size_t i = 0; i < n; i++)
        for (int j = 0; j < 3; j++)
            scaled[i][j] = (float)(q[i][j] * cell->length[1]);
    for (size_t k = 0; k < n_axes; k++) {
        double e1[3], e2[3], e3[3];
        across(w->axis[k].t, e1, e2, e3);
        for (int j = 0; j < 3; j++) {
            float base = (float)(cell->cos_ab * e1[j]), u = (float)e2[j], v = (float)e3[j];
            for (size_t i = 0; i < g->n_cone; i++)
                w->cone[j][i] = base + g->u[i] * u + g->v[i] * v;
        }
        score_directions(w->cone[0], w->cone[1], w->cone[2], g->n_cone, (const float(*)[3])scaled, n,
                         (float)(1 / (WINDOW * WINDOW)), w->cone[3]);
        size_t at[CONE_PEAKS];
        float least = (found > 200 ? 0.4f : 0.25f) * (float)n;
        int peaks = cone_peaks(w->cone[3], g->n_cone, least, at);
        for (int i = 0; i < peaks; i++) {
            struct pair *pair = &w->pair[found];
            pair->score = w->cone[3][at[i]] + (float)w->axis[k].score;
            pair->from = (uint32_t)found++;
            for (int j = 0; j < 3; j++) {
                pair->a[j] = w->axis[k].t[j];
                pair->b[j] = w->cone[j][at[i]];
            }
        }
    }
    sort_heap(w->pair, found, sizeof *w->pair, compare_pairs);
    return found;
}

/* ---- orientations */

/* Cheap score of a rigid orientation: all three phases of a spot at once. */
static double orientation_score(const double m[9], const double (*q)[3], size_t n)
{
    /* the longest axis is the least known yet */
    static const double WEIGHT[3] = {0.6 / 0.09, 0.6 / 0.09, 0.6 / 0.16};
    double score = 0;
    for (size_t i = 0; i < n; i++) {
        double f = 1;
        for (int j = 0; j < 3; j++) {
            double phase = m[j] * q[i][0] + m[3 + j] * q[i][1] + m[6 + j] * q[i][2],
                   r = phase - nearest_integer(phase);
            f -= WEIGHT[j] * r * r;
        }
        score += f > 0 ? f : 0;
    }
    return score;
}

/* Insert into the list of the best, descending; the earlier of equals stays in front. */
static void keep(struct orientation *top, size_t *n, size_t capacity, const struct orientation *o)
{
    if (*n == capacity && o->score <= top[*n - 1].score)
        return;
    size_t at = *n < capacity ? (*n)++ : capacity - 1;
    for (; at > 0 && top[at - 1].score < o->score; at--)
        top[at] = top[at - 1];
    top[at] = *o;
}

static size_t find_orientations(const struct index_cell *cell, const struct effort *effort,
                                const double (*q)[3], size_t n, size_t n_pairs, struct search_work *w)
{
    size_t found = 0;
    for (size_t i = 0; i < n_pairs && i < (size_t)effort->pairs; i++)
        for (int hand = 0; hand < 2; hand++) {
            struct orientation o = {0};
            double sign = hand ? -1 : 1;
            for (int r = 0; r < 3; r++) {
                o.m[3 * r] = sign * w->pair[i].a[r];
                o.m[3 * r + 1] = sign * w->pair[i].b[r];
            }
            guess_rigid(cell, o.m);
            o.score = orientation_score(o.m, q, n);
            keep(w->top, &found, (size_t)effort->top, &o);
        }
    return found;
}

/* Rotate each on the spots of low |q|, the cut shrinking from a share of the longest axis' spacing; best
 * first. */
static void settle_orientations(const struct index_cell *cell, const struct noise *noise,
                                const struct point *points, size_t n, struct search_work *w, size_t n_top)
{
    double cut = 0;
    for (size_t i = 0; i < n; i++)
        cut += 0.3 / (cell->length[2] * noise->sigma_px * points[i].across) / (double)n;
    for (size_t i = 0; i < n_top; i++) {
        struct guess g = {0};
        memcpy(g.m, w->top[i].m, sizeof g.m);
        static const double SHRINK[3] = {1, 0.7, 0.4};
        for (int k = 0; k < 3; k++) {
            w->top[i].score = guess_step(cell, noise, points, n, 3, fmax(6, cut * SHRINK[k]), &g);
            guess_rigid(cell, g.m);
        }
        memcpy(w->top[i].m, g.m, sizeof g.m);
    }
    for (size_t i = 1; i < n_top; i++)
        for (size_t j = i; j > 0 && w->top[j].score > w->top[j - 1].score; j--) {
            struct orientation t = w->top[j];
            w->top[j] = w->top[j - 1];
            w->top[j - 1] = t;
        }
}

void search_sphere(const struct index_cell *cell, const struct effort *effort, const struct noise *noise,
                   size_t n_noise, const struct point *points, size_t n, struct guess *best,
                   struct search_work *w)
{
    double q[SEARCH_SPOTS][3];
    size_t skip = 0; /* what lies nearer to the beam than any node would score for every direction */
    while (skip < n && points[skip].length < 0.7 * cell->least_q)
        skip++;
    size_t few = cell->length[2] > LONG_CELL ? SEARCH_SPOTS : SEARCH_SPOTS / 2;
    few = n - skip < few ? n - skip : few;
    for (size_t i = 0; i < few; i++)
        memcpy(q[i], points[skip + i].q, sizeof q[i]);
    *best = (struct guess){.evidence = -99};
    const double(*search)[3] = (const double(*)[3])q;
    size_t axes = find_axes(cell, effort, search, few, w);
    size_t pairs = find_pairs(cell, effort, search, few, axes, w);
    size_t top = find_orientations(cell, effort, search, few, pairs, w);
    settle_orientations(cell, noise, points + skip, few, w, top);
    for (size_t i = 0; i < top && i < LAST; i++) {
        struct guess g = {0};
        memcpy(g.m, w->top[i].m, sizeof g.m);
        guess_finish(cell, noise, n_noise, points, n, &g);
        if (g.evidence > best->evidence)
            *best = g;
    }
}
