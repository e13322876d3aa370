/* db_check.c - `xfelx db check`: is everything in the database as it must be? */
#include "cmd/db.h"

static void add_line(void *arg, const char *line)
{
    str_printf(arg, "%s\n", line);
}

static int run(struct cli *cli)
{
    struct error err = {0};
    struct db db;
    struct store *s = NULL;
    struct str text = {0};
    struct store_check check = {.say = add_line, .arg = &text};
    if (!db_read(cli, 0, "", &db, &err))
        return cli_misuse(cli, &err);
    bool ok = store_open_existing(&db.options, true, false, &s, &err) && store_check(s, &check, &err);
    if (ok) {
        str_add(&text, check.n_differences ? COUNT(check.n_differences, "difference") : "all is well");
        str_printf(&text, "; the roll-ups of %s with %s were counted again\n", COUNT(check.writers, "writer"),
                   COUNT(check.frames, "frame"));
        cli_print(&text);
    }
    str_free(&text);
    store_close(s);
    return !ok ? cli_fail(&err) : check.n_differences ? EXIT_CODE_FAILED : EXIT_CODE_DONE;
}

const struct command db_check = {
    .name = "db check",
    .summary = "is everything in it as it must be?",
    .usage = "[OPTIONS] [FOLDER|FILE] [name=value]...",
    .text =
        "Looks at the whole database: the files themselves (SQLite's integrity check, CHECK TABLE on a "
        "server), that "
        "whatever a row refers to is there, that the outcomes of a job are as many as its frames, and that "
        "the "
        "roll-ups which status and pages read are what the rows of frames and lattices say. Each difference "
        "is a line; "
        "the exit code is 1 when there is one.\n\n"
        "Jobs may go on; everything is read as it was at one moment. Jobs whose rows were pruned keep their "
        "roll-ups, which cannot be counted again.",
    .options = (const struct option_row[]){DB_OPTIONS, {0}},
    .examples =
        (const struct example[]){
            {"xfelx db check results", "of results/xfelx.db"},
            {0},
        },
    .run = run,
};
