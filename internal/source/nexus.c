/* nexus.c - NeXus geometry. A transformation is x ← R x + t; a chain is their product from the laboratory to the leaf.
 * The tree of the detector follows the chains of its modules: consecutive transformations of one equipment_component
 * are one node. */
#include "source/nexus.h"

#include "kernels/geometry.h"
#include "source/format.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { CHAIN_MOST = 100 };

/* ---- units ---- */

static const struct {
    enum unit_kind kind;
    const char *word;
    double factor;
} UNITS[] = {
    // clang-format off
    {UNIT_LENGTH, "m", 1e3},          {UNIT_LENGTH, "meter", 1e3},      {UNIT_LENGTH, "metre", 1e3},
    {UNIT_LENGTH, "meters", 1e3},     {UNIT_LENGTH, "metres", 1e3},     {UNIT_LENGTH, "cm", 10},
    {UNIT_LENGTH, "mm", 1},           {UNIT_LENGTH, "millimeter", 1},   {UNIT_LENGTH, "millimetre", 1},
    {UNIT_LENGTH, "um", 1e-3},        {UNIT_LENGTH, "\xc2\xb5m", 1e-3},        {UNIT_LENGTH, "\xce\xbcm", 1e-3},
    {UNIT_LENGTH, "micron", 1e-3},    {UNIT_LENGTH, "microns", 1e-3},   {UNIT_LENGTH, "nm", 1e-6},
    {UNIT_LENGTH, "angstrom", 1e-7},  {UNIT_LENGTH, "angstroms", 1e-7}, {UNIT_LENGTH, "\xc3\x85", 1e-7},
    {UNIT_LENGTH, "\xe2\x84\xab", 1e-7},         {UNIT_LENGTH, "A", 1e-7},         {UNIT_LENGTH, "pm", 1e-9},
    {UNIT_ANGLE, "deg", M_PI / 180},  {UNIT_ANGLE, "degree", M_PI / 180},
    {UNIT_ANGLE, "degrees", M_PI / 180}, {UNIT_ANGLE, "\xc2\xb0", M_PI / 180},
    {UNIT_ANGLE, "rad", 1},           {UNIT_ANGLE, "radian", 1},        {UNIT_ANGLE, "radians", 1},
    {UNIT_ANGLE, "mrad", 1e-3},
    {UNIT_ENERGY, "eV", 1},           {UNIT_ENERGY, "keV", 1e3},        {UNIT_ENERGY, "MeV", 1e6},
    {UNIT_ENERGY, "J", 1 / 1.602176634e-19},
    // clang-format on
};

/* Exact words first: "Mev" and "mev" are different things to a careful writer, but a wrong case is a slip. */
bool unit_factor(enum unit_kind kind, const char *unit, double *factor)
{
    for (int loose = 0; loose < 2; loose++) {
        for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++) {
            bool same = loose ? str_same_nocase(unit, UNITS[i].word) : strcmp(unit, UNITS[i].word) == 0;
            if (UNITS[i].kind == kind && same) {
                *factor = UNITS[i].factor;
                return true;
            }
        }
    }
    return false;
}

double trusted_top(enum pixel_type type, double saturation)
{
    static const double most[PIXEL_TYPES] = {
        [PIXEL_U8] = UINT8_MAX,   [PIXEL_I8] = INT8_MAX,   [PIXEL_U16] = UINT16_MAX, [PIXEL_I16] = INT16_MAX,
        [PIXEL_U32] = UINT32_MAX, [PIXEL_I32] = INT32_MAX, [PIXEL_F32] = DBL_MAX,    [PIXEL_F64] = DBL_MAX,
    };
    double top = most[type];
    return top < DBL_MAX ? fmin(saturation, top - 2) : saturation;
}

/* ---- transformations ---- */

struct move {
    double r[9], t[3];
};

static const struct move STILL = {{1, 0, 0, 0, 1, 0, 0, 0, 1}, {0, 0, 0}};

