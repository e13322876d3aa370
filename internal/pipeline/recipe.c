/* recipe.c - parameters become a recipe; see recipe.h. One function a room of parameters, in the order of SCIENCE 1.2. */
#include "pipeline/recipe_files.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define RADIANS (3.14159265358979323846 / 180)

/* Is this choice set to that word? */
static bool is_word(const struct params *p, const char *path, const char *word)
{
    const char *text = param_text(p, path, NULL);
    return text && !strcmp(text, word);
}

/* ---- inputs ---- */

/* A file that changes results: its line "file KIND sha256\n" is part of the recipe hash. Read unless it came from rank 0. */
static const struct recipe_file *take_file(struct recipe *r, const char *kind, const char *path,
                                           struct str *lines, struct arena *a, struct error *err)
{
    char hex[65];
    size_t i = 0;
    while (i < r->n_files && strcmp(r->files[i].kind, kind) != 0)
        i++;
    if (i == r->n_files && !recipe_file_read(r, kind, path, a, err))
        return NULL;
    str_printf(lines, "file %s %s\n", kind, hash_hex(r->files[i].hash, 32, hex));
    return r->files + i;
}

/* input.reference_geometry. */
static bool take_reference(struct recipe *r, const char *path, struct str *lines, struct arena *a,
                           struct error *err)
{
    const struct recipe_file *f = take_file(r, "reference", path, lines, a, err);
    struct detector *d = NULL;
    struct beam beam;
    if (!f)
        return false;
    char *text = arena_memdup(a, f->data, f->size); /* the parser changes it */
    if (!experiment_parse_geometry(text, f->size, path, a, &d, &beam, err))
        return false;
    r->source.reference = d;
    return true;
}

/* facility.path_map: where files are on this machine, no part of what is done with them. */
static bool take_places(struct recipe *r, const struct params *p, struct arena *a, struct error *err)
{
    const char *const *maps = NULL;
    size_t n = param_texts(p, "facility.path_map", &maps);
    const char **ended = arena_array(a, n + 1, sizeof *ended);
    for (size_t i = 0; i < n; i++)
        ended[i] = maps[i];
    r->source.path_map = n ? ended : NULL;
    return path_map_check(r->source.path_map, "facility.path_map", err);
}

static bool take_inputs(struct recipe *r, const struct params *p, struct arena *a, struct str *files,
                        struct error *err)
{
    r->process_percent = param_real(p, "dispatch.process_percent", 100);
    r->max_images = (uint64_t)param_int(p, "input.max_images", 0);
    r->ignore_gain_mismatch = param_bool(p, "input.ignore_gain_mismatch", false);
    r->source.wavelength = param_real(p, "geometry.beam.wavelength", 0);
    r->source.distance = param_real(p, "geometry.detector.distance", 0);
    const double *centre = NULL;
    if (param_reals(p, "geometry.detector.fast_slow_beam_centre", &centre) >= 2) {
        r->source.beam_centre_fast_slow = centre;
    } else if (param_reals(p, "geometry.detector.slow_fast_beam_centre", &centre) >= 2) {
        double *swapped = arena_array(a, 2, sizeof *swapped);
        swapped[0] = centre[1];
        swapped[1] = centre[0];
        r->source.beam_centre_fast_slow = swapped;
    }
    if (!source_options_check(&r->source, err) || !take_places(r, p, a, err))
        return false;
    const char *reference = param_text(p, "input.reference_geometry", NULL);
    if (reference && !take_reference(r, reference, files, a, err))
        return false;
    r->source.geometry_file = param_text(p, "xfelx.geometry.file", NULL);
    const struct recipe_file *geometry =
        r->source.geometry_file ? take_file(r, "geometry", r->source.geometry_file, files, a, err) : NULL;
    if (!geometry)
        return !r->source.geometry_file;
    r->source.geometry_text = (const char *)geometry->data;
    r->source.geometry_size = geometry->size;
    return true;
}

/* ---- spots ---- */

static enum spotfind_algorithm algorithm_of(const char *word)
{
    if (!strcmp(word, "dispersion"))
        return SPOTFIND_DISPERSION;
    return strcmp(word, "radial_profile") ? SPOTFIND_DISPERSION_EXTENDED : SPOTFIND_RADIAL_PROFILE;
}

