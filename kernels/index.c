/* index.c - index one frame: search, accept by evidence, further lattices on what is left, and the standard
 * setting.
 *
 * Several lattices: ALGORITHMS_LATTICE 2. Settings: SCIENCE 7. What a lattice is accepted by: ALGORITHMS 3.4,
 * SCIENCE 11.
 */
#include "kernels/index_internal.h"

#include "kernels/sort.h"
#include "kernels/geometry.h"

#include <string.h>

enum {
    SHORT = 12,  /* lists searched by pairs */
    MIDDLE = 32, /* lists searched widely when the plain search fails */
    LONG = 64,   /* lists of which a lattice need not explain half */
    REST = 8,    /* spots that a further lattice needs */
    CROWD = 4,   /* lattices looked for when one explains little of a long list */
    HYPOTHESES = 2,
};
static const double OWN = 16; /* squared sigmas within which a spot belongs to a lattice */

void index_params_default(struct index_params *p)
{
    *p = (struct index_params){
        .min_evidence = 3,
        .min_spots = 6,
        .max_lattices = 1,
        .min_separation = 5 * 3.14159265358979323846 / 180,
        .recycle_cutoff = 0.1,
        .length_tolerance = 0.1,
        .angle_tolerance = 5,
        .max_offset_px = 3,
        .deep = -1,
        .sigma_px = 0.5,
        .sigma_e0 = 0.0004,
        .sigma_e1 = 0.0009,
        .cell_sigma = 0.002,
    };
}

/* A lattice while it is being worked on. */
struct candidate {
    struct guess g;
    uint32_t cell;
    bool undecided, split;
};

struct claim {
    double d2;
    int32_t owner, h[3];
    uint32_t ray;
};

/* All that one call works with. */
struct frame {
    const struct index_params *p;
    const struct index_cell *const *cells;
    size_t n_cells;
    const struct beam_vector *beam;
    const struct ray *rays;
    size_t n_rays;

    struct noise noise[HYPOTHESES];
    struct search_work search;
    struct point *all, *rest, *moved; /* spots searched, those still free, displaced ones */
    size_t n_all;
    double base[2];                 /* beam shift of the shot, taken out of the points */
    double *d2[INDEX_MAX_LATTICES]; /* [n_all] */
    int32_t *owner;                 /* [n_all] */
    struct claim *claims;           /* [n_rays] */
    struct candidate lattice[INDEX_MAX_LATTICES];
    size_t n;
};

/* ---- memory */

static size_t take(size_t *at, size_t bytes)
{
    size_t from = *at;
    *at += (bytes + 63) / 64 * 64;
    return from;
}

static size_t lay_out(struct frame *f, const struct index_cell *const *cells, size_t n_cells, size_t max_rays,
                      char *memory)
{
    size_t at = 0, few = max_rays < SEARCHED ? max_rays : SEARCHED;
    size_t search = take(&at, search_work_size(cells, n_cells)),
           all = take(&at, max_rays * sizeof(struct point)),
           rest = take(&at, max_rays * sizeof(struct point)),
           moved = take(&at, max_rays * sizeof(struct point)), owner = take(&at, few * sizeof(int32_t)),
           claims = take(&at, max_rays * sizeof(struct claim)),
           d2 = take(&at, few * INDEX_MAX_LATTICES * sizeof(double));
    if (!memory)
        return at;
    search_work_init(&f->search, cells, n_cells, memory + search);
    f->all = (struct point *)(void *)(memory + all);
    f->rest = (struct point *)(void *)(memory + rest);
    f->moved = (struct point *)(void *)(memory + moved);
    f->owner = (int32_t *)(void *)(memory + owner);
    f->claims = (struct claim *)(void *)(memory + claims);
    for (size_t i = 0; i < INDEX_MAX_LATTICES; i++)
        f->d2[i] = (double *)(void *)(memory + d2) + i * few;
    return at;
}

