/* process.c - the main job: frames to reflections, live into the database and into .expt/.refl files, on one machine or on ranks.
 *
 * Order matters: launcher (nothing touched) → helper process for HDF5 → MPI → rank 0: parameters, list of frames, folder,
 * database; the other ranks get it from there → team of threads → publish → end the attempt. Signals only raise a flag; the
 * second one leaves as soon as what was found is in the journals, which is safe because the database is consistent after each batch
 * and files appear whole or not at all. */
#include "cmd/process.h"

#include "cmd/database.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static volatile sig_atomic_t stop;
static volatile sig_atomic_t flushes; /* the team runs: told twice, it flushes its journal before it leaves */

static void on_signal(int number)
{
    bool second = stop && number != SIGUSR1;
    if (second && !flushes)
        _exit(EXIT_CODE_UNFINISHED);
    stop = second ? 2 : stop ? stop : 1;
}

static void catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
    signal(SIGXFSZ, SIG_IGN); /* a file size limit is a full disk, not a death */
    if (!isatty(STDERR_FILENO))
        signal(SIGHUP, SIG_IGN);
}

/* ---- outputs ---- */

/* Sources as image tags need them. */
static struct sink_source *tag_sources(struct arena *a, const struct source_list *l)
{
    struct sink_source *rows = arena_array(a, l->n_sources, sizeof *rows);
    for (size_t i = 0; i < l->n_sources; i++)
        rows[i] = (struct sink_source){l->sources[i].recorded, l->sources[i].first, l->sources[i].n_frames};
    return rows;
}

static struct sink_options sink_options_of(const struct job *j)
{
    struct arena *a = &j->cli->arena;
    const struct params *p = j->params;
    return (struct sink_options){
        .sources = tag_sources(a, &j->list),
        .n_sources = j->list.n_sources,
        .folder = j->folder,
        .rank = farm_rank(j->farm),
        .replaces = j->stored.earlier_ranks > 0,
        .composite = param_bool(p, "output.composite_output", true),
        .imported_expt = param_text(p, "output.experiments_filename", NULL),
        .strong_refl = param_text(p, "output.strong_filename", NULL),
        .indexed_refl = param_text(p, "output.indexed_filename", NULL),
        .refined_expt = param_text(p, "output.refined_experiments_filename", NULL),
        .integrated_expt = param_text(p, "output.integrated_experiments_filename", NULL),
        .integrated_refl = param_text(p, "output.integrated_filename", NULL),
        .stream = param_bool(p, "xfelx.output.stream", false) ? "%s.stream" : NULL,
        .cell = j->recipe->n_cells == 1 ? j->recipe->known[0].cell : NULL,
        .fitted = j->recipe->integration.method == INTEGRATE_PROFILE,
        .cell_covariance = param_bool(p, "xfelx.output.cell_covariance", false),
        .recipe_hash = j->recipe->hash_hex,
        .space_group_hall = j->recipe->group.n_ops ? j->recipe->group.hall : NULL,
        .program = arena_printf(a, "xfelx|%s", version_number()),
        .shoeboxes = param_bool(p, "output.shoeboxes", false),
    };
}

static bool open_outputs(struct job *j, struct error *err)
{
    struct arena *a = &j->cli->arena;
    j->folder = j->attempt ? fs_join(a, j->work.folder, "out")
                           : fs_absolute(a, param_text(j->params, "output.output_dir", "."));
    journal_place(j);
    uint8_t hash[32];
    char owner[OWNER];
    inputs_run_hash(a, &j->list, hash);
    struct store_begin begin = {
        .run_name = inputs_run_name(a, &j->list),
        .run_hash = hash,
        .folder = j->folder,
        .sources = inputs_describe(a, &j->list),
        .n_sources = j->list.n_sources,
        .n_expected = j->n_frames,
        .recipe_hash = j->recipe->hash,
        .recipe_text = j->recipe->text,
        .program = arena_printf(a, "xfelx %s %s", version_number(), version_commit()),
        .host = proc_host(a),
        .n_ranks = farm_ranks(j->farm),
        .n_threads = (uint32_t)j->n_threads,
        .cell = j->recipe->n_cells == 1 ? j->recipe->known[0].cell : NULL,
        .given = j->attempt,
        .owner = owner_of(getpid(), owner),
    };
    struct sink_options last = sink_options_of(j);
    last.rank = farm_ranks(j->farm) - 1;
    uint64_t last_attempt = 0;
    struct store_options database; /* what cannot be is said before anything is touched */
    bool ok = sink_check(&last, err) &&
              (j->attempt || database_options(a, j->params, j->folder, &database, err)) &&
              fs_make_folders(j->folder, err) && journals_last_attempt(j->journals, &last_attempt, err) &&
              (j->attempt || store_open(&database, false, &j->store, err));
    begin.last_attempt = (int64_t)last_attempt;
    return ok && store_begin(j->store, &begin, &j->stored, err) && calibrations_note(j, err);
}

