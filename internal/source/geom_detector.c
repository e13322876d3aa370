/* geom_detector.c - from a parsed .geom file to panels, tree and masked regions. CrystFEL's frame has the beam along
 * +z; ours is reached by (x, y, z) → (-x, y, -z). */
#include "source/geom.h"

#include "kernels/geometry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const size_t MEMBERSHIP_MOST = 20000000; /* groups × panels that a tree is made for */

/* ---- one panel ---- */

/* fs and ss of refined files are orthogonal to some digits only: the error is shared between the two. */
static bool orthonormal(double f[3], double s[3])
{
    for (int round = 0; round < 4; round++) {
        if (!vec3_norm(f, f) || !vec3_norm(s, s))
            return false;
        double across = vec3_dot(f, s), old[3] = {f[0], f[1], f[2]};
        if (fabs(across) > 0.5)
            return false;
        for (int i = 0; i < 3; i++) {
            f[i] -= 0.5 * across * s[i];
            s[i] -= 0.5 * across * old[i];
        }
    }
    return vec3_norm(f, f) && vec3_norm(s, s);
}

static void trusted_range(const struct geom_panel *g, struct panel *p)
{
    p->trusted_hi = fmin(g->max_adu, INT32_MAX);
    p->trusted_lo = -(double)INT32_MAX;
    for (size_t i = 0; i < g->n_flags; i++) {
        double v = g->flag[i].value;
        if (g->flag[i].kind < 0 || (g->flag[i].kind == 0 && v < 0))
            p->trusted_lo = fmax(p->trusted_lo, g->flag[i].kind < 0 ? v : v + 1);
        else if (g->flag[i].kind > 0 || v > 0)
            p->trusted_hi = fmin(p->trusted_hi, g->flag[i].kind > 0 ? v : v - 1);
        else
            p->trusted_lo = fmax(p->trusted_lo, 1);
    }
}

static bool place_panel(const struct geom *g, const struct geom_panel *from, double clen,
                        const double shift[2], double energy, struct panel *p, struct error *err)
{
    double f[3] = {-from->fs[0], from->fs[1], -from->fs[2]}, s[3] = {-from->ss[0], from->ss[1], -from->ss[2]};
    double length_f = vec3_length(f), length_s = vec3_length(s), mm = 1e3 / from->res;
    if (!orthonormal(f, s))
        return error_set(err, ERROR_METADATA, "%s: panel %s: fs and ss do not span a plane", g->name,
                         from->name);
    memcpy(p->fast, f, sizeof f);
    memcpy(p->slow, s, sizeof s);
    p->pixel_fast = mm * length_f;
    p->pixel_slow = mm * length_s;
    p->origin[0] = -(from->corner_x * mm + 1e3 * shift[0]);
    p->origin[1] = from->corner_y * mm + 1e3 * shift[1];
    p->origin[2] = -1e3 * (clen + from->coffset);
    p->n_fast = (int32_t)from->max_fs - (int32_t)from->min_fs + 1;
    p->n_slow = (int32_t)from->max_ss - (int32_t)from->min_ss + 1;
    if (from->adu_per_photon > 0)
        p->gain = from->adu_per_photon;
    else if (from->adu_per_ev > 0 && energy > 0)
        p->gain = from->adu_per_ev * energy;
    trusted_range(from, p);
    return true;
}

/* ---- groups ---- */

static void add_member(uint8_t *member, bool *more)
{
    *more = *more || !*member;
    *member = 1;
}

/* member[group][panel] = 1, through groups that name groups; as often as there are levels. */
static void resolve_groups(const struct geom *g, uint8_t *member)
{
    size_t n = g->n_panels;
    bool more = true;
    for (size_t round = 0; more && round <= g->n_groups; round++) {
        more = false;
        for (size_t i = 0; i < g->n_groups; i++) {
            for (size_t k = 0; k < g->groups[i].n_members; k++) {
                const char *word = g->groups[i].members[k];
                for (size_t p = 0; p < n; p++) {
                    if (strcmp(g->panels[p].name, word) == 0)
                        add_member(&member[i * n + p], &more);
                }
                for (size_t o = 0; o < g->n_groups; o++) {
                    for (size_t p = 0; o != i && strcmp(g->groups[o].name, word) == 0 && p < n; p++) {
                        if (member[o * n + p])
                            add_member(&member[i * n + p], &more);
                    }
                }
            }
        }
    }
}

