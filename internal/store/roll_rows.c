/* roll_rows.c - see roll_rows.h. */
#include "store/roll_rows.h"

#include "store/pack.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the hot row ---- */

#define HOT_COLUMNS                                                                                          \
    "frames,blank,indexed_below,hit_not_indexed,indexed_not_integrated,integrated,failed,lattices,multi,"    \
    "reflections,"                                                                                           \
    "sat,duplicates,t_first,t_last,t_frame,ice,ice_hits,n_ring,solvent,reasons"
enum { HOT_TIMES_END = 15, HOT_NUMBERS = 19 };

/* In the order of the columns, by number of the outcome. */
static void hot_numbers(const struct roll_hot *h, int64_t out[HOT_NUMBERS])
{
    const int64_t numbers[HOT_NUMBERS] = {
        h->frames,        h->by_outcome[1], h->by_outcome[2], h->by_outcome[3], h->by_outcome[4],
        h->by_outcome[5], h->by_outcome[6], h->lattices,      h->multi,         h->reflections,
        h->sat,           h->duplicates,    h->t_first,       h->t_last,        h->t_frame,
        h->ice,           h->ice_hits,      h->n_ring,        h->solvent};
    memcpy(out, numbers, sizeof numbers);
}

/* seq makes it change even where no count does: servers count changed rows */
const char roll_move_text[] =
    "UPDATE roll SET "
    "pos=?,seq=seq+1,frames=?,blank=?,indexed_below=?,hit_not_indexed=?,indexed_not_integrated=?,integrated=?"
    ","
    "failed=?,lattices=?,multi=?,reflections=?,sat=?,duplicates=?,t_first=?,t_last=?,t_frame=?,ice=?,ice_"
    "hits=?,n_ring=?,solvent=?,reasons=? "
    "WHERE attempt=? AND writer=? AND label=0 AND pos=? AND token=?";

void roll_move_values(const struct roll *r, const struct roll_hot *hot, int64_t from, int64_t to,
                      uint8_t reasons[256], struct sql_value v[ROLL_MOVE_VALUES])
{
    int64_t n[HOT_NUMBERS];
    size_t at = 0;
    hot_numbers(hot, n);
    pack_counts(hot->reasons, REASON_END, reasons);
    v[at++] = sql_i(to);
    for (int i = 0; i < HOT_NUMBERS; i++)
        v[at++] = sql_i(n[i]);
    v[at++] = sql_b(reasons, 256);
    v[at++] = sql_i(r->attempt);
    v[at++] = sql_i(r->writer);
    v[at++] = sql_i(from);
    v[at++] = sql_i(r->token);
}

bool roll_move(struct sql *s, const struct roll *r, const struct roll_hot *hot, int64_t from, int64_t to,
               bool *moved, struct error *err)
{
    struct sql_value v[ROLL_MOVE_VALUES];
    uint8_t reasons[256];
    int64_t changed = 0;
    roll_move_values(r, hot, from, to, reasons, v);
    bool ok = sql_run(s, roll_move_text, v, ROLL_MOVE_VALUES, &changed, err);
    *moved = changed == 1;
    return ok;
}

bool roll_position(struct sql *s, int64_t attempt, uint32_t writer, int64_t *pos, int64_t *token, bool *there,
                   struct error *err)
{
    struct sql_stmt *q =
        sql_query(s, err, "SELECT pos,token FROM roll WHERE attempt=? AND writer=? AND label=0", "ii",
                  attempt, (int64_t)writer);
    int step = sql_step(s, q, err);
    *there = step == 1;
    if (step == 1) {
        *pos = sql_int(s, q, 0);
        *token = sql_int(s, q, 1);
        sql_reset(s, q);
    }
    return step >= 0;
}

bool roll_insert(struct sql *s, const struct roll *r, struct error *err)
{
    enum { KEYS = 6 };
    struct sql_value v[KEYS + HOT_NUMBERS + 1] = {sql_i(r->attempt), sql_i(r->writer), sql_i(0),
                                                  sql_i(r->token),   sql_i(r->pos),    sql_i(0)};
    int64_t n[HOT_NUMBERS];
    uint8_t reasons[256];
    hot_numbers(&r->hot, n);
    for (int i = 0; i < HOT_NUMBERS; i++) /* in the table reasons stand before what came with schema 5 */
        v[KEYS + i + (i >= HOT_TIMES_END)] = sql_i(n[i]);
    pack_counts(r->hot.reasons, REASON_END, reasons);
    v[KEYS + HOT_TIMES_END] = sql_b(reasons, 256);
    return sql_insert(s, "roll", MEETING_KEEPS, v, 1, NULL, err);
}

