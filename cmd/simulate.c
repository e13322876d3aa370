/* simulate.c - `xfelx simulate`: make a run of frames with known truth. */
#include "cmd/cli.h"

#include "simulate/simulate.h"
#include "source/source.h"

#include <stdio.h>
#include <string.h>

static const struct option_row options[] = {
    {'n', "frames", "N", "how many frames (100)"},
    {0, "seed", "N", "start of the random numbers; the same seed makes the same file (1)"},
    {0, "cell", "A,B,C,AL,BE,GA", "unit cell, Å and degrees (79,79,38,90,90,90)"},
    {0, "space-group", "SYMBOL", "number or symbol (P 43 21 2)"},
    {0, "structure", "FILE[:COLUMN]",
     "intensities of the reflections: merged MTZ, CrystFEL .hkl, or a table \"h k l I\" (drawn: Wilson)"},
    {0, "brightness", "PHOTONS", "mean full intensity of a reflection at low angle (400)"},
    {0, "b-factor", "ANGSTROM2", "temperature factor (15)"},
    {0, "domain-size", "ANGSTROM", "size of the mosaic blocks (700)"},
    {0, "mosaicity", "DEGREES", "mosaic spread, standard deviation (0.03)"},
    {0, "size-spread", "SIGMA", "spread of the crystals' sizes, of the logarithm of their brightness (0.5)"},
    {0, "cell-spread", "FRACTION", "spread of each axis from crystal to crystal (0.001)"},
    {0, "cell-breath", "FRACTION", "spread of all axes together (0)"},
    {0, "d-min", "ANGSTROM", "no reflections beyond this resolution (the detector's corners)"},
    {0, "hits", "FRACTION", "part of the shots that hit a crystal (0.7)"},
    {0, "lattices", "N", "at most so many crystals in a hit, 1 to 3, the second and third weaker (1)"},
    {0, "background", "PHOTONS", "photons per pixel on the water ring (0.5)"},
    {0, "dark", "FRACTION", "part of the blanks that have no jet (0)"},
    {0, "ice", "PHOTONS", "photons per pixel on the strongest ring of ice (0)"},
    {0, "ice-share", "FRACTION", "part of the shots that have ice (1)"},
    {0, "wavelength", "ANGSTROM", "mean wavelength of the run (1.3)"},
    {0, "bandwidth", "FRACTION", "spread of wavelengths within a shot, standard deviation (0.001)"},
    {0, "sase", "SPIKES", "a spectrum of so many random spikes under that envelope, at most 40 (0: smooth)"},
    {0, "jitter", "FRACTION", "spread of wavelengths from shot to shot, standard deviation (0.001)"},
    {0, "divergence", "MRAD", "divergence of the beam, standard deviation (0)"},
    {0, "pointing", "MRAD", "spread of the beam's direction from shot to shot, unknown to the header (0)"},
    {0, "pulse-spread", "FRACTION", "spread of the pulse energy (0)"},
    {0, "detector", "NAME", "a known detector: see below"},
    {0, "geometry", "FILE", "panels as this file states them: .geom, .expt, or an image"},
    {0, "size", "FAST,SLOW", "a flat panel of so many pixels (1024,1024)"},
    {0, "pixel", "MM", "pixel size (0.1)"},
    {0, "distance", "MM", "sample to detector (90, or the detector's own)"},
    {0, "thickness", "MM", "silicon sensor of this thickness (thin: no parallax)"},
    {0, "gain", "ADU", "charge of a photon; other than 1: an integrating detector (1)"},
    {0, "gain-spread", "FRACTION", "of the gain from pixel to pixel (0)"},
    {0, "noise", "ADU", "read noise (0)"},
    {0, "point-spread", "PX", "of a photon's charge, standard deviation (0)"},
    {0, "drift", "ADU", "of the pedestal from shot to shot (0)"},
    {0, "saturation", "ADU", "largest value (60000)"},
    {0, "dead", "N", "dead pixels, in the mask (20)"},
    {0, "hot", "N", "hot pixels, in the mask (10)"},
    {0, "shift", "FAST,SLOW", "error of the beam centre in the file's geometry, pixels (0,0)"},
    {0, "shift-distance", "MM", "error of the distance in the file's geometry (0)"},
    {0, "panel-shift", "PX", "error of each panel's place in the file's geometry, standard deviation (0)"},
    {0, "panel-turn", "MRAD", "error of each panel's turn (0)"},
    {0, "fault", "NAME[=VALUE]", "something that goes wrong; may be given several times: see below"},
    {0, "truth-reflections", NULL, "write every reflection of a photon or more to FILE_truth.csv"},
    {0},
};

