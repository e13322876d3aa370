/* bravais.c - groups of near-symmetries of a lattice, and conventional axes.
 *
 * Rotations within a tolerance are not closed: a product of two may lie outside. Groups are the closures of every pair (every
 * crystallographic rotation group has two generators), and of those only the ones that are the whole symmetry of their own
 * average metric: others cannot be lattices of their own.
 */
#include "kernels/bravais.h"

#include "kernels/geometry.h"

#include <string.h>

/* Operations near the metric, their products, and the groups found so far as bit masks. */
struct near {
    int8_t op[BRAVAIS_NEAR][9];
    int8_t product[BRAVAIS_NEAR][BRAVAIS_NEAR]; /* number of op; -1: not among them */
    uint64_t mask[BRAVAIS_GROUPS];
    size_t n;
};

size_t bravais_work_size(void)
{
    return sizeof(struct near);
}

/* ---- groups */

static void multiply(const int8_t a[9], const int8_t b[9], int8_t out[9])
{
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            out[3 * i + j] = (int8_t)(a[3 * i] * b[j] + a[3 * i + 1] * b[3 + j] + a[3 * i + 2] * b[6 + j]);
}

static void make_products(struct near *w)
{
    for (size_t i = 0; i < w->n; i++)
        for (size_t j = 0; j < w->n; j++) {
            int8_t p[9];
            multiply(w->op[i], w->op[j], p);
            w->product[i][j] = -1;
            for (size_t k = 0; k < w->n; k++)
                if (memcmp(p, w->op[k], sizeof p) == 0)
                    w->product[i][j] = (int8_t)k;
        }
}

/* Smallest group with these members; 0: it is not among the operations. */
static uint64_t closure(const struct near *w, uint64_t members)
{
    for (bool grew = true; grew;) {
        grew = false;
        for (size_t a = 0; a < w->n; a++)
            for (size_t b = 0; (members >> a & 1) && b < w->n; b++) {
                if (!(members >> b & 1))
                    continue;
                int product = w->product[a][b];
                if (product < 0)
                    return 0;
                grew = grew || !(members >> product & 1);
                members |= (uint64_t)1 << product;
            }
    }
    return members;
}

/* Free parameters of the metric: dimension of the symmetric tensors that the group leaves alone. */
static uint32_t count_free(const struct lattice_group *g)
{
    int sum = 0;
    for (uint32_t k = 0; k < g->n; k++) {
        const int8_t *p = g->op[k];
        int trace = p[0] + p[4] + p[8], square = 0;
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                square += p[3 * i + j] * p[3 * j + i];
        sum += trace * trace + square;
    }
    return (uint32_t)sum / (2 * g->n);
}

/* Fill the group of a mask. false: too large, or its average metric has more symmetry than it. */
static bool fill(const struct near *w, uint64_t mask, const double metric[9], struct lattice_group *g)
{
    double average[9];
    size_t own = 0;
    memset(g, 0, sizeof *g);
    for (size_t a = 0; a < w->n; a++) {
        if (!(mask >> a & 1))
            continue;
        if (g->n == LATTICE_ROTATIONS)
            return false;
        memcpy(g->op[g->n++], w->op[a], sizeof w->op[a]);
    }
    lattice_symmetrise(metric, (const int8_t(*)[9])g->op, g->n, average);
    for (size_t a = 0; a < w->n; a++)
        own += lattice_metric_change(average, w->op[a]) < 1e-9;
    g->free = count_free(g);
    return own == g->n;
}

