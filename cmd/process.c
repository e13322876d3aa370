/* process.c - the main job: frames to reflections, live into the database and into .expt/.refl files.
 *
 * Order matters: settle parameters (nothing touched) → helper process for HDF5 → list of frames → folder, database, files →
 * team of threads → publish → end the attempt. Signals only raise a flag; the second one leaves at once, which is safe because
 * the database is consistent after each batch and files appear whole or not at all. */
#include "cmd/parameters.h"

#include "parallel/parallel.h"
#include "report/report.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    if (stop && number != SIGUSR1)
        _exit(EXIT_CODE_UNFINISHED);
    stop = 1;
}

static void catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
    if (!isatty(STDERR_FILENO))
        signal(SIGHUP, SIG_IGN);
}

/* ---- progress and names of failed frames ---- */

enum { NAMES_MAX = 20 };

struct watch {
    bool terminal;
    int64_t drawn;
    uint64_t n_failed;
};

static void draw(void *arg, const struct team_progress *p)
{
    struct watch *w = arg;
    int64_t now = clock_monotonic();
    if (!w->terminal || (p->done < p->total && now - w->drawn < 200000000))
        return;
    w->drawn = now;
    double rate = p->seconds > 0 ? (double)p->done / p->seconds : 0;
    double left = rate > 0 ? (double)(p->total - p->done) / rate : 0;
    fprintf(stderr, "\r\033[K%llu of %llu frames  %.1f/s", (unsigned long long)p->done,
            (unsigned long long)p->total, rate);
    if (p->done < p->total && rate > 0)
        fprintf(stderr, "  %d:%02d left", (int)(left / 60), (int)fmod(left, 60));
    fprintf(stderr, "  %llu hits  %llu indexed", (unsigned long long)p->hits, (unsigned long long)p->indexed);
    if (p->failed)
        fprintf(stderr, "  %llu failed", (unsigned long long)p->failed);
    fflush(stderr);
}

/* "shots.h5 frame 3"; hostile names made harmless. The first frame goes without its number: most files have but one. */
static void add_frame(struct str *line, const char *path, uint32_t frame)
{
    char name[NAME_VISIBLE];
    str_add(line, str_visible(fs_name(path), name, sizeof name));
    if (frame)
        str_printf(line, " frame %u", frame);
}

/* Does the message say by itself which frame it is about? */
static bool names_frame(const struct result *r)
{
    char number[32];
    snprintf(number, sizeof number, "frame %u", r->id.frame);
    return strstr(r->message, fs_name(r->id.path)) &&
           (r->id.single || r->id.frame == 0 || strstr(r->message, number));
}

/* One line a failed frame, up to NAMES_MAX of them: a run whose data file is missing would fill the screen with thousands. Most
 * messages name their file; those that do not get it in front. */
static void say_failed(void *arg, const struct result *r)
{
    struct watch *w = arg;
    if (w->n_failed++ >= NAMES_MAX)
        return;
    struct str line = {0};
    str_add(&line, w->terminal ? "\r\033[Kfailed: " : "failed: ");
    if (!names_frame(r)) {
        add_frame(&line, r->id.path, r->id.single ? 0 : r->id.frame);
        str_add(&line, ": ");
    }
    str_add(&line, *r->message ? r->message : reason_help(r->reason));
    str_add(&line, w->n_failed == NAMES_MAX
                       ? "\nfailed: … further ones are counted; xfelx status names them\n"
                       : "\n");
    fputs(line.text, stderr);
    str_free(&line);
}

/* ---- inputs ---- */

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

