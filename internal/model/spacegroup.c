/* spacegroup.c - the operators of a space-group setting, made from its Hall symbol, and what follows from
 * them.
 *
 * Hall symbols (S. R. Hall, Acta Cryst. A37 (1981) 517; International Tables B, A1.4.2) name generators:
 *
 *     [-] L  N[axis][translations] …  [(shift)]
 *
 * a minus for the inversion at the origin, a lattice letter, up to four rotations (each perhaps improper,
 * perhaps a screw), and an origin shift in twelfths. Composing the generators until nothing new appears gives
 * the group. Translations are kept modulo 12 twelfths.
 */
#include "model/crystal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_GENERATORS = 8, MAX_OPS = 192 };

static const struct symop identity = {.r = {1, 0, 0, 0, 1, 0, 0, 0, 1}};
static const struct symop inversion = {.r = {-1, 0, 0, 0, -1, 0, 0, 0, -1}};

/* ---- operators */

static int8_t modulo_12(int v)
{
    return (int8_t)(((v % 12) + 12) % 12);
}

/* a after b: x → R_a (R_b x + t_b) + t_a. */
static struct symop symop_multiply(const struct symop *a, const struct symop *b)
{
    struct symop out;
    for (int i = 0; i < 3; i++) {
        const int8_t *row = a->r + 3 * i;
        for (int j = 0; j < 3; j++)
            out.r[3 * i + j] = (int8_t)(row[0] * b->r[j] + row[1] * b->r[3 + j] + row[2] * b->r[6 + j]);
        out.t[i] = modulo_12(row[0] * b->t[0] + row[1] * b->t[1] + row[2] * b->t[2] + a->t[i]);
    }
    return out;
}

static bool symop_same(const struct symop *a, const struct symop *b)
{
    return !memcmp(a->r, b->r, sizeof a->r) && !memcmp(a->t, b->t, sizeof a->t);
}

static bool has_op(const struct space_group *g, const struct symop *op)
{
    for (size_t i = 0; i < g->n_ops; i++)
        if (symop_same(&g->ops[i], op))
            return true;
    return false;
}

/* All products of the generators, the identity first. Every element is some element found before times a
 * generator. */
static bool group_close(struct space_group *g, const struct symop *generators, size_t n_generators)
{
    g->ops[0] = identity;
    g->n_ops = 1;
    for (size_t i = 0; i < g->n_ops; i++)
        for (size_t j = 0; j < n_generators; j++) {
            struct symop op = symop_multiply(&g->ops[i], &generators[j]);
            if (has_op(g, &op))
                continue;
            if (g->n_ops == MAX_OPS)
                return false;
            g->ops[g->n_ops++] = op;
        }
    return true;
}

/* ---- the parts of a Hall symbol */

static const struct lattice_letter {
    char letter;
    uint8_t n;
    int8_t t[3][3]; /* centring translations, twelfths */
} lattice_letters[] = {
    // clang-format off
    {'P', 0, {{0, 0, 0}}},
    {'A', 1, {{0, 6, 6}}},
    {'B', 1, {{6, 0, 6}}},
    {'C', 1, {{6, 6, 0}}},
    {'I', 1, {{6, 6, 6}}},
    {'R', 2, {{8, 4, 4}, {4, 8, 8}}}, /* obverse, hexagonal axes */
    {'F', 3, {{0, 6, 6}, {6, 0, 6}, {6, 6, 0}}},
    // clang-format on
};

static const struct {
    char letter;
    int8_t t[3];
} translation_letters[] = {
    {'a', {6, 0, 0}}, {'b', {0, 6, 0}}, {'c', {0, 0, 6}}, {'n', {6, 6, 6}},
    {'u', {3, 0, 0}}, {'v', {0, 3, 0}}, {'w', {0, 0, 3}}, {'d', {3, 3, 3}},
};

