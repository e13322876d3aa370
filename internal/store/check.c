/* check.c - is everything in a database as it must be? Roll-ups are counted again from the rows of their writer (invariant R of
 * STORE 1), other rules are questions whose answer must be 0, and the backend looks at its own files. One snapshot, so jobs may go
 * on meanwhile. */
#include "store/mariadb.h"
#include "store/pack.h"
#include "store/roll_rows.h"
#include "store/store_private.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct work {
    struct sql *s;
    struct store_check *out;
};

static void differs(struct work *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void differs(struct work *w, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    w->out->n_differences++;
    w->out->say(w->out->arg, line);
}

/* ---- rules between tables ---- */

/* Jobs whose frame rows were deleted have an event that says so (prune.c). */
#define NOT_PRUNED(job) "NOT EXISTS (SELECT 1 FROM event e WHERE e.job=" job " AND e.kind='pruned')"

static const struct {
    const char *what, *count;
} rules[] = {
    {"frames of a job that is not there",
     "SELECT count(*) FROM frame f LEFT JOIN job j ON j.id=f.job WHERE j.id IS NULL"},
    {"frames of an attempt that is not one of their job",
     "SELECT count(*) FROM frame f LEFT JOIN attempt a ON a.id=f.attempt AND a.job=f.job WHERE a.id IS NULL"},
    {"frames of a source that their run has not", "SELECT count(*) FROM frame f JOIN job j ON j.id=f.job "
                                                  "LEFT JOIN source s ON s.run=j.run AND s.no=f.source WHERE "
                                                  "s.no IS NULL"},
    {"frames without one of the outcomes", "SELECT count(*) FROM frame WHERE outcome NOT BETWEEN 1 AND 6"},
    {"frames that count other lattices than they have",
     "SELECT count(*) FROM frame f WHERE n_lattice<>(SELECT count(*) FROM lattice l WHERE l.job=f.job AND "
     "l.source=f.source AND l.frame=f.frame)"},
    {"lattices without their frame", "SELECT count(*) FROM lattice l LEFT JOIN frame f ON f.job=l.job AND "
                                     "f.source=l.source AND f.frame=l.frame WHERE "
                                     "f.job IS NULL"},
    {"messages of failed frames without their frame",
     "SELECT count(*) FROM failure x LEFT JOIN frame f ON f.job=x.job AND f.source=x.source AND "
     "f.frame=x.frame WHERE "
     "f.job IS NULL"},
    {"sources of a run that is not there",
     "SELECT count(*) FROM source s LEFT JOIN run r ON r.id=s.run WHERE r.id IS NULL"},
    {"attempts of a job that is not there",
     "SELECT count(*) FROM attempt a LEFT JOIN job j ON j.id=a.job WHERE j.id IS NULL"},
    {"jobs of a run or trial that is not there",
     "SELECT count(*) FROM job j LEFT JOIN run r ON r.id=j.run "
     "LEFT JOIN trial t ON t.id=j.trial WHERE j.run>0 AND r.id IS NULL "
     "OR j.trial>0 AND t.id IS NULL"}, /* 0: a merge has none */
    {"jobs that are done without all their frames",
     "SELECT count(*) FROM job j WHERE state=1 AND n_expected>(SELECT count(*) FROM frame f WHERE "
     "f.job=j.id) "
     "AND " NOT_PRUNED("j.id")},
    {"jobs whose frames are not all in a roll-up",
     "SELECT count(*) FROM job j WHERE (SELECT count(*) FROM frame f WHERE f.job=j.id)<>(SELECT "
     "coalesce(sum(r.frames),0) FROM roll r JOIN attempt a ON a.id=r.attempt WHERE a.job=j.id AND r.label=0) "
     "AND " NOT_PRUNED("j.id")},
    {"jobs whose count of frames is not that of their roll-ups",
     "SELECT count(*) FROM job j WHERE n_final IS NOT NULL AND n_final<>(SELECT coalesce(sum(r.frames),0) "
     "FROM roll r "
     "JOIN attempt a ON a.id=r.attempt WHERE a.job=j.id AND r.label=0)"},
    {"roll-ups whose outcomes do not add up to their frames",
     "SELECT count(*) FROM roll WHERE "
     "frames<>blank+indexed_below+hit_not_indexed+indexed_not_integrated+integrated+failed"},
};

static bool check_rules(struct work *w, struct error *err)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        int64_t n = 0;
        if (!sql_number(w->s, &n, 0, err, rules[i].count, ""))
            return false;
        if (n)
            differs(w, "%lld %s", (long long)n, rules[i].what);
    }
    return true;
}