struct sorted_group {
    size_t size, index;
    const uint8_t *member;
};

/* Large ones first, so that a parent stands before its children; equal sizes in the order of the file. */
static int compare_groups(const void *left, const void *right)
{
    const struct sorted_group *a = left, *b = right;
    if (a->size != b->size)
        return a->size > b->size ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

static size_t shared(const uint8_t *a, const uint8_t *b, size_t n)
{
    size_t both = 0;
    for (size_t i = 0; i < n; i++)
        both += a[i] && b[i];
    return both;
}

/* Groups that fit into a tree: each is inside another or apart from it, and not the same as it, nor all of the detector. */
static size_t choose_groups(struct sorted_group *groups, size_t n_groups, size_t n_panels)
{
    size_t kept = 0;
    for (size_t i = 0; i < n_groups; i++) {
        bool fits = groups[i].size > 0 && groups[i].size < n_panels;
        for (size_t k = 0; fits && k < kept; k++) {
            size_t both = shared(groups[i].member, groups[k].member, n_panels);
            fits = both == 0 || (both == groups[i].size && groups[i].size < groups[k].size);
        }
        if (fits)
            groups[kept++] = groups[i];
    }
    return kept;
}

/* Nodes have the laboratory's frame: a .geom file says which panels move together, not about what. */
static void fill_nodes(const struct geom *g, const struct sorted_group *groups, size_t kept,
                       struct detector *d)
{
    static const struct detector_node still = {
        .parent = -1, .panel = -1, .fast = {1, 0, 0}, .slow = {0, 1, 0}};
    d->nodes[0] = still;
    d->nodes[0].name = "detector";
    for (size_t i = 0; i < kept; i++) {
        struct detector_node *node = &d->nodes[1 + i];
        *node = still;
        node->name = g->groups[groups[i].index].name;
        node->parent = 0;
        for (size_t k = 0; k < i; k++) { /* the last that holds it is the smallest */
            if (shared(groups[i].member, groups[k].member, d->n_panels) > 0)
                node->parent = (int32_t)(1 + k);
        }
    }
    for (size_t p = 0; p < d->n_panels; p++) {
        struct detector_node *leaf = &d->nodes[1 + kept + p];
        *leaf = (struct detector_node){.name = d->info[p].name, .parent = 0, .panel = (int32_t)p};
        for (size_t k = 0; k < kept; k++) {
            if (groups[k].member[p])
                leaf->parent = (int32_t)(1 + k);
        }
        memcpy(leaf->origin, d->panels[p].origin, sizeof leaf->origin);
        memcpy(leaf->fast, d->panels[p].fast, sizeof leaf->fast);
        memcpy(leaf->slow, d->panels[p].slow, sizeof leaf->slow);
    }
}

bool geom_detector(const struct geom *g, const double *clen, const double shift[2], double energy,
                   struct arena *a, struct detector **out, struct error *err)
{
    size_t n = g->n_panels, n_groups = g->n_groups <= MEMBERSHIP_MOST / n ? g->n_groups : 0, kept;
    uint8_t *member = arena_array(a, n_groups * n, 1);
    struct sorted_group *groups = arena_array(a, n_groups, sizeof *groups);
    if (n_groups > 0)
        resolve_groups(g, member);
    for (size_t i = 0; i < n_groups; i++) {
        groups[i] = (struct sorted_group){.index = i, .member = member + i * n};
        for (size_t p = 0; p < n; p++)
            groups[i].size += member[i * n + p];
    }
    if (n_groups > 0)
        qsort(groups, n_groups, sizeof *groups, compare_groups);
    kept = choose_groups(groups, n_groups, n);
    struct detector *d = detector_make(a, n, kept > 0 ? 1 + kept + n : 0);
    for (size_t i = 0; i < n; i++) {
        d->info[i].name = g->panels[i].name;
        d->info[i].raw_offset[0] = (int32_t)g->panels[i].min_fs;
        d->info[i].raw_offset[1] = (int32_t)g->panels[i].min_ss;
        if (!place_panel(g, &g->panels[i], clen[i], shift, energy, &d->panels[i], err))
            return false;
    }
    if (kept > 0)
        fill_nodes(g, groups, kept, d);
    *out = d;
    return detector_finish(d, g->name, err);
}

/* ---- regions ---- */

static void mask_box(const struct panel *p, int64_t f0, int64_t f1, int64_t s0, int64_t s1, uint8_t *mask)
{
    f0 = f0 < 0 ? 0 : f0;
    s0 = s0 < 0 ? 0 : s0;
    f1 = f1 >= p->n_fast ? p->n_fast - 1 : f1;
    s1 = s1 >= p->n_slow ? p->n_slow - 1 : s1;
    for (int64_t s = s0; s <= s1; s++) {
        if (f0 <= f1)
            memset(mask + p->first_pixel + (size_t)s * (size_t)p->n_fast + (size_t)f0, 0,
                   (size_t)(f1 - f0 + 1));
    }
}

static void mask_edges(const struct geom_panel *g, const struct panel *p, uint8_t *mask)
{
    int64_t e = g->no_index ? p->n_fast : g->edge, f = p->n_fast, s = p->n_slow;
    if (e == 0)
        return;
    mask_box(p, 0, f - 1, 0, e - 1, mask);
    mask_box(p, 0, f - 1, s - e, s - 1, mask);
    mask_box(p, 0, e - 1, 0, s - 1, mask);
    mask_box(p, f - e, f - 1, 0, s - 1, mask);
}

/* A region in the units of corner_x: whoever has a pixel centre in it loses that pixel. */
static void mask_lab(const struct geom_bad *b, const struct geom_panel *g, const struct panel *p,
                     uint8_t *mask)
{
    for (int32_t s = 0; s < p->n_slow; s++) {
        for (int32_t f = 0; f < p->n_fast; f++) {
            double x = g->corner_x + (f + 0.5) * g->fs[0] + (s + 0.5) * g->ss[0];
            double y = g->corner_y + (f + 0.5) * g->fs[1] + (s + 0.5) * g->ss[1];
            if (!(x < b->min_x || x > b->max_x || y < b->min_y || y > b->max_y))
                mask[p->first_pixel + (size_t)s * (size_t)p->n_fast + (size_t)f] = 0;
        }
    }
}

/* A pixel number of a file, which may be any number: far outside is as good as very far outside. */
static int64_t pixel(double v)
{
    return (int64_t)fmin(fmax(v, -1e9), 1e9);
}

bool geom_mask_regions(const struct geom *g, const struct detector *d, uint8_t *mask, struct error *err)
{
    for (size_t i = 0; i < g->n_panels; i++)
        mask_edges(&g->panels[i], &d->panels[i], mask);
    for (size_t k = 0; k < g->n_bad; k++) {
        const struct geom_bad *b = &g->bad[k];
        bool slab = isfinite(b->min_fs + b->max_fs + b->min_ss + b->max_ss);
        bool lab = isfinite(b->min_x + b->max_x + b->min_y + b->max_y), found = false;
        if (!slab && !lab)
            return error_set(err, ERROR_METADATA, "%s: bad region %s lacks one of its four limits", g->name,
                             b->name);
        if (slab && !b->panel && g->n_panels > 1)
            return error_set(err, ERROR_METADATA, "%s: bad region %s does not say on which panel", g->name,
                             b->name);
        for (size_t i = 0; i < g->n_panels; i++) {
            const struct geom_panel *p = &g->panels[i];
            if (b->panel && strcmp(b->panel, p->name) != 0)
                continue;
            found = true;
            if (lab)
                mask_lab(b, p, &d->panels[i], mask);
            else
                mask_box(&d->panels[i], pixel(b->min_fs - p->min_fs), pixel(b->max_fs - p->min_fs),
                         pixel(b->min_ss - p->min_ss), pixel(b->max_ss - p->min_ss), mask);
        }
        if (!found)
            return error_set(err, ERROR_METADATA, "%s: bad region %s names panel %s, which is not there",
                             g->name, b->name, b->panel);
    }
    return true;
}
