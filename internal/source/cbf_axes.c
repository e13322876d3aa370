/* cbf_axes.c - from the axis tables of a full imgCIF header to panels in space and the tree of groups they
 * hang from.
 *
 * Every axis turns or shifts what depends on it, up to the root. Neighbours in a chain with the same
 * equipment_component are one level of the tree, as dxtbx groups them (for CSPAD: arm, quadrant, sensor, and
 * the ASIC as the panel itself). Rules and traps: FORMATS_INPUT 1.3.
 */
#include "source/cbf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHAIN_LIMIT = 100, PANEL_LIMIT = 4096, AXIS_LIMIT = 20000 };

enum axis_type { AXIS_TRANSLATION, AXIS_ROTATION, AXIS_GENERAL };

struct axis {
    const char *id, *component;
    enum axis_type type;
    long depends; /* index of the axis it hangs from, -1: root, -2: not in the table */
    double vector[3], offset[3];
    double angle, shift; /* setting: degrees, mm */
};

struct axes {
    struct axis *axis;
    size_t n;
    struct cif_index by_id;
};

struct place_in_space {
    double origin[3], fast[3], slow[3];
};

/* ---- reading the tables ---- */

static bool bad_number(const struct source *s, const char *what, const char *id, struct error *err)
{
    return error_set(err, ERROR_METADATA, "%s: %s of axis %s is not a number", s->path, what, id);
}

static bool read_axis(const struct source *s, const struct cif_table *t, size_t row, struct axis *a,
                      struct error *err)
{
    static const char *const vector[3] = {"vector[1]", "vector[2]", "vector[3]"};
    static const char *const offset[3] = {"offset[1]", "offset[2]", "offset[3]"};
    const char *type = cif_text(t, row, "type");
    a->id = cif_text(t, row, "id");
    a->component = cif_text(t, row, "equipment_component");
    a->id = a->id ? a->id : "";
    a->component = a->component ? a->component : "";
    a->type = type && str_same_nocase(type, "rotation")      ? AXIS_ROTATION
              : type && str_same_nocase(type, "translation") ? AXIS_TRANSLATION
                                                             : AXIS_GENERAL;
    for (int i = 0; i < 3; i++)
        if (!cif_number(t, row, vector[i], 0, &a->vector[i]) ||
            !cif_number(t, row, offset[i], 0, &a->offset[i]))
            return bad_number(s, "the vector or offset", a->id, err);
    double length =
        sqrt(a->vector[0] * a->vector[0] + a->vector[1] * a->vector[1] + a->vector[2] * a->vector[2]);
    for (int i = 0; i < 3 && length > 0; i++)
        a->vector[i] /= length;
    return true;
}

/* Settings: of the frame, else of the scan's start. */
static bool read_settings(const struct source *s, const struct cif *c, struct axes *x, struct error *err)
{
    const struct cif_table *t = cif_find(c, "diffrn_scan_frame_axis", "axis_id");
    const char *angle = "angle", *shift = "displacement";
    if (!t) {
        t = cif_find(c, "diffrn_scan_axis", "axis_id");
        angle = "angle_start";
        shift = "displacement_start";
    }
    for (size_t row = 0; t && row < t->n_rows; row++) {
        long i = cif_index_row(&x->by_id, cif_text(t, row, "axis_id"));
        if (i < 0)
            continue;
        struct axis *a = &x->axis[i];
        if (!cif_number(t, row, angle, 0, &a->angle) || !cif_number(t, row, shift, 0, &a->shift))
            return bad_number(s, "the setting", a->id, err);
    }
    return true;
}

static bool read_axes(struct source *s, const struct cif *c, struct axes *x, struct error *err)
{
    const struct cif_table *t = cif_find(c, "axis", "id");
    if (t->n_rows > AXIS_LIMIT)
        return error_set(err, ERROR_UNSUPPORTED, "%s has more than %d axes", s->path, AXIS_LIMIT);
    x->n = t->n_rows;
    x->axis = arena_array(&s->arena, x->n, sizeof *x->axis);
    cif_index_make(t, "id", &s->arena, &x->by_id);
    for (size_t row = 0; row < x->n; row++) {
        struct axis *a = &x->axis[row];
        if (!read_axis(s, t, row, a, err))
            return false;
        const char *depends = cif_text(t, row, "depends_on");
        a->depends = depends ? cif_index_row(&x->by_id, depends) : -1;
        if (depends && a->depends < 0)
            a->depends = -2;
    }
    return read_settings(s, c, x, err);
}

