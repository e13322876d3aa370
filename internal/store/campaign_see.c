/* campaign_see.c - runs and their files as a facility shows them; see campaign.h.
 *
 * A run is known by its path, a file by its path within the run; both keep their numbers for ever, since rungroups refer to the one
 * and frames to the other. What the next look needs is kept as bytes: only the facility reads them. */
#include "store/store_private.h"

#include <stdlib.h>
#include <string.h>

/* ---- what the next look needs, as bytes ---- */

enum { LOOK_SIZE = 48 };

static void pack_look(const struct store_look *l, uint8_t out[LOOK_SIZE])
{
    const uint64_t v[] = {
        l->inode,          l->print, (uint64_t)l->modified_t, (uint64_t)l->since_t, (uint64_t)l->looked_t,
        (uint64_t)l->looks};
    for (size_t i = 0; i < LOOK_SIZE; i++)
        out[i] = (uint8_t)(v[i / 8] >> (56 - 8 * (i % 8)));
}

static struct store_look unpack_look(const uint8_t *bytes, size_t n)
{
    uint64_t v[LOOK_SIZE / 8] = {0};
    for (size_t i = 0; i < LOOK_SIZE && i < n; i++)
        v[i / 8] = v[i / 8] << 8 | bytes[i];
    return (struct store_look){.inode = v[0],
                               .print = v[1],
                               .modified_t = (int64_t)v[2],
                               .since_t = (int64_t)v[3],
                               .looked_t = (int64_t)v[4],
                               .looks = (int64_t)v[5]};
}

static void hash_path(const char *path, uint8_t out[32])
{
    sha256(path, strlen(path), out);
}

/* ---- files ---- */

/* A file as its row has it. */
struct known_file {
    uint8_t hash[16];
    int64_t no, size, mtime;
    bool here, opened; /* opened: a job has read it, and its size says which file that was */
    bool seen;
};

static int by_hash(const void *a, const void *b)
{
    return memcmp(((const struct known_file *)a)->hash, ((const struct known_file *)b)->hash, 16);
}

static bool read_files(struct sql *s, int64_t run, struct arena *a, struct known_file **rows, size_t *n,
                       struct error *err)
{
    struct sql_stmt *q = sql_query(
        s, err, "SELECT path_hash,no,size,mtime,here,n_frames IS NOT NULL FROM source WHERE run=?", "i", run);
    int step;
    *rows = NULL;
    *n = 0;
    while ((step = sql_step(s, q, err)) == 1) {
        size_t length;
        const uint8_t *hash = sql_bytes(s, q, 0, &length);
        if (length != 16)
            continue;
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        struct known_file *f = *rows + (*n)++;
        *f = (struct known_file){.no = sql_int(s, q, 1),
                                 .size = sql_int(s, q, 2),
                                 .mtime = sql_int(s, q, 3),
                                 .here = sql_int(s, q, 4) != 0,
                                 .opened = sql_int(s, q, 5) != 0};
        memcpy(f->hash, hash, 16);
    }
    if (*n > 1)
        qsort(*rows, *n, sizeof **rows, by_hash);
    return step == 0;
}

/* Sizes of files that a job has opened stay: they say which file its frames are of (store_begin looks at them). */
static bool change_file(struct sql *s, int64_t run, const struct known_file *k,
                        const struct store_seen_file *f, struct error *err)
{
    bool here = f->size >= 0;
    if (k->here == here && (k->opened || (k->size == f->size && k->mtime == f->modified_t)))
        return true;
    if (k->opened)
        return sql_do(s, NULL, err, "UPDATE source SET here=? WHERE run=? AND no=?", "iii", (int64_t)here,
                      run, k->no);
    return sql_do(s, NULL, err, "UPDATE source SET size=?,mtime=?,here=? WHERE run=? AND no=?", "iiiii",
                  f->size, f->modified_t, (int64_t)here, run, k->no);
}

/* Those that are not listed any more keep their number and their row. */
static bool miss_files(struct sql *s, int64_t run, const struct known_file *k, size_t n, struct error *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++)
        if (!k[i].seen && k[i].here)
            ok = sql_do(s, NULL, err, "UPDATE source SET here=0 WHERE run=? AND no=?", "ii", run, k[i].no);
    return ok;
}

