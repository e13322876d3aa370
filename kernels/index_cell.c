/* index_cell.c - a known cell made ready for the search, once a recipe: reduced basis, symmetry, direction
 * grids, nodes.
 *
 * The grids hold the directions the shortest reduced vector is looked for in. Their step is 0.24/(L q) radians,
 * q 0.25 1/Å (wide search 0.45), more for cells below 40 Å: half a step off, a spot at q has its phase wrong by
 * at most 0.12. Very large cells would need more than MAX_GRID directions (12 MB); their grids are coarser and
 * serve spots of smaller |q|, of which they have enough.
 */
#include "kernels/index_internal.h"

#include "kernels/sort.h"
#include "kernels/geometry.h"

#include <string.h>

static const double PI = 3.14159265358979323846;
static const double GRID_STEP = 0.24;
static const double GRID_Q[GRIDS] = {0.25, 0.45};
/* metric changes: the same, not told apart, to be told apart */
static const double EXACT = 1e-4, ALIKE = 2e-3, NEAR = 0.03;
enum { MAX_GRID = 1000000, MAX_CONE = 32768 };

static size_t padded(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

/* ---- reduced basis and symmetry */

/* First vector along x, second in the xy plane, third up. */
static void standard_frame(double m[9])
{
    double a[3] = {m[0], m[3], m[6]}, b[3] = {m[1], m[4], m[7]}, c[3] = {m[2], m[5], m[8]}, e2[3], e3[3];
    double la = vec3_length(a), e1[3] = {a[0] / la, a[1] / la, a[2] / la};
    vec3_cross(a, b, e3);
    vec3_norm(e3, e3);
    vec3_cross(e3, e1, e2);
    double out[9] = {la, vec3_dot(b, e1), vec3_dot(c, e1), 0, vec3_dot(b, e2), vec3_dot(c, e2), 0,
                     0,  vec3_dot(c, e3)};
    memcpy(m, out, sizeof out);
}

/* Add a rotation to a list unless it is there. false: no room. */
static bool add_rotation(int8_t out[LATTICE_ROTATIONS][9], size_t *n, const int8_t p[9])
{
    for (size_t i = 0; i < *n; i++)
        if (memcmp(out[i], p, 9) == 0)
            return true;
    if (*n == LATTICE_ROTATIONS)
        return false;
    memcpy(out[(*n)++], p, 9);
    return true;
}

/* Add all products until there are no new ones. */
static bool close_group(int8_t out[LATTICE_ROTATIONS][9], size_t *n)
{
    for (size_t i = 0; i < *n; i++)
        for (size_t k = 0; k <= i; k++)
            for (int order = 0; order < 2; order++) {
                const int8_t *a = out[order ? i : k], *b = out[order ? k : i];
                int8_t p[9];
                for (int e = 0; e < 9; e++) {
                    int v = a[e / 3 * 3] * b[e % 3] + a[e / 3 * 3 + 1] * b[3 + e % 3] +
                            a[e / 3 * 3 + 2] * b[6 + e % 3];
                    if (v < -100 || v > 100)
                        return false;
                    p[e] = (int8_t)v;
                }
                if (!add_rotation(out, n, p))
                    return false;
            }
    return true;
}

/* The space group's rotations as proper ones, each once; none given: those of the metric. 0: they do not fit. */
static size_t proper_rotations(const struct known_cell *known, const double basis[9],
                               int8_t out[LATTICE_ROTATIONS][9])
{
    static const int8_t IDENTITY[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    double g[9];
    size_t n = 0;
    lattice_metric(basis, g);
    if (known->n_rotations == 0)
        return lattice_operations(g, 0, EXACT, out, LATTICE_ROTATIONS);
    add_rotation(out, &n, IDENTITY);
    for (size_t k = 0; k < known->n_rotations; k++) {
        const int8_t *r = known->rotations[k];
        int det = r[0] * (r[4] * r[8] - r[5] * r[7]) - r[1] * (r[3] * r[8] - r[5] * r[6]) +
                  r[2] * (r[3] * r[7] - r[4] * r[6]);
        int8_t p[9];
        for (int i = 0; i < 9; i++)
            p[i] = (int8_t)(det * r[i]);
        if ((det != 1 && det != -1) || !add_rotation(out, &n, p))
            return 0;
    }
    if (!close_group(out, &n))
        return 0;
    for (size_t k = 0; k < n; k++)
        if (lattice_metric_change(g, out[k]) > 0.05) /* lengths 1 %, angles 3° */
            return 0;
    return n;
}

/* The strains allowed, from the frame of the conventional basis to that of the reduced one. */
static bool turn_strains(struct index_cell *c)
{
    double inverse_t[9], inverse[9], x[9], q[9], qt[9];
    if (!lattice_reciprocal(c->conventional, inverse_t))
        return false;
    for (int i = 0; i < 9; i++)
        inverse[i] = inverse_t[i % 3 * 3 + i / 3];
    mat3_mul(c->reduced, c->to_conventional, x);
    mat3_mul(x, inverse, x);
    if (!lattice_nearest_rotation(x, q))
        return false;
    for (int i = 0; i < 9; i++)
        qt[i] = q[i % 3 * 3 + i / 3];
    for (size_t k = 0; k < c->n_strains; k++) {
        mat3_mul(q, c->strain[k], c->strain_reduced[k]);
        mat3_mul(c->strain_reduced[k], qt, c->strain_reduced[k]);
    }
    return true;
}

/* Length of the shortest reciprocal vector: of a reduced basis its indices are -1, 0, 1. */
static double least_length(const double reduced[9])
{
    double a[9], least = INFINITY;
    lattice_reciprocal(reduced, a);
    for (int code = 0; code < 27; code++) {
        double h[3] = {code % 3 - 1, code / 3 % 3 - 1, code / 9 - 1}, q[3];
        mat3_vec(a, h, q);
        if (code != 13)
            least = fmin(least, vec3_length(q));
    }
    return least;
}

/* Rhombohedral axes are primitive, whatever letter the symbol begins with. */
static char centring_of(const struct known_cell *known)
{
    return known->centring == 'R' && fabs(known->cell[5] - 120) > 5 ? 'P' : known->centring;
}

/* The cell made to obey its space group, a primitive basis of it (`to`: in units of the conventional one), and the strains
 * that the group leaves. */
static bool symmetrise(const struct known_cell *known, struct index_cell *c, double to[9])
{
    double given[9], g[9];
    int8_t group[LATTICE_ROTATIONS][9];
    if (!lattice_basis(known->cell, given))
        return false;
    size_t n = proper_rotations(known, given, group);
    if (n == 0 || n > LATTICE_ROTATIONS)
        return false;
    lattice_metric(given, g);
    lattice_symmetrise(g, (const int8_t(*)[9])group, n, g);
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3, k = (i + 2) % 3;
        double cosine = g[3 * j + k] / sqrt(g[4 * j] * g[4 * k]);
        c->cell[i] = sqrt(g[4 * i]);
        c->cell[i + 3] = fabs(cosine) < 1e-12 ? 90 : acos(cosine) * 180 / PI;
    }
    if (!lattice_basis(c->cell, c->conventional) ||
        !lattice_primitive(centring_of(known), c->conventional, c->reduced, to))
        return false;
    c->n_strains = lattice_strains(c->conventional, (const int8_t(*)[9])group, n, c->strain);
    return true;
}

/* From the primitive basis to the reduced one in its standard frame, with its lengths and the way back. */
static bool reduce(struct index_cell *c, double to[9])
{
    double d[9], to_t[9];
    int32_t change[9];
    lattice_reduce(c->reduced, change);
    for (int i = 0; i < 9; i++)
        d[i] = change[i];
    /* columns of the reduced basis in units of the conventional one; its inverse is wanted */
    mat3_mul(to, d, to);
    if (!lattice_reciprocal(to, to_t))
        return false;
    for (int i = 0; i < 9; i++)
        c->to_conventional[i] = rint(to_t[i % 3 * 3 + i / 3]);
    standard_frame(c->reduced);
    for (int i = 0; i < 3; i++)
        c->length[i] = sqrt(c->reduced[i] * c->reduced[i] + c->reduced[3 + i] * c->reduced[3 + i] +
                            c->reduced[6 + i] * c->reduced[6 + i]);
    c->cos_ab = c->reduced[1] / c->length[1];
    c->volume = mat3_det(c->reduced);
    return c->length[0] >= 2 && c->length[2] <= 3000;
}

/* Rotations of the lattice, and changes of basis that nearly keep its cell. */
static bool find_settings(struct index_cell *c)
{
    double g[9];
    lattice_metric(c->reduced, g);
    c->n_rotations = lattice_operations(g, 0, EXACT, c->rotation, LATTICE_ROTATIONS);
    if (c->n_rotations > LATTICE_ROTATIONS)
        return false;
    size_t near = lattice_operations(g, EXACT, NEAR, c->setting, MAX_SETTINGS);
    c->n_settings = near < MAX_SETTINGS ? near : MAX_SETTINGS;
    c->n_alike = (double)lattice_operations(g, 0, ALIKE, NULL, 0);
    return true;
}

/* Everything of the cell that needs no memory of its own. */
static bool describe(const struct known_cell *known, struct index_cell *c)
{
    double to[9];
    memset(c, 0, sizeof *c);
    if (!symmetrise(known, c, to) || !reduce(c, to))
        return false;
    c->least_q = least_length(c->reduced);
    return turn_strains(c) && find_settings(c);
}

/* ---- direction grids: rings of constant polar angle over a hemisphere */

/* Small cells show few spots, far out: ten orders of the shortest axis, wherever that is. */
static double grid_q(int which, double length)
{
    double q = fmax(GRID_Q[0], 10 / length);
    return fmin(q, 1.5) * GRID_Q[which] / GRID_Q[0];
}

static double grid_step(double length, double q)
{
    double step = GRID_STEP / (length * q), least = sqrt(2 * PI / MAX_GRID);
    return step > least ? step : least;
}

/* Fill x, y, z unless NULL; the number of directions, padded with the pole. */
static size_t grid_fill(double step, float *x, float *y, float *z)
{
    size_t n = 0;
    int rings = (int)ceil(PI / 2 / step);
    for (int i = 0; i <= rings; i++) {
        double theta = i * (PI / 2) / rings, r = sin(theta);
        int around = (int)ceil(2 * PI * r / step);
        if (around < 1)
            around = 1;
        if (!x) {
            n += (size_t)around;
            continue;
        }
        for (int k = 0; k < around; k++, n++) {
            double phi = 2 * PI * (k + 0.5 * (i & 1)) / around;
            x[n] = (float)(r * cos(phi));
            y[n] = (float)(r * sin(phi));
            z[n] = (float)cos(theta);
        }
    }
    for (; n % LANES; n++)
        if (x) {
            x[n] = y[n] = 0;
            z[n] = 1;
        }
    return n;
}

static void cone_fill(const struct index_cell *c, struct grid *g)
{
    double sine = sqrt(1 - c->cos_ab * c->cos_ab);
    for (size_t i = 0; i < g->n_cone; i++) {
        double phi = 2 * PI * (double)i / (double)g->n_cone;
        g->u[i] = (float)(sine * cos(phi));
        g->v[i] = (float)(sine * sin(phi));
    }
}

static void grid_measure(const struct index_cell *c, int which, struct grid *g)
{
    double q = grid_q(which, c->length[0]), sine = sqrt(1 - c->cos_ab * c->cos_ab);
    g->step = grid_step(c->length[0], q);
    g->n = grid_fill(g->step, NULL, NULL, NULL);
    size_t cone = (size_t)(2 * PI * c->length[1] * sine * q / GRID_STEP) + 1;
    g->n_cone = padded(cone < MAX_CONE ? cone : MAX_CONE, LANES);
}

/* ---- nodes by |q|, for the pair search */

static int compare_nodes(const void *pa, const void *pb)
{
    const struct node *a = pa, *b = pb;
    if (a->q != b->q)
        return a->q < b->q ? -1 : 1;
    for (int i = 0; i < 3; i++)
        if (a->h[i] != b->h[i])
            return a->h[i] < b->h[i] ? -1 : 1;
    return 0;
}

/* Is h the largest of its images under the rotations (h' = Pᵀh)? */
static bool is_first(const struct index_cell *c, const int h[3])
{
    for (size_t r = 0; r < c->n_rotations; r++) {
        const int8_t *p = c->rotation[r];
        for (int i = 0; i < 3; i++) {
            int v = p[i] * h[0] + p[3 + i] * h[1] + p[6 + i] * h[2];
            if (v > h[i])
                return false;
            if (v < h[i])
                break;
        }
    }
    return true;
}

static void nodes_fill(struct index_cell *c)
{
    /* a sphere that holds three quarters of the room; 0.40 1/Å is as far as low-angle spots of short lists go
     */
    double qmax = fmin(1.6 * grid_q(0, c->length[0]), cbrt(0.75 * MAX_NODES * 0.75 / (PI * c->volume))), a[9];
    int limit[3];
    lattice_reciprocal(c->reduced, a);
    for (int j = 0; j < 3; j++)
        limit[j] = (int)(c->length[j] * qmax) + 1;
    for (int h = -limit[0]; h <= limit[0]; h++)
        for (int k = -limit[1]; k <= limit[1]; k++)
            for (int l = -limit[2]; l <= limit[2]; l++) {
                int hkl[3] = {h, k, l};
                double q[3], v[3] = {h, k, l};
                mat3_vec(a, v, q);
                double length = vec3_length(q);
                if (length == 0 || length > qmax || c->n_nodes == MAX_NODES)
                    continue;
                struct node *node = &c->node[c->n_nodes++];
                node->q = (float)length;
                node->first = is_first(c, hkl);
                for (int j = 0; j < 3; j++) {
                    node->v[j] = (float)q[j];
                    node->h[j] = (int16_t)hkl[j];
                }
            }
    sort_heap(c->node, c->n_nodes, sizeof *c->node, compare_nodes);
}

/* ---- the public pair */

/* Cut arrays out of the block that follows the struct; memory NULL only counts. */
static size_t lay_out(struct index_cell *c, char *memory)
{
    size_t at = padded(sizeof *c, 64);
    for (int i = 0; i < GRIDS; i++) {
        struct grid *g = &c->grid[i];
        float **field[5] = {&g->x, &g->y, &g->z, &g->u, &g->v};
        for (int k = 0; k < 5; k++) {
            if (memory)
                *field[k] = (float *)(void *)(memory + at);
            at += padded((k < 3 ? g->n : g->n_cone) * sizeof(float), 64);
        }
    }
    if (memory)
        c->node = (struct node *)(void *)(memory + at);
    return at + padded(MAX_NODES * sizeof(struct node), 64);
}

size_t index_cell_size(const struct known_cell *known)
{
    struct index_cell c;
    if (!describe(known, &c))
        return 0;
    for (int i = 0; i < GRIDS; i++)
        grid_measure(&c, i, &c.grid[i]);
    return lay_out(&c, NULL);
}

struct index_cell *index_cell_init(const struct known_cell *known, void *memory)
{
    struct index_cell *c = memory;
    if (!describe(known, c))
        return NULL;
    for (int i = 0; i < GRIDS; i++)
        grid_measure(c, i, &c->grid[i]);
    lay_out(c, memory);
    for (int i = 0; i < GRIDS; i++) {
        grid_fill(c->grid[i].step, c->grid[i].x, c->grid[i].y, c->grid[i].z);
        cone_fill(c, &c->grid[i]);
    }
    nodes_fill(c);
    return c;
}