/* ---- the backend's own files ---- */

/* Every row that does not say "ok" in its last column; first column before it, where there are several. */
static bool ask_sqlite(struct work *w, const char *question, const char *name, struct error *err)
{
    char text[300], table[128];
    struct sql_stmt *q = sql_query(w->s, err, question, "");
    int step;
    while ((step = sql_step(w->s, q, err)) == 1) {
        int last = w->s->ops->columns(q) - 1;
        sql_text(w->s, q, last, text, sizeof text);
        sql_text(w->s, q, 0, table, sizeof table);
        if (strcmp(text, "ok") != 0)
            differs(w, "%s: %s%s%s", name, last ? table : "", last ? ": " : "", text);
    }
    return step == 0;
}

static bool check_sqlite(struct work *w, struct error *err)
{
    return ask_sqlite(w, "PRAGMA integrity_check", "the file is damaged", err) &&
           ask_sqlite(w,
                      "SELECT \"table\",'refers to a row of '||parent||' that is not there' FROM "
                      "pragma_foreign_key_check",
                      "a reference is broken", err);
}

static bool check_server(struct work *w, struct error *err)
{
    char text[300];
    for (size_t i = 0; i < schema_n_tables; i++) {
        if (!mariadb_check_table(w->s, schema_tables[i].name, text, err))
            return false;
        if (*text)
            differs(w, "the server says of %s: %s", schema_tables[i].name, text);
    }
    return true;
}

/* ---- roll-ups ---- */

struct writer {
    int64_t job, attempt, pos, slow_pos; /* slow_pos: for which slow rows are true; -1: none were written */
    uint32_t writer;
};

static bool list_writers(struct work *w, struct arena *a, struct writer **rows, size_t *n, struct error *err)
{
    struct sql_stmt *q =
        sql_query(w->s, err,
                  "SELECT a.job,r.attempt,r.pos,coalesce(c.pos,-1),r.writer FROM roll r JOIN attempt a ON "
                  "a.id=r.attempt LEFT JOIN roll_change c ON c.attempt=r.attempt AND c.writer=r.writer WHERE "
                  "r.label=0 AND " NOT_PRUNED("a.job") " ORDER BY r.attempt,r.writer",
                  "");
    int step;
    *rows = NULL;
    *n = 0;
    while ((step = sql_step(w->s, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        (*rows)[(*n)++] = (struct writer){sql_int(w->s, q, 0), sql_int(w->s, q, 1), sql_int(w->s, q, 2),
                                          sql_int(w->s, q, 3), (uint32_t)sql_int(w->s, q, 4)};
    }
    return step == 0;
}

static void compare_hot(struct work *w, const struct writer *id, const struct roll_hot *has,
                        const struct roll_hot *want)
{
    const struct {
        const char *what;
        int64_t has, want;
    } rows[] = {
        {"frames", has->frames, want->frames},
        {outcome_word(1), has->by_outcome[1], want->by_outcome[1]},
        {outcome_word(2), has->by_outcome[2], want->by_outcome[2]},
        {outcome_word(3), has->by_outcome[3], want->by_outcome[3]},
        {outcome_word(4), has->by_outcome[4], want->by_outcome[4]},
        {outcome_word(5), has->by_outcome[5], want->by_outcome[5]},
        {outcome_word(6), has->by_outcome[6], want->by_outcome[6]},
        {"lattices", has->lattices, want->lattices},
        {"frames with several lattices", has->multi, want->multi},
        {"reflections", has->reflections, want->reflections},
        {"saturated frames", has->sat, want->sat},
        {"frames with ice", has->ice, want->ice},
        {"hits with ice", has->ice_hits, want->ice_hits},
        {"frames with a ring ratio", has->n_ring, want->n_ring},
        {"frames with solvent", has->solvent, want->solvent},
        {"the first time", has->t_first, want->t_first},
        {"the last time", has->t_last, want->t_last},
        {"the newest exposure", has->t_frame, want->t_frame},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].has != rows[i].want)
            differs(w, "attempt %lld, writer %u: the roll-up says %lld for %s, the rows %lld",
                    (long long)id->attempt, id->writer, (long long)rows[i].has, rows[i].what,
                    (long long)rows[i].want);
    for (int r = 0; r < 64; r++)
        if (has->reasons[r] != want->reasons[r])
            differs(w, "attempt %lld, writer %u: the roll-up says %u for reason %s, the rows %u",
                    (long long)id->attempt, id->writer, has->reasons[r], reason_word((enum reason)r),
                    want->reasons[r]);
}

/* Histograms get the bounds that theirs were begun with: those of the trial's cell. */
static bool same_bounds(struct sql *s, struct roll *r, struct error *err)
{
    struct sql_stmt *q =
        sql_query(s, err, "SELECT kind,lo,step,bins FROM roll_hist WHERE attempt=? AND writer=? AND label=0",
                  "ii", r->attempt, (int64_t)r->writer);
    int step;
    while ((step = sql_step(s, q, err)) == 1)
        for (int i = 0; i < ROLL_KINDS; i++) {
            size_t n = 0;
            struct roll_hist *h = r->hists + i;
            if (h->kind != sql_int(s, q, 0))
                continue;
            sql_bytes(s, q, 3, &n);
            h->lo = sql_real(s, q, 1);
            h->step = sql_real(s, q, 2);
            if (n / 4 == h->n_bins)
                continue;
            free(h->bins);
            h->n_bins = (uint32_t)(n / 4);
            h->bins = calloc(n / 4 + 1, sizeof *h->bins);
            if (!h->bins) {
                sql_reset(s, q);
                return error_set(err, ERROR_MEMORY, "out of memory");
            }
        }
    return step == 0;
}

/* Sums of real numbers depend on the order in which frames came. */
static bool is_near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b)) + 1e-12;
}