size_t index_work_size(const struct index_cell *const *cells, size_t n_cells, size_t max_rays)
{
    return lay_out(NULL, cells, n_cells, max_rays, NULL);
}

/* ---- points */

static int compare_brightness(const void *pa, const void *pb)
{
    const struct claim *a = pa, *b = pb;
    if (a->d2 != b->d2)
        return a->d2 > b->d2 ? -1 : 1;
    return a->ray < b->ray ? -1 : a->ray > b->ray;
}

/* Points of the brightest rays, seen with the pattern moved back by the shift. Returns their number. */
static size_t bright_points(struct frame *f, const double displaced[2], struct point *out)
{
    size_t n = points_make(f->beam, f->rays, f->n_rays, displaced, out), kept = 0;
    if (n <= SEARCHED)
        return n;
    for (size_t i = 0; i < n; i++)
        f->claims[i] = (struct claim){.d2 = f->rays[out[i].ray].intensity, .ray = (uint32_t)i};
    for (size_t i = 0; i < n; i++)
        if (!isfinite(f->claims[i].d2))
            f->claims[i].d2 = 0;
    sort_heap(f->claims, n, sizeof *f->claims, compare_brightness);
    struct claim last = f->claims[SEARCHED - 1];
    for (size_t i = 0; i < n; i++) {
        double intensity = f->rays[out[i].ray].intensity;
        struct claim c = {.d2 = isfinite(intensity) ? intensity : 0, .ray = (uint32_t)i};
        if (compare_brightness(&c, &last) <= 0)
            out[kept++] = out[i];
    }
    return kept;
}

/* ---- one lattice */

/* The errors to expect: those of the parameters, or a mosaic crystal on a detector that is not quite where it
 * is said to be, with a cell that is off by a per cent. The first is four times as likely. */
static void set_noise(struct frame *f, double shift_px)
{
    const struct index_params *p = f->p;
    struct noise expected = {.sigma_px = p->sigma_px,
                             .sigma_e0 = p->sigma_e0,
                             .sigma_e1 = p->sigma_e1,
                             .strain = p->cell_sigma,
                             .breaking = p->cell_sigma,
                             .common = p->cell_common,
                             .shift_px = shift_px,
                             .log_weight = log10(0.8)};
    struct noise wide = {.sigma_px = 2 * p->sigma_px,
                         .sigma_e0 = 1.5 * p->sigma_e0,
                         .sigma_e1 = 4 * p->sigma_e1,
                         .strain = fmax(p->cell_sigma, 0.01),
                         .breaking = p->cell_sigma,
                         .common = p->cell_common,
                         .shift_px = shift_px,
                         .log_weight = log10(0.2)};
    f->noise[0] = expected;
    f->noise[1] = wide;
}

/* A plane of the true lattice, or of another cell's, can pass for a lattice when much is uncertain: the beam
 * centre of a short list, or all errors taken wide. Then half of the spots must be explained, beyond what chance
 * explains. */
static bool accepts(const struct frame *f, const struct guess *g, size_t n)
{
    bool certain = g->noise == 0 && (f->p->geometry_trusted || n > LONG);
    return g->evidence >= f->p->min_evidence && (certain || 2 * g->explained >= (double)n);
}

/* A short list of which little is explained is searched more deeply before it is believed. */
static bool convinces(const struct frame *f, const struct guess *g, size_t n)
{
    if (!accepts(f, g, n) || g->noise != 0)
        return false;
    return n > LONG || 4 * g->explained > (n <= SHORT ? 3 : 2) * (double)n;
}

static void take_better(struct guess *best, const struct guess *g)
{
    if (g->evidence > best->evidence)
        *best = *g;
}

