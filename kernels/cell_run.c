/* cell_run.c - gather the stills' own cells, judge every symmetry, decide.
 *
 * Two stills agree when some integer change of basis makes their metrics equal within 4 %. No reduced form is compared: near a
 * boundary of reduction it jumps, and near-equal axes have two. Each group is fitted from the leader's own metric, whose noise
 * breaks every symmetry: from the mean the lower groups start on a saddle and never leave it.
 */
#include "kernels/cell_run_internal.h"

#include "kernels/geometry.h"
#include "kernels/sort.h"

#include <string.h>

static const double CERTAIN = 0.99, NEARLY = 2.2; /* in 2 ln evidence: a third as likely */
enum { CHANGES = 3600 }; /* integer matrices of entries -1, 0, 1 and determinant 1: 3480 */

struct still {
    const struct free_lattice *from;
    double m[9], metric[9], volume;
};

struct hypothesis {
    struct lattice_group group;
    struct fit fit;
    char symbol[4];
    int32_t q[9];
    bool allowed;
};

struct run_work {
    struct still *still;   /* [n] */
    struct member *member; /* [CELL_RUN_MEMBERS] */
    struct lattice_group *group;
    struct hypothesis *hypothesis;
    int8_t (*change)[9];
    void *bravais;
    size_t n_changes, n_stills, n_members, n_hypotheses;
};

void cell_run_params_default(struct cell_run_params *p)
{
    *p = (struct cell_run_params){.geometry_strain = 0.0006, .match = 0.04};
}

/* ---- memory */

static size_t take(size_t *at, size_t bytes)
{
    size_t from = *at;
    *at += (bytes + 63) / 64 * 64;
    return from;
}

static size_t lay_out(struct run_work *w, size_t n, char *memory)
{
    size_t at = 0, members = n < CELL_RUN_MEMBERS ? n : CELL_RUN_MEMBERS,
           still = take(&at, n * sizeof(struct still)), member = take(&at, members * sizeof(struct member)),
           group = take(&at, BRAVAIS_GROUPS * sizeof(struct lattice_group)),
           hypothesis = take(&at, BRAVAIS_GROUPS * sizeof(struct hypothesis)),
           change = take(&at, (size_t)CHANGES * 9), bravais = take(&at, bravais_work_size());
    if (!memory)
        return at;
    w->still = (void *)(memory + still);
    w->member = (void *)(memory + member);
    w->group = (void *)(memory + group);
    w->hypothesis = (void *)(memory + hypothesis);
    w->change = (void *)(memory + change);
    w->bravais = memory + bravais;
    return at;
}

size_t cell_run_work_size(size_t n)
{
    return lay_out(NULL, n, NULL);
}

/* ---- stills */

/* Best first; ties by the basis, so that the order of the list does not matter. */
static int compare_stills(const void *pa, const void *pb)
{
    const struct still *a = pa, *b = pb;
    if (a->from->evidence != b->from->evidence)
        return a->from->evidence > b->from->evidence ? -1 : 1;
    for (int i = 0; i < 9; i++)
        if (a->m[i] != b->m[i])
            return a->m[i] < b->m[i] ? -1 : 1;
    return 0;
}

static void take_stills(struct run_work *w, const struct free_lattice *stills, size_t n)
{
    w->n_stills = 0;
    for (size_t i = 0; i < n; i++) {
        struct still *s = &w->still[w->n_stills];
        double volume = mat3_det(stills[i].m);
        if (!stills[i].accepted || !isfinite(stills[i].evidence) || !(volume > 1) || !isfinite(volume))
            continue;
        s->from = &stills[i];
        memcpy(s->m, stills[i].m, sizeof s->m);
        lattice_reduce(s->m, NULL);
        lattice_metric(s->m, s->metric);
        s->volume = volume;
        w->n_stills++;
    }
    sort_heap(w->still, w->n_stills, sizeof *w->still, compare_stills);
    if (w->n_stills > CELL_RUN_MEMBERS)
        w->n_stills = CELL_RUN_MEMBERS;
}

/* Does the metric, after the change of basis, agree with another one? */
static bool agrees(const double g[9], const int8_t p[9], const double with[9], double match)
{
    for (int i = 0; i < 3; i++)
        for (int j = 0; j <= i; j++) {
            double v = 0;
            for (int r = 0; r < 3; r++)
                for (int s = 0; p[3 * r + i] && s < 3; s++)
                    v += p[3 * r + i] * g[3 * r + s] * p[3 * s + j];
            double limit = match * sqrt(with[4 * i] * with[4 * j]);
            if (!(fabs(v - with[3 * i + j]) < limit))
                return false;
        }
    return true;
}

