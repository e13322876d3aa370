/* merges.c - what merging came to; see merges.h. */
#include "store/merges.h"

#include "store/store_private.h"

#include <math.h>

bool store_merges(struct store *store, int64_t dataset, size_t limit, struct arena *a,
                  struct store_merge_shell **rows, size_t *n, struct error *err)
{
    struct sql *s = &store->sql;
    *rows = NULL;
    *n = 0;
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT v.version,m.shell,m.job,m.possible,m.uniq,m.meas,coalesce(m.cc_pairs,-1),m.lattices,m.d_max,"
        "m.d_min,m.completeness,m.multiplicity,m.mean_i,m.i_over_sigma,m.cc_half,m.cc_star,m.r_split,m."
        "wilson_b "
        "FROM dataset_version v JOIN merge_stats m ON m.version=v.id WHERE v.dataset=? ORDER BY v.version "
        "DESC,m.job,m.shell LIMIT ?",
        "ii", dataset, (int64_t)limit);
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        struct store_merge_shell *r = *rows + (*n)++;
        *r = (struct store_merge_shell){.version = (uint32_t)sql_int(s, q, 0),
                                        .shell = (uint32_t)sql_int(s, q, 1),
                                        .job = sql_int(s, q, 2),
                                        .possible = sql_int(s, q, 3),
                                        .unique = sql_int(s, q, 4),
                                        .measured = sql_int(s, q, 5),
                                        .cc_pairs = sql_int(s, q, 6),
                                        .lattices = sql_int(s, q, 7)};
        double *reals[] = {&r->d_max,        &r->d_min,   &r->completeness, &r->multiplicity, &r->mean_i,
                           &r->i_over_sigma, &r->cc_half, &r->cc_star,      &r->r_split,      &r->wilson_b};
        for (int i = 0; i < 10; i++)
            *reals[i] = sql_real(s, q, 8 + i);
    }
    return step == 0;
}
