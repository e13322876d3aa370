/* db_move.c - `xfelx db export` and `import`: between backends and between sites. */
#include "cmd/db.h"

#include <string.h>

/* "in 3.2 s" */
static void add_seconds(struct str *out, const struct db_drawn *d)
{
    str_printf(out, " in %.1f s\n", 1e-9 * (double)(clock_monotonic() - d->start));
}

/* ---- export ---- */

static int export(struct cli *cli)
{
    struct error err = {0};
    struct db db;
    struct store *s = NULL;
    struct str text = {0};
    struct db_drawn drawn = db_drawing();
    struct store_progress progress = {db_draw, &drawn};
    int64_t rows = 0;
    if (!db_read(cli, 1, "a name for the file", &db, &err))
        return cli_misuse(cli, &err);
    bool ok = store_open_existing(&db.options, true, false, &s, &err) &&
              store_export(s, db.words[0], &progress, &rows, &err);
    db_erase(&drawn);
    if (ok) {
        str_printf(&text, "exported %s to %s", COUNT(rows, "row"), db.words[0]);
        add_seconds(&text, &drawn);
        cli_print(&text);
    }
    str_free(&text);
    store_close(s);
    return ok ? EXIT_CODE_DONE : cli_fail(&err);
}

const struct command db_export = {
    .name = "db export",
    .summary = "copy everything into one SQLite file",
    .usage = "[OPTIONS] FILE [FOLDER|FILE] [name=value]...",
    .text =
        "Writes FILE, a SQLite database with the same tables and all rows as they were at one moment. Jobs "
        "may go "
        "on; what they add later is not in it. FILE must not exist, and exists only when it is whole.\n\n"
        "It is a backup, the way from SQLite to a server and back, and the way to another site: take the "
        "file "
        "and the folders of results along, and call xfelx db import there. xfelx status reads it as it is.",
    .options = (const struct option_row[]){DB_OPTIONS, {0}},
    .examples =
        (const struct example[]){
            {"xfelx db export xpp12345.db db.host=db7 db.name=xpp12345", "from a server"},
            {"xfelx db export backup.db results", "from results/xfelx.db"},
            {0},
        },
    .run = export,
};

/* ---- import ---- */

static bool read_maps(struct cli *cli, struct store_import *how, struct error *err)
{
    const char *const *texts = NULL;
    size_t n = cli_values(cli, "map", &texts);
    struct store_map *maps = arena_array(&cli->arena, n + 1, sizeof *maps);
    for (size_t i = 0; i < n; i++) {
        const char *equals = strchr(texts[i], '=');
        if (!equals || equals == texts[i] || !equals[1])
            return error_set(err, ERROR_USAGE, "--map takes FROM=TO, not \"%s\"", texts[i]);
        maps[i] = (struct store_map){arena_strndup(&cli->arena, texts[i], (size_t)(equals - texts[i])),
                                     fs_absolute(&cli->arena, equals + 1)};
    }
    how->maps = maps;
    how->n_maps = n;
    return true;
}

static void add_missing(struct str *out, const struct store_imported *r)
{
    if (r->lost)
        str_printf(out, "%s had not ended and count%s as lost; the same commands go on with their jobs\n",
                   COUNT(r->lost, "attempt"), r->lost == 1 ? "s" : "");
    if (r->folders_missing)
        str_printf(out, "the results of %lld of %s are not found here\n", (long long)r->folders_missing,
                   COUNT(r->jobs, "job"));
    if (r->journals_missing)
        str_printf(out, "%lld of %s are not found here: rows are complete, reflections are not\n",
                   (long long)r->journals_missing, COUNT(r->journals, "journal"));
    if (r->folders_missing || r->journals_missing)
        str_add(out, "copy the folders, or say with --map FROM=TO where they are, and import anew\n");
}

static int import(struct cli *cli)
{
    struct error err = {0};
    struct db db;
    struct store *s = NULL;
    struct str text = {0};
    struct db_drawn drawn = db_drawing();
    struct store_progress progress = {db_draw, &drawn};
    struct store_import how = {.progress = &progress};
    struct store_imported done;
    if (!db_read(cli, 1, "an exported file", &db, &err) || !read_maps(cli, &how, &err))
        return cli_misuse(cli, &err);
    how.file = db.words[0];
    bool ok =
        fs_is_file(how.file) || (error_set(&err, ERROR_UNREADABLE, "there is no file %s", how.file), false);
    ok = ok && (!db.options.file || fs_make_folders(fs_folder(&cli->arena, db.options.file), &err)) &&
         store_open(&db.options, false, &s, &err) && store_import(s, &how, &done, &err);
    db_erase(&drawn);
    if (s && !ok && store_made(s).database) /* an import that fails leaves nothing behind */
        store_drop(s, NULL);
    if (ok) {
        str_printf(&text, "imported %s from %s", COUNT(done.rows, "row"), how.file);
        add_seconds(&text, &drawn);
        add_missing(&text, &done);
        cli_print(&text);
    }
    str_free(&text);
    store_close(s);
    return ok ? EXIT_CODE_DONE : cli_fail(&err);
}

const struct command db_import = {
    .name = "db import",
    .summary = "take an exported file over into an empty database",
    .usage = "[OPTIONS] FILE [FOLDER|FILE] [name=value]...",
    .text =
        "Copies all rows of FILE, made by db export, into a database of either kind, which is made where it "
        "is not "
        "there and must not have rows of its own. Numbers of runs, trials and jobs stay as they are. "
        "Attempts that "
        "had not ended when the file was made count as lost: the same commands go on with their jobs. An "
        "import "
        "that is interrupted has done nothing.\n\n"
        "Results, logs and journals are files of their own. Where they lie in another folder than they did, "
        "--map says so, and the import says what it does not find.",
    .options =
        (const struct option_row[]){
            DB_OPTIONS,
            {0, "map", "FROM=TO",
             "folders below FROM, as they were called where FILE was made, are below TO "
             "here; may be given several times"},
            {0}},
    .examples =
        (const struct example[]){
            {"xfelx db import xpp12345.db results --map /sdf/scratch/xpp=/global/scratch/xpp",
             "go on at another site with SQLite"},
            {"xfelx db import backup.db db.host=db7 db.name=xpp12345", "from SQLite to a server"},
            {0},
        },
    .run = import,
};
