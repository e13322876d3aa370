/* lattice_free.c - the lattice of one still without a cell: the ladder of balls, triples of vectors, relatives.
 *
 * A flat triple (three vectors of one plane, bent by noise) reduces to a cell with one huge axis and explains every spot. Such an
 * axis lies outside the ball that was searched, so it was never seen as a vector: refused. A ball that is too small finds half of
 * the lattice; hence the ladder goes on until most spots are explained, and the lattices of index 2 and 3 are tried.
 */
#include "kernels/lattice_free_internal.h"

#include "kernels/geometry.h"
#include "kernels/sort.h"

#include <string.h>

enum { TRIPLES = 256, REFINED = 16 };
static const double LADDER[] = {70, 100, 140, 200, 280, 400}; /* Å */
enum { RUNGS = sizeof LADDER / sizeof *LADDER };
static const double LONG_RUNG = 150; /* long axes give many spots: */
enum { LONG_RUNG_SPOTS = 100 };
static const double OUTSIDE = 1.05; /* of the ball */
static const double SMALLEST = 25;  /* Å³ */

struct triple {
    float score;
    uint8_t a, b, c;
};

struct bright {
    double intensity, q[3];
    uint32_t at;
};

struct free_work {
    struct point *points, *kept;
    struct bright *bright;
    struct map_work map;
    struct triple *triple; /* [2 TRIPLES] */
};

void free_params_default(struct free_params *p)
{
    *p = (struct free_params){.sigma_px = 0.5,
                              .sigma_e0 = 0.0004,
                              .sigma_e1 = 0.0009,
                              .shift_px = 1,
                              .min_evidence = 3,
                              .min_cell = 3};
}

/* ---- memory */

static size_t take(size_t *at, size_t bytes)
{
    size_t from = *at;
    *at += (bytes + 63) / 64 * 64;
    return from;
}

static size_t lay_out(struct free_work *w, size_t max_rays, char *memory)
{
    size_t at = 0, points = take(&at, max_rays * sizeof(struct point)),
           kept = take(&at, FREE_MAX_SPOTS * sizeof(struct point)),
           bright = take(&at, max_rays * sizeof(struct bright)),
           peak = take(&at, MAP_PEAKS * sizeof(struct peak)),
           seed = take(&at, MAP_SEEDS * sizeof(struct vector)),
           vector = take(&at, MAP_SEEDS * sizeof(struct vector)),
           triple = take(&at, 2 * TRIPLES * sizeof(struct triple));
    if (!memory)
        return at;
    w->points = (void *)(memory + points);
    w->kept = (void *)(memory + kept);
    w->bright = (void *)(memory + bright);
    w->map = (struct map_work){(void *)(memory + peak), (void *)(memory + seed), (void *)(memory + vector)};
    w->triple = (void *)(memory + triple);
    return at;
}

size_t lattice_free_work_size(size_t max_rays)
{
    return lay_out(NULL, max_rays, NULL);
}

/* ---- points: the brightest, in an order that is theirs and not the list's */