/* ---- the job ---- */

/* Set by job scripts: when the scheduler kills this job, s since 1970. */
static double deadline(void)
{
    double at = 0;
    const char *text = getenv("XFELX_DEADLINE");
    if (text && *text && !(str_to_double(text, &at) && at > 0))
        log_warn("XFELX_DEADLINE=%s is no time in seconds since 1970", text);
    return at > 0 ? at : 0;
}

/* This rank's part of the work. */
static bool run_team(struct job *j, struct team_progress *p, struct error *err)
{
    bool first = farm_rank(j->farm) == 0;
    struct sink_options o = sink_options_of(j);
    const struct publish *publish = journal_publish(j, &o);
    struct team team = {.farm = j->farm,
                        .recipe = j->recipe,
                        .list = &j->list,
                        .frames = j->resume.fresh,
                        .n_frames = j->resume.n_fresh,
                        .again = j->resume.again,
                        .n_again = j->resume.n_again,
                        .done = first ? &j->resume.done : NULL,
                        .n_threads = j->n_threads,
                        .frame_timeout = param_real(j->params, "xfelx.frame_timeout", 60),
                        .silence = param_real(j->params, "xfelx.rank_timeout", 30),
                        .survey = j->survey_how,
                        .journal = j->journal,
                        .full_wait = param_real(j->params, "xfelx.output.full_wait", 600),
                        .keep_spots = o.strong_refl || o.shoeboxes || o.stream,
                        .publish = publish,
                        .powder = j->powder,
                        .store = j->store,
                        .job = &j->stored,
                        .stop = &stop,
                        .leave_code = EXIT_CODE_UNFINISHED,
                        .deadline = deadline(),
                        .progress = first ? say_progress : NULL,
                        .failed = first ? say_failed : NULL,
                        .arg = j};
    flushes = 1;
    bool ok = team_run(&team, p, err) && (!first || publish_powder(publish, err));
    flushes = 0;
    return ok;
}

/* Work, publish, end. The attempt is ended whatever happens, so that nobody waits for it. */
static int work(struct job *j, struct error *err)
{
    struct team_progress p = {0};
    struct error ending = {0};
    say_start(j);
    bool ok = run_team(j, &p, err);
    j->hangs = p.hangs;
    bool whole = p.done == p.total && !p.behind;
    say_end(j, &p);
    if (!ok && store_was_superseded(j->store))
        return say_elsewhere(err);
    int code = !ok                                     ? cli_fail(err)
               : !whole                                ? EXIT_CODE_UNFINISHED
               : p.done && p.failed == p.done          ? EXIT_CODE_FAILED
               : p.failed && cli_has(j->cli, "strict") ? EXIT_CODE_FAILED
                                                       : EXIT_CODE_DONE;
    int end = whole                                ? END_OK
              : ok && p.deadline                   ? END_DEADLINE
              : ok || code == EXIT_CODE_UNFINISHED ? END_UNFINISHED
                                                   : END_EXIT;
    bool final = whole && ok && p.failed < p.done; /* of which nothing could be read: worth another try */
    if (final)
        survey_end(j);
    if (!store_end(j->store, &j->stored, end, code, final, &ending) && code == EXIT_CODE_DONE)
        code = cli_fail(&ending);
    struct store_label_joined joined;
    store_labels_join(j->store, 4, &joined, &ending); /* what fails, or is left, the watcher does */
    return code;
}

/* Rank 0's words to the others before the work: how to do it, or the code to end with. */
static bool tell_others(struct job *j, int code, bool go, struct error *err)
{
    struct str bytes = {0};
    wire_u32(&bytes, (uint32_t)code);
    wire_u8(&bytes, go);
    if (go && farm_ranks(j->farm) > 1) {
        wire_u32(&bytes, j->stored.earlier_ranks);
        wire_u64(&bytes, (uint64_t)j->stored.attempt);
        inputs_pack(j, &bytes);
    }
    bool ok = farm_share(j->farm, &bytes, err);
    str_free(&bytes);
    return ok;
}

/* Rank 0, or a program alone. */
static int lead(struct job *j)
{
    struct error err = {0};
    int code = EXIT_CODE_DONE;
    bool ok = inputs_read(j, &err) && open_outputs(j, &err) &&
              (j->stored.finished || (journal_resume(j, &err) && survey_begin(j, &err)));
    bool go = ok && !j->stored.finished;
    if (go)
        attempt_writers(j);
    if (!ok)
        code = j->stored.elsewhere ? say_elsewhere(&err) : cli_fail(&err);
    else if (j->stored.finished)
        printf("nothing to do: all %s are done, results are in %s\n", COUNT(j->n_frames, "frame"),
               fs_is_folder(j->stored.folder) ? j->stored.folder : j->folder); /* it may have been moved */
    if (!tell_others(j, code, go, &err))
        return cli_fail(&err);
    return go ? work(j, &err) : code;
}

