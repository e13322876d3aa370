/* label_read.c - labels as lists, and counts by label; see label.h. */
#include "store/label_private.h"
#include "store/pack.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool store_labels(struct store *store, struct arena *a, struct store_label_set **rows, size_t *n,
                  struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT s.id,s.name,s.unit,s.rule,s.kind,s.bin,s.version,s.joined,(SELECT count(DISTINCT c.no) FROM "
        "label_count c WHERE c.label_set=s.id),(SELECT count(*) FROM label_span p WHERE p.label_set=s.id),"
        "count(j.run),coalesce(sum(j.due),0),coalesce(sum(j.n_frames),0),coalesce(sum(j.n_unmatched),0),"
        "coalesce(sum(j.n_rows),0),coalesce(sum(j.n_unused),0) FROM label_set s LEFT JOIN label_join j ON "
        "j.label_set=s.id GROUP BY s.id,s.name,s.unit,s.rule,s.kind,s.bin,s.version,s.joined ORDER BY s.name",
        "");
    int step;
    *rows = NULL;
    *n = 0;
    while ((step = sql_step(s, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        (*rows)[(*n)++] = (struct store_label_set){.id = sql_int(s, q, 0),
                                                   .name = store_text(s, q, 1, a),
                                                   .unit = store_text(s, q, 2, a),
                                                   .rule = store_text(s, q, 3, a),
                                                   .kind = (int)sql_int(s, q, 4),
                                                   .bin = sql_real(s, q, 5),
                                                   .version = (uint32_t)sql_int(s, q, 6),
                                                   .joined_t = sql_int(s, q, 7),
                                                   .n_groups = (uint32_t)sql_int(s, q, 8),
                                                   .n_stretches = (uint32_t)sql_int(s, q, 9),
                                                   .n_runs = (uint32_t)sql_int(s, q, 10),
                                                   .n_due = (uint32_t)sql_int(s, q, 11),
                                                   .frames = (uint64_t)sql_int(s, q, 12),
                                                   .unmatched = (uint64_t)sql_int(s, q, 13),
                                                   .rows = (uint64_t)sql_int(s, q, 14),
                                                   .unused = (uint64_t)sql_int(s, q, 15)};
    }
    return step == 0;
}

bool store_label_keys(struct store *store, int64_t run, struct store_label_keys *out, struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT count(*),count(f.event),coalesce(min(f.event),0),coalesce(max(f.event),0),count(f.t_event),"
        "coalesce(min(f.t_event),0),coalesce(max(f.t_event),0),coalesce(max(f.frame),0) FROM job j JOIN "
        "frame f "
        "ON f.job=j.id WHERE j.run=?",
        "i", run);
    int64_t *v[] = {&out->frames, &out->events,  &out->first_event, &out->last_event,
                    &out->times,  &out->first_t, &out->last_t,      &out->last_frame};
    if (sql_step(s, q, err) != 1)
        return false;
    for (int i = 0; i < 8; i++)
        *v[i] = sql_int(s, q, i);
    sql_reset(s, q);
    return true;
}

static bool find(struct store *s, const char *name, struct label_of *set, struct error *err)
{
    if (!label_find(&s->sql, name, set, err))
        return false;
    return set->id || (error_set(err, ERROR_USAGE, "there is no label \"%s\"", name),
                       error_hint(err, "xfelx run label --list shows them all"));
}

static int64_t time_or(struct sql *s, struct sql_stmt *q, int i, int64_t otherwise)
{
    return s->ops->column(q, i).kind == SQL_NULL ? otherwise : sql_int(s, q, i);
}

bool store_label_stretches(struct store *store, const char *name, struct arena *a,
                           struct store_label_given **rows, size_t *n, struct error *err)
{
    struct sql *s = &store->sql;
    struct label_of set;
    double low;
    *rows = NULL;
    *n = 0;
    if (!find(store, name, &set, err))
        return false;
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT p.run,coalesce(r.ord,0),p.first_t,p.last_t,p.value,w.word FROM label_span p LEFT JOIN run r "
        "ON "
        "r.id=p.run LEFT JOIN label_word w ON w.label_set=p.label_set AND w.no=p.value WHERE p.label_set=? "
        "ORDER BY coalesce(r.ord,0),p.first_t,p.seq",
        "i", set.id);
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        struct store_label_given *g = *rows + (*n)++;
        *g = (struct store_label_given){.run = sql_int(s, q, 0),
                                        .ord = sql_int(s, q, 1),
                                        .first_t = time_or(s, q, 2, INT64_MIN),
                                        .last_t = time_or(s, q, 3, INT64_MAX)};
        const struct label_of exact = {.kind = set.kind, .bin = NAN};
        g->value = set.kind == LABEL_TEXT ? store_text(s, q, 5, a)
                                          : label_group_word(&exact, sql_real(s, q, 4), a, &low);
    }
    return step == 0;
}

/* ---- counts by label ---- */

struct groups_work {
    struct arena *arena;
    struct store_label_group *rows; /* by number */
    size_t n;
};

static int by_no(const void *key, const void *row)
{
    uint32_t no = *(const uint32_t *)key, of = ((const struct store_label_group *)row)->no;
    return (no > of) - (no < of);
}

