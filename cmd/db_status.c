/* db_status.c - `xfelx db status`: what the database is, how large, how old, and who works on it; in words and as JSON. */
#include "cmd/db.h"

#include <stdio.h>
#include <string.h>

struct shown {
    struct store_about about;
    struct store_worker *workers;
    size_t n_workers;
};

/* ---- in words ---- */

static const char *kind_word(const char *kind)
{
    return !strcmp(kind, "sqlite") ? "SQLite" : !strcmp(kind, "mysql") ? "MySQL" : "MariaDB";
}

static void add_place(struct str *out, const struct db *db, const struct store_about *a)
{
    char place[NAME_VISIBLE];
    str_printf(out, "database   %s\n", str_visible(a->place, place, sizeof place));
    str_printf(out, "kind       %s %s", kind_word(a->kind), a->server);
    if (db->options.file) {
        str_printf(out, ", journal mode %s: %s%s", a->journal, a->shared ? a->shared : "a local disk",
                   a->shared ? ", where memory is not shared between machines" : "");
    } else {
        str_printf(out, ", %s%s",
                   db->options.socket ? "through a socket of this machine"
                   : *a->tls          ? "encrypted with "
                                      : "not encrypted",
                   db->options.socket ? "" : a->tls);
        str_printf(out, "; %s", COUNT(a->connections, "connection"));
    }
    str_addc(out, '\n');
}

static void add_version(struct str *out, const struct store_about *a)
{
    char bytes[32], unused[32];
    str_printf(out, "size       %s", db_bytes(a->bytes, bytes));
    if (a->free)
        str_printf(out, ", %s of it unused", db_bytes(a->free, unused));
    str_printf(out, "\nschema     %lld", (long long)a->schema);
    if (a->schema == 0)
        str_add(out, ": no database of xfelx yet; `xfelx db init` makes its tables");
    else if (a->schema < a->ours)
        str_printf(out, ": older than this program's %lld; `xfelx db migrate` brings it up to date",
                   (long long)a->ours);
    else if (a->schema > a->ours)
        str_printf(out,
                   ": newer than this program's %lld; read by programs from %lld on, written from %lld on",
                   (long long)a->ours, (long long)a->min_reader, (long long)a->min_writer);
    else
        str_add(out, ", as this program's");
    if (*a->created)
        str_printf(out, "\nmade       %s", a->created);
    if (*a->exported)
        str_printf(out, "\nexported   %s", a->exported);
    if (*a->imported)
        str_printf(out, "\nimported   %s", a->imported);
    str_addc(out, '\n');
}

static void add_workers(struct str *out, const struct shown *s)
{
    char name[NAME_VISIBLE], when[32];
    for (size_t i = 0; i < s->n_workers; i++) {
        const struct store_worker *w = s->workers + i;
        str_printf(out, "%s job %lld, attempt %lld, run %lld (%s): %s on %s since %s",
                   i ? "          " : "worked on ", (long long)w->job, (long long)w->attempt,
                   (long long)w->run, str_visible(w->run_name, name, sizeof name),
                   attempt_state_word(w->state), w->host, clock_text(w->start_t, when));
        if (!w->alive)
            str_add(out, ", but its process is gone; the same command goes on");
        if (w->pending)
            str_printf(out, ", %s to be tried again", COUNT(w->pending, "frame"));
        if (w->lag)
            str_printf(out, ", rows %.1f s behind", 1e-9 * (double)w->lag);
        str_addc(out, '\n');
    }
    if (!s->n_workers)
        str_add(out, "worked on  by nobody\n");
}

/* "rows       run 1, source 3, …": tables without rows are left out. */
static void add_rows(struct str *out, const struct store_about *a)
{
    struct str rows = {0};
    for (size_t i = 0; i < a->n_tables; i++)
        if (a->tables[i].rows)
            str_printf(&rows, "%s%s %s%lld", rows.len ? ", " : "", a->tables[i].name,
                       a->tables[i].more ? "> " : "", (long long)a->tables[i].rows);
    struct str wrapped = {0};
    help_wrap(&wrapped, 11, 100, rows.text ? rows.text : "none");
    str_printf(out, "rows       %s", wrapped.text + 11);
    str_free(&wrapped);
    str_free(&rows);
}

/* ---- as JSON ---- */

static void put_text(struct json_writer *w, const char *key, const char *text)
{
    json_put_text(w, key, text && *text ? text : NULL);
}

