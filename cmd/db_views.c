/* db_views.c - `xfelx db views`: cctbx.xfel's tables over ours. */
#include "cmd/db.h"

static void say_views(const char *prefix, const struct store_views *made, struct str *out)
{
    str_printf(out, "made %s: %s_run, %s_event …\n", COUNT(made->made, "view"), prefix, prefix);
    if (made->refused_jobs)
        str_printf(out,
                   "%s are too large for the reference's numbers (2^15 jobs, 2^16 files or 2^24 frames a "
                   "run): their frames are not shown\n",
                   COUNT(made->refused_jobs, "job"));
}

static int run_views(struct cli *cli)
{
    struct error err = {0};
    struct db db;
    struct store *s = NULL;
    struct store_views made;
    struct str text = {0};
    const char *prefix = cli_value(cli, "prefix", NULL);
    if (!prefix) {
        error_set(&err, ERROR_USAGE, "db views needs --prefix TAG");
        return cli_misuse(cli, &err);
    }
    bool ok = db_open(cli, 0, "", false, false, &db, &s, &err) && store_views(s, prefix, &made, &err);
    if (ok) {
        say_views(prefix, &made, &text);
        cli_print(&text);
    }
    str_free(&text);
    store_close(s);
    return ok ? EXIT_CODE_DONE : cli_fail(&err);
}

const struct command db_views = {
    .name = "db views",
    .summary = "show cctbx.xfel's tables, for its programs and your queries",
    .usage = "[OPTIONS] --prefix TAG [FOLDER|FILE] [name=value]...",
    .text = "Makes views TAG_run, TAG_trial, TAG_rungroup, TAG_event, TAG_experiment, TAG_cell, TAG_bin, "
            "TAG_cell_bin and all "
            "the other tables of cctbx.xfel over the tables of this database, with its columns and words. "
            "They are always up to "
            "date, cost nothing while nobody asks, and cannot be written to: whatever reads an experiment of "
            "cctbx.xfel (its "
            "window, its scripts, your own SQL) can read this one with the experiment tag TAG.\n\n"
            "Runs that were processed without a rungroup are in one with number 0. Frames that could not be "
            "read are no events. "
            "What the reference keeps and this database does not (unique reflections a bin, direction of the "
            "beam, the "
            "parameters of a rungroup one by one) is empty; doc/STORE.md 9.6 has the list. On a server two "
            "computed columns "
            "with an index are added to the tables of frames and lattices; do it once, before the shift "
            "rather than in it.",
    .options =
        (const struct option_row[]){
            DB_OPTIONS, {0, "prefix", "TAG", "the experiment tag: letters, digits, underscores"}, {0}},
    .examples =
        (const struct example[]){
            {"xfelx db views --prefix demo results",
             "make the views demo_run, demo_event … in results/xfelx.db"},
            {"xfelx db views --prefix L1234 db.host=db7 db.name=xpp12345",
             "on a server, for cctbx.xfel with the tag L1234"},
            {0},
        },
    .run = run_views,
};