static bool take_threshold(struct recipe *r, const struct params *p, struct error *err)
{
#define DISPERSION "spotfinder.threshold.dispersion."
    struct spotfind_params *s = &r->spotfind;
    *s = spotfind_defaults();
    s->algorithm = algorithm_of(param_text(p, "spotfinder.threshold.algorithm", "dispersion_extended"));
    const double *kernel = NULL;
    if (param_reals(p, DISPERSION "kernel_size", &kernel) == 2) {
        s->kernel_slow = (int32_t)kernel[0];
        s->kernel_fast = (int32_t)kernel[1];
    }
    s->sigma_background = param_real(p, DISPERSION "sigma_background", s->sigma_background);
    s->sigma_strong = param_real(p, DISPERSION "sigma_strong", s->sigma_strong);
    s->min_local = (int32_t)param_int(p, DISPERSION "min_local", s->min_local);
    s->gain = param_real(p, DISPERSION "gain", 0);
    r->elbow = param_is_auto(p, DISPERSION "global_threshold");
    s->global_threshold = param_real(p, DISPERSION "global_threshold", 0);
    s->n_iqr = (int32_t)param_int(p, "spotfinder.threshold.radial_profile.n_iqr", s->n_iqr);
    s->n_bins = (int32_t)param_int(p, "spotfinder.threshold.radial_profile.n_bins", s->n_bins);
    const char *blur = param_text(p, "spotfinder.threshold.radial_profile.blur", NULL);
    s->blur = !blur ? SPOTFIND_BLUR_NONE : strcmp(blur, "wide") ? SPOTFIND_BLUR_NARROW : SPOTFIND_BLUR_WIDE;
    s->dials_312 = is_word(p, "xfelx.compat.dials", "3.12");
    const double *roi = NULL;
    for (size_t i = 0, n = param_reals(p, "spotfinder.region_of_interest", &roi); n == 4 && i < 4; i++)
        s->roi[i] = (int32_t)roi[i];
    const char *wrong = spotfind_check(s, INT32_MAX, INT32_MAX);
    return !wrong || error_set(err, ERROR_USAGE, "spotfinder: %s", wrong);
#undef DISPERSION
}

/* spotfinder.filter.resolution_range, each a pair. */
static void take_ranges(struct mask_params *m, const struct params *p, struct arena *a)
{
    size_t n = param_count(p, "spotfinder.filter.resolution_range");
    double(*ranges)[2] = arena_array(a, n + 1, sizeof *ranges);
    char path[96];
    const double *range = NULL;
    for (size_t i = 0; i < n; i++) {
        snprintf(path, sizeof path, "spotfinder.filter.resolution_range[%zu]", i);
        if (param_reals(p, path, &range) == 2)
            memcpy(ranges[m->n_ranges++], range, sizeof *ranges);
    }
    m->ranges = (const double(*)[2])ranges;
}

/* n whole numbers of a member of an untrusted block. false: it is not given. */
static bool take_numbers(const struct params *p, const char *path, int32_t *out, size_t n)
{
    const double *values = NULL;
    if (param_reals(p, path, &values) != n)
        return false;
    for (size_t i = 0; i < n; i++)
        out[i] = (int32_t)values[i];
    return true;
}

/* Corners of a polygon: none, or three and more, each of two numbers. What is less would mask nothing, or, being no shape at all, the
 * whole panel. */
static bool take_polygon(const struct params *p, const char *path, struct mask_untrusted *u, struct arena *a,
                         struct error *err)
{
    const double *corners = NULL;
    size_t n = param_reals(p, path, &corners);
    if (n % 2 || (n && n < 6)) {
        error_set(err, ERROR_USAGE, "%s has %s: no corners of a polygon", path, COUNT(n, "number"));
        return error_hint(err, "x and y of each corner, three corners or more: polygon = 10 10 90 10 50 80");
    }
    int32_t *polygon = arena_array(a, n + 1, sizeof *polygon);
    for (size_t k = 0; k < n; k++)
        polygon[k] = (int32_t)corners[k];
    u->polygon = polygon;
    u->n_polygon = n / 2;
    return true;
}

