/* spent.c - where the time of a job went; see spent.h. */
#include "store/spent.h"

#include "store/pack.h"
#include "store/store_private.h"

enum { STAGES_BYTES = 32 }; /* of the column (pack.h) */

bool store_each_spent(struct store *store, int64_t job, void (*see)(void *arg, const struct store_spent *x),
                      void *arg, struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q = sql_query(
        s, err, "SELECT attempt,writer,outcome,t_done,stages FROM frame WHERE job=? ORDER BY source,frame",
        "i", job);
    int step = q ? 1 : -1;
    while (step == 1 && (step = sql_step(s, q, err)) == 1) {
        size_t n = 0;
        const uint8_t *stages = sql_bytes(s, q, 4, &n);
        struct store_spent x = {.attempt = sql_int(s, q, 0),
                                .writer = (uint32_t)sql_int(s, q, 1),
                                .outcome = (uint8_t)sql_int(s, q, 2),
                                .done_t = sql_int(s, q, 3)};
        if (n == STAGES_BYTES) {
            unpack_stages(stages, x.stage_ms);
            x.thread = (uint32_t)(stages[2 * STAGE_MAX] << 8 | stages[2 * STAGE_MAX + 1]);
        }
        see(arg, &x);
    }
    return step == 0;
}
