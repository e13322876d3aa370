/* db.c - `xfelx db`: the table of its verbs, and what they share. */
#include "cmd/db.h"
#include "cmd/parameters.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

extern const struct command db_init, db_status, db_check, db_migrate, db_vacuum, db_export, db_import,
    db_prune, db_replay, db_server, db_drop, db_views, db_import_cctbx;

static const struct command *const verbs[] = {
    &db_init,  &db_status, &db_check,  &db_migrate, &db_vacuum, &db_export,       &db_import,
    &db_prune, &db_replay, &db_server, &db_drop,    &db_views,  &db_import_cctbx, NULL,
};

bool db_read(struct cli *cli, size_t n_words, const char *what, struct db *out, struct error *err)
{
    size_t n = 0;
    if (!parameters_read(cli, &out->params, &out->words, &n, err))
        return false;
    if (n < n_words)
        return error_set(err, ERROR_USAGE, "%s needs %s", cli->command->name, what);
    if (n > n_words + 1)
        return error_set(err, ERROR_USAGE, "%s takes one database, but \"%s\" was given too",
                         cli->command->name, out->words[n_words + 1]);
    return database_options_at(cli, out->params, n > n_words ? out->words[n_words] : NULL, &out->options,
                               err);
}

bool db_open(struct cli *cli, size_t n_words, const char *what, bool read_only, bool any_schema,
             struct db *out, struct store **store, struct error *err)
{
    return db_read(cli, n_words, what, out, err) &&
           store_open_existing(&out->options, read_only, any_schema, store, err);
}

void db_wait(struct store *s, const char *place)
{
    for (bool said = false; store_anybody_works(s); said = true) {
        if (!said)
            fprintf(stderr, "waiting until nobody works with %s any more\n", place);
        nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    }
}

struct db_drawn db_drawing(void)
{
    return (struct db_drawn){.terminal = isatty(STDERR_FILENO), .start = clock_monotonic()};
}

void db_draw(void *arg, const char *table, int64_t rows)
{
    struct db_drawn *d = arg;
    int64_t now = clock_monotonic();
    if (!d->terminal || now - d->last < 200000000)
        return;
    d->last = now;
    fprintf(stderr, "\r\033[K%s  %.0f/s  %s", COUNT(rows, "row"),
            (double)rows / (1e-9 * (double)(now - d->start)), table);
    fflush(stderr);
}

void db_erase(const struct db_drawn *d)
{
    if (d->terminal && d->last)
        fprintf(stderr, "\r\033[K");
}

char *db_bytes(int64_t bytes, char out[32])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    double value = (double)bytes;
    size_t i = 0;
    for (; value >= 999.5 && i + 1 < sizeof units / sizeof *units; i++)
        value /= 1000;
    snprintf(out, 32, i && value < 9.95 ? "%.1f %s" : "%.0f %s", value, units[i]);
    return out;
}

static const struct example examples[] = {
    {"xfelx db status", "what the database of this folder is, how large, and who works on it"},
    {"xfelx db init db.host=db7 db.name=xpp12345 db.user=xpp db.password_file=~/.db",
     "make the tables of an experiment on a server"},
    {0},
};

const struct command command_db = {
    .name = "db",
    .summary = "look after the database: make, check, move, prune it",
    .usage = "VERB [OPTIONS] [FOLDER|FILE] [name=value]...",
    .text =
        "Results are kept in a database: without any settings one SQLite file, xfelx.db in the output "
        "folder, "
        "which needs no server; or one database an experiment on a MariaDB or MySQL server that the settings "
        "db.host or db.socket, db.name, db.user and db.password_file name. Everything works the same on "
        "both.\n\n"
        "Nothing has to be done to begin with: process makes what it needs. The verbs are for whoever sets "
        "up a "
        "server, moves an experiment from one place to another, or wants to know whether all is well.\n\n"
        "Which database is meant: a folder of results or a file that is named, else what the settings db.* "
        "name, "
        "else xfelx.db of the present folder.",
    .examples = examples,
    .verbs = verbs,
};