static struct store_label_group *group(struct groups_work *w, uint32_t no)
{
    size_t at = sorted_place(&no, w->rows, w->n, sizeof *w->rows, by_no);
    if (at < w->n && w->rows[at].no == no)
        return w->rows + at;
    w->rows = sorted_open(w->arena, w->rows, w->n++, sizeof *w->rows, at);
    w->rows[at] = (struct store_label_group){.no = no, .word = "", .value = NAN};
    return w->rows + at;
}

static bool take_counts(struct sql *s, struct sql_stmt *q, struct groups_work *w, struct error *err)
{
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        struct store_label_group *g = group(w, (uint32_t)sql_int(s, q, 0));
        g->frames += (uint64_t)sql_int(s, q, 1);
        for (int o = OUTCOME_BLANK; o < OUTCOME_END; o++)
            g->by_outcome[o] += (uint64_t)sql_int(s, q, 1 + o);
        g->lattices += (uint64_t)sql_int(s, q, 8);
        size_t bytes = 0;
        uint32_t reasons[REASON_END] = {0};
        const uint8_t *packed = sql_bytes(s, q, 9, &bytes);
        if (bytes == sizeof reasons)
            unpack_counts(packed, REASON_END, reasons);
        for (int i = 0; i < REASON_END; i++)
            g->by_reason[i] += reasons[i];
    }
    return step == 0;
}

#define COUNTS                                                                                               \
    "SELECT c.no,c.frames,c.blank,c.indexed_below,c.hit_not_indexed,c.indexed_not_integrated,c.integrated,"  \
    "c.failed,c.lattices,c.reasons FROM label_count c WHERE c.label_set=?"

static bool read_counts(struct store *store, int64_t set, struct store_jobs_of jobs, struct groups_work *w,
                        struct error *err)
{
    struct sql *s = &store->sql;
    if (!jobs.jobs) {
        struct sql_stmt *q =
            jobs.trial
                ? sql_query(s, err, COUNTS " AND c.job IN (SELECT id FROM job WHERE trial=? AND preview=0)",
                            "ii", set, jobs.trial)
                : sql_query(s, err, COUNTS " AND " STORE_NO_PREVIEW("c.job"), "i", set);
        return q && take_counts(s, q, w, err);
    }
    for (size_t i = 0; i < jobs.n; i++) {
        struct sql_stmt *q = sql_query(s, err, COUNTS " AND c.job=?", "ii", set, jobs.jobs[i]);
        if (!q || !take_counts(s, q, w, err))
            return false;
    }
    return true;
}

/* What the groups leave of all frames: those without a label, and those that came since the join. */
static void add_rest(struct groups_work *w, const struct store_totals *t)
{
    struct store_label_group rest = {.word = "", .value = NAN, .frames = t->frames, .lattices = t->lattices};
    memcpy(rest.by_outcome, t->by_outcome, sizeof rest.by_outcome);
    memcpy(rest.by_reason, t->by_reason, sizeof rest.by_reason);
#define LESS(member) rest.member -= g->member < rest.member ? g->member : rest.member
    for (const struct store_label_group *g = w->rows; g < w->rows + w->n; g++) {
        LESS(frames);
        LESS(lattices);
        for (int o = 0; o < 8; o++)
            LESS(by_outcome[o]);
        for (int r = 0; r < REASON_END; r++)
            LESS(by_reason[r]);
    }
#undef LESS
    w->rows = arena_grow(w->arena, w->rows, w->n, sizeof *w->rows);
    w->rows[w->n++] = rest;
}

static int in_order(const void *x, const void *y)
{
    const struct store_label_group *a = x, *b = y;
    if (!a->no || !b->no)
        return (a->no == 0) - (b->no == 0);
    if (a->value != b->value && !isnan(a->value) && !isnan(b->value))
        return a->value < b->value ? -1 : 1;
    int c = strcmp(a->word, b->word);
    return c ? c : (a->no > b->no) - (a->no < b->no);
}

struct read_work {
    const char *name;
    struct store_jobs_of jobs;
    struct groups_work groups;
};

static bool read_work(struct store *s, void *arg, struct error *err)
{
    struct read_work *w = arg;
    struct label_of set;
    struct label_words words;
    struct store_totals totals;
    w->groups.rows = NULL;
    w->groups.n = 0;
    if (!find(s, w->name, &set, err) || !read_counts(s, set.id, w->jobs, &w->groups, err) ||
        !store_read_totals(s, w->jobs, &totals, err) ||
        !label_words_read(&s->sql, set.id, w->groups.arena, &words, err))
        return false;
    for (size_t i = 0; i < words.n; i++)
        for (size_t k = 0; k < w->groups.n; k++)
            if (w->groups.rows[k].no == words.rows[i].no) {
                w->groups.rows[k].word = words.rows[i].word;
                w->groups.rows[k].value = words.rows[i].value;
            }
    add_rest(&w->groups, &totals);
    qsort(w->groups.rows, w->groups.n, sizeof *w->groups.rows, in_order);
    return true;
}

bool store_label_groups(struct store *s, const char *name, struct store_jobs_of jobs, struct arena *a,
                        struct store_label_group **rows, size_t *n, struct error *err)
{
    struct read_work w = {.name = name, .jobs = jobs, .groups.arena = a};
    bool ok = store_reading(s, read_work, &w, err);
    *rows = w.groups.rows;
    *n = w.groups.n;
    return ok;
}