static int compare_q(const double a[3], const double b[3])
{
    for (int i = 0; i < 3; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

static int compare_bright(const void *pa, const void *pb)
{
    const struct bright *a = pa, *b = pb;
    if (a->intensity != b->intensity)
        return a->intensity > b->intensity ? -1 : 1;
    int order = compare_q(a->q, b->q);
    return order ? order : a->at < b->at ? -1 : a->at > b->at;
}

static int compare_points(const void *pa, const void *pb)
{
    const struct point *a = pa, *b = pb;
    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    int order = compare_q(a->q, b->q);
    return order ? order : a->ray < b->ray ? -1 : a->ray > b->ray;
}

static size_t brightest(const struct beam_vector *beam, const struct ray *rays, size_t n, struct free_work *w)
{
    static const double PLACE[2] = {0, 0};
    size_t made = points_make(beam, rays, n, PLACE, w->points);
    for (size_t i = 0; i < made; i++) {
        double intensity = rays[w->points[i].ray].intensity;
        w->bright[i] = (struct bright){isfinite(intensity) ? intensity : 0, {0}, (uint32_t)i};
        memcpy(w->bright[i].q, w->points[i].q, sizeof w->bright[i].q);
    }
    sort_heap(w->bright, made, sizeof *w->bright, compare_bright);
    size_t kept = made < FREE_MAX_SPOTS ? made : FREE_MAX_SPOTS;
    for (size_t i = 0; i < kept; i++)
        w->kept[i] = w->points[w->bright[i].at];
    sort_heap(w->kept, kept, sizeof *w->kept, compare_points);
    return kept;
}

/* ---- triples */

/* By score; ties by the vectors' ranks. */
static int compare_triples(const void *pa, const void *pb)
{
    const struct triple *a = pa, *b = pb;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    if (a->a != b->a)
        return a->a < b->a ? -1 : 1;
    if (a->b != b->b)
        return a->b < b->b ? -1 : 1;
    return a->c < b->c ? -1 : a->c > b->c;
}

static void basis_of(const struct vector *v, struct triple t, double m[9])
{
    mat3_columns(v[t.a].t, v[t.b].t, v[t.c].t, m);
}

/* Spots that the triple explains, times how unlikely each of them is by chance. 0: too flat. */
static double triple_score(const struct noise *noise, const struct point *points, size_t n, const double m[9])
{
    double a[9], volume = fabs(mat3_det(m)), edges = 1, sum = 0;
    for (int i = 0; i < 3; i++)
        edges *= sqrt(m[i] * m[i] + m[3 + i] * m[3 + i] + m[6 + i] * m[6 + i]);
    if (volume < 0.4 * edges || !lattice_reciprocal(m, a))
        return 0;
    const struct point *last = &points[n - 1];
    double rough = 0.002 * last->length, /* of a basis that was not refined */
        t2 = noise->sigma_px * last->across * noise->sigma_px * last->across + rough * rough;
    for (size_t i = 0; i < n; i++) {
        const double *q = points[i].q;
        double f[3], x[3], e1 = noise->sigma_e1 * points[i].length;
        for (int j = 0; j < 3; j++) {
            f[j] = m[j] * q[0] + m[3 + j] * q[1] + m[6 + j] * q[2];
            f[j] -= nearest_integer(f[j]);
        }
        mat3_vec(a, f, x);
        sum += fmax(0, 1 - vec3_dot(x, x) / (12 * (t2 + noise->sigma_e0 * noise->sigma_e0 + e1 * e1)));
    }
    double along = hypot(noise->sigma_e0, noise->sigma_e1 * last->length);
    return sum * fmax(0.5, -log(15.75 * t2 * along * volume));
}

static size_t make_triples(const struct noise *noise, const struct point *points, size_t n_map,
                           size_t n_vectors, struct free_work *w)
{
    size_t n = 0;
    for (uint8_t a = 0; a < n_vectors; a++)
        for (uint8_t b = (uint8_t)(a + 1); b < n_vectors; b++)
            for (uint8_t c = (uint8_t)(b + 1); c < n_vectors; c++) {
                struct triple t = {0, a, b, c};
                double m[9];
                basis_of(w->map.vector, t, m);
                t.score = (float)triple_score(noise, points, n_map, m);
                if (!(t.score > 0))
                    continue;
                if (n == 2 * TRIPLES) {
                    sort_heap(w->triple, n, sizeof t, compare_triples);
                    n = TRIPLES;
                }
                w->triple[n++] = t;
            }
    sort_heap(w->triple, n, sizeof *w->triple, compare_triples);
    return n < TRIPLES ? n : TRIPLES;
}

/* ---- one rung */

static bool too_long(const double reduced[9], double limit)
{
    double c[3] = {reduced[2], reduced[5], reduced[8]};
    return !(vec3_length(c) <= limit);
}

static void try_triples(const struct noise *noise, const struct point *points, size_t n, double ball,
                        size_t n_triples, const struct free_work *w, struct guess *best)
{
    double tried[REFINED][9];
    size_t n_tried = 0;
    for (size_t i = 0; i < n_triples && n_tried < REFINED; i++) {
        struct guess g = {.evidence = -99};
        bool seen = false;
        basis_of(w->map.vector, w->triple[i], g.m);
        for (size_t k = 0; k < n_tried && !seen; k++)
            seen = lattice_is_same(g.m, tried[k], 0.1);
        if (seen)
            continue;
        memcpy(tried[n_tried++], g.m, sizeof g.m);
        free_refine(noise, points, n, &g);
        if (!too_long(g.m, OUTSIDE * ball) && g.evidence > best->evidence)
            *best = g;
    }
}

static void try_relatives(const struct noise *noise, const struct point *points, size_t n, double limit,
                          struct guess *best)
{
    double relative[FREE_RELATIVES][9];
    bool again = best->evidence > -50;
    for (int round = 0; again && round < 8; round++) {
        size_t n_relatives = free_relatives(best->m, relative);
        again = false;
        for (size_t i = 0; i < n_relatives; i++) {
            struct guess g = {.evidence = -99};
            memcpy(g.m, relative[i], sizeof g.m);
            if (fabs(mat3_det(g.m)) < SMALLEST)
                continue;
            free_refine(noise, points, n, &g);
            if (g.evidence > best->evidence + 0.01 && !too_long(g.m, limit)) {
                *best = g;
                again = true;
            }
        }
    }
}

static void climb(const struct free_params *p, const struct noise *noise, const struct point *points,
                  size_t n, double ball, double most, struct free_work *w, struct guess *best)
{
    size_t n_map = 0;
    double shortest = fmax(p->min_cell, 1.5 / points[n - 1].length);
    size_t n_vectors = free_vectors(points, n, shortest, ball, &n_map, &w->map);
    if (n_vectors < 3)
        return;
    size_t n_triples = make_triples(noise, points, n_map, n_vectors, w);
    try_triples(noise, points, n, ball, n_triples, w, best);
    try_relatives(noise, points, n, fmin(2 * ball, most), best);
}

/* ---- the still */

static struct noise noise_of(const struct free_params *p)
{
    return (struct noise){
        .sigma_px = p->sigma_px, .sigma_e0 = p->sigma_e0, .sigma_e1 = p->sigma_e1, .shift_px = p->shift_px};
}

/* What is told of the answer. */
static bool conclude(const struct free_params *p, const struct noise *noise, const struct point *points,
                     size_t n, struct guess *g, struct free_lattice *found)
{
    found->evidence = -99;
    found->n_spots = (uint32_t)n;
    found->accepted = 0;
    found->n_explained = 0;
    if (!(g->evidence > -50))
        return false;
    free_evidence(noise, points, n, g, found->cov);
    memcpy(found->m, g->m, sizeof found->m);
    memcpy(found->shift, g->shift, sizeof found->shift);
    found->evidence = g->evidence;
    found->n_explained = (uint32_t)g->explained;
    found->accepted = g->evidence >= p->min_evidence;
    return found->accepted;
}

bool lattice_free_find(const struct free_params *p, const struct beam_vector *beam, const struct ray *rays,
                       size_t n_rays, struct free_lattice *found, void *work)
{
    struct free_work w = {0};
    struct guess best = {.evidence = -99};
    struct noise noise = noise_of(p);
    lay_out(&w, n_rays, work);
    memset(found, 0, sizeof *found);
    size_t n = brightest(beam, rays, n_rays, &w);
    double most = p->max_cell > 0 ? p->max_cell : INFINITY;
    for (uint32_t rung = 0; n >= FREE_MIN_SPOTS && rung < RUNGS; rung++) {
        double ball = fmin(LADDER[rung], most);
        if (ball > LONG_RUNG && n < LONG_RUNG_SPOTS)
            break;
        found->level = rung;
        climb(p, &noise, w.kept, n, ball, most, &w, &best);
        bool enough = best.evidence >= p->min_evidence && 4 * best.explained > 3 * (double)n;
        if ((enough && !too_long(best.m, OUTSIDE * ball)) || ball >= most)
            break;
    }
    return conclude(p, &noise, w.kept, n, &best, found);
}

bool lattice_free_refine(const struct free_params *p, const struct beam_vector *beam, const struct ray *rays,
                         size_t n_rays, struct free_lattice *found, void *work)
{
    struct free_work w = {0};
    struct guess g = {.evidence = -99};
    struct noise noise = noise_of(p);
    lay_out(&w, n_rays, work);
    size_t n = brightest(beam, rays, n_rays, &w);
    memcpy(g.m, found->m, sizeof g.m);
    if (n >= FREE_MIN_SPOTS && mat3_det(g.m) > 0)
        free_refine(&noise, w.kept, n, &g);
    return conclude(p, &noise, w.kept, n, &g, found);
}
