/* db_prune.c - `xfelx db prune` and `drop`: rows that are not needed any more, and whole databases. */
#include "cmd/db.h"
#include "cmd/process.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* More frames than these go only with --yes. */
enum { FRAMES_MAX = 100000 };

/* "2026-01-31" or "2026-01-31T12:00:00", UTC. */
static bool parse_date(const char *text, int64_t *ns, struct error *err)
{
    struct tm t = {0};
    const char *end = strptime(text, "%Y-%m-%d", &t);
    if (end && *end == 'T')
        end = strptime(end, "T%H:%M:%S", &t);
    if (end && *end == 'Z')
        end++;
    if (!end || *end)
        return error_set(err, ERROR_USAGE,
                         "--before takes a date as 2026-01-31 or 2026-01-31T12:00:00, not \"%s\"", text);
    *ns = (int64_t)timegm(&t) * 1000000000;
    return true;
}

static bool read_choice(struct cli *cli, struct store_prune *how, struct error *err)
{
    const char *before = cli_value(cli, "before", NULL);
    *how = (struct store_prune){.trial = -1};
    if (!before && !cli_has(cli, "trial"))
        return error_set(err, ERROR_USAGE, "db prune needs --before DATE or --trial N");
    return (!before || parse_date(before, &how->before, err)) &&
           cli_int(cli, "trial", 0, UINT32_MAX, -1, &how->trial, err);
}

