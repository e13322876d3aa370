/* results.c - frames and lattices into their tables with the roll-ups of their writers, a batch a transaction (STORE 7.1, 7.2).
 *
 * A batch moves its writer's position (frames that were put) by compare-and-set, in the transaction that inserts its rows: whoever
 * repeats a commit whose answer was lost finds the position moved. Slow rows follow in a transaction of their own: memory never
 * runs ahead of the tables, whatever fails, and pages see every frame that is committed. A row that the database refuses is found
 * by halving the batch and stored in minimal form, the refused text kept apart: the database never fails a frame. */
#include "store/put_one.h"
#include "store/roll_rows.h"
#include "store/store_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- writers ---- */

/* A writer of this or an earlier attempt of the job; a new one is read from its rows before it is used. */
static struct roll *find_writer(struct store *s, int64_t attempt, uint32_t writer)
{
    for (size_t i = 0; i < s->n_writers; i++)
        if (s->writers[i]->attempt == attempt && s->writers[i]->writer == writer)
            return s->writers[i];
    struct roll *r = arena_alloc(&s->arena, sizeof *r);
    *r = (struct roll){.attempt = attempt, .writer = writer, .stale = true};
    s->writers = arena_grow(&s->arena, s->writers, s->n_writers, sizeof *s->writers);
    return s->writers[s->n_writers++] = r;
}

struct writer_work {
    const struct store_job *job;
    struct roll *roll;
};

/* The roll as its rows have it; a row for a new writer. */
static bool read_writer(struct store *store, void *arg, struct error *err)
{
    struct writer_work *w = arg;
    struct sql *s = &store->sql;
    struct roll *r = w->roll;
    bool there = false;
    int64_t token = 0, attempt = r->attempt, preview = 0;
    uint32_t writer = r->writer;
    roll_free(r);
    if (!roll_make(r, store->cell_known ? store->cell : NULL))
        return error_set(err, ERROR_MEMORY, "out of memory");
    r->attempt = attempt;
    r->writer = writer;
    r->token = store->token;
    if (!roll_position(s, attempt, writer, &r->pos, &token, &there, err) ||
        !sql_number(s, &preview, 0, err, "SELECT preview FROM job WHERE id=?", "i", w->job->job))
        return false;
    store->preview = preview != 0;
    if (there && token > store->token)
        return store_is_superseded(store, err);
    if (!there)
        return roll_insert(s, r, err);
    struct roll_hot stands = {0};
    if (!roll_read_hot(s, attempt, writer, &stands, err) || !roll_read_rows(s, w->job->job, r, err))
        return false;
    r->hot.duplicates = stands.duplicates; /* counts events, not rows */
    return token == store->token ||
           sql_do(s, NULL, err, "UPDATE roll SET token=? WHERE attempt=? AND writer=? AND token<?", "iiii",
                  store->token, attempt, (int64_t)writer, store->token);
}

static bool use_writer(struct store *s, const struct store_job *j, struct roll *r, struct error *err)
{
    struct writer_work w = {j, r};
    r->stale = !store_transaction(s, read_writer, &w, err);
    return !r->stale;
}

/* The next writer whose slow rows are not known to be true; *attempt 0: there is none. */
static bool next_to_mend(struct sql *s, int64_t job, int64_t *attempt, uint32_t *writer, struct error *err)
{
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT r.attempt,r.writer FROM roll r JOIN attempt a ON a.id=r.attempt LEFT JOIN roll_change c ON "
        "c.attempt=r.attempt AND c.writer=r.writer WHERE a.job=? AND r.label=0 AND c.attempt IS NULL LIMIT 1",
        "i", job);
    int step = sql_step(s, q, err);
    *attempt = 0;
    if (step == 1) {
        *attempt = sql_int(s, q, 0);
        *writer = (uint32_t)sql_int(s, q, 1);
        sql_reset(s, q);
    }
    return step >= 0;
}

bool store_mend_rolls(struct store *s, const struct store_job *j, struct error *err)
{
    int64_t attempt = 0;
    uint32_t writer = 0;
    for (;;) {
        if (!next_to_mend(&s->sql, j->job, &attempt, &writer, err))
            return false;
        if (!attempt)
            return true;
        struct roll *r = find_writer(s, attempt, writer);
        if (!use_writer(s, j, r, err))
            return false;
        r->slow_dirty = true;
        if (!store_write_rolls(s, true, err))
            return false;
        store_forget_writers(s);
    }
}

void store_forget_writers(struct store *s)
{
    for (size_t i = 0; i < s->n_writers; i++)
        roll_free(s->writers[i]);
    s->writers = NULL;
    s->n_writers = 0;
}

/* ---- a batch ---- */

struct batch {
    const struct store_job *job;
    struct store_batch part;
    const char *recipe_hash;
    struct roll *roll;
    int64_t to;             /* where its position goes: one for each frame that is put */
    struct roll_hot hot;    /* what the hot row gets */
    struct frame_rows rows; /* of the frames that are new */
    bool careful;           /* some rows are there already: look which */
    bool done;              /* the position had been moved before */
    bool preview;           /* of a preview job */
    bool minimal;           /* one frame: key, outcome and what was refused */
    char refused[512];
};