static void find_with(struct frame *f, const struct index_cell *cell, const struct point *points, size_t n,
                      bool deep, struct guess *best)
{
    struct guess g;
    search_sphere(cell, &INDEX_EFFORT[0], f->noise, HYPOTHESES, points, n, best, &f->search);
    if (convinces(f, best, n) || f->p->deep == 0)
        return;
    if (deep || n <= MIDDLE || f->p->deep == 1 || accepts(f, best, n)) {
        search_sphere(cell, &INDEX_EFFORT[1], f->noise, HYPOTHESES, points, n, &g, &f->search);
        take_better(best, &g);
    }
    if (n <= SHORT && !convinces(f, best, n)) {
        search_pairs(cell, f->noise, HYPOTHESES, points, n, &g);
        take_better(best, &g);
    }
}

/* All candidate cells; the evidence is shared between them. */
static void find(struct frame *f, const struct point *points, size_t n, bool deep, struct candidate *best)
{
    *best = (struct candidate){.g = {.evidence = -99}};
    for (size_t i = 0; i < f->n_cells; i++) {
        struct guess g;
        find_with(f, f->cells[i], points, n, deep, &g);
        g.evidence -= log10((double)f->n_cells);
        if (g.evidence > best->g.evidence)
            *best = (struct candidate){.g = g, .cell = (uint32_t)i};
    }
}

/* The eight neighbours of the beam centre given (ALGORITHMS 3.5). The evidence is shared by nine. */
static void find_displaced(struct frame *f, struct candidate *best, uint32_t *tried)
{
    /* 2.5 px: what is left to the shift parameter is well inside its prior */
    double step = f->p->max_offset_px * 5 / 6;
    set_noise(f, fmax(0.3, 0.4 * step));
    for (int o = 0; o < 9; o++) {
        double displaced[2] = {step * (o % 3 - 1), step * (o / 3 - 1)};
        if (o == 4)
            continue;
        (*tried)++;
        size_t n = bright_points(f, displaced, f->moved);
        for (size_t i = 0; i < f->n_cells; i++) {
            struct guess g;
            search_sphere(f->cells[i], &INDEX_EFFORT[0], f->noise, HYPOTHESES, f->moved, n, &g, &f->search);
            g.evidence -= log10(9.0 * (double)f->n_cells);
            g.shift[0] += displaced[0];
            g.shift[1] += displaced[1];
            if (g.evidence > best->g.evidence)
                *best = (struct candidate){.g = g, .cell = (uint32_t)i};
        }
    }
}

static bool within_tolerance(const struct frame *f, const struct candidate *c)
{
    const struct index_cell *cell = f->cells[c->cell];
    double m[9], found[6];
    mat3_mul(c->g.m, cell->to_conventional, m);
    lattice_cell(m, found);
    for (int i = 0; i < 3; i++)
        if (!(fabs(found[i] / cell->cell[i] - 1) <= f->p->length_tolerance) ||
            !(fabs(found[i + 3] - cell->cell[i + 3]) <= f->p->angle_tolerance))
            return false;
    return true;
}

/* ---- several lattices */

static void measure(struct frame *f, const struct candidate *c, double *d2)
{
    double a[9];
    bool ok = lattice_reciprocal(c->g.m, a);
    for (size_t i = 0; i < f->n_all; i++) {
        int32_t h[3];
        d2[i] = ok ? guess_distance(&f->noise[c->g.noise], &c->g, a, &f->all[i], h) : INFINITY;
    }
}

/* The points that are free for lattice j (those of its own and of none), or with j < 0 of none. */
static size_t free_points(struct frame *f, int32_t j)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_all; i++)
        if (f->owner[i] < 0 || f->owner[i] == j)
            f->rest[n++] = f->all[i];
    return n;
}

/* Are two candidate cells forms of one crystal: alike in their conventional axes? */
static bool same_kind(const struct index_cell *a, const struct index_cell *b)
{
    for (int i = 0; i < 3; i++)
        if (!(fabs(a->cell[i] / b->cell[i] - 1) < 0.05) || !(fabs(a->cell[i + 3] - b->cell[i + 3]) < 3))
            return false;
    return true;
}

