/* label_join.c - values to the frames of a run, and counts of its jobs by label; see label.h.
 *
 * A run is one transaction: labels of its frames, counts of its jobs, and what the join found are set to what the tables say at that
 * moment, absolutely, so that it may be done again at any time. Frames that come later make the run due: `seen` is what its jobs had
 * counted when it was joined. Frames of jobs that were pruned are gone, and the counts that they left stay. */
#include "store/label_match.h"
#include "store/label_private.h"
#include "store/pack.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_COUNT_COLUMNS = 12 };

/* Of one job and group. */
struct label_tally {
    int64_t job;
    uint32_t no;
    int64_t frames, by_outcome[7], lattices;
    uint32_t reasons[REASON_END];
};

struct joined_frame {
    uint32_t source, frame, no;
    bool labelled;
    double value, nominal;
};

struct joining {
    struct store *store;
    const struct label_of *set;
    int64_t run, nominal, corrected, tolerance, begin_t, end_t, seen;
    struct arena arena;
    struct label_row *rows[2]; /* by layer */
    size_t n_rows[2];
    struct label_stretch *stretches;
    size_t n_stretches;
    struct label_words words; /* numbers: by value */
    int64_t *jobs;
    size_t n_jobs;
    struct seen_frame {
        struct label_frame id;
        uint32_t job; /* its place among the jobs */
        uint8_t outcome, reason, n_lattices;
    } * frames;
    size_t n_frames;
    struct joined_frame *labels; /* of each frame of the run, once */
    size_t n_labels;
    struct label_tally *tallies; /* by job, then group */
    size_t n_tallies;
};

/* ---- what there is ---- */

static bool read_run(struct joining *j, bool *there, struct error *err)
{
    struct sql *s = &j->store->sql;
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT l.nominal,l.corrected,l.tolerance,r.begin_t,r.end_t FROM label_join l JOIN run r ON "
        "r.id=l.run WHERE l.label_set=? AND l.run=?",
        "ii", j->set->id, j->run);
    int step = sql_step(s, q, err);
    *there = step == 1;
    if (step == 1) {
        j->nominal = sql_int(s, q, 0);
        j->corrected = sql_int(s, q, 1);
        j->tolerance = sql_int(s, q, 2);
        j->begin_t = sql_int(s, q, 3);
        j->end_t = sql_int(s, q, 4);
        sql_reset(s, q);
    }
    return step >= 0;
}

static bool read_rows(struct joining *j, int layer, int64_t version, struct error *err)
{
    struct sql *s = &j->store->sql;
    struct label_row *rows = NULL;
    size_t n = 0;
    int step;
    if (!version)
        return true;
    struct sql_stmt *q =
        sql_query(s, err,
                  "SELECT seq,how,place,value FROM label_row WHERE label_set=? AND run=? AND "
                  "layer=? AND version=? ORDER BY seq",
                  "iiii", j->set->id, j->run, (int64_t)layer, version);
    while ((step = sql_step(s, q, err)) == 1) {
        rows = arena_grow(&j->arena, rows, n, sizeof *rows);
        rows[n++] = (struct label_row){.seq = (uint32_t)sql_int(s, q, 0),
                                       .how = (enum store_label_how)sql_int(s, q, 1),
                                       .place = sql_int(s, q, 2),
                                       .value = sql_real(s, q, 3)};
    }
    j->rows[layer] = rows;
    j->n_rows[layer] = label_rows_sort(rows, n);
    return step == 0;
}

static bool read_stretches(struct joining *j, struct error *err)
{
    struct sql *s = &j->store->sql;
    struct sql_stmt *q = sql_query(
        s, err, "SELECT first_t,last_t,value FROM label_span WHERE label_set=? AND run IN (0,?) ORDER BY seq",
        "ii", j->set->id, j->run);
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        bool first = s->ops->column(q, 0).kind != SQL_NULL, last = s->ops->column(q, 1).kind != SQL_NULL;
        j->stretches = arena_grow(&j->arena, j->stretches, j->n_stretches, sizeof *j->stretches);
        j->stretches[j->n_stretches++] =
            (struct label_stretch){.timed = first || last,
                                   .first_t = first ? sql_int(s, q, 0) : INT64_MIN,
                                   .last_t = last ? sql_int(s, q, 1) : INT64_MAX,
                                   .value = sql_real(s, q, 2)};
    }
    return step == 0;
}

