/* reach.c - see reach.h. */
#include "store/reach.h"

#include "store/pack.h"
#include "store/store_private.h"

#include <math.h>

enum { SHELL_BYTES = 11 };

static void take_row(struct sql *s, struct sql_stmt *q, struct store_reach *r)
{
    size_t n = 0;
    for (int i = 0; i < 6; i++)
        r->cell[i] = sql_real(s, q, i);
    r->res_a = sql_real(s, q, 6);
    r->shell_d = sql_real(s, q, 7);
    const uint8_t *shells = sql_bytes(s, q, 8, &n);
    for (int i = 0; i < REACH_SHELLS && n == RESULT_SHELLS; i++)
        r->counts[i] = (uint32_t)(shells[SHELL_BYTES * i] << 8 | shells[SHELL_BYTES * i + 1]);
    const uint8_t *dir = sql_bytes(s, q, 9, &n);
    for (size_t i = 0; i < 9 && n == 18; i++)
        r->dir[i / 3][i % 3] = (float)(int16_t)(uint16_t)(dir[2 * i] << 8 | dir[2 * i + 1]) / 32767;
}

bool store_read_reach(struct store *s, const int64_t *jobs, size_t n_jobs, size_t most, struct arena *a,
                      struct store_reach **rows, size_t *n, struct error *err)
{
    *rows = NULL;
    *n = 0;
    for (size_t i = 0; i < n_jobs; i++) {
        struct sql_stmt *q = sql_query(
            &s->sql, err,
            "SELECT l.a,l.b,l.c,l.al,l.be,l.ga,l.res_a,l.shell_d,l.shells,r.dir FROM roll_sample r "
            "JOIN attempt t ON t.id=r.attempt JOIN lattice l ON l.job=t.job AND l.source=r.source "
            "AND l.frame=r.frame AND l.lattice=r.lattice WHERE t.job=? AND r.label=0 AND l.reason=0 "
            "AND l.shell_d>0 ORDER BY r.hash LIMIT ?",
            "ii", jobs[i], (int64_t)most);
        int step;
        while ((step = sql_step(&s->sql, q, err)) == 1) {
            *rows = arena_grow(a, *rows, *n, sizeof **rows);
            struct store_reach *r = &(*rows)[(*n)++];
            *r = (struct store_reach){.res_a = NAN};
            take_row(&s->sql, q, r);
        }
        if (step != 0)
            return false;
    }
    return true;
}