/* The blocks spotfinder.filter.untrusted. */
static bool take_untrusted(struct recipe *r, const struct params *p, struct arena *a, struct error *err)
{
    size_t n = param_count(p, "spotfinder.filter.untrusted");
    struct mask_untrusted *blocks = arena_array(a, n + 1, sizeof *blocks);
    char path[96];
    for (size_t i = 0; i < n; i++) {
        struct mask_untrusted *u = blocks + i;
#define MEMBER(name) (snprintf(path, sizeof path, "spotfinder.filter.untrusted[%zu]." name, i), path)
        u->panel = (int32_t)param_int(p, MEMBER("panel"), 0);
        u->has_circle = take_numbers(p, MEMBER("circle"), u->circle, 3);
        u->has_rectangle = take_numbers(p, MEMBER("rectangle"), u->rectangle, 4);
        u->has_pixel = take_numbers(p, MEMBER("pixel"), u->pixel, 2);
        if (!take_polygon(p, MEMBER("polygon"), u, a, err))
            return false;
#undef MEMBER
    }
    r->mask.untrusted = blocks;
    r->mask.n_untrusted = n;
    return true;
}

static bool take_filters(struct recipe *r, const struct params *p, struct arena *a, struct error *err)
{
#define FILTER "spotfinder.filter."
    struct spotfind_params *s = &r->spotfind;
    s->min_spot_size =
        param_is_auto(p, FILTER "min_spot_size") ? 0 : (uint32_t)param_int(p, FILTER "min_spot_size", 1);
    s->max_spot_size = (uint32_t)param_int(p, FILTER "max_spot_size", s->max_spot_size);
    s->max_separation = param_real(p, FILTER "max_separation", -1);
    s->max_strong_pixel_fraction = param_real(p, FILTER "max_strong_pixel_fraction", 1);
    s->background_gradient = param_bool(p, FILTER "background_gradient.filter", false);
    s->background_size =
        (int32_t)param_int(p, FILTER "background_gradient.background_size", s->background_size);
    s->gradient_cutoff = param_real(p, FILTER "background_gradient.gradient_cutoff", s->gradient_cutoff);
    s->spot_density = param_bool(p, FILTER "spot_density.filter", false);

    struct mask_params *m = &r->mask;
    m->border = (int32_t)param_int(p, FILTER "border", 0);
    m->d_min = param_real(p, FILTER "d_min", 0);
    m->d_max = param_real(p, FILTER "d_max", 0);
    m->no_parallax = param_bool(p, FILTER "disable_parallax_correction", false);
    take_ranges(m, p, a);
    if (!take_untrusted(r, p, a, err))
        return false;
    r->ice.on = param_bool(p, FILTER "ice_rings.filter", false);
    if (!r->ice.on)
        return true;
    const double *cell = NULL;
    if (param_reals(p, FILTER "ice_rings.unit_cell", &cell) != 6)
        return error_set(err, ERROR_USAGE,
                         "spotfinder.filter.ice_rings.unit_cell is needed with ice_rings.filter=True");
    memcpy(r->ice.cell, cell, sizeof r->ice.cell);
    r->ice.width = param_real(p, FILTER "ice_rings.width", 0.002);
    r->ice.d_min = param_real(p, FILTER "ice_rings.d_min", 0);
    return space_group_find(param_text(p, FILTER "ice_rings.space_group", "194"), &r->ice.group, err);
#undef FILTER
}

/* radial_average.*: two angles, or none. */
static bool take_glow(struct recipe *r, const struct params *p, struct error *err)
{
    struct glow_params *g = &r->glow;
    g->two_theta_low = param_real(p, "radial_average.two_theta_low", 0);
    g->two_theta_high = param_real(p, "radial_average.two_theta_high", 0);
    g->cutoff = param_real(p, "xfelx.solvent_ratio", 1);
    if (g->two_theta_low == 0 && g->two_theta_high == 0)
        return true;
    if (fabs(g->two_theta_high - g->two_theta_low) <= 0.02 * (g->two_theta_high + g->two_theta_low)) {
        error_set(err, ERROR_USAGE, "radial_average.two_theta_low=%g and two_theta_high=%g are one angle",
                  g->two_theta_low, g->two_theta_high);
        return error_hint(err, "each is taken with 2 %% of itself to both sides");
    }
    if (g->two_theta_low == 0 || g->two_theta_high == 0)
        return error_set(err, ERROR_USAGE,
                         "radial_average.two_theta_low and two_theta_high are needed together");
    return true;
}