/* The still that most others agree with; those before it in order win ties: they have more evidence. SIZE_MAX: none. */
static size_t find_leader(const struct run_work *w, double match)
{
    size_t best = SIZE_MAX, most = 0;
    for (size_t i = 0; i < w->n_stills; i++) {
        const struct still *leader = &w->still[i];
        size_t count = 0;
        if (4 * leader->from->n_explained < leader->from->n_spots)
            continue;
        for (size_t j = 0; j < w->n_stills; j++) {
            const struct still *s = &w->still[j];
            bool agree = false;
            if (fabs(s->volume / leader->volume - 1) > 2 * match)
                continue;
            for (size_t k = 0; k < w->n_changes && !agree; k++)
                agree = agrees(s->metric, w->change[k], leader->metric, match);
            count += agree;
        }
        if (count > most) {
            most = count;
            best = i;
        }
    }
    return best;
}

/* Every setting in which the still agrees with the leader: near-equal axes have two. */
static void join(struct run_work *w, const struct still *s, const double leader[9], double match)
{
    struct member *m = &w->member[w->n_members];
    m->n = 0;
    for (size_t k = 0; k < w->n_changes && m->n < SETTINGS; k++) {
        if (!agrees(s->metric, w->change[k], leader, match))
            continue;
        struct setting *to = &m->setting[m->n++];
        lattice_change(s->m, w->change[k], to->m);
        run_turn(to->m, s->from->cov, to->cov);
    }
    w->n_members += m->n > 0;
}

/* ---- hypotheses */

/* Largest strain by which a cell breaks a group's symmetry. */
static double broken(const double c[9], const struct lattice_group *g)
{
    double metric[9], mean[9], frame[9], e[6], worst = 0;
    lattice_metric(c, metric);
    lattice_symmetrise(metric, (const int8_t(*)[9])g->op, g->n, mean);
    run_frame(mean, frame);
    run_strain(c, frame, e);
    for (int i = 0; i < 6; i++)
        worst = fmax(worst, fabs(e[i]));
    return worst;
}

static void judge_groups(struct run_work *w, const struct cell_run_params *p, const double leader[9])
{
    struct lattice_group none = {.op = {{1, 0, 0, 0, 1, 0, 0, 0, 1}}, .n = 1, .free = 6};
    struct fit start = {{0}, 0, 0, 0};
    run_fit(w->member, w->n_members, &none, leader, &start);
    w->n_hypotheses = bravais_groups(leader, p->match, w->group, BRAVAIS_GROUPS, w->bravais);
    for (size_t k = 0; k < w->n_hypotheses; k++) {
        struct hypothesis *h = &w->hypothesis[k];
        h->group = w->group[k];
        h->fit = (struct fit){.tau = start.tau, .kappa = start.kappa};
        run_fit(w->member, w->n_members, &h->group, leader, &h->fit);
        bravais_conventional(&h->group, h->fit.c, h->symbol, h->q);
        h->allowed = !p->bravais[0] || strcmp(h->symbol, p->bravais) == 0;
    }
}

static const struct hypothesis *cheapest(const struct run_work *w)
{
    const struct hypothesis *best = NULL;
    for (size_t k = 0; k < w->n_hypotheses; k++) {
        const struct hypothesis *h = &w->hypothesis[k];
        if (h->allowed && isfinite(h->fit.cost) && (!best || h->fit.cost < best->fit.cost))
            best = h;
    }
    return best;
}

/* The largest supergroup that the cell breaks by less than what the geometry's error may feign. */
static const struct hypothesis *raise(const struct run_work *w, const struct hypothesis *from, double strain)
{
    const struct hypothesis *to = from;
    for (size_t k = 0; k < w->n_hypotheses; k++) {
        const struct hypothesis *h = &w->hypothesis[k];
        if (h->allowed && h->group.n > to->group.n && bravais_contains(&h->group, &from->group) &&
            broken(from->fit.c, &h->group) < strain)
            to = h;
    }
    return to;
}

/* Probability of the answer: it, and the lower lattices that differ from it by less than the geometry's error. When the lattice is
 * demanded from elsewhere, higher ones do not speak against it: a space group may be lower than its lattice. */