/* a after b: x ← a(b(x)). */
static struct move move_after(const struct move *a, const struct move *b)
{
    struct move out;
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++) {
            out.r[3 * i + k] = 0;
            for (int j = 0; j < 3; j++)
                out.r[3 * i + k] += a->r[3 * i + j] * b->r[3 * j + k];
        }
    }
    mat3_vec(a->r, b->t, out.t);
    for (int i = 0; i < 3; i++)
        out.t[i] += a->t[i];
    return out;
}

static void rotation_about(const double v[3], double angle, double r[9])
{
    double c = cos(angle), s = sin(angle), k[9] = {0, -v[2], v[1], v[2], 0, -v[0], -v[1], v[0], 0};
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++)
            r[3 * i + j] = (i == j ? c : 0) + s * k[3 * i + j] + (1 - c) * v[i] * v[j];
    }
}

/* NeXus axes to the laboratory's and back: diag(-1, 1, -1). */
static void to_lab(double v[3])
{
    v[0] = -v[0];
    v[2] = -v[2];
}

/* The offset of an axis in mm. Its unit is that of the value when it has none of its own. */
static bool axis_offset(const struct h5_axis *x, const char *name, double out[3], struct error *err)
{
    double factor = 0;
    bool none = x->offset[0] == 0 && x->offset[1] == 0 && x->offset[2] == 0;
    const char *unit = x->offset_unit[0] || x->rotation ? x->offset_unit : x->unit;
    if (!none && !unit_factor(UNIT_LENGTH, unit, &factor))
        return error_set(err, ERROR_METADATA, "%s: the offset of %s has the unit \"%s\", which is no length",
                         name, x->path, unit);
    for (int i = 0; i < 3; i++) {
        out[i] = x->offset[i] * factor;
        if (!isfinite(out[i]))
            return error_set(err, ERROR_METADATA, "%s: the offset of %s is not a number", name, x->path);
    }
    return true;
}

static bool axis_vector(const struct h5_axis *x, const char *name, double out[3], struct error *err)
{
    memcpy(out, x->vector, sizeof x->vector);
    return vec3_norm(out, out) ||
           error_set(err, ERROR_METADATA, "%s: the vector of %s has no length", name, x->path);
}

static bool axis_move(const struct h5_axis *x, const char *name, struct move *out, struct error *err)
{
    double v[3], factor;
    *out = STILL;
    if (!axis_vector(x, name, v, err) || !axis_offset(x, name, out->t, err))
        return false;
    if (!unit_factor(x->rotation ? UNIT_ANGLE : UNIT_LENGTH, x->unit, &factor) && x->value != 0)
        return error_set(err, ERROR_METADATA, "%s: %s has the unit \"%s\", which is no %s", name, x->path,
                         x->unit, x->rotation ? "angle" : "length");
    double value = x->value == 0 ? 0 : x->value * factor;
    if (!isfinite(value))
        return error_set(err, ERROR_METADATA, "%s: the value of %s is not a number", name, x->path);
    if (x->rotation)
        rotation_about(v, value, out->r);
    for (int i = 0; i < 3 && !x->rotation; i++)
        out->t[i] += value * v[i];
    return true;
}

/* Axes from the laboratory to axis `last`. */
static bool chain_of(const struct h5_description *d, int32_t last, const char *name, int32_t *chain,
                     size_t *n, struct error *err)
{
    *n = 0;
    for (int32_t i = last; i >= 0; i = d->axes[i].depends_on) {
        if (*n == CHAIN_MOST)
            return error_set(err, ERROR_METADATA,
                             "%s: the chain of %s is longer than %d, or goes in a circle", name,
                             d->axes[last].path, CHAIN_MOST);
        chain[(*n)++] = i;
    }
    for (size_t i = 0; i < *n / 2; i++) {
        int32_t t = chain[i];
        chain[i] = chain[*n - 1 - i];
        chain[*n - 1 - i] = t;
    }
    return true;
}

static bool chain_move(const struct h5_description *d, const int32_t *chain, size_t n, const char *name,
                       struct move *out, struct error *err)
{
    *out = STILL;
    for (size_t i = 0; i < n; i++) {
        struct move one;
        if (!axis_move(&d->axes[chain[i]], name, &one, err))
            return false;
        *out = move_after(out, &one);
    }
    return true;
}

/* ---- the tree ---- */