/* Is one an orientation of the other that the lattice's symmetry, or nearly its symmetry, makes equal within
 * the angle? */
static bool same_crystal(const struct frame *f, const struct candidate *x, const struct candidate *y)
{
    const struct index_cell *cell = f->cells[x->cell], *other = f->cells[y->cell];
    double theirs[9];
    if (cell != other && !same_kind(cell, other))
        return false;
    mat3_mul(y->g.m, other->to_conventional, theirs);
    for (size_t k = 0; k < cell->n_rotations + cell->n_settings; k++) {
        const int8_t *p = k < cell->n_rotations ? cell->rotation[k] : cell->setting[k - cell->n_rotations];
        double m[9], inverse_t[9], turn[9], rotation[9];
        lattice_change(x->g.m, p, m);
        mat3_mul(m, cell->to_conventional, m);
        if (!lattice_reciprocal(m, inverse_t))
            continue;
        for (int i = 0; i < 9; i++)
            m[i] = inverse_t[i % 3 * 3 + i / 3];
        mat3_mul(theirs, m, turn);
        if (lattice_nearest_rotation(turn, rotation) &&
            lattice_rotation_angle(rotation) < f->p->min_separation)
            return true;
    }
    return false;
}

/* A find that is an earlier lattice again, or lives on earlier ones' spots. One with spots of its own that lies within the
 * angle is a second piece of the same crystal: said of the first, not counted (ALGORITHMS 3.6). */
static bool is_double(struct frame *f, const struct candidate *c, const double *d2)
{
    size_t own = 0, shared = 0;
    for (size_t i = 0; i < f->n_all; i++) {
        own += d2[i] < OWN;
        shared += d2[i] < OWN && f->owner[i] >= 0;
    }
    bool twice = 2 * shared > own;
    for (size_t j = 0; j < f->n; j++) {
        if (!same_crystal(f, &f->lattice[j], c))
            continue;
        f->lattice[j].split = f->lattice[j].split || 2 * shared <= own;
        twice = true;
    }
    return twice;
}

/* Take the shift found out of all points: it is the shot's, and a second lattice may not hide behind one of
 * its own. */
static void fix_shift(struct frame *f, struct candidate *c)
{
    for (int k = 0; k < 2; k++) {
        f->base[k] += c->g.shift[k];
        c->g.shift[k] = 0;
    }
    f->n_all = bright_points(f, f->base, f->all);
    set_noise(f, 0.15);
}

static void add_lattice(struct frame *f, const struct candidate *c)
{
    measure(f, c, f->d2[f->n]);
    for (size_t i = 0; i < f->n_all; i++)
        if (f->d2[f->n][i] < OWN)
            f->owner[i] = (int32_t)f->n;
    f->lattice[f->n++] = *c;
}

static void find_more(struct frame *f, size_t max)
{
    for (size_t tries = 0; f->n < max && tries < max + 2; tries++) {
        struct candidate c = {0};
        size_t n = free_points(f, -1);
        if (n < REST || (double)n < f->p->recycle_cutoff * (double)f->n_all)
            return;
        find(f, f->rest, n, true, &c);
        if (!accepts(f, &c.g, n) || !within_tolerance(f, &c))
            return;
        measure(f, &c, f->d2[f->n]);
        if (!is_double(f, &c, f->d2[f->n])) {
            add_lattice(f, &c);
            continue;
        }
        for (size_t i = 0; i < f->n_all; i++) /* a double must not end the search: its spots are set aside */
            if (f->d2[f->n][i] < OWN && f->owner[i] < 0)
                f->owner[i] = INDEX_MAX_LATTICES;
    }
}