/* The detector of the first source that can be opened: what masks must fit. */
static bool attach_masks(struct recipe *r, const struct source_list *l, struct arena *a, struct error *err)
{
    if (!r->mask_spots_path && !r->mask_integration_path)
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
static const char *run_name(struct arena *a, const struct source_list *l)
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

static void run_hash(struct arena *a, const struct source_list *l, uint8_t out[32])
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

/* ---- outputs ---- */

static struct store_source *describe_sources(struct arena *a, const struct source_list *l)
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

/* Sources as image tags need them. */
static struct sink_source *tag_sources(struct arena *a, const struct source_list *l)
{
    struct sink_source *rows = arena_array(a, l->n_sources, sizeof *rows);
    for (size_t i = 0; i < l->n_sources; i++)
        rows[i] = (struct sink_source){l->sources[i].recorded, l->sources[i].first, l->sources[i].n_frames};
    return rows;
}

static struct sink_options sink_options_of(const struct params *p, const struct recipe *r,
                                           const struct source_list *l, const char *folder, struct arena *a)
{
    return (struct sink_options){
        .sources = tag_sources(a, l),
        .n_sources = l->n_sources,
        .folder = folder,
        .composite = param_bool(p, "output.composite_output", true),
        .imported_expt = param_text(p, "output.experiments_filename", NULL),
        .strong_refl = param_text(p, "output.strong_filename", NULL),
        .indexed_refl = param_text(p, "output.indexed_filename", NULL),
        .refined_expt = param_text(p, "output.refined_experiments_filename", NULL),
        .integrated_expt = param_text(p, "output.integrated_experiments_filename", NULL),
        .integrated_refl = param_text(p, "output.integrated_filename", NULL),
        .recipe_hash = r->hash_hex,
        .space_group_hall = r->group.n_ops ? r->group.hall : NULL,
        .program = arena_printf(a, "xfelx|%s", version_number()),
        .shoeboxes = param_bool(p, "output.shoeboxes", false),
    };
}

/* ---- the job ---- */

struct job {
    struct cli *cli;
    struct params *params;
    struct recipe *recipe;
    struct source_list list;
    uint64_t *frames, n_frames;
    const char *folder;
    int n_threads;
    struct store *store;
    struct store_job stored;
    struct sink *sink;
    struct watch watch;
};

static bool prepare(struct job *j, char **inputs, size_t n_inputs, struct error *err)
{
    struct arena *a = &j->cli->arena;
    if (param_text(j->params, "db.host", NULL))
        return error_set(err, ERROR_USAGE,
                         "db.host is given, but this version keeps its results in SQLite only"),
               error_hint(err, "leave db.host out: the database is then xfelx.db in output.output_dir");
    if (!recipe_make(j->params, a, &j->recipe, err))
        return false;
    all_inputs(a, j->params, &inputs, &n_inputs);
    if (n_inputs == 0)
        return error_set(err, ERROR_USAGE, "no images are named"),
               error_hint(err,
                          "xfelx process [PARAMETERS.phil] FILES... ; xfelx process --help shows examples");
    if (!source_helper_start(err) ||
        !source_list_make(inputs, n_inputs, &j->recipe->source, a, &j->list, err))
        return false;
    j->frames = choose_frames(a, j->recipe, &j->list, &j->n_frames);
    int cpus = proc_cpus();
    int64_t threads = param_int(j->params, "xfelx.threads", cpus);
    j->n_threads = (int)(threads < 1 ? 1 : threads > 1024 ? 1024 : threads);
    if (j->n_frames && (uint64_t)j->n_threads > j->n_frames)
        j->n_threads = (int)j->n_frames;
    return attach_masks(j->recipe, &j->list, a, err);
}

static bool open_outputs(struct job *j, struct error *err)
{
    struct arena *a = &j->cli->arena;
    j->folder = fs_absolute(a, param_text(j->params, "output.output_dir", "."));
    const char *file = param_text(j->params, "db.file", NULL);
    uint8_t hash[32];
    run_hash(a, &j->list, hash);
    struct store_begin begin = {
        .run_name = run_name(a, &j->list),
        .run_hash = hash,
        .folder = j->folder,
        .sources = describe_sources(a, &j->list),
        .n_sources = j->list.n_sources,
        .n_expected = j->n_frames,
        .recipe_hash = j->recipe->hash,
        .recipe_text = j->recipe->text,
        .program = arena_printf(a, "xfelx %s %s", version_number(), version_commit()),
        .host = proc_host(a),
        .n_ranks = 1,
        .n_threads = (uint32_t)j->n_threads,
    };
    struct sink_options sink = sink_options_of(j->params, j->recipe, &j->list, j->folder, a);
    return sink_check(&sink, err) && fs_make_folders(j->folder, err) &&
           store_open(file ? file : fs_join(a, j->folder, "xfelx.db"), false, &j->store, err) &&
           store_begin(j->store, &begin, &j->stored, err) &&
           (j->stored.finished || sink_open(&sink, &j->sink, err));
}

static void say_start(const struct job *j)
{
    char folder[4096];
    fprintf(stderr, "%llu frame%s of %zu file%s, trial %.16s, %d thread%s, results in %s\n",
            (unsigned long long)j->n_frames, j->n_frames == 1 ? "" : "s", j->list.n_sources,
            j->list.n_sources == 1 ? "" : "s", j->recipe->hash_hex, j->n_threads,
            j->n_threads == 1 ? "" : "s", str_visible(j->folder, folder, sizeof folder));
    if (j->recipe->no_index)
        log_warn("frames are not indexed: %s; give indexing.known_symmetry.unit_cell=a,b,c,alpha,beta,gamma "
                 "and .space_group=",
                 j->recipe->no_index);
}

/* ": shot_4.cbf, run12.h5 frame 7": the failed frames of the job in the order of the list. */
static void add_failed_names(const struct job *j, struct str *out)
{
    struct store_failed *failed = NULL;
    struct error err = {0};
    size_t n = 0;
    if (!store_failures(j->store, j->stored.job, NAMES_MAX + 1, &j->cli->arena, &failed, &n, &err))
        return;
    for (size_t i = 0; i < n && i < NAMES_MAX; i++) {
        str_add(out, i ? ", " : ": ");
        add_frame(out, failed[i].path, failed[i].frame);
    }
    if (n > NAMES_MAX)
        str_add(out, ", …");
}

static void say_end(const struct job *j, const struct team_progress *p, bool whole)
{
    char text[96];
    struct rate hits = rate_of(p->hits, p->done - p->failed), indexed = rate_of(p->indexed, p->hits);
    if (j->watch.terminal)
        fprintf(stderr, "\r\033[K");
    struct str out = {0};
    str_printf(&out, "hits       %s\n", rate_text(&hits, text));
    str_printf(&out, "indexed    %s", rate_text(&indexed, text));
    if (p->below)
        str_printf(&out, ", and %llu weak frames", (unsigned long long)p->below);
    str_printf(&out, "\nintegrated %llu frame%s, %llu lattice%s\n", (unsigned long long)p->integrated,
               p->integrated == 1 ? "" : "s", (unsigned long long)p->lattices, p->lattices == 1 ? "" : "s");
    str_printf(&out, "time       %.1f s, %.1f frames/s, %.2f CPU s a frame\n", p->seconds,
               p->seconds > 0 ? (double)p->done / p->seconds : 0,
               p->done ? clock_cpu() / (double)p->done : 0);
    if (!whole)
        str_printf(&out, "stopped after %llu of %llu frames; the same command goes on\n",
                   (unsigned long long)p->done, (unsigned long long)p->total);
    str_printf(&out, "%llu done, %llu failed", (unsigned long long)(p->done - p->failed),
               (unsigned long long)p->failed);
    add_failed_names(j, &out);
    str_addc(&out, '\n');
    cli_print(&out);
    str_free(&out);
}

/* Work, publish, end. The attempt is ended whatever happens, so that nobody waits for it. */
static int work(struct job *j, struct error *err)
{
    struct team team = {.recipe = j->recipe,
                        .list = &j->list,
                        .frames = j->frames,
                        .n_frames = j->n_frames,
                        .n_threads = j->n_threads,
                        .sink = j->sink,
                        .store = j->store,
                        .job = &j->stored,
                        .stop = &stop,
                        .progress = draw,
                        .failed = say_failed,
                        .arg = &j->watch};
    struct team_progress p = {0};
    struct error ending = {0};
    say_start(j);
    bool ok = team_run(&team, &p, err);
    bool whole = p.done == p.total;
    bool published = sink_publish(j->sink, ok ? err : &ending);
    ok = ok && published;
    say_end(j, &p, whole);
    int code = !ok                                     ? cli_fail(err)
               : !whole                                ? EXIT_CODE_UNFINISHED
               : p.done && p.failed == p.done          ? EXIT_CODE_FAILED
               : p.failed && cli_has(j->cli, "strict") ? EXIT_CODE_FAILED
                                                       : EXIT_CODE_DONE;
    int end = whole ? END_OK : ok || code == EXIT_CODE_UNFINISHED ? END_UNFINISHED : END_EXIT;
    bool final =
        whole && published && p.failed < p.done; /* of which nothing could be read: worth another try */
    if (!store_end(j->store, &j->stored, end, code, final, &ending) && code == EXIT_CODE_DONE)
        code = cli_fail(&ending);
    return code;
}

/* Somebody is at it already: what was asked for is being done. */
static int say_elsewhere(const struct error *err)
{
    struct str out = {0};
    str_printf(&out, "nothing to do: %s (%s)\n", err->fact, err->hint);
    cli_print(&out);
    str_free(&out);
    return EXIT_CODE_DONE;
}

static int run(struct cli *cli)
{
    struct error err = {0};
    struct job j = {.cli = cli, .watch = {.terminal = isatty(STDERR_FILENO)}};
    char **inputs = NULL;
    size_t n_inputs = 0;
    if (!parameters_read(cli, &j.params, &inputs, &n_inputs, &err))
        return cli_fail(&err);
    if (parameters_shown(cli, j.params))
        return EXIT_CODE_DONE;
    catch_signals();
    log_hold(j.watch.terminal);
    int code;
    if (!prepare(&j, inputs, n_inputs, &err)) {
        code = cli_fail(&err);
    } else if (!open_outputs(&j, &err)) {
        code = j.stored.elsewhere ? say_elsewhere(&err) : cli_fail(&err);
    } else if (j.stored.finished) {
        printf("nothing to do: all %llu frames are done, results are in %s\n", (unsigned long long)j.n_frames,
               j.folder);
        code = EXIT_CODE_DONE;
    } else {
        code = work(&j, &err);
    }
    log_hold(false);
    log_flush();
    sink_close(j.sink);
    store_close(j.store);
    source_list_close(&j.list);
    source_helper_stop();
    return code;
}

static const struct option_row options[] = {
    PARAMETER_OPTIONS,
    {0, "strict", NULL,
     "exit with 1 when any frame failed (else failed frames are counted and named, and the exit code is 0)"},
    {0},
};

static const struct example examples[] = {
    {"xfelx process shots.h5 indexing.known_symmetry.unit_cell=79,79,38,90,90,90 "
     "indexing.known_symmetry.space_group=P43212 "
     "output.output_dir=results",
     "find spots, index with the known cell, refine and integrate every frame of a file"},
    {"xfelx process trial.phil run0012/ output.output_dir=r0012",
     "the same for all images of a folder, with parameters in a file"},
    {"xfelx process --show-params --changed trial.phil", "see what a parameter file changes"},
    {0},
};

const struct command command_process = {
    .name = "process",
    .summary = "find spots, index, refine and integrate frames",
    .usage = "[OPTIONS] [PARAMETERS.phil] [name=value]... FILES...",
    .text =
        "FILES are images (CBF, SMV, HDF5 in the NXmx, CXI and Dectris layouts), folders of images, "
        "globs in quotes, or text files "
        "with one path a line (@list.txt). Parameters have the names and meaning of "
        "dials.stills_process; xfelx's own are "
        "below xfelx. The end of a name is enough while it is the only one (known_symmetry.unit_cell=…).\n\n"
        "Each frame ends with one outcome, kept in the database xfelx.db of output.output_dir while the "
        "program runs; see "
        "xfelx status. Reflections go to idx-0000_integrated.expt and .refl (and _indexed, _refined) in "
        "the same folder, in "
        "the form that DIALS and cctbx.xfel.merge read.\n\n"
        "A frame that cannot be read or worked on is named and counted as failed; the others go on. "
        "Ctrl-C ends in good order "
        "after the frames in hand, with code 75; the same command then goes on. Pressed twice it leaves "
        "at once.",
    .options = options,
    .examples = examples,
    .run = run,
};