struct tree {
    struct detector_node *nodes;
    size_t n;
    int32_t *node_of; /* by axis: the node that ends with it; 0: none yet */
};

/* The frame of a group node: M R M and M t, so that a pure translation keeps its axes. */
static void node_frame(const struct move *m, struct detector_node *out)
{
    double x[3] = {m->r[0], m->r[3], m->r[6]}, y[3] = {m->r[1], m->r[4], m->r[7]};
    memcpy(out->origin, m->t, sizeof m->t);
    to_lab(out->origin);
    to_lab(x);
    to_lab(y);
    for (int i = 0; i < 3; i++) {
        out->fast[i] = -x[i];
        out->slow[i] = y[i];
    }
}

/* Node of the last axis of a chain; nodes on the way are made. The room is one node an axis and a module, and the root. */
static bool grow_tree(const struct h5_description *d, const int32_t *chain, size_t n, const char *name,
                      struct tree *t, int32_t *out, struct error *err)
{
    int32_t parent = 0;
    for (size_t i = 0; i < n;) {
        size_t end = i + 1;
        const char *component = d->axes[chain[i]].component;
        while (end < n && component[0] && strcmp(d->axes[chain[end]].component, component) == 0)
            end++;
        int32_t last = chain[end - 1];
        if (t->node_of[last] == 0) {
            struct move m;
            if (!chain_move(d, chain + i, end - i, name, &m, err))
                return false;
            struct detector_node *node = &t->nodes[t->n];
            *node = (struct detector_node){.name = d->axes[last].path, .parent = parent, .panel = -1};
            node_frame(&m, node);
            t->node_of[last] = (int32_t)t->n++;
        }
        parent = t->node_of[last];
        i = end;
    }
    *out = parent;
    return true;
}

/* ---- modules ---- */

/* Frame of a module in the laboratory, and local to the end of the chain of its fast direction. */
static bool module_frame(const struct h5_description *d, const struct h5_module *m, const char *name,
                         int32_t *chain, size_t *n_chain, struct panel *lab, struct detector_node *local,
                         struct error *err)
{
    const struct h5_axis *fast = &d->axes[m->fast], *slow = &d->axes[m->slow];
    struct move here, there;
    double f[3], s[3], offset[3], size_fast, size_slow;
    int32_t other[CHAIN_MOST];
    size_t n_other;
    if (!chain_of(d, slow->depends_on, name, other, &n_other, err) ||
        !chain_move(d, other, n_other, name, &there, err) ||
        !chain_of(d, fast->depends_on, name, chain, n_chain, err) ||
        !chain_move(d, chain, *n_chain, name, &here, err) || !axis_vector(fast, name, f, err) ||
        !axis_vector(slow, name, s, err) || !axis_offset(fast, name, offset, err))
        return false;
    if (offset[0] == 0 && offset[1] == 0 && offset[2] == 0 && !axis_offset(slow, name, offset, err))
        return false;
    if (!unit_factor(UNIT_LENGTH, fast->unit, &size_fast) ||
        !unit_factor(UNIT_LENGTH, slow->unit, &size_slow))
        return error_set(err, ERROR_METADATA,
                         "%s: the pixel size of %s has the unit \"%s\", which is no length", name, m->path,
                         fast->unit);
    lab->pixel_fast = size_fast * fast->value;
    lab->pixel_slow = size_slow * slow->value;
    if (!(lab->pixel_fast > 0 && lab->pixel_slow > 0 && lab->pixel_fast < 1e3 && lab->pixel_slow < 1e3))
        return error_set(err, ERROR_METADATA, "%s: the pixels of %s are %g x %g mm", name, m->path,
                         lab->pixel_fast, lab->pixel_slow);
    mat3_vec(here.r, offset, lab->origin);
    for (int i = 0; i < 3; i++)
        lab->origin[i] += here.t[i];
    mat3_vec(here.r, f, lab->fast);
    mat3_vec(there.r, s, lab->slow);
    for (int i = 0; i < 3; i++) { /* back into the frame of the fast direction: R transposed */
        local->slow[i] =
            here.r[i] * lab->slow[0] + here.r[3 + i] * lab->slow[1] + here.r[6 + i] * lab->slow[2];
        local->fast[i] = f[i];
        local->origin[i] = offset[i];
    }
    to_lab(local->slow);
    to_lab(local->fast);
    to_lab(local->origin);
    to_lab(lab->origin);
    to_lab(lab->fast);
    to_lab(lab->slow);
    return true;
}

