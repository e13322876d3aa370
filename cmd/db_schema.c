/* db_schema.c - `xfelx db init`, `migrate` and `vacuum`: the tables are made, brought up to date, and packed. */
#include "cmd/db.h"

#include <stdio.h>

/* ---- init ---- */

static void say_made(const struct store_made *made, const struct store_about *a, struct str *out)
{
    if (made->tables)
        str_printf(out, "made %s%s: schema %lld, %s\n", made->database ? "the database " : "the tables of ",
                   a->place, (long long)a->schema, COUNT(a->n_tables, "table"));
    else if (made->from)
        str_printf(out, "brought %s from schema %lld to %lld\n", a->place, (long long)made->from,
                   (long long)a->schema);
    else
        str_printf(out, "%s is there already: schema %lld\n", a->place, (long long)a->schema);
}

static int init(struct cli *cli)
{
    struct error err = {0};
    struct db db;
    struct store *s = NULL;
    struct store_about about;
    struct str text = {0};
    if (!db_read(cli, 0, "", &db, &err))
        return cli_misuse(cli, &err);
    bool ok = (!db.options.file || fs_make_folders(fs_folder(&cli->arena, db.options.file), &err)) &&
              store_open(&db.options, false, &s, &err) && store_about(s, false, &about, &err);
    if (ok) {
        struct store_made made = store_made(s);
        say_made(&made, &about, &text);
        cli_print(&text);
    }
    str_free(&text);
    store_close(s);
    return ok ? EXIT_CODE_DONE : cli_fail(&err);
}

const struct command db_init = {
    .name = "db init",
    .summary = "make the database and its tables",
    .usage = "[OPTIONS] [FOLDER|FILE] [name=value]...",
    .text =
        "Makes what is not there yet and says what it made: the SQLite file; or on a server the tables and, "
        "when "
        "the user may do that, the database itself. What is there is left as it is, so it may be called any "
        "number of times and by many at once. An older database is brought up to date as by db migrate.\n\n"
        "On a server the user needs all rights on the database to make the tables; afterwards SELECT, "
        "INSERT, "
        "UPDATE, DELETE are enough. Where the user may not make databases, the message has the line that the "
        "server's administrator types.",
    .options = (const struct option_row[]){DB_OPTIONS, {0}},
    .examples =
        (const struct example[]){
            {"xfelx db init results", "make results/xfelx.db"},
            {"xfelx db init db.socket=/run/mysqld/mysqld.sock db.name=xpp12345",
             "on the server of this machine"},
            {0},
        },
    .run = init,
};

/* ---- migrate ---- */

/* A server's own tools make backups; whoever calls says that one was made. */
static bool backup_is_settled(const struct cli *cli, const struct db *db, const struct store_about *a,
                              struct error *err)
{
    if (db->options.file || a->schema >= a->ours || cli_has(cli, "yes"))
        return true;
    error_set(err, ERROR_USAGE, "%s has schema %lld and would be brought to %lld", a->place,
              (long long)a->schema, (long long)a->ours);
    return error_hint(
        err,
        "make a backup first (mariadb-dump --single-transaction %s >backup.sql), then call again "
        "with --yes",
        db->options.name);
}

static int migrate(struct cli *cli)
{
    struct error err = {0};
    struct db db;
    struct store *s = NULL;
    struct store_about about;
    struct store_made made;
    struct str text = {0};
    char backup[4400];
    if (!db_read(cli, 0, "", &db, &err))
        return cli_misuse(cli, &err);
    bool ok = store_open_existing(&db.options, false, true, &s, &err) &&
              store_about(s, false, &about, &err) && backup_is_settled(cli, &db, &about, &err);
    if (ok) {
        db_wait(s, about.place);
        ok = store_bring_up(s, backup, sizeof backup, &made, &err) && store_about(s, false, &about, &err);
    }
    if (ok) {
        say_made(&made, &about, &text);
        if (*backup)
            str_printf(&text, "the old one is kept as %s\n", backup);
        cli_print(&text);
    }
    str_free(&text);
    store_close(s);
    return ok ? EXIT_CODE_DONE : cli_fail(&err);
}

const struct command db_migrate = {
    .name = "db migrate",
    .summary = "bring an older database up to date, after a backup",
    .usage = "[OPTIONS] [FOLDER|FILE] [name=value]...",
    .text =
        "Adds the tables and columns that this program's version has and the database has not. It waits "
        "until "
        "nobody works on the database. Of a SQLite file a copy is made first, beside it; before a server's "
        "database is touched, --yes says that a backup was made.\n\n"
        "A program that is older than the database still reads and writes it as long as the steps between "
        "them "
        "only added something; otherwise it says which version it needs. A step that was cut short is made "
        "again "
        "by the next call.",
    .options =
        (const struct option_row[]){
            DB_OPTIONS, {0, "yes", NULL, "on a server: there is a backup, or none is needed"}, {0}},
    .examples =
        (const struct example[]){
            {"xfelx db migrate results", "bring results/xfelx.db up to date"},
            {"xfelx db migrate --yes db.host=db7 db.name=xpp12345", "a database on a server"},
            {0},
        },
    .run = migrate,
};

/* ---- vacuum ---- */

static int vacuum(struct cli *cli)
{
    struct error err = {0};
    struct db db;
    struct store *s = NULL;
    struct store_about before, after;
    struct str text = {0};
    char a[32], b[32];
    if (!db_read(cli, 0, "", &db, &err))
        return cli_misuse(cli, &err);
    bool ok = store_open_existing(&db.options, false, false, &s, &err) &&
              store_about(s, false, &before, &err) && store_vacuum(s, &err) &&
              store_about(s, false, &after, &err);
    if (ok) {
        str_printf(&text, "%s: %s before, %s now\n", after.place, db_bytes(before.bytes, a),
                   db_bytes(after.bytes, b));
        cli_print(&text);
    }
    str_free(&text);
    store_close(s);
    return ok ? EXIT_CODE_DONE : cli_fail(&err);
}

const struct command db_vacuum = {
    .name = "db vacuum",
    .summary = "give unused space back to the disk",
    .usage = "[OPTIONS] [FOLDER|FILE] [name=value]...",
    .text = "After db prune the space of deleted rows is used again for new ones, but the file keeps its "
            "size. This "
            "writes it anew without them. A SQLite file needs as much free disk as it has, and nobody may "
            "work on "
            "it meanwhile; a server does it table by table (OPTIMIZE TABLE) while others go on.",
    .options = (const struct option_row[]){DB_OPTIONS, {0}},
    .examples =
        (const struct example[]){
            {"xfelx db vacuum results", "pack results/xfelx.db"},
            {0},
        },
    .run = vacuum,
};