static const struct example examples[] = {
    {"xfelx simulate run.h5", "a run of 100 shots of lysozyme"},
    {"xfelx simulate run.h5 --frames 1000 --shift 1.5,-0.8", "a run whose geometry is a little wrong"},
    {"xfelx simulate b.h5 --cell 93.4,93.4,131.1,90,90,120 --space-group P6122", "another crystal"},
    {"xfelx simulate j.h5 --detector jungfrau4M --panel-shift 0.3",
     "eight modules, not quite where they should be"},
    {"xfelx simulate f.h5 --fault jet-off=40-59 --fault hot-row", "a run in which things go wrong"},
    {0},
};

/* "A,B,…": exactly n numbers. */
static bool read_list(const struct cli *cli, const char *name, double *out, size_t n, struct error *err)
{
    const char *text = cli_value(cli, name, NULL);
    char word[64];

    for (size_t i = 0; text && i < n; i++) {
        size_t length = strcspn(text, ",");
        if (length >= sizeof word)
            length = sizeof word - 1;
        memcpy(word, text, length);
        word[length] = '\0';
        text += length;
        if (!str_to_double(word, &out[i]) || (*text == ',') != (i + 1 < n))
            return error_set(err, ERROR_USAGE, "--%s takes %zu numbers with commas between, not \"%s\"", name,
                             n, cli_value(cli, name, ""));
        text += *text == ',';
    }
    return true;
}

static bool read_numbers(const struct cli *cli, struct simulate_params *p, struct error *err)
{
    const struct {
        const char *name;
        double lo, hi, *value;
    } rows[] = {
        {"brightness", 0, 1e9, &p->brightness},
        {"b-factor", 0, 500, &p->b_factor},
        {"domain-size", 50, 1e6, &p->domain_size},
        {"mosaicity", 0, 5, &p->mosaicity_deg},
        {"size-spread", 0, 3, &p->size_spread},
        {"cell-spread", 0, 0.1, &p->cell_spread},
        {"cell-breath", 0, 0.1, &p->cell_breath},
        {"d-min", 0, 1e4, &p->d_min},
        {"hits", 0, 1, &p->hit_fraction},
        {"background", 0, 1e5, &p->background},
        {"dark", 0, 1, &p->dark},
        {"ice", 0, 1e5, &p->ice},
        {"ice-share", 0, 1, &p->ice_share},
        {"wavelength", 0.01, 100, &p->wavelength},
        {"bandwidth", 0, 0.2, &p->bandwidth},
        {"jitter", 0, 0.1, &p->jitter},
        {"divergence", 0, 20, &p->divergence},
        {"pointing", 0, 20, &p->pointing},
        {"pulse-spread", 0, 3, &p->pulse_spread},
        {"pixel", 1e-3, 10, &p->pixel},
        {"distance", 1, 1e5, &p->distance},
        {"thickness", 0, 10, &p->thickness},
        {"gain", 1e-3, 1e4, &p->gain},
        {"gain-spread", 0, 0.5, &p->gain_spread},
        {"noise", 0, 1e4, &p->noise},
        {"point-spread", 0, 3, &p->point_spread},
        {"drift", 0, 1e4, &p->drift},
        {"saturation", 10, 1e9, &p->saturation},
        {"shift-distance", -1e3, 1e3, &p->shift_distance},
        {"panel-shift", 0, 100, &p->panel_shift},
        {"panel-turn", 0, 100, &p->panel_turn_mrad},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!cli_real(cli, rows[i].name, rows[i].lo, rows[i].hi, *rows[i].value, rows[i].value, err))
            return false;
    return true;
}