static bool begin_to_follow(struct job *j, struct unwire *in, struct error *err)
{
    j->stored.earlier_ranks = unwire_u32(in);
    j->stored.attempt = (int64_t)unwire_u64(in);
    if (!inputs_unpack(j, in, err))
        return false;
    return journal_begin(j, err) && survey_begin(j, err);
}

/* The other ranks. What goes wrong here is told to rank 0, which says it. */
static int follow(struct job *j)
{
    struct error err = {0};
    struct str bytes = {0};
    struct team_progress p;
    if (!farm_share(j->farm, &bytes, &err))
        return cli_fail(&err);
    struct unwire in = {(const uint8_t *)bytes.text, (const uint8_t *)bytes.text + bytes.len, false};
    int code = (int)unwire_u32(&in);
    bool go = unwire_u8(&in);
    if (go && begin_to_follow(j, &in, &err))
        run_team(j, &p, &err);
    else if (go)
        farm_give_up(j->farm, &err);
    str_free(&bytes);
    return code;
}

/* --show-params is a matter for one: with ranks, the first. */
static int show(struct cli *cli, const struct launch *l)
{
    struct error err = {0};
    struct params *p;
    char **others;
    size_t n;
    if (l->rank > 0)
        return EXIT_CODE_DONE;
    if (!parameters_read(cli, &p, &others, &n, &err))
        return cli_fail(&err);
    parameters_shown(cli, p);
    return EXIT_CODE_DONE;
}

static int run(struct cli *cli)
{
    struct error err = {0};
    struct launch launch;
    struct job j = {.cli = cli, .watch = {.terminal = isatty(STDERR_FILENO)}};
    if (!launch_detect(&launch, &err))
        return cli_fail(&err);
    if (cli_has(cli, "show-params"))
        return show(cli, &launch);
    /* the helper is forked before MPI, signals are caught after it (VENDOR 3.4) */
    const char *program = arena_printf(&cli->arena, "%s %s", version_number(), version_commit());
    if (!source_helper_start(&err) || !farm_open(&launch, program, &j.farm, &err)) {
        int code = launch.rank == 0 ? cli_fail(&err) : cli_exit_code(&err);
        farm_close(j.farm, code);
        return code;
    }
    catch_signals();
    log_hold(j.watch.terminal);
    int code = farm_rank(j.farm) == 0 ? lead(&j) : follow(&j);
    log_hold(false);
    log_flush();
    store_close(j.store);
    if (!j.hangs) { /* else a thread of ours may still use them */
        survey_close(j.survey);
        journal_close(j.journal);
        powder_free(j.powder);
        source_list_close(&j.list);
        source_helper_stop();
    }
    code = farm_end(j.farm, code);
    farm_close(j.farm, code);
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
    {"xfelx process shots.h5 output.output_dir=results", "without a cell: it is found first"},
    {"mpiexec.hydra -n 4 xfelx process trial.phil run0012/ output.output_dir=r0012",
     "the same on four ranks; on a cluster: srun --mpi=pmi2 -K1 -N 2 -n 8 -c 16 xfelx process …"},
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
        "Without indexing.known_symmetry.unit_cell a sample of the frames is looked through first: the "
        "lattices "
        "that they show by themselves give one cell and Bravais lattice, said with how sure it is, and all "
        "frames "
        "are indexed with that. A space group that is given says which lattices may be.\n\n"
        "A frame that cannot be read or worked on is named and counted as failed; the others go on. "
        "Ctrl-C ends in good order "
        "after the frames in hand, with code 75; the same command then goes on. Pressed twice it leaves "
        "at once. Results are kept in .xfelx/journal of the output folder as they are found: whatever ends a "
        "job, the same "
        "command does only what is missing.\n\n"
        "Started by MPICH's mpiexec.hydra or srun --mpi=pmi2 it is one job of several ranks: the first one "
        "reads parameters and lists, hands out frames and keeps the database; each writes files of its own "
        "(idx-0000, idx-0001, …). Each rank has a thread for each CPU that it does not share with another "
        "rank, or xfelx.threads. The results are the same, byte for byte, however many ranks and threads "
        "there are. Other launchers (Open MPI's mpirun, srun without pmi2) are refused with the line to "
        "type. Under srun add --kill-on-bad-exit=1.\n\n"
        "Job scripts of xfelx submit name an attempt (XFELX_ATTEMPT): files, run and folder then come from "
        "the "
        "campaign's database, and no files may be named. A second job for the same attempt ends at once, "
        "with 0.",
    .options = options,
    .examples = examples,
    .run = run,
};