bool roll_read_hot(struct sql *s, int64_t attempt, uint32_t writer, struct roll_hot *out, struct error *err)
{
    struct sql_stmt *q =
        sql_query(s, err, "SELECT " HOT_COLUMNS " FROM roll WHERE attempt=? AND writer=? AND label=0", "ii",
                  attempt, (int64_t)writer);
    int step = sql_step(s, q, err);
    *out = (struct roll_hot){0};
    if (step != 1)
        return step == 0;
    int64_t *places[HOT_NUMBERS] = {
        &out->frames,        out->by_outcome + 1, out->by_outcome + 2, out->by_outcome + 3,
        out->by_outcome + 4, out->by_outcome + 5, out->by_outcome + 6, &out->lattices,
        &out->multi,         &out->reflections,   &out->sat,           &out->duplicates,
        &out->t_first,       &out->t_last,        &out->t_frame,       &out->ice,
        &out->ice_hits,      &out->n_ring,        &out->solvent};
    for (int i = 0; i < HOT_NUMBERS; i++)
        *places[i] = sql_int(s, q, i);
    size_t n;
    const uint8_t *reasons = sql_bytes(s, q, HOT_NUMBERS, &n);
    if (n == 256)
        unpack_counts(reasons, REASON_END, out->reasons);
    sql_reset(s, q);
    return true;
}

/* ---- slow rows ---- */

static bool flush(struct sql *s, const char *table, struct sql_rows *rows, size_t columns, struct error *err)
{
    return rows->n == 0 || sql_insert(s, table, MEETING_SETS, rows->values, rows->n / columns, NULL, err);
}

static void put(struct arena *a, struct sql_rows *r, struct sql_value v)
{
    r->values = arena_grow(a, r->values, r->n, sizeof *r->values);
    r->values[r->n++] = v;
}

static void put_counts(struct arena *a, struct sql_rows *r, const uint32_t *counts, size_t n)
{
    uint8_t *bytes = arena_alloc(a, 4 * n);
    pack_counts(counts, n, bytes);
    put(a, r, sql_b(bytes, 4 * n));
}

static void put_keys(struct arena *a, struct sql_rows *rows, const struct roll *r)
{
    put(a, rows, sql_i(r->attempt));
    put(a, rows, sql_i(r->writer));
}

static bool write_minutes(struct sql *s, const struct roll *r, struct error *err)
{
    struct arena a = {0};
    struct sql_rows rows = {0};
    for (size_t i = 0; i < r->n_minutes; i++) {
        const struct roll_minute *m = r->minutes + i;
        if (!m->dirty)
            continue;
        const int64_t n[] = {0,           m->minute,     m->frames,        m->hits,
                             m->indexed,  m->integrated, m->indexed_below, m->failed,
                             m->lattices, m->multi,      m->sat,           m->n_res};
        put_keys(&a, &rows, r);
        for (size_t k = 0; k < sizeof n / sizeof *n; k++)
            put(&a, &rows, sql_i(n[k]));
        put(&a, &rows, sql_d(m->sum_s2));
        put_counts(&a, &rows, m->spots_hit, ROLL_SPOT_BINS);
        put_counts(&a, &rows, m->spots_idx, ROLL_SPOT_BINS);
        put_counts(&a, &rows, m->res_bins, ROLL_RES_BINS);
        put(&a, &rows, sql_d(m->dx_sum));
        put(&a, &rows, sql_d(m->dy_sum));
        put(&a, &rows, sql_d(m->dxy2_sum));
        const uint32_t light[] = {m->ice, m->ice_hits, m->n_ring, m->solvent, m->n_len};
        for (size_t k = 0; k < sizeof light / sizeof *light; k++)
            put(&a, &rows, sql_i(light[k]));
        put(&a, &rows, sql_d(m->sum_ring));
        put(&a, &rows, sql_d(m->sum_len));
    }
    bool ok = flush(s, "roll_minute", &rows, 28, err);
    arena_free(&a);
    return ok;
}

static bool write_hists(struct sql *s, const struct roll *r, struct error *err)
{
    struct arena a = {0};
    struct sql_rows rows = {0};
    for (int i = 0; i < ROLL_KINDS; i++) {
        const struct roll_hist *h = r->hists + i;
        if (!h->dirty)
            continue;
        put_keys(&a, &rows, r);
        put(&a, &rows, sql_i(0));
        put(&a, &rows, sql_i(h->kind));
        put(&a, &rows, sql_i(h->n));
        put(&a, &rows, sql_d(h->total));
        put(&a, &rows, sql_d(h->peak));
        put(&a, &rows, sql_d(h->lo));
        put(&a, &rows, sql_d(h->step));
        put(&a, &rows, sql_i(h->under));
        put(&a, &rows, sql_i(h->over));
        put_counts(&a, &rows, h->bins, h->n_bins);
    }
    bool ok = flush(s, "roll_hist", &rows, 12, err);
    arena_free(&a);
    return ok;
}