/* Journals of a job whose rows are gone: they could only bring them back. */
static bool remove_journals(struct cli *cli, const struct params *p, const struct store_prunable *job,
                            int64_t *n, struct error *err)
{
    char **paths = NULL;
    size_t count = 0;
    if (!journals_list(journals_place(&cli->arena, p, job->folder, job->campaign), -1, &cli->arena, &paths,
                       &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (unlink(paths[i]) != 0)
            return error_system(err, ERROR_FAILED, "cannot remove %s", paths[i]);
    *n += (int64_t)count;
    return true;
}

static void say_plan(const struct store_prunable *jobs, size_t n, struct str *out)
{
    char when[32], name[NAME_VISIBLE];
    for (size_t i = 0; i < n; i++)
        str_printf(out, "job %lld, trial %lld, ended %s: %s; results in %s\n", (long long)jobs[i].job,
                   (long long)jobs[i].trial, clock_text(jobs[i].ended, when), COUNT(jobs[i].frames, "frame"),
                   str_visible(jobs[i].folder, name, sizeof name));
}

static bool prune_all(struct cli *cli, const struct db *db, struct store *s,
                      const struct store_prunable *jobs, size_t n, struct str *out, struct error *err)
{
    struct db_drawn drawn = db_drawing();
    struct store_progress progress = {db_draw, &drawn};
    int64_t frames = 0, journals = 0, deleted = 0, without = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        ok = store_prune_job(s, jobs + i, &progress, &deleted, err);
        frames += deleted;
        int64_t before = journals;
        ok = ok && (!cli_has(cli, "journals") || remove_journals(cli, db->params, jobs + i, &journals, err));
        without += cli_has(cli, "journals") && journals == before;
    }
    db_erase(&drawn);
    str_printf(out, "%s of %s pruned", COUNT(frames, "frame"), COUNT(n, "job"));
    if (journals)
        str_printf(out, ", %s removed", COUNT(journals, "journal"));
    if (without)
        str_printf(out, ", none found of %s", COUNT(without, "job"));
    str_add(out, n ? "; `xfelx db vacuum` gives their space back to the disk\n" : "\n");
    return ok;
}

static int prune(struct cli *cli)
{
    struct error err = {0};
    struct db db;
    struct store *s = NULL;
    struct store_prune how;
    struct store_prunable *jobs = NULL;
    struct str text = {0};
    size_t n = 0;
    int64_t frames = 0;
    if (!db_read(cli, 0, "", &db, &err) || !read_choice(cli, &how, &err))
        return cli_misuse(cli, &err);
    bool dry = cli_has(cli, "dry-run");
    bool ok = store_open_existing(&db.options, dry, false, &s, &err) &&
              store_prunable(s, &how, &cli->arena, &jobs, &n, &err);
    for (size_t i = 0; i < n; i++)
        frames += jobs[i].frames;
    if (ok && dry) {
        say_plan(jobs, n, &text);
        str_printf(&text, "%s of %s would be pruned\n", COUNT(frames, "frame"), COUNT(n, "job"));
    } else if (ok && frames > FRAMES_MAX && !cli_has(cli, "yes")) {
        ok = error_set(&err, ERROR_USAGE, "the rows of %s of %s would be deleted", COUNT(frames, "frame"),
                       COUNT(n, "job"));
        error_hint(&err, "see which with --dry-run, then say --yes");
    } else if (ok) {
        ok = prune_all(cli, &db, s, jobs, n, &text, &err);
    }
    cli_print(&text);
    str_free(&text);
    store_close(s);
    return ok ? EXIT_CODE_DONE : cli_fail(&err);
}

const struct command db_prune = {
    .name = "db prune",
    .summary = "delete the rows of old frames, keep their sums",
    .usage = "--before DATE|--trial N [OPTIONS] [FOLDER|FILE] [name=value]...",
    .text = "Deletes the rows of single frames and lattices of jobs that are done and whose files are "
            "written. What status and pages show of them is kept: it is read from roll-ups. Nothing that was "
            "not finished is touched, and no result file; journals go with --journals only.\n\n"
            "Rows go in steps of 5000 frames, so jobs may run meanwhile; cut short, the next call goes on. "
            "More than 100000 frames at once need --yes.",
    .options =
        (const struct option_row[]){DB_OPTIONS,
                                    {0, "before", "DATE", "jobs that ended before this day or time (UTC)"},
                                    {0, "trial", "N", "jobs of the trial of this number"},
                                    {0, "journals", NULL, "remove their journals too"},
                                    {0, "dry-run", NULL, "only say what would be pruned"},
                                    {0, "yes", NULL, "also more than 100000 frames"},
                                    {0}},
    .examples =
        (const struct example[]){
            {"xfelx db prune --before 2026-01-31 --dry-run results", "what would go"},
            {"xfelx db prune --trial 3 --yes db.host=db7 db.name=xpp12345",
             "all frames of a trial that is settled"},
            {0},
        },
    .run = prune,
};

/* ---- drop ---- */

static int drop(struct cli *cli)
{
    struct error err = {0};
    struct db db;
    struct store *s = NULL;
    struct store_about about;
    struct str text = {0};
    if (!db_read(cli, 0, "", &db, &err))
        return cli_misuse(cli, &err);
    bool ok = store_open_existing(&db.options, false, true, &s, &err) && store_about(s, false, &about, &err);
    if (ok && !cli_has(cli, "yes")) {
        ok = error_set(&err, ERROR_USAGE, "%s and everything in it would be deleted", about.place);
        error_hint(&err, "make a copy with `xfelx db export` if it may be needed again, then say --yes");
    }
    ok = ok && store_drop(s, &err);
    if (ok) {
        str_printf(&text, "%s is deleted\n", about.place);
        cli_print(&text);
    }
    str_free(&text);
    store_close(s);
    return ok ? EXIT_CODE_DONE : cli_fail(&err);
}

const struct command db_drop = {
    .name = "db drop",
    .summary = "delete the database with everything in it",
    .usage = "--yes [OPTIONS] [FOLDER|FILE] [name=value]...",
    .text = "Deletes the SQLite file, or the database on the server. Result files and journals stay. Refused "
            "while a job is at work, and where the database holds tables of others.",
    .options = (const struct option_row[]){DB_OPTIONS, {0, "yes", NULL, "it may really go"}, {0}},
    .examples =
        (const struct example[]){
            {"xfelx db drop --yes results", "delete results/xfelx.db"},
            {0},
        },
    .run = drop,
};
