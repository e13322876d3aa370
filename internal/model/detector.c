/* detector.c - panels and their tree: building, checking, copying; where the beam meets them; what identifies
 * them.
 *
 * Frames compose as dxtbx does it (FORMATS 1.4): a child's origin and axes are coordinates along its parent's
 * fast, slow and normal (fast × slow). The arithmetic of one panel lives in kernels/geometry_panel; this file
 * is about the whole.
 */
#include "model/detector.h"

#include "kernels/geometry.h"

#include <math.h>
#include <string.h>

/* Limits of a believable detector: an origin beyond 1 km or a pixel beyond 1 m is a unit mistake or damage.
 */
#define MAX_ORIGIN 1e6
#define MIN_PIXEL 1e-6
#define MAX_PIXEL 1e3
#define MAX_SIDE 65536
#define MAX_PIXELS ((size_t)1 << 28)
#define ORTHONORMAL_TOLERANCE 1e-6

/* ---- making and copying */

struct detector *detector_make(struct arena *a, size_t n_panels, size_t n_nodes)
{
    struct detector *d = arena_alloc(a, sizeof *d);
    d->n_panels = n_panels;
    d->n_nodes = n_nodes;
    d->panels = arena_array(a, n_panels, sizeof *d->panels);
    d->info = arena_array(a, n_panels, sizeof *d->info);
    d->nodes = arena_array(a, n_nodes, sizeof *d->nodes);
    for (size_t i = 0; i < n_panels; i++) {
        d->panels[i] = (struct panel){.fast = {1, 0, 0},
                                      .slow = {0, 1, 0},
                                      .trusted_lo = -2147483647.0,
                                      .trusted_hi = 2147483647.0,
                                      .gain = 1};
        d->info[i] = (struct panel_info){.name = "", .type = "SENSOR_PAD", .material = ""};
    }
    for (size_t i = 0; i < n_nodes; i++)
        d->nodes[i] = (struct detector_node){
            .name = "", .parent = i ? 0 : -1, .panel = -1, .fast = {1, 0, 0}, .slow = {0, 1, 0}};
    return d;
}

struct detector *detector_copy(struct arena *a, const struct detector *d)
{
    struct detector *copy = detector_make(a, d->n_panels, d->n_nodes);
    copy->n_pixels = d->n_pixels;
    for (size_t i = 0; i < d->n_panels; i++) {
        copy->panels[i] = d->panels[i];
        copy->info[i] = d->info[i];
        copy->info[i].name = arena_strdup(a, d->info[i].name);
        copy->info[i].type = arena_strdup(a, d->info[i].type);
        copy->info[i].material = arena_strdup(a, d->info[i].material);
    }
    for (size_t i = 0; i < d->n_nodes; i++) {
        copy->nodes[i] = d->nodes[i];
        copy->nodes[i].name = arena_strdup(a, d->nodes[i].name);
    }
    return copy;
}

/* ---- checking and finishing */

/* What one frame is, in words for messages: "panel 3 (ASIC_1)". */
struct place {
    const char *file, *kind;
    size_t number;
    const char *name;
};

static bool place_fails(const struct place *at, struct error *err, const char *what)
{
    return error_set(err, ERROR_METADATA, "%s: %s %zu%s%s%s %s", at->file, at->kind, at->number,
                     at->name[0] ? " (" : "", at->name, at->name[0] ? ")" : "", what);
}

static bool all_finite(const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(v[i]))
            return false;
    return true;
}

/* Axes must be orthonormal; they are then made so to the last digit, as dxtbx normalises on loading. */
static bool axes_check(const double origin[3], double fast[3], double slow[3], const struct place *at,
                       struct error *err)
{
    if (!all_finite(origin, 3) || vec3_length(origin) > MAX_ORIGIN)
        return place_fails(at, err, "has an origin that is not finite or further than 1 km away");
    if (!all_finite(fast, 3) || !all_finite(slow, 3))
        return place_fails(at, err, "has an axis that is not finite");
    if (fabs(vec3_length(fast) - 1) > ORTHONORMAL_TOLERANCE ||
        fabs(vec3_length(slow) - 1) > ORTHONORMAL_TOLERANCE)
        return place_fails(at, err, "has an axis that is not of unit length");
    if (fabs(vec3_dot(fast, slow)) > ORTHONORMAL_TOLERANCE)
        return place_fails(at, err, "has fast and slow axes that are not perpendicular");
    vec3_norm(fast, fast);
    vec3_norm(slow, slow);
    return true;
}

