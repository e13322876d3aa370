/* move.c - a whole database into one SQLite file, and such a file into an empty database of either kind: how one moves between
 * backends and between sites; see keep.h.
 *
 * Export reads everything in one snapshot, so jobs may go on; the file gets its name when it is whole. Import is one
 * transaction: killed at any moment, it leaves a database as empty as it was. */
#include "store/copy.h"
#include "store/folder.h"
#include "store/store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool same_schema(struct store *s, struct error *err)
{
    int64_t version;
    if (!store_version(s, &version, err))
        return false;
    if (version == SCHEMA_VERSION)
        return true;
    error_set(err, ERROR_FAILED, "%s has schema %lld; this program copies schema %d", sql_name(&s->sql),
              (long long)version, SCHEMA_VERSION);
    return error_hint(err, version > SCHEMA_VERSION ? "use the newer program"
                                                    : "`xfelx db migrate` brings it up to date");
}

/* A key of meta with the present time. */
static bool note_time(struct sql *s, const char *key, struct error *err)
{
    char when[32];
    return sql_do(s, NULL, err, "DELETE FROM meta WHERE k=?", "t", key) &&
           sql_do(s, NULL, err, "INSERT INTO meta(k,v) VALUES(?,?)", "tt", key,
                  clock_text(clock_now(), when));
}

/* What a new database has of its own gives way to what is copied. */
static bool copy_all(struct sql *from, struct sql *to, const struct copy_change *change,
                     const struct store_progress *progress, int64_t *rows, struct error *err)
{
    return sql_do(to, NULL, err, "DELETE FROM meta", "") &&
           sql_do(to, NULL, err, "DELETE FROM migration", "") &&
           copy_tables(from, to, change, progress, rows, err);
}

/* ---- export ---- */

static const char *const snapshots[] = {
    [DIALECT_SQLITE] = "BEGIN",
    [DIALECT_MARIADB] = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;\n" /* of the next one */
                        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
};

bool store_snapshot(struct store *s, struct error *err)
{
    return sql_script(&s->sql, snapshots[s->sql.ops->dialect], err);
}

/* A new file that nobody else sees: without a journal, flushed once at its end. */
static bool open_new(const char *path, struct store **out, struct error *err)
{
    return store_open_file(path, false, out, err) &&
           sql_script(&(*out)->sql,
                      "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF", err);
}

static bool write_file(struct store *s, const char *path, const struct store_progress *progress,
                       int64_t *rows, struct error *err)
{
    struct store *to = NULL;
    bool ok = open_new(path, &to, err) && store_snapshot(s, err);
    if (ok) {
        ok = sql_begin(&to->sql, err) && copy_all(&s->sql, &to->sql, NULL, progress, rows, err) &&
             copy_counters(&s->sql, &to->sql, err) && note_time(&to->sql, "exported", err) &&
             sql_commit(&to->sql, err);
        sql_rollback(&s->sql); /* the end of the snapshot */
    }
    store_close(to);
    return ok;
}

