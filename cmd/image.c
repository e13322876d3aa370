/* image.c - `xfelx image`: what is understood of an image file, before anything is done with it. */
#include "cmd/parameters.h"

#include "model/model.h"
#include "pipeline/pipeline.h"
#include "source/source.h"
#include "view/view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    PANELS_SHOWN = 4, /* more are listed only when asked for */
    MARK_HALF = 6,    /* px of the detector around a spot's centre */
};

/* What was found out; text and JSON are written from it. */
struct image {
    const struct cli *cli;
    const struct source *source;
    struct frame frame;                /* pixels NULL: it could not be read */
    struct view_statistics statistics; /* of the frame, when it could be read */
    int beam_panel;                    /* -1: the beam meets no panel's plane */
    double beam_px[2];
    bool beam_on_panel;
    double d_min;
    const struct spot *spots; /* NULL: not asked for */
    size_t n_spots;
    const char *hash_type; /* NULL: no checksums were asked for */
    char hash[65];
    char (*panel_hash)[65];
};

/* ---- finding out ---- */

static void find_beam(struct image *m)
{
    const struct detector *d = m->frame.detector;
    m->beam_panel = detector_beam_centre(d, &m->frame.beam.v, m->beam_px);
    if (m->beam_panel >= 0) {
        const struct panel *p = &d->panels[m->beam_panel];
        m->beam_on_panel = m->beam_px[0] >= 0 && m->beam_px[1] >= 0 && m->beam_px[0] <= p->n_fast &&
                           m->beam_px[1] <= p->n_slow;
    }
    double d_max;
    detector_resolution(d, &m->frame.beam.v, &m->d_min, &d_max);
}

static void find_hashes(struct image *m, struct arena *a)
{
    size_t n = m->frame.detector->n_panels;
    uint8_t whole[32], (*panels)[32] = arena_array(a, n, sizeof *panels);
    m->hash_type = "int32";
    if (!view_hash_int32(&m->frame, whole, panels)) {
        view_hash_own(&m->frame, whole, panels);
        m->hash_type = view_type_name(m->frame.type);
    }
    hash_hex(whole, 32, m->hash);
    m->panel_hash = arena_array(a, n, sizeof *m->panel_hash);
    for (size_t i = 0; i < n; i++)
        hash_hex(panels[i], 32, m->panel_hash[i]);
}

/* The spots of the frame by the recipe's parameters, copied into the arena. */
static bool find_spots(struct image *m, struct recipe *r, struct arena *a, struct error *err)
{
    if (!recipe_attach(r, m->frame.detector, a, err))
        return false;
    struct workspace *w = workspace_make(r, NULL, 0);
    if (!w)
        return error_set(err, ERROR_MEMORY, "no memory for finding spots");
    const struct spot *spots = NULL;
    bool ok = frame_find_spots(r, w, &m->frame, &spots, &m->n_spots, err);
    m->spots = ok ? arena_memdup(a, spots, m->n_spots * sizeof *spots) : NULL;
    workspace_free(w);
    return ok;
}

/* ---- text ---- */

/* 2296960 as "2,296,960". */
static void add_count(struct str *out, uint64_t n)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            str_addc(out, ',');
        str_addc(out, digits[i]);
    }
}

static void add_label(struct str *out, const char *label)
{
    str_printf(out, "  %-15s", label);
}

/* A number for people: whole ones whole, others with at most four digits behind the point. */
static void add_number(struct str *out, double v)
{
    if (!isfinite(v))
        str_add(out, isnan(v) ? "none" : v < 0 ? "-infinity" : "infinity");
    else if (v == floor(v) && fabs(v) < 1e15)
        str_printf(out, "%.0f", v);
    else
        str_printf(out, fabs(v) < 1 ? "%.4g" : "%.2f", v);
}

static void add_range(struct str *out, double lo, double hi)
{
    add_number(out, lo);
    str_add(out, " to ");
    add_number(out, hi);
}