static bool take_spots(struct recipe *r, const struct params *p, struct arena *a, struct str *files,
                       struct error *err)
{
    const char *isa = param_text(p, "xfelx.isa", NULL);
    r->kernels = kernels_select(isa);
    if (!r->kernels)
        return error_set(err, ERROR_USAGE, "xfelx.isa=%s cannot run on this processor", isa);
    r->mask_spots_path = param_text(p, "spotfinder.lookup.mask", NULL);
    r->mask_integration_path = param_text(p, "integration.lookup.mask", NULL);
    if (r->mask_spots_path && !take_file(r, "mask", r->mask_spots_path, files, a, err))
        return false;
    if (r->mask_integration_path &&
        !take_file(r, "integration_mask", r->mask_integration_path, files, a, err))
        return false;
    return take_threshold(r, p, err) && take_filters(r, p, a, err) && take_glow(r, p, err);
}

/* ---- calibration ---- */

/* Is a gain besides the map's given? */
static const char *other_gain(const struct params *p)
{
    static const char *const names[] = {"spotfinder.threshold.dispersion.gain", "xfelx.error.gain",
                                        "integration.summation.detector_gain"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        double gain = param_real(p, names[i], 1);
        if (gain > 0 && gain != 1)
            return names[i];
    }
    return NULL;
}

static bool take_maps(struct recipe *r, const struct params *p, struct arena *a, struct str *files,
                      struct error *err)
{
    r->gain_path = param_text(p, "xfelx.detector.gain_map", NULL);
    r->pedestal_path = param_text(p, "xfelx.detector.pedestal_map", NULL);
    const char *other = r->gain_path && !r->ignore_gain_mismatch ? other_gain(p) : NULL;
    if (other)
        return error_set(err, ERROR_USAGE, "the gain is given twice, by xfelx.detector.gain_map and %s",
                         other),
               error_hint(err, "a map makes photons of counts: leave the other one out "
                               "(input.ignore_gain_mismatch=True lets both count)");
    return (!r->gain_path || take_file(r, "gain", r->gain_path, files, a, err)) &&
           (!r->pedestal_path || take_file(r, "pedestal", r->pedestal_path, files, a, err));
}

/* ---- hits and crystals ---- */

static void take_hits(struct recipe *r, const struct params *p)
{
    bool finder = param_bool(p, "dispatch.hit_finder.enable", true);
    r->hit_min = finder ? (size_t)param_int(p, "dispatch.hit_finder.minimum_number_of_reflections", 1) : 1;
    r->hit_max = finder ? (size_t)param_int(p, "dispatch.hit_finder.maximum_number_of_reflections", 0) : 0;
    r->min_spots = (size_t)param_int(p, "xfelx.index.min_spots", 6);
    r->below_cut = param_bool(p, "xfelx.index.below_cut", true);
}

/* xfelx.cell.file, or what the other parameters say. */
static bool take_cells(struct recipe *r, const struct params *p, struct str *files, struct arena *a,
                       struct error *err)
{
    const char *path = param_text(p, "xfelx.cell.file", NULL);
    if (!path)
        return recipe_take_cells(r, p, a, err);
    const struct recipe_file *f = take_file(r, "cells", path, files, a, err);
    return f && recipe_take_cell_file(r, p, (const char *)f->data, f->size, path, a, err);
}