static bool same_hist(struct sql *s, struct sql_stmt *q, const struct roll_hist *h)
{
    size_t n = 0;
    uint8_t *packed = malloc(4 * (size_t)h->n_bins + 1);
    if (!packed)
        return false;
    pack_counts(h->bins, h->n_bins, packed);
    const uint8_t *bins = sql_bytes(s, q, 4, &n);
    bool same = h->n == sql_int(s, q, 1) && is_near(h->total, sql_real(s, q, 2)) &&
                h->peak == sql_real(s, q, 3) && n == 4 * (size_t)h->n_bins &&
                (n == 0 || !memcmp(bins, packed, n));
    free(packed);
    return same;
}

static bool compare_hists(struct work *w, const struct roll *r, struct error *err)
{
    bool seen[ROLL_KINDS] = {0};
    struct sql_stmt *q = sql_query(
        w->s, err, "SELECT kind,n,total,peak,bins FROM roll_hist WHERE attempt=? AND writer=? AND label=0",
        "ii", r->attempt, (int64_t)r->writer);
    int step;
    while ((step = sql_step(w->s, q, err)) == 1)
        for (int i = 0; i < ROLL_KINDS; i++) {
            if (r->hists[i].kind != sql_int(w->s, q, 0))
                continue;
            seen[i] = true;
            if (!same_hist(w->s, q, r->hists + i))
                differs(w, "attempt %lld, writer %u: histogram %d is not that of its rows",
                        (long long)r->attempt, r->writer, r->hists[i].kind);
        }
    for (int i = 0; i < ROLL_KINDS; i++)
        if (r->hists[i].n && !seen[i])
            differs(w, "attempt %lld, writer %u: histogram %d is missing", (long long)r->attempt, r->writer,
                    r->hists[i].kind);
    return step == 0;
}

/* From column 8 on. */
static bool same_light(struct sql *s, struct sql_stmt *q, const struct roll_minute *m)
{
    return m->ice == sql_int(s, q, 8) && m->ice_hits == sql_int(s, q, 9) && m->solvent == sql_int(s, q, 10) &&
           m->n_ring == sql_int(s, q, 11) && m->n_len == sql_int(s, q, 12) &&
           is_near(m->sum_ring, sql_real(s, q, 13)) && is_near(m->sum_len, sql_real(s, q, 14));
}