static bool panels_alike(const struct detector *d)
{
    for (size_t i = 1; i < d->n_panels; i++) {
        const struct panel *a = &d->panels[0], *b = &d->panels[i];
        if (a->n_fast != b->n_fast || a->n_slow != b->n_slow || a->pixel_fast != b->pixel_fast ||
            a->pixel_slow != b->pixel_slow)
            return false;
    }
    return true;
}

static void add_detector(struct str *out, const struct detector *d)
{
    const struct panel *p = &d->panels[0];
    const struct panel_info *info = &d->info[0];
    add_label(out, "detector");
    if (d->n_panels > 1)
        str_printf(out, "%s of ", COUNT(d->n_panels, "panel"));
    if (panels_alike(d))
        str_printf(out, "%d × %d px", p->n_fast, p->n_slow);
    else
        str_add(out, "several sizes");
    if (d->n_panels > 1) {
        str_add(out, ", ");
        add_count(out, d->n_pixels);
        str_add(out, " px in all");
    }
    str_addc(out, '\n');
    add_label(out, "pixel size");
    str_printf(out, "%.6g × %.6g mm\n", p->pixel_fast, p->pixel_slow);
    if (info->material && *info->material) {
        add_label(out, "sensor");
        str_printf(out, "%s", info->material);
        bool thick = p->thickness >= 1e-4; /* simulators write the least that is not nothing */
        if (thick)
            str_printf(out, ", %.4g mm thick", p->thickness);
        str_printf(out, "%s\n", p->parallax && p->mu > 0 && thick ? ", parallax is corrected" : "");
    }
}

static void add_beam(struct str *out, const struct image *m)
{
    const struct beam_vector *b = &m->frame.beam.v;
    const struct detector *d = m->frame.detector;
    add_label(out, "distance");
    str_printf(out, "%.3f mm%s\n", fabs(panel_distance(&d->panels[0])), d->n_panels > 1 ? " (panel 0)" : "");
    add_label(out, "wavelength");
    str_printf(out, "%.6f Å (%.1f eV)", b->wavelength, EV_ANGSTROM / b->wavelength);
    str_add(out, m->frame.beam.energy_source == 1 ? ", of this shot\n" : "\n");
    add_label(out, "beam centre");
    if (m->beam_panel < 0) {
        str_add(out, "the beam meets no panel\n");
    } else {
        str_printf(out, "%.2f, %.2f px (fast, slow)", m->beam_px[0], m->beam_px[1]);
        if (d->n_panels > 1)
            str_printf(out, " of panel %d %s%s", m->beam_panel, d->info[m->beam_panel].name,
                       m->beam_on_panel ? "" : ", beside it");
        else
            str_add(out, m->beam_on_panel ? "" : ", beside the panel");
        str_addc(out, '\n');
    }
    add_label(out, "resolution");
    str_printf(out, "%.2f Å in the farthest corner\n", m->d_min);
}

static void add_limits(struct str *out, const struct image *m)
{
    const struct panel *p = &m->frame.detector->panels[0];
    add_label(out, "trusted range");
    add_range(out, p->trusted_lo, p->trusted_hi);
    str_addc(out, '\n');
    if (p->gain != 1 || p->pedestal != 0) {
        add_label(out, "gain");
        str_printf(out, "%.6g ADU a photon, pedestal %.6g ADU\n", p->gain, p->pedestal);
    }
    add_label(out, "mask");
    if (!m->frame.mask) {
        str_add(out, "the file has none\n");
        return;
    }
    size_t masked = 0;
    for (size_t i = 0; i < m->frame.detector->n_pixels; i++)
        masked += !m->frame.mask[i];
    add_count(out, masked);
    str_printf(out, " px, %.2f %% of the detector\n",
               100.0 * (double)masked / (double)m->frame.detector->n_pixels);
}