/* Rotations about z, and those about diagonals as they stand when the axis before was z. */
static const struct {
    char fold, axis;
    int8_t r[9];
} rotations[] = {
    // clang-format off
    {'1', 'z',  { 1,  0, 0,  0,  1, 0,  0, 0,  1}},
    {'2', 'z',  {-1,  0, 0,  0, -1, 0,  0, 0,  1}},
    {'3', 'z',  { 0, -1, 0,  1, -1, 0,  0, 0,  1}},
    {'4', 'z',  { 0, -1, 0,  1,  0, 0,  0, 0,  1}},
    {'6', 'z',  { 1, -1, 0,  1,  0, 0,  0, 0,  1}},
    {'2', '\'', { 0, -1, 0, -1,  0, 0,  0, 0, -1}}, /* a - b */
    {'2', '"',  { 0,  1, 0,  1,  0, 0,  0, 0, -1}}, /* a + b */
    {'3', '*',  { 0,  0, 1,  1,  0, 0,  0, 1,  0}}, /* a + b + c */
    // clang-format on
};

/* Turn an operator about z into the same about the axis 'x' or 'y', by renaming x → y → z → x. */
static void rotate_names(int8_t r[9], char axis)
{
    int steps = axis == 'x' ? 1 : axis == 'y' ? 2 : 0;
    for (; steps > 0; steps--) {
        int8_t old[9];
        memcpy(old, r, sizeof old);
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                r[3 * ((i + 1) % 3) + (j + 1) % 3] = old[3 * i + j];
    }
}

/* What the symbol leaves out: the first axis is z; a 2 after 2 or 4 lies along x, after 3 or 6 along a - b; a
 * 3 in third place lies along the cube's diagonal. */
static char default_axis(char fold, char fold_before, int place)
{
    if (place == 1 && fold == '2')
        return fold_before == '2' || fold_before == '4' ? 'x' : '\'';
    if (place == 2 && fold == '3')
        return '*';
    return 'z';
}

static bool rotation_find(char fold, char axis, char axis_before, int8_t r[9])
{
    bool diagonal = axis == '\'' || axis == '"' || axis == '*';
    for (size_t i = 0; i < sizeof rotations / sizeof *rotations; i++)
        if (rotations[i].fold == fold && rotations[i].axis == (diagonal ? axis : 'z')) {
            memcpy(r, rotations[i].r, 9);
            rotate_names(r, axis == '*' ? 'z' : diagonal ? axis_before : axis);
            return true;
        }
    return false;
}

/* Where the reader of a Hall symbol stands. */
struct hall_reader {
    const char *at;
    int place;       /* rotations read so far */
    char fold, axis; /* of the last one */
};

/* One rotation: [-] N [screw] [axis] [translations], in any order after N. */
static bool read_rotation(struct hall_reader *h, struct symop *op)
{
    *op = identity;
    bool improper = *h->at == '-';
    h->at += improper;
    char fold = *h->at, axis = 0;
    if (!fold || !strchr("12346", fold))
        return false;
    int screw = 0, t[3] = {0, 0, 0};
    for (h->at++; *h->at && *h->at != ' ' && *h->at != '('; h->at++) {
        char c = *h->at;
        bool known = strchr("xyz'\"*", c) != NULL;
        if (known)
            axis = c;
        if (c >= '1' && c < fold) {
            known = true;
            screw = (c - '0') * 12 / (fold - '0');
        }
        for (size_t i = 0; i < sizeof translation_letters / sizeof *translation_letters; i++)
            if (translation_letters[i].letter == c) {
                known = true;
                for (int k = 0; k < 3; k++)
                    t[k] += translation_letters[i].t[k];
            }
        if (!known)
            return false;
    }
    if (!axis)
        axis = default_axis(fold, h->fold, h->place);
    if (!rotation_find(fold, axis, h->axis ? h->axis : 'z', op->r))
        return false;
    if (screw && !strchr("xyz", axis))
        return false;
    if (screw)
        t[axis - 'x'] += screw;
    for (int k = 0; k < 3; k++)
        op->t[k] = modulo_12(t[k]);
    if (improper)
        for (int k = 0; k < 9; k++)
            op->r[k] = (int8_t)-op->r[k];
    h->place++;
    h->fold = fold;
    h->axis = strchr("xyz", axis) ? axis : h->axis;
    return true;
}