/* ---- moving along a chain ---- */

static void rotate(double v[3], const double axis[3], double degrees)
{
    double c = cos(degrees * M_PI / 180), n = sin(degrees * M_PI / 180);
    double along = (axis[0] * v[0] + axis[1] * v[1] + axis[2] * v[2]) * (1 - c);
    double across[3] = {axis[1] * v[2] - axis[2] * v[1], axis[2] * v[0] - axis[0] * v[2],
                        axis[0] * v[1] - axis[1] * v[0]};
    for (int i = 0; i < 3; i++)
        v[i] = v[i] * c + across[i] * n + axis[i] * along;
}

/* See a frame from where the axis is seen. */
static bool axis_apply(const struct source *s, const struct axis *a, struct place_in_space *f,
                       struct error *err)
{
    bool singular = a->vector[0] == 0 && a->vector[1] == 0 && a->vector[2] == 0;
    if (a->type == AXIS_GENERAL || (singular && (a->type == AXIS_ROTATION || a->shift != 0)))
        return error_set(err, ERROR_METADATA, "%s: axis %s %s", s->path, a->id,
                         singular ? "has a vector of length 0" : "is neither a translation nor a rotation");
    if (a->type == AXIS_ROTATION && a->angle != 0) {
        rotate(f->origin, a->vector, a->angle);
        rotate(f->fast, a->vector, a->angle);
        rotate(f->slow, a->vector, a->angle);
    }
    for (int i = 0; i < 3; i++)
        f->origin[i] += a->offset[i] + (a->type == AXIS_TRANSLATION ? a->vector[i] * a->shift : 0);
    return true;
}

/* The chain of an axis up to its root; number of axes, 0 with an error. */
static size_t chain_of(const struct source *s, const struct axes *x, long leaf, long chain[CHAIN_LIMIT],
                       struct error *err)
{
    size_t n = 0;
    for (long i = leaf; i >= 0; i = x->axis[i].depends) {
        if (n == CHAIN_LIMIT) {
            error_set(err, ERROR_METADATA, "%s: the chain of axis %s has no end", s->path, x->axis[leaf].id);
            return 0;
        }
        chain[n++] = i;
    }
    if (x->axis[chain[n - 1]].depends == -2) {
        error_set(err, ERROR_METADATA, "%s: axis %s depends on an axis that is not in the table", s->path,
                  x->axis[chain[n - 1]].id);
        return 0;
    }
    return n;
}

/* ---- panels ---- */

/* What the array tables say about one panel. */
struct panel_draft {
    const char *array, *section;
    size_t rows[2]; /* rows of array_structure_list: fast, slow */
    int64_t precedence[2];
    int n_rows;
    long axis[2]; /* fast, slow */
    double pixel[2], start[2], sign[2];
};

struct drafts {
    const struct cif_table *list, *axis, *section;
    struct panel_draft *draft;
    size_t n;
    struct cif_index sections; /* rows of `section` by id */
};

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static struct panel_draft *find_draft(struct drafts *d, const char *array, const char *section)
{
    for (size_t i = d->n; i-- > 0;) /* rows of a panel follow each other: the last one is nearly always it */
        if (same_text(d->draft[i].section, section) && same_text(d->draft[i].array, array))
            return &d->draft[i];
    return NULL;
}

/* A panel is a pair (array, section) with two axes; fast is the one of lowest precedence, whatever its index
 * is. */