static bool add_files(struct sql *s, int64_t run, int64_t first, const struct store_seen_file *const *new,
                      size_t n, struct arena *a, struct error *err)
{
    enum { COLUMNS = 9 };
    struct sql_value *rows = arena_array(a, n * COLUMNS, sizeof *rows), *v = rows;
    for (size_t i = 0; i < n; i++) {
        uint8_t *hash = arena_alloc(a, 32);
        hash_path(new[i]->path, hash);
        *v++ = sql_i(run);
        *v++ = sql_i(first + (int64_t)i);
        *v++ = sql_b(new[i]->path, strlen(new[i]->path));
        *v++ = sql_b(hash, 16);
        *v++ = sql_i(new[i]->size);
        *v++ = sql_i(new[i]->modified_t);
        *v++ = sql_null();
        *v++ = sql_null();
        *v++ = sql_i(new[i]->size >= 0);
    }
    return sql_insert(s, "source", MEETING_FAILS, rows, n, NULL, err);
}

enum {
    OTHER = -1
}; /* source.mtime of an opened file that was found to be another one, until a job opens that */

/* Is it certainly not the file that a job has opened? Smaller; of the same size but written since; larger, and another file has taken the
 * name (moved): a copy that was made anew, perhaps of more, perhaps of something else. Nobody can tell, so a person is told. */
static bool is_other(const struct known_file *k, const struct store_seen_file *f, bool moved)
{
    return k && k->opened && k->here && f->size >= 0 &&
           (k->mtime == OTHER || f->size < k->size ||
            (f->size == k->size ? f->modified_t != k->mtime : moved));
}

/* Is there more of it than a job may have seen? */
static bool has_come(const struct known_file *k, const struct store_seen_file *f)
{
    return f->size >= 0 && (!k || !k->here || (k->opened && f->size > k->size));
}

/* What came of a run's files: those that are here and were not, or have grown since a job opened them; the first that is another one. */
struct came {
    int64_t n;
    const struct store_seen_file *other;
    int64_t was; /* its size when it was opened */
};

/* A run as its row has it; id 0: there is none. */
struct known_run {
    int64_t id;
    enum run_state state;
    bool closed, present; /* it was so once */
    bool is_new;
    uint64_t inode; /* at the last look; 0: not known */
};

static bool see_files(struct sql *s, const struct known_run *run_row, const struct store_seen *r,
                      struct came *came, struct error *err)
{
    int64_t run = run_row->id;
    bool is_new = run_row->is_new;
    bool moved = run_row->inode && r->look.inode && run_row->inode != r->look.inode;
    struct arena a = {0};
    struct known_file *known = NULL, key = {0};
    size_t n_known = 0, n_new = 0;
    int64_t next = 0;
    bool ok = is_new || read_files(s, run, &a, &known, &n_known, err);
    const struct store_seen_file **new = arena_array(&a, r->n_files, sizeof *new);
    for (size_t i = 0; ok && i < n_known; i++)
        next = known[i].no >= next ? known[i].no + 1 : next;
    for (size_t i = 0; ok && i < r->n_files; i++) {
        uint8_t hash[32];
        hash_path(r->files[i].path, hash);
        memcpy(key.hash, hash, 16);
        struct known_file *k = n_known ? bsearch(&key, known, n_known, sizeof *known, by_hash) : NULL;
        bool other = is_other(k, r->files + i, moved);
        if (other && k->mtime != OTHER) {
            came->other = came->other ? came->other : r->files + i;
            came->was = came->other == r->files + i ? k->size : came->was;
            ok = sql_do(s, NULL, err, "UPDATE source SET mtime=? WHERE run=? AND no=?", "iii", (int64_t)OTHER,
                        run, k->no);
        }
        came->n += !other && has_come(k, r->files + i);
        if (!k) {
            new[n_new++] = r->files + i;
            continue;
        }
        k->seen = true;
        ok = ok && change_file(s, run, k, r->files + i, err);
    }
    ok = ok && miss_files(s, run, known, n_known, err) &&
         (n_new == 0 || add_files(s, run, next, new, n_new, &a, err));
    arena_free(&a);
    return ok;
}

/* Jobs whose run has grown have more to do, a frame a file at least; they find out how many. What was done before is no failure of
 * theirs. */
