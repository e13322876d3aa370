/* db_replay.c - `xfelx db replay`: what journals hold and the database lacks. */
#include "cmd/db.h"
#include "cmd/process.h"

#include <stdio.h>

/* The trial's cell, that histograms begin with the bounds that process gives them. In the arena; NULL: not one cell. */
static const double *cell_of(struct arena *a, const struct store_replayable *r)
{
    struct params *p = params_make(a);
    struct error err = {0};
    const double *cell = NULL;
    if (!params_merge_text(p, "the trial", r->recipe_text, &err) ||
        param_count(p, "indexing.stills.isoforms") > 0)
        return NULL;
    return param_reals(p, "indexing.known_symmetry.unit_cell", &cell) == 6 ? cell : NULL;
}

/* All journals of a job. A store takes one job: each has a connection of its own. *frames: that it lacked. */
static bool replay_job(struct cli *cli, const struct db *db, const struct store_replayable *r,
                       uint64_t *frames, bool *elsewhere, struct error *err)
{
    char **paths = NULL;
    size_t n = 0;
    struct store *s = NULL;
    struct journals *all = NULL;
    struct store_job job = {0};
    *frames = 0;
    if (!journals_list(journals_place(&cli->arena, db->params, r->folder, r->campaign), -1, &cli->arena,
                       &paths, &n, err))
        return false;
    if (n == 0)
        return true;
    bool ok = store_open_existing(&db->options, false, false, &s, err) &&
              store_take(s, r->job, cell_of(&cli->arena, r), &job, err) &&
              journals_open((const char *const *)paths, n, &all, err) &&
              replay_store(all, s, &job, r->recipe_hash, frames, err) && store_write_rolls(s, true, err);
    *elsewhere = job.elsewhere;
    journals_close(all);
    store_close(s);
    return ok;
}

static int run(struct cli *cli)
{
    struct error err = {0};
    struct db db;
    struct store *s = NULL;
    struct store_replayable *jobs = NULL;
    struct str text = {0};
    size_t n = 0, done = 0;
    uint64_t frames = 0, all = 0;
    if (!db_read(cli, 0, "", &db, &err))
        return cli_misuse(cli, &err);
    bool ok = store_open_existing(&db.options, true, false, &s, &err) &&
              store_replayable(s, &cli->arena, &jobs, &n, &err);
    store_close(s);
    for (size_t i = 0; ok && i < n; i++) {
        bool elsewhere = false;
        ok = replay_job(cli, &db, jobs + i, &frames, &elsewhere, &err);
        if (!ok && elsewhere) {
            ok = true;
            str_printf(&text, "job %lld is being worked on: whoever does stores it\n",
                       (long long)jobs[i].job);
            continue;
        }
        done += frames > 0;
        all += frames;
    }
    if (ok)
        str_printf(&text, "%s of %s were only in journals and are in the database now\n", COUNT(all, "frame"),
                   COUNT(done, "job"));
    cli_print(&text);
    str_free(&text);
    return ok ? EXIT_CODE_DONE : cli_fail(&err);
}

const struct command db_replay = {
    .name = "db replay",
    .summary = "put into it what only the journals hold",
    .usage = "[OPTIONS] [FOLDER|FILE] [name=value]...",
    .text = "Results are safe in the journals of a job, in its output folder, before the database hears of "
            "them. Where "
            "the database was away when a job ended, or was brought back from an older copy, this reads the "
            "journals "
            "of every job again and puts in what the database lacks. Any number of times: a frame is stored "
            "once.\n\n"
            "The same process command does it too, and goes on with the frames that are missing. Jobs that "
            "are being "
            "worked on, and those that were pruned, are left alone.",
    .options = (const struct option_row[]){DB_OPTIONS, {0}},
    .examples =
        (const struct example[]){
            {"xfelx db replay results", "into results/xfelx.db"},
            {"xfelx db replay db.host=db7 db.name=xpp12345", "after the server was away"},
            {0},
        },
    .run = run,
};