static void take_indexing(struct recipe *r, const struct params *p)
{
    struct index_params *x = &r->indexing;
    index_params_default(x);
    x->min_evidence = param_real(p, "xfelx.index.min_evidence", x->min_evidence);
    x->min_spots = r->min_spots;
    x->max_lattices = (size_t)param_int(p, "indexing.multiple_lattice_search.max_lattices", 1);
    x->min_separation =
        RADIANS * param_real(p, "indexing.multiple_lattice_search.minimum_angular_separation", 5);
    x->recycle_cutoff = param_real(p, "indexing.multiple_lattice_search.recycle_unindexed_reflections_cutoff",
                                   x->recycle_cutoff);
    x->length_tolerance = param_real(p, "indexing.known_symmetry.relative_length_tolerance", INFINITY);
    x->angle_tolerance = param_real(p, "indexing.known_symmetry.absolute_angle_tolerance", INFINITY);
    x->max_offset_px = param_real(p, "xfelx.index.max_offset_px", x->max_offset_px);
    x->deep = param_is_auto(p, "xfelx.index.deep") ? -1 : param_bool(p, "xfelx.index.deep", false);
    x->cell_sigma = param_real(p, "xfelx.cell.sigma", x->cell_sigma);

    struct refine_params *f = &r->refinement;
    refine_params_default(f);
    f->rmsd_min_px = param_real(p, "indexing.stills.rmsd_min_px", 0);
    f->volume_max = param_real(p, "indexing.stills.ewald_proximal_volume_max", 0);
    f->volume_d = param_real(p, "indexing.stills.ewald_proximity_resolution_cutoff", f->volume_d);
    f->reject_outliers = param_bool(p, "indexing.stills.candidate_outlier_rejection", true);
    f->set_half_mosaicity_deg = param_real(p, "indexing.stills.set_mosaic_half_deg_value", 0);
    f->set_domain_size = param_real(p, "indexing.stills.set_domain_size_ang_value", 0);
    f->length_tolerance = x->length_tolerance;
    f->angle_tolerance = x->angle_tolerance;
    f->cell_sigma = is_word(p, "xfelx.cell.restraint", "off") ? 0 : x->cell_sigma;
}

/* xfelx.geometry.* */
static void take_survey(struct recipe *r, const struct params *p)
{
    /* "auto" said by the person is PHIL's Auto, by default it is the word */
    bool off = is_word(p, "xfelx.geometry.refine", "off") || param_bool(p, "xfelx.parity", false);
    r->survey.wish = off                                             ? GEOMETRY_OFF
                     : is_word(p, "xfelx.geometry.refine", "report") ? GEOMETRY_REPORT
                                                                     : GEOMETRY_AUTO;
    r->survey.min_hits = (size_t)param_int(p, "xfelx.geometry.min_hits", 5);
    r->survey.max_hits = (size_t)param_int(p, "xfelx.geometry.max_hits", 400);
    r->survey.max_shift_px = param_real(p, "xfelx.geometry.max_shift_px", 15);
    r->survey.panels = !is_word(p, "xfelx.geometry.panels", "off");
}

/* ---- integration ---- */

/* ADU per photon: said for the error model, else said to the spot finder, else each panel's own (0). */
static double gain_of(const struct params *p)
{
    return param_real(p, "xfelx.error.gain", param_real(p, "spotfinder.threshold.dispersion.gain", 0));
}

static bool take_method(struct integrate_params *g, const struct params *p, struct error *err)
{
    const double *rings;
    g->method = is_word(p, "xfelx.integration.method", "rings")     ? INTEGRATE_RINGS
                : is_word(p, "xfelx.integration.method", "profile") ? INTEGRATE_PROFILE
                                                                    : INTEGRATE_SUM;
    g->partials = param_bool(p, "xfelx.integration.partials", true);
    if (param_reals(p, "xfelx.integration.rings", &rings) == 3)
        memcpy(g->rings, rings, sizeof g->rings);
    if (g->parity && g->method != INTEGRATE_SUM) {
        error_set(err, ERROR_USAGE, "xfelx.parity=on integrates by sum, not by xfelx.integration.method=%s",
                  param_text(p, "xfelx.integration.method", ""));
        return error_hint(err, "leave one of them out");
    }
    if (!(g->rings[0] >= 1 && g->rings[0] <= g->rings[1] && g->rings[1] < g->rings[2])) {
        error_set(err, ERROR_USAGE, "xfelx.integration.rings=%g,%g,%g do not grow", g->rings[0], g->rings[1],
                  g->rings[2]);
        return error_hint(err, "circle, inside and outside of the ring, px: 4,5,7");
    }
    return true;
}