static bool collect_panels(struct source *s, struct drafts *d, struct error *err)
{
    for (size_t row = 0; row < d->list->n_rows; row++) {
        if (!cif_text(d->list, row, "axis_set_id"))
            continue;
        const char *array = cif_text(d->list, row, "array_id"),
                   *section = cif_text(d->list, row, "array_section_id");
        int64_t precedence;
        if (!cif_integer(d->list, row, "precedence", 0, &precedence) || precedence < 1 || precedence > 3)
            return error_set(err, ERROR_METADATA, "%s: array %s has an impossible precedence", s->path,
                             array ? array : ".");
        struct panel_draft *p = find_draft(d, array, section);
        if (!p) {
            if (d->n == PANEL_LIMIT)
                return error_set(err, ERROR_UNSUPPORTED, "%s has more than %d panels", s->path, PANEL_LIMIT);
            p = &d->draft[d->n++];
            p->array = array;
            p->section = section;
        }
        if (p->n_rows == 2)
            return error_set(err, ERROR_UNSUPPORTED, "%s: panel %s has more than two axes", s->path,
                             section ? section
                             : array ? array
                                     : ".");
        int k = p->n_rows++;
        if (k == 1 && precedence < p->precedence[0]) {
            p->rows[1] = p->rows[0];
            p->precedence[1] = p->precedence[0];
            k = 0;
        }
        p->rows[k] = row;
        p->precedence[k] = precedence;
    }
    return d->n > 0 || error_set(err, ERROR_METADATA, "%s: no array has axes", s->path);
}

static const char *panel_name(const struct drafts *d, const struct panel_draft *p)
{
    if (d->n == 1)
        return "Panel"; /* as dxtbx names the only one */
    return p->section ? p->section : p->array ? p->array : "Panel";
}

/* Pixel sizes and axes of a panel from _array_structure_list_axis. */
static bool panel_axes(struct source *s, const struct drafts *d, const struct axes *x,
                       const struct cif_index *sets, struct panel_draft *p, struct error *err)
{
    for (int k = 0; k < 2; k++) {
        const char *set = cif_text(d->list, p->rows[k], "axis_set_id");
        const char *direction = cif_text(d->list, p->rows[k], "direction");
        long row = cif_index_row(sets, set);
        const char *id = row >= 0 ? cif_text(d->axis, (size_t)row, "axis_id") : NULL;
        p->axis[k] = cif_index_row(&x->by_id, id ? id : set);
        if (row < 0 || p->axis[k] < 0)
            return error_set(err, ERROR_METADATA, "%s: axis %s of panel %s is not in the tables", s->path,
                             set, panel_name(d, p));
        if (direction && !str_same_nocase(direction, "increasing"))
            return error_set(err, ERROR_UNSUPPORTED,
                             "%s: panel %s has the direction \"%s\"; only increasing is read", s->path,
                             panel_name(d, p), direction);
        double step;
        if (!cif_number(d->axis, (size_t)row, "displacement_increment", 0, &step) ||
            !cif_number(d->axis, (size_t)row, "displacement", 0, &p->start[k]) || step == 0)
            return error_set(err, ERROR_METADATA, "%s: the pixel size along axis %s is impossible", s->path,
                             set);
        p->sign[k] = step < 0 ? -1 : 1;
        p->pixel[k] = fabs(step);
    }
    return true;
}