size_t bravais_groups(const double metric[9], double tolerance, struct lattice_group *groups, size_t cap,
                      void *work)
{
    struct near *w = work;
    size_t n = 0;
    w->n = lattice_operations(metric, 0, tolerance, w->op, BRAVAIS_NEAR);
    if (w->n > BRAVAIS_NEAR)
        w->n = BRAVAIS_NEAR;
    make_products(w);
    cap = cap < BRAVAIS_GROUPS ? cap : BRAVAIS_GROUPS;
    for (size_t i = 0; i < w->n; i++)
        for (size_t j = i; j < w->n && n < cap; j++) {
            uint64_t mask = closure(w, 1 | (uint64_t)1 << i | (uint64_t)1 << j); /* 0: the identity */
            bool seen = mask == 0;
            for (size_t k = 0; k < n && !seen; k++)
                seen = w->mask[k] == mask;
            if (seen || !fill(w, mask, metric, &groups[n]))
                continue;
            w->mask[n++] = mask;
        }
    return n;
}

bool bravais_contains(const struct lattice_group *large, const struct lattice_group *small)
{
    for (uint32_t i = 0; i < small->n; i++) {
        bool in = false;
        for (uint32_t k = 0; k < large->n && !in; k++)
            in = memcmp(large->op[k], small->op[i], sizeof small->op[i]) == 0;
        if (!in)
            return false;
    }
    return true;
}

/* ---- conventional axes: integer vectors on the reduced basis */

struct axes {
    const struct lattice_group *group;
    double metric[9];
    int32_t a[3], b[3], c[3];
    char system, centring;
};

static double product_of(const struct axes *x, const int32_t u[3], const int32_t v[3])
{
    double sum = 0;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            sum += u[i] * x->metric[3 * i + j] * v[j];
    return sum;
}

static double length_of(const struct axes *x, const int32_t v[3])
{
    return sqrt(product_of(x, v, v));
}

static int32_t determinant(const int32_t a[3], const int32_t b[3], const int32_t c[3])
{
    return a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) +
           a[2] * (b[0] * c[1] - b[1] * c[0]);
}

static int32_t points_in_cell(const struct axes *x)
{
    int32_t d = determinant(x->a, x->b, x->c);
    return d < 0 ? -d : d;
}

/* 1, 2, 3, 4 or 6, from the trace. */
static int order_of(const int8_t p[9])
{
    static const int ORDER[5] = {2, 3, 4, 6, 1};
    int trace = p[0] + p[4] + p[8];
    return trace >= -1 && trace <= 3 ? ORDER[trace + 1] : 1;
}

static void apply(const int8_t p[9], const int32_t v[3], int32_t out[3])
{
    int32_t t[3];
    for (int r = 0; r < 3; r++)
        t[r] = p[3 * r] * v[0] + p[3 * r + 1] * v[1] + p[3 * r + 2] * v[2];
    memcpy(out, t, sizeof t);
}

static bool parallel(const int32_t u[3], const int32_t v[3])
{
    return u[0] * v[1] == v[0] * u[1] && u[0] * v[2] == v[0] * u[2] && u[1] * v[2] == v[1] * u[2];
}

/* Shortest lattice vector with P·v = sign·v that is not parallel to `no` (unless NULL). */
static void eigenvector(const struct axes *x, const int8_t p[9], int sign, const int32_t *no, int32_t out[3])
{
    enum { FAR = 3 };
    double best = INFINITY;
    for (int i = -FAR; i <= FAR; i++)
        for (int j = -FAR; j <= FAR; j++)
            for (int k = -FAR; k <= FAR; k++) {
                int32_t v[3] = {i, j, k}, w[3];
                apply(p, v, w);
                bool is = (i || j || k) && w[0] == sign * i && w[1] == sign * j && w[2] == sign * k;
                if (!is || (no && parallel(v, no)))
                    continue;
                double length = length_of(x, v);
                if (length < best * (1 - 1e-9)) {
                    best = length;
                    memcpy(out, v, sizeof v);
                }
            }
}

/* Is (u + v + w)/2 a lattice vector? w may be NULL. */
static bool half_sum(const int32_t u[3], const int32_t v[3], const int32_t *w)
{
    for (int i = 0; i < 3; i++)
        if ((u[i] + v[i] + (w ? w[i] : 0)) & 1)
            return false;
    return true;
}