static bool panel_check(struct panel *p, const struct place *at, struct error *err)
{
    if (!(p->pixel_fast > MIN_PIXEL && p->pixel_fast < MAX_PIXEL && p->pixel_slow > MIN_PIXEL &&
          p->pixel_slow < MAX_PIXEL))
        return place_fails(at, err, "has an impossible pixel size");
    if (p->n_fast < 1 || p->n_slow < 1 || p->n_fast > MAX_SIDE || p->n_slow > MAX_SIDE)
        return place_fails(at, err, "has an impossible image size (1 to 65536 pixels a side)");
    if (!(p->mu >= 0 && p->thickness >= 0 && isfinite(p->mu) && isfinite(p->thickness)))
        return place_fails(at, err, "has an impossible absorption or thickness");
    if (!(p->trusted_lo <= p->trusted_hi))
        return place_fails(at, err, "has an empty trusted range");
    if (!(p->gain > 0 && isfinite(p->gain) && isfinite(p->pedestal)))
        return place_fails(at, err, "has an impossible gain or pedestal");
    return axes_check(p->origin, p->fast, p->slow, at, err);
}

struct axes {
    double origin[3], fast[3], slow[3];
};

static struct axes node_axes(const struct detector_node *node)
{
    struct axes f;
    memcpy(f.origin, node->origin, sizeof f.origin);
    memcpy(f.fast, node->fast, sizeof f.fast);
    memcpy(f.slow, node->slow, sizeof f.slow);
    return f;
}

/* A frame known along its parent's axes, seen from where the parent is seen. */
static struct axes axes_within(const struct axes *parent, const struct axes *local)
{
    struct axes f;
    double normal[3];
    vec3_cross(parent->fast, parent->slow, normal);
    for (int i = 0; i < 3; i++) {
        double row[3] = {parent->fast[i], parent->slow[i], normal[i]};
        f.origin[i] = parent->origin[i] + vec3_dot(row, local->origin);
        f.fast[i] = vec3_dot(row, local->fast);
        f.slow[i] = vec3_dot(row, local->slow);
    }
    return f;
}

/* Lab frame of a leaf: up through its ancestors. Trees are a few levels deep, so no table of frames is kept.
 */
static struct axes leaf_axes(const struct detector *d, const struct detector_node *leaf)
{
    struct axes lab = node_axes(leaf);
    for (int32_t up = leaf->parent; up >= 0; up = d->nodes[up].parent) {
        struct axes parent = node_axes(&d->nodes[up]);
        lab = axes_within(&parent, &lab);
    }
    return lab;
}

/* Give every panel the lab frame of its leaf. Parents come before children, leaves carry nothing, every panel
 * hangs exactly once; first_pixel, not yet set, marks the panels whose leaf was seen. */
static bool tree_finish(struct detector *d, const char *name, struct error *err)
{
    for (size_t i = 0; i < d->n_panels; i++)
        d->panels[i].first_pixel = SIZE_MAX;
    for (size_t i = 0; i < d->n_nodes; i++) {
        struct detector_node *node = &d->nodes[i];
        struct place at = {name, "node", i, node->name};
        if (i == 0 ? node->parent != -1 || node->panel >= 0 : node->parent < 0 || (size_t)node->parent >= i)
            return place_fails(&at, err, "of the detector's tree does not hang from a node before it");
        if (i && d->nodes[node->parent].panel >= 0)
            return place_fails(&at, err, "of the detector's tree hangs from a panel");
        if (!axes_check(node->origin, node->fast, node->slow, &at, err))
            return false;
        if (node->panel < 0)
            continue;
        if ((size_t)node->panel >= d->n_panels || d->panels[node->panel].first_pixel == 0)
            return place_fails(&at, err,
                               "of the detector's tree names a panel that is not there or hangs elsewhere");
        struct panel *p = &d->panels[node->panel];
        struct axes lab = leaf_axes(d, node);
        memcpy(p->origin, lab.origin, sizeof p->origin);
        memcpy(p->fast, lab.fast, sizeof p->fast);
        memcpy(p->slow, lab.slow, sizeof p->slow);
        p->first_pixel = 0;
    }
    for (size_t i = 0; i < d->n_panels; i++)
        if (d->panels[i].first_pixel != 0)
            return error_set(err, ERROR_METADATA, "%s: panel %zu is missing in the detector's tree", name, i);
    return true;
}

/* A lab frame, seen from a parent. */
static struct axes axes_from(const struct axes *parent, const struct axes *lab)
{
    struct axes f = {0};
    double normal[3], away[3];
    vec3_cross(parent->fast, parent->slow, normal);
    vec3_sub(lab->origin, parent->origin, away);
    vec3_set(f.origin, vec3_dot(parent->fast, away), vec3_dot(parent->slow, away), vec3_dot(normal, away));
    vec3_set(f.fast, vec3_dot(parent->fast, lab->fast), vec3_dot(parent->slow, lab->fast),
             vec3_dot(normal, lab->fast));
    vec3_set(f.slow, vec3_dot(parent->fast, lab->slow), vec3_dot(parent->slow, lab->slow),
             vec3_dot(normal, lab->slow));
    return f;
}