/* Which rectangle of the image a module is. Sizes are slow first; files of one module with fast first exist, and are told
 * from the image. */
static bool module_place(const struct h5_module *m, size_t index, size_t n_modules,
                         const struct h5_image *image, bool image_known, const char *name,
                         struct panel_place *place, uint64_t size[2], bool *turned, struct error *err)
{
    const uint64_t *o = m->origin + m->n_origin - 2, *z = m->size + m->n_size - 2, *extent = image->extent;
    uint64_t first = m->n_origin == 3 ? m->origin[0] : 0;
    size[0] = z[0];
    size[1] = z[1];
    if (m->n_origin == 2 && extent[H5_MODULE] == n_modules)
        first = index;
    *turned = image_known && n_modules == 1 && extent[H5_SLOW] != extent[H5_FAST] &&
              z[0] == extent[H5_FAST] && z[1] == extent[H5_SLOW];
    if (*turned) {
        size[0] = z[1];
        size[1] = z[0];
    }
    bool fits = size[0] >= 1 && size[1] >= 1 && size[0] <= H5_DIMENSION_MOST &&
                size[1] <= H5_DIMENSION_MOST && o[0] <= H5_DIMENSION_MOST && o[1] <= H5_DIMENSION_MOST &&
                first <= H5_DIMENSION_MOST && (m->n_size == 2 || m->size[0] == 1);
    if (fits && image_known)
        fits = first < extent[H5_MODULE] && o[0] + size[0] <= extent[H5_SLOW] &&
               o[1] + size[1] <= extent[H5_FAST];
    if (!fits)
        return error_set(
            err, ERROR_METADATA,
            "%s: %s with origin %llu,%llu and size %llu x %llu does not fit images of %llu x %llu x %llu",
            name, m->path, (unsigned long long)o[0], (unsigned long long)o[1], (unsigned long long)size[0],
            (unsigned long long)size[1], (unsigned long long)extent[H5_MODULE],
            (unsigned long long)extent[H5_SLOW], (unsigned long long)extent[H5_FAST]);
    *place = (struct panel_place){.module = (uint32_t)first, .slow = (uint32_t)o[0], .fast = (uint32_t)o[1]};
    return true;
}

/* ---- facts that are the same for all panels ---- */

static double number(const struct h5_description *d, const char *key, double otherwise)
{
    const struct h5_value *v = h5_value_find(d, key);
    return v && v->n > 0 ? v->v[0] : otherwise;
}

static double length_mm(const struct h5_description *d, const char *key, double unit_otherwise)
{
    const struct h5_value *v = h5_value_find(d, key);
    double factor = unit_otherwise;
    if (!v || v->n < 1)
        return NAN;
    unit_factor(UNIT_LENGTH, v->unit, &factor);
    return v->v[0] * factor;
}

static void fill_facts(const struct h5_description *d, enum pixel_type type, struct detector *det)
{
    const char *words = h5_text_find(d, "sensor_material");
    const char *material = words ? sensor_material(words) : "";
    double thickness = length_mm(d, "sensor_thickness", 1e3), scale = number(d, "data_scale_factor", 1);
    double top = trusted_top(type, number(d, "saturation_value", INT32_MAX));
    double low = number(d, "underload_value", -(double)INT32_MAX);
    for (size_t i = 0; i < det->n_panels; i++) {
        struct panel *p = &det->panels[i];
        p->trusted_lo = low;
        p->trusted_hi = top;
        p->gain = scale > 0 && isfinite(scale) ? 1 / scale : 1;
        p->thickness = thickness > 0 && thickness < 100 ? thickness : 0;
        det->info[i].material = material;
    }
}

