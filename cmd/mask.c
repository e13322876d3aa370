/* mask.c - `xfelx mask`: areas drawn on a frame as a mask: what it takes away, files of it, a version of it (SCIENCE 21, 25). */
#include "cmd/tune.h"

#include "cmd/book.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHELLS = 10, FRAMES = 200 };

struct shell {
    double d_max, d_min;
    uint64_t n, lost;
};

struct drawn {
    struct tune t;
    struct frame frame;
    struct source *source;
    struct frame_buffer buffer;
    uint8_t *mask;        /* of the recipe with the shapes */
    uint8_t *before;      /* of the file and the recipe without them */
    uint64_t *panel_lost; /* pixels that were good and no longer are */
    uint64_t good, lost;
    size_t *outside; /* numbers, from 1, of shapes that reach no pixel of their panel */
    size_t n_outside;
    struct shell shells[SHELLS];
    uint64_t n, n_lost; /* reflections */
    size_t n_frames;    /* that have some */
};

/* ---- pixels ---- */

static bool read_frame(struct drawn *m, struct error *err)
{
    struct tune *t = &m->t;
    const struct recipe *r = t->way[t->changed].recipe;
    const char *path = path_map(t->a, t->maps, t->paths[t->frames->source]);
    return source_open(path, &r->source, &m->source, err) &&
           source_read(m->source, t->frames->frame, &m->buffer, &m->frame, err);
}

static bool draw(struct drawn *m, struct error *err)
{
    struct tune *t = &m->t;
    const struct detector *d = m->frame.detector;
    uint8_t *masks[2];
    for (int k = 0; k < 2; k++) {
        struct recipe *r = t->way[k && t->changed].recipe;
        if (!recipe_attach(r, d, t->a, err))
            return false;
        masks[k] = arena_alloc(t->a, d->n_pixels);
        memset(masks[k], 1, d->n_pixels);
        recipe_draw_mask(r, d, &m->frame.beam.v, masks[k]);
    }
    m->before = masks[0];
    m->mask = masks[1];
    m->panel_lost = arena_array(t->a, d->n_panels, sizeof *m->panel_lost);
    for (size_t k = 0; k < d->n_panels; k++) {
        const struct panel *p = d->panels + k;
        size_t n = (size_t)p->n_fast * (size_t)p->n_slow;
        m->panel_lost[k] = 0;
        for (size_t i = p->first_pixel; i < p->first_pixel + n; i++) {
            bool was = m->before[i] && (!m->frame.mask || m->frame.mask[i]);
            m->good += was;
            m->panel_lost[k] += was && !m->mask[i];
        }
        m->lost += m->panel_lost[k];
    }
    return true;
}

/* A shape that has no area is a mistake; one that lies outside may be, and is told. */
static bool look_at_shapes(struct drawn *m, struct error *err)
{
    const struct tune *t = &m->t;
    const struct mask_params *p = &t->way[t->changed].recipe->mask;
    const struct detector *d = m->frame.detector;
    m->outside = arena_array(t->a, p->n_untrusted + 1, sizeof *m->outside);
    for (size_t i = 0; i < p->n_untrusted; i++) {
        const struct mask_untrusted *u = p->untrusted + i;
        if (!mask_shape_has_area(u))
            return error_set(err, ERROR_USAGE, "shape %zu has no area", i + 1),
                   error_hint(err,
                              "rectangle is x0 x1 y0 y1 with x0 < x1 and y0 < y1, circle x y r with r > 0, "
                              "a polygon has three corners");
        bool meets = u->panel >= 0 && (size_t)u->panel < d->n_panels &&
                     mask_shape_meets(u, d->panels[u->panel].n_fast, d->panels[u->panel].n_slow);
        if (!meets)
            m->outside[m->n_outside++] = i + 1;
    }
    return true;
}

/* ---- reflections ---- */

static int by_d(const void *x, const void *y)
{
    double a = ((const double *)x)[0], b = ((const double *)y)[0];
    return (a < b) - (a > b); /* large ones first */
}