/* Three coordinates; -0.0000 would only puzzle people. */
static void add_vector(struct str *out, const double v[3], int width, int decimals)
{
    double limit = 0.5 * pow(10, -decimals);
    for (int i = 0; i < 3; i++)
        str_printf(out, " %*.*f", width, decimals, fabs(v[i]) < limit ? 0.0 : v[i]);
}

static void add_panels(struct str *out, const struct detector *d)
{
    int wide = 5;
    for (size_t i = 0; i < d->n_panels; i++)
        wide = (int)fmax(wide, (double)strlen(d->info[i].name));
    str_printf(out, "\n  %-5s  %-*s  %11s  %-33s %-24s %s\n", "panel", wide, "name", "px",
               "         corner x, y, z in mm", "   fast axis", "   slow axis");
    for (size_t i = 0; i < d->n_panels; i++) {
        const struct panel *p = &d->panels[i];
        str_printf(out, "  %5zu  %-*s  %4d × %-4d ", i, wide, d->info[i].name, p->n_fast, p->n_slow);
        add_vector(out, p->origin, 10, 3);
        str_add(out, " ");
        add_vector(out, p->fast, 7, 4);
        str_add(out, " ");
        add_vector(out, p->slow, 7, 4);
        str_addc(out, '\n');
    }
}

static void add_spots(struct str *out, const struct image *m)
{
    double d_min = INFINITY, d_max = 0;
    for (size_t i = 0; i < m->n_spots; i++) {
        const struct spot *p = &m->spots[i];
        double d =
            panel_resolution(&m->frame.detector->panels[p->panel], &m->frame.beam.v, (double[]){p->x, p->y});
        d_min = fmin(d_min, d);
        d_max = fmax(d_max, d);
    }
    add_label(out, "spots");
    add_count(out, m->n_spots);
    if (m->n_spots == 1)
        str_printf(out, ", at %.2f Å", d_min);
    else if (m->n_spots)
        str_printf(out, ", from %.1f to %.2f Å", d_max, d_min);
    str_addc(out, '\n');
}

static void add_pixels(struct str *out, const struct image *m)
{
    const struct view_statistics *s = &m->statistics;
    str_printf(out, "\nframe %u\n", m->frame.id.frame);
    add_label(out, "values");
    add_range(out, s->min, s->max);
    str_add(out, ", median ");
    add_number(out, s->median);
    str_add(out, ", mean ");
    add_number(out, s->mean);
    str_add(out, "\n");
    add_label(out, "left out");
    double share = 100.0 * (double)(s->n_masked + s->n_below + s->n_above) / (double)s->n_pixels;
    str_printf(out, "%.2f %%: ", share);
    add_count(out, s->n_masked);
    str_add(out, " px masked, ");
    add_count(out, s->n_below);
    str_add(out, " below and ");
    add_count(out, s->n_above);
    str_add(out, " above the trusted range\n");
    if (m->spots)
        add_spots(out, m);
}

static void image_text(const struct image *m, struct str *out)
{
    uint32_t frames = source_frames(m->source);
    str_printf(out, "%s\n", fs_name(source_path(m->source)));
    add_label(out, "format");
    str_printf(out, "%s, %s, pixels are %s\n", source_format(m->source), COUNT(frames, "frame"),
               view_type_name(m->frame.type));
    add_detector(out, m->frame.detector);
    add_beam(out, m);
    add_limits(out, m);
    size_t n;
    const char *const *notes = source_notes(m->source, &n);
    for (size_t i = 0; i < n; i++) {
        add_label(out, i ? "" : "notes");
        struct str wrapped = {0};
        help_wrap(&wrapped, 17, 100, notes[i]);
        str_add(out, wrapped.text + 17);
        str_free(&wrapped);
    }
    if (cli_has(m->cli, "panels") || m->frame.detector->n_panels <= PANELS_SHOWN)
        add_panels(out, m->frame.detector);
    if (m->frame.pixels)
        add_pixels(out, m);
}

