/* expt.c - experiment lists as JSON; see expt.h. Keys and their order are those of FORMATS 1.2 to 1.7. */
#include "sink/expt.h"

#include "sink/sink.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define DEGREE (M_PI / 180)

static void put_ints(struct json_writer *w, const char *key, int32_t a, int32_t b)
{
    json_array(w, key, true);
    json_put_int(w, NULL, a);
    json_put_int(w, NULL, b);
    json_end_array(w);
}

static void put_empty_array(struct json_writer *w, const char *key)
{
    json_array(w, key, true);
    json_end_array(w);
}

/* ---- experiments, imagesets, beams */

static void put_experiments(struct json_writer *w, const struct table *t, const struct expt_style *style)
{
    json_array(w, "experiment", false);
    for (size_t i = 0; i < t->n_experiments; i++) {
        const struct experiment *e = &t->experiments[i];
        json_object(w, NULL);
        json_put_text(w, "__id__", "Experiment");
        json_put_text(w, "identifier", e->identifier);
        json_put_int(w, "beam", e->frame);
        json_put_int(w, "detector", t->frames[e->frame]->detector->number);
        if (style->crystals)
            json_put_int(w, "crystal", (int64_t)i);
        json_put_int(w, "imageset", e->frame);
        if (style->profiles)
            json_put_int(w, "profile", (int64_t)i);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_imagesets(struct json_writer *w, const struct table *t)
{
    static const char *const absent[] = {"mask", "gain", "pedestal", "dx", "dy"};
    json_array(w, "imageset", false);
    for (size_t i = 0; i < t->n_frames; i++) {
        json_object(w, NULL);
        json_put_text(w, "__id__", "ImageSet");
        json_array(w, "images", true);
        json_put_text(w, NULL, t->frames[i]->path);
        json_end_array(w);
        if (!t->frames[i]->single) {
            json_array(w, "single_file_indices", true);
            json_put_int(w, NULL, t->frames[i]->frame);
            json_end_array(w);
        }
        for (size_t k = 0; k < sizeof absent / sizeof *absent; k++)
            json_put_null(w, absent[k]);
        json_object(w, "params");
        json_end_object(w);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_beams(struct json_writer *w, const struct table *t)
{
    json_array(w, "beam", false);
    for (size_t i = 0; i < t->n_frames; i++) {
        const struct beam *b = &t->frames[i]->beam;
        json_object(w, NULL);
        json_put_text(w, "__id__", "monochromatic");
        json_put_reals(w, "direction", b->v.direction, 3);
        json_put_real(w, "wavelength", b->v.wavelength);
        json_put_real(w, "divergence", 0);
        json_put_real(w, "sigma_divergence", 0);
        json_put_reals(w, "polarization_normal", b->polarization_normal, 3);
        json_put_real(w, "polarization_fraction", b->polarization_fraction);
        json_put_real(w, "flux", 0);
        json_put_real(w, "transmission", 1);
        json_end_object(w);
    }
    json_end_array(w);
}

/* ---- detectors */

/* Panels and groups have the same keys; a group's pixel properties are empty. origin, fast, slow: local to the parent when
 * there is a tree. The object is left open. */
static void open_frame(struct json_writer *w, const char *key, const struct panel *p,
                       const struct panel_info *info, const double origin[3], const double fast[3],
                       const double slow[3])
{
    /* JSON has no infinity */
    double limits[2] = {fmax(p->trusted_lo, -DBL_MAX), fmin(p->trusted_hi, DBL_MAX)};
    json_object(w, key);
    json_put_text(w, "name", info->name);
    json_put_text(w, "type", info->type);
    json_put_reals(w, "fast_axis", fast, 3);
    json_put_reals(w, "slow_axis", slow, 3);
    json_put_reals(w, "origin", origin, 3);
    put_ints(w, "raw_image_offset", info->raw_offset[0], info->raw_offset[1]);
    put_ints(w, "image_size", p->n_fast, p->n_slow);
    json_put_reals(w, "pixel_size", (double[2]){p->pixel_fast, p->pixel_slow}, 2);
    json_put_reals(w, "trusted_range", limits, 2);
    json_put_real(w, "thickness", p->thickness);
    json_put_text(w, "material", info->material);
    json_put_real(w, "mu", p->mu);
    json_put_text(w, "identifier", "");
    put_empty_array(w, "mask");
    json_put_real(w, "gain", p->gain);
    json_put_real(w, "pedestal", p->pedestal);
    json_object(w, "px_mm_strategy");
    json_put_text(w, "type", p->parallax ? "ParallaxCorrectedPxMmStrategy" : "SimplePxMmStrategy");
    json_end_object(w);
}

/* The leaf of a panel; NULL when every panel hangs from the laboratory. */
static const struct detector_node *panel_leaf(const struct detector *d, size_t panel)
{
    for (size_t i = 0; i < d->n_nodes; i++)
        if (d->nodes[i].panel == (int32_t)panel)
            return &d->nodes[i];
    return NULL;
}

static void open_group(struct json_writer *w, const char *key, const struct detector_node *node)
{
    static const struct panel nothing = {.gain = 1};
    struct panel_info info = {.name = node->name, .type = "", .material = ""};
    open_frame(w, key, &nothing, &info, node->origin, node->fast, node->slow);
    json_array(w, "children", false);
}

/* The tree, parents before children. Nodes are numbered so that a parent comes before its children, so the next child of a
 * node is the next node that names it: no stack is needed. */
static void put_tree(struct json_writer *w, const struct detector *d)
{
    size_t at = 0, next = 1;
    open_group(w, "hierarchy", &d->nodes[0]);
    for (;;) {
        while (next < d->n_nodes && d->nodes[next].parent != (int32_t)at)
            next++;
        if (next < d->n_nodes && d->nodes[next].panel >= 0) {
            json_object(w, NULL);
            json_put_int(w, "panel", d->nodes[next++].panel);
            json_end_object(w);
        } else if (next < d->n_nodes) {
            at = next++;
            open_group(w, NULL, &d->nodes[at]);
        } else {
            json_end_array(w);
            json_end_object(w);
            if (at == 0)
                return;
            next = at + 1;
            at = (size_t)d->nodes[at].parent;
        }
    }
}

static void put_detector(struct json_writer *w, const struct detector *d)
{
    json_object(w, NULL);
    json_array(w, "panels", false);
    for (size_t i = 0; i < d->n_panels; i++) {
        const struct panel *p = &d->panels[i];
        const struct detector_node *leaf = panel_leaf(d, i);
        open_frame(w, NULL, p, &d->info[i], leaf ? leaf->origin : p->origin, leaf ? leaf->fast : p->fast,
                   leaf ? leaf->slow : p->slow);
        json_end_object(w);
    }
    json_end_array(w);
    if (d->n_nodes > 0)
        put_tree(w, d);
    json_end_object(w);
}

static void put_detectors(struct json_writer *w, const struct table *t)
{
    int32_t n = 0;
    json_array(w, "detector", false);
    for (size_t i = 0; i < t->n_frames; i++)
        if (t->frames[i]->detector->number == n) {
            put_detector(w, t->frames[i]->detector->detector);
            n++;
        }
    json_end_array(w);
}

/* ---- crystals, profiles */

/* Is there a free cell with its covariance? All zero: the spots were too few for one. */
static bool has_covariance(const struct lattice *l)
{
    return l->free_cov[0] > 0 && isfinite(l->free_cov[0]) && cell_volume(l->free_cell) > 0;
}

/* Derivatives of the nine elements of B by the six numbers of the cell (Å, degrees), by central differences: steps of 1e-5 of
 * smooth functions of order one leave ten digits. false: next to an impossible cell. */
static bool b_derivatives(const double cell[6], double J[9][6])
{
    for (int k = 0; k < 6; k++) {
        double lo[6], hi[6], B_lo[9], B_hi[9], step = 1e-5 * cell[k];
        memcpy(lo, cell, sizeof lo);
        memcpy(hi, cell, sizeof hi);
        lo[k] -= step;
        hi[k] += step;
        if (!cell_to_b(lo, B_lo) || !cell_to_b(hi, B_hi))
            return false;
        for (int i = 0; i < 9; i++)
            J[i][k] = (B_hi[i] - B_lo[i]) / (2 * step);
    }
    return true;
}

/* Element of a symmetric 6 × 6 matrix kept as its upper triangle by rows. */
static double upper(const double triangle[21], int i, int k)
{
    int row = i < k ? i : k, column = i < k ? k : i;
    return triangle[row * 6 - row * (row - 1) / 2 + column - row];
}

static void put_covariance(struct json_writer *w, const struct lattice *l)
{
    double J[9][6], covariance[81] = {0};
    if (!has_covariance(l) || !b_derivatives(l->free_cell, J))
        return;
    for (int i = 0; i < 9; i++)
        for (int k = 0; k < 9; k++)
            for (int p = 0; p < 6; p++)
                for (int q = 0; q < 6; q++)
                    covariance[9 * i + k] += J[i][p] * upper(l->free_cov, p, q) * J[k][q];
    json_put_reals(w, "B_covariance", covariance, 81);
}

/* The cells that the covariances belong to, null where there is none, in the order of the crystals. */
static void put_free_cells(struct json_writer *w, const struct table *t)
{
    json_object(w, "xfelx");
    json_array(w, "free_cell", false);
    for (size_t i = 0; i < t->n_experiments; i++) {
        const struct experiment *e = &t->experiments[i];
        const struct lattice *l = &t->frames[e->frame]->lattices[e->lattice];
        if (has_covariance(l))
            json_put_reals(w, NULL, l->free_cell, 6);
        else
            json_put_null(w, NULL);
    }
    json_end_array(w);
    json_end_object(w);
}

static void put_crystals(struct json_writer *w, const struct table *t, const struct expt_style *style)
{
    json_array(w, "crystal", false);
    for (size_t i = 0; i < t->n_experiments; i++) {
        const struct experiment *e = &t->experiments[i];
        const struct lattice *l = &t->frames[e->frame]->lattices[e->lattice];
        double abc[9];
        cell_real_vectors(l->A, abc);
        json_object(w, NULL);
        json_put_text(w, "__id__", "crystal");
        json_put_reals(w, "real_space_a", abc, 3);
        json_put_reals(w, "real_space_b", abc + 3, 3);
        json_put_reals(w, "real_space_c", abc + 6, 3);
        json_put_text(w, "space_group_hall_symbol", style->hall);
        json_put_real(w, "ML_half_mosaicity_deg", l->half_mosaicity_deg);
        json_put_real(w, "ML_domain_size_ang", l->domain_size_ang);
        if (style->covariance)
            put_covariance(w, l);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_profiles(struct json_writer *w, const struct table *t)
{
    json_array(w, "profile", false);
    for (size_t i = 0; i < t->n_experiments; i++) {
        const struct experiment *e = &t->experiments[i];
        json_object(w, NULL);
        json_put_text(w, "__id__", "gaussian_rs");
        json_put_real(w, "n_sigma", 3);
        json_put_real(w, "sigma_b", t->frames[e->frame]->lattices[e->lattice].sigma_b / DEGREE);
        json_put_real(w, "sigma_m", 0);
        json_end_object(w);
    }
    json_end_array(w);
}

void expt_text(const struct table *t, const struct expt_style *style, struct str *out)
{
    struct json_writer w = {.out = out, .indent = 2};
    kept_number_detectors(t->frames, t->n_frames);
    json_object(&w, NULL);
    json_put_text(&w, "__id__", "ExperimentList");
    put_experiments(&w, t, style);
    put_imagesets(&w, t);
    put_beams(&w, t);
    put_detectors(&w, t);
    put_empty_array(&w, "goniometer");
    put_empty_array(&w, "scan");
    if (style->crystals)
        put_crystals(&w, t, style);
    else
        put_empty_array(&w, "crystal");
    if (style->profiles)
        put_profiles(&w, t);
    else
        put_empty_array(&w, "profile");
    put_empty_array(&w, "scaling_model");
    json_array(&w, "history", false);
    json_put_text(&w, NULL, style->history);
    json_end_array(&w);
    if (style->crystals && style->covariance)
        put_free_cells(&w, t);
    json_end_object(&w);
    str_addc(out, '\n');
}

void sink_geometry_text(const struct frame_id *id, const struct beam *beam, const struct detector *d,
                        const char *program, struct str *out)
{
    struct kept_detector detector = {.fingerprint = detector_fingerprint(d), .detector = d, .number = -1};
    struct kept_frame frame = {.source = 0,
                               .frame = id->frame,
                               .single = id->single,
                               .path = id->path,
                               .beam = *beam,
                               .detector = &detector};
    struct kept_frame *frames[] = {&frame};
    struct experiment experiment = {.lattice = -1};
    struct table table = {.kind = TABLE_STRONG,
                          .frames = frames,
                          .n_frames = 1,
                          .experiments = &experiment,
                          .n_experiments = 1};
    struct arena a = {0};
    experiment_identifier(id->path, id->frame, 0, "geometry", NULL, experiment.identifier);
    struct expt_style style = {.history = arena_printf(&a, "1970-01-01T00:00:00Z|%s|geometry", program)};
    expt_text(&table, &style, out);
    arena_free(&a);
}