/* Jobs of frames whose rows are there. */
static bool read_jobs(struct joining *j, struct error *err)
{
    struct sql *s = &j->store->sql;
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT j.id FROM job j WHERE j.run=? AND NOT EXISTS (SELECT 1 FROM event e WHERE e.job=j.id "
        "AND e.kind='pruned') ORDER BY j.id",
        "i", j->run);
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        j->jobs = arena_grow(&j->arena, j->jobs, j->n_jobs, sizeof *j->jobs);
        j->jobs[j->n_jobs++] = sql_int(s, q, 0);
    }
    return step == 0 &&
           sql_number(
               s, &j->seen, 0, err,
               "SELECT coalesce(sum(r.frames),0) FROM job j JOIN attempt a ON a.job=j.id JOIN roll r ON "
               "r.attempt=a.id AND r.label=0 WHERE j.run=?",
               "i", j->run);
}

static int64_t or_none(struct sql *s, struct sql_stmt *q, int i)
{
    return s->ops->column(q, i).kind == SQL_NULL ? INT64_MIN : sql_int(s, q, i);
}

static bool read_frames(struct joining *j, size_t job, struct error *err)
{
    struct sql *s = &j->store->sql;
    struct sql_stmt *q =
        sql_query(s, err, "SELECT source,frame,event,t_event,outcome,reason,n_lattice FROM frame WHERE job=?",
                  "i", j->jobs[job]);
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        j->frames = arena_grow(&j->arena, j->frames, j->n_frames, sizeof *j->frames);
        j->frames[j->n_frames++] = (struct seen_frame){.id = {.source = (uint32_t)sql_int(s, q, 0),
                                                              .frame = (uint32_t)sql_int(s, q, 1),
                                                              .event = or_none(s, q, 2),
                                                              .t = or_none(s, q, 3)},
                                                       .job = (uint32_t)job,
                                                       .outcome = (uint8_t)sql_int(s, q, 4),
                                                       .reason = (uint8_t)(sql_int(s, q, 5) & 63),
                                                       .n_lattices = (uint8_t)sql_int(s, q, 6)};
    }
    return step == 0;
}

/* ---- values to frames ---- */

static int by_value(const void *x, const void *y)
{
    const struct label_group *a = x, *b = y;
    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return (a->no > b->no) - (a->no < b->no);
}

/* The group of a value: of a text its number; a new group of a number is made. Words of another width of bins stay as they are, unused. */
static bool group_of(struct joining *j, double v, uint32_t *no, struct error *err)
{
    struct label_words *w = &j->words;
    uint32_t most = 0;
    if (j->set->kind == LABEL_TEXT)
        return *no = (uint32_t)v, true;
    double value = j->set->bin > 0 ? floor(v / j->set->bin) * j->set->bin : v;
    size_t at = sorted_place(&(struct label_group){.value = value}, w->rows, w->n, sizeof *w->rows, by_value);
    if (at < w->n && w->rows[at].value == value)
        return *no = w->rows[at].no, true;
    for (size_t i = 0; i < w->n; i++)
        most = w->rows[i].no > most ? w->rows[i].no : most;
    if (w->n >= LABEL_GROUPS)
        return error_set(err, ERROR_USAGE, "%s has more than %d different values", j->set->name,
                         (int)LABEL_GROUPS),
               error_hint(err, "frames cannot be grouped by it: give --bin WIDTH");
    const char *word = label_group_word(j->set, v, &j->arena, &value);
    w->rows = sorted_open(&j->arena, w->rows, w->n++, sizeof *w->rows, at);
    w->rows[at] = (struct label_group){.no = most + 1, .value = value, .word = word};
    *no = most + 1;
    return sql_do(&j->store->sql, NULL, err,
                  "INSERT INTO label_word(label_set,no,word,value) VALUES(?,?,?,?)", "iitd", j->set->id,
                  (int64_t)*no, word, value);
}