static bool grow_jobs(struct sql *s, int64_t run, int64_t came, int64_t now, struct error *err)
{
    return came == 0 || sql_do(s, NULL, err,
                               "UPDATE job SET n_expected=n_expected+?,forgiven_t=CASE WHEN state=1 THEN ? "
                               "ELSE forgiven_t END,"
                               "state_t=CASE WHEN state=1 THEN ? ELSE state_t END,state=CASE WHEN state=1 "
                               "THEN 6 ELSE state END "
                               "WHERE run=? AND rungroup>0 AND task_rev=0 AND version<=0 AND n_expected>0",
                               "iiii", came, now, now, run);
}

/* ---- runs ---- */

struct see_work {
    const struct store_seen *runs;
    size_t n, n_new;
    int64_t now, next_ord; /* next_ord 0: not asked for yet */
};

static bool find_by_path(struct sql *s, const char *path, struct known_run *out, struct error *err)
{
    uint8_t hash[32];
    hash_path(path, hash);
    struct sql_stmt *q = sql_query(
        s, err, "SELECT id,state,closed_t IS NOT NULL,present_t IS NOT NULL,look FROM run WHERE path_hash=?",
        "b", hash, 16);
    int step = sql_step(s, q, err);
    *out = (struct known_run){0};
    if (step == 1) {
        *out = (struct known_run){.id = sql_int(s, q, 0),
                                  .state = (enum run_state)(int)sql_int(s, q, 1),
                                  .closed = sql_int(s, q, 2) != 0,
                                  .present = sql_int(s, q, 3) != 0};
        size_t n;
        const uint8_t *look = sql_bytes(s, q, 4, &n);
        out->inode = unpack_look(look, n).inode;
        sql_reset(s, q);
    }
    return step >= 0;
}

/* The place of a run without number is behind all that there are. */
static bool next_ord(struct sql *s, struct see_work *w, int64_t *ord, struct error *err)
{
    int64_t last = 0;
    if (!w->next_ord && !sql_number(s, &last, 0, err, "SELECT max(ord) FROM run", ""))
        return false;
    w->next_ord = w->next_ord ? w->next_ord : (last > 0 ? last : 0) + 1;
    *ord = w->next_ord++;
    return true;
}

static bool add_run(struct store *store, struct see_work *w, const struct store_seen *r,
                    struct known_run *out, struct error *err)
{
    struct sql *s = &store->sql;
    uint8_t hash[32];
    int64_t ord = r->num;
    hash_path(r->path, hash);
    if ((r->num < 0 && !next_ord(s, w, &ord, err)) ||
        !sql_do(s, NULL, err,
                "INSERT INTO run(ord,num,path,path_hash,facility,state,state_t,seen,n_files,n_here,bytes,"
                "bytes_here,readable,ignored,name) VALUES(?,nullif(?,-1),?,?,?,?,?,?,0,0,0,0,0,0,'')",
                "iibbtiii", ord, r->num < 0 ? (int64_t)-1 : r->num, r->path, (int)strlen(r->path), hash, 16,
                r->facility, (int64_t)r->state, w->now, w->now))
        return false;
    if (w->next_ord && ord >= w->next_ord)
        w->next_ord = ord + 1;
    *out = (struct known_run){.id = s->ops->last_id(s), .state = r->state, .is_new = true};
    w->n_new++;
    return sql_do(s, NULL, err, "INSERT INTO run_tag(run,tag,t,who) SELECT ?,id,?,'' FROM tag WHERE auto=1",
                  "ii", out->id, w->now) &&
           store_happens(store, &(struct store_happened){.kind = "run_seen", .run = out->id, .body = r->name},
                         w->now, err);
}

static bool is_closed(enum run_state state)
{
    return state == RUN_TRANSFERRING || state == RUN_PRESENT || state == RUN_EMPTY;
}

/* What its state has come to. */
static bool tell(struct store *s, const struct see_work *w, const struct store_seen *r,
                 const struct known_run *k, struct error *err)
{
    struct store_happened e = {.run = k->id, .body = r->name};
    bool ok = true;
    if (is_closed(r->state) && !k->closed)
        e.kind = "run_closed", ok = store_happens(s, &e, w->now, err);
    if (ok && r->state == RUN_PRESENT && !k->present)
        e.kind = "run_present", ok = store_happens(s, &e, w->now, err);
    if (ok && k->state == RUN_PRESENT && r->state != RUN_PRESENT)
        e.kind = "run_changed", ok = store_happens(s, &e, w->now, err);
    return ok;
}

