/* paired.c - the same frames in two jobs; see paired.h. */
#include "store/paired.h"

#include "store/store_private.h"

#include <string.h>

bool store_paired(struct store *store, int64_t job_a, int64_t job_b,
                  uint64_t n[PAIRED_OUTCOMES][PAIRED_OUTCOMES], struct error *err)
{
    struct sql *s = &store->sql;
    memset(n, 0, PAIRED_OUTCOMES * sizeof *n);
    struct sql_stmt *q =
        sql_query(s, err,
                  "SELECT x.outcome,y.outcome,count(*) FROM frame x JOIN frame y ON y.job=? AND "
                  "y.source=x.source AND y.frame=x.frame WHERE x.job=? GROUP BY x.outcome,y.outcome",
                  "ii", job_b, job_a);
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        int64_t a = sql_int(s, q, 0), b = sql_int(s, q, 1);
        if (a >= 0 && a < PAIRED_OUTCOMES && b >= 0 && b < PAIRED_OUTCOMES)
            n[a][b] += (uint64_t)sql_int(s, q, 2);
    }
    return step == 0;
}