/* To disk, then to its name, unless something has that name meanwhile. */
static bool publish(const char *half, const char *path, struct error *err)
{
    int fd = open(half, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0 && link(half, path) == 0;
    if (!ok)
        error_system(err, errno == ENOSPC ? ERROR_NO_SPACE : ERROR_FAILED, "cannot make %s", path);
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool is_free(const char *path, struct error *err)
{
    if (access(path, F_OK) != 0)
        return true;
    error_set(err, ERROR_USAGE, "%s is there already", path);
    return error_hint(err, "give the export another name");
}

bool store_export(struct store *s, const char *path, const struct store_progress *progress, int64_t *rows,
                  struct error *err)
{
    struct str half = {0};
    str_printf(&half, "%s.tmp-XXXXXX", path);
    *rows = 0;
    bool ok = is_free(path, err) && same_schema(s, err);
    int fd = ok ? mkstemp(half.text) : -1;
    if (ok && fd < 0)
        ok = error_system(err, ERROR_FAILED, "cannot make %s", half.text);
    if (fd >= 0) {
        mode_t mask = umask(0);
        umask(mask);
        fchmod(fd, 0666 & ~mask);
        close(fd);
        ok = write_file(s, half.text, progress, rows, err) && publish(half.text, path, err);
        unlink(half.text);
    }
    str_free(&half);
    return ok;
}

/* ---- import ---- */

/* FROM at the beginning of a path becomes TO; NULL: no map fits. */
static char *mapped(struct arena *a, const struct store_map *maps, size_t n_maps, const char *path)
{
    for (size_t i = 0; i < n_maps; i++) {
        size_t n = strlen(maps[i].from);
        while (n > 1 && maps[i].from[n - 1] == '/')
            n--;
        if (!strncmp(path, maps[i].from, n) && (path[n] == 0 || path[n] == '/' || maps[i].from[n - 1] == '/'))
            return fs_join(a, maps[i].to, path + n + strspn(path + n, "/"));
    }
    return NULL;
}

/* What import does to rows on their way. */
struct moving {
    struct sql *to;
    const struct store_import *how;
    struct store_imported *out;
    int64_t now;
};

static struct sql_value *column_of(const struct schema_column *columns, struct sql_value *row,
                                   const char *name)
{
    while (strcmp(columns->name, name))
        columns++, row++;
    return row;
}

/* Where results, logs and journals are now. The recorded paths of the data stay: runs and frames are known by them. Returns the path;
 * NULL for NULL. */
static const char *move_path(const struct moving *m, struct sql_value *v, struct arena *a)
{
    if (v->kind != SQL_TEXT)
        return NULL;
    const char *path = arena_strndup(a, v->p, v->n);
    const char *new = mapped(a, m->how->maps, m->how->n_maps, path);
    if (new)
        *v = sql_t(new);
    return new ? new : path;
}

static void move_job(struct moving *m, const struct schema_column *columns, struct sql_value *row,
                     struct arena *a)
{
    struct sql_value *state = column_of(columns, row, "state");
    const char *folder = move_path(m, column_of(columns, row, "folder"), a);
    if (state->i == JOB_RUNNING || state->i == JOB_QUEUED)
        *state = sql_i(JOB_AGAIN);
    m->out->jobs++;
    char now[FOLDER_MAX] = "";
    if (folder)
        folder_now(m->to, folder, now);
    m->out->folders_missing += !fs_is_folder(now);
}

/* Whoever worked on it worked on the other database. */
static void move_attempt(struct moving *m, const struct schema_column *columns, struct sql_value *row,
                         struct arena *a)
{
    struct sql_value *live = column_of(columns, row, "live"), *end = column_of(columns, row, "end_t");
    move_path(m, column_of(columns, row, "log_path"), a);
    if (live->kind == SQL_NULL)
        return;
    *live = sql_null();
    *column_of(columns, row, "state") = sql_i(ATTEMPT_LOST);
    *column_of(columns, row, "end_kind") = sql_i(END_NODE);
    *column_of(columns, row, "reason") = sql_t("the database was moved while it worked");
    if (end->kind == SQL_NULL)
        *end = sql_i(m->now);
    m->out->lost++;
}

static void move_writer(struct moving *m, const struct schema_column *columns, struct sql_value *row,
                        struct arena *a)
{
    const char *journal = move_path(m, column_of(columns, row, "journal"), a);
    if (!journal || !*journal)
        return;
    char now[FOLDER_MAX];
    folder_now(m->to, fs_folder(a, journal), now);
    m->out->journals++;
    m->out->journals_missing += !fs_is_file(fs_join(a, now, fs_name(journal)));
}

static void move_row(void *arg, const struct schema_table *t, const struct schema_column *columns,
                     struct sql_value *row, struct arena *a)
{
    static const struct {
        const char *table;
        void (*move)(struct moving *m, const struct schema_column *columns, struct sql_value *row,
                     struct arena *a);
    } rows[] = {{"job", move_job}, {"attempt", move_attempt}, {"writer", move_writer}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(t->name, rows[i].table))
            rows[i].move(arg, columns, row, a);
}

static bool must_be_empty(struct store *s, struct error *err)
{
    bool empty;
    const char *table;
    if (!copy_is_empty(&s->sql, &empty, &table, err))
        return false;
    if (empty)
        return true;
    error_set(err, ERROR_USAGE, "%s is not empty: it has rows in %s", sql_name(&s->sql), table);
    return error_hint(err, "import into a new database: another folder, or another db.name");
}

struct import_work {
    struct store *from;
    const struct store_import *how;
    struct store_imported *out;
};

static bool import_work(struct store *s, void *arg, struct error *err)
{
    const struct import_work *w = arg;
    struct moving moving = {&s->sql, w->how, w->out, clock_now()};
    struct copy_change change = {move_row, &moving};
    *w->out = (struct store_imported){0};
    return must_be_empty(s, err) &&
           copy_all(&w->from->sql, &s->sql, &change, w->how->progress, &w->out->rows, err) &&
           sql_do(&s->sql, NULL, err, "DELETE FROM meta WHERE k='exported'", "") &&
           note_time(&s->sql, "imported", err);
}

bool store_import(struct store *s, const struct store_import *how, struct store_imported *out,
                  struct error *err)
{
    struct import_work w = {.how = how, .out = out};
    const struct store_options file = {.file = how->file};
    bool elsewhere = false;
    if (!store_open_existing(&file, true, false, &w.from, err))
        return false;
    bool ok = same_schema(w.from, err) && same_schema(s, err) && must_be_empty(s, err) &&
              store_lock(s, 0, &elsewhere, err);
    if (ok) {
        ok = store_snapshot(w.from, err) && copy_counters(&w.from->sql, &s->sql, err) &&
             store_transaction(s, import_work, &w, err);
        if (!ok && w.from->sql.class != CLASS_NONE)
            error_hint(err, "%s is damaged or cut short: make that copy again", how->file);
        sql_rollback(&w.from->sql);
        store_unlock(s);
    }
    store_close(w.from);
    return ok;
}