static void negate(int32_t v[3])
{
    for (int i = 0; i < 3; i++)
        v[i] = -v[i];
}

static void swap(int32_t u[3], int32_t v[3])
{
    int32_t t[3];
    memcpy(t, u, sizeof t);
    memcpy(u, v, sizeof t);
    memcpy(v, t, sizeof t);
}

/* All angles below 90, or all 90 and more: reversing two axes changes two of the three products. */
static void triclinic(struct axes *x)
{
    int32_t *axis[3] = {x->a, x->b, x->c};
    x->system = 'a';
    for (int kept = -1; kept < 3; kept++) { /* the axis that is not reversed; -1: none is */
        for (int i = 0; i < 3 && kept >= 0; i++)
            if (i != kept)
                negate(axis[i]);
        double p[3] = {product_of(x, x->b, x->c), product_of(x, x->a, x->c), product_of(x, x->a, x->b)};
        if ((p[0] > 0 && p[1] > 0 && p[2] > 0) || (p[0] <= 0 && p[1] <= 0 && p[2] <= 0))
            return;
        for (int i = 0; i < 3 && kept >= 0; i++)
            if (i != kept)
                negate(axis[i]);
    }
}

/* Across the twofold axis b, from the two shortest vectors u and v there: a and c such that (a + b)/2 is a lattice point and β is
 * nearest to 90. All a·c of one area: nearest to 90 is the smallest product of lengths. */
static void centred_face(struct axes *x, const int32_t u[3], const int32_t v[3])
{
    enum { FAR = 3, SIDE = 2 * FAR + 1, MANY = SIDE * SIDE };
    double best = INFINITY;
    for (int code = 0; code < MANY * MANY; code++) {
        int m[4], rest = code;
        int32_t a[3], c[3];
        for (int i = 0; i < 4; i++, rest /= SIDE)
            m[i] = rest % SIDE - FAR;
        int d = m[0] * m[3] - m[1] * m[2];
        if (d != 1 && d != -1)
            continue;
        for (int i = 0; i < 3; i++) {
            a[i] = m[0] * u[i] + m[1] * v[i];
            c[i] = m[2] * u[i] + m[3] * v[i];
        }
        double size = length_of(x, a) * length_of(x, c);
        if (!half_sum(a, x->b, NULL) || !(size < best * (1 - 1e-9)))
            continue;
        best = size;
        memcpy(x->a, a, sizeof a);
        memcpy(x->c, c, sizeof c);
    }
}

static void monoclinic(struct axes *x, const int8_t two[9])
{
    int32_t u[3] = {0}, v[3] = {0};
    x->system = 'm';
    eigenvector(x, two, 1, NULL, x->b);
    eigenvector(x, two, -1, NULL, u);
    eigenvector(x, two, -1, u, v);
    memcpy(x->a, u, sizeof u);
    memcpy(x->c, v, sizeof v);
    if (points_in_cell(x) == 2) {
        x->centring = 'C';
        centred_face(x, u, v);
    }
    if (product_of(x, x->a, x->c) > 0)
        negate(x->c);
}

static void orthorhombic(struct axes *x)
{
    int32_t axis[3][3] = {{0}};
    int n = 0;
    x->system = 'o';
    for (uint32_t k = 0; k < x->group->n; k++)
        if (order_of(x->group->op[k]) == 2 && n < 3)
            eigenvector(x, x->group->op[k], 1, NULL, axis[n++]);
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2 - i; j++)
            if (length_of(x, axis[j]) > length_of(x, axis[j + 1]))
                swap(axis[j], axis[j + 1]);
    int32_t points = determinant(axis[0], axis[1], axis[2]);
    if (points == 2 || points == -2) {
        x->centring = half_sum(axis[0], axis[1], axis[2]) ? 'I' : 'C';
        if (x->centring == 'C' && half_sum(axis[0], axis[2], NULL))
            swap(axis[1], axis[2]);
        else if (x->centring == 'C' && half_sum(axis[1], axis[2], NULL)) {
            swap(axis[0], axis[1]);
            swap(axis[1], axis[2]);
        }
    }
    if (points == 4 || points == -4)
        x->centring = 'F';
    memcpy(x->a, axis[0], sizeof x->a);
    memcpy(x->b, axis[1], sizeof x->b);
    memcpy(x->c, axis[2], sizeof x->c);
}