static void hash_text(const struct image *m, struct str *out)
{
    const struct detector *d = m->frame.detector;
    str_printf(out, "%s  frame %u, %s little-endian\n", m->hash, m->frame.id.frame, m->hash_type);
    for (size_t i = 0; d->n_panels > 1 && i < d->n_panels; i++)
        str_printf(out, "%s  panel %zu %s\n", m->panel_hash[i], i, d->info[i].name);
}

/* ---- JSON ---- */

static void json_panels(struct json_writer *w, const struct detector *d)
{
    json_array(w, "panels", false);
    for (size_t i = 0; i < d->n_panels; i++) {
        const struct panel *p = &d->panels[i];
        json_object(w, NULL);
        json_put_text(w, "name", d->info[i].name);
        json_put_text(w, "type", d->info[i].type);
        json_array(w, "size", true);
        json_put_int(w, NULL, p->n_fast);
        json_put_int(w, NULL, p->n_slow);
        json_end_array(w);
        json_put_reals(w, "pixel_mm", (double[]){p->pixel_fast, p->pixel_slow}, 2);
        json_put_reals(w, "origin_mm", p->origin, 3);
        json_put_reals(w, "fast", p->fast, 3);
        json_put_reals(w, "slow", p->slow, 3);
        json_put_reals(w, "trusted_range", (double[]){p->trusted_lo, p->trusted_hi}, 2);
        json_put_real(w, "gain", p->gain);
        json_put_real(w, "pedestal", p->pedestal);
        json_put_text(w, "material", d->info[i].material);
        json_put_real(w, "thickness_mm", p->thickness);
        json_put_real(w, "mu_per_mm", p->mu);
        json_put_bool(w, "parallax", p->parallax);
        json_end_object(w);
    }
    json_end_array(w);
}

static void json_spots(struct json_writer *w, const struct image *m)
{
    json_array(w, "spots", false);
    for (size_t i = 0; i < m->n_spots; i++) {
        const struct spot *p = &m->spots[i];
        json_object(w, NULL);
        json_put_int(w, "panel", p->panel);
        json_put_reals(w, "xy_px", (double[]){p->x, p->y}, 2);
        json_put_int(w, "n_pixels", p->n_pixels);
        json_put_real(w, "intensity", p->intensity);
        json_put_real(w, "peak", p->peak);
        json_end_object(w);
    }
    json_end_array(w);
}

static void json_pixels(struct json_writer *w, const struct image *m)
{
    const struct view_statistics *s = &m->statistics;
    json_put_real(w, "min", s->min);
    json_put_real(w, "max", s->max);
    json_put_real(w, "sum", s->sum);
    json_put_real(w, "mean", s->mean);
    json_put_real(w, "median", s->median);
    json_put_int(w, "n_negative", (int64_t)s->n_negative);
    json_put_int(w, "n_masked", (int64_t)s->n_masked);
    json_put_int(w, "n_below", (int64_t)s->n_below);
    json_put_int(w, "n_above", (int64_t)s->n_above);
    if (m->spots)
        json_spots(w, m);
    if (!m->hash_type)
        return;
    json_put_text(w, "sha256_type", m->hash_type);
    json_put_text(w, strcmp(m->hash_type, "int32") == 0 ? "sha256_pixels_int32le" : "sha256_pixels", m->hash);
    json_array(w, "sha256_panels", false);
    for (size_t i = 0; i < m->frame.detector->n_panels; i++)
        json_put_text(w, NULL, m->panel_hash[i]);
    json_end_array(w);
}