/* Those that were integrated, in shells of as many each: how many have their middle on what is masked now and was not. */
static bool count_reflections(struct drawn *m, struct error *err)
{
    struct tune *t = &m->t;
    const struct detector *d = m->frame.detector;
    struct view_shelf *shelf = view_shelf_make(1, 0);
    double(*rows)[2] = NULL; /* d, is it lost */
    size_t n = 0;
    bool ok = shelf || error_set(err, ERROR_MEMORY, "out of memory");
    for (size_t i = 0; ok && i < t->n_frames; i++) {
        struct arena a = {0};
        struct result r;
        bool found;
        ok =
            view_shelf_found(shelf, t->journal, t->frames[i].source, t->frames[i].frame, &a, &r, &found, err);
        m->n_frames += ok && found && r.n_integrated;
        for (size_t k = 0; ok && found && k < r.n_integrated; k++) {
            const struct reflection *p = r.integrated + k;
            const struct panel *panel = p->panel < d->n_panels ? d->panels + p->panel : NULL;
            if (!panel || !(p->d > 0) || !(p->cal_px[0] >= 0) || !(p->cal_px[1] >= 0) ||
                p->cal_px[0] >= panel->n_fast || p->cal_px[1] >= panel->n_slow)
                continue;
            size_t at =
                panel->first_pixel + (size_t)p->cal_px[1] * (size_t)panel->n_fast + (size_t)p->cal_px[0];
            rows = arena_grow(t->a, rows, n, sizeof *rows);
            rows[n][0] = p->d;
            rows[n++][1] = m->before[at] && !m->mask[at];
        }
        arena_free(&a);
    }
    view_shelf_free(shelf);
    if (n)
        qsort(rows, n, sizeof *rows, by_d);
    for (size_t i = 0; i < n; i++) {
        struct shell *s = m->shells + i * SHELLS / n;
        s->d_max = s->n++ ? s->d_max : rows[i][0];
        s->d_min = rows[i][0];
        s->lost += rows[i][1] > 0;
        m->n_lost += rows[i][1] > 0;
    }
    m->n = n;
    return ok;
}

/* ---- files ---- */

/* An NXmx file of one image: the frame the shapes were drawn on (as real numbers, whatever its type), with its geometry, and its mask with
 * what was drawn. So it opens in whatever opens NXmx images, and shows what is masked where. */
static bool write_nxmx(const struct drawn *m, const char *path, struct error *err)
{
    struct arena a = {0};
    const struct frame *f = &m->frame;
    const size_t n = f->detector->n_pixels;
    uint32_t *wrong = arena_array(&a, n, sizeof *wrong);
    float *pixels = arena_array(&a, n, sizeof *pixels);
    for (size_t i = 0; i < n; i++) {
        wrong[i] = (f->mask && !f->mask[i] ? NXMX_UNSAID : 0) | (m->mask[i] ? 0 : NXMX_USER);
        pixels[i] = (float)view_pixel(f->pixels, f->type, i);
    }
    const struct nxmx_options o = {.detector = f->detector,
                                   .mask = m->mask,
                                   .pixel_mask = wrong,
                                   .type = PIXEL_F32,
                                   .n_frames = 1,
                                   .description = "mask by xfelx",
                                   .name = "mask",
                                   .underload = f->detector->panels[0].trusted_lo};
    struct nxmx *w;
    bool ok = nxmx_open(path, &o, &w, err);
    if (ok) {
        nxmx_put_reals(w, "/entry/instrument/beam", "NXbeam", "incident_wavelength", 0, NULL,
                       &f->beam.v.wavelength, "angstrom");
        ok = nxmx_put(w, pixels, err);
        if (!ok)
            nxmx_abandon(w);
        ok = ok && nxmx_close(w, err);
    }
    arena_free(&a);
    return ok;
}

/* Masks as text or bytes. */
static bool write_plain(const struct drawn *m, const char *path,
                        void (*form)(const struct detector *, const uint8_t *, struct str *),
                        struct error *err)
{
    struct str out = {0};
    form(m->frame.detector, m->mask, &out);
    bool ok = fs_write_atomic(path, out.text, out.len, err);
    str_free(&out);
    return ok;
}

static const struct {
    const char *ending;
    void (*form)(const struct detector *, const uint8_t *, struct str *); /* NULL: NXmx */
} forms[] = {
    {".pickle", sink_mask_dials},
    {".mask", sink_mask_dials},
    {".geom", sink_mask_crystfel},
    {".xfm", sink_mask_plain},
    {".nxs", NULL},
    {".h5", NULL},
};

static bool write_one(const struct drawn *m, const char *path, struct error *err)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (str_ends(path, forms[i].ending))
            return forms[i].form ? write_plain(m, path, forms[i].form, err) : write_nxmx(m, path, err);
    return error_set(err, ERROR_USAGE,
                     "%s: a mask is .pickle or .mask (DIALS), .geom (CrystFEL), .nxs or .h5 (NXmx) or .xfm "
                     "(plain)",
                     path);
}

static bool write_files(struct drawn *m, struct error *err)
{
    const char *const *paths;
    size_t n = cli_values(m->t.cli, "out", &paths);
    for (size_t i = 0; i < n; i++)
        if (!write_one(m, paths[i], err))
            return false;
    return true;
}