/* A renamed run is the same one, and so are its files: the file itself, or those below the folder. */
static bool rename_run(struct sql *s, const struct store_seen *r, int64_t id, struct error *err)
{
    struct arena a = {0};
    uint8_t hash[32];
    size_t length = strlen(r->was), n = 0;
    struct {
        int64_t no;
        const char *path;
    } *files = NULL;
    int step;
    hash_path(r->path, hash);
    bool ok = sql_do(s, NULL, err, "UPDATE run SET path=?,path_hash=? WHERE id=?", "bbi", r->path,
                     (int)strlen(r->path), hash, 16, id);
    struct sql_stmt *q = ok ? sql_query(s, err, "SELECT no,path FROM source WHERE run=?", "i", id) : NULL;
    while ((step = sql_step(s, q, err)) == 1) {
        const char *path = store_text(s, q, 1, &a);
        if (!str_starts(path, r->was) || (path[length] && path[length] != '/'))
            continue;
        files = arena_grow(&a, files, n, sizeof *files);
        files[n].no = sql_int(s, q, 0);
        files[n++].path = arena_printf(&a, "%s%s", r->path, path + length);
    }
    ok = ok && step == 0;
    for (size_t i = 0; ok && i < n; i++) {
        hash_path(files[i].path, hash);
        ok = sql_do(s, NULL, err, "UPDATE source SET path=?,path_hash=? WHERE run=? AND no=?", "bbii",
                    files[i].path, (int)strlen(files[i].path), hash, 16, id, files[i].no);
    }
    arena_free(&a);
    return ok;
}

/* All that may have changed. Number, place and facility are those of the first sight. */
static bool set_run(struct sql *s, const struct see_work *w, const struct store_seen *r,
                    const struct known_run *k, int64_t bytes, struct error *err)
{
    uint8_t look[LOOK_SIZE];
    struct arena a = {0};
    const char *name;
    int64_t closed_t = is_closed(r->state) ? w->now : 0, present_t = r->state == RUN_PRESENT ? w->now : 0;
    pack_look(&r->look, look);
    store_fits(r->name, 255, &a, &name);
    bool ok =
        sql_do(s, NULL, err,
               "UPDATE run SET name=?,state_t=CASE WHEN state=? THEN state_t ELSE ? END,state=?,"
               "begin_t=coalesce(nullif(?,0),begin_t),end_t=coalesce(nullif(?,0),end_t),n_files=?,n_here=?,"
               "bytes=coalesce(nullif(?,-1),bytes),bytes_here=?,readable=?,why=?,rate=?,look=?,"
               "closed_t=coalesce(closed_t,nullif(?,0)),present_t=coalesce(present_t,nullif(?,0)) WHERE id=?",
               "tiiiiiiiiiitdbiii", name, (int64_t)r->state, w->now, (int64_t)r->state, r->begin_t, r->end_t,
               (int64_t)r->n_files, (int64_t)r->n_here, bytes, r->bytes_here, (int64_t)r->readable,
               r->why ? r->why : "", r->rate, look, LOOK_SIZE, closed_t, present_t, k->id);
    arena_free(&a);
    return ok;
}

/* -1: as they stand. */
static int64_t bytes_of(const struct store_seen *r)
{
    int64_t bytes = 0;
    for (size_t i = 0; r->files && i < r->n_files; i++)
        bytes += r->files[i].size > 0 ? r->files[i].size : 0;
    return !r->files ? -1 : bytes > r->bytes_here ? bytes : r->bytes_here;
}

/* Said once: results and file do not belong together any more. */
static bool tell_of_other(struct store *s, const struct see_work *w, const struct known_run *k,
                          const struct came *came, struct error *err)
{
    struct arena a = {0};
    struct store_happened e = {.kind = "run_changed", .level = STORE_WARNING, .run = k->id};
    if (!came->other)
        return true;
    e.body = arena_printf(&a, "%s is not the file that was processed: it had %s and has %lld",
                          came->other->path, COUNT(came->was, "byte"), (long long)came->other->size);
    bool ok = store_happens(s, &e, w->now, err);
    arena_free(&a);
    return ok;
}