static void image_json(const struct image *m, struct str *out)
{
    const struct frame *f = &m->frame;
    struct json_writer w = {.out = out, .indent = 2};
    json_object(&w, NULL);
    json_put_int(&w, "version", 1);
    json_put_text(&w, "file", source_path(m->source));
    json_put_text(&w, "format", source_format(m->source));
    json_put_int(&w, "frames", source_frames(m->source));
    json_put_int(&w, "frame", f->id.frame);
    json_put_text(&w, "pixel_type", view_type_name(f->type));
    json_put_int(&w, "n_pixels", (int64_t)f->detector->n_pixels);
    json_put_real(&w, "wavelength_A", f->beam.v.wavelength);
    json_put_real(&w, "energy_eV", EV_ANGSTROM / f->beam.v.wavelength);
    json_put_reals(&w, "beam_direction", f->beam.v.direction, 3);
    json_put_real(&w, "polarization_fraction", f->beam.polarization_fraction);
    json_put_real(&w, "distance_mm", panel_distance(&f->detector->panels[0]));
    if (m->beam_panel >= 0) {
        json_put_int(&w, "beam_panel", m->beam_panel);
        json_put_reals(&w, "beam_centre_px", m->beam_px, 2);
    } else {
        json_put_null(&w, "beam_panel");
        json_put_null(&w, "beam_centre_px");
    }
    json_put_real(&w, "d_min_A", m->d_min);
    json_put_bool(&w, "mask", f->mask != NULL);
    if (f->pixels)
        json_pixels(&w, m);
    json_panels(&w, f->detector);
    size_t n;
    const char *const *notes = source_notes(m->source, &n);
    json_array(&w, "notes", false);
    for (size_t i = 0; i < n; i++)
        json_put_text(&w, NULL, notes[i]);
    json_end_array(&w);
    json_end_object(&w);
    str_addc(out, '\n');
}

/* ---- picture ---- */

static bool write_picture(struct cli *cli, const struct image *m, const char *path, struct str *text,
                          struct error *err)
{
    int64_t size;
    if (!cli_int(cli, "size", 16, 16384, 1600, &size, err))
        return false;
    struct view_options o = {.size = (int32_t)size, .lo = NAN, .hi = NAN, .beam_cross = true};
    struct view_mark *marks = arena_array(&cli->arena, m->n_spots, sizeof *marks);
    for (size_t i = 0; i < m->n_spots; i++)
        marks[i] = (struct view_mark){m->spots[i].panel, m->spots[i].x, m->spots[i].y, MARK_HALF};
    o.marks = marks;
    o.n_marks = m->n_spots;
    struct view_picture picture;
    struct bytes png = {0};
    bool ok = view_render(&m->frame, &o, &cli->arena, &picture, err) && view_png(&picture, &png, err) &&
              fs_write_atomic(path, png.data, png.size, err);
    bytes_free(&png);
    if (ok && !cli_has(cli, "json")) {
        str_printf(text, "\n%s: %d × %d px, white at ", path, picture.width, picture.height);
        add_number(text, picture.lo);
        str_add(text, ", black at ");
        add_number(text, picture.hi);
        str_addc(text, '\n');
    }
    return ok;
}

/* ---- the command ---- */

/* Read the frame that is wanted into m; the facts of the source stand in for it when its pixels cannot be read. */
static bool read_frame(struct image *m, uint32_t number, struct frame_buffer *buffer, struct error *err)
{
    bool ok = source_read(m->source, number, buffer, &m->frame, err) &&
              view_statistics(&m->frame, &m->statistics, err);
    if (!ok)
        m->frame = (struct frame){.id.frame = number,
                                  .beam = *source_beam(m->source),
                                  .detector = source_detector(m->source),
                                  .type = source_pixel_type(m->source),
                                  .mask = source_mask(m->source)};
    find_beam(m);
    return ok;
}

