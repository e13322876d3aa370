/* shots.c - all frames of a job; see shots.h. */
#include "store/shots.h"

#include "store/book_private.h"
#include "store/store_private.h"

#include <math.h>

/* Where the files of the job's run begin. One whose frames were never counted is one image. */
struct starts {
    uint64_t *first; /* by number of the file */
    size_t n;
    uint64_t total;
};

static bool read_starts(struct sql *s, int64_t job, struct arena *a, struct starts *out, struct error *err)
{
    struct sql_stmt *q = sql_query(s, err,
                                   "SELECT s.no,coalesce(s.n_frames,1) FROM job j JOIN source s ON "
                                   "s.run=j.run WHERE j.id=? ORDER BY s.no",
                                   "i", job);
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        uint64_t no = (uint64_t)sql_int(s, q, 0);
        while (out->n <= no && out->n <= UINT32_MAX) {
            out->first = arena_grow(a, out->first, out->n, sizeof *out->first);
            out->first[out->n++] = out->total;
        }
        out->total += (uint64_t)sql_int(s, q, 1);
    }
    return step == 0;
}

static uint64_t place_of(const struct starts *f, const struct store_shot *shot)
{
    return (shot->source < f->n ? f->first[shot->source] : f->total) + shot->frame;
}

static bool read_frames(struct sql *s, int64_t job, const struct starts *f, struct arena *a,
                        struct store_shot **rows, size_t *n, struct error *err)
{
    struct sql_stmt *q =
        sql_query(s, err,
                  "SELECT source,frame,outcome,reason,flags,n_strong,n_lattice,t_done,t_event,res_a,ev_used,"
                  "dist_mm,ring,len_px FROM frame WHERE job=? ORDER BY source,frame",
                  "i", job);
    int step;
    uint64_t next = 0; /* files may have grown since they were counted: places never go back */
    while ((step = sql_step(s, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        struct store_shot *x = *rows + (*n)++;
        *x = (struct store_shot){.source = (uint32_t)sql_int(s, q, 0),
                                 .frame = (uint32_t)sql_int(s, q, 1),
                                 .outcome = (uint8_t)sql_int(s, q, 2),
                                 .reason = (uint8_t)sql_int(s, q, 3),
                                 .flags = (uint32_t)sql_int(s, q, 4),
                                 .n_strong = (uint32_t)sql_int(s, q, 5),
                                 .n_lattice = (uint8_t)sql_int(s, q, 6),
                                 .done_t = sql_int(s, q, 7),
                                 .event_t = sql_int(s, q, 8),
                                 .res_a = (float)sql_real(s, q, 9),
                                 .energy_ev = (float)sql_real(s, q, 10),
                                 .distance_mm = (float)sql_real(s, q, 11),
                                 .ring = (float)sql_real(s, q, 12),
                                 .len_px = (float)sql_real(s, q, 13),
                                 .dx_px = NAN,
                                 .dy_px = NAN};
        uint64_t place = place_of(f, x);
        x->place = place < next ? next : place;
        next = x->place + 1;
    }
    return step == 0;
}

/* Both lists are in the same order. */
static bool read_shifts(struct sql *s, int64_t job, struct store_shot *rows, size_t n, struct error *err)
{
    struct sql_stmt *q = sql_query(s, err,
                                   "SELECT source,frame,avg(dx_px),avg(dy_px) FROM lattice WHERE job=? GROUP "
                                   "BY source,frame ORDER BY source,frame",
                                   "i", job);
    int step;
    size_t i = 0;
    while ((step = sql_step(s, q, err)) == 1) {
        uint64_t key = (uint64_t)sql_int(s, q, 0) << 32 | (uint64_t)sql_int(s, q, 1);
        while (i < n && ((uint64_t)rows[i].source << 32 | rows[i].frame) < key)
            i++;
        if (i < n && ((uint64_t)rows[i].source << 32 | rows[i].frame) == key) {
            rows[i].dx_px = (float)sql_real(s, q, 2);
            rows[i].dy_px = (float)sql_real(s, q, 3);
        }
    }
    return step == 0;
}

bool store_shots(struct store *store, int64_t job, struct arena *a, struct store_shot **rows, size_t *n,
                 uint64_t *total, struct error *err)
{
    struct sql *s = &store->sql;
    struct starts f = {0};
    *rows = NULL;
    *n = 0;
    if (!read_starts(s, job, a, &f, err) || !read_frames(s, job, &f, a, rows, n, err) ||
        !read_shifts(s, job, *rows, *n, err))
        return false;
    *total = *n && (*rows)[*n - 1].place >= f.total ? (*rows)[*n - 1].place + 1 : f.total;
    return true;
}

bool store_job_phil(struct store *store, int64_t job, struct arena *a, const char **trial,
                    const char **rungroup, struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q =
        sql_query(s, err,
                  "SELECT t.phil,coalesce(g.phil,'') FROM job j JOIN trial t ON t.id=j.trial "
                  "LEFT JOIN rungroup g ON g.id=j.rungroup WHERE j.id=?",
                  "i", job);
    int step = sql_step(s, q, err);
    *trial = *rungroup = "";
    if (step != 1)
        return step == 0;
    *trial = book_text(s, q, 0, a);
    *rungroup = book_text(s, q, 1, a);
    sql_reset(s, q);
    return true;
}