static void put_workers(struct json_writer *w, const struct shown *s)
{
    json_array(w, "workers", false);
    for (size_t i = 0; i < s->n_workers; i++) {
        const struct store_worker *k = s->workers + i;
        json_object(w, NULL);
        json_put_int(w, "job", k->job);
        json_put_int(w, "attempt", k->attempt);
        json_put_int(w, "run", k->run);
        json_put_text(w, "run_name", k->run_name);
        json_put_text(w, "state", attempt_state_word(k->state));
        json_put_bool(w, "alive", k->alive);
        json_put_text(w, "host", k->host);
        json_put_int(w, "start_ns", k->start_t);
        json_put_int(w, "pending", k->pending);
        json_put_int(w, "lag_ns", k->lag);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_rows(struct json_writer *w, const struct store_about *a)
{
    json_object(w, "rows");
    for (size_t i = 0; i < a->n_tables; i++)
        json_put_int(w, a->tables[i].name, a->tables[i].rows);
    json_end_object(w);
    json_array(w, "rows_at_least", true);
    for (size_t i = 0; i < a->n_tables; i++)
        if (a->tables[i].more)
            json_put_text(w, NULL, a->tables[i].name);
    json_end_array(w);
}

static void put_all(struct str *out, const struct shown *s)
{
    const struct store_about *a = &s->about;
    struct json_writer w = {.out = out, .indent = 2};
    json_object(&w, NULL);
    json_put_int(&w, "version", 1);
    json_put_text(&w, "kind", a->kind);
    json_put_text(&w, "place", a->place);
    json_put_text(&w, "server_version", a->server);
    put_text(&w, "tls", a->tls);
    put_text(&w, "journal_mode", a->journal);
    put_text(&w, "shared_file_system", a->shared);
    json_put_int(&w, "bytes", a->bytes);
    json_put_int(&w, "unused_bytes", a->free);
    if (a->connections >= 0)
        json_put_int(&w, "connections", a->connections);
    json_put_int(&w, "schema", a->schema);
    json_put_int(&w, "min_reader", a->min_reader);
    json_put_int(&w, "min_writer", a->min_writer);
    json_put_int(&w, "program_schema", a->ours);
    put_text(&w, "instance", a->instance);
    put_text(&w, "created", a->created);
    put_text(&w, "exported", a->exported);
    put_text(&w, "imported", a->imported);
    put_workers(&w, s);
    put_rows(&w, a);
    json_end_object(&w);
    str_addc(out, '\n');
}

static int run(struct cli *cli)
{
    struct error err = {0};
    struct db db;
    struct store *s = NULL;
    struct shown shown = {0};
    struct str text = {0};
    if (!db_read(cli, 0, "", &db, &err))
        return cli_misuse(cli, &err);
    bool ok = store_open_existing(&db.options, true, true, &s, &err) &&
              store_about(s, cli_has(cli, "count"), &shown.about, &err) &&
              store_workers(s, &cli->arena, &shown.workers, &shown.n_workers, &err);
    if (ok && cli_has(cli, "json")) {
        put_all(&text, &shown);
    } else if (ok) {
        add_place(&text, &db, &shown.about);
        add_version(&text, &shown.about);
        add_workers(&text, &shown);
        add_rows(&text, &shown.about);
    }
    if (ok)
        cli_print(&text);
    str_free(&text);
    store_close(s);
    return ok ? EXIT_CODE_DONE : cli_fail(&err);
}

const struct command db_status = {
    .name = "db status",
    .summary = "what the database is, how large, and who works on it",
    .usage = "[OPTIONS] [FOLDER|FILE] [name=value]...",
    .text =
        "Tells kind, place and size of the database, its schema beside this program's, which attempts of "
        "jobs say "
        "that they work on it and whether their process still lives, and the rows of each table. Tables of "
        "more "
        "than 100000 rows are shown as \"> 100000\"; --count counts them all.\n\n"
        "It reads only, locks nothing, and works on databases of older and newer programs too. For runs and "
        "frames see xfelx status.",
    .options = (const struct option_row[]){DB_OPTIONS,
                                           {0, "json", NULL, "print as JSON"},
                                           {0, "count", NULL, "count all rows, however many there are"},
                                           {0}},
    .examples =
        (const struct example[]){
            {"xfelx db status results", "of results/xfelx.db"},
            {"xfelx db status --json db.host=db7 db.name=xpp12345",
             "of a database on a server, for programs"},
            {0},
        },
    .run = run,
};
