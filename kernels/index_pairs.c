/* index_pairs.c - very short lists: every pair of spots against every pair of nodes with the right lengths
 * and angle (ALGORITHMS_GEOMETRY 1.3). Where the true lattice of five to twelve spots can be proved, this
 * finds it.
 */
#include "kernels/index_internal.h"

#include "kernels/geometry.h"

#include <string.h>

enum { SHORT_LIST = 12, KEEP = 96, MANY = 3000, BUDGET = 30000 };
static const double PI = 3.14159265358979323846;
static const double LENGTH_ERROR = 0.002; /* relative, of the cell */

/* Nodes that may be a spot: [first, first + count) of the cell's list. */
struct candidates {
    size_t first, count;
    uint32_t spot;
};

struct kept {
    double m[9], score;
};

struct pair_search {
    const struct index_cell *cell;
    const struct noise *noise;
    const struct point *points;
    size_t n;
    struct kept top[KEEP];
    size_t n_top;
    int tried;
};

static size_t node_from(const struct index_cell *c, double q)
{
    size_t lo = 0, hi = c->n_nodes;
    while (lo < hi) {
        size_t middle = (lo + hi) / 2;
        if (c->node[middle].q < q)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

static struct candidates candidates_of(const struct index_cell *c, const struct noise *noise,
                                       const struct point *p, uint32_t spot)
{
    double t = noise->sigma_px * p->across, s = noise->shift_px * p->across, l = LENGTH_ERROR * p->length;
    double tolerance = 2.5 * sqrt(t * t + s * s + l * l);
    struct candidates out = {.first = node_from(c, p->length - tolerance), .spot = spot};
    out.count = node_from(c, p->length + tolerance) - out.first;
    if (c->n_nodes == 0 || p->length + tolerance > c->node[c->n_nodes - 1].q)
        out.count = MANY + 1; /* beyond the list: unknown */
    return out;
}

/* Rotation that turns the directions (u, v) best into (x, y): their bisectors coincide. */
static bool pair_rotation(const double u[3], const double v[3], const double x[3], const double y[3],
                          double rotation[9])
{
    const double *pair[2][2] = {{u, v}, {x, y}};
    double frame[2][3][3];
    for (int k = 0; k < 2; k++) {
        double a = vec3_length(pair[k][0]), b = vec3_length(pair[k][1]);
        for (int j = 0; j < 3; j++) {
            frame[k][0][j] = pair[k][0][j] / a + pair[k][1][j] / b;
            frame[k][1][j] = pair[k][1][j] / b - pair[k][0][j] / a;
        }
        if (vec3_length(frame[k][0]) < 1e-3 || vec3_length(frame[k][1]) < 1e-3)
            return false;
        vec3_norm(frame[k][0], frame[k][0]);
        vec3_norm(frame[k][1], frame[k][1]);
        vec3_cross(frame[k][0], frame[k][1], frame[k][2]);
    }
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            rotation[3 * i + j] = frame[1][0][i] * frame[0][0][j] + frame[1][1][i] * frame[0][1][j] +
                                  frame[1][2][i] * frame[0][2][j];
    return true;
}

/* How well the orientation of one pair explains all spots. */
static double quick_score(const double m[9], const struct point *points, size_t n)
{
    double score = 0;
    for (size_t i = 0; i < n; i++) {
        double d2 = 0;
        for (int j = 0; j < 3; j++) {
            double phase = m[j] * points[i].q[0] + m[3 + j] * points[i].q[1] + m[6 + j] * points[i].q[2],
                   r = phase - nearest_integer(phase);
            d2 += r * r;
        }
        score += fmax(0, 1 - 16 * d2);
    }
    return score;
}

static void try_orientation(struct pair_search *s, const double rotation[9])
{
    struct kept k;
    mat3_mul(rotation, s->cell->reduced, k.m);
    s->tried++;
    k.score = quick_score(k.m, s->points, s->n);
    if (s->n_top == KEEP && k.score <= s->top[KEEP - 1].score)
        return;
    size_t at = s->n_top < KEEP ? s->n_top++ : KEEP - 1;
    for (; at > 0 && s->top[at - 1].score < k.score; at--)
        s->top[at] = s->top[at - 1];
    s->top[at] = k;
}

static double relative_variance(const struct noise *noise, const struct point *p)
{
    double t = noise->sigma_px * p->across, e1 = noise->sigma_e1 * p->length;
    return (2 * t * t + noise->sigma_e0 * noise->sigma_e0 + e1 * e1) / (p->length * p->length);
}

/* All pairs of nodes for one pair of spots. The first node is taken from one of each set of equivalents only.
 */
static void try_pair(struct pair_search *s, const struct candidates *ca, const struct candidates *cb)
{
    const struct point *a = &s->points[ca->spot], *b = &s->points[cb->spot];
    double cosine = fmax(-1, fmin(1, vec3_dot(a->q, b->q) / (a->length * b->length)));
    if (1 - cosine * cosine < 0.15 * 0.15)
        return;
    double tolerance = 2.5 * sqrt(relative_variance(s->noise, a) + relative_variance(s->noise, b));
    double lo = cos(fmin(PI, acos(cosine) + tolerance)), hi = cos(fmax(0, acos(cosine) - tolerance));
    for (size_t i = ca->first; i < ca->first + ca->count; i++) {
        const struct node *u = &s->cell->node[i];
        if (!u->first)
            continue;
        for (size_t k = cb->first; k < cb->first + cb->count; k++) {
            const struct node *v = &s->cell->node[k];
            float c = (u->v[0] * v->v[0] + u->v[1] * v->v[1] + u->v[2] * v->v[2]) / (u->q * v->q);
            if (c < lo || c > hi)
                continue;
            double du[3] = {u->v[0], u->v[1], u->v[2]}, dv[3] = {v->v[0], v->v[1], v->v[2]}, rotation[9];
            if (pair_rotation(du, dv, a->q, b->q, rotation))
                try_orientation(s, rotation);
        }
    }
}

void search_pairs(const struct index_cell *cell, const struct noise *noise, size_t n_noise,
                  const struct point *points, size_t n, struct guess *best)
{
    struct pair_search s = {.cell = cell, .noise = noise, .points = points, .n = n};
    struct candidates c[SHORT_LIST];
    *best = (struct guess){.evidence = -99};
    if (n > SHORT_LIST)
        return;
    for (size_t i = 0; i < n; i++) {
        c[i] = candidates_of(cell, noise, &points[i], (uint32_t)i);
        for (size_t j = i; j > 0 && c[j].count < c[j - 1].count; j--) {
            struct candidates t = c[j];
            c[j] = c[j - 1];
            c[j - 1] = t;
        }
    }
    for (size_t sum = 1; sum < 2 * n && s.tried < BUDGET; sum++) /* pairs with few candidates first */
        for (size_t a = 0; 2 * a < sum && s.tried < BUDGET; a++) {
            size_t b = sum - a;
            if (b < n && c[a].count <= MANY && c[b].count <= MANY)
                try_pair(&s, &c[a], &c[b]);
        }
    double cut = 0;
    for (size_t i = 0; i < n; i++)
        cut += 0.3 / (cell->length[2] * noise->sigma_px * points[i].across) / (double)n;
    for (size_t i = 0; i < s.n_top; i++) {
        static const double SHRINK[3] = {1, 0.6, 0};
        struct guess g = {0};
        memcpy(g.m, s.top[i].m, sizeof g.m);
        for (int k = 0; k < 3; k++) {
            guess_step(cell, noise, points, n, 3, fmax(6, cut * SHRINK[k]), &g);
            guess_rigid(cell, g.m);
        }
        guess_finish(cell, noise, n_noise, points, n, &g);
        if (g.evidence > best->evidence)
            *best = g;
    }
}