static void cubic(struct axes *x)
{
    int32_t *axis[3] = {x->a, x->b, x->c};
    int n = 0;
    x->system = 'c';
    for (uint32_t k = 0; k < x->group->n && n < 3; k++) {
        int32_t v[3] = {0};
        bool known = false;
        if (order_of(x->group->op[k]) != 4)
            continue;
        eigenvector(x, x->group->op[k], 1, NULL, v);
        for (int i = 0; i < n; i++)
            known = known || parallel(v, axis[i]);
        if (!known)
            memcpy(axis[n++], v, sizeof v);
    }
    int32_t points = points_in_cell(x);
    x->centring = points == 2 ? 'I' : points == 4 ? 'F' : 'P';
}

/* 422, 622, 32: c along the highest axis, a the shortest twofold axis across it, b = a turned. */
static void uniaxial(struct axes *x, const int8_t high[9])
{
    double best = INFINITY;
    x->system = order_of(high) == 4 ? 't' : 'h';
    eigenvector(x, high, 1, NULL, x->c);
    for (uint32_t k = 0; k < x->group->n; k++) {
        int32_t v[3] = {0};
        if (order_of(x->group->op[k]) != 2)
            continue;
        eigenvector(x, x->group->op[k], 1, NULL, v);
        double length = length_of(x, v);
        if (fabs(product_of(x, v, x->c)) < 1e-3 * length * length_of(x, x->c) && length < best * (1 - 1e-9)) {
            best = length;
            memcpy(x->a, v, sizeof v);
        }
    }
    apply(high, x->a, x->b);
    if (order_of(high) == 6) /* 60° → 120° */
        for (int i = 0; i < 3; i++)
            x->b[i] -= x->a[i];
    int32_t points = points_in_cell(x);
    x->centring = points == 2 ? 'I' : points == 3 ? 'R' : 'P';
}

/* Obverse: (2a + b + c)/3 is a lattice point; in the reverse setting (a + 2b + c)/3 is: then turn a and b by 180° about c. */
static void make_obverse(struct axes *x)
{
    for (int i = 0; i < 3; i++)
        if ((2 * x->a[i] + x->b[i] + x->c[i]) % 3 != 0) {
            negate(x->a);
            negate(x->b);
            return;
        }
}

void bravais_conventional(const struct lattice_group *g, const double reduced[9], char symbol[4],
                          int32_t q[9])
{
    struct axes x = {.group = g, .a = {1, 0, 0}, .b = {0, 1, 0}, .c = {0, 0, 1}, .centring = 'P'};
    const int8_t *high = g->op[0];
    lattice_metric(reduced, x.metric);
    for (uint32_t k = 0; k < g->n; k++)
        if (order_of(g->op[k]) > order_of(high))
            high = g->op[k];
    if (g->n == 24)
        cubic(&x);
    else if (g->n > 4)
        uniaxial(&x, high);
    else if (g->n == 4)
        orthorhombic(&x);
    else if (g->n == 2)
        monoclinic(&x, high);
    else
        triclinic(&x);
    if (determinant(x.a, x.b, x.c) < 0)
        negate(x.system == 'm' || x.system == 'a' ? x.b : x.c);
    if (x.centring == 'R')
        make_obverse(&x);
    for (int i = 0; i < 3; i++) {
        q[3 * i] = x.a[i];
        q[3 * i + 1] = x.b[i];
        q[3 * i + 2] = x.c[i];
    }
    symbol[0] = x.system;
    symbol[1] = x.centring;
    symbol[2] = symbol[3] = 0;
}