/* All drawn areas as blocks of a parameter file: what a trial or dials.generate_mask takes as it is. */
static void shapes_text(const struct tune *t, struct str *out)
{
    static const char prefix[] = "spotfinder.filter.untrusted[";
    struct param_line *lines;
    size_t n = params_lines(t->way[1].params, PARAM_RECIPE, t->a, &lines), length = 0;
    const char *block = "";
    for (size_t i = 0; i < n; i++) {
        if (!str_starts(lines[i].path, prefix) || strcmp(lines[i].value, "None") == 0)
            continue;
        const char *end = strchr(lines[i].path, ']');
        if (!end || end[1] != '.')
            continue;
        if ((size_t)(end - lines[i].path) != length || strncmp(lines[i].path, block, length) != 0)
            str_add(out, *block ? "}\nspotfinder.filter.untrusted {\n" : "spotfinder.filter.untrusted {\n");
        block = lines[i].path;
        length = (size_t)(end - lines[i].path);
        str_printf(out, "  %s = %s\n", end + 2, lines[i].value);
    }
    if (*block)
        str_add(out, "}\n");
}

/* A version of the mask under a label: the file and its shapes beside the other calibrations, and its row. */
static bool keep_version(struct drawn *m, const char *label, struct str *said, struct error *err)
{
    struct tune *t = &m->t;
    struct book b = {0};
    struct str file = {0}, shapes = {0};
    struct store_calib c = {.kind = CALIB_MASK, .label = label};
    int64_t id;
    char hex[65];
    if (!cli_int(t->cli, "first", 0, INT64_MAX, -1, &c.first, err) ||
        !cli_int(t->cli, "last", 0, INT64_MAX, -1, &c.last, err))
        return false;
    sink_mask_dials(m->frame.detector, m->mask, &file);
    shapes_text(t, &shapes);
    sha256(file.text, file.len, c.hash);
    hash_hex(c.hash, 8, hex);
    bool ok = book_open(t->cli, false, &b, err);
    const char *out = ok ? param_text(b.params, "output_folder", NULL) : NULL;
    if (!out)
        out = cli_value(t->cli, "in", ".");
    const char *folder =
        fs_join(t->a, fs_absolute(t->a, fs_is_folder(out) ? out : fs_folder(t->a, out)), ".xfelx/calib");
    c.path = fs_join(t->a, folder, arena_printf(t->a, "%s-mask.pickle", hex));
    ok = ok && fs_make_folders(folder, err) && fs_write_atomic(c.path, file.text, file.len, err) &&
         fs_write_atomic(arena_printf(t->a, "%s.phil", c.path), shapes.text, shapes.len, err) &&
         store_calib_add(b.store, &b.by, &c, &id, err);
    if (ok)
        str_printf(said, "mask %s: %.16s, %s; trials name it calib:%s\n", label, hex, c.path, label);
    store_close(b.store);
    str_free(&file);
    str_free(&shapes);
    return ok;
}

/* ---- what people see ---- */

static double share(uint64_t n, uint64_t of)
{
    return of ? 100.0 * (double)n / (double)of : NAN;
}

static void text(const struct drawn *m, struct str *out)
{
    const struct detector *d = m->frame.detector;
    str_printf(out, "%llu of %s are masked (%.2f %%)\n", (unsigned long long)m->lost,
               COUNT(m->good, "good pixel"), share(m->lost, m->good));
    for (size_t k = 0; d->n_panels > 1 && k < d->n_panels; k++)
        if (m->panel_lost[k])
            str_printf(out, "  panel %zu %s: %llu\n", k, d->info[k].name,
                       (unsigned long long)m->panel_lost[k]);
    for (size_t i = 0; i < m->n_outside; i++)
        str_printf(out, "shape %zu lies outside of its panel: it masks nothing\n", m->outside[i]);
    if (!m->n)
        return;
    str_printf(out, "%llu of %s of %s are lost (%.2f %%)\n", (unsigned long long)m->n_lost,
               COUNT(m->n, "reflection"), COUNT(m->n_frames, "frame"), share(m->n_lost, m->n));
    str_printf(out, "  %17s %11s %8s\n", "resolution", "reflections", "lost");
    for (int i = 0; i < SHELLS; i++)
        if (m->shells[i].n)
            str_printf(out, "  %6.2f to %5.2f Å %11llu %6.2f %%\n", m->shells[i].d_max, m->shells[i].d_min,
                       (unsigned long long)m->shells[i].n, share(m->shells[i].lost, m->shells[i].n));
}

