/* cluster.c - DBSCAN; see cluster.h. Points are walked along their first coordinate, so that only those within eps of each other there
 * are compared; groups are trees of a forest with the path to the root shortened on the way (no recursion). */
#include "kernels/cluster.h"

#include "kernels/sort.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

struct place {
    double x; /* first coordinate */
    double
        near; /* dbscan: of a point that is no core, squared distance to the nearest one; cluster_near: result */
    uint32_t at;   /* the point */
    uint32_t n;    /* points within eps */
    uint32_t root; /* in the order of x */
    uint32_t group;
};

struct group {
    uint32_t root, least, cores, members; /* least: the place of its least core */
};

size_t cluster_work_size(size_t n)
{
    return n * (sizeof(struct place) + sizeof(struct group));
}

static double squared(const double *p, const double *q, int dims)
{
    double sum = 0;
    for (int i = 0; i < dims; i++)
        sum += (p[i] - q[i]) * (p[i] - q[i]);
    return sum;
}

static int by_x(const void *a, const void *b)
{
    const struct place *p = a, *q = b;
    if (p->x != q->x)
        return p->x < q->x ? -1 : 1;
    return (p->at > q->at) - (p->at < q->at);
}

static struct place *in_order(const double *points, size_t n, int dims, void *work)
{
    struct place *p = work;
    for (size_t i = 0; i < n; i++)
        p[i] = (struct place){.x = points[i * (size_t)dims], .near = INFINITY, .at = (uint32_t)i, .n = 1};
    sort_heap(p, n, sizeof *p, by_x);
    for (size_t i = 0; i < n; i++)
        p[i].root = (uint32_t)i;
    return p;
}

static uint32_t root_of(struct place *p, uint32_t i)
{
    while (p[i].root != i) {
        p[i].root = p[p[i].root].root;
        i = p[i].root;
    }
    return i;
}

struct task {
    const double *points;
    struct place *p;
    size_t n, least;
    int dims;
    double eps;
};

static bool is_core(const struct task *t, size_t i)
{
    return t->p[i].n >= t->least;
}

/* Call for each pair of places within eps. */
static void each_pair(struct task *t, void (*pair)(struct task *t, uint32_t i, uint32_t k, double d2))
{
    double most = t->eps * t->eps;
    for (uint32_t i = 0; i < t->n; i++)
        for (uint32_t k = i + 1; k < t->n && t->p[k].x - t->p[i].x <= t->eps; k++) {
            double d2 = squared(t->points + (size_t)t->dims * t->p[i].at,
                                t->points + (size_t)t->dims * t->p[k].at, t->dims);
            if (d2 <= most)
                pair(t, i, k, d2);
        }
}

static void count(struct task *t, uint32_t i, uint32_t k, double d2)
{
    (void)d2;
    t->p[i].n++;
    t->p[k].n++;
}

static void join(struct task *t, uint32_t i, uint32_t k, double d2)
{
    (void)d2;
    if (!is_core(t, i) || !is_core(t, k))
        return;
    uint32_t a = root_of(t->p, i), b = root_of(t->p, k);
    t->p[a < b ? b : a].root = a < b ? a : b;
}

/* A point that is no core goes to the nearest core; of equally near ones to the greater group. Groups are ranked by then. */
static void adopt(struct task *t, uint32_t i, uint32_t k, double d2)
{
    if (is_core(t, i) == is_core(t, k))
        return;
    struct place *free = t->p + (is_core(t, i) ? k : i), *core = t->p + (is_core(t, i) ? i : k);
    if (d2 < free->near || (d2 == free->near && core->group < free->group)) {
        free->near = d2;
        free->group = core->group;
    }
}

static int by_coordinates(const double *p, const double *q, int dims)
{
    for (int i = 0; i < dims; i++)
        if (p[i] != q[i])
            return p[i] < q[i] ? -1 : 1;
    return 0;
}

/* Greater first: members, cores, least core. Ties of all three cannot be: groups have no point in common. */
static bool is_before(const struct task *t, const struct group *a, const struct group *b)
{
    if (a->members != b->members)
        return a->members > b->members;
    if (a->cores != b->cores)
        return a->cores > b->cores;
    return by_coordinates(t->points + (size_t)t->dims * t->p[a->least].at,
                          t->points + (size_t)t->dims * t->p[b->least].at, t->dims) < 0;
}