static bool label_frame(struct joining *j, const struct label_frame *f, struct joined_frame *out,
                        struct error *err)
{
    const struct label_row *nominal =
        label_rows_find(j->rows[LAYER_NOMINAL], j->n_rows[LAYER_NOMINAL], f, j->tolerance);
    const struct label_row *corrected =
        label_rows_find(j->rows[LAYER_CORRECTED], j->n_rows[LAYER_CORRECTED], f, j->tolerance);
    const struct label_stretch *stretch =
        nominal ? NULL : label_stretch_find(j->stretches, j->n_stretches, f, j->begin_t, j->end_t);
    *out = (struct joined_frame){.source = f->source, .frame = f->frame, .value = NAN, .nominal = NAN};
    if (nominal || stretch)
        out->value = out->nominal = nominal ? nominal->value : stretch->value;
    if (corrected)
        out->value = corrected->value;
    out->labelled = nominal || stretch || corrected;
    return !out->labelled || group_of(j, out->value, &out->no, err);
}

static int by_frame(const void *x, const void *y)
{
    const struct seen_frame *a = x, *b = y;
    if (a->id.source != b->id.source)
        return a->id.source < b->id.source ? -1 : 1;
    if (a->id.frame != b->id.frame)
        return a->id.frame < b->id.frame ? -1 : 1;
    return (a->job > b->job) - (a->job < b->job);
}

static int by_job_and_no(const void *key, const void *row)
{
    const struct label_tally *x = key, *y = row;
    return x->job != y->job ? (x->job > y->job) - (x->job < y->job) : (x->no > y->no) - (x->no < y->no);
}

static struct label_tally *tally_of(struct joining *j, int64_t job, uint32_t no)
{
    const struct label_tally new = {.job = job, .no = no};
    size_t at = sorted_place(&new, j->tallies, j->n_tallies, sizeof *j->tallies, by_job_and_no);
    if (at < j->n_tallies && j->tallies[at].job == job && j->tallies[at].no == no)
        return j->tallies + at;
    j->tallies = sorted_open(&j->arena, j->tallies, j->n_tallies++, sizeof *j->tallies, at);
    j->tallies[at] = new;
    return j->tallies + at;
}

static bool label_frames(struct joining *j, struct error *err)
{
    if (j->n_frames)
        qsort(j->frames, j->n_frames, sizeof *j->frames, by_frame);
    for (size_t i = 0; i < j->n_frames; i++)
        for (int layer = 0; layer < 2; layer++)
            label_rows_look(j->rows[layer], j->n_rows[layer], &j->frames[i].id, j->tolerance);
    j->labels = arena_rows(&j->arena, j->n_frames + 1, sizeof *j->labels);
    for (size_t i = 0; i < j->n_frames; i++) {
        const struct seen_frame *f = j->frames + i;
        bool same = i && f[-1].id.source == f->id.source && f[-1].id.frame == f->id.frame;
        if (!same && !label_frame(j, &f->id, j->labels + j->n_labels++, err))
            return false;
        const struct joined_frame *l = j->labels + j->n_labels - 1;
        if (!l->labelled)
            continue;
        struct label_tally *t = tally_of(j, j->jobs[f->job], l->no);
        t->frames++;
        t->by_outcome[f->outcome < OUTCOME_END ? f->outcome : 0]++;
        t->reasons[f->reason]++;
        t->lattices += f->n_lattices;
    }
    return true;
}

/* ---- into the tables ---- */