static void json(const struct drawn *m, struct str *out)
{
    const struct detector *d = m->frame.detector;
    struct json_writer j = {.out = out};
    json_object(&j, NULL);
    json_put_int(&j, "version", 1);
    json_put_int(&j, "good", (int64_t)m->good);
    json_put_int(&j, "lost", (int64_t)m->lost);
    json_array(&j, "panels", true);
    for (size_t k = 0; k < d->n_panels; k++)
        json_put_int(&j, NULL, (int64_t)m->panel_lost[k]);
    json_end_array(&j);
    json_array(&j, "outside", true);
    for (size_t i = 0; i < m->n_outside; i++)
        json_put_int(&j, NULL, (int64_t)m->outside[i]);
    json_end_array(&j);
    json_put_int(&j, "frames", (int64_t)m->n_frames);
    json_put_int(&j, "reflections", (int64_t)m->n);
    json_put_int(&j, "reflections_lost", (int64_t)m->n_lost);
    json_array(&j, "shells", false);
    for (int i = 0; i < SHELLS && m->n; i++) {
        json_object(&j, NULL);
        json_put_real(&j, "d_max", m->shells[i].d_max);
        json_put_real(&j, "d_min", m->shells[i].d_min);
        json_put_int(&j, "n", (int64_t)m->shells[i].n);
        json_put_int(&j, "lost", (int64_t)m->shells[i].lost);
        json_end_object(&j);
    }
    json_end_array(&j);
    json_end_object(&j);
    str_addc(out, '\n');
}

static int run(struct cli *cli)
{
    struct error err = {0};
    struct drawn *m = arena_alloc(&cli->arena, sizeof *m);
    struct str out = {0};
    const char *label = cli_value(cli, "label", NULL);
    *m = (struct drawn){.t = {.cli = cli, .a = &cli->arena}};
    if (!tune_limits(cli, &err))
        return cli_misuse(cli, &err);
    if (!source_helper_start(&err))
        log_warn("%s", err.fact);
    bool ok = tune_read(&m->t, &err) && read_frame(m, &err) && look_at_shapes(m, &err) && draw(m, &err) &&
              count_reflections(m, &err) && write_files(m, &err);
    if (ok)
        (cli_has(cli, "json") ? json : text)(m, &out);
    ok = ok && (!label || keep_version(m, label, &out, &err));
    frame_buffer_free(&m->buffer);
    if (m->source)
        source_close(m->source);
    source_helper_stop();
    cli_print(&out);
    str_free(&out);
    return ok ? EXIT_CODE_DONE : cli_fail(&err);
}

static const struct option_row options[] = {
    {'o', "out", "FILE",
     "write the mask: .pickle or .mask as DIALS has it, .geom for CrystFEL, .nxs or .h5 NXmx with this "
     "frame, "
     ".xfm plain; may be given several times"},
    {0, "label", "LABEL", "add it as a version of this mask (xfelx calib)"},
    {0, "first", "RUN", "with --label: from this run on"},
    {0, "last", "RUN", "with --label: up to this run"},
    {0, "try", "N", "count the reflections of so many frames of the job; default 1"},
    {0, "phil", "FILE", "shapes in a parameter file, whatever its name"},
    {0, "changes", "TEXT", "shapes as text of a parameter file"},
    {0, "journal", "FILE", "look into this journal instead of the database; the frame is then SOURCE/FRAME"},
    {0, "memory", "MIB", "end when more memory than this is asked for"},
    {0, "seconds", "S", "end after this time"},
    BOOK_JSON,
    BOOK_OPTIONS,
    {0},
};

const struct command command_mask = {
    .name = "mask",
    .summary = "draw a mask on a frame, see what it takes away, keep it",
    .usage = "[OPTIONS] JOB/SOURCE/FRAME [SHAPES.phil] [NAME=VALUE]...",
    .text = "Shapes are those of DIALS: spotfinder.filter.untrusted with panel and rectangle (x0 x1 y0 y1), "
            "circle (x y r), polygon "
            "(x y …) or pixel (y x), in pixels of the panel; the same file goes into a trial as it is, and "
            "to dials.generate_mask. "
            "They come upon what the job had. Said is how many pixels are masked that were good, and what "
            "share of the "
            "reflections that the job integrated lies on them, in ten shells.\n\n"
            "--label keeps it as a version: the file, the shapes beside it (.phil), who and when; trials and "
            "rungroups then name it "
            "spotfinder.lookup.mask=calib:LABEL.",
    .options = options,
    .rules = (const struct option_rule[]){{"first last", "label", NULL, NULL}, {0}},
    .examples =
        (const struct example[]){
            {"xfelx mask 12/0/7 'spotfinder.filter.untrusted.rectangle=980 1100 0 990' --try 50",
             "what a bar over the beamstop's arm would take away"},
            {"xfelx mask 12/0/7 arm.phil --label beamstop --first 14", "keep it, for runs from 14 on"},
            {"xfelx mask 12/0/7 arm.phil -o mask.pickle -o bad.geom -o mask.nxs",
             "for DIALS, CrystFEL and whatever reads NXmx"},
            {0}},
    .run = run,
};
