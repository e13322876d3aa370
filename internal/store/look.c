/* look.c - single frames; see look.h. */
#include "store/look.h"

#include "store/store_private.h"

#define COLUMNS                                                                                              \
    "SELECT "                                                                                                \
    "f.source,f.frame,f.n_strong,f.n_lattice,f.outcome,f.reason,f.res_a,f.ev_used,f.dist_mm,f.t_done,"       \
    "s.path,r.path,x.body,w.journal,s.size,s.mtime FROM frame f JOIN job j ON j.id=f.job JOIN run r ON "     \
    "r.id=j.run JOIN "                                                                                       \
    "source s ON "                                                                                           \
    "s.run=j.run AND s.no=f.source LEFT JOIN failure x ON x.job=f.job AND x.source=f.source AND "            \
    "x.frame=f.frame LEFT JOIN writer w ON w.attempt=f.attempt AND w.writer=f.writer WHERE f.job=?"

/* By enum store_look_kind. Each reads the frames of one job, by its key. */
static const char *const lists[LOOK_END] = {
    COLUMNS " AND f.outcome IN (4,5) ORDER BY f.n_strong DESC,f.source,f.frame LIMIT ?",
    COLUMNS " AND f.outcome=3 ORDER BY f.n_strong DESC,f.source,f.frame LIMIT ?",
    COLUMNS " AND f.outcome IN (3,4,5) ORDER BY f.n_strong DESC,f.source,f.frame LIMIT ?",
    COLUMNS " AND f.outcome=6 ORDER BY f.source,f.frame LIMIT ?",
};

static void read_row(struct sql *s, struct sql_stmt *q, struct arena *a, struct store_look_row *row)
{
    char path[4097], run[4097], message[1024], journal[4097];
    *row = (struct store_look_row){.source = (uint32_t)sql_int(s, q, 0),
                                   .frame = (uint32_t)sql_int(s, q, 1),
                                   .n_strong = (uint32_t)sql_int(s, q, 2),
                                   .n_lattice = (uint32_t)sql_int(s, q, 3),
                                   .outcome = (int)sql_int(s, q, 4),
                                   .reason = (int)sql_int(s, q, 5),
                                   .res_a = sql_real(s, q, 6),
                                   .energy_ev = sql_real(s, q, 7),
                                   .distance_mm = sql_real(s, q, 8),
                                   .done_t = sql_int(s, q, 9),
                                   .file_size = sql_int(s, q, 14),
                                   .file_t = sql_int(s, q, 15)};
    sql_text(s, q, 10, path, sizeof path);
    sql_text(s, q, 11, run, sizeof run);
    sql_text(s, q, 12, message, sizeof message);
    sql_text(s, q, 13, journal, sizeof journal);
    row->path = fs_join(a, run, path);
    row->message = arena_strdup(a, message);
    row->journal = arena_strdup(a, journal);
}

bool store_look_list(struct store *store, int64_t job, enum store_look_kind kind, size_t limit,
                     struct arena *a, struct store_look_row **rows, size_t *n, struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q = sql_query(s, err, lists[kind], "ii", job, (int64_t)limit);
    int step;
    *rows = NULL;
    *n = 0;
    while ((step = sql_step(s, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        read_row(s, q, a, *rows + (*n)++);
    }
    return step == 0;
}

bool store_look(struct store *store, int64_t job, uint32_t source, uint32_t frame, struct arena *a,
                struct store_look_row *row, struct store_look_lattice **lattices, size_t *n, bool *found,
                struct error *err)
{
    struct sql *s = &store->sql;
    *lattices = NULL;
    *n = 0;
    struct sql_stmt *q = sql_query(s, err, COLUMNS " AND f.source=? AND f.frame=?", "iii", job,
                                   (int64_t)source, (int64_t)frame);
    int step = sql_step(s, q, err);
    *found = step == 1;
    if (step == 1) {
        read_row(s, q, a, row);
        step = sql_step(s, q, err);
    }
    if (step != 0)
        return false;
    q = sql_query(
        s, err,
        "SELECT n_indexed,n_integrated,rmsd_px,res_a,eta_deg,a,b,c,al,be,ga FROM lattice WHERE job=? AND "
        "source=? AND frame=? ORDER BY lattice",
        "iii", job, (int64_t)source, (int64_t)frame);
    while ((step = sql_step(s, q, err)) == 1) {
        *lattices = arena_grow(a, *lattices, *n, sizeof **lattices);
        struct store_look_lattice *l = *lattices + (*n)++;
        *l = (struct store_look_lattice){.n_indexed = (uint32_t)sql_int(s, q, 0),
                                         .n_integrated = (uint32_t)sql_int(s, q, 1),
                                         .rmsd_px = sql_real(s, q, 2),
                                         .res_a = sql_real(s, q, 3),
                                         .eta_deg = sql_real(s, q, 4)};
        for (int i = 0; i < 6; i++)
            l->cell[i] = sql_real(s, q, 5 + i);
    }
    return step == 0;
}