/* Every point to its nearest lattice. */
static void share_out(struct frame *f)
{
    for (size_t j = 0; j < f->n; j++)
        measure(f, &f->lattice[j], f->d2[j]);
    for (size_t i = 0; i < f->n_all; i++) {
        f->owner[i] = -1;
        double least = OWN;
        for (size_t j = 0; j < f->n; j++)
            if (f->d2[j][i] < least) {
                least = f->d2[j][i];
                f->owner[i] = (int32_t)j;
            }
    }
}

/* Refine all lattices on their own spots, drop what no longer passes, keep the best. */
static void refine_together(struct frame *f, size_t max)
{
    for (int round = 0; round < 2; round++) {
        share_out(f);
        for (size_t j = 0; j < f->n; j++) {
            struct candidate *c = &f->lattice[j];
            size_t n = free_points(f, (int32_t)j);
            const struct index_cell *cell = f->cells[c->cell];
            const struct noise *noise = &f->noise[c->g.noise];
            guess_step(cell, noise, f->rest, n, PARAMETERS, 5, &c->g);
            guess_step(cell, noise, f->rest, n, PARAMETERS, 4, &c->g);
            guess_evidence(cell, noise, f->rest, n, &c->g);
            c->g.evidence -= log10((double)f->n_cells);
        }
    }
    size_t kept = 0;
    for (size_t j = 0; j < f->n; j++)
        if (f->lattice[j].g.evidence >= f->p->min_evidence)
            f->lattice[kept++] = f->lattice[j];
    f->n = kept;
    for (size_t i = 1; i < f->n; i++) /* best first */
        for (size_t j = i; j > 0 && f->lattice[j].g.evidence > f->lattice[j - 1].g.evidence; j--) {
            struct candidate t = f->lattice[j];
            f->lattice[j] = f->lattice[j - 1];
            f->lattice[j - 1] = t;
        }
    f->n = f->n < max ? f->n : max;
    share_out(f);
}

/* ---- output */

static int compare_claims(const void *pa, const void *pb)
{
    const struct claim *a = pa, *b = pb;
    if (a->owner != b->owner)
        return a->owner < b->owner ? -1 : 1;
    for (int i = 0; i < 3; i++)
        if (a->h[i] != b->h[i])
            return a->h[i] < b->h[i] ? -1 : 1;
    if (a->d2 != b->d2)
        return a->d2 < b->d2 ? -1 : 1;
    return a->ray < b->ray ? -1 : a->ray > b->ray;
}

/* Every ray to the nearest lattice within 4 sigma, every node to the nearest ray. */
static void assign(struct frame *f, const double (*index)[9], struct index_found *found)
{
    size_t n = points_make(f->beam, f->rays, f->n_rays, f->base, f->moved), claims = 0;
    double a[INDEX_MAX_LATTICES][9];
    for (size_t j = 0; j < f->n; j++)
        if (!lattice_reciprocal(f->lattice[j].g.m, a[j]))
            memset(a[j], 0, sizeof a[j]);
    for (size_t i = 0; i < n; i++) {
        struct claim c = {.d2 = OWN, .owner = -1, .ray = f->moved[i].ray};
        for (size_t j = 0; j < f->n; j++) {
            int32_t h[3];
            double d2 =
                guess_distance(&f->noise[f->lattice[j].g.noise], &f->lattice[j].g, a[j], &f->moved[i], h);
            if (d2 >= c.d2)
                continue;
            c.d2 = d2;
            c.owner = (int32_t)j;
            for (int r = 0; r < 3; r++)
                c.h[r] = (int32_t)rint(index[j][3 * r] * h[0] + index[j][3 * r + 1] * h[1] +
                                       index[j][3 * r + 2] * h[2]);
        }
        if (c.owner >= 0)
            f->claims[claims++] = c;
    }
    sort_heap(f->claims, claims, sizeof *f->claims, compare_claims);
    for (size_t i = 0; i < claims; i++) {
        const struct claim *c = &f->claims[i], *before = i ? c - 1 : NULL;
        if (before && before->owner == c->owner && memcmp(before->h, c->h, sizeof c->h) == 0)
            continue;
        found->owner[c->ray] = c->owner;
        memcpy(found->hkl[c->ray], c->h, sizeof c->h);
        found->lattices[c->owner].n_indexed++;
    }
}