static int show(struct cli *cli, const struct source *s, struct recipe *r)
{
    struct error err = {0};
    int64_t number;
    if (!cli_int(cli, "frame", 0, UINT32_MAX, 0, &number, &err))
        return cli_misuse(cli, &err);
    if (number >= source_frames(s)) {
        error_set(&err, ERROR_USAGE, "%s has no frame %lld", source_path(s), (long long)number);
        error_hint(&err, "it has %s, numbered from 0", COUNT(source_frames(s), "frame"));
        return cli_fail(&err);
    }
    struct image m = {.cli = cli, .source = s};
    struct frame_buffer buffer = {0};
    struct str text = {0};
    bool ok = read_frame(&m, (uint32_t)number, &buffer, &err);
    /* Without spots the picture is wanted all the more: it shows why there are none to be had. */
    struct error no_spots = {0};
    bool spots = !ok || !cli_has(cli, "spots") || find_spots(&m, r, &cli->arena, &no_spots);
    if (ok && cli_has(cli, "hash"))
        find_hashes(&m, &cli->arena);
    if (cli_has(cli, "json"))
        image_json(&m, &text);
    else if (m.hash_type)
        hash_text(&m, &text);
    else if (!cli_has(cli, "hash"))
        image_text(&m, &text);
    const char *png = cli_value(cli, "png", NULL);
    ok = ok && (!png || write_picture(cli, &m, png, &text, &err));
    cli_print(&text);
    str_free(&text);
    frame_buffer_free(&buffer);
    if (!ok)
        return cli_fail(&err);
    return spots ? EXIT_CODE_DONE : cli_fail(&no_spots);
}

static int run(struct cli *cli)
{
    struct error err = {0};
    struct params *params;
    struct recipe *recipe;
    struct source *s;
    char **files;
    size_t n;
    if (!parameters_read(cli, &params, &files, &n, &err))
        return cli_fail(&err);
    if (n != 1) {
        error_set(&err, ERROR_USAGE, n ? "image shows one file, but %zu are named" : "image needs a FILE", n);
        return cli_misuse(cli, &err);
    }
    if (!recipe_make(params, &cli->arena, &recipe, &err))
        return cli_fail(&err);
    if (!source_helper_start(&err)) /* only HDF5 files need it, and say so themselves */
        log_warn("%s", err.fact);
    int code;
    if (source_open(files[0], &recipe->source, &s, &err)) {
        code = show(cli, s, recipe);
        source_close(s);
    } else {
        code = cli_fail(&err);
    }
    source_helper_stop();
    return code;
}

static const struct option_row options[] = {
    {'f', "frame", "N", "frame of a file with several, numbered from 0; default 0"},
    {'p', "panels", NULL, "list every panel: name, size, corner and axes in the laboratory"},
    {0, "png", "OUT",
     "write the frame as a picture, panels where they lie; red: above the trusted range, sand: masked"},
    {'s', "spots", NULL, "find spots as process would, count them, and frame them in the picture"},
    {0, "size", "PX", "longest side of the picture, default 1600"},
    {0, "hash", NULL,
     "print only SHA-256 sums of the pixels, as int32 little-endian where they fit, else in the file's own "
     "type"},
    {0, "json", NULL, "everything as JSON"},
    {0, "config", "FILE", "settings file, read after the others (also $XFELX_CONFIG)"},
    {0, "phil", "FILE", "parameter file, whatever its name; files ending in .phil are recognised without"},
    {0},
};

const struct command command_image = {
    .name = "image",
    .summary = "show what is understood of an image file",
    .usage = "[OPTIONS] [PARAMETERS.phil] [name=value]... FILE",
    .text = "Opens one image file as process would and says what it found: format, detector, wavelength, "
            "distance, beam centre, "
            "trusted range, mask, and the values of one frame. Look here first when results are strange. "
            "Parameters are those of "
            "process: what changes the geometry, the masks or the spot finding is seen here.\n\n"
            "Positions are in pixels, fast then slow, from the outer corner of the first pixel. The "
            "laboratory has the sample at "
            "its origin and the beam along -z; the picture is seen from the source, x to the right and y up.",
    .options = options,
    .examples =
        (const struct example[]){
            {"xfelx image shot_0001.cbf", "what is in this file"},
            {"xfelx image run12.h5 --frame 7 --spots --png shot7.png",
             "picture of the eighth shot with its spots"},
            {"xfelx image shot_0001.cbf geometry.detector.distance=131.2", "what a better distance changes"},
            {"xfelx image shot_0001.cbf --hash", "checksums, to compare with what another program reads"},
            {0},
        },
    .run = run,
};
