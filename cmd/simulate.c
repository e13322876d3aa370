/* simulate.c - `xfelx simulate`: make a run of frames with known truth. */
#include "cmd/cli.h"

#include "simulate/simulate.h"

#include <stdio.h>
#include <string.h>

static const struct option_row options[] = {
    {'n', "frames", "N", "how many frames (100)"},
    {0, "seed", "N", "start of the random numbers; the same seed makes the same file (1)"},
    {0, "cell", "A,B,C,AL,BE,GA", "unit cell, Å and degrees (79,79,38,90,90,90)"},
    {0, "space-group", "SYMBOL", "number or symbol (P 43 21 2)"},
    {0, "size", "FAST,SLOW", "detector, pixels (1024,1024)"},
    {0, "pixel", "MM", "pixel size (0.1)"},
    {0, "distance", "MM", "sample to detector (90)"},
    {0, "wavelength", "ANGSTROM", "mean wavelength of the run (1.3)"},
    {0, "hits", "FRACTION", "part of the shots that hit a crystal (0.7)"},
    {0, "lattices", "N", "at most so many crystals in a hit, 1 to 3, the second and third weaker (1)"},
    {0, "brightness", "PHOTONS", "mean full intensity of a reflection at low angle (400)"},
    {0, "background", "PHOTONS", "photons per pixel on the water ring (0.5)"},
    {0, "b-factor", "ANGSTROM2", "temperature factor (15)"},
    {0, "domain-size", "ANGSTROM", "size of the mosaic blocks (700)"},
    {0, "mosaicity", "DEGREES", "mosaic spread, standard deviation (0.03)"},
    {0, "bandwidth", "FRACTION", "spread of wavelengths within a shot, standard deviation (0.001)"},
    {0, "jitter", "FRACTION", "spread of wavelengths from shot to shot, standard deviation (0.001)"},
    {0, "cell-spread", "FRACTION", "spread of the cell's axes from crystal to crystal (0.001)"},
    {0, "d-min", "ANGSTROM", "no reflections beyond this resolution (the detector's corners)"},
    {0, "shift", "FAST,SLOW", "error of the beam centre in the file's geometry, pixels (0,0)"},
    {0, "shift-distance", "MM", "error of the distance in the file's geometry (0)"},
    {0},
};

static const struct example examples[] = {
    {"xfelx simulate run.h5", "a run of 100 shots of lysozyme"},
    {"xfelx simulate run.h5 --frames 1000 --shift 1.5,-0.8", "a run whose geometry is a little wrong"},
    {"xfelx simulate b.h5 --cell 93.4,93.4,131.1,90,90,120 --space-group P6122", "another crystal"},
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

static bool read_options(const struct cli *cli, struct simulate_params *p, int64_t *frames, struct error *err)
{
    double size[2] = {p->n_fast, p->n_slow}, shift[2] = {0, 0};
    int64_t seed, lattices;
    const struct {
        const char *name;
        double lo, hi, *value;
    } reals[] = {
        {"pixel", 1e-3, 10, &p->pixel},
        {"distance", 1, 1e5, &p->distance},
        {"wavelength", 0.01, 100, &p->wavelength},
        {"hits", 0, 1, &p->hit_fraction},
        {"brightness", 0, 1e9, &p->brightness},
        {"background", 0, 1e5, &p->background},
        {"b-factor", 0, 500, &p->b_factor},
        {"domain-size", 50, 1e6, &p->domain_size},
        {"mosaicity", 0, 5, &p->mosaicity_deg},
        {"bandwidth", 0, 0.2, &p->bandwidth},
        {"jitter", 0, 0.1, &p->jitter},
        {"cell-spread", 0, 0.1, &p->cell_spread},
        {"d-min", 0, 1e4, &p->d_min},
        {"shift-distance", -1e3, 1e3, &p->shift_distance},
    };

    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        if (!cli_real(cli, reals[i].name, reals[i].lo, reals[i].hi, *reals[i].value, reals[i].value, err))
            return false;
    if (!cli_int(cli, "frames", 1, 10000000, 100, frames, err) ||
        !cli_int(cli, "seed", 0, INT64_MAX, 1, &seed, err) ||
        !cli_int(cli, "lattices", 1, SIMULATE_LATTICES_MAX, 1, &lattices, err) ||
        !read_list(cli, "cell", p->cell, 6, err) || !read_list(cli, "size", size, 2, err) ||
        !read_list(cli, "shift", shift, 2, err))
        return false;
    for (int i = 0; i < 2; i++)
        if (!(size[i] >= 64 && size[i] <= 8192))
            return error_set(err, ERROR_USAGE, "--size must be from 64 to 8192 pixels each way");
    p->seed = (uint64_t)seed;
    p->lattices = (int32_t)lattices;
    p->n_fast = (int32_t)size[0];
    p->n_slow = (int32_t)size[1];
    p->shift_fast = shift[0];
    p->shift_slow = shift[1];
    p->space_group = cli_value(cli, "space-group", p->space_group);
    return true;
}

/* All frames into the file; *hits: how many of them hold a crystal. */
static bool make_frames(const struct scene *s, const char *path, uint32_t frames, struct arena *a,
                        uint32_t *hits, struct error *err)
{
    struct simulate_writer *w;
    uint16_t *pixels = arena_array(a, scene_detector(s)->n_pixels, sizeof *pixels);
    void *work = arena_alloc(a, scene_work_size(s));

    if (!simulate_writer_open(s, path, frames, &w, err))
        return false;
    for (uint32_t n = 0; n < frames; n++) {
        struct simulate_truth truth;
        scene_frame(s, n, pixels, &truth, work);
        *hits += truth.n_lattices > 0;
        if (!simulate_writer_put(w, pixels, &truth, err)) {
            simulate_writer_abandon(w);
            return false;
        }
    }
    return simulate_writer_close(w, err);
}

static int run(struct cli *cli)
{
    struct simulate_params p = simulate_defaults();
    struct error err = {0};
    struct str text = {0};
    int64_t frames;
    uint32_t hits = 0;

    if (!cli_operands(cli, 1, 1, "FILE", &err) || !read_options(cli, &p, &frames, &err))
        return cli_misuse(cli, &err);
    struct scene *s = scene_make(&p, &cli->arena, &err);
    if (!s || !make_frames(s, cli->operands[0], (uint32_t)frames, &cli->arena, &hits, &err))
        return cli_fail(&err);
    str_printf(&text, "%s: %lld frames of %d x %d pixels, %u with crystals of %s\n", cli->operands[0],
               (long long)frames, p.n_fast, p.n_slow, hits, scene_group(s)->hm);
    cli_print(&text);
    str_free(&text);
    return EXIT_CODE_DONE;
}

const struct command command_simulate = {
    .name = "simulate",
    .summary = "make frames with known truth",
    .usage = "[OPTIONS] FILE.h5",
    .text = "Writes a NeXus NXmx file of made-up shots, and the truth (orientation, cell and wavelength of "
            "every frame) beside "
            "it as FILE_truth.json. The frames are drawn photon by photon from a model of mosaic crystals, "
            "their Wilson "
            "intensities, a beam with bandwidth and jitter, and scattering by air and water.\n\n"
            "The same options make the same file, on any machine, and a longer run begins with the frames of "
            "a shorter one.",
    .options = options,
    .examples = examples,
    .run = run,
};