/* Old Dectris files put the corner at (0, 0) and give the beam centre apart. */
static bool apply_beam_centre(const struct h5_description *d, struct detector *det)
{
    struct panel *p = &det->panels[0];
    double x = number(d, "beam_center_x", NAN), y = number(d, "beam_center_y", NAN);
    if (fabs(p->origin[0]) > 1e-9 || fabs(p->origin[1]) > 1e-9 || !isfinite(x) || !isfinite(y))
        return false;
    for (int i = 0; i < 3; i++)
        p->origin[i] -= x * p->pixel_fast * p->fast[i] + y * p->pixel_slow * p->slow[i];
    return true;
}

static struct detector *make_detector(const struct h5_description *d, const struct tree *t, struct arena *a)
{
    bool flat = d->n_modules == 1;
    struct detector *det = detector_make(a, d->n_modules, flat ? 0 : t->n);
    if (!flat)
        memcpy(det->nodes, t->nodes, t->n * sizeof *t->nodes);
    return det;
}

/* What a person should know of a detector that was read. */
static void add_notes(const struct h5_description *d, struct arena *a, bool centre_used, bool turned,
                      const char **notes, size_t *n)
{
    if (centre_used)
        notes[(*n)++] = "the corner lies on the axis: the beam centre of the header is used";
    if (turned)
        notes[(*n)++] = "data_size is given fast first; taken as the image says";
    for (size_t i = 0; i < d->n_axes; i++) {
        if (d->axes[i].varies) {
            notes[(*n)++] =
                arena_printf(a, "%s has one value a frame; that of the first is used", d->axes[i].path);
            break;
        }
    }
}

bool nexus_detector(const struct h5_description *d, const struct h5_image *image, bool image_known,
                    enum pixel_type type, const char *name, struct arena *a, struct detector **out,
                    struct panel_place **places, const char **notes, size_t *n_notes, struct error *err)
{
    size_t n = d->n_modules;
    struct tree tree = {.n = 1};
    if (n == 0)
        return error_set(err, ERROR_METADATA, "%s: its detector has no modules", name);
    tree.nodes = arena_array(a, 1 + d->n_axes + n, sizeof *tree.nodes);
    tree.node_of = arena_array(a, d->n_axes, sizeof *tree.node_of);
    tree.nodes[0] = (struct detector_node){
        .name = "detector", .parent = -1, .panel = -1, .fast = {1, 0, 0}, .slow = {0, 1, 0}};
    *places = arena_array(a, n, sizeof **places);
    struct panel *lab = arena_array(a, n, sizeof *lab);
    bool turned = false;
    for (size_t i = 0; i < n; i++) {
        const struct h5_module *m = &d->modules[i];
        int32_t chain[CHAIN_MOST], parent;
        size_t n_chain;
        uint64_t size[2];
        struct detector_node leaf = {.name = m->path, .panel = (int32_t)i};
        if (m->n_origin < 2 || m->n_size < 2)
            return error_set(err, ERROR_METADATA, "%s: %s has no size", name, m->path);
        if (!module_place(m, i, n, image, image_known, name, &(*places)[i], size, &turned, err) ||
            !module_frame(d, m, name, chain, &n_chain, &lab[i], &leaf, err) ||
            !grow_tree(d, chain, n_chain, name, &tree, &parent, err))
            return false;
        lab[i].n_slow = (int32_t)size[0];
        lab[i].n_fast = (int32_t)size[1];
        leaf.parent = parent;
        tree.nodes[tree.n++] = leaf;
    }
    struct detector *det = make_detector(d, &tree, a);
    for (size_t i = 0; i < n; i++) {
        det->panels[i] = lab[i];
        det->info[i].name = d->modules[i].path;
        det->info[i].raw_offset[0] = (int32_t)(*places)[i].fast;
        det->info[i].raw_offset[1] = (int32_t)(*places)[i].slow;
    }
    fill_facts(d, type, det);
    add_notes(d, a, n == 1 && apply_beam_centre(d, det), turned, notes, n_notes);
    *out = det;
    return detector_finish(det, name, err);
}

/* ---- Dectris ---- */

