/* history.c - times of a run; see history.h. */
#include "store/history.h"

#include "store/book_private.h"

#include <math.h>

static bool read_run(struct sql *s, int64_t run, struct store_history *out, struct error *err)
{
    struct sql_stmt *q =
        sql_query(s, err, "SELECT seen,begin_t,end_t,closed_t,present_t,coalesce(rate,0) FROM run WHERE id=?",
                  "i", run);
    int step = q ? sql_step(s, q, err) : -1;
    if (step == 1) {
        out->seen_t = sql_int(s, q, 0);
        out->begin_t = sql_int(s, q, 1);
        out->end_t = sql_int(s, q, 2);
        out->closed_t = sql_int(s, q, 3);
        out->present_t = sql_int(s, q, 4);
        out->rate = sql_real(s, q, 5);
        sql_reset(s, q);
    }
    return step >= 0;
}

/* From the versions to their inputs: version_input has no index by job. */
static bool read_versions(struct sql *s, int64_t run, struct arena *a, struct store_history *out,
                          struct error *err)
{
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT j.id,v.created,v.version,d.name,coalesce((SELECT max(m.state_t) FROM merge_stats k JOIN job "
        "m "
        "ON m.id=k.job WHERE k.version=v.id),0) FROM dataset_version v {then} job j ON j.run=? JOIN "
        "version_input i ON i.version=v.id AND i.job=j.id JOIN dataset d ON d.id=v.dataset ORDER BY "
        "v.created,v.id,j.id",
        "i", run);
    int step = -1;
    while (q && (step = sql_step(s, q, err)) == 1) {
        out->versions = arena_grow(a, out->versions, out->n_versions, sizeof *out->versions);
        out->versions[out->n_versions++] =
            (struct store_history_version){.job = sql_int(s, q, 0),
                                           .created_t = sql_int(s, q, 1),
                                           .version = (uint32_t)sql_int(s, q, 2),
                                           .dataset = book_text(s, q, 3, a),
                                           .merged_t = sql_int(s, q, 4)};
    }
    return step == 0;
}

bool store_read_history(struct store *store, int64_t run, struct arena *a, struct store_history *out,
                        struct error *err)
{
    *out = (struct store_history){0};
    return read_run(&store->sql, run, out, err) && read_versions(&store->sql, run, a, out, err);
}