static bool take_integration(struct recipe *r, const struct params *p, struct arena *a, struct error *err)
{
#define GAUSSIAN "profile.gaussian_rs.parameters."
    bool parity = param_bool(p, "xfelx.parity", false);
    struct integrate_params *g = &r->integration;
    integrate_params_default(g, parity);
    if (is_word(p, "xfelx.integration.background", "dials"))
        g->background = INTEGRATE_BACKGROUND_DIALS;
    g->predict.d_min = param_real(p, "prediction.d_min", 0);
    g->predict.d_max = param_real(p, "prediction.d_max", 0);
    g->n_sigma = param_real(p, GAUSSIAN "n_sigma", g->n_sigma);
    g->sigma_b = RADIANS * param_real(p, GAUSSIAN "sigma_b", 0);
    g->sigma_b_cutoff = RADIANS * param_real(p, GAUSSIAN "sigma_b_cutoff", 0);
    g->sigma_b_multiplier = param_real(p, "integration.profile.sigma_b_multiplier", g->sigma_b_multiplier);
    g->valid_foreground_threshold =
        param_real(p, "integration.profile.valid_foreground_threshold", g->valid_foreground_threshold);
    g->detector_gain = r->detector_gain = param_real(p, "integration.summation.detector_gain", 1);
    g->significance = param_bool(p, "significance_filter.enable", false);
    g->significance_d_min = param_real(p, "significance_filter.d_min", 0);
    g->significance_bins = (int32_t)param_int(p, "significance_filter.n_bins", g->significance_bins);
    g->significance_cutoff = param_real(p, "significance_filter.isigi_cutoff", g->significance_cutoff);
    g->gain = gain_of(p);
    g->read_noise = param_real(p, "xfelx.error.read_noise", 0);
    if (!take_method(g, p, err))
        return false;
    if (parity || g->background == INTEGRATE_BACKGROUND_DIALS)
        return true;
    struct background_limits *limits = arena_alloc(a, sizeof *limits);
    background_limits_init(limits, g->gain > 0 ? g->read_noise / g->gain : g->read_noise, g->alpha);
    g->limits = limits;
    return true;
#undef GAUSSIAN
}

/* xfelx.reference, for xfelx.index.resolve. */
static bool take_intensities(struct recipe *r, const struct params *p, struct str *files, struct arena *a,
                             struct error *err)
{
    const char *path = param_text(p, "xfelx.reference", NULL);
    r->resolve = is_word(p, "xfelx.index.resolve", "reference");
    if (!path && !r->resolve)
        return true;
    if (!path || !r->resolve || !r->group.n_ops || !r->integrate) {
        error_set(err, ERROR_USAGE,
                  "xfelx.index.resolve=reference and xfelx.reference need each other, a space "
                  "group, and integration");
        return error_hint(err, "indexing.known_symmetry.space_group; dispatch.integrate");
    }
    const struct recipe_file *f = take_file(r, "intensities", path, files, a, err);
    return f && intensities_parse(f->data, f->size, path, NULL, &r->group, a, &r->reference, err);
}

/* ---- all of it ---- */

bool recipe_fill(struct recipe *r, const struct params *p, struct arena *a, struct error *err)
{
    struct str files = {0}, text = {0};
    r->find_spots = param_bool(p, "dispatch.find_spots", true);
    r->index = r->find_spots && param_bool(p, "dispatch.index", true);
    r->integrate = r->index && param_bool(p, "dispatch.integrate", true);
    take_hits(r, p);
    bool ok = take_inputs(r, p, a, &files, err) && take_spots(r, p, a, &files, err) &&
              take_maps(r, p, a, &files, err) && take_cells(r, p, &files, a, err) &&
              take_intensities(r, p, &files, a, err) && take_integration(r, p, a, err);
    if (ok) {
        take_indexing(r, p);
        take_survey(r, p);
        params_hash(p, files.text ? files.text : "", r->hash);
        hash_hex(r->hash, 32, r->hash_hex);
        params_show(p,
                    &(struct param_show_options){.what = PARAM_SHOW_ALL, .expert = -1, .tree = PARAM_RECIPE},
                    &text);
        r->text = arena_strdup(a, text.text ? text.text : "");
    }
    str_free(&files);
    str_free(&text);
    return ok;
}

bool recipe_make(const struct params *p, struct arena *a, struct recipe **out, struct error *err)
{
    *out = arena_alloc(a, sizeof **out);
    return recipe_fill(*out, p, a, err);
}

bool recipe_takes(const struct recipe *r, const char *recorded, uint32_t frame)
{
    if (r->process_percent >= 100)
        return true;
    struct sha256 h;
    uint8_t hash[32];
    char number[16];
    sha256_start(&h);
    sha256_add(&h, recorded, strlen(recorded) + 1);
    snprintf(number, sizeof number, "%u", frame);
    sha256_add(&h, number, strlen(number));
    sha256_end(&h, hash);
    uint32_t first = (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 | hash[3];
    double share = first / 4294967296.0;
    return 100 * share < r->process_percent;
}