/* Which frames of the batch are in the table: asked for by ranges of their sources. */
static bool find_those_there(struct sql *s, const struct batch *b, bool *there, struct error *err)
{
    for (size_t i = 0; i < b->part.n; i++) {
        uint32_t source = b->part.results[i]->id.source, lo = UINT32_MAX, hi = 0;
        bool first = true;
        for (size_t k = 0; k < b->part.n; k++) {
            uint32_t frame = b->part.results[k]->id.frame;
            if (b->part.results[k]->id.source != source)
                continue;
            first = first && k >= i;
            lo = frame < lo ? frame : lo;
            hi = frame > hi ? frame : hi;
        }
        if (!first)
            continue;
        struct sql_stmt *q =
            sql_query(s, err, "SELECT frame FROM frame WHERE job=? AND source=? AND frame>=? AND frame<=?",
                      "iiii", b->job->job, (int64_t)source, (int64_t)lo, (int64_t)hi);
        int step;
        while ((step = sql_step(s, q, err)) == 1)
            for (size_t k = i; k < b->part.n; k++)
                there[k] = there[k] || (b->part.results[k]->id.source == source &&
                                        b->part.results[k]->id.frame == sql_int(s, q, 0));
        if (step < 0)
            return false;
    }
    return true;
}

/* A frame that is twice in a batch counts as there the second time. */
static bool is_repeated(const struct batch *b, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (b->part.results[k]->id.source == b->part.results[i]->id.source &&
            b->part.results[k]->id.frame == b->part.results[i]->id.frame)
            return true;
    return false;
}

/* Rows and counts of the frames that are new to the job. */
static bool make_rows(struct sql *s, struct batch *b, struct error *err)
{
    struct frame_owner owner = {b->job->job,    b->roll->attempt, b->roll->writer,
                                b->recipe_hash, b->minimal,       b->preview};
    frame_rows_free(&b->rows);
    b->hot = b->roll->hot;
    bool *there = arena_array(&b->rows.arena, b->part.n + 1, sizeof *there);
    if (b->careful && !find_those_there(s, b, there, err))
        return false;
    for (size_t i = 0; i < b->part.n; i++) {
        if (there[i] || (b->careful && is_repeated(b, i))) {
            b->hot.duplicates++;
            continue;
        }
        frame_rows_add(&b->rows, &owner, b->part.results[i]);
        roll_hot_add(&b->hot, b->rows.seen + b->rows.n - 1);
    }
    return true;
}

/* The position is not where it was left: another token, or a commit that was done though its answer was lost. */
static bool look_again(struct store *store, struct batch *b, struct error *err)
{
    int64_t pos = 0, token = 0;
    bool there = false;
    if (!roll_position(&store->sql, b->roll->attempt, b->roll->writer, &pos, &token, &there, err))
        return false;
    if (!there || token != store->token)
        return store_is_superseded(store, err);
    if (pos != b->to)
        return error_set(err, ERROR_INTERNAL, "the roll-up of writer %u stands at %lld, not at %lld or %lld",
                         b->roll->writer, (long long)pos, (long long)b->roll->pos, (long long)b->to);
    b->done = true;
    return true;
}

static bool insert(struct sql *s, const char *table, struct sql_rows *r, size_t columns, int64_t *affected,
                   struct error *err)
{
    return r->n == 0 || sql_insert(s, table, MEETING_KEEPS, r->values, r->n / columns, affected, err);
}

static bool note_refused(struct sql *s, const struct batch *b, struct error *err)
{
    return sql_do(s, NULL, err,
                  "INSERT INTO refused(job,source,frame,attempt,what,body,t) VALUES(?,?,?,?,'row',?,?)",
                  "iiiiti", b->job->job, (int64_t)b->part.results[0]->id.source,
                  (int64_t)b->part.results[0]->id.frame, b->roll->attempt, b->refused, clock_now());
}

static bool slow_is_due(const struct store *s, const struct roll *r)
{
    /* with many writers less often, so that what is written does not grow with them */
    int64_t period = 500000000 * (int64_t)(1 + s->n_writers / 16);
    return (r->slow_dirty || r->level_rose) && clock_monotonic() - r->slow_written >= period;
}

static bool write_slow(struct store *s, const struct roll *r, struct error *err)
{
    int64_t now;
    return sql_now(&s->sql, &now, err) && roll_write_slow(&s->sql, r, s->job, now, err);
}

static bool put_batch(struct store *store, void *arg, struct error *err)
{
    struct batch *b = arg;
    struct sql *s = &store->sql;
    bool moved = false;
    int64_t in = 0;
    b->done = false;
    if (!make_rows(s, b, err) || !roll_move(s, b->roll, &b->hot, b->roll->pos, b->to, &moved, err))
        return false;
    if (!moved)
        return look_again(store, b, err);
    if (!insert(s, "frame", &b->rows.frames, F_COLUMNS, &in, err))
        return false;
    if (in != (int64_t)b->rows.n) {
        b->careful = true;
        return error_set(err, ERROR_INTERNAL, "rows of frames are there already");
    }
    return insert(s, "failure", &b->rows.failures, 4, NULL, err) &&
           insert(s, "lattice", &b->rows.lattices, L_COLUMNS, NULL, err) &&
           (!b->minimal || note_refused(s, b, err)) && store_renew(store, err);
}

