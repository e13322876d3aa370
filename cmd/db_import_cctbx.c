/* db_import_cctbx.c - `xfelx db import-cctbx`: an experiment of cctbx.xfel is taken over. */
#include "cmd/db.h"

static void say(const struct store_imported_cctbx *o, struct str *out)
{
    const struct {
        const char *what;
        int64_t n;
    } taken[] = {{"runs", o->runs},           {"tags", o->tags},   {"trials", o->trials},
                 {"rungroups", o->rungroups}, {"tasks", o->tasks}, {"datasets", o->datasets},
                 {"versions", o->versions},   {"jobs", o->jobs},   {"attempts", o->attempts}};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        str_printf(out, "  %-10s %lld\n", taken[i].what, (long long)taken[i].n);
    str_printf(out,
               "left in the reference's database: %s and %s (they do not say which image of which file they "
               "are), %s\n",
               COUNT(o->events_left, "event"), COUNT(o->crystals_left, "crystal"),
               COUNT(o->isoforms_left, "isoform"));
    if (o->texts_cut)
        str_printf(out, "%s have a longer name or path than fits: it was cut\n", COUNT(o->texts_cut, "run"));
}

/* Where the reference's tables are: the server of db.*, a database of its own. */
static bool source(struct cli *cli, const struct db *db, struct store_options *out, struct error *err)
{
    const char *from = cli_value(cli, "from", NULL);
    if (!database_options(&cli->arena, db->params, ".", out, err))
        return false;
    if (!from || !cli_has(cli, "prefix"))
        return error_set(err, ERROR_USAGE, "db import-cctbx needs --from DATABASE and --prefix TAG");
    out->name = from;
    out->label = arena_printf(&cli->arena, "%s on the server", from);
    return true;
}

static int run_import(struct cli *cli)
{
    struct error err = {0};
    struct db db;
    struct store *s = NULL;
    struct store_options from;
    struct store_imported_cctbx made;
    struct str text = {0};
    if (!db_read(cli, 0, "", &db, &err) || !source(cli, &db, &from, &err))
        return cli_misuse(cli, &err);
    bool ok = (!db.options.file || fs_make_folders(fs_folder(&cli->arena, db.options.file), &err)) &&
              store_open(&db.options, false, &s, &err) &&
              store_import_cctbx(s, &from, cli_value(cli, "prefix", ""), &made, &err);
    if (ok) {
        say(&made, &text);
        cli_print(&text);
    }
    str_free(&text);
    store_close(s);
    return ok ? EXIT_CODE_DONE : cli_fail(&err);
}

const struct command db_import_cctbx = {
    .name = "db import-cctbx",
    .summary = "take over an experiment of cctbx.xfel",
    .usage = "[OPTIONS] --from DATABASE --prefix TAG [FOLDER|FILE] [name=value]...",
    .text = "Reads the tables TAG_run, TAG_trial … of cctbx.xfel from a database on the server that db.* "
            "name, and makes of them "
            "the runs, tags, trials with their PHIL, rungroups, tasks, datasets with their versions, and "
            "jobs of an empty database of "
            "this program: a folder or file that is named, else db.name on the same server. The reference's "
            "database is only "
            "read. Numbers stay the same.\n\n"
            "Several jobs of the reference for the same trial, rungroup, run, task and version become "
            "attempts of one job, with the "
            "number of the first. Jobs that it calls running or waiting are lost: nobody here works on them. "
            "Parameters of a rungroup "
            "that are no PHIL become remarks in its PHIL. Its events stay behind and are counted, since they "
            "do not say which image "
            "of which file they are; its result files stay what they are.",
    .options =
        (const struct option_row[]){DB_OPTIONS,
                                    {0, "from", "DATABASE", "the database that has cctbx.xfel's tables"},
                                    {0, "prefix", "TAG", "the experiment tag, with which their names begin"},
                                    {0}},
    .examples =
        (const struct example[]){
            {"xfelx db import-cctbx --from xppdb --prefix L1234 db.host=db7 db.user=xpp new",
             "into new/xfelx.db"},
            {0},
        },
    .run = run_import,
};