/* The rectangle of a panel in its array, and its size. */
static bool panel_rectangle(struct source *s, const struct drafts *d, const struct panel_draft *p,
                            struct panel *out, struct cbf_place *place, struct error *err)
{
    int64_t size[2];
    for (int k = 0; k < 2; k++)
        if (!cif_integer(d->list, p->rows[k], "dimension", 0, &size[k]))
            size[k] = 0;
    *place = (struct cbf_place){.array = p->array, .section = -1};
    place->fast = (uint8_t)(p->precedence[0] - 1);
    place->slow = (uint8_t)(p->precedence[1] - 1);
    for (size_t key = cif_index_first(&d->sections, p->section);
         key < d->sections.n && strcmp(d->sections.keys[key].text, p->section) == 0; key++) {
        size_t row = d->sections.keys[key].row;
        const char *array = cif_text(d->section, row, "array_id");
        if (array && p->array && strcmp(array, p->array) != 0)
            continue; /* another array's section of the same name */
        int64_t index, start, end, dimension = 0;
        if (!cif_integer(d->section, row, "index", 0, &index) || index < 1 || index > 3 ||
            !cif_integer(d->section, row, "start", 1, &start) || start < 1 || start > 65536 ||
            !cif_integer(d->section, row, "end", start, &end) || end < start || end > 65536)
            return error_set(err, ERROR_METADATA, "%s: section %s has impossible limits", s->path,
                             p->section);
        dimension = index - 1; /* index and precedence may differ for the two axes of the panel */
        for (int k = 0; k < 2; k++) {
            int64_t of_axis = 0;
            if (cif_integer(d->list, p->rows[k], "index", 0, &of_axis) && of_axis == index) {
                dimension = p->precedence[k] - 1;
                size[k] = end - start + 1;
            }
        }
        place->start[dimension] = (size_t)(start - 1);
    }
    if (place->fast == place->slow || size[0] < 1 || size[1] < 1 || size[0] > 65536 || size[1] > 65536)
        return error_set(err, ERROR_METADATA, "%s: panel %s has impossible dimensions", s->path,
                         panel_name(d, p));
    out->n_fast = (int32_t)size[0];
    out->n_slow = (int32_t)size[1];
    out->pixel_fast = p->pixel[0];
    out->pixel_slow = p->pixel[1];
    return true;
}

/* Along a panel's chain: its frame inside its level (axes[0 … level)), and in the laboratory. false: error.
 * level 0: the two axes of the panel are not in one level. */
static bool panel_frames(const struct source *s, const struct axes *x, const struct panel_draft *p,
                         const long *chain, size_t n, struct place_in_space *local,
                         struct place_in_space *lab, size_t *level, struct error *err)
{
    struct place_in_space f = {{0}, {0}, {0}};
    bool seen[2] = {false, false};
    *level = 0;
    size_t same = 1;
    while (same < n && strcmp(x->axis[chain[same]].component, x->axis[chain[0]].component) == 0)
        same++;
    for (size_t i = 0; i < n; i++) {
        const struct axis *a = &x->axis[chain[i]];
        if (!axis_apply(s, a, &f, err))
            return false;
        for (int k = 0; k < 2; k++)
            if (chain[i] == p->axis[k]) {
                double *direction = k ? f.slow : f.fast;
                for (int j = 0; j < 3; j++) {
                    direction[j] = a->vector[j] * p->sign[k];
                    f.origin[j] += a->vector[j] * p->start[k];
                }
                seen[k] = true;
            }
        if (i + 1 == same) {
            *local = f;
            *level = seen[0] && seen[1] && same < n ? same : 0;
        }
    }
    *lab = f;
    return (seen[0] && seen[1]) ||
           error_set(err, ERROR_METADATA, "%s: axes %s and %s of a panel do not depend on each other",
                     s->path, x->axis[p->axis[0]].id, x->axis[p->axis[1]].id);
}

/* ---- the tree ---- */

struct tree {
    int32_t *node_of; /* [axes] node that is named after an axis, -1: none yet */
    bool usable;      /* every panel has a group, and all groups have one root */
};

static void set_node(struct detector_node *node, const char *name, int32_t parent, int32_t panel,
                     const struct place_in_space *f)
{
    node->name = name;
    node->parent = parent;
    node->panel = panel;
    memcpy(node->origin, f->origin, sizeof node->origin);
    memcpy(node->fast, f->fast, sizeof node->fast);
    memcpy(node->slow, f->slow, sizeof node->slow);
}

/* Groups of a chain from its root down, as far as they are not there yet; the last one's number. -1: error,
 * or no tree. */
static int32_t add_groups(const struct source *s, const struct axes *x, const long *chain, size_t n,
                          size_t level, struct tree *t, struct detector *d, struct error *err)
{
    size_t starts[CHAIN_LIMIT] = {0}, levels = 0;
    for (size_t i = level; i < n; i++)
        if (i == level || strcmp(x->axis[chain[i]].component, x->axis[chain[i - 1]].component) != 0)
            starts[levels++] = i;
    int32_t parent = -1;
    for (size_t k = levels; k-- > 0;) {
        long id = chain[starts[k]];
        if (t->node_of[id] >= 0) {
            parent = t->node_of[id];
            continue;
        }
        if (parent < 0 && d->n_nodes > 0) {
            t->usable = false; /* a second root */
            return -1;
        }
        struct place_in_space f = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}};
        size_t end = k + 1 < levels ? starts[k + 1] : n;
        for (size_t i = starts[k]; i < end; i++)
            if (!axis_apply(s, &x->axis[chain[i]], &f, err))
                return -1;
        t->node_of[id] = (int32_t)d->n_nodes;
        set_node(&d->nodes[d->n_nodes], x->axis[id].id, parent, -1, &f);
        parent = (int32_t)d->n_nodes++;
    }
    return parent;
}