static bool write_sample(struct sql *s, const struct roll *r, struct error *err)
{
    struct arena a = {0};
    struct sql_rows rows = {0};
    bool ok = true;
    if (r->level_rose)
        ok = sql_do(s, NULL, err, "DELETE FROM roll_sample WHERE attempt=? AND writer=? AND hash>=?", "iii",
                    r->attempt, (int64_t)r->writer, (int64_t)((UINT64_C(1) << 63) >> r->level)) &&
             sql_do(s, NULL, err, "UPDATE roll_sample SET level=? WHERE attempt=? AND writer=?", "iii",
                    (int64_t)r->level, r->attempt, (int64_t)r->writer);
    for (size_t i = 0; i < r->n_sample; i++) {
        const struct roll_sampled *l = r->sample + i;
        if (!l->dirty)
            continue;
        const int64_t n[] = {l->hash, l->source, l->frame, l->lattice, 0, r->level};
        put_keys(&a, &rows, r);
        for (size_t k = 0; k < sizeof n / sizeof *n; k++)
            put(&a, &rows, sql_i(n[k]));
        for (int k = 0; k < 6; k++)
            put(&a, &rows, sql_f(isfinite(l->cell[k]) ? (double)l->cell[k] : 0));
        put(&a, &rows, sql_f((double)l->res_a));
        put(&a, &rows, l->t_event == INT64_MIN ? sql_null() : sql_i(l->t_event));
        put(&a, &rows, sql_b(l->dir, sizeof l->dir));
        put(&a, &rows, sql_f((double)l->rmsd_px));
    }
    ok = ok && flush(s, "roll_sample", &rows, 18, err);
    arena_free(&a);
    return ok;
}

bool roll_write_slow(struct sql *s, const struct roll *r, int64_t job, int64_t now, struct error *err)
{
    struct sql_value change[] = {sql_i(r->attempt), sql_i(r->writer), sql_i(job), sql_i(now), sql_i(r->pos)};
    return write_minutes(s, r, err) && write_hists(s, r, err) && write_sample(s, r, err) &&
           sql_insert(s, "roll_change", MEETING_SETS, change, 1, NULL, err);
}

void roll_written(struct roll *r)
{
    for (size_t i = 0; i < r->n_minutes; i++)
        r->minutes[i].dirty = false;
    for (int i = 0; i < ROLL_KINDS; i++)
        r->hists[i].dirty = false;
    for (size_t i = 0; i < r->n_sample; i++)
        r->sample[i].dirty = false;
    r->level_rose = false;
    r->slow_dirty = false;
    r->slow_written = clock_monotonic();
}

/* ---- from rows ---- */

static void add_columns(struct str *text, const char *table, const char *prefix)
{
    struct schema_column c[SCHEMA_COLUMNS_MAX];
    size_t n = schema_columns(schema_find(table), c);
    for (size_t i = 0; i < n; i++)
        str_printf(text, "%s%s.`%s`", text->len > 7 ? "," : "", prefix, c[i].name);
}

/* A frame's row may come several times, once for each of its lattices: it is counted when the next one begins. */
struct gathered {
    struct roll_frame frame;
    struct roll_lattice lattices[64];
    bool any;
};

static void count_gathered(struct roll *r, struct gathered *g)
{
    if (!g->any)
        return;
    g->frame.lattices = g->lattices;
    roll_hot_add(&r->hot, &g->frame);
    roll_slow_add(r, &g->frame);
    g->any = false;
}

static void gather(struct sql *s, struct sql_stmt *q, struct roll *r, struct gathered *g)
{
    struct sql_value v[F_COLUMNS + L_COLUMNS];
    struct roll_frame f;
    for (int i = 0; i < F_COLUMNS + L_COLUMNS; i++)
        v[i] = s->ops->column(q, i);
    frame_seen(v, &f);
    if (!g->any || f.source != g->frame.source || f.frame != g->frame.frame) {
        count_gathered(r, g);
        g->frame = f;
        g->any = true;
    }
    if (v[F_COLUMNS + L_JOB].kind != SQL_NULL &&
        g->frame.n_lattices < sizeof g->lattices / sizeof *g->lattices)
        lattice_seen(v + F_COLUMNS, g->lattices + g->frame.n_lattices++);
}

bool roll_read_rows(struct sql *s, int64_t job, struct roll *r, struct error *err)
{
    struct str text = {0};
    struct gathered *g = calloc(1, sizeof *g);
    if (!g)
        return error_set(err, ERROR_MEMORY, "out of memory");
    str_add(&text, "SELECT ");
    add_columns(&text, "frame", "f");
    add_columns(&text, "lattice", "l");
    str_add(&text,
            " FROM frame f LEFT JOIN lattice l ON l.job=f.job AND l.source=f.source AND l.frame=f.frame "
            "WHERE f.job=? AND f.attempt=? AND f.writer=? ORDER BY f.source,f.frame,l.lattice");
    struct sql_stmt *q = sql_query(s, err, text.text, "iii", job, r->attempt, (int64_t)r->writer);
    int step;
    while ((step = sql_step(s, q, err)) == 1)
        gather(s, q, r, g);
    count_gathered(r, g);
    str_free(&text);
    free(g);
    return step == 0;
}