static bool read_counts(const struct cli *cli, struct simulate_params *p, int64_t *frames, struct error *err)
{
    double size[2] = {p->n_fast, p->n_slow}, shift[2] = {0, 0};
    int64_t seed, lattices, spikes, dead, hot;

    if (!cli_int(cli, "frames", 1, 10000000, 100, frames, err) ||
        !cli_int(cli, "seed", 0, INT64_MAX, 1, &seed, err) ||
        !cli_int(cli, "lattices", 1, SIMULATE_LATTICES_MAX, 1, &lattices, err) ||
        !cli_int(cli, "sase", 0, SIMULATE_SPIKES_MAX, 0, &spikes, err) ||
        !cli_int(cli, "dead", 0, 100000, p->dead, &dead, err) ||
        !cli_int(cli, "hot", 0, 100000, p->hot, &hot, err) || !read_list(cli, "cell", p->cell, 6, err) ||
        !read_list(cli, "size", size, 2, err) || !read_list(cli, "shift", shift, 2, err))
        return false;
    for (int i = 0; i < 2; i++)
        if (!(size[i] >= 64 && size[i] <= 8192))
            return error_set(err, ERROR_USAGE, "--size must be from 64 to 8192 pixels each way");
    p->seed = (uint64_t)seed;
    p->lattices = (int32_t)lattices;
    p->spikes = (int32_t)spikes;
    p->dead = (int32_t)dead;
    p->hot = (int32_t)hot;
    p->n_fast = (int32_t)size[0];
    p->n_slow = (int32_t)size[1];
    p->shift_fast = shift[0];
    p->shift_slow = shift[1];
    p->space_group = cli_value(cli, "space-group", p->space_group);
    return true;
}

/* A named detector or a geometry file: first, since single numbers may change what it brings. */
static bool read_detector(struct cli *cli, struct simulate_params *p, struct error *err)
{
    const char *name = cli_value(cli, "detector", NULL), *file = cli_value(cli, "geometry", NULL);
    double distance;
    if ((name != NULL) + (file != NULL) + cli_has(cli, "size") > 1)
        return error_set(err, ERROR_USAGE, "--detector, --geometry and --size exclude each other");
    if (!cli_real(cli, "distance", 1, 1e5, 0, &distance, err))
        return false;
    if (name)
        return simulate_use_preset(p, name, distance, &cli->arena, err);
    if (!file)
        return true;
    struct detector *d = NULL;
    if (!source_geometry_read(file, distance, &cli->arena, &d, &p->detector_mask, err))
        return false;
    p->detector = d;
    p->distance = panel_distance(&d->panels[0]);
    p->thickness = d->panels[0].thickness;
    return true;
}

/* --structure FILE or FILE:COLUMN; a colon that belongs to the name of a file that is there stays. */
static bool read_structure(struct cli *cli, struct simulate_params *p, struct error *err)
{
    const char *text = cli_value(cli, "structure", NULL), *label = NULL;
    if (!text)
        return true;
    char *path = arena_strdup(&cli->arena, text), *colon = strrchr(path, ':');
    if (colon && !fs_is_file(path)) {
        *colon = 0;
        label = colon + 1;
    }
    struct space_group group;
    struct bytes file = {0};
    struct intensities *list = arena_alloc(&cli->arena, sizeof *list);
    bool good = space_group_find(p->space_group, &group, err) &&
                source_file_read(path, (size_t)1 << 31, &file, err) &&
                intensities_parse(file.data, file.size, path, label, &group, &cli->arena, list, err);
    bytes_free(&file);
    if (good && list->cell[0] > 0 && !cli_has(cli, "cell"))
        memcpy(p->cell, list->cell, sizeof p->cell);
    p->structure = list;
    return good;
}

static bool read_faults(struct cli *cli, struct simulate_params *p, struct error *err)
{
    const char *const *faults = NULL;
    size_t n = cli_values(cli, "fault", &faults);
    for (size_t i = 0; i < n; i++)
        if (!simulate_fault(p, faults[i], err))
            return false;
    return true;
}

static bool read_options(struct cli *cli, struct simulate_params *p, int64_t *frames, struct error *err)
{
    if (!read_detector(cli, p, err) || !read_numbers(cli, p, err) || !read_counts(cli, p, frames, err) ||
        !read_structure(cli, p, err) || !read_faults(cli, p, err))
        return false;
    p->mu = p->thickness > 0 ? sensor_mu("Si", p->wavelength) : 0;
    return true;
}

/* ---- the run ---- */

/* Rows of --truth-reflections. */
struct rows {
    struct str text;
    uint32_t frame;
};

static void add_row(void *arg, const struct simulate_reflection *r)
{
    struct rows *rows = arg;
    str_printf(&rows->text, "%u,%d,%d,%d,%d,%d,%.3f,%.3f,%.4g,%.4g,%u\n", rows->frame, r->lattice, r->hkl[0],
               r->hkl[1], r->hkl[2], r->panel, r->px[0], r->px[1], r->expected, r->full, r->photons);
}