static bool write_labels(struct joining *j, struct error *err)
{
    enum { COLUMNS = 7, AT_ONCE = 2000 };
    struct sql *s = &j->store->sql;
    struct sql_value *v = arena_array(&j->arena, COLUMNS * AT_ONCE, sizeof *v), *c = v;
    if (!sql_do(s, NULL, err, "DELETE FROM frame_label WHERE label_set=? AND run=?", "ii", j->set->id,
                j->run))
        return false;
    for (size_t i = 0; i < j->n_labels; i++) {
        const struct joined_frame *l = j->labels + i;
        if (l->labelled) {
            *c++ = sql_i(j->set->id);
            *c++ = sql_i(j->run);
            *c++ = sql_i(l->source);
            *c++ = sql_i(l->frame);
            *c++ = sql_i(l->no);
            *c++ = j->set->kind == LABEL_TEXT ? sql_null() : sql_d(l->value);
            *c++ = j->set->kind == LABEL_TEXT ? sql_null() : sql_d(l->nominal);
        }
        bool full = c == v + (size_t)COLUMNS * AT_ONCE || i + 1 == j->n_labels;
        if (full && c > v &&
            !sql_insert(s, "frame_label", MEETING_SETS, v, (size_t)(c - v) / COLUMNS, NULL, err))
            return false;
        c = full ? v : c;
    }
    return true;
}

static bool write_counts(struct joining *j, struct error *err)
{
    struct sql *s = &j->store->sql;
    for (size_t i = 0; i < j->n_jobs; i++)
        if (!sql_do(s, NULL, err, "DELETE FROM label_count WHERE label_set=? AND job=?", "ii", j->set->id,
                    j->jobs[i]))
            return false;
    for (size_t i = 0; i < j->n_tallies; i++) {
        const struct label_tally *t = j->tallies + i;
        uint8_t reasons[256];
        struct sql_value v[LABEL_COUNT_COLUMNS + 1];
        size_t n = 0;
        pack_counts(t->reasons, REASON_END, reasons);
        v[n++] = sql_i(j->set->id);
        v[n++] = sql_i(t->job);
        v[n++] = sql_i(t->no);
        v[n++] = sql_i(t->frames);
        for (int o = 1; o < 7; o++)
            v[n++] = sql_i(t->by_outcome[o]);
        v[n++] = sql_i(t->lattices);
        v[n++] = sql_b(reasons, sizeof reasons);
        if (!sql_insert(s, "label_count", MEETING_SETS, v, 1, NULL, err))
            return false;
    }
    return true;
}

static bool write_found(struct joining *j, struct store_label_joined *out, struct error *err)
{
    struct sql *s = &j->store->sql;
    int64_t rows = 0, unused = 0, unmatched = 0, now = 0;
    for (int layer = 0; layer < 2; layer++)
        for (size_t i = 0; i < j->n_rows[layer]; i++)
            rows++, unused += !j->rows[layer][i].used;
    for (size_t i = 0; i < j->n_labels; i++)
        unmatched += !j->labels[i].labelled;
    out->runs++;
    out->frames += j->n_labels;
    out->unmatched += (uint64_t)unmatched;
    out->rows += (uint64_t)rows;
    out->unused += (uint64_t)unused;
    return sql_now(s, &now, err) &&
           sql_do(s, NULL, err,
                  "UPDATE label_join SET due=0,seen=?,t=?,n_frames=?,n_unmatched=?,n_rows=?,n_unused=? WHERE "
                  "label_set=? AND run=?",
                  "iiiiiiii", j->seen, now, (int64_t)j->n_labels, unmatched, rows, unused, j->set->id,
                  j->run) &&
           sql_do(
               s, NULL, err,
               "UPDATE label_set SET n_unmatched=(SELECT coalesce(sum(n_unmatched),0) FROM label_join WHERE "
               "label_set=?),n_unused=(SELECT coalesce(sum(n_unused),0) FROM label_join WHERE label_set=?) "
               "WHERE id=?",
               "iii", j->set->id, j->set->id, j->set->id);
}

bool label_join_run(struct store *s, const struct label_of *set, int64_t run, struct store_label_joined *out,
                    struct error *err)
{
    struct joining j = {.store = s, .set = set, .run = run};
    bool there = false;
    bool ok = read_run(&j, &there, err);
    ok =
        ok && (!there || (read_rows(&j, LAYER_NOMINAL, j.nominal, err) &&
                          read_rows(&j, LAYER_CORRECTED, j.corrected, err) && read_stretches(&j, err) &&
                          label_words_read(&s->sql, set->id, &j.arena, &j.words, err) && read_jobs(&j, err)));
    for (size_t i = 0; ok && i < j.n_jobs; i++)
        ok = read_frames(&j, i, err);
    if (ok && set->kind != LABEL_TEXT && j.words.n)
        qsort(j.words.rows, j.words.n, sizeof *j.words.rows, by_value);
    ok = ok && (!there || (label_frames(&j, err) && write_labels(&j, err) && write_counts(&j, err) &&
                           write_found(&j, out, err)));
    arena_free(&j.arena);
    return ok;
}