bool dectris_detector(const struct h5_description *d, const struct h5_image *image, bool image_known,
                      enum pixel_type type, const char *name, struct arena *a, struct detector **out,
                      struct panel_place **places, bool *no_distance, bool *no_centre, struct error *err)
{
    double px = length_mm(d, "x_pixel_size", 1e3), py = length_mm(d, "y_pixel_size", 1e3);
    double distance = length_mm(d, "detector_distance", 1e3), x = number(d, "beam_center_x", NAN),
           y = number(d, "beam_center_y", NAN);
    double n_fast = image_known ? (double)image->extent[H5_FAST] : number(d, "x_pixels_in_detector", 0);
    double n_slow = image_known ? (double)image->extent[H5_SLOW] : number(d, "y_pixels_in_detector", 0);
    if (isnan(distance))
        distance = length_mm(d, "distance", 1e3);
    if (!(px > 0 && py > 0 && px < 1e3 && py < 1e3))
        return error_set(err, ERROR_METADATA, "%s: its pixels are %g x %g mm", name, px, py);
    if (!(n_fast >= 1 && n_slow >= 1 && n_fast <= H5_DIMENSION_MOST && n_slow <= H5_DIMENSION_MOST) ||
        (image_known && image->extent[H5_MODULE] != 1))
        return error_set(err, ERROR_METADATA, "%s: it does not say how many pixels the detector has", name);
    *no_distance = !(distance > 0 && distance < 1e6);
    *no_centre = !(isfinite(x) && isfinite(y));
    if (*no_distance)
        distance = 100;
    if (*no_centre)
        x = y = 0;
    struct detector *det = detector_make(a, 1, 0);
    det->panels[0] = (struct panel){.origin = {-x * px, y * py, -distance},
                                    .fast = {1, 0, 0},
                                    .slow = {0, -1, 0},
                                    .pixel_fast = px,
                                    .pixel_slow = py,
                                    .n_fast = (int32_t)n_fast,
                                    .n_slow = (int32_t)n_slow,
                                    .gain = 1};
    det->info[0].name = "detector";
    fill_facts(d, type, det);
    double cutoff = number(d, "countrate_correction_count_cutoff", NAN);
    if (cutoff > 0 && !h5_value_find(d, "saturation_value"))
        det->panels[0].trusted_hi = trusted_top(type, cutoff);
    if (!h5_value_find(d, "underload_value"))
        det->panels[0].trusted_lo = 0;
    *places = arena_array(a, 1, sizeof **places);
    *out = det;
    return detector_finish(det, name, err);
}

/* ---- wavelengths ---- */

bool nexus_wavelengths(const struct h5_description *d, uint64_t n_frames, const char *name, struct arena *a,
                       double **v, uint64_t *n, struct error *err)
{
    const struct h5_value *wave = h5_value_find(d, "wavelength"),
                          *energy = wave ? NULL : h5_value_find(d, "energy");
    const struct h5_value *from = wave ? wave : energy;
    double factor = 1;
    *v = NULL;
    *n = 0;
    if (!from || from->n == 0)
        return true;
    if (wave && wave->unit[0] && !unit_factor(UNIT_LENGTH, wave->unit, &factor))
        return error_set(err, ERROR_METADATA, "%s: its wavelength has the unit \"%s\", which is no length",
                         name, wave->unit);
    if (energy && energy->unit[0] && !unit_factor(UNIT_ENERGY, energy->unit, &factor))
        return error_set(err, ERROR_METADATA, "%s: its photon energy has the unit \"%s\", which is none",
                         name, energy->unit);
    if (wave)
        factor = wave->unit[0] ? factor * 1e7 : 1; /* without a unit: Å, as dxtbx reads it */
    if (from->n != 1 && from->n < n_frames)
        return error_set(err, ERROR_METADATA, "%s: it has %s and %llu wavelengths", name,
                         COUNT(n_frames, "frame"), (unsigned long long)from->n);
    *n = from->n == 1 ? 1 : n_frames;
    *v = arena_array(a, (size_t)*n, sizeof **v);
    for (uint64_t i = 0; i < *n; i++) {
        double x = from->v[i] * factor;
        (*v)[i] = wave ? x : EV_ANGSTROM / x;
        if (wave && fabs(factor - 1) < 1e-9)
            (*v)[i] = from->v[i]; /* 1e-7 mm and 1e7 are not exact inverses: keep the file's digits */
    }
    return true;
}