/* "(0 0 5)": the origin moves by so many twelfths. */
static bool read_shift(struct hall_reader *h, int shift[3])
{
    int used = 0;
    if (sscanf(h->at, "(%3d %3d %3d)%n", &shift[0], &shift[1], &shift[2], &used) != 3 || used == 0)
        return false;
    h->at += used;
    return true;
}

/* x → V (op (V⁻¹ x)), V a shift: t grows by v - R v. */
static void symop_shift(struct symop *op, const int v[3])
{
    for (int i = 0; i < 3; i++) {
        const int8_t *row = op->r + 3 * i;
        op->t[i] = modulo_12(op->t[i] + v[i] - row[0] * v[0] - row[1] * v[1] - row[2] * v[2]);
    }
}

static bool read_lattice(struct hall_reader *h, struct symop *generators, size_t *n, char *centring)
{
    for (size_t i = 0; i < sizeof lattice_letters / sizeof *lattice_letters; i++) {
        const struct lattice_letter *l = &lattice_letters[i];
        if (l->letter != *h->at)
            continue;
        *centring = l->letter;
        for (int k = 0; k < l->n; k++) {
            generators[*n] = identity;
            memcpy(generators[(*n)++].t, l->t[k], 3);
        }
        h->at++;
        return true;
    }
    return false;
}

/* Fill ops, n_ops and centring from a symbol of the table. */
static bool group_from_hall(const char *hall, struct space_group *g)
{
    struct symop generators[MAX_GENERATORS];
    size_t n = 0;
    struct hall_reader h = {.at = hall};
    int shift[3] = {0, 0, 0};
    h.at += strspn(h.at, " ");
    if (*h.at == '-') {
        generators[n++] = inversion;
        h.at++;
    }
    if (!read_lattice(&h, generators, &n, &g->centring))
        return false;
    for (h.at += strspn(h.at, " "); *h.at; h.at += strspn(h.at, " "))
        if (*h.at == '(' ? !read_shift(&h, shift)
                         : n == MAX_GENERATORS || !read_rotation(&h, &generators[n++]))
            return false;
    for (size_t i = 0; i < n; i++)
        symop_shift(&generators[i], shift);
    return group_close(g, generators, n);
}

static bool group_from_setting(const struct spacegroup *s, struct space_group *out, struct error *err)
{
    *out =
        (struct space_group){.number = s->number, .hm = s->hm, .hall = s->expt_hall ? s->expt_hall : s->hall};
    if (!group_from_hall(s->hall, out))
        return error_set(err, ERROR_INTERNAL, "Hall symbol \"%s\" of the table of settings cannot be read",
                         s->hall);
    return true;
}

/* ---- looking up */

/* Names of the three settings spelled most alike, for "did you mean". */
static void hint_near_names(struct error *err, const char *text)
{
    const struct spacegroup *near[3] = {NULL, NULL, NULL};
    size_t distance[3] = {SIZE_MAX, SIZE_MAX, SIZE_MAX};
    for (size_t i = 0; i < spacegroups_n; i++) {
        char name[32];
        size_t here = str_distance(text, spacegroups_name(&spacegroups[i], name));
        for (int k = 0; k < 3; k++)
            if (here < distance[k]) {
                memmove(distance + k + 1, distance + k, (size_t)(2 - k) * sizeof *distance);
                memmove(near + k + 1, near + k, (size_t)(2 - k) * sizeof *near);
                distance[k] = here;
                near[k] = &spacegroups[i];
                break;
            }
    }
    char a[32], b[32], c[32];
    error_hint(err,
               "a number 1 to 230, a Hermann-Mauguin symbol or \"hall: …\"; near: \"%s\", \"%s\", \"%s\"",
               spacegroups_name(near[0], a), spacegroups_name(near[1], b), spacegroups_name(near[2], c));
}