static bool compare_minutes(struct work *w, const struct roll *r, struct error *err)
{
    size_t i = 0;
    struct sql_stmt *q = sql_query(
        w->s, err,
        "SELECT minute,frames,hits,indexed,integrated,failed,lattices,sum_s2,ice,ice_hits,solvent,n_ring,"
        "n_len,sum_ring,sum_len FROM roll_minute "
        "WHERE attempt=? AND writer=? AND label=0 ORDER BY minute",
        "ii", r->attempt, (int64_t)r->writer);
    int step;
    bool same = true;
    while ((step = sql_step(w->s, q, err)) == 1) {
        const struct roll_minute *m = r->minutes + i;
        same = same && i < r->n_minutes && m->minute == sql_int(w->s, q, 0) &&
               m->frames == sql_int(w->s, q, 1) && m->hits == sql_int(w->s, q, 2) &&
               m->indexed == sql_int(w->s, q, 3) && m->integrated == sql_int(w->s, q, 4) &&
               m->failed == sql_int(w->s, q, 5) && m->lattices == sql_int(w->s, q, 6) &&
               is_near(m->sum_s2, sql_real(w->s, q, 7)) && same_light(w->s, q, m);
        i++;
    }
    if (!same || i != r->n_minutes)
        differs(w, "attempt %lld, writer %u: the minutes are not those of its rows", (long long)r->attempt,
                r->writer);
    return step == 0;
}

static bool compare_sample(struct work *w, const struct roll *r, struct error *err)
{
    int64_t n = 0, found = 0;
    if (!sql_number(w->s, &n, 0, err, "SELECT count(*) FROM roll_sample WHERE attempt=? AND writer=?", "ii",
                    r->attempt, (int64_t)r->writer))
        return false;
    for (size_t i = 0; i < r->n_sample; i++) {
        int64_t there = 0;
        if (!sql_number(w->s, &there, 0, err,
                        "SELECT 1 FROM roll_sample WHERE attempt=? AND writer=? AND hash=?", "iii",
                        r->attempt, (int64_t)r->writer, r->sample[i].hash))
            return false;
        found += there;
    }
    if (n != (int64_t)r->n_sample || found != n)
        differs(w, "attempt %lld, writer %u: the sample of lattices is not that of its rows",
                (long long)r->attempt, r->writer);
    return true;
}

static bool check_writer(struct work *w, const struct writer *id, struct error *err)
{
    struct roll r;
    struct roll_hot hot;
    if (!roll_make(&r, NULL))
        return error_set(err, ERROR_MEMORY, "out of memory");
    r.attempt = id->attempt;
    r.writer = id->writer;
    bool ok = same_bounds(w->s, &r, err) && roll_read_rows(w->s, id->job, &r, err) &&
              roll_read_hot(w->s, id->attempt, id->writer, &hot, err);
    if (ok)
        compare_hot(w, id, &hot, &r.hot);
    /* slow rows of a writer that is at work are behind by up to half a second */
    if (ok && id->slow_pos == id->pos)
        ok = compare_hists(w, &r, err) && compare_minutes(w, &r, err) && compare_sample(w, &r, err);
    w->out->writers++;
    w->out->frames += ok ? r.hot.frames : 0;
    roll_free(&r);
    return ok;
}

static bool check_rolls(struct work *w, struct error *err)
{
    struct arena a = {0};
    struct writer *writers = NULL;
    size_t n = 0;
    bool ok = list_writers(w, &a, &writers, &n, err);
    for (size_t i = 0; ok && i < n; i++)
        ok = check_writer(w, writers + i, err);
    arena_free(&a);
    return ok;
}

bool store_check(struct store *s, struct store_check *out, struct error *err)
{
    struct work w = {&s->sql, out};
    bool file = s->sql.ops->dialect == DIALECT_SQLITE;
    out->n_differences = out->writers = out->frames = 0;
    if (!(file ? check_sqlite(&w, err) : check_server(&w, err)) || !store_snapshot(s, err))
        return false;
    bool ok = check_rules(&w, err) && check_rolls(&w, err);
    sql_rollback(&s->sql);
    return ok;
}
