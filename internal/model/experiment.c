/* experiment.c - names of lattices, and reference geometry out of .expt files.
 *
 * An .expt file is JSON that other programs wrote: experiments point by index into arrays of models
 * (FORMATS 1.1). dxtbx accepts many files that are wrong (index -1, NaN, skew axes); here they are refused
 * with the key named. Everything is read by walking the tree with loops, never by recursion on the input.
 */
#include "model/experiment.h"

#include "kernels/geometry.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- identifiers */

void experiment_identifier(const char *path, uint32_t frame, uint32_t lattice, const char *recipe_hash,
                           uint8_t bytes[16], char text[37])
{
    struct sha256 h;
    uint8_t digest[32];
    char numbers[32];
    int n = snprintf(numbers, sizeof numbers, "%lu%c%lu", (unsigned long)frame, 0, (unsigned long)lattice);
    sha256_start(&h);
    sha256_add(&h, path, strlen(path) + 1);
    sha256_add(&h, numbers, (size_t)n + 1);
    sha256_add(&h, recipe_hash, strlen(recipe_hash));
    sha256_end(&h, digest);
    digest[6] = (digest[6] & 0x0f) | 0x80; /* version 8: made by a rule of our own (RFC 9562) */
    digest[8] = (digest[8] & 0x3f) | 0x80; /* variant */
    if (bytes)
        memcpy(bytes, digest, 16);
    for (int i = 0; text && i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *text++ = '-';
        text += sprintf(text, "%02x", digest[i]);
    }
}

/* ---- reading */

#define MAX_FILE ((size_t)1 << 28)

enum { MAX_DEPTH = 64 }; /* nodes of a detector's tree, one within the other */

/* What is being read, for messages: file, array and index of a model. */
struct reader {
    const char *path;
    const struct json *root;
    struct error *err;
};

static bool refuse(const struct reader *r, enum error_code code, const char *key, size_t i, const char *what)
{
    return error_set(r->err, code, "%s: %s %zu: %s", r->path, key, i, what);
}

/* Python writes NaN and Infinity, which are not JSON. Each token outside a string becomes a string of the
 * same length, so that the tree can be read and whoever asks for a number at that place refuses it with the
 * key's name. */
