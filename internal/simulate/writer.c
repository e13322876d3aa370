/* writer.c - the file of a simulation (NXmx, sink/nxmx.h), and the truth beside it. */
#include "simulate/simulate.h"

#include "sink/sink.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct simulate_writer {
    const struct scene *scene;
    struct arena arena;
    const char *path;
    uint32_t n_frames, done;
    struct simulate_truth *truth; /* [n_frames] */
    struct nxmx *file;
};

/* Wavelengths, pulse energies and truth, known when all frames are. */
static void put_end(struct simulate_writer *w)
{
    const struct simulate_params *p = scene_params(w->scene);
    const size_t size[2] = {w->n_frames, 9}, six = 6;
    const double flux = 1e12; /* Hz */
    double *wavelength = arena_array(&w->arena, w->n_frames, sizeof *wavelength);
    double *pulse = arena_array(&w->arena, w->n_frames, sizeof *pulse);
    double *A = arena_array(&w->arena, w->n_frames, 9 * sizeof *A);

    for (uint32_t i = 0; i < w->n_frames; i++) {
        wavelength[i] = w->truth[i].wavelength * p->header_wavelength;
        pulse[i] = w->truth[i].pulse * flux;
        if (w->truth[i].n_lattices)
            memcpy(A + 9 * (size_t)i, w->truth[i].lattices[0].A, 9 * sizeof *A);
    }
    static const char beam[] = "/entry/instrument/beam", truth[] = "/entry/truth";
    nxmx_put_reals(w->file, beam, "NXbeam", "incident_wavelength", 1, size, wavelength, "angstrom");
    bool varies = p->pulse_spread > 0;
    nxmx_put_reals(w->file, beam, "NXbeam", "total_flux", varies ? 1 : 0, size, varies ? pulse : &flux, "Hz");
    nxmx_put_reals(w->file, truth, "NXcollection", "A_matrix", 2, size, A, NULL);
    nxmx_put_reals(w->file, truth, "NXcollection", "unit_cell", 1, &six, p->cell, NULL);
}

/* ---- beside the file ---- */

/* "run.h5" with another ending. */
static char *beside(struct simulate_writer *w, const char *ending)
{
    size_t length = strlen(w->path);
    if (str_ends(w->path, ".h5"))
        length -= 3;
    return arena_printf(&w->arena, "%.*s%s", (int)length, w->path, ending);
}

static bool write_truth(struct simulate_writer *w, struct error *err)
{
    struct str text = {0};
    simulate_truth_json(w->scene, w->truth, w->n_frames, &text);
    bool good = fs_write_atomic(beside(w, "_truth.json"), text.text, text.len, err);
    str_free(&text);
    return good;
}

/* What a user would be told about the crystals, as parameters for processing. */
static bool write_phil(struct simulate_writer *w, struct error *err)
{
    const struct simulate_params *p = scene_params(w->scene);
    const double *cell = p->told_cell[0] > 0 ? p->told_cell : p->cell;
    const char *group = p->told_space_group ? p->told_space_group : scene_group(w->scene)->hm;
    struct str text = {0};
    char number[32];

    str_add(&text, "indexing.known_symmetry {\n  unit_cell =");
    for (int i = 0; i < 6; i++)
        str_printf(&text, "%s%s", i ? "," : " ", str_double(cell[i], number));
    str_printf(&text, "\n  space_group = %s\n}\n", group);
    bool good = fs_write_atomic(beside(w, ".phil"), text.text, text.len, err);
    str_free(&text);
    return good;
}

/* ---- the writer ---- */

bool simulate_writer_open(const struct scene *s, const char *path, uint32_t n_frames,
                          struct simulate_writer **out, struct error *err)
{
    const struct simulate_params *p = scene_params(s);
    const struct detector *d = scene_detector(s);
    bool counts = scene_pixel_type(s) == PIXEL_U16;
    double gain = d->panels[0].gain;
    const struct nxmx_options o = {
        .detector = d,
        .mask = scene_mask(s),
        .type = scene_pixel_type(s),
        .n_frames = n_frames,
        .description = counts ? "simulated photon counter" : "simulated integrating detector",
        .name = "simulated",
        .underload = counts ? 0 : -ceil(10 * (p->noise + p->drift + p->gain)),
        .data_scale = gain != 1 ? 1 / gain : 0,
    };
    struct nxmx *file = NULL;
    if (!nxmx_open(path, &o, &file, err))
        return false;
    struct arena arena = {0};
    struct simulate_writer *w = arena_alloc(&arena, sizeof *w);
    *w = (struct simulate_writer){.scene = s, .arena = arena, .n_frames = n_frames, .file = file};
    w->path = arena_strdup(&w->arena, path);
    w->truth = arena_array(&w->arena, n_frames, sizeof *w->truth);
    *out = w;
    return true;
}

bool simulate_writer_put(struct simulate_writer *w, const void *pixels, const struct simulate_truth *truth,
                         struct error *err)
{
    if (w->done < w->n_frames)
        w->truth[w->done++] = *truth;
    return nxmx_put(w->file, pixels, err);
}

static void release(struct simulate_writer *w)
{
    struct arena arena = w->arena;
    arena_free(&arena);
}

void simulate_writer_abandon(struct simulate_writer *w)
{
    nxmx_abandon(w->file);
    release(w);
}

bool simulate_writer_close(struct simulate_writer *w, struct error *err)
{
    if (w->done == w->n_frames)
        put_end(w);
    bool good = w->done < w->n_frames || (write_truth(w, err) && write_phil(w, err));
    if (good)
        good = nxmx_close(w->file, err);
    else
        nxmx_abandon(w->file);
    release(w);
    return good;
}