static bool place_panel(struct source *s, const struct axes *x, const struct drafts *drafts, size_t i,
                        struct tree *t, struct error *err)
{
    const struct panel_draft *p = &drafts->draft[i];
    struct detector *d = s->detector;
    long chain[CHAIN_LIMIT], other[CHAIN_LIMIT];
    size_t n = chain_of(s, x, p->axis[0], chain, err), n_other = chain_of(s, x, p->axis[1], other, err),
           level;
    if (n == 0 || n_other == 0)
        return false;
    bool slow_is_leaf = n_other > n; /* one of the two hangs from the other */
    struct place_in_space local, lab;
    if (!panel_frames(s, x, p, slow_is_leaf ? other : chain, slow_is_leaf ? n_other : n, &local, &lab, &level,
                      err))
        return false;
    memcpy(d->panels[i].origin, lab.origin, sizeof lab.origin);
    memcpy(d->panels[i].fast, lab.fast, sizeof lab.fast);
    memcpy(d->panels[i].slow, lab.slow, sizeof lab.slow);
    if (level == 0)
        t->usable = false;
    if (!t->usable)
        return true;
    int32_t group =
        add_groups(s, x, slow_is_leaf ? other : chain, slow_is_leaf ? n_other : n, level, t, d, err);
    if (group < 0)
        return !t->usable;
    set_node(&d->nodes[d->n_nodes++], d->info[i].name, group, (int32_t)i, &local);
    return true;
}

bool cbf_axes_detector(struct source *s, struct cbf *c, struct error *err)
{
    struct axes x;
    struct drafts d = {.list = cif_find(&c->cif, "array_structure_list", "axis_set_id"),
                       .axis = cif_find(&c->cif, "array_structure_list_axis", "axis_set_id"),
                       .section = cif_find(&c->cif, "array_structure_list_section", "id")};
    struct cif_index sets;
    if (!d.axis)
        return error_set(err, ERROR_METADATA, "%s: table _array_structure_list_axis is missing", s->path);
    d.draft =
        arena_array(&s->arena, d.list->n_rows < PANEL_LIMIT ? d.list->n_rows : PANEL_LIMIT, sizeof *d.draft);
    cif_index_make(d.axis, "axis_set_id", &s->arena, &sets);
    cif_index_make(d.section, "id", &s->arena, &d.sections);
    if (!read_axes(s, &c->cif, &x, err) || !collect_panels(s, &d, err))
        return false;

    s->detector = detector_make(&s->arena, d.n, d.n * 2 + x.n);
    s->detector->n_nodes = 0; /* counted as they come */
    c->places = arena_array(&s->arena, d.n, sizeof *c->places);
    struct tree t = {.node_of = arena_array(&s->arena, x.n, sizeof *t.node_of), .usable = d.n > 1};
    for (size_t i = 0; i < x.n; i++)
        t.node_of[i] = -1;
    for (size_t i = 0; i < d.n; i++) {
        struct panel_draft *p = &d.draft[i];
        s->detector->info[i].name = panel_name(&d, p);
        if (p->n_rows != 2)
            return error_set(err, ERROR_METADATA, "%s: panel %s has only one axis", s->path,
                             panel_name(&d, p));
        if (!panel_axes(s, &d, &x, &sets, p, err) ||
            !panel_rectangle(s, &d, p, &s->detector->panels[i], &c->places[i], err) ||
            !place_panel(s, &x, &d, i, &t, err))
            return false;
    }
    if (!t.usable)
        s->detector->n_nodes = 0;
    return true;
}