/* Heap sort with the points at hand. */
static void sift(const struct task *t, struct group *g, size_t i, size_t n)
{
    for (size_t k; (k = 2 * i + 1) < n; i = k) {
        k += k + 1 < n && is_before(t, g + k, g + k + 1);
        if (!is_before(t, g + i, g + k))
            return;
        struct group moved = g[i];
        g[i] = g[k];
        g[k] = moved;
    }
}

/* Ranks the groups, and writes each core's rank into it through the place of the root. */
static void rank(struct task *t, struct group *g, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift(t, g, i, n);
    for (size_t m = n; m-- > 1;) {
        struct group moved = g[0];
        g[0] = g[m];
        g[m] = moved;
        sift(t, g, 0, m);
    }
    for (size_t i = 0; i < n; i++)
        t->p[g[i].root].group = (uint32_t)i;
}

static size_t find_groups(struct task *t, struct group *g)
{
    size_t n = 0;
    for (uint32_t i = 0; i < t->n; i++) { /* a root is the first of its group in this order */
        if (!is_core(t, i))
            continue;
        uint32_t root = root_of(t->p, i);
        if (root == i) {
            t->p[i].group = (uint32_t)n;
            g[n++] = (struct group){.root = i, .least = i};
        }
        struct group *mine = g + t->p[root].group;
        mine->cores++;
        if (by_coordinates(t->points + (size_t)t->dims * t->p[i].at,
                           t->points + (size_t)t->dims * t->p[mine->least].at, t->dims) < 0)
            mine->least = i;
    }
    return n;
}

size_t cluster_dbscan(const double *points, size_t n, int dims, double eps, size_t least, int32_t *labels,
                      void *work)
{
    struct task t = {points, in_order(points, n, dims, work), n, least, dims, eps};
    struct group *g = (struct group *)(t.p + n);
    each_pair(&t, count);
    each_pair(&t, join);
    size_t n_groups = find_groups(&t, g);
    rank(&t, g, n_groups);
    for (uint32_t i = 0; i < n; i++)
        t.p[i].group = is_core(&t, i) ? t.p[root_of(t.p, i)].group : UINT32_MAX;
    each_pair(&t, adopt);
    for (size_t i = 0; i < n; i++)
        if (t.p[i].group < n_groups)
            g[t.p[i].group].members++;
    /* by members now; what each point has is the rank before */
    for (size_t i = 0; i < n; i++)
        labels[t.p[i].at] = (int32_t)t.p[i].group;
    for (size_t i = 0; i < n_groups; i++)
        t.p[g[i].root].n = (uint32_t)i; /* rank before, at the root */
    rank(&t, g, n_groups);
    for (size_t i = 0; i < n_groups; i++)
        t.p[t.p[g[i].root].n].root = (uint32_t)i; /* before -> now; roots are of no use any more */
    for (size_t i = 0; i < n; i++)
        labels[i] = labels[i] < 0 ? CLUSTER_NOISE : (int32_t)t.p[labels[i]].root;
    return n_groups;
}

/* Keep the k least of what comes, in order. */
static void keep(double *least, size_t *n, size_t k, double d2)
{
    if (*n == k && d2 >= least[k - 1])
        return;
    size_t i = *n < k ? (*n)++ : k - 1;
    for (; i > 0 && least[i - 1] > d2; i--)
        least[i] = least[i - 1];
    least[i] = d2;
}

double cluster_near(const double *points, size_t n, int dims, size_t k, void *work)
{
    if (k == 0 || k > CLUSTER_NEAR_MAX || n <= k)
        return 0;
    struct place *p = in_order(points, n, dims, work);
    double *found = (double *)(p + n); /* in the room of the groups */
    for (size_t i = 0; i < n; i++) {
        double least[CLUSTER_NEAR_MAX] = {0};
        size_t kept = 0, up = i + 1, down = i;
        const double *mine = points + (size_t)dims * p[i].at;
        while (up < n || down > 0) { /* outwards, the nearer side first */
            double above = up < n ? p[up].x - p[i].x : INFINITY,
                   below = down > 0 ? p[i].x - p[down - 1].x : INFINITY;
            double step = above <= below ? above : below;
            if (kept == k && step * step > least[k - 1])
                break;
            size_t at = above <= below ? up++ : --down;
            keep(least, &kept, k, squared(mine, points + (size_t)dims * p[at].at, dims));
        }
        found[i] = sqrt(least[k - 1]);
    }
    sort_doubles(found, n);
    return n % 2 ? found[n / 2] : 0.5 * (found[n / 2 - 1] + found[n / 2]);
}