static void write_out(struct frame *f, struct index_found *found)
{
    double index[INDEX_MAX_LATTICES][9] = {{0}};
    for (size_t j = 0; j < f->n; j++) {
        struct candidate *c = &f->lattice[j];
        struct lattice *l = &found->lattices[j];
        double basis[9];
        size_t n = free_points(f, (int32_t)j);
        c->undecided = setting_choose(f->cells[c->cell], &f->noise[c->g.noise], f->rest, n, &c->g);
        memset(l, 0, sizeof *l);
        setting_standard(f->cells[c->cell], c->g.m, l->A, index[j]);
        lattice_reciprocal(l->A, basis);
        lattice_cell(basis, l->cell);
        memcpy(l->free_cell, l->cell, sizeof l->cell);
        l->evidence = c->g.evidence;
        l->cell_no = c->cell;
        for (int k = 0; k < 2; k++)
            l->shift_px[k] = f->base[k] + c->g.shift[k];
        l->flags = (c->undecided ? LATTICE_SETTING_UNDECIDED : 0) | (c->split ? LATTICE_SPLIT : 0);
    }
    found->n = f->n;
    found->reason = INDEX_OK;
    found->best_evidence = f->lattice[0].g.evidence;
    assign(f, (const double(*)[9])index, found);
}

static size_t refuse(struct index_found *found, enum index_reason reason)
{
    found->reason = reason;
    return 0;
}

size_t index_frame(const struct index_params *p, const struct index_cell *const *cells, size_t n_cells,
                   const struct beam_vector *beam, const struct ray *rays, size_t n,
                   struct index_found *found, void *work)
{
    struct frame f = {.p = p, .cells = cells, .n_cells = n_cells, .beam = beam, .rays = rays, .n_rays = n};
    struct candidate c = {0};
    found->n = 0;
    found->best_evidence = -99;
    found->offsets = 0;
    for (size_t i = 0; i < n; i++) {
        found->owner[i] = -1;
        memset(found->hkl[i], 0, sizeof found->hkl[i]);
    }
    lay_out(&f, cells, n_cells, n, work);
    f.n_all = bright_points(&f, f.base, f.all);
    if (f.n_all < p->min_spots || f.n_all < 3)
        return refuse(found, INDEX_FEW_SPOTS);

    set_noise(&f, p->geometry_trusted ? 0.3 : fmax(0.3, p->max_offset_px * 2 / 3));
    find(&f, f.all, f.n_all, false, &c);
    if (!accepts(&f, &c.g, f.n_all) && !p->geometry_trusted && p->max_offset_px > 0)
        find_displaced(&f, &c, &found->offsets);
    found->best_evidence = c.g.evidence;
    size_t max = p->max_lattices < found->capacity ? p->max_lattices : found->capacity;
    max = max < INDEX_MAX_LATTICES ? max : INDEX_MAX_LATTICES;
    if (!accepts(&f, &c.g, f.n_all) || max == 0)
        return refuse(found, INDEX_NO_LATTICE);
    if (!within_tolerance(&f, &c))
        return refuse(found, INDEX_CELL_OFF);

    fix_shift(&f, &c);
    for (size_t i = 0; i < f.n_all; i++)
        f.owner[i] = -1;
    add_lattice(&f, &c);
    /* The first found among several need not be the strongest: look at more, keep the best. */
    bool crowded = f.n_all > LONG && 2 * c.g.explained < (double)f.n_all;
    find_more(&f, crowded && max < CROWD ? CROWD : max);
    if (f.n > 1)
        refine_together(&f, max);
    if (f.n == 0)
        return refuse(found, INDEX_NO_LATTICE);
    write_out(&f, found);
    return found->n;
}
