/* process_inputs.c - everything a job reads before its first frame: parameters, geometry, masks, the list of frames. Rank 0 reads
 * it; the other ranks get it as bytes and open nothing but the files of frames. See process.h. */
#include "cmd/process.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Files named on the command line, by input.file_list and by input.glob. */
static void all_inputs(struct arena *a, const struct params *p, char ***inputs, size_t *n)
{
    const char *const *globs = NULL, *list = param_text(p, "input.file_list", NULL);
    size_t n_globs = param_texts(p, "input.glob", &globs);
    char **all = arena_array(a, *n + n_globs + 2, sizeof *all);
    memcpy(all, *inputs, *n * sizeof *all);
    for (size_t i = 0; i < n_globs; i++)
        all[(*n)++] = arena_strdup(a, globs[i]);
    if (list)
        all[(*n)++] = arena_printf(a, "@%s", list);
    *inputs = all;
}

/* The frames to work on: all, or the share that dispatch.process_percent takes, at most input.max_images. */
static uint64_t *choose_frames(struct arena *a, const struct recipe *r, const struct source_list *l,
                               uint64_t *n)
{
    uint64_t *frames = arena_array(a, (size_t)l->n_frames + 1, sizeof *frames);
    *n = 0;
    for (size_t s = 0; s < l->n_sources; s++)
        for (uint32_t f = 0; f < l->sources[s].n_frames; f++)
            if (recipe_takes(r, l->sources[s].recorded, f) && (!r->max_images || *n < r->max_images))
                frames[(*n)++] = l->sources[s].first + f;
    return frames;
}

/* The detector of the first source that can be opened: what masks and maps must fit. */
static bool attach_masks(struct recipe *r, const struct source_list *l, struct arena *a, struct error *err)
{
    if (!r->mask_spots_path && !r->mask_integration_path && !r->gain_path && !r->pedestal_path)
        return true;
    struct error last = {0};
    for (size_t i = 0; i < l->n_sources; i++) {
        struct source *s = l->sources[i].open;
        if (l->sources[i].error || (!s && !source_open(l->sources[i].path, &r->source, &s, &last)))
            continue;
        bool ok = recipe_attach(r, source_detector(s), a, err);
        if (!l->sources[i].open)
            source_close(s);
        return ok;
    }
    return true; /* nothing can be opened: every frame will fail by name */
}

/* Name of a run without a number: the stem of its file; of several files the part that all stems share, without trailing digits
 * and separators; else the folder's name. */
const char *inputs_run_name(struct arena *a, const struct source_list *l)
{
    char *name = fs_stem(a, l->sources[0].recorded);
    for (size_t i = 1; i < l->n_sources; i++) {
        const char *other = fs_stem(a, l->sources[i].recorded);
        size_t n = 0;
        while (name[n] && name[n] == other[n])
            n++;
        name[n] = 0;
    }
    if (l->n_sources > 1) {
        size_t n = strlen(name);
        while (n && strchr("0123456789_-. ", name[n - 1]))
            name[--n] = 0;
    }
    return *name ? name : fs_name(fs_folder(a, l->sources[0].recorded));
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

void inputs_run_hash(struct arena *a, const struct source_list *l, uint8_t out[32])
{
    const char **paths = arena_array(a, l->n_sources, sizeof *paths);
    for (size_t i = 0; i < l->n_sources; i++)
        paths[i] = l->sources[i].recorded;
    qsort(paths, l->n_sources, sizeof *paths, by_text);
    struct sha256 h;
    sha256_start(&h);
    for (size_t i = 0; i < l->n_sources; i++)
        sha256_add(&h, paths[i], strlen(paths[i]) + 1);
    sha256_end(&h, out);
}

struct store_source *inputs_describe(struct arena *a, const struct source_list *l)
{
    struct store_source *rows = arena_array(a, l->n_sources, sizeof *rows);
    for (size_t i = 0; i < l->n_sources; i++) {
        struct stat st;
        bool here = stat(l->sources[i].path, &st) == 0;
        rows[i] = (struct store_source){
            .path = l->sources[i].recorded,
            .size = here ? st.st_size : -1,
            .mtime = here ? (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec : 0,
            .n_frames = l->sources[i].n_frames,
            .format = l->sources[i].open ? source_format(l->sources[i].open) : NULL,
        };
    }
    return rows;
}

/* Threads of this rank: as asked for, else its share of the CPUs. */
static void choose_threads(struct job *j)
{
    int64_t threads = param_int(j->params, "xfelx.threads", farm_threads(j->farm));
    j->n_threads = (int)(threads < 1 ? 1 : threads > 1024 ? 1024 : threads);
}

static bool list_inputs(struct job *j, char **inputs, size_t n, struct error *err)
{
    struct arena *a = &j->cli->arena;
    all_inputs(a, j->params, &inputs, &n);
    if (n == 0)
        return error_set(err, ERROR_USAGE, "no images are named"),
               error_hint(err,
                          "xfelx process [PARAMETERS.phil] FILES... ; xfelx process --help shows examples");
    return source_list_make(inputs, n, &j->recipe->source, a, &j->list, err);
}

bool inputs_read(struct job *j, struct error *err)
{
    struct arena *a = &j->cli->arena;
    char **inputs = NULL;
    size_t n_inputs = 0;
    if (!parameters_read(j->cli, &j->params, &inputs, &n_inputs, err))
        return false;
    if (!attempt_read(j, n_inputs, err) || !recipe_make(j->params, a, &j->recipe, err) ||
        !(j->attempt ? source_list_of(j->work.paths, j->work.here, j->work.n_paths, &j->recipe->source, a,
                                      &j->list, err)
                     : list_inputs(j, inputs, n_inputs, err)))
        return false;
    j->frames = choose_frames(a, j->recipe, &j->list, &j->n_frames);
    choose_threads(j);
    if (farm_ranks(j->farm) == 1 && j->n_frames && (uint64_t)j->n_threads > j->n_frames)
        j->n_threads = (int)j->n_frames;
    return attach_masks(j->recipe, &j->list, a, err);
}

/* ---- for the other ranks ---- */

void inputs_pack(const struct job *j, struct str *out)
{
    struct str text = {0};
    params_show(j->params, &(struct param_show_options){.what = PARAM_SHOW_ALL, .expert = -1, .tree = -1},
                &text);
    wire_text(out, text.text);
    wire_text(out, j->folder);
    wire_text(out, j->journals);
    recipe_pack(j->recipe, out);
    source_list_pack(&j->list, out);
    str_free(&text);
}

bool inputs_unpack(struct job *j, struct unwire *in, struct error *err)
{
    struct arena *a = &j->cli->arena;
    const char *text = unwire_text(in, a);
    j->folder = unwire_text(in, a);
    j->journals = unwire_text(in, a);
    j->params = params_make(a);
    if (!text || !j->folder || !j->journals)
        return error_set(err, ERROR_INTERNAL, "what came from rank 0 cannot be read");
    if (!params_merge_text(j->params, "rank 0", text, err) ||
        !recipe_unpack(j->params, in, a, &j->recipe, err) ||
        !source_list_unpack(in, &j->recipe->source, a, &j->list, err))
        return false;
    choose_threads(j);
    return true;
}