static void quote_non_numbers(char *text, size_t n)
{
    static const char *const tokens[] = {"NaN", "-Infinity", "Infinity"};
    bool inside = false;
    for (size_t i = 0; i < n; i++) {
        if (inside && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            inside = !inside;
        for (size_t k = 0; !inside && i < n && k < 3; k++) {
            size_t length = strlen(tokens[k]);
            if (n - i < length || memcmp(text + i, tokens[k], length) != 0)
                continue;
            memset(text + i, ' ', length);
            text[i] = text[i + length - 1] = '"';
            i += length - 1;
            break;
        }
    }
}

/* A member that must be an array of n finite numbers. */
static bool read_numbers(const struct reader *r, const struct json *object, const char *model, size_t i,
                         const char *key, double *out, size_t n)
{
    if (json_numbers(json_get(object, key), out, n))
        return true;
    char what[96];
    snprintf(what, sizeof what, "%s is not a list of %zu finite numbers", key, n);
    return refuse(r, ERROR_METADATA, model, i, what);
}

/* A number that may be missing; false only when something else stands there. */
static bool read_number(const struct reader *r, const struct json *object, const char *model, size_t i,
                        const char *key, double *out)
{
    const struct json *node = json_get(object, key);
    if (!node || json_number(node, out))
        return true;
    char what[96];
    snprintf(what, sizeof what, "%s is not a finite number", key);
    return refuse(r, ERROR_METADATA, model, i, what);
}

/* Two whole numbers that may be missing. */
static bool read_pair(const struct reader *r, const struct json *object, size_t i, const char *key,
                      int32_t out[2])
{
    double v[2];
    if (!json_get(object, key))
        return true;
    if (!read_numbers(r, object, "panel", i, key, v, 2))
        return false;
    for (int k = 0; k < 2; k++) {
        if (v[k] != floor(v[k]) || fabs(v[k]) > INT32_MAX)
            return refuse(r, ERROR_METADATA, "panel", i, "a number of pixels is not whole");
        out[k] = (int32_t)v[k];
    }
    return true;
}

static const char *read_text(struct arena *a, const struct json *object, const char *key)
{
    const char *text = json_text(json_get(object, key));
    return arena_strdup(a, text ? text : "");
}

/* ---- beam */

static bool read_beam(const struct reader *r, const struct json *node, size_t i, struct beam *out)
{
    double direction[3], normal[3] = {0, 1, 0}, fraction = 0.999, wavelength = NAN;
    const char *kind = json_text(json_get(node, "__id__"));
    if (kind && strcmp(kind, "monochromatic") != 0)
        return refuse(r, ERROR_UNSUPPORTED, "beam", i, "is not monochromatic");
    if (!read_number(r, node, "beam", i, "wavelength", &wavelength) ||
        !read_numbers(r, node, "beam", i, "direction", direction, 3) ||
        (json_get(node, "polarization_normal") &&
         !read_numbers(r, node, "beam", i, "polarization_normal", normal, 3)) ||
        !read_number(r, node, "beam", i, "polarization_fraction", &fraction))
        return false;
    if (!(wavelength > 0))
        return refuse(r, ERROR_METADATA, "beam", i, "wavelength is missing or not positive");
    if (!vec3_norm(direction, direction))
        return refuse(r, ERROR_METADATA, "beam", i, "direction has no length");
    if (!vec3_norm(normal, normal))
        return refuse(r, ERROR_METADATA, "beam", i, "polarization_normal has no length");
    *out = (struct beam){.v.wavelength = wavelength,
                         .polarization_fraction = fraction,
                         .energy_recorded_ev = NAN,
                         .energy_source = 2};
    vec3_copy(direction, out->v.direction);
    vec3_copy(normal, out->polarization_normal);
    return true;
}

/* ---- detector */

/* Origin and axes count only when all three are there (FORMATS 1.4). */
static bool read_frame(const struct reader *r, const struct json *node, const char *model, size_t i,
                       double origin[3], double fast[3], double slow[3])
{
    if (!json_get(node, "origin") || !json_get(node, "fast_axis") || !json_get(node, "slow_axis"))
        return true;
    return read_numbers(r, node, model, i, "origin", origin, 3) &&
           read_numbers(r, node, model, i, "fast_axis", fast, 3) &&
           read_numbers(r, node, model, i, "slow_axis", slow, 3);
}

/* Trusted range of a file. New files hold inclusive limits. In old ones both limits lie outside the range: by
 * one for whole numbers of counts, which limits without a fraction tell. [0, 0] or nothing: nobody said. */
static bool read_trusted(const struct reader *r, const struct json *node, size_t i, bool inclusive,
                         struct panel *p)
{
    double range[2] = {0, 0};
    if (json_get(node, "trusted_range") && !read_numbers(r, node, "panel", i, "trusted_range", range, 2))
        return false;
    if (range[0] == 0 && range[1] == 0)
        return true;
    bool whole = range[0] == floor(range[0]) && range[1] == floor(range[1]);
    double step = whole && !inclusive ? 1 : 0;
    p->trusted_lo = range[0] + step;
    p->trusted_hi = range[1] - step;
    return true;
}

/* Absorption: of the panel, or of the strategy object as older files have it, which then wins. */
static bool read_strategy(const struct reader *r, const struct json *node, size_t i, struct panel *p)
{
    const struct json *strategy = json_get(node, "px_mm_strategy");
    const char *type = json_text(json_get(strategy, "type"));
    if (!read_number(r, node, "panel", i, "mu", &p->mu) ||
        !read_number(r, node, "panel", i, "thickness", &p->thickness))
        return false;
    if (!strategy || (type && !strcmp(type, "SimplePxMmStrategy")))
        return true;
    if (type && !strncmp(type, "Offset", 6))
        return refuse(r, ERROR_UNSUPPORTED, "panel", i,
                      "px_mm_strategy needs displacement maps, which are not read");
    if (!type || strcmp(type, "ParallaxCorrectedPxMmStrategy") != 0)
        return refuse(r, ERROR_UNSUPPORTED, "panel", i, "px_mm_strategy is none that is known");
    p->parallax = true;
    return read_number(r, strategy, "panel", i, "mu", &p->mu) &&
           read_number(r, strategy, "panel", i, "t0", &p->thickness);
}

static bool read_panel(const struct reader *r, const struct json *node, size_t i, bool inclusive,
                       struct arena *a, struct detector *d)
{
    struct panel *p = &d->panels[i];
    int32_t size[2] = {0, 0};
    double pixel[2] = {0, 0};
    d->info[i].name = read_text(a, node, "name");
    d->info[i].type = read_text(a, node, "type");
    d->info[i].material = read_text(a, node, "material");
    if (!read_frame(r, node, "panel", i, p->origin, p->fast, p->slow) ||
        !read_pair(r, node, i, "image_size", size) ||
        !read_pair(r, node, i, "raw_image_offset", d->info[i].raw_offset) ||
        !read_numbers(r, node, "panel", i, "pixel_size", pixel, 2) ||
        !read_trusted(r, node, i, inclusive, p) || !read_number(r, node, "panel", i, "gain", &p->gain) ||
        !read_number(r, node, "panel", i, "pedestal", &p->pedestal) || !read_strategy(r, node, i, p))
        return false;
    p->n_fast = size[0];
    p->n_slow = size[1];
    p->pixel_fast = pixel[0];
    p->pixel_slow = pixel[1];
    if (json_size(json_get(node, "mask")) > 0)
        log_warn("%s: mask rectangles of the panels are not used; give a mask file", r->path);
    return true;
}

/* A panel's leaf: its local frame is the panel's own. */
static bool read_leaf(const struct reader *r, const struct json *child, size_t n, struct detector *d)
{
    double number;
    if (!json_number(json_get(child, "panel"), &number) || number != floor(number) || number < 0 ||
        number >= (double)d->n_panels)
        return refuse(r, ERROR_METADATA, "hierarchy node", n, "panel is not the index of a panel");
    struct detector_node *leaf = &d->nodes[n];
    leaf->panel = (int32_t)number;
    leaf->name = d->info[leaf->panel].name;
    vec3_copy(d->panels[leaf->panel].origin, leaf->origin);
    vec3_copy(d->panels[leaf->panel].fast, leaf->fast);
    vec3_copy(d->panels[leaf->panel].slow, leaf->slow);
    return true;
}

/* A walk through the tree, parents before children, without recursion: the next unread child of every open
 * node. */
struct walk {
    const struct json *next[MAX_DEPTH];
    int32_t number[MAX_DEPTH];
    int depth;
};

static bool walk_into(const struct reader *r, struct walk *w, const struct json *node, size_t n)
{
    const struct json *children = json_get(node, "children");
    if (!json_is_array(children))
        return refuse(r, ERROR_METADATA, "hierarchy node", n, "has no list of children");
    if (w->depth == MAX_DEPTH)
        return refuse(r, ERROR_UNSUPPORTED, "hierarchy node", n, "lies too deep");
    w->next[w->depth] = json_first(children);
    w->number[w->depth++] = (int32_t)n;
    return true;
}

/* Walk the hierarchy; fill d's nodes when there are any (n_nodes), else only count. Returns 0 when it fails.
 */
static size_t read_tree(const struct reader *r, const struct json *root, struct arena *a, struct detector *d)
{
    struct walk w = {.depth = 0};
    size_t n = 0;
    bool fill = d->n_nodes > 0;
    for (const struct json *node = root; node;) {
        bool leaf = n > 0 && json_get(node, "panel");
        if (fill) {
            struct detector_node *out = &d->nodes[n];
            out->parent = n ? w.number[w.depth - 1] : -1;
            out->name = read_text(a, node, "name");
            if (leaf ? !read_leaf(r, node, n, d)
                     : !read_frame(r, node, "hierarchy node", n, out->origin, out->fast, out->slow))
                return 0;
        }
        if (!leaf && !walk_into(r, &w, node, n))
            return 0;
        n++;
        while (w.depth > 0 && !w.next[w.depth - 1])
            w.depth--;
        node = NULL;
        if (w.depth > 0) {
            node = w.next[w.depth - 1];
            w.next[w.depth - 1] = json_next(node);
        }
    }
    return n;
}

/* A file with a history, or with a beam that has a probe, was written by a version whose limits are
 * inclusive. */
static bool limits_inclusive(const struct json *root)
{
    if (json_get(root, "history"))
        return true;
    for (const struct json *beam = json_first(json_get(root, "beam")); beam; beam = json_next(beam))
        if (json_get(beam, "probe"))
            return true;
    return false;
}

static struct detector *read_detector(const struct reader *r, const struct json *node, size_t i,
                                      struct arena *a)
{
    const struct json *panels = json_get(node, "panels"), *tree = json_get(node, "hierarchy");
    size_t n_panels = json_is_array(panels) ? json_size(panels) : 0;
    if (n_panels == 0)
        return refuse(r, ERROR_METADATA, "detector", i, "has no panels"), NULL;
    struct detector counted = {.n_nodes = 0};
    size_t n_nodes = tree && !json_is_null(tree) ? read_tree(r, tree, a, &counted) : 0;
    if (tree && !json_is_null(tree) && n_nodes == 0)
        return NULL;
    struct detector *d = detector_make(a, n_panels, n_nodes);
    bool inclusive = limits_inclusive(r->root);
    size_t k = 0;
    for (const struct json *p = json_first(panels); p; p = json_next(p), k++)
        if (!read_panel(r, p, k, inclusive, a, d))
            return NULL;
    if (n_nodes > 0 && read_tree(r, tree, a, d) == 0)
        return NULL;
    return detector_finish(d, r->path, r->err) ? d : NULL;
}

/* ---- experiments */

/* The lists that an experiment may point into. */
static const char *const model_keys[] = {"beam",    "detector",      "crystal",    "imageset",
                                         "profile", "scaling_model", "goniometer", "scan"};
enum { BEAM = 0, SCAN = 7, N_KEYS = 8 };

/* Index of a model in its list of n; absent: -1 and true. */
static bool read_index(const struct reader *r, const struct json *experiment, size_t i, const char *key,
                       size_t n, int64_t *out)
{
    const struct json *node = json_get(experiment, key);
    double value;
    char what[128];
    *out = -1;
    if (!node || json_is_null(node))
        return true;
    if (json_text(node)) {
        snprintf(what, sizeof what, "%s is a file name; models in other files are not read", key);
        return refuse(r, ERROR_UNSUPPORTED, "experiment", i, what);
    }
    if (json_number(node, &value) && value == floor(value) && value >= 0 && value < (double)n) {
        *out = (int64_t)value;
        return true;
    }
    snprintf(what, sizeof what, "%s is not an index into the list of that name", key);
    return refuse(r, ERROR_METADATA, "experiment", i, what);
}

/* Does a scan turn the crystal? Old files hold oscillation [start, width], new ones a list of properties per
 * image. */
static bool scan_turns(const struct json *scan)
{
    double pair[2], width = 0;
    if (json_numbers(json_get(scan, "oscillation"), pair, 2))
        return pair[1] != 0;
    const struct json *properties = json_get(scan, "properties"),
                      *starts = json_get(properties, "oscillation");
    if (json_number(json_get(properties, "oscillation_width"), &width) && width != 0)
        return true;
    return json_number(json_at(starts, 0), &pair[0]) && json_number(json_at(starts, 1), &pair[1]) &&
           pair[0] != pair[1];
}

static bool check_crystal(const struct reader *r, const struct json *crystal, size_t i)
{
    double a[3], b[3], c[3], axb[3];
    if (json_get(crystal, "A_at_scan_points"))
        return refuse(r, ERROR_UNSUPPORTED, "crystal", i,
                      "A_at_scan_points belongs to a scan; only stills are read");
    if (!read_numbers(r, crystal, "crystal", i, "real_space_a", a, 3) ||
        !read_numbers(r, crystal, "crystal", i, "real_space_b", b, 3) ||
        !read_numbers(r, crystal, "crystal", i, "real_space_c", c, 3))
        return false;
    vec3_cross(a, b, axb);
    if (!(vec3_dot(axb, c) > 0))
        return refuse(r, ERROR_METADATA, "crystal", i,
                      "real_space_a, b, c are not a right-handed set of axes");
    return true;
}

/* Check every index and scan; *beam: that of the first experiment that has one. */
static bool check_experiments(const struct reader *r, int64_t *beam)
{
    const struct json *list = json_get(r->root, "experiment");
    size_t sizes[N_KEYS], i = 0; /* counted once: a list knows its length only by walking it */
    for (size_t k = 0; k < N_KEYS; k++)
        sizes[k] = json_size(json_get(r->root, model_keys[k]));
    *beam = -1;
    for (const struct json *e = json_first(list); e; e = json_next(e), i++) {
        int64_t index[N_KEYS];
        for (size_t k = 0; k < N_KEYS; k++)
            if (!read_index(r, e, i, model_keys[k], sizes[k], &index[k]))
                return false;
        if (*beam < 0)
            *beam = index[BEAM];
        if (index[SCAN] >= 0 && scan_turns(json_at(json_get(r->root, "scan"), (size_t)index[SCAN])))
            return refuse(r, ERROR_UNSUPPORTED, "experiment", i,
                          "has a scan that turns the crystal; only stills are read");
    }
    if (*beam < 0)
        return error_set(r->err, ERROR_METADATA, "%s: has no experiment with a beam", r->path);
    return true;
}

static bool check_crystals(const struct reader *r)
{
    size_t i = 0;
    for (const struct json *c = json_first(json_get(r->root, "crystal")); c; c = json_next(c), i++)
        if (!check_crystal(r, c, i))
            return false;
    return true;
}

/* All beams are read, so that a broken one is found; shots differ in wavelength, but must agree in direction.
 */
static bool read_beams(const struct reader *r, int64_t wanted, struct beam *out)
{
    const struct json *list = json_get(r->root, "beam");
    struct beam first = {0};
    size_t i = 0;
    for (const struct json *node = json_first(list); node; node = json_next(node), i++) {
        struct beam b;
        if (!read_beam(r, node, i, &b))
            return false;
        if (i == 0)
            first = b;
        if (vec3_angle(first.v.direction, b.v.direction) > 1e-9)
            return refuse(r, ERROR_UNSUPPORTED, "beam", i, "direction differs from that of beam 0");
        if ((int64_t)i == wanted)
            *out = b;
    }
    return true;
}

/* The first detector goes into the caller's arena, the others are only compared with it. */
static bool read_detectors(const struct reader *r, struct arena *a, struct detector **out)
{
    const struct json *list = json_get(r->root, "detector");
    uint64_t fingerprint = 0;
    size_t i = 0;
    *out = NULL;
    for (const struct json *node = json_first(list); node; node = json_next(node), i++) {
        struct arena scratch = {0};
        struct detector *d = read_detector(r, node, i, i == 0 ? a : &scratch);
        uint64_t number = d ? detector_fingerprint(d) : 0;
        arena_free(&scratch);
        if (!d)
            return false;
        if (i == 0) {
            *out = d;
            fingerprint = number;
        } else if (number != fingerprint)
            return refuse(r, ERROR_UNSUPPORTED, "detector", i, "differs from detector 0"),
                   error_hint(r->err, "a reference geometry is one detector; give the file of one frame");
    }
    return *out || error_set(r->err, ERROR_METADATA, "%s: has no detector", r->path);
}

static bool read_root(const struct reader *r, struct arena *a, struct detector **detector, struct beam *beam)
{
    if (json_is_array(r->root))
        return error_set(r->err, ERROR_UNSUPPORTED, "%s: is a DataBlock, the format before ExperimentList",
                         r->path);
    const char *id = json_text(json_get(r->root, "__id__"));
    if (!id || strcmp(id, "ExperimentList") != 0)
        return error_set(r->err, ERROR_UNREADABLE, "%s: is not an ExperimentList (its \"__id__\" is %s%s%s)",
                         r->path, id ? "\"" : "", id ? id : "missing", id ? "\"" : "");
    int64_t wanted = -1;
    struct beam b = {0};
    if (!check_experiments(r, &wanted) || !check_crystals(r) || !read_beams(r, wanted, &b) ||
        !read_detectors(r, a, detector))
        return false;
    *beam = b;
    return true;
}

bool experiment_parse_geometry(char *text, size_t n, const char *name, struct arena *a,
                               struct detector **detector, struct beam *beam, struct error *err)
{
    quote_non_numbers(text, n);
    struct json *root = json_parse(text, n, name, err);
    struct reader r = {name, root, err};
    bool ok = root && read_root(&r, a, detector, beam);
    json_free(root);
    return ok;
}

bool experiment_read_geometry(const char *path, struct arena *a, struct detector **detector,
                              struct beam *beam, struct error *err)
{
    struct bytes file = {0};
    bool ok = fs_read(path, MAX_FILE, &file, err) &&
              experiment_parse_geometry((char *)file.data, file.size, path, a, detector, beam, err);
    bytes_free(&file);
    return ok;
}