static bool see_run(struct store *store, struct see_work *w, const struct store_seen *r, struct error *err)
{
    struct sql *s = &store->sql;
    struct known_run k;
    struct came came = {0};
    if (!find_by_path(s, r->path, &k, err))
        return false;
    if (!k.id && r->was && (!find_by_path(s, r->was, &k, err) || (k.id && !rename_run(s, r, k.id, err))))
        return false;
    return (k.id || add_run(store, w, r, &k, err)) && set_run(s, w, r, &k, bytes_of(r), err) &&
           tell(store, w, r, &k, err) &&
           (!r->files ||
            (see_files(s, &k, r, &came, err) && (k.is_new || (grow_jobs(s, k.id, came.n, w->now, err) &&
                                                              tell_of_other(store, w, &k, &came, err)))));
}

static bool see_work(struct store *s, void *arg, struct error *err)
{
    struct see_work *w = arg;
    w->n_new = 0;
    w->next_ord = 0;
    bool ok = sql_now(&s->sql, &w->now, err);
    for (size_t i = 0; ok && i < w->n; i++)
        ok = see_run(s, w, w->runs + i, err);
    return ok;
}

bool store_see(struct store *s, const struct store_seen *runs, size_t n, size_t *n_new, struct error *err)
{
    struct see_work w = {.runs = runs, .n = n};
    bool ok = n == 0 || store_transaction(s, see_work, &w, err);
    *n_new = ok ? w.n_new : 0;
    return ok;
}

/* ---- how they stand ---- */

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct store_seen *)a)->path, ((const struct store_seen *)b)->path);
}

static struct store_seen seen_of(struct sql *s, struct sql_stmt *q, const char *facility, struct arena *a)
{
    struct store_seen r = {.path = store_text(s, q, 0, a),
                           .name = store_text(s, q, 1, a),
                           .facility = facility,
                           .why = store_text(s, q, 2, a),
                           .num = sql_int(s, q, 3),
                           .state = (enum run_state)(int)sql_int(s, q, 4),
                           .readable = sql_int(s, q, 5) != 0,
                           .begin_t = sql_int(s, q, 6),
                           .end_t = sql_int(s, q, 7),
                           .n_files = (uint32_t)sql_int(s, q, 8),
                           .n_here = (uint32_t)sql_int(s, q, 9),
                           .bytes_here = sql_int(s, q, 10),
                           .rate = sql_real(s, q, 11)};
    size_t n;
    const uint8_t *look = sql_bytes(s, q, 12, &n);
    r.look = unpack_look(look, n);
    return r;
}

struct looks_work {
    const char *facility;
    struct arena *arena;
    struct store_seen *rows;
    size_t n;
};

/* Runs that nobody looked at (of `process` alone, imported ones) are none of the facility's. */
static bool looks_work(struct store *store, void *arg, struct error *err)
{
    struct looks_work *w = arg;
    struct sql *s = &store->sql;
    const char *facility = arena_strdup(w->arena, w->facility);
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT path,name,why,coalesce(num,-1),state,readable,begin_t,end_t,n_files,n_here,bytes_here,"
        "coalesce(rate,0),look FROM run WHERE facility=? AND look IS NOT NULL",
        "t", w->facility);
    int step;
    w->rows = NULL;
    w->n = 0;
    while ((step = sql_step(s, q, err)) == 1) {
        w->rows = arena_grow(w->arena, w->rows, w->n, sizeof *w->rows);
        w->rows[w->n++] = seen_of(s, q, facility, w->arena);
    }
    if (w->n > 1)
        qsort(w->rows, w->n, sizeof *w->rows, by_path);
    return step == 0;
}

bool store_looks(struct store *s, const char *facility, struct arena *a, struct store_seen **runs, size_t *n,
                 struct error *err)
{
    struct looks_work w = {.facility = facility, .arena = a};
    bool ok = store_reading(s, looks_work, &w, err);
    *runs = w.rows;
    *n = ok ? w.n : 0;
    return ok;
}