bool space_group_find(const char *text, struct space_group *out, struct error *err)
{
    const struct spacegroup *s = spacegroups_find(text);
    if (s)
        return group_from_setting(s, out, err);
    error_set(err, ERROR_USAGE, "\"%s\" is not a space group", text);
    hint_near_names(err, text);
    return false;
}

bool space_group_from_hall(const char *hall, struct space_group *out, struct error *err)
{
    char text[80] = "hall:";
    const struct spacegroup *s = NULL;
    if (strlen(hall) < sizeof text - 5) {
        strcat(text, hall);
        s = spacegroups_find(text);
    }
    if (!s)
        return error_set(err, ERROR_METADATA, "\"%s\" is not the Hall symbol of a tabulated setting", hall);
    return group_from_setting(s, out, err);
}

/* ---- questions */

/* Order of the rotation in ±R: from the trace of its proper form (Boisen & Gibbs 1990). */
static int rotation_order(const int8_t r[9])
{
    int det = r[0] * (r[4] * r[8] - r[5] * r[7]) - r[1] * (r[3] * r[8] - r[5] * r[6]) +
              r[2] * (r[3] * r[7] - r[4] * r[6]);
    switch ((r[0] + r[4] + r[8]) * det) {
    case 3:
        return 1;
    case -1:
        return 2;
    case 0:
        return 3;
    case 1:
        return 4;
    default:
        return 6;
    }
}

const char *space_group_system(const struct space_group *g)
{
    /* Operators of the point group by order: the group repeats each n_centring times, and twice with an
     * inversion. */
    size_t n[7] = {0};
    bool diagonal_3 = false;
    for (size_t i = 0; i < g->n_ops; i++) {
        int order = rotation_order(g->ops[i].r);
        n[order]++;
        diagonal_3 = diagonal_3 || (order == 3 && g->ops[i].r[8] == 0);
    }
    if (n[3] == 8 * n[1])
        return "cubic";
    if (n[6] > 0 || n[3] > 0)
        return diagonal_3 ? "rhombohedral" : "hexagonal";
    if (n[4] > 0)
        return "tetragonal";
    if (n[2] == 3 * n[1])
        return "orthorhombic";
    return n[2] > 0 ? "monoclinic" : "triclinic";
}

/* Metric tensor ↔ cell. */
static void metric_from_cell(const double cell[6], double G[9])
{
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            G[3 * i + j] =
                i == j ? cell[i] * cell[i] : cell[i] * cell[j] * cos(cell[6 - i - j] * (M_PI / 180));
}

static void metric_to_cell(const double G[9], double cell[6])
{
    for (int i = 0; i < 3; i++)
        cell[i] = sqrt(G[4 * i]);
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3, k = (i + 2) % 3;
        cell[3 + i] = acos(G[3 * j + k] / (cell[j] * cell[k])) * (180 / M_PI);
    }
}

/* As cctbx's is_compatible_unit_cell: the cell against its mean over the group, Σ Rᵀ G R / n. */
bool space_group_fits_cell(const struct space_group *g, const double cell[6], double tol_length,
                           double tol_deg)
{
    double G[9], mean[9] = {0}, averaged[6];
    if (isnan(cell_volume(cell)))
        return false;
    metric_from_cell(cell, G);
    for (size_t n = 0; n < g->n_ops; n++) {
        const int8_t *r = g->ops[n].r;
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                for (int k = 0; k < 3; k++)
                    for (int l = 0; l < 3; l++)
                        mean[3 * i + j] += r[3 * k + i] * G[3 * k + l] * r[3 * l + j];
    }
    for (int i = 0; i < 9; i++)
        mean[i] /= g->n_ops;
    metric_to_cell(mean, averaged);
    for (int i = 0; i < 3; i++) {
        double ratio = fmin(cell[i], averaged[i]) / fmax(cell[i], averaged[i]);
        if (!(1 - ratio <= tol_length) || !(fabs(cell[3 + i] - averaged[3 + i]) <= tol_deg))
            return false;
    }
    return true;
}