static void set_certainty(const struct run_work *w, const struct cell_run_params *p,
                          const struct hypothesis *answer, struct run_cell *out)
{
    double low = INFINITY, all = 0, with = 0;
    out->next_cost = INFINITY;
    memset(out->next, 0, sizeof out->next);
    for (size_t k = 0; k < w->n_hypotheses; k++)
        low = fmin(low, w->hypothesis[k].fit.cost);
    for (size_t k = 0; k < w->n_hypotheses; k++) {
        const struct hypothesis *h = &w->hypothesis[k];
        double share = exp(-0.5 * (h->fit.cost - low));
        bool agree = (bravais_contains(&answer->group, &h->group) &&
                      broken(h->fit.c, &answer->group) < p->geometry_strain) ||
                     (p->bravais[0] && bravais_contains(&h->group, &answer->group));
        all += share;
        with += agree ? share : 0;
        if (!agree && h->fit.cost < out->next_cost) {
            out->next_cost = h->fit.cost;
            memcpy(out->next, h->symbol, sizeof out->next);
        }
    }
    out->p = with / all;
    out->next_cost = out->next[0] ? out->next_cost - low : 0;
}

/* Undecided: of the answers that are nearly as likely, the highest that contains the likeliest. A lattice that is too high is seen in the
 * residuals, one that is too low gives every shot a choice of settings. */
static const struct hypothesis *prefer_higher(const struct run_work *w, const struct hypothesis *best,
                                              const struct hypothesis *answer)
{
    const struct hypothesis *to = answer;
    for (size_t k = 0; k < w->n_hypotheses; k++) {
        const struct hypothesis *h = &w->hypothesis[k];
        if (h->allowed && h->group.n > to->group.n && bravais_contains(&h->group, &answer->group) &&
            h->fit.cost < best->fit.cost + NEARLY)
            to = h;
    }
    return to;
}

/* Symmetry to the last bit. */
static void make_exact(const char *symbol, double cell[6])
{
    static const struct {
        char system;
        double angle[3]; /* 0: free */
        int equal;       /* axes that are one */
    } TABLE[] = {{'m', {90, 0, 90}, 1},
                 {'o', {90, 90, 90}, 1},
                 {'t', {90, 90, 90}, 2},
                 {'h', {90, 90, 120}, 2},
                 {'c', {90, 90, 90}, 3}};
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
        if (TABLE[i].system != symbol[0])
            continue;
        double mean = 0;
        for (int k = 0; k < TABLE[i].equal; k++)
            mean += cell[k] / TABLE[i].equal;
        for (int k = 0; k < 3; k++) {
            cell[k] = k < TABLE[i].equal ? mean : cell[k];
            cell[3 + k] = TABLE[i].angle[k] > 0 ? TABLE[i].angle[k] : cell[3 + k];
        }
    }
}

static void publish(const struct hypothesis *answer, struct run_cell *out)
{
    double q[9], basis[9];
    for (int i = 0; i < 9; i++)
        q[i] = answer->q[i];
    mat3_mul(answer->fit.c, q, basis);
    lattice_cell(basis, out->cell);
    memcpy(out->bravais, answer->symbol, sizeof out->bravais);
    make_exact(out->bravais, out->cell);
    if (!lattice_basis(out->cell, out->axes))
        memcpy(out->axes, basis, sizeof basis);
    out->tau = answer->fit.tau;
    out->kappa = answer->fit.kappa;
}

bool cell_run(const struct cell_run_params *p, const struct free_lattice *stills, size_t n,
              struct run_cell *out, void *work)
{
    struct run_work w = {0};
    static const double UNIT[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    lay_out(&w, n, work);
    memset(out, 0, sizeof *out);
    w.n_changes = lattice_operations(UNIT, 0, INFINITY, w.change, CHANGES);
    take_stills(&w, stills, n);
    out->n_accepted = (uint32_t)w.n_stills;
    size_t leader = find_leader(&w, p->match);
    if (leader == SIZE_MAX)
        return false;
    const double *metric = w.still[leader].metric;
    for (size_t i = 0; i < w.n_stills; i++)
        join(&w, &w.still[i], metric, p->match);
    out->n_members = (uint32_t)w.n_members;
    judge_groups(&w, p, metric);
    const struct hypothesis *best = cheapest(&w);
    if (!best)
        return false;
    const struct hypothesis *answer = raise(&w, best, p->geometry_strain);
    set_certainty(&w, p, answer, out);
    if (out->p < CERTAIN) {
        answer = prefer_higher(&w, best, answer);
        set_certainty(&w, p, answer, out);
    }
    out->raised = answer != best;
    publish(answer, out);
    return isfinite(out->cell[0] * out->cell[1] * out->cell[2]);
}