static bool write_rows(const char *path, const struct rows *rows, struct arena *a, struct error *err)
{
    size_t n = strlen(path) - (str_ends(path, ".h5") ? 3 : 0);
    return fs_write_atomic(arena_printf(a, "%.*s_truth.csv", (int)n, path), rows->text.text, rows->text.len,
                           err);
}

/* All frames into the file; *hits: how many of them hold a crystal. */
static bool make_frames(const struct cli *cli, const struct scene *s, const char *path, uint32_t frames,
                        struct arena *a, uint32_t *hits, struct error *err)
{
    struct simulate_writer *w;
    struct rows rows = {{0}, 0};
    const struct simulate_listener listener = {add_row, &rows};
    bool listed = cli_has(cli, "truth-reflections"), good = true;
    void *pixels = arena_array(a, scene_detector(s)->n_pixels, scene_pixel_size(s));
    void *work = arena_alloc(a, scene_work_size(s));

    if (!simulate_writer_open(s, path, frames, &w, err))
        return false;
    str_add(&rows.text, "frame,lattice,h,k,l,panel,x_px,y_px,expected,full,photons\n");
    for (uint32_t n = 0; good && n < frames; n++) {
        struct simulate_truth truth;
        rows.frame = n;
        scene_frame(s, n, pixels, &truth, listed ? &listener : NULL, work);
        *hits += truth.n_lattices > 0;
        good = simulate_writer_put(w, pixels, &truth, err);
    }
    good = good && (!listed || write_rows(path, &rows, a, err));
    if (good)
        good = simulate_writer_close(w, err);
    else
        simulate_writer_abandon(w);
    str_free(&rows.text);
    return good;
}

static void say_what(const struct scene *s, const char *path, int64_t frames, uint32_t hits)
{
    const struct detector *d = scene_detector(s);
    struct str text = {0};

    str_printf(&text, "%s: %s of ", path, COUNT(frames, "frame"));
    if (d->n_panels > 1)
        str_printf(&text, "%s", COUNT(d->n_panels, "panel"));
    else
        str_printf(&text, "%d x %s", d->panels[0].n_fast, COUNT(d->panels[0].n_slow, "pixel"));
    str_printf(&text, ", %u with crystals of %s\n", hits, scene_group(s)->hm);
    cli_print(&text);
    str_free(&text);
}

static int run(struct cli *cli)
{
    struct simulate_params p = simulate_defaults();
    struct error err = {0};
    int64_t frames;
    uint32_t hits = 0;

    if (!cli_operands(cli, 1, 1, "FILE", &err) || (cli_has(cli, "geometry") && !source_helper_start(&err)) ||
        !read_options(cli, &p, &frames, &err))
        return cli_misuse(cli, &err);
    struct scene *s = scene_make(&p, &cli->arena, &err);
    if (!s || !make_frames(cli, s, cli->operands[0], (uint32_t)frames, &cli->arena, &hits, &err))
        return cli_fail(&err);
    say_what(s, cli->operands[0], frames, hits);
    return EXIT_CODE_DONE;
}

const struct command command_simulate = {
    .name = "simulate",
    .summary = "make frames with known truth",
    .usage = "[OPTIONS] FILE.h5",
    .text = "Writes a NeXus NXmx file of made-up shots, the truth (orientation, cell and wavelength of every "
            "frame) beside it as "
            "FILE_truth.json, and the parameters to process it with as FILE.phil. The frames are drawn "
            "photon by photon from a "
            "model of mosaic crystals, their intensities, a beam with bandwidth, divergence and jitter, and "
            "scattering by air, "
            "water and ice, and read out by a counting or an integrating detector.\n\n"
            "The same options make the same file, on any machine, and a longer run begins with the frames of "
            "a shorter one.\n\n"
            "Detectors: eiger4M, eiger16M, jungfrau4M, epix10k2M, agipd1M (one image or one panel a module, "
            "nominal layout), "
            "rayonix.\n\n"
            "Faults of the header: beam-centre=PX, distance=PERCENT, wavelength=PERCENT, panel-shift=PX, "
            "panel-turn=DEGREES, "
            "gain=FACTOR, saturation=FACTOR. Of what is told in FILE.phil: cell=PERCENT, swapped-axes, "
            "space-group. Of the "
            "detector: hot-row, dead-block, moved=FIRST-LAST. Of the sample: salt=SHARE, two-forms=SHARE, "
            "jet-off=FIRST-LAST, "
            "ice=FIRST-LAST (frames). Of the data: duplicates.",
    .options = options,
    .examples = examples,
    .run = run,
};