void detector_settle(struct detector *d)
{
    for (size_t i = 0; i < d->n_nodes; i++) {
        struct detector_node *node = &d->nodes[i];
        if (node->panel < 0 || node->parent < 0)
            continue;
        const struct panel *p = &d->panels[node->panel];
        struct axes parent = leaf_axes(d, &d->nodes[node->parent]), lab;
        memcpy(lab.origin, p->origin, sizeof lab.origin);
        memcpy(lab.fast, p->fast, sizeof lab.fast);
        memcpy(lab.slow, p->slow, sizeof lab.slow);
        struct axes local = axes_from(&parent, &lab);
        memcpy(node->origin, local.origin, sizeof node->origin);
        memcpy(node->fast, local.fast, sizeof node->fast);
        memcpy(node->slow, local.slow, sizeof node->slow);
    }
}

bool detector_finish(struct detector *d, const char *name, struct error *err)
{
    if (d->n_panels == 0)
        return error_set(err, ERROR_METADATA, "%s: the detector has no panels", name);
    if (d->n_nodes > 0 && !tree_finish(d, name, err))
        return false;
    size_t n_pixels = 0;
    for (size_t i = 0; i < d->n_panels; i++) {
        struct panel *p = &d->panels[i];
        struct place at = {name, "panel", i, d->info[i].name};
        if (!panel_check(p, &at, err))
            return false;
        p->first_pixel = n_pixels;
        n_pixels += (size_t)p->n_fast * (size_t)p->n_slow;
        if (n_pixels > MAX_PIXELS)
            return error_set(err, ERROR_METADATA, "%s: the detector has more than %zu pixels", name,
                             MAX_PIXELS);
    }
    d->n_pixels = n_pixels;
    return true;
}

/* ---- questions */

/* How far (mm, along the panel) a pixel position lies outside the panel; 0 inside. */
static double panel_outside(const struct panel *p, const double px[2])
{
    double x = fmax(fmax(-px[0], px[0] - p->n_fast), 0) * p->pixel_fast;
    double y = fmax(fmax(-px[1], px[1] - p->n_slow), 0) * p->pixel_slow;
    return hypot(x, y);
}

int detector_beam_centre(const struct detector *d, const struct beam_vector *b, double px[2])
{
    double ray[3] = {-b->direction[0], -b->direction[1], -b->direction[2]}, nearest = INFINITY;
    int found = -1;
    for (size_t i = 0; i < d->n_panels; i++) {
        double here[2];
        if (!panel_ray_to_pixel(&d->panels[i], ray, here))
            continue;
        double outside = panel_outside(&d->panels[i], here);
        if (outside >= nearest)
            continue;
        nearest = outside;
        found = (int)i;
        px[0] = here[0];
        px[1] = here[1];
    }
    return found;
}

double panel_distance(const struct panel *p)
{
    double normal[3];
    vec3_cross(p->fast, p->slow, normal);
    return fabs(vec3_dot(normal, p->origin));
}

double panel_resolution(const struct panel *p, const struct beam_vector *b, const double px[2])
{
    double lab[3];
    panel_pixel_to_point(p, px, lab);
    double inverse_d = point_inverse_d(b, lab);
    return inverse_d > 0 ? 1 / inverse_d : INFINITY;
}

void detector_resolution(const struct detector *d, const struct beam_vector *b, double *d_min, double *d_max)
{
    *d_min = INFINITY;
    *d_max = 0;
    for (size_t i = 0; i < d->n_panels; i++)
        for (int corner = 0; corner < 4; corner++) {
            const struct panel *p = &d->panels[i];
            double px[2] = {corner & 1 ? p->n_fast : 0, corner & 2 ? p->n_slow : 0};
            double here = panel_resolution(p, b, px);
            *d_min = fmin(*d_min, here);
            *d_max = fmax(*d_max, here);
        }
}

/* The bytes of a number that mean its value: -0 and 0 are the same place. */
static void hash_real(struct sha256 *h, double v)
{
    double plain = v == 0 ? 0 : v;
    sha256_add(h, &plain, sizeof plain);
}

static void hash_reals(struct sha256 *h, const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hash_real(h, v[i]);
}

uint64_t detector_fingerprint(const struct detector *d)
{
    struct sha256 h;
    sha256_start(&h);
    for (size_t i = 0; i < d->n_panels; i++) {
        const struct panel *p = &d->panels[i];
        bool parallax = p->parallax && p->mu > 0 && p->thickness > 0;
        hash_reals(&h, p->origin, 3);
        hash_reals(&h, p->fast, 3);
        hash_reals(&h, p->slow, 3);
        hash_real(&h, p->pixel_fast);
        hash_real(&h, p->pixel_slow);
        hash_real(&h, p->n_fast);
        hash_real(&h, p->n_slow);
        hash_real(&h, parallax ? p->mu : 0);
        hash_real(&h, parallax ? p->thickness : 0);
        hash_real(&h, p->trusted_lo);
        hash_real(&h, p->trusted_hi);
    }
    uint8_t digest[32];
    sha256_end(&h, digest);
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | digest[i];
    return number;
}