/* A frame that comes alone goes by one statement where the server has it so; what does not go that way goes the other. */
static bool put_alone(struct store *store, void *arg, struct error *err)
{
    struct batch *b = arg;
    return make_rows(&store->sql, b, err) && put_one_fits(&store->sql, &b->rows) && store_renew(store, err) &&
           put_one(&store->sql, b->roll, &b->hot, b->to, &b->rows, err);
}

/* It is in the tables. What a commit did whose answer was lost is read again from its rows. */
static void take_over(struct batch *b)
{
    struct roll *r = b->roll;
    r->stale = b->done;
    if (b->done)
        return;
    r->hot = b->hot;
    r->pos = b->to;
    for (size_t i = 0; i < b->rows.n; i++)
        roll_slow_add(r, b->rows.seen + i);
}

/* One part; again, looking first, when some of its frames were there. */
static bool put_part(struct store *s, struct batch *b, struct error *err)
{
    bool was_careful = b->careful;
    b->to = b->roll->pos + (int64_t)b->part.n;
    bool alone = b->part.n == 1 && !b->careful && !b->minimal;
    bool ok = (alone && store_at_once(s, put_alone, b, &(struct error){0})) ||
              store_transaction(s, put_batch, b, err);
    if (!ok && b->careful && !was_careful)
        ok = store_transaction(s, put_batch, b, err);
    if (ok)
        take_over(b);
    frame_rows_free(&b->rows);
    return ok;
}

/* Halves until the refused frame stands alone. Depth: log2 of a batch. */
static bool put_halved(struct store *s, struct batch *b, struct error *err)
{
    if (b->roll->stale && !use_writer(s, b->job, b->roll, err))
        return false;
    b->preview = s->preview;
    if (put_part(s, b, err))
        return true;
    enum sql_class class = s->sql.class;
    if ((class != CLASS_ROW && class != CLASS_SPLIT) || b->minimal)
        return false;
    if (b->part.n > 1) {
        struct batch left = *b, right = *b;
        left.part.n = b->part.n / 2;
        right.part.results += left.part.n;
        right.part.n -= left.part.n;
        return put_halved(s, &left, err) && put_halved(s, &right, err);
    }
    b->minimal = true;
    snprintf(b->refused, sizeof b->refused, "%s", err->detail[0] ? err->detail : "refused");
    return put_part(s, b, err);
}

/* Whose rows they become: a database that is younger than a journal does not know its attempt. */
struct owner_work {
    const struct store_job *job;
    int64_t attempt;
};

static bool owner_work(struct store *s, void *arg, struct error *err)
{
    struct owner_work *w = arg;
    int64_t known = 0;
    if (!sql_number(&s->sql, &known, 0, err, "SELECT 1 FROM attempt WHERE id=? AND job=?", "ii", w->attempt,
                    w->job->job))
        return false;
    w->attempt = known ? w->attempt : w->job->attempt;
    return true;
}

bool store_put_results(struct store *s, const struct store_job *j, const struct store_batch *batches,
                       size_t n, const char *recipe_hash, struct error *err)
{
    struct error none = {0}, *e = err ? err : &none;
    for (size_t i = 0; i < n; i++) {
        struct batch b = {.job = j, .part = batches[i], .recipe_hash = recipe_hash};
        struct owner_work owner = {j, batches[i].attempt};
        if (owner.attempt != j->attempt && !store_transaction(s, owner_work, &owner, e))
            return false;
        b.roll = find_writer(s, owner.attempt, batches[i].writer);
        if (!put_halved(s, &b, e))
            return false;
        *e = (struct error){0}; /* what was refused on the way is in its table */
    }
    return true;
}

/* ---- slow rows of writers that have nothing new ---- */

static bool slow_work(struct store *store, void *arg, struct error *err)
{
    const bool *all = arg;
    for (size_t i = 0; i < store->n_writers; i++) {
        struct roll *r = store->writers[i];
        r->writing = *all ? r->slow_dirty || r->level_rose : slow_is_due(store, r);
        if (r->writing && !write_slow(store, r, err))
            return false;
    }
    return true;
}

bool store_write_rolls(struct store *s, bool all, struct error *err)
{
    bool any = false;
    for (size_t i = 0; i < s->n_writers; i++)
        any = any ||
              (all ? s->writers[i]->slow_dirty || s->writers[i]->level_rose : slow_is_due(s, s->writers[i]));
    if (!any)
        return true;
    if (!store_transaction(s, slow_work, &all, err))
        return false;
    for (size_t i = 0; i < s->n_writers; i++)
        if (s->writers[i]->writing)
            roll_written(s->writers[i]);
    return true;
}