/* ---- what is due ---- */

struct due {
    int64_t set, run;
};

/* Of runs whose jobs have counted more, or less, than when they were joined; first those that a person waits for. */
static bool read_due(struct store *store, size_t most, struct arena *a, struct due **rows, size_t *n,
                     struct error *err)
{
    struct sql *s = &store->sql;
    int64_t any = 0;
    *rows = NULL;
    *n = 0;
    if (!sql_number(s, &any, 0, err, "SELECT 1 FROM label_set LIMIT 1", ""))
        return false;
    if (!any)
        return true;
    /* runs that came after a label of a stretch of time */
    if (!sql_do(s, NULL, err,
                "INSERT INTO label_join(label_set,run,nominal,corrected,tolerance,due,seen,t,n_frames,"
                "n_unmatched,n_rows,n_unused) SELECT DISTINCT p.label_set,r.id,0,0,0,1,0,0,0,0,0,0 FROM "
                "label_span p JOIN run r ON p.run=0 WHERE NOT EXISTS (SELECT 1 FROM label_join j WHERE "
                "j.label_set=p.label_set AND j.run=r.id)",
                ""))
        return false;
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT l.label_set,l.run FROM label_join l LEFT JOIN (SELECT j.run AS run,sum(coalesce(j.n_final,"
        "(SELECT sum(r.frames) FROM attempt a JOIN roll r ON r.attempt=a.id AND r.label=0 WHERE "
        "a.job=j.id),0)) AS n FROM job j GROUP BY j.run) c ON c.run=l.run WHERE l.due=1 OR "
        "coalesce(c.n,0)<>l.seen ORDER BY l.due DESC,l.run DESC,l.label_set LIMIT ?",
        "i", most ? (int64_t)most : INT64_MAX);
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        (*rows)[(*n)++] = (struct due){sql_int(s, q, 0), sql_int(s, q, 1)};
    }
    return step == 0;
}

struct join_work {
    const struct due *due;
    struct store_label_joined *out, before;
    size_t most;
    struct arena *arena;
    struct due *rows;
    size_t n;
};

static bool due_work(struct store *s, void *arg, struct error *err)
{
    struct join_work *w = arg;
    return read_due(s, w->most, w->arena, &w->rows, &w->n, err);
}

static bool set_of(struct sql *s, int64_t id, struct label_of *out, struct error *err)
{
    char name[sizeof out->name] = "";
    struct sql_stmt *q = sql_query(s, err, "SELECT name FROM label_set WHERE id=?", "i", id);
    int step = sql_step(s, q, err);
    if (step == 1) {
        sql_text(s, q, 0, name, sizeof name);
        sql_reset(s, q);
    }
    return step >= 0 && label_find(s, name, out, err);
}

static bool join_work(struct store *s, void *arg, struct error *err)
{
    struct join_work *w = arg;
    struct label_of set;
    *w->out = w->before; /* a transaction that is begun again counts once */
    return set_of(&s->sql, w->due->set, &set, err) &&
           (!set.id || label_join_run(s, &set, w->due->run, w->out, err));
}

bool store_labels_join(struct store *s, size_t most, struct store_label_joined *out, struct error *err)
{
    struct arena a = {0};
    struct join_work w = {.out = out, .most = most, .arena = &a};
    *out = (struct store_label_joined){0};
    bool ok = book_change(s, due_work, &w, err);
    for (size_t i = 0; ok && i < w.n; i++) {
        w.due = w.rows + i;
        w.before = *out;
        ok = book_change(s, join_work, &w, err);
    }
    arena_free(&a);
    return ok;
}
